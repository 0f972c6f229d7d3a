package harness

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// WebhookPath is the path of the receiver for webhooks.
const WebhookPath = "/webhooks/stytch"

// Webhook posts one event as Svix does for Stytch: signed with the secret, without credentials. The
// id is the same for each retry of a message.
func (s Sender) Webhook(ctx context.Context, secret, id string, event testdata.Event) (Reply, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return Reply{}, fmt.Errorf("the webhook's secret: %w", err)
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, now, event.JSON)
	s.Username = ""
	return s.Post(ctx, WebhookPath, []byte(event.JSON), http.Header{
		"Content-Type": {"application/json"}, "Svix-Id": {id}, "Svix-Timestamp": {now},
		"Svix-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	})
}
