package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// client follows no redirect: what answers a GET elsewhere has taken no events.
var client = http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// sender posts events to a receiver.
type sender struct {
	url                string
	username, password string
}

// send posts events, a line each, until they are acknowledged. It waits where the receiver asks for
// it and where it does not answer; any other answer is an error.
func (s *sender) send(ctx context.Context, events [][]byte) error {
	body := append(bytes.Join(events, []byte("\n")), '\n')
	told := ""
	for {
		wait, why, err := s.post(ctx, body)
		if err != nil || wait == 0 {
			return err
		}
		if why != told {
			fmt.Fprintf(os.Stderr, "replay: %s: trying again\n", why)
			told = why
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// post sends the body once. It returns how long to wait before the next attempt, and why: 0 after
// an acknowledgement.
func (s *sender) post(ctx context.Context, body []byte) (wait time.Duration, why string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	if s.username != "" {
		request.SetBasicAuth(s.username, s.password)
	}
	answer, err := client.Do(request)
	switch {
	case ctx.Err() != nil:
		return 0, "", context.Cause(ctx)
	case err != nil:
		return time.Second, err.Error(), nil
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode >= 200 && answer.StatusCode <= 299:
		return 0, "", nil
	case answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= 500:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return max(time.Second, time.Duration(seconds)*time.Second), answer.Status, nil
	}
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 1000)) // what there is of it
	return 0, "", fmt.Errorf("%s: %s", answer.Status, strings.TrimSpace(string(said)))
}
