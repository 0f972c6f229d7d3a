package lokiexporter

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// What waits on disk is sent in the encoding and the compression that are
// configured when it is read.
func TestAStoredQueueFollowsTheConfiguration(t *testing.T) {
	ld := plog.NewLogs()
	for i, e := range append(testdata.Mixed(200, now), testdata.OtherLines()...) {
		attributes := add(ld, "stytch", "stytch.auth", 7, e.JSON).At(0).Attributes()
		attributes.PutStr("half", strconv.Itoa(i%2))
		attributes.PutStr("stytch.event_id", strconv.Itoa(i))
	}
	wires := map[string]*encoder{}
	for _, c := range []struct {
		encoding    Encoding
		compression configcompression.Type
	}{{encodingJSON, "gzip"}, {encodingJSON, "none"}, {encodingProtobuf, "snappy"}} {
		cfg := defaults()
		cfg.Encoding, cfg.ClientConfig.Compression, cfg.MaxRequestBytes = c.encoding, c.compression, 10_000_000
		w, err := cfg.encoder()
		require.NoError(t, err)
		wires[string(c.encoding)+" "+string(c.compression)] = w
	}
	cfg := defaults()
	cfg.Labels, cfg.StructuredMetadata = Labels{"half": "half"}, StructuredMetadata{"stytch.event_id"}
	pushed := func(w *encoder, r *payload.Request) (streams []lokipush.Stream) {
		for _, text := range requests(t, payload.NewCursor(r)) {
			var push lokipush.Request
			decode := push.DecodeJSON
			if w.Encoding == lokipush.Protobuf {
				decode = push.DecodeProtobuf
			}
			require.NoError(t, decode([]byte(text)))
			for _, s := range push.Streams {
				for i := range s.Entries {
					s.Entries[i].Quotes = nil
				}
				streams = append(streams, s)
			}
		}
		return streams
	}
	for before, was := range wires {
		want := was.encode(ld, newLabelMapping(cfg), now)
		stored, err := payload.QueueEncoding{Format: was.format}.Marshal(t.Context(), want)
		require.NoError(t, err)
		for after, is := range wires {
			_, got, err := payload.QueueEncoding{Format: is.format, Damaged: func(err error) { t.Error(err) }}.Unmarshal(stored)
			require.NoError(t, err)
			require.Equal(t, want.ItemsCount(), got.ItemsCount())
			require.Equal(t, pushed(was, want), pushed(is, got.(*payload.Request)), "%s, then %s", before, after)
		}
	}
	foreign := *wires["json gzip"].format
	foreign.Name = "another"
	stored, err := payload.QueueEncoding{Format: &foreign}.Marshal(t.Context(), (&encoder{lokipush.JSON, &foreign}).encode(ld, newLabelMapping(cfg), now))
	require.NoError(t, err)
	_, _, err = payload.QueueEncoding{Format: wires["protobuf snappy"].format, Damaged: func(error) {}}.Unmarshal(stored)
	require.ErrorContains(t, err, `stored as "another"`)
}
