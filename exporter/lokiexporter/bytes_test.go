package lokiexporter

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// A body of type Bytes, as receivers make it that decode nothing, is the line that it
// spells.
func TestBytesAreText(t *testing.T) {
	at := pcommon.NewTimestampFromTime(now)
	for _, encoding := range []Encoding{encodingJSON, encodingProtobuf} {
		cfg := defaults()
		cfg.Encoding = encoding
		for _, e := range append(append(testdata.Events(), testdata.Webhooks()...), testdata.OtherLines()...) {
			text, bytes := plog.NewLogs(), plog.NewLogs()
			add(text, "stytch", "stytch.auth", at, e.JSON)
			add(bytes, "stytch", "stytch.auth", at, "").At(0).Body().SetEmptyBytes().FromRaw([]byte(e.JSON))
			require.Equal(t, requests(t, batch(t, text, cfg)), requests(t, batch(t, bytes, cfg)), "%s, %s", e.Name, encoding)
		}
	}
}
