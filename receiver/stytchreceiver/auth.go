package stytchreceiver

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensionauth"
)

// authenticator is a guard by an auth extension, as confighttp has one for the
// whole server.
type authenticator struct {
	extension extensionauth.Server
	params    []string // query parameters that the extension sees as headers
	scheme    string   // WWW-Authenticate of a refusal
}

// authenticator returns nil where no auth is configured: everyone may in. Its
// errors name the key in the whole configuration.
func (r *stytchReceiver) authenticator(ctx context.Context, host component.Host) (guard, error) {
	auth := r.cfg.HTTP.Auth.Get()
	if auth == nil {
		return nil, nil
	}
	key, id := fmt.Sprintf("receivers::%s::http::auth", r.set.ID), auth.AuthenticatorID
	found, enabled := host.GetExtensions()[id]
	if !enabled {
		return nil, fmt.Errorf("%s::authenticator: no extension %q is enabled: list it in service::extensions", key, id)
	}
	extension, ok := found.(extensionauth.Server)
	if !ok {
		return nil, fmt.Errorf("%s::authenticator: the extension %q cannot authenticate senders", key, id)
	}
	a := &authenticator{extension: extension, params: auth.RequestParameters, scheme: schemes[id.Type().String()]}
	if a.admitsEmpty(ctx) {
		return nil, fmt.Errorf("%s: the extension %q lets an empty user name with an empty password in: set the variables of its credentials", key, id)
	}
	return a, nil
}

// schemes is how the best known extensions want to be spoken to.
var schemes = map[string]string{
	"basicauth":       `Basic realm="stytch", charset="UTF-8"`,
	"bearertokenauth": "Bearer",
	"oidc":            "Bearer",
}

// admitsEmpty tells whether an empty user name with an empty password is let
// in: basicauth does so where the environment variables of both are not set.
func (a *authenticator) admitsEmpty(ctx context.Context) bool {
	_, err := a.extension.Authenticate(ctx, map[string][]string{"Authorization": {"Basic Og=="}})
	return err == nil
}

func (a *authenticator) admit(answer http.Header, r *http.Request) (context.Context, error) {
	sources := r.Header
	if len(a.params) > 0 {
		sources = r.Header.Clone()
		query := r.URL.Query()
		for _, param := range a.params {
			if values, ok := query[param]; ok {
				sources[param] = values
			}
		}
	}
	ctx, err := a.extension.Authenticate(r.Context(), sources)
	if err == nil {
		return ctx, nil
	}
	if a.scheme != "" {
		answer.Set("WWW-Authenticate", a.scheme)
	}
	return nil, refuse(http.StatusUnauthorized, reasonAuth, err)
}
