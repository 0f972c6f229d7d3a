package stytchmanagementextension

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/activity"
	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/page"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// newPage returns the page, and makes its view of events the observer.
func (e *managementExtension) newPage() *page.Page {
	cfg := page.Config{Control: pageControl{e}, Instance: e.set.BuildInfo.Version, Hosts: e.cfg.Hosts}
	if name, err := os.Hostname(); err == nil {
		cfg.Instance = name + " · " + cfg.Instance
	}
	if host, _, err := net.SplitHostPort(e.cfg.HTTP.NetAddr.Endpoint); err == nil {
		cfg.Hosts = append([]string{host}, cfg.Hosts...)
	}
	if a := e.cfg.Activity; a.Enabled {
		cfg.Activity = activity.New(a.Events, a.Show == showFull)
		var o managed.Observer = cfg.Activity
		e.observer.Store(&o)
	}
	return page.New(cfg)
}

// routesPage adds the page, at /. What neither it nor the API knows is answered in JSON
// to whatever is no browser.
func (e *managementExtension) routesPage(mux *http.ServeMux) {
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if e.page.Serves(r) {
			e.page.ServeHTTP(w, r)
		} else {
			e.writeError(w, newRequestID(), noRoute(r))
		}
	})
}

// throughPage is the way of changes by the page.
const throughPage = "page"

// pageControl is what the page needs of the extension.
type pageControl struct{ e *managementExtension }

var _ page.Control = pageControl{}

func (p pageControl) SignIn(r *http.Request, id, secret string) error {
	with := r.Clone(r.Context())
	with.SetBasicAuth(id, secret)
	_, err := p.e.access.authenticate(with)
	return pageError(err)
}

func (p pageControl) Table() *managed.Table { return p.e.Table() }
func (p pageControl) Follows() string       { return p.e.control.leader }

func (p pageControl) Environments() []page.Environment {
	all := make([]page.Environment, len(p.e.cfg.Environments))
	for i, env := range p.e.cfg.Environments {
		all[i] = page.Environment{ProjectID: env.ProjectID, Project: env.ProjectSlug, Env: env.EnvironmentSlug}
	}
	return all
}

func actorOf(by page.Actor) actor {
	return actor{Key: by.Key, UserAgent: readable(by.UserAgent), RequestID: newRequestID(), Through: throughPage}
}

func (p pageControl) Create(ctx context.Context, by page.Actor, project string, c managed.Credentials) error {
	_, err := p.e.control.create(ctx, actorOf(by), project, c)
	return pageError(err)
}

func (p pageControl) Update(ctx context.Context, by page.Actor, project string, c managed.Credentials) error {
	_, err := p.e.control.update(ctx, actorOf(by), project, c)
	return pageError(err)
}

func (p pageControl) SetActive(ctx context.Context, by page.Actor, project string, d managed.Destination, active bool) error {
	_, err := p.e.control.setActive(ctx, actorOf(by), project, d, active)
	return pageError(err)
}

func (p pageControl) Delete(ctx context.Context, by page.Actor, project string, d managed.Destination) error {
	return pageError(p.e.control.delete(ctx, actorOf(by), project, d))
}

func (p pageControl) Check(ctx context.Context, c managed.Credentials) (managed.Answer, error) {
	if wrong := checkCredentials(c); len(wrong) > 0 {
		return managed.Answer{}, pageError(invalid(wrong...))
	}
	answer, err := p.e.check(ctx, c)
	return answer, pageError(err)
}

func (p pageControl) Test(ctx context.Context, project string, d managed.Destination) (managed.Answer, error) {
	s, err := p.e.control.stream(project, d)
	if err != nil {
		return managed.Answer{}, pageError(err)
	}
	_, answer, err := p.e.test(ctx, s)
	return answer, pageError(err)
}

func (p pageControl) Changes() []page.Change {
	made := p.e.control.audit()
	all := make([]page.Change, len(made))
	for i, c := range made {
		all[i] = page.Change{
			Time: c.Time, ProjectID: c.ProjectID, Destination: c.Destination, Action: c.Action,
			Key: c.Key, Through: c.Through, UserAgent: c.UserAgent, Details: c.differences(),
		}
	}
	return all
}

func (p pageControl) Unconfigured() []page.Unconfigured {
	missing := p.e.unconfigured(p.e.Table())
	all := make([]page.Unconfigured, len(missing))
	for i, u := range missing {
		all[i] = page.Unconfigured(u)
	}
	return all
}

// differences say what an update has changed, secrets by their last four.
func (c *change) differences() []string {
	if c.From == nil || c.To == nil {
		return nil
	}
	var list []string
	add := func(what, from, to string) {
		if from != to {
			list = append(list, what+" "+from+" → "+to)
		}
	}
	if from, to := c.From.DestinationConfig.Datadog, c.To.DestinationConfig.Datadog; from != nil && to != nil {
		add("site", from.Site, to.Site)
		add("key", "…"+from.APIKeyLastFour, "…"+to.APIKeyLastFour)
	}
	if from, to := c.From.DestinationConfig.GrafanaLoki, c.To.DestinationConfig.GrafanaLoki; from != nil && to != nil {
		add("hostname", from.Hostname, to.Hostname)
		add("username", from.Username, to.Username)
		add("password", "…"+from.PasswordLastFour, "…"+to.PasswordLastFour)
	}
	return list
}

// pageError puts a refusal into the page's terms.
func pageError(err error) error {
	var r *refusal
	if !errors.As(err, &r) {
		return err
	}
	switch r.kind {
	case kindUnauthorized:
		return page.ErrWrongKey
	case kindTooMany:
		return &page.TooManyError{After: r.retryAfter}
	case kindNoStream:
		return page.ErrNotFound
	case kindConflict:
		return page.ErrConflict
	case kindInvalid:
		fields := make(map[string]string, len(r.fields))
		for _, f := range r.fields {
			fields[f.Field] = f.Message
		}
		return &page.InvalidError{Fields: fields}
	default:
		return r
	}
}
