package stytchmanagementextension

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// answerWithin bounds a destination's answer to a check or a test event.
const answerWithin = 10 * time.Second

// answerView is what a destination says.
type answerView struct {
	OK     bool    `json:"ok"`
	Code   int     `json:"code"` // HTTP status, 0 where no answer came
	TookMS float64 `json:"took_ms"`
	Text   string  `json:"text"`
}

type checkedAnswer struct {
	envelope
	Answer answerView `json:"destination_answer"`
}

type testedAnswer struct {
	checkedAnswer
	EventID string `json:"event_id"`
}

// checkCredentials asks the destination about credentials that are not stored.
func (e *managementExtension) checkCredentials(c *call) (answer, error) {
	with, err := parseCreate(c.body)
	if err != nil {
		return nil, err
	}
	if wrong := checkCredentials(with); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	return e.checked(c.Context(), with)
}

// checkStream asks the destination about a stream's credentials.
func (e *managementExtension) checkStream(c *call) (answer, error) {
	s, err := e.streamOf(c)
	if err != nil {
		return nil, err
	}
	return e.checked(c.Context(), s.Credentials)
}

func (e *managementExtension) checked(ctx context.Context, with managed.Credentials) (answer, error) {
	says, err := e.check(ctx, with)
	if err != nil {
		return nil, err
	}
	return &checkedAnswer{Answer: viewAnswer(says)}, nil
}

// testStream sends one event with a stream's credentials, on or off.
func (e *managementExtension) testStream(c *call) (answer, error) {
	s, err := e.streamOf(c)
	if err != nil {
		return nil, err
	}
	id, says, err := e.test(c.Context(), s)
	if err != nil {
		return nil, err
	}
	return &testedAnswer{checkedAnswer{Answer: viewAnswer(says)}, id}, nil
}

// check asks a destination whether it takes credentials. It sends no event.
func (e *managementExtension) check(ctx context.Context, with managed.Credentials) (managed.Answer, error) {
	x := e.exporter(with.Destination())
	if x == nil {
		return managed.Answer{}, noExporter(with.Destination())
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return hidden(x.Check(ctx, with), with), nil
}

// test sends one event past a stream's switch and queue, and returns its event_id.
func (e *managementExtension) test(ctx context.Context, s *managed.Stream) (string, managed.Answer, error) {
	x := e.exporter(s.Destination)
	if x == nil {
		return "", managed.Answer{}, noExporter(s.Destination)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	id, event := testEvent(s.ProjectID, time.Now())
	return id, hidden(x.Test(ctx, s, event), s.Credentials), nil
}

// noExporter is no fault of the request's: the collector's configuration has to change.
func noExporter(d managed.Destination) *refusal {
	names := map[managed.Destination]string{managed.Datadog: "datadog_logs", managed.GrafanaLoki: "loki"}
	return &refusal{
		status: http.StatusConflict, kind: kindNoExporter,
		message: fmt.Sprintf("No exporter of this collector serves %s: set exporters::%s::management in its configuration.", d, names[d]),
	}
}

// hidden takes the secrets out of what a destination says: some repeat what they refuse.
func hidden(a managed.Answer, with managed.Credentials) managed.Answer {
	for _, secret := range with.Secrets() {
		if secret != "" {
			a.Text = strings.ReplaceAll(a.Text, string(secret), "****")
		}
	}
	return a
}

func viewAnswer(a managed.Answer) answerView {
	return answerView{a.OK, a.Code, float64(a.Took.Microseconds()) / 1000, a.Text}
}

// testAction is what tells a test event from Stytch's.
const testAction = "otelcol_stytch.test"

// testEvent returns an event of a project, in the form of Stytch's, and its event_id.
func testEvent(project string, now time.Time) (id, event string) {
	kind := "live"
	if strings.HasPrefix(project, "project-test-") {
		kind = "test"
	}
	now = now.UTC()
	id = "event-" + kind + "-" + uuid.NewString()
	text, err := json.Marshal(struct {
		EventID        string `json:"event_id"`
		ProjectID      string `json:"project_id"`
		Action         string `json:"action"`
		Status         string `json:"status"`
		RequestID      string `json:"request_id"`
		HTTPStatusCode int    `json:"http_status_code"`
		Severity       string `json:"severity"`
		Microseconds   int64  `json:"_timestamp"`
		Milliseconds   int64  `json:"timestamp"`
		Time           string `json:"time"`
	}{
		id, project, testAction, "Success", "request-id-" + kind + "-" + uuid.NewString(), http.StatusOK, "info",
		now.UnixMicro(), now.UnixMilli(), now.Format("2006-01-02T15:04:05.000Z"),
	})
	if err != nil { // of strings and numbers, none
		panic(err)
	}
	return id, string(text)
}
