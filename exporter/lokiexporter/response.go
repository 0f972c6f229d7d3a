package lokiexporter

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

// classify reads Loki's answer to a request of so many records of one stream.
// The texts are Loki's own, from
// https://github.com/grafana/loki/blob/v3.7.8/pkg/validation/validate.go and
// https://github.com/grafana/loki/blob/v3.7.8/pkg/ingester/stream.go.
func classify(code int, body []byte, records int) httpsend.Result {
	switch {
	case code == http.StatusNoContent, code == http.StatusOK && stored(body):
		return httpsend.Result{Outcome: httpsend.Delivered}
	case code <= 299, blocked.Match(body):
		return httpsend.Result{Outcome: httpsend.Hold}
	case code == http.StatusBadRequest:
		if lost := refused(body, records); lost != nil {
			return httpsend.Result{Outcome: httpsend.Delivered, Lost: lost}
		}
	case code == http.StatusTooManyRequests && records > 1 && neverPasses(body, records):
		return httpsend.Result{Outcome: httpsend.Split}
	}
	return httpsend.Result{Outcome: httpsend.Classify(code)}
}

// stored tells whether the body of a 200 says that all was stored: it is empty, or
// a JSON object with the status "success", as Loki's other APIs answer:
// https://grafana.com/docs/loki/latest/reference/loki-http-api/. A login page or an
// error with 200 is another server's, and stored nothing.
func stored(body []byte) bool {
	if len(bytes.TrimSpace(body)) == 0 {
		return true
	}
	var answer struct {
		Status string `json:"status"`
	}
	return json.Unmarshal(body, &answer) == nil && answer.Status == "success"
}

// blocked is the answer for a tenant that is blocked. Its status code is configured
// for the tenant, and 260 by default: of the 2xx only 200 and 204 mean stored.
// https://grafana.com/docs/loki/latest/operations/block-ingestion/
var blocked = regexp.MustCompile(`^ingestion blocked for user '`)

// tenantRate has a tenant's limit, in bytes a second, and the size of the request
// that was over it, of which nothing was stored. streamRate has the same for a stream
// and one of its entries; other entries were stored.
var (
	tenantRate = regexp.MustCompile(`\(limit: (\d+) bytes/sec\) while attempting to ingest '\d+' lines totaling '(\d+)' bytes`)
	streamRate = regexp.MustCompile(`Per stream rate limit exceeded \(limit: (\d+)([KMGTPE]?)B/sec\) while attempting to ingest for stream '.*' totaling (\d+)([KMGTPE]?)B`)
)

// neverPasses tells whether a request of so many records is larger than what may
// be sent in a second: then it can be larger than what may ever be sent at once.
// Of a stream's entries the first would then use up the rate at each attempt.
func neverPasses(body []byte, records int) bool {
	if m := tenantRate.FindSubmatch(body); m != nil {
		return number(m[2]) > number(m[1])
	}
	m := streamRate.FindSubmatch(body)
	return m != nil && bytesOf(m[3], m[4])*float64(records) > bytesOf(m[1], m[2])
}

// bytesOf reads a size such as 3 MB, in units of 1,024.
func bytesOf(digits, unit []byte) float64 {
	exponent := 0
	if len(unit) > 0 {
		exponent = 10 * (1 + strings.IndexByte("KMGTPE", unit[0]))
	}
	return math.Ldexp(float64(number(digits)), exponent)
}

// refusal is a part of the text by which Loki tells that it stored the valid
// entries of a stream and refused others, or refused all of the stream's.
type refusal struct {
	text   string
	reason string
	all    bool
}

var refusals = []refusal{
	{text: "timestamp too old", reason: httpsend.ReasonTooOld},
	{text: "timestamp too new", reason: httpsend.ReasonRejected},
	{text: "max entry size", reason: httpsend.ReasonTooLarge},
	{text: "structured metadata", reason: httpsend.ReasonRejected},
	{text: "label names; limit", reason: httpsend.ReasonRejected, all: true},
	{text: "label name too long", reason: httpsend.ReasonRejected, all: true},
	{text: "label value too long", reason: httpsend.ReasonRejected, all: true},
	{text: "duplicate label name", reason: httpsend.ReasonRejected, all: true},
	{text: "missing required labels", reason: httpsend.ReasonRejected, all: true},
}

// grouped precedes each text where there are several, or one text several times.
var grouped = regexp.MustCompile(`(\d+) errors like: `)

// refused returns how many of so many records were not stored, or nil where the text
// does not say that the others were.
func refused(body []byte, records int) []httpsend.Loss {
	if lost := farBehind(body, records); lost != nil {
		return lost
	}
	counts := map[string]int{}
	marks := grouped.FindAllSubmatchIndex(body, -1)
	if marks == nil {
		marks = [][]int{{0, 0, 0, 0}} // one text, for one entry
	}
	known := false
	for i, mark := range marks {
		text := body[mark[1]:]
		if i+1 < len(marks) {
			text = body[mark[1]:marks[i+1][0]]
		}
		n := max(1, number(body[mark[2]:mark[3]]))
		reason := httpsend.ReasonRejected
		for _, r := range refusals {
			if bytes.Contains(text, []byte(r.text)) {
				known, reason = true, r.reason
				if r.all {
					n = records
				}
				break
			}
		}
		counts[reason] += n
	}
	if !known {
		return nil
	}
	return losses(counts, records)
}

// tooFarBehind is an entry that is too old for its stream, of which the newest
// entry is more than an hour younger; ignored is how many there were.
var (
	tooFarBehind = regexp.MustCompile(`(?m)^entry with timestamp .* ignored`)
	ignored      = regexp.MustCompile(`total ignored: (\d+) out of (\d+)`)
)

// farBehind reads the answer of the part of Loki that stores. It hides what was
// refused before by the part that validates, but not how many: they are missing
// from its total.
func farBehind(body []byte, records int) []httpsend.Loss {
	m := ignored.FindSubmatch(body)
	lines := len(tooFarBehind.FindAllIndex(body, -1))
	if m == nil {
		if lines == 0 {
			return nil
		}
		return losses(map[string]int{httpsend.ReasonTooOld: lines}, records)
	}
	return losses(map[string]int{
		httpsend.ReasonTooOld:   max(1, number(m[1])),
		httpsend.ReasonRejected: records - number(m[2]),
	}, records)
}

// losses are the counts by reason, together no more than there were records.
func losses(counts map[string]int, records int) (lost []httpsend.Loss) {
	for _, reason := range []string{httpsend.ReasonTooOld, httpsend.ReasonTooLarge, httpsend.ReasonRejected} {
		if n := min(counts[reason], records); n > 0 {
			lost = append(lost, httpsend.Loss{Reason: reason, Records: n})
			records -= n
		}
	}
	return lost
}

// number returns 0 for no digits, and the largest int for a larger number.
func number(digits []byte) int {
	n, _ := strconv.Atoi(string(digits))
	return n
}
