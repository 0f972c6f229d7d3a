package datadoglogsexporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

// errInvalidKey says that Datadog has no such key, or none any more.
var errInvalidKey = errors.New("api::key: Datadog refuses this key for this api::site")

// checkKey asks Datadog whether the key is valid. With fail_on_invalid_key the start
// waits for the answer. Otherwise it goes on, and an invalid key is the component's
// status until something is delivered. Where Datadog does not answer, the key counts
// as valid: the intake will refuse it if it is not.
func (e *datadogExporter) checkKey(ctx context.Context, s *httpsend.Sender) error {
	url, err := e.cfg.validateURL()
	if err != nil || url == "" {
		return err
	}
	if e.cfg.API.FailOnInvalidKey {
		_, err := askForKey(ctx, s, url)
		if errors.Is(err, errInvalidKey) {
			return err
		}
		e.logUnchecked(err)
		return nil
	}
	e.background.Go(func() {
		_, err := askForKey(e.running, s, url)
		if errors.Is(err, errInvalidKey) {
			s.ReportHealth(err)
			e.logger.Error("Events are kept until the key is valid", zap.Error(err))
			return
		}
		e.logUnchecked(err)
	})
	return nil
}

func (e *datadogExporter) logUnchecked(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		e.logger.Warn("The key could not be checked", zap.Error(err))
	}
}

// askForKey returns the code that Datadog answers to the key of the Sender's target, and
// errInvalidKey, nil, or why it could not ask.
func askForKey(ctx context.Context, s *httpsend.Sender, url string) (code int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	header := s.Target().Header
	req.Header = http.Header{headerKey: header[headerKey], "User-Agent": header["User-Agent"], "Accept": {"application/json"}}
	resp, err := s.Do(req)
	if err != nil {
		return 0, fmt.Errorf("GET from %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	var answer struct{ Valid *bool }
	_ = json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&answer) // where it is not JSON the code decides
	switch {
	case resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusUnauthorized,
		answer.Valid != nil && !*answer.Valid:
		return resp.StatusCode, fmt.Errorf("%w: %s answered %d", errInvalidKey, req.URL.Host, resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return resp.StatusCode, fmt.Errorf("%s answered %d", req.URL.Host, resp.StatusCode)
	default:
		return resp.StatusCode, nil
	}
}
