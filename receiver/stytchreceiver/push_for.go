package stytchreceiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/client"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// validatePushFor checks push_for.
func (cfg *Config) validatePushFor() error {
	if len(cfg.PushFor) == 0 {
		return nil
	}
	if !cfg.HTTP.Auth.HasValue() {
		return errors.New("push_for: names users of http::auth, which is not set")
	}
	var errs []error
	for user, projects := range cfg.PushFor {
		switch {
		case user == "":
			errs = append(errs, errors.New("push_for: a name is empty"))
		case len(projects) == 0:
			errs = append(errs, fmt.Errorf("push_for::%s: must name at least one project_id", user))
		}
		if i := slices.Index(projects, ""); i >= 0 {
			errs = append(errs, fmt.Errorf("push_for::%s::%d: must name a project_id", user, i))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// grant is what an authenticated user may push.
type grant struct {
	user     string
	projects []string
}

// grantOf returns the grant of the user whom http::auth has put into ctx.
func grantOf(ctx context.Context, pushFor map[string][]string) (*grant, error) {
	user := userIn(ctx)
	projects, known := pushFor[user]
	switch {
	case user == "":
		return nil, newHTTPError(reasonForbidden, errors.New("http::auth tells no user name, which push_for needs"))
	case !known:
		return nil, newHTTPError(reasonForbidden, fmt.Errorf("push_for gives the user %.80q no project", user))
	}
	return &grant{user, projects}, nil
}

// userIn returns the user's name as basicauth tells it, else the subject as oidc does.
func userIn(ctx context.Context) (user string) {
	if data := client.FromContext(ctx).Auth; data != nil {
		if user, _ = data.GetAttribute("username").(string); user == "" {
			user, _ = data.GetAttribute("subject").(string)
		}
	}
	return user
}

// check returns an error for an event of another's project, or of none, or one that is of a project or
// another by who reads it: Loki takes the first of two members.
func (g *grant) check(e *stytch.Event) error {
	switch project := e.ProjectID; {
	case project == "":
		return newHTTPError(reasonForbidden, fmt.Errorf("the user %.80q may not push an event without a project_id", g.user))
	case !slices.Contains(g.projects, project):
		return newHTTPError(reasonForbidden, fmt.Errorf("the user %.80q may not push events of the project %.80q", g.user, project))
	case e.ProjectIDs > 1:
		return newHTTPError(reasonForbidden, fmt.Errorf("the user %.80q may not push an event with more than one project_id", g.user))
	}
	return nil
}

type grantKey struct{}

// withGrant returns a context with the grant, for the parser of the request.
func withGrant(ctx context.Context, g *grant) context.Context {
	return context.WithValue(ctx, grantKey{}, g)
}

func grantIn(ctx context.Context) *grant {
	g, _ := ctx.Value(grantKey{}).(*grant)
	return g
}
