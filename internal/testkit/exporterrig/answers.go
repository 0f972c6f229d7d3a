package exporterrig

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

// Answers is what every status code means to every exporter, a later row
// before an earlier one. Codes without a meaning of their own are their
// class's x00 (RFC 9110 section 15), but for 4xx: those blame the address, the
// credentials or a setting, and what a corrected one delivers is kept.
var Answers = []struct {
	From, To int
	Verdict  httpsend.Outcome
}{
	{200, 299, httpsend.Hold}, // which of them mean stored is the backend's to say
	{200, 200, httpsend.Delivered},
	{300, 399, httpsend.Hold}, // redirects are not followed: they would carry the key elsewhere
	{400, 400, httpsend.Bisect},
	{401, 499, httpsend.Hold},
	{408, 408, httpsend.Retry},
	{413, 413, httpsend.Split},
	{422, 422, httpsend.Bisect},
	{425, 425, httpsend.Retry},
	{429, 429, httpsend.Retry},
	{500, 599, httpsend.Retry},
}

// CheckAnswers pushes two records to an intake that answers 200, 201, … 599,
// without a body, and requires of the exporter what Answers says, or differ
// where the backend's documentation does. Config returns a configuration that
// sends to url, without queue and without retry.
func CheckAnswers(t *testing.T, factory exporter.Factory, config func(url string) component.Config, differ map[int]httpsend.Outcome) {
	for class := 200; class < 600; class += 100 {
		t.Run(strconv.Itoa(class), func(t *testing.T) { checkClass(t, factory, config, differ, class) })
	}
}

func checkClass(t *testing.T, factory exporter.Factory, config func(url string) component.Config, differ map[int]httpsend.Outcome, class int) {
	var code, requests atomic.Int32
	intake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body) // an unread body would cost the connection
		w.WriteHeader(int(code.Load()))
	}))
	defer intake.Close()
	e := Start(t, factory, config(intake.URL))
	defer e.Stop() // before the intake closes

	before := map[string]int{}
	for i := class; i < class+100; i++ {
		verdict, listed := differ[i]
		for _, row := range Answers {
			if !listed && i >= row.From && i <= row.To {
				verdict = row.Verdict
			}
		}
		want := outcomes[verdict]

		// An accepted push before each code ends whatever the last one began.
		code.Store(http.StatusOK)
		require.NoError(t, e.ConsumeLogs(t.Context(), two()))
		e.Host.Take()
		requests.Store(0)

		code.Store(int32(i))
		err := e.ConsumeLogs(t.Context(), two())
		got := outcome{requests: int(requests.Load()), failed: err != nil, drops: map[string]int{}}
		after := e.Counts("dropped_events", "reason")
		for reason, n := range after {
			if n -= before[reason]; n > 0 {
				got.drops[reason] = n
			}
		}
		before = after
		for _, event := range e.Host.Take() {
			got.held = got.held || event.Status() == componentstatus.StatusRecoverableError
		}
		require.Equal(t, want, got, "answer %d", i)
		require.False(t, consumererror.IsPermanent(err), "answer %d", i)
		require.Equal(t, want.held, err != nil && strings.Contains(err.Error(), "Throttle ("), "answer %d: %v", i, err)
	}
}

// outcome is what a push of two records comes to.
type outcome struct {
	requests int
	failed   bool // the error makes exporterhelper try again
	held     bool // … at the longest interval, and the component's status tells
	drops    map[string]int
}

var outcomes = map[httpsend.Outcome]outcome{
	httpsend.Delivered: {requests: 1, drops: map[string]int{}},
	httpsend.Retry:     {requests: 1, failed: true, drops: map[string]int{}},
	httpsend.Hold:      {requests: 1, failed: true, held: true, drops: map[string]int{}},
	// Without a queue there is no quarantine either.
	httpsend.Split:  {requests: 3, failed: true, held: true, drops: map[string]int{}},
	httpsend.Bisect: {requests: 3, failed: true, held: true, drops: map[string]int{}},
}

// two returns two records of one resource and one time.
func two() plog.Logs {
	now := pcommon.NewTimestampFromTime(time.Now())
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, body := range []string{`{"event_id":"a"}`, `{"event_id":"b"}`} {
		lr := records.AppendEmpty()
		lr.Body().SetStr(body)
		lr.SetTimestamp(now)
	}
	return ld
}
