package stytchmanagementextension

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

// Validate checks what the client alone would find out late, or not at all.
func (cfg *FollowConfig) Validate() error {
	var errs []error
	at, err := url.Parse(cfg.ClientConfig.Endpoint)
	switch {
	case err != nil || at.Host == "" || at.RawQuery != "" || at.Fragment != "" || at.User != nil:
		errs = append(errs, errors.New("endpoint: must be the other collector's address, such as https://control.example.com:8322"))
	case at.Scheme != "https" && (at.Scheme != "http" || !isLoopback(at.Hostname())):
		errs = append(errs, fmt.Errorf("endpoint: must begin with https://, since secrets pass; http:// is for this machine alone, got %q", cfg.ClientConfig.Endpoint))
	}
	if t := cfg.ClientConfig.Timeout; t != 0 && t < time.Millisecond {
		errs = append(errs, fmt.Errorf("timeout: must be at least 1ms, or 0 for none of its own, got %s: write it with a unit, such as 5s", t))
	}
	if cfg.ClientConfig.Auth.HasValue() {
		errs = append(errs, errors.New("auth: is not supported: `key` authenticates"))
	}
	return errors.Join(errs...)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// How often the other extension is asked, and how long one answer may take. Tests have
// less patience.
var (
	followEvery  = time.Second
	followAtMost = 5 * time.Second // while it does not answer
	followWithin = 10 * time.Second
)

// maxTable is in bytes, far more than the streams of ten thousand projects.
const maxTable = 64 << 20

// follower keeps the streams equal to another extension's. It asks for the table each
// second, with the ETag of what it has, and is answered 304 as long as nothing changes.
type follower struct {
	*managementExtension
	host   component.Host
	client *http.Client
	url    string
	key    WorkspaceKey
	away   string    // the kind of error that was logged last; "" while it works
	logged time.Time // when
}

// logEvery is how often another kind of error is logged, where one follows the other.
const logEvery = time.Minute

// startFollowing begins to follow, and does not wait for the first answer.
func (e *managementExtension) startFollowing(ctx context.Context, host component.Host) error {
	cfg := e.cfg.Follow.Get()
	client, err := cfg.ClientConfig.ToClient(ctx, host.GetExtensions(), e.set.TelemetrySettings)
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f := &follower{
		managementExtension: e, host: host, client: client, key: cfg.Key,
		url: strings.TrimSuffix(cfg.ClientConfig.Endpoint, "/") + streamingBase + "/table",
	}
	ctx, e.stopFollowing = context.WithCancel(context.Background())
	e.serving.Go(func() { f.run(ctx) })
	return nil
}

func (f *follower) run(ctx context.Context) {
	wait := followEvery
	for {
		err := f.poll(ctx)
		if ctx.Err() != nil {
			return
		}
		f.note(err)
		if wait = min(2*wait, followAtMost); err == nil {
			wait = followEvery
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// awayError is why following does not work at the moment. Kind stays the same as long as
// the cause does.
type awayError struct {
	kind string
	err  error
}

func (e *awayError) Error() string { return e.err.Error() }

func away(kind, format string, values ...any) error {
	return &awayError{kind, fmt.Errorf(format, values...)}
}

// poll asks for the table once, and makes it the present one.
func (f *follower) poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, followWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, http.NoBody)
	if err != nil {
		return away("request", "%w", err)
	}
	r.SetBasicAuth(f.key.ID, f.key.secret())
	if etag := f.control.followed.Load(); etag != nil {
		r.Header.Set("If-None-Match", *etag)
	}
	resp, err := f.client.Do(r)
	if err != nil {
		return away("unreachable", "%w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTable+1))
	switch {
	case err != nil:
		return away("unreachable", "reading its answer: %w", err)
	case resp.StatusCode != http.StatusOK:
		return refusedTable(resp, body)
	case len(body) > maxTable:
		return away("size", "its table is longer than %d bytes", maxTable)
	}
	streams, err := decodeTable(body)
	if err != nil {
		return away("format", "%w", err)
	}
	etag := resp.Header.Get("ETag")
	if etag == "" {
		return away("format", "its table has no ETag: something on the way takes it off")
	}
	if etag == r.Header.Get("If-None-Match") {
		return nil // something on the way takes that off
	}
	if err := f.control.replace(ctx, streams, etag); err != nil {
		return away("storage", "storing its table: %w", err)
	}
	return nil
}

// refusedTable says what an answer other than 200 and 304 means.
func refusedTable(resp *http.Response, body []byte) error {
	kind := resp.Status
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return away(kind, "401: `follow::key` is none of its `workspace_keys`")
	case resp.StatusCode == http.StatusNotFound:
		return away(kind, "404: it has no table of streams: it is older than this collector, or another server")
	case resp.StatusCode < http.StatusBadRequest:
		return away(kind, "%d: it points to another address, which `follow::endpoint` must name itself", resp.StatusCode)
	}
	var p problem
	if json.Unmarshal(body, &p) != nil || p.Message == "" {
		return away(kind, "%s", resp.Status)
	}
	return away(kind, "%d: %s", resp.StatusCode, strings.ToValidUTF8(p.Message[:min(len(p.Message), 500)], ""))
}

// note logs, and tells the host, when following stops to work, for another cause, or
// works again.
func (f *follower) note(err error) {
	kind := ""
	var known *awayError
	if errors.As(err, &known) {
		kind = known.kind
	}
	if kind == f.away || kind != "" && f.away != "" && time.Since(f.logged) < logEvery {
		return
	}
	f.away, f.logged = kind, time.Now()
	endpoint := zap.String("endpoint", f.control.leader)
	if err == nil {
		f.set.Logger.Info("Following again", endpoint)
		componentstatus.ReportStatus(f.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	consequence := "the streams stay as they are"
	if f.Table() == nil {
		consequence = "no stream is known yet, and events are refused until one is"
	}
	f.set.Logger.Warn("Following another collector does not work: "+consequence, endpoint, zap.Error(err))
	componentstatus.ReportStatus(f.host, componentstatus.NewRecoverableErrorEvent(fmt.Errorf("following %s: %w", f.control.leader, err)))
}
