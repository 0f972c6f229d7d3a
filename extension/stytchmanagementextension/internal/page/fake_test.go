package page

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

const (
	keyID     = "workspace-key-test-1"
	keySecret = "a-secret-of-32-characters-or-more"
)

// fake is a Control whose streams live in memory.
type fake struct {
	mu           sync.Mutex
	table        *managed.Table
	follows      string
	environments []Environment
	changes      []Change
	without      []Unconfigured
	answer       managed.Answer
	storage      error // of each change
	attempts     int
	limit        int // attempts that are looked at; 0: all
	checked      []managed.Credentials
	tested       int
}

func newFake(streams ...*managed.Stream) *fake {
	return &fake{table: managed.NewTable(streams...), answer: managed.Answer{OK: true, Code: 202, Took: 84 * time.Millisecond}}
}

func (f *fake) SignIn(_ *http.Request, id, secret string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.attempts++; f.limit > 0 && f.attempts > f.limit {
		return &TooManyError{After: 3 * time.Second}
	}
	if id != keyID || subtle.ConstantTimeCompare([]byte(secret), []byte(keySecret)) == 0 {
		return ErrWrongKey
	}
	return nil
}

func (f *fake) Table() *managed.Table {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.table
}

func (f *fake) Follows() string              { return f.follows }
func (f *fake) Environments() []Environment  { return slices.Clone(f.environments) }
func (f *fake) Unconfigured() []Unconfigured { return f.without }

func (f *fake) Changes() []Change {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.changes)
}

func (f *fake) change(by Actor, action, project string, d managed.Destination, next func(old *managed.Stream) (*managed.Stream, error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.storage != nil {
		return f.storage
	}
	s, err := next(f.table.Stream(project, d))
	if err != nil {
		return err
	}
	if s == nil {
		f.table = f.table.Without(project, d)
	} else {
		f.table = f.table.With(s)
	}
	f.changes = append([]Change{{
		Time: time.Now(), ProjectID: project, Destination: d, Action: action, Key: by.Key, Through: "page", UserAgent: by.UserAgent,
	}}, f.changes...)
	return nil
}

func validate(project string, c managed.Credentials) error {
	fields := map[string]string{}
	if len(project) < 20 {
		fields["project_id"] = "must begin with project-live- or project-test-"
	}
	if c.Datadog != nil && c.Datadog.APIKey == "" {
		fields["api_key"] = "is required"
	}
	if c.Loki != nil && c.Loki.Hostname == "" {
		fields["hostname"] = "is required"
	}
	if len(fields) > 0 {
		return &InvalidError{fields}
	}
	return nil
}

func (f *fake) Create(_ context.Context, by Actor, project string, c managed.Credentials) error {
	if err := validate(project, c); err != nil {
		return err
	}
	return f.change(by, "create", project, c.Destination(), func(old *managed.Stream) (*managed.Stream, error) {
		if old != nil {
			return nil, ErrConflict
		}
		return &managed.Stream{ProjectID: project, Destination: c.Destination(), Credentials: c, Figures: managed.NewFigures()}, nil
	})
}

func (f *fake) Update(_ context.Context, by Actor, project string, c managed.Credentials) error {
	if err := validate(project, c); err != nil {
		return err
	}
	return f.change(by, "update", project, c.Destination(), func(old *managed.Stream) (*managed.Stream, error) {
		if old == nil {
			return nil, ErrNotFound
		}
		s := *old
		s.Credentials = c
		return &s, nil
	})
}

func (f *fake) SetActive(_ context.Context, by Actor, project string, d managed.Destination, active bool) error {
	action := map[bool]string{true: "enable", false: "disable"}[active]
	return f.change(by, action, project, d, func(old *managed.Stream) (*managed.Stream, error) {
		if old == nil {
			return nil, ErrNotFound
		}
		s := *old
		s.Active = active
		return &s, nil
	})
}

func (f *fake) Delete(_ context.Context, by Actor, project string, d managed.Destination) error {
	return f.change(by, "delete", project, d, func(*managed.Stream) (*managed.Stream, error) { return nil, nil })
}

func (f *fake) Check(_ context.Context, c managed.Credentials) (managed.Answer, error) {
	if err := validate(acme, c); err != nil {
		return managed.Answer{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.checked = append(f.checked, c)
	return f.answer, nil
}

func (f *fake) Test(context.Context, string, managed.Destination) (managed.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tested++
	return f.answer, nil
}

var errDisk = errors.New("the change could not be stored, and nothing has changed")

const (
	acme   = "project-live-5a3c1f0e-1111-4a4a-8b8b-0123456789ab"
	acmeEU = "project-live-7c1d2e3f-2222-4b4b-9c9c-abcdef012345"
	beta   = "project-test-0f9e8d7c-3333-4c4c-8d8d-9876543210fe"
	betaL  = "project-live-1b2c3d4e-4444-4d4d-9e9e-0a1b2c3d4e5f"
)

func datadog(site, key string) managed.Credentials {
	return managed.Credentials{Datadog: &managed.DatadogCredentials{Site: site, APIKey: configopaque.String(key)}}
}

func loki(host string) managed.Credentials {
	return managed.Credentials{Loki: &managed.LokiCredentials{Hostname: host, Username: "123456", Password: "glc_a-token-of-some-length-7f3a"}}
}

func stream(project string, c managed.Credentials, active bool, fill func(*managed.Figures)) *managed.Stream {
	s := &managed.Stream{ProjectID: project, Destination: c.Destination(), Credentials: c, Active: active, Figures: managed.NewFigures()}
	if fill != nil {
		fill(s.Figures)
	}
	return s
}
