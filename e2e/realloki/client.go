package realloki

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Entry is one stored line.
type Entry struct {
	Labels    map[string]string
	Timestamp int64
	Line      string
	Metadata  map[string]string
}

// Push posts a body as it is and returns the answer.
func (l *Loki) Push(ctx context.Context, tenant, body string, header http.Header) (code int, text string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL+"/loki/api/v1/push", bytes.NewBufferString(body))
	if err != nil {
		return 0, "", err
	}
	request.Header = header
	return l.do(request, tenant)
}

func (l *Loki) do(request *http.Request, tenant string) (code int, text string, err error) {
	if tenant != "" {
		request.Header.Set("X-Scope-OrgID", tenant)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(content), err
}

// Entries returns all that a tenant has stored of the last ten days, by time.
func (l *Loki) Entries(ctx context.Context, tenant string) ([]Entry, error) {
	const day = 24 * time.Hour
	query := url.Values{
		"query":     {`{service_name=~".+"}`},
		"limit":     {"100000"},
		"direction": {"forward"},
		"start":     {strconv.FormatInt(time.Now().Add(-10*day).UnixNano(), 10)},
		"end":       {strconv.FormatInt(time.Now().Add(day).UnixNano(), 10)},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL+"/loki/api/v1/query_range?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	// Otherwise structured metadata is told as labels.
	request.Header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels")
	code, text, err := l.do(request, tenant)
	if err != nil || code != http.StatusOK {
		return nil, fmt.Errorf("query_range: %d %s %w", code, text, err)
	}
	return decode(text)
}

func decode(text string) ([]Entry, error) {
	var result struct {
		Data struct {
			Result []struct {
				Stream map[string]string
				Values [][]json.RawMessage // timestamp, line, {"structuredMetadata": {…}}
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &result); err != nil {
		return nil, err
	}
	var entries []Entry
	for _, stream := range result.Data.Result {
		for _, value := range stream.Values {
			var at string
			var line string
			var more struct {
				StructuredMetadata map[string]string `json:"structuredMetadata"`
			}
			for i, into := range []any{&at, &line, &more} {
				if i < len(value) {
					if err := json.Unmarshal(value[i], into); err != nil {
						return nil, err
					}
				}
			}
			ns, err := strconv.ParseInt(at, 10, 64)
			if err != nil {
				return nil, err
			}
			entries = append(entries, Entry{stream.Stream, ns, line, more.StructuredMetadata})
		}
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	return entries, nil
}
