package exporterrig

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

// contractElements is how many records the contract's check sends one by one.
// It is less than what makes httpsend doubt an intake that refuses them all.
const contractElements = 12

// CheckConsumeContract holds the exporter to the collector's own contract: what
// fails for now is sent again, what is refused is not, or not soon. Config returns
// a configuration that sends to url by the queue of Waiting and with quick retries.
func CheckConsumeContract(t *testing.T, factory exporter.Factory, config func(url string) component.Config) {
	var next atomic.Pointer[consumer.Logs]
	intake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch err := (*next.Load()).ConsumeLogs(r.Context(), plog.NewLogs()); {
		case err == nil:
			w.WriteHeader(http.StatusOK)
		case consumererror.IsPermanent(err):
			w.WriteHeader(http.StatusBadRequest)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer intake.Close()
	exportertest.CheckConsumeContract(exportertest.CheckConsumeContractParams{
		T:                    t,
		NumberOfTestElements: contractElements,
		Signal:               pipeline.SignalLogs,
		ExporterFactory:      factory,
		ExporterConfig:       config(intake.URL),
		ReceiverFactory: receiver.NewFactory(component.MustNewType("intake"), func() component.Config { return nil },
			receiver.WithLogs(func(_ context.Context, _ receiver.Settings, _ component.Config, c consumer.Logs) (receiver.Logs, error) {
				next.Store(&c)
				return nothing{}, nil
			}, component.StabilityLevelStable)),
	})
}

// nothing is a receiver beside the intake, which runs for the whole check.
type nothing struct {
	component.StartFunc
	component.ShutdownFunc
}

// Waiting is a queue in memory whose sender waits for what becomes of its logs.
func Waiting() configoptional.Optional[exporterhelper.QueueBatchConfig] {
	queue := httpsend.DefaultQueue()
	queue.Get().Batch = configoptional.None[exporterhelper.BatchConfig]()
	queue.Get().WaitForResult = true
	return queue
}
