package stytchreceiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// webhookDoor is the guard and the parser of webhooks.
type webhookDoor struct{ secrets [][]byte }

// admit refuses what cannot be rightly signed before the body is read.
func (*webhookDoor) admit(_ http.Header, r *http.Request) (context.Context, error) {
	if _, err := readSignature(r.Header, time.Now()); err != nil {
		return nil, refuse(http.StatusUnauthorized, reasonSignature, err)
	}
	return r.Context(), nil
}

// format refuses what is compressed: no webhook is, and the signature, which is
// that of the bytes as they are sent, can be checked before they cost more.
func (wh *webhookDoor) format(header http.Header) (format, error) {
	if given := header.Get("Content-Encoding"); given != "" {
		return format{}, refuse(http.StatusBadRequest, reasonEncoding,
			fmt.Errorf("Content-Encoding %.40q is not supported: want no such header, for webhooks are not compressed", given))
	}
	return format{parse: wh.parse}, nil
}

// parse reads one signed event.
func (wh *webhookDoor) parse(header http.Header, body []byte, b *batch) error {
	signature, err := readSignature(header, time.Now())
	if err != nil {
		return refuse(http.StatusUnauthorized, reasonSignature, err)
	}
	if !signature.verify(wh.secrets, body) {
		return refuse(http.StatusUnauthorized, reasonSignature, errors.New("no signature is one of this body and a secret of webhook::secrets"))
	}
	text := string(body)
	b.stream(nil, 1)
	end, err := b.object(text, jsonscan.SkipSpace(text, 0), lokipush.Label{Name: stytch.AttrWebhookID, Value: signature.id})
	if err != nil {
		return err
	}
	return jsonscan.CheckEnd(text, end, "object")
}
