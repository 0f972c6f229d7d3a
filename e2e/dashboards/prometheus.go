package dashboards

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// scrapeInterval is short, so that a minute of a collector's life fills a dashboard.
const scrapeInterval = time.Second

// prometheusConfig takes an interval, the file of the alert rules, and host:port of the target.
const prometheusConfig = `
global: {scrape_interval: %[1]s, scrape_timeout: %[1]s, evaluation_interval: %[1]s}
rule_files: [%[2]q]
scrape_configs:
  - {job_name: otelcol-stytch, static_configs: [{targets: [%[3]q]}]}
`

// prometheus is a real server that scrapes one target.
type prometheus struct {
	api     string
	process *exec.Cmd
	output  harness.Output
}

// startPrometheus runs the server of that name on the PATH, with its data in a folder, and waits
// until it answers. Debian's package has one.
func startPrometheus(ctx context.Context, data, target string) (*prometheus, error) {
	binary, err := exec.LookPath("prometheus")
	if err != nil {
		return nil, fmt.Errorf("%w: install Debian's package prometheus", err)
	}
	port, err := harness.FreePort()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(data, "prometheus.yml")
	text := fmt.Sprintf(prometheusConfig, scrapeInterval, harness.Path("dashboards/alerts.yaml"), target)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	address := "127.0.0.1:" + port
	p := &prometheus{api: "http://" + address + "/api/v1"}
	p.process = exec.Command(binary, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(data, "tsdb"), "--web.listen-address="+address)
	p.process.Stdout, p.process.Stderr = &p.output, &p.output
	if err := p.process.Start(); err != nil {
		return nil, err
	}
	if err := until(ctx, func(ctx context.Context) error { return reachable(ctx, "http://"+address+"/-/ready") }); err != nil {
		p.kill()
		return nil, fmt.Errorf("starting Prometheus: %w\n%s", err, p.output.String())
	}
	return p, nil
}

func (p *prometheus) kill() {
	p.process.Process.Kill() //nolint:errcheck // it may have ended already
	p.process.Wait()         //nolint:errcheck // it was killed
}

func reachable(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// until calls try until it returns no error, for a minute at most.
func until(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w, and last: %w", ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
