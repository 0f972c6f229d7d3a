package dashboards

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Source answers queries: Prometheus, or Loki, whose API is alike.
type Source struct {
	API    string // such as http://127.0.0.1:9090/api/v1
	Tenant string // of Loki
}

// Series is what a query returns of one set of labels: points, or lines of a log.
type Series struct {
	Name   string // by the target's legend
	Labels map[string]string
	Points []Point
	Lines  []Line
}

// Point is a value at a time.
type Point struct {
	Time  time.Time
	Value float64
}

// Line is a line of a log.
type Line struct {
	Time time.Time
	Text string
}

// Run runs a target's query over a span, as Grafana would.
func (s Source) Run(ctx context.Context, target Target, span Span, variables map[string]string) ([]Series, error) {
	query := url.Values{"query": {span.Fill(target.Expr, variables)}}
	path := "/query_range"
	if target.Instant || target.QueryType == "instant" {
		path = "/query"
		query.Set("time", unix(span.To))
	} else {
		query.Set("start", unix(span.From))
		query.Set("end", unix(span.To))
		query.Set("step", strconv.FormatFloat(span.Step.Seconds(), 'f', -1, 64))
		query.Set("limit", "500")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.API+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	if s.Tenant != "" {
		request.Header.Set("X-Scope-OrgID", s.Tenant)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", query.Get("query"), answer.Status, content)
	}
	series, err := decode(content)
	for i := range series {
		series[i].Name = legend(target.LegendFormat, series[i].Labels)
	}
	return series, err
}

func unix(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}

func decode(content []byte) ([]Series, error) {
	var answer struct {
		Data struct {
			ResultType string
			Result     []struct {
				Metric, Stream map[string]string
				Value          [2]any
				Values         [][2]any
			}
		}
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return nil, err
	}
	var all []Series
	for _, result := range answer.Data.Result {
		one := Series{Labels: result.Metric}
		switch answer.Data.ResultType {
		case "streams":
			one.Labels = result.Stream
			for _, value := range result.Values {
				ns, err := strconv.ParseInt(value[0].(string), 10, 64)
				if err != nil {
					return nil, err
				}
				one.Lines = append(one.Lines, Line{time.Unix(0, ns), value[1].(string)})
			}
		case "vector":
			result.Values = [][2]any{result.Value}
			fallthrough
		default:
			for _, value := range result.Values {
				number, err := strconv.ParseFloat(value[1].(string), 64)
				if err != nil {
					return nil, err
				}
				one.Points = append(one.Points, Point{time.UnixMilli(int64(value[0].(float64) * 1000)), number})
			}
		}
		all = append(all, one)
	}
	if answer.Data.ResultType == "matrix" { // a vector's order is the query's
		slices.SortFunc(all, func(a, b Series) int { return cmp.Compare(fmt.Sprint(a.Labels), fmt.Sprint(b.Labels)) })
	}
	return all, nil
}

var placeholder = regexp.MustCompile(`{{\s*(\w+)\s*}}`)

// legend is the name that Grafana gives a series.
func legend(format string, labels map[string]string) string {
	return strings.TrimSpace(placeholder.ReplaceAllStringFunc(format, func(match string) string {
		return labels[placeholder.FindStringSubmatch(match)[1]]
	}))
}
