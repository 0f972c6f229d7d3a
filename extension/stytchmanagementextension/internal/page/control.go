package page

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// Control is what the page needs of the extension. All methods are safe for concurrent
// use.
type Control interface {
	// SignIn checks a workspace key. It returns ErrWrongKey, or *TooManyError for an
	// address that has failed too often.
	SignIn(r *http.Request, id, secret string) error
	// Table returns the streams, and nil while a follower has never reached what it
	// follows.
	Table() *managed.Table
	// Follows is the endpoint whose streams these are, and "" where they are changed
	// here.
	Follows() string
	// Environments lists the projects that are configured by name.
	Environments() []Environment

	// The changes, each stored before it returns. They return *InvalidError,
	// ErrNotFound, ErrConflict, or an error of the storage, after which nothing has
	// changed.
	Create(ctx context.Context, by Actor, project string, c managed.Credentials) error
	Update(ctx context.Context, by Actor, project string, c managed.Credentials) error
	SetActive(ctx context.Context, by Actor, project string, d managed.Destination, active bool) error
	Delete(ctx context.Context, by Actor, project string, d managed.Destination) error

	// Check asks the destination whether it takes the credentials. It returns
	// *InvalidError, or an error when no exporter serves the destination.
	Check(context.Context, managed.Credentials) (managed.Answer, error)
	// Test sends one event to the stream's destination.
	Test(ctx context.Context, project string, d managed.Destination) (managed.Answer, error)

	// Changes are the latest changes, newest first.
	Changes() []Change
	// Unconfigured are the projects whose events no stream takes.
	Unconfigured() []Unconfigured
}

// Errors of Control.
var (
	ErrWrongKey = errors.New("unknown workspace key")
	ErrNotFound = errors.New("no such stream")
	ErrConflict = errors.New("the stream exists with another configuration")
)

// TooManyError refuses a sign-in for some time.
type TooManyError struct{ After time.Duration }

func (e *TooManyError) Error() string { return "too many attempts, again in " + e.After.String() }

// InvalidError says what is wrong with each field. The keys are the API's names of the
// fields, such as "api_key", and "project_id".
type InvalidError struct{ Fields map[string]string }

func (e *InvalidError) Error() string { return "invalid fields" }

// Actor is who changes a stream.
type Actor struct {
	Key       string // id of the workspace key
	UserAgent string
}

// Environment is a project by its names.
type Environment struct {
	ProjectID    string
	Project, Env string // slugs
}

// Change is one change of a stream.
type Change struct {
	Time        time.Time
	ProjectID   string
	Destination managed.Destination
	Action      string // create, update, enable, disable or delete
	Key         string // id of the workspace key
	Through     string // page, pwa or streaming
	UserAgent   string
	Details     []string // what was changed, secrets by their last four
}

// Unconfigured counts a project's events that no stream for the destination took.
type Unconfigured struct {
	ProjectID   string
	Destination managed.Destination
	Events      int64 // dropped
	LastSeen    time.Time
}
