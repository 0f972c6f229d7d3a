package httpsend

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"golang.org/x/net/http/httpguts"
)

// Check refuses settings of the client, the queue and the retries that nothing
// could be sent with, or that would send without a pause. The errors begin with the
// key, as it is written below the exporter.
func Check(client confighttp.ClientConfig, queue configoptional.Optional[exporterhelper.QueueBatchConfig], retry configretry.BackOffConfig) error {
	return errors.Join(
		checkTimes(client, queue, retry),
		checkHeaders(client.Headers),
		checkProxy(client.ProxyURL),
	)
}

// checkTimes refuses what is written without a unit: such a number is nanoseconds.
func checkTimes(client confighttp.ClientConfig, queue configoptional.Optional[exporterhelper.QueueBatchConfig], retry configretry.BackOffConfig) error {
	var errs []error
	check := func(key string, d time.Duration, zero string) {
		if d == 0 && zero != "" || d >= time.Millisecond {
			return
		}
		if zero != "" {
			zero = ", or 0 for " + zero
		}
		errs = append(errs, fmt.Errorf("%s: must be at least 1ms%s, got %s: write it with a unit, such as 30s", key, zero, d))
	}
	check("timeout", client.Timeout, "none")
	check("idle_conn_timeout", client.IdleConnTimeout, "none")
	check("http2_read_idle_timeout", client.HTTP2ReadIdleTimeout, "no health check")
	check("http2_ping_timeout", client.HTTP2PingTimeout, "15s")
	check("tls::reload_interval", client.TLS.ReloadInterval, "never")
	if retry.Enabled && retry.Validate() == nil { // which refuses negative ones
		check("retry_on_failure::initial_interval", retry.InitialInterval, "")
		check("retry_on_failure::max_interval", retry.MaxInterval, "")
		check("retry_on_failure::max_elapsed_time", retry.MaxElapsedTime, "no limit")
		if retry.Multiplier < 1 { // the waits would shrink to nothing
			errs = append(errs, fmt.Errorf("retry_on_failure::multiplier: must be at least 1, got %v", retry.Multiplier))
		}
	}
	if queue.HasValue() && queue.Get().Batch.HasValue() {
		if batch := queue.Get().Batch.Get(); batch.Validate() == nil { // likewise
			check("sending_queue::batch::flush_timeout", batch.FlushTimeout, "")
		}
	}
	return errors.Join(errs...)
}

func checkHeaders(headers configopaque.MapList) error {
	var errs []error
	for name, value := range headers.Iter {
		if !httpguts.ValidHeaderFieldName(name) {
			errs = append(errs, fmt.Errorf("headers::%s: must be the name of a header, such as X-Tenant, got %q", name, name))
		}
		if !httpguts.ValidHeaderFieldValue(string(value)) {
			errs = append(errs, fmt.Errorf("headers::%s: must not hold a control character, such as a line end", name))
		}
	}
	return errors.Join(errs...)
}

// proxies are the schemes that net/http takes: https://pkg.go.dev/net/http#Transport.
var proxies = []string{"http", "https", "socks5", "socks5h"}

func checkProxy(proxy string) error {
	if proxy == "" {
		return nil
	}
	u, err := url.Parse(proxy)
	if err != nil || !slices.Contains(proxies, u.Scheme) || u.Host == "" { // the error would quote a password
		return errors.New("proxy_url: must be a URL that begins with http://, https:// or socks5:// and names a host")
	}
	if err := CheckPort(u.Port()); err != nil {
		return fmt.Errorf("proxy_url: %w", err)
	}
	return nil
}

// CheckPort refuses a port that TCP does not have. An empty one is the scheme's.
func CheckPort(port string) error {
	if port == "" {
		return nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("the port must be between 1 and 65535, got %s", port)
	}
	return nil
}

// Endpoint returns the URL to post to: the endpoint as the user wrote it, with
// path where it has none.
func Endpoint(endpoint, path string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", errors.New("endpoint: must be a URL such as https://example.com") // the error would quote the URL
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", errors.New("endpoint: must be a URL that begins with https:// or http:// and names a host")
	}
	if err := CheckPort(u.Port()); err != nil {
		return "", fmt.Errorf("endpoint: %w", err)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = path
	}
	return u.String(), nil
}

// checkAuthenticator refuses an authenticator that is no extension of the service.
// Only the start knows them: a configuration is valid by itself.
func checkAuthenticator(ctx context.Context, cfg confighttp.ClientConfig, host component.Host, id component.ID) error {
	if !cfg.Auth.HasValue() {
		return nil
	}
	auth := cfg.Auth.Get()
	key := fmt.Sprintf("exporters::%s::auth::authenticator", id)
	if _, enabled := host.GetExtensions()[auth.AuthenticatorID]; !enabled {
		return fmt.Errorf("%s: %q is no enabled extension: define it under extensions and list it in service::extensions", key, auth.AuthenticatorID)
	}
	if _, err := auth.GetHTTPClientAuthenticator(ctx, host.GetExtensions()); err != nil {
		return fmt.Errorf("%s: %q: %w", key, auth.AuthenticatorID, err)
	}
	return nil
}
