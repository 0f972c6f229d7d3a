//go:build e2e

package faults

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// hostileAnswer is what a destination does with every request. None of them means that anything is
// stored.
type hostileAnswer struct {
	name   string
	answer http.HandlerFunc
}

// hostileAnswers are those of a kind of destination; elsewhere is where redirects lead.
func hostileAnswers(kind, elsewhere string) []hostileAnswer {
	var all []hostileAnswer
	add := func(name string, answer http.HandlerFunc) { all = append(all, hostileAnswer{name, answer}) }
	code := func(code int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}

	for c := 400; c < 600; c++ {
		if http.StatusText(c) != "" || c == 420 || c == 499 || c == 520 || c == 599 {
			add(strconv.Itoa(c), code(c, "no"))
		}
	}
	for _, c := range []int{201, 202, 203, 204, 205, 206, 226, 260, 299} {
		if c == 204 && kind == "loki" || c == 202 && kind != "loki" {
			continue // which is how it says that all is stored
		}
		add(strconv.Itoa(c), code(c, ""))
	}
	accepted := map[string]int{"loki": 200, "datadog_logs": 202}[kind]
	for name, body := range map[string]string{
		"HTML": "<!DOCTYPE html><html><title>Sign in</title></html>", "errors": `{"status":"error","errors":["no"]}`,
		"text": "welcome", "an array": "[]", "half of JSON": `{"status":"succ`, "null": "null", "invalid UTF-8": "\xff\xfe\xfd",
	} {
		add(fmt.Sprint(accepted, " with ", name), code(accepted, body))
	}

	for _, c := range []int{301, 302, 303, 307, 308} {
		add(fmt.Sprint(c, " to another host"), code(c, "", "Location", elsewhere+"/loki/api/v1/push"))
	}
	add("307 to itself", func(w http.ResponseWriter, r *http.Request) {
		code(307, "", "Location", r.URL.String())(w, r)
	})
	add("302 without Location", code(302, ""))
	add("302 to nowhere", code(302, "", "Location", "::not a URL::"))
	add("308 to a file", code(308, "", "Location", "file:///etc/passwd"))
	add("300", code(300, ""))
	add("304", code(304, ""))

	for _, value := range []string{"-5", "NaN", "Inf", "soon", "", "0", "0x10", "1e309", "Mon, 02 Jan 2006 15:04:05 GMT", "9, 9"} {
		add("429 with Retry-After "+value, code(429, "", "Retry-After", value))
	}
	add("503 with a Retry-After of an hour", code(503, "", "Retry-After", "99999999999"))
	add("429 with an X-Ratelimit-Reset of an hour", code(429, "", "X-Ratelimit-Reset", "1e30"))

	for _, c := range []int{accepted, 400, 500} {
		add(fmt.Sprint(c, " with an endless body"), func(w http.ResponseWriter, r *http.Request) {
			code(c, "")(w, r)
			for line := []byte(strings.Repeat("x", 4096)); ; {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		})
		add(fmt.Sprint(c, " byte by byte"), func(w http.ResponseWriter, r *http.Request) {
			code(c, "")(w, r)
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte{' '})
				_ = http.NewResponseController(w).Flush()
				time.Sleep(50 * time.Millisecond)
			}
		})
		add(fmt.Sprint(c, " cut off"), raw(fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: 1000\r\n\r\n{}", c)))
		add(fmt.Sprint(c, " with a gzip bomb"), code(c, bomb(), "Content-Encoding", "gzip"))
		add(fmt.Sprint(c, " that is no gzip"), code(c, "{}", "Content-Encoding", "gzip"))
		add(fmt.Sprint(c, " with broken chunks"), raw(fmt.Sprintf("HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", c)))
		add(fmt.Sprint(c, " with two lengths"), raw(fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", c)))
		add(fmt.Sprint(c, " that repeats all"), repeating(c))
	}
	add("401 that repeats all", repeating(401))
	add("400 with a negative length", raw("HTTP/1.1 400 X\r\nContent-Length: -1\r\n\r\n"))
	add("500 with less said than sent", raw("HTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\n"+strings.Repeat("x", 5000)))
	add("500 with 20,000 headers", raw("HTTP/1.1 500 X\r\n"+strings.Repeat("X-Flood: 0123456789\r\n", 20_000)+"\r\n"))
	add("500 with a header of 20 MB", raw("HTTP/1.1 500 X\r\nX-Flood: "+strings.Repeat("x", 20<<20)+"\r\n\r\n"))
	add("400 with NUL", code(400, "a\x00b\x1b[31m"))
	add("400 with invalid UTF-8", code(400, strings.Repeat("\xc3\x28", 400)))

	add("100 without end", raw(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1000)))
	add("103, then 500", raw(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 3)+"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"))
	add("101", raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"))
	for name, line := range map[string]string{
		"nothing": "", "no HTTP": "220 smtp.example.com ESMTP\r\n", "a TLS alert": "\x15\x03\x01\x00\x02\x02\x28", "HTTP/3.0": "HTTP/3.0 500 X\r\n\r\n",
		"a code of 4 digits": "HTTP/1.1 2020 OK\r\n\r\n", "a code of 0": "HTTP/1.1 000 OK\r\n\r\n", "a negative code": "HTTP/1.1 -20 OK\r\n\r\n",
		"a status line cut off": "HTTP/1.1 20", "a header without a colon": "HTTP/1.1 202 OK\r\nbroken\r\n\r\n", "HTTP/2 frames": "\x00\x00\x12\x04\x00\x00\x00\x00\x00",
	} {
		add(name, raw(line))
	}
	add("reset before the request is read", func(w http.ResponseWriter, _ *http.Request) { hangUp(w, "") })
	add("reset after the request", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		hangUp(w, "")
	})
	add("reset in the answer", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		hangUp(w, "HTTP/1.1 202 OK\r\nContent-Length: 10\r\n\r\n{")
	})
	add("no answer", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	return all
}

// raw answers with bytes and closes the connection.
func raw(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}
}

// hangUp sends bytes and resets the connection.
func hangUp(w http.ResponseWriter, answer string) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_, _ = io.WriteString(conn, answer)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// repeating answers with all that it was sent, in the status line, the headers and the body.
func repeating(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if zr, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, _ = io.ReadAll(zr)
		}
		secret := r.Header.Get("Authorization") + " " + r.Header.Get("DD-API-KEY")
		_, password, _ := r.BasicAuth()
		said := secret + " " + password + " " + string(body)
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d refused %s\r\nX-Seen: %s\r\nContent-Length: %d\r\n\r\n%s", code, secret, secret, len(said), said)
			_ = conn.Close()
		}
	}
}

// bomb is 200 MB of spaces in 200 KB.
var bomb = sync.OnceValue(func() string {
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	for spaces := bytes.Repeat([]byte{' '}, 1<<20); packed.Len() < 200<<10; {
		_, _ = zw.Write(spaces)
	}
	_ = zw.Close()
	return packed.String()
})
