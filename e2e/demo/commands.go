package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// commands shows each protocol as a command to try. $RANDOM makes each event a new one: an equal one in
// the same second would be a repeat to Loki, which keeps one.
const commands = `
Try it from another terminal (bash or zsh, curl 7.82 or later).

# As Stytch's Loki stream does, gzipped: 204
echo '{"streams":[{"stream":{"source":"stytch","service_name":"stytch.auth"},
  "values":[["'$(date +%s)000000000'","{\"event_id\":\"event-live-'$RANDOM'\",\"action\":\"SessionsAuthenticate\",\"status\":\"Success\"}"]]}]}' |
  gzip | CURL -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' --data-binary @- LOKI_PUSH_URL

# Plain JSON, as an object, an array, and a line each: 202
CURL --json '{"event_id":"event-live-'$RANDOM'","action":"GetUser","status":"Success"}' EVENTS_URL
CURL --json '[{"event_id":"event-live-'$RANDOM'","status":"Start"},{"event_id":"event-live-'$RANDOM'","amount":1.50}]' EVENTS_URL
printf '{"event_id":"event-live-%s","action":"SMSDelivery"}\n' $RANDOM $RANDOM |
  CURL -H 'Content-Type: application/x-ndjson' --data-binary @- EVENTS_URL

# What is refused says where: 400, 400 and 401
CURL --json '[{"action":"GetUser"},{"action":Oops}]' EVENTS_URL
CURL --json '{"streams":[{"stream":{"source":"stytch"},"values":[[17,"a timestamp is a string"]]}]}' LOKI_PUSH_URL
curl -sS -i -u stranger:guess --json '{}' EVENTS_URL

`

func printCommands(w io.Writer, sender harness.Sender) {
	io.WriteString(w, strings.NewReplacer( //nolint:errcheck // the terminal has gone
		"CURL", fmt.Sprintf("curl -sS -i -u %s:%s", sender.Username, sender.Password),
		"LOKI_PUSH_URL", sender.URL+harness.LokiPushPath,
		"EVENTS_URL", sender.URL+harness.EventsPath,
	).Replace(commands))
}
