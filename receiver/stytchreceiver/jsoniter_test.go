package stytchreceiver

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// BenchmarkAgainstJsoniter decodes one push into the same plog by this package
// and by jsoniter, to tell what the scan is worth.
func BenchmarkAgainstJsoniter(b *testing.B) {
	body := lokiJSON(oneProject(1000))
	theirs, err := byJsoniter(body)
	require.NoError(b, err)
	requireSameLogs(b, byScan(b, body), theirs)
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			byScan(b, body)
		}
	})
	b.Run("jsoniter", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := byJsoniter(body)
			require.NoError(b, err)
		}
	})
}

func byScan(b *testing.B, body []byte) plog.Logs {
	builder := &logsBuilder{Records: stytch.Records{Logs: plog.NewLogs(), Arrived: pcommon.NewTimestampFromTime(time.Now())}, maxEvents: 1000, room: 1000}
	require.NoError(b, parseJSONPush(nil, body, builder))
	return builder.Logs
}

// byJsoniter is the push as jsoniter reads it, each event by its fields.
func byJsoniter(body []byte) (plog.Logs, error) {
	var request struct {
		Streams []struct {
			Stream map[string]string `json:"stream"`
			Values [][2]string       `json:"values"`
		} `json:"streams"`
	}
	if err := jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal(body, &request); err != nil {
		return plog.Logs{}, err
	}
	ld := plog.NewLogs()
	now := pcommon.NewTimestampFromTime(time.Now())
	for _, s := range request.Streams {
		rl := ld.ResourceLogs().AppendEmpty()
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName(stytch.ScopeName)
		records := sl.LogRecords()
		records.EnsureCapacity(len(s.Values))
		for i, value := range s.Values {
			ns, err := strconv.ParseInt(value[0], 10, 64)
			if err != nil {
				return ld, err
			}
			var event struct {
				EventID    string `json:"event_id"`
				ProjectID  string `json:"project_id"`
				Action     string `json:"action"`
				Status     string `json:"status"`
				RequestID  string `json:"request_id"`
				StatusCode *int64 `json:"http_status_code"`
			}
			if err := jsoniter.ConfigCompatibleWithStandardLibrary.UnmarshalFromString(value[1], &event); err != nil {
				return ld, err
			}
			if i == 0 {
				rl.Resource().Attributes().PutStr(stytch.AttrProjectID, event.ProjectID)
				rl.Resource().Attributes().PutStr(stytch.AttrEnvironment, "live")
			}
			lr := records.AppendEmpty()
			lr.SetTimestamp(pcommon.Timestamp(ns))
			lr.SetObservedTimestamp(now)
			lr.Body().SetStr(value[1])
			attrs := lr.Attributes()
			attrs.EnsureCapacity(5)
			for _, a := range [...][2]string{{stytch.AttrEventID, event.EventID}, {stytch.AttrAction, event.Action}, {stytch.AttrStatus, event.Status}, {stytch.AttrRequestID, event.RequestID}} {
				if a[1] != "" {
					attrs.PutStr(a[0], a[1])
				}
			}
			if event.StatusCode != nil {
				attrs.PutInt(stytch.AttrStatusCode, *event.StatusCode)
			}
			lr.SetEventName(event.Action)
			lr.SetSeverityText(event.Status)
			switch {
			case !strings.EqualFold(event.Status, "error"):
				lr.SetSeverityNumber(plog.SeverityNumberInfo)
			case event.StatusCode != nil && *event.StatusCode/100 == 4:
				lr.SetSeverityNumber(plog.SeverityNumberWarn)
			default:
				lr.SetSeverityNumber(plog.SeverityNumberError)
			}
		}
	}
	return ld, nil
}

// requireSameLogs compares all but the time of arrival.
func requireSameLogs(t testing.TB, want, got plog.Logs) {
	t.Helper()
	records := got.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	for i, lr := range want.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		records.At(i).SetObservedTimestamp(lr.ObservedTimestamp())
	}
	marshaler := plog.ProtoMarshaler{}
	a, err := marshaler.MarshalLogs(want)
	require.NoError(t, err)
	b, err := marshaler.MarshalLogs(got)
	require.NoError(t, err)
	require.True(t, bytes.Equal(a, b))
}
