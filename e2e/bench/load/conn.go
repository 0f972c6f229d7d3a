package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// answerWithin bounds how long an answer may take.
const answerWithin = 30 * time.Second

// conn is one kept connection that speaks just enough HTTP/1.1 to push: net/http's client would
// take as much from the machine as some of what is measured.
type conn struct {
	net.Conn
	reader *bufio.Reader
}

func dial(address string) (*conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReaderSize(c, 4096)}, nil
}

// post sends a whole request and returns the answer's status, with its body where it is no 2xx.
func (c *conn) post(request []byte) (status int, body string, err error) {
	if err := c.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return 0, "", err
	}
	if _, err := c.Write(request); err != nil {
		return 0, "", err
	}
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, "", err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, "", fmt.Errorf("reading the answer: status line %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, "", fmt.Errorf("reading the answer: %w", err)
	}
	length, err := c.header()
	if err != nil {
		return status, "", fmt.Errorf("reading the answer: %w", err)
	}
	content := make([]byte, length)
	_, err = io.ReadFull(c.reader, content)
	return status, string(content), err
}

// header reads the answer's header and returns the length of its body.
func (c *conn) header() (length int, err error) {
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			return 0, errors.New("the body is chunked")
		}
	}
}

// pause is how long a connection waits after a refusal for now. It is less than a real sender
// waits, so that a full queue is kept full.
const pause = 50 * time.Millisecond

// push posts a request until it is acknowledged, and returns how often it was refused for now.
func (c *conn) push(request []byte) (refused int, err error) {
	for {
		status, body, err := c.post(request)
		switch {
		case err != nil:
			return refused, err
		case status/100 == 2:
			return refused, nil
		case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
			refused++
			time.Sleep(pause)
		default:
			return refused, fmt.Errorf("the receiver answered %d %s", status, body)
		}
	}
}
