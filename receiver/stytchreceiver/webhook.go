package stytchreceiver

import (
	"context"
	"errors"
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

func (wh *webhookDoor) format(header http.Header) (format, error) {
	return plainFormat(header, wh.parse)
}

// parse reads one signed event. The signature is that of the bytes as they are.
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
