package activity

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

func TestMask(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"what happened stays": {
			`{"action":"A","status":"Error","http_status_code":401,"user_agent":["Stytch Go v16"],"_timestamp":1795514164212345,"request_id":"r"}`,
			`{"action":"A","status":"Error","http_status_code":401,"user_agent":["Stytch Go v16"],"_timestamp":1795514164212345,"request_id":"r"}`,
		},
		"people": {
			`{"email_address":"jane@corp.example.com","phone_number":"+491701234567","user_id":"user-live-11111111-2222-4333-8444-5555555577d2","network_ip_address":"192.0.2.1"}`,
			`{"email_address":"j•••@••••.com","phone_number":"••••67","user_id":"user-live-••••77d2","network_ip_address":"••••"}`,
		},
		"unknown fields":                     {`{"new_field":"secret","n":17,"deep":{"email":"a@b.c","list":[1,"x",{"y":true}]}}`, `{"new_field":"••••","n":"••••","deep":{"email":"••••","list":["••••","••••",{"y":true}]}}`},
		"flags and null":                     {`{"is_authentic_device":false,"x":null,"e":""}`, `{"is_authentic_device":false,"x":null,"e":""}`},
		"API error":                          {`{"stytch_api_error":{"status_code":401,"error_type":"t","error_message":"Unauthorized credentials.","email":"a@b.c"}}`, `{"stytch_api_error":{"status_code":401,"error_type":"t","error_message":"Unauthorized credentials.","email":"••••"}}`},
		"address in words":                   {`{"stytch_api_error":{"error_message":"jane@corp.example.com is unknown"}}`, `{"stytch_api_error":{"error_message":"••••"}}`},
		"words of others":                    {`{"error_message":"jane","x":{"error_message":"jane"}}`, `{"error_message":"••••","x":{"error_message":"••••"}}`},
		"number in words":                    {`{"stytch_api_error":{"error_message":"491701234567 is unknown"}}`, `{"stytch_api_error":{"error_message":"••••"}}`},
		"an object where a text is expected": {`{"status":{"name":"jane"},"stytch_api_error":"jane"}`, `{"status":{"name":"••••"},"stytch_api_error":"••••"}`},
		"known names elsewhere":              {`{"x":{"action":"jane","stytch_api_error":{"status_code":1}}}`, `{"x":{"action":"••••","stytch_api_error":{"status_code":"••••"}}}`},
		"escaped names":                      {`{"st\u0061tus":"jane"}`, `{"••••":"••••"}`},
		"names that tell":                    {`{"jane@corp.example.com":true,"491701234567":1}`, `{"••••":true,"••••":"••••"}`},
		"odd addresses":                      {`{"email_address":"jane","phone_number":"123","user_id":"jane"}`, `{"email_address":"••••","phone_number":"••••","user_id":"••••"}`},
		"spaces":                             {" {\n \"a\" : \"b\" , \"c\":[ ] , \"d\" : { } }\n", `{"a":"••••","c":[],"d":{}}`},
		"emails of several":                  {`{"email_address":["jane@corp.example.com"]}`, `{"email_address":["j•••@••••.com"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mask(tc.in)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
			require.True(t, json.Valid([]byte(got)))
		})
	}
}

func TestMaskRefusesWhatIsNoObject(t *testing.T) {
	for _, text := range []string{"", "jane", `"jane"`, "[1]", `{"a":1`, `{"a":1}x`, `{"a":}`, `{"a":"` + "\xff" + `"}`, `{"a"`, strings.Repeat(`{"a":`, 20_000)} {
		_, err := mask(text)
		require.Error(t, err, "%.20q", text)
	}
}

// What is no JSON is shown only where everything is.
func TestWhatIsNoJSON(t *testing.T) {
	for full, want := range map[bool]string{false: "8 bytes that are no JSON object. They are shown with show: full.", true: "jane\uFFFDdoe"} {
		log := New(10, full)
		log.Observe(managed.Datadog, resource(project, "jane\xffdoe"))
		events, _, _ := log.Read(Filter{}, 0).Read(50)
		require.Equal(t, want, events[0].JSON)
	}
}

func TestRow(t *testing.T) {
	log := New(10, false)
	log.Observe(managed.Datadog, resource(project, `{"action":"A","status":"Error","http_status_code":401,"request_id":"request-1","user_id":"","email_address":"jane@corp.example.com","stytch_api_error":{"error_type":"unauthorized_credentials"}}`,
		`{"action":"EmailDelivery","status":"Success","message_status":"bounce"}`))
	events, _, _ := log.Read(Filter{}, 0).Read(50)
	require.Equal(t, "401", events[0].Code)
	require.Equal(t, "request-1", events[0].Request)
	require.Equal(t, "j•••@••••.com", events[0].Who)
	require.Equal(t, "unauthorized_credentials", events[0].Error)
	require.Equal(t, "bounce", events[1].Status)
}

// Whatever goes in, what comes out is JSON whose texts are masked and that has no number,
// but for the fields that are shown.
func FuzzMask(f *testing.F) {
	f.Add(`{"action":"A","email_address":"jane@corp.example.com","x":[1,{"y":"jane"}]}`)
	f.Add(`{"stytch_api_error":{"error_message":"x"},"status":{"a":1}}`)
	f.Add(`{"a":"\ud83d\ude00","b":1e400,"user_id":"user-live-11111111-2222-4333-8444-5555555577d2"}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := mask(text)
		if err != nil {
			return
		}
		decode := func(text string) (value map[string]any) {
			d := json.NewDecoder(strings.NewReader(text))
			d.UseNumber()
			require.NoError(t, d.Decode(&value), text)
			return value
		}
		decode(text)
		for key, value := range decode(got) {
			if !shown[key] && (key != "stytch_api_error" || !isObject(value)) {
				requireMasked(t, key, value)
			}
		}
	})
}

func requireMasked(t *testing.T, key string, value any) {
	switch value := value.(type) {
	case string:
		require.True(t, value == "" || strings.Contains(value, "•••"), "%s: %q", key, value)
	case json.Number:
		t.Errorf("%s: the number %s is shown", key, value)
	case []any:
		for _, element := range value {
			requireMasked(t, key, element)
		}
	case map[string]any:
		for key, member := range value {
			requireMasked(t, key, member)
		}
	}
}

func isObject(value any) bool { _, is := value.(map[string]any); return is }
