package lokiexporter

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestLine(t *testing.T) {
	for name, tc := range map[string]struct {
		set  func(pcommon.Value)
		want string
	}{
		"text":                {func(v pcommon.Value) { v.SetStr(`{"a":1.50}`) }, `{"a":1.50}`},
		"bytes":               {func(v pcommon.Value) { v.SetEmptyBytes().FromRaw([]byte(`{"a":1.50}`)) }, `{"a":1.50}`},
		"bytes without UTF-8": {func(v pcommon.Value) { v.SetEmptyBytes().FromRaw([]byte("a\xff")) }, "a\uFFFD"},
		"no bytes":            {func(v pcommon.Value) { v.SetEmptyBytes() }, ""},
		"a number":            {func(v pcommon.Value) { v.SetDouble(1.5) }, "1.5"},
		"a map":               {func(v pcommon.Value) { v.SetEmptyMap().PutInt("a", 1) }, `{"a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			v := pcommon.NewValueEmpty()
			tc.set(v)
			require.Equal(t, tc.want, line(v))
		})
	}
}
