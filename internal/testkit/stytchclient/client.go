package stytchclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The destinations of the management API.
const (
	Datadog     = "DATADOG"
	GrafanaLoki = "GRAFANA_LOKI"
)

// Environment names an environment of a project, by slugs.
type Environment struct {
	Project, Environment string
}

// Options say where a client speaks, and as whom.
type Options struct {
	BaseURL     string
	KeyID       string
	Secret      string
	TLS         *tls.Config // nil: the machine's trust
	Destination string      // of the stream that the calls are about
	Environment Environment
}

// Client calls the management API as one of Stytch's SDKs, for one stream. It is safe for
// concurrent use.
type Client struct {
	Options
	// Name is the SDK's.
	Name string
	sdk  sdk
	http *http.Client
}

// sdk is what tells one SDK from another.
type sdk struct {
	header      http.Header
	authorize   func(r *http.Request, id, secret string)
	base        func(baseURL string) (string, error) // that the path is appended to
	timeout     time.Duration                        // 0: none
	config      func(Config) string                  // the member destination_config
	members     func(members ...string) string       // name, value, name, value …: an object
	withoutData struct{ toggle, remove string }      // bodies of enable and disable, and of delete
	read        func(code int, body []byte, wantsStream bool) (*Stream, error)
}

func newClient(name string, o Options, s sdk) *Client {
	return &Client{o, name, s, &http.Client{
		Timeout:   s.timeout,
		Transport: &http.Transport{TLSClientConfig: o.TLS.Clone(), Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true},
	}}
}

// Create creates the stream.
func (c *Client) Create(ctx context.Context, config Config) (*Stream, error) {
	body := c.sdk.members("destination_type", `"`+c.Destination+`"`, "destination_config", c.sdk.config(config))
	return c.call(ctx, http.MethodPost, "", body, true)
}

// Get returns the stream with its secrets masked.
func (c *Client) Get(ctx context.Context) (*Stream, error) {
	return c.call(ctx, http.MethodGet, "/"+c.Destination, "", true)
}

// Update replaces the stream's credentials.
func (c *Client) Update(ctx context.Context, config Config) (*Stream, error) {
	body := c.sdk.members("destination_config", c.sdk.config(config))
	return c.call(ctx, http.MethodPut, "/"+c.Destination, body, true)
}

// Enable switches the stream on.
func (c *Client) Enable(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodPost, "/"+c.Destination+"/enable", c.sdk.withoutData.toggle, false)
	return err
}

// Disable switches the stream off.
func (c *Client) Disable(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodPost, "/"+c.Destination+"/disable", c.sdk.withoutData.toggle, false)
	return err
}

// Delete deletes the stream.
func (c *Client) Delete(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodDelete, "/"+c.Destination, c.sdk.withoutData.remove, false)
	return err
}

// Close closes the client's idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) call(ctx context.Context, method, path, body string, wantsStream bool) (*Stream, error) {
	base, err := c.sdk.base(c.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	url := fmt.Sprintf("%s/pwa/v3/projects/%s/environments/%s/event_log_streaming%s", base, c.Environment.Project, c.Environment.Environment, path)
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	r.Header = c.sdk.header.Clone()
	c.sdk.authorize(r, c.KeyID, c.Secret)
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	stream, err := c.sdk.read(answer.StatusCode, text, wantsStream)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return stream, nil
}
