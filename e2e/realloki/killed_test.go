//go:build e2e_loki

package realloki

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// Loki is killed twice in the middle of the load, and once the collector too:
// everything is stored, and once.
func TestKilledInTheMiddleOfTheLoad(t *testing.T) {
	for _, encoding := range []string{"json", "protobuf"} {
		t.Run(encoding, func(t *testing.T) {
			loki, err := New(t.TempDir())
			require.NoError(t, err)
			require.NoError(t, loki.Start(t.Context()))
			t.Cleanup(func() {
				loki.Kill()
				if t.Failed() {
					t.Log("Loki wrote:\n" + loki.Log())
				}
			})
			address := "127.0.0.1:" + harness.Port(t)
			options := harness.Options{
				Configs:  []string{harness.Path("e2e/realloki/collector.yaml")},
				Receiver: address,
				Env: map[string]string{
					"LISTEN": address, "QUEUE_DIRECTORY": t.TempDir(), "LOKI_URL": loki.URL, "ENCODING": encoding,
				},
			}
			collector := harness.Start(t, options)
			sender := harness.Sender{URL: "http://" + address}

			const requests, each = 60, 50
			events := testdata.Mixed(requests*each, time.Now())
			for i := range events {
				events[i].Time = events[i].Time.Add(time.Duration(i%999 + 1))
			}
			n := 0
			for part := range slices.Chunk(events, each) {
				reply, err := sender.LokiPush(t.Context(), part)
				require.NoError(t, err)
				require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
				switch n++; n {
				case requests / 4, requests / 2:
					loki.Kill()
				case requests/4 + 8, requests/2 + 16:
					require.NoError(t, loki.Start(t.Context()))
				case requests/2 + 8:
					collector.Kill()
					collector = harness.Start(t, options)
				}
				time.Sleep(20 * time.Millisecond)
			}

			var entries []Entry
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				var err error
				entries, err = loki.Entries(context.Background(), "killed")
				require.NoError(c, err)
				require.Len(c, entries, len(events))
			}, 60*time.Second, 200*time.Millisecond)
			require.Equal(t, stored(events), entries)
			collector.Stop()
		})
	}
}
