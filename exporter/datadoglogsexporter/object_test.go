package datadoglogsexporter

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// object returns the log of another service with this text as its body, and all
// that a record can have beside it.
func object(text string) plog.Logs {
	ld := message(nil, func(lr plog.LogRecord) {
		lr.Body().SetStr(text)
		lr.SetSeverityNumber(plog.SeverityNumberWarn)
		lr.SetTimestamp(1772366400123456789)
		lr.SetTraceID(pcommon.TraceID{15: 1})
		lr.SetSpanID(pcommon.SpanID{7: 10})
		lr.Attributes().PutStr("log.file.name", "app.log")
		lr.Attributes().PutStr("service", "record")
	})
	resource := ld.ResourceLogs().At(0).Resource().Attributes() // in this order
	resource.PutStr("service.name", "shop")
	resource.PutStr("source", "go")
	resource.PutStr("host.name", "box")
	resource.PutStr("region", "eu")
	resource.PutStr("deployment.environment.name", "prod")
	return ld
}

// What stands beside an object's own members, in this order.
const (
	objectStatus  = `"status":"warn"`
	objectDate    = `"timestamp":1772366400123`
	objectDDTrace = `"dd.trace_id":"1"`
	objectTrace   = `"otel.trace_id":"00000000000000000000000000000001"`
	objectDDSpan  = `"dd.span_id":"10"`
	objectSpan    = `"otel.span_id":"000000000000000a"`
	objectFile    = `"log.file.name":"app.log"`
	objectHost    = `"hostname":"box"`
	objectRegion  = `"region":"eu"`
	objectEnv     = `"deployment.environment.name":"prod"`
	objectSource  = `"ddsource":"go"`
	objectService = `"service":"shop"`
	objectTags    = `"ddtags":"service:shop"`
)

func TestObjects(t *testing.T) {
	all := []string{
		objectStatus, objectDate, objectDDTrace, objectTrace, objectDDSpan, objectSpan, objectFile,
		objectHost, objectRegion, objectEnv, objectSource, objectService, objectTags,
	}
	for own, lacks := range map[string]string{ // members of its own, and what is not added for them
		``:                                    ``,
		`"a":1.50`:                            ``,
		`"a" : [ 1 , {"b":2} ] `:              ``,
		`"status":""`:                         objectStatus,
		`"severity":null`:                     objectStatus,
		`"level":30`:                          objectStatus,
		`"l\u0065vel":30`:                     objectStatus,
		`"syslog.severity":1`:                 objectStatus,
		`"syslog":{"severity":1}`:             objectStatus,
		`"x":{"level":1}`:                     ``,
		`"Level":1`:                           ``,
		`"@timestamp":1`:                      objectDate,
		`"timestamp":"x"`:                     objectDate,
		`"_timestamp":1`:                      objectDate,
		`"Timestamp":1`:                       objectDate,
		`"eventTime":1`:                       objectDate,
		`"date":1`:                            objectDate,
		`"published_date":1`:                  objectDate,
		`"syslog.timestamp":1`:                objectDate,
		`"syslog":{"a":1,"timest\u0061mp":2}`: objectDate,
		`"time":1`:                            ``,
		`"dd.trace_id":"7"`:                   objectDDTrace,
		`"dd":{"trace_id":"7","span_id":"8"}`: objectDDTrace + objectDDSpan,
		`"otel":{"trace_id":"7"}`:             objectTrace,
		`"otel.span_id":"7"`:                  objectSpan,
		`"log.file.name":1`:                   objectFile,
		`"log.file.n\u0061me":1`:              objectFile,
		`"hostname":1`:                        objectHost,
		`"region":1,"region":2`:               objectRegion,
		`"ddsource":"x"`:                      objectSource,
		`"service":"x"`:                       objectService,
		`"s\u0065rvice":"x"`:                  objectService,
		`"ddtags":"x"`:                        objectTags,
		`"message":"hello","event_id":"e"`:    ``,
		`"` + strings.Repeat(`\u0061`, 100) + `":1,"service":2`: objectService,
	} {
		t.Run(own, func(t *testing.T) {
			var want []string
			if own != "" {
				want = append(want, strings.TrimSpace(own))
			}
			for _, member := range all {
				if !strings.Contains(lacks, member) {
					want = append(want, member)
				}
			}
			got := encode(t, object(" {\n"+own+"} "))
			require.Equal(t, "[{"+strings.Join(want, ",")+"}]", got)
			require.True(t, json.Valid([]byte(got)))
			bytes := object("")
			bytes.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().SetEmptyBytes().FromRaw([]byte("{" + own + "}"))
			require.Equal(t, got, encode(t, bytes), "bytes are the text that they spell")
		})
	}
}

// No service is named for the object of a resource that names none.
func TestObjectWithoutARecord(t *testing.T) {
	bare := func(text string) plog.Logs { return message(nil, func(lr plog.LogRecord) { lr.Body().SetStr(text) }) }
	require.Equal(t, `[{}]`, encode(t, bare(`{}`)))
	require.Equal(t, `[{"ddtags":"its own"}]`, encode(t, bare(`{"ddtags":"its own"}`), "team:identity"))
	require.Equal(t, `[{"a":1,"ddtags":"team:identity"}]`, encode(t, bare(`{"a":1}`), "team:identity"))
}

func FuzzEncodeKeepsAnObject(f *testing.F) {
	for _, e := range append(testdata.Events(), testdata.OtherLines()...) {
		f.Add(e.JSON)
	}
	f.Add(`{"dd":{"trace_id":1,"\ud800":2},"ddtags":1,"ddtags":2 , "a":3}`)
	f.Fuzz(func(t *testing.T, text string) {
		var all []json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(encode(t, object(text))), &all))
		require.Len(t, all, 1)
		names, values := members(t, string(all[0]))
		trimmed := strings.Trim(text, " \t\r\n")
		if !json.Valid([]byte(text)) || strings.ToValidUTF8(text, "") != text || !strings.HasPrefix(trimmed, "{") {
			require.Equal(t, "message", names[0])
			return
		}
		inner := strings.Trim(trimmed[1:len(trimmed)-1], " \t\r\n")
		require.True(t, strings.HasPrefix(string(all[0]), "{"+inner), "byte for byte: %s", all[0])
		ownNames, ownValues := members(t, text)
		require.Equal(t, ownNames, names[:len(ownNames)])
		require.Equal(t, ownValues, values[:len(ownNames)])
		seen := map[string]bool{}
		for _, name := range ownNames {
			seen[name] = true
		}
		for _, name := range names[len(ownNames):] {
			require.False(t, seen[name], "%s is added, and there already", name)
			seen[name] = true
		}
	})
}
