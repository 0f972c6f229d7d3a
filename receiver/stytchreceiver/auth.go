package stytchreceiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensionauth"
)

// extensionAuth authenticates senders by an auth extension, as confighttp does for a
// whole server. If it is nil, it accepts every sender.
type extensionAuth struct {
	extension extensionauth.Server
	params    []string // query parameters that the extension sees as headers
	challenge string   // WWW-Authenticate of a 401; "" for none
	pushFor   map[string][]string
}

// newExtensionAuth returns nil if http::auth is not set. Its errors name the key in
// the whole configuration.
func (r *stytchReceiver) newExtensionAuth(ctx context.Context, host component.Host) (*extensionAuth, error) {
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
	// basicauth accepts this if the environment variables of its credentials are not set.
	if _, err := extension.Authenticate(ctx, map[string][]string{"Authorization": {"Basic Og=="}}); err == nil {
		return nil, fmt.Errorf("%s: the extension %q lets an empty user name with an empty password in: set the variables of its credentials", key, id)
	}
	return &extensionAuth{extension: extension, params: auth.RequestParameters, challenge: challenges[id.Type().String()], pushFor: r.cfg.PushFor}, nil
}

// errEmptyPassword refuses what basicauth takes from everybody who knows the user name,
// if the environment variable of the password is not set.
var errEmptyPassword = errors.New("the password is empty")

// challenges are the values of WWW-Authenticate by type of extension.
var challenges = map[string]string{
	"basicauth":       `Basic realm="stytch", charset="UTF-8"`,
	"bearertokenauth": "Bearer",
	"oidc":            "Bearer",
}

// Authenticate is a protocol's.
func (a *extensionAuth) Authenticate(answer http.Header, r *http.Request) (context.Context, error) {
	if a == nil {
		return r.Context(), nil
	}
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
	if _, password, basic := r.BasicAuth(); err == nil && basic && password == "" {
		err = errEmptyPassword
	}
	if err != nil {
		if a.challenge != "" {
			answer.Set("WWW-Authenticate", a.challenge)
		}
		return nil, newHTTPError(reasonAuth, err)
	}
	if len(a.pushFor) == 0 {
		return ctx, nil
	}
	g, err := grantOf(ctx, a.pushFor)
	if err != nil {
		return nil, err
	}
	return withGrant(ctx, g), nil
}
