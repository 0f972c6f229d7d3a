package stytchreceiver

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension/extensionauth"
)

// guard authenticates requests by an auth extension, as confighttp would for
// the whole server. A nil guard lets everyone in.
type guard struct {
	extension extensionauth.Server
	params    []string // query parameters that the extension sees as headers
}

func newGuard(ctx context.Context, auth configoptional.Optional[confighttp.AuthConfig], host component.Host) (*guard, error) {
	if !auth.HasValue() {
		return nil, nil
	}
	extension, err := auth.Get().GetServerAuthenticator(ctx, host.GetExtensions())
	if err != nil {
		return nil, fmt.Errorf("http::auth: %w", err)
	}
	return &guard{extension: extension, params: auth.Get().RequestParameters}, nil
}

// admit returns the context to go on with. It does not touch the body.
func (g *guard) admit(r *http.Request) (context.Context, error) {
	if g == nil {
		return r.Context(), nil
	}
	sources := r.Header
	if len(g.params) > 0 {
		sources = r.Header.Clone()
		query := r.URL.Query()
		for _, param := range g.params {
			if values, ok := query[param]; ok {
				sources[param] = values
			}
		}
	}
	return g.extension.Authenticate(r.Context(), sources)
}
