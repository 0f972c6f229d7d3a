package stytchreceiver

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
)

// TestConsumeContract holds each protocol to the collector's contract: what a
// pipeline refuses for now is sent again and arrives, what it refuses for ever
// is not.
func TestConsumeContract(t *testing.T) {
	key, err := standardwebhooks.NewWebhook(vectorSecret)
	require.NoError(t, err)
	for protocol, request := range map[string]func(id string) (path, body string, header http.Header){
		"loki_push": func(id string) (string, string, http.Header) {
			return lokiPath, `{"streams":[{"stream":{"a":"b"},"values":[["1","{}",{"test_id":"` + id + `"}]]}]}`, http.Header{"Content-Type": {"application/json"}}
		},
		"events": func(id string) (string, string, http.Header) {
			return "/v1/events", `[{"test_id":"` + id + `"}]`, http.Header{}
		},
		"webhook": func(id string) (string, string, http.Header) {
			body := `{"test_id":"` + id + `"}`
			return webhookPath, body, sign(t, key, id, time.Now(), body)
		},
	} {
		t.Run(protocol, func(t *testing.T) {
			listener, err := net.Listen("tcp", "localhost:0")
			require.NoError(t, err)
			require.NoError(t, listener.Close())
			cfg := createDefaultConfig().(*Config)
			withWebhook(cfg)
			cfg.HTTP.NetAddr.Endpoint = listener.Addr().String()
			cfg.Promote = []string{receivertest.UniqueIDAttrName}
			receivertest.CheckConsumeContract(receivertest.CheckConsumeContractParams{
				T: t, Factory: plainIDs(), Signal: pipeline.SignalLogs, Config: cfg, GenerateCount: 100,
				Generator: &sender{T: t, url: "http://" + listener.Addr().String(), request: request},
			})
		})
	}
}

// sender sends a request until it is taken, or refused for ever.
type sender struct {
	*testing.T
	url     string
	request func(id string) (path, body string, header http.Header)
	last    atomic.Int64
}

func (s *sender) Start() {}
func (s *sender) Stop()  {}

func (s *sender) Generate() []receivertest.UniqueIDAttrVal {
	id := strconv.FormatInt(s.last.Add(1), 10)
	path, body, header := s.request(id)
	for {
		req, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(body))
		require.NoError(s, err)
		req.Header, req.Close = header, true // each scenario has a receiver of its own
		resp, err := http.DefaultClient.Do(req)
		require.NoError(s, err)
		require.NoError(s, resp.Body.Close())
		if resp.StatusCode != http.StatusServiceUnavailable {
			return []receivertest.UniqueIDAttrVal{receivertest.UniqueIDAttrVal(id)}
		}
		require.Equal(s, retryAfter, resp.Header.Get("Retry-After"))
	}
}

// plainIDs is the receiver's factory, with the promoted attribute under the
// name that the contract's test looks for.
func plainIDs() receiver.Factory {
	return receiver.NewFactory(metadata.Type, createDefaultConfig, receiver.WithLogs(
		func(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
			renamed, err := consumer.NewLogs(func(ctx context.Context, ld plog.Logs) error {
				attrs := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
				if id, ok := attrs.Get("stytch." + receivertest.UniqueIDAttrName); ok {
					attrs.PutStr(receivertest.UniqueIDAttrName, id.Str())
				}
				return next.ConsumeLogs(ctx, ld)
			})
			if err != nil {
				return nil, err
			}
			return createLogs(ctx, set, cfg, renamed)
		}, metadata.LogsStability))
}
