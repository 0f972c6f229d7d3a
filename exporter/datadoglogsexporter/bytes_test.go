package datadoglogsexporter

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// A body of type Bytes, as receivers make it that decode nothing, is the text that it
// spells: of a Stytch event, and under the scope of another service.
func TestBytesAreText(t *testing.T) {
	for _, scope := range []string{"", "another"} {
		for _, e := range append(append(testdata.Events(), testdata.Webhooks()...), testdata.OtherLines()...) {
			text, bytes := logs(e.JSON), logs("")
			sl := bytes.ResourceLogs().At(0).ScopeLogs().At(0)
			sl.LogRecords().At(0).Body().SetEmptyBytes().FromRaw([]byte(e.JSON))
			if scope != "" {
				text.ResourceLogs().At(0).ScopeLogs().At(0).Scope().SetName(scope)
				sl.Scope().SetName(scope)
			}
			require.Equal(t, encode(t, text), encode(t, bytes), "%s, scope %q", e.Name, scope)
		}
	}
}
