package dashboards

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// person is a user of a consumer project or a member of an organization.
type person struct {
	user, member, organization, email, phone string
	address, country, city, asn, network     string
}

// shop makes the events of an invented business: calls, deliveries and fingerprints. From the same
// seed it makes the same ones, but for their times.
type shop struct {
	random  *rand.Rand
	people  []person
	crowd   person // tries stolen passwords
	events  []testdata.Event
	project string
}

var networks = []struct{ asn, network, country, city string }{
	{"64496", "Fjord Broadband", "NO", "Bergen"},
	{"64497", "Harbour Telecom", "GB", "Leith"},
	{"64498", "Prairie Fiber", "US", "Omaha"},
	{"64499", "Alpenfunk", "AT", "Linz"},
	{"64500", "Costa Movil", "ES", "Vigo"},
	{"64501", "Lagoon Mobile", "BR", "Recife"},
	{"64502", "Maple Cable", "CA", "Halifax"},
}

func newShop(seed uint64) *shop {
	s := &shop{random: rand.New(rand.NewPCG(7, seed))}
	s.project = "project-live-" + s.uuid()
	var organizations []string
	for range 6 {
		organizations = append(organizations, "organization-live-"+s.uuid())
	}
	names := []string{"ada", "bo", "cleo", "dag", "edda", "finn", "gro", "hal", "ida", "jon", "kai", "liv"}
	for i := range 90 {
		at := networks[i%len(networks)]
		p := person{
			email: fmt.Sprintf("%s%d@example.com", names[i%len(names)], i), phone: fmt.Sprintf("+120255501%02d", i),
			address: fmt.Sprintf("198.51.100.%d", i+1), country: at.country, city: at.city, asn: at.asn, network: at.network,
		}
		if i%3 == 0 {
			p.member, p.organization = "member-live-"+s.uuid(), organizations[i/3%len(organizations)]
		} else {
			p.user = "user-live-" + s.uuid()
		}
		s.people = append(s.people, p)
	}
	s.crowd = person{user: s.people[4].user, email: s.people[4].email, address: "203.0.113.66", country: "NL", city: "Almere", asn: "64511", network: "Bulk Hosting"}
	return s
}

// Day returns the events of the 24 hours before end, by time: quiet at night, with an hour in which
// stolen passwords are tried, and a quarter of an hour in which Stytch answers 5xx.
func Day(end time.Time, seed uint64) []testdata.Event {
	s := newShop(seed)
	const minutes = 24 * 60
	for minute := range minutes {
		at := end.Add(time.Duration(minute-minutes) * time.Minute)
		hour := float64(at.UTC().Hour()) + float64(at.UTC().Minute())/60
		calls := int((1+0.85*math.Sin((hour-8)/24*2*math.Pi))*2.2 + s.random.Float64())
		for range calls {
			p := s.people[int(math.Pow(s.random.Float64(), 1.7)*float64(len(s.people)))]
			s.call(s.within(at), p, minute > 500 && minute < 516)
		}
		if minute > 1130 && minute < 1190 {
			for range 3 + s.random.IntN(4) {
				s.guess(s.within(at))
			}
		}
	}
	slices.SortStableFunc(s.events, func(a, b testdata.Event) int { return a.Time.Compare(b.Time) })
	return s.events
}

func (s *shop) within(minute time.Time) time.Time {
	return minute.Add(time.Duration(s.random.IntN(55_000)) * time.Millisecond)
}

// call is a call of an API and what follows from it.
func (s *shop) call(at time.Time, p person, down bool) {
	for _, kind := range kinds {
		if p.member != "" != kind.members || s.random.Float64() > kind.share {
			continue
		}
		fields := map[string]any{"action": kind.action, "request_id": "request-id-live-" + s.uuid(), "user_agent": []string{"Stytch Go v16.20.0"}}
		if s.random.IntN(3) == 0 {
			s.add(at.Add(-80*time.Millisecond), p, fields, map[string]any{"status": "Start"})
		}
		if kind.provider {
			fields["oauth_provider"] = []string{"Google", "Google", "Apple", "Github"}[s.random.IntN(4)]
		}
		code, failure := 200, ""
		switch {
		case down && s.random.IntN(3) > 0:
			code, failure = 503, "upstream_unavailable"
		case s.random.Float64() < kind.fails:
			code, failure = kind.code, kind.failure
		}
		if kind.members && s.random.IntN(2) == 0 {
			code, failure = s.check(fields, code, failure)
		}
		s.finish(at, p, fields, code, failure)
		if kind.delivery != "" && code == 200 {
			s.deliver(at, p, kind.delivery)
		}
		if s.random.IntN(5) == 0 {
			s.fingerprint(at, p, []string{"ALLOW", "ALLOW", "ALLOW", "ALLOW", "ALLOW", "CHALLENGE"}[s.random.IntN(6)], "")
		}
		return
	}
}

// kinds are calls; the first whose share is drawn is made, the last always.
var kinds = []struct {
	action   string
	members  bool
	share    float64
	provider bool
	fails    float64
	code     int
	failure  string
	delivery string
}{
	{action: "OAuthAuthenticate", share: .12, provider: true, fails: .05, code: 401, failure: "oauth_token_expired"},
	{action: "PasswordsAuthenticate", share: .16, fails: .18, code: 401, failure: "unauthorized_credentials"},
	{action: "OTPsAuthenticate", share: .12, fails: .12, code: 404, failure: "otp_code_not_found"},
	{action: "OTPsSMSLoginOrCreate", share: .12, fails: .03, code: 429, failure: "too_many_requests", delivery: "SMSDelivery"},
	{action: "MagicLinksEmailLoginOrCreate", share: .14, fails: .02, code: 400, failure: "invalid_email", delivery: "EmailDelivery"},
	{action: "MagicLinksAuthenticate", share: .10, fails: .08, code: 401, failure: "unable_to_auth_magic_link"},
	{action: "SessionsAuthenticate", share: 1, fails: .06, code: 404, failure: "session_not_found"},
	{action: "B2BOAuthDiscoveryAuthenticate", members: true, share: .15, provider: true, fails: .04, code: 401, failure: "oauth_token_expired"},
	{action: "B2BMagicLinksEmailLoginOrSignup", members: true, share: .12, fails: .03, code: 400, failure: "invalid_email", delivery: "EmailDelivery"},
	{action: "MultiTenantSessionsAuthenticate", members: true, share: 1, fails: .03, code: 404, failure: "session_not_found"},
}

// check adds what an access check writes, and may deny.
func (s *shop) check(fields map[string]any, code int, failure string) (int, string) {
	actions := []string{"berth.read", "berth.read", "berth.book", "berth.delete", "invoice.read"}
	n := s.random.IntN(len(actions))
	granted := s.random.Float64() > []float64{.02, .02, .06, .35, .1}[n]
	fields["authorization_check_action"] = actions[n]
	fields["authorization_check_resource_id"] = []string{"pier-3", "pier-7", "office"}[s.random.IntN(3)]
	fields["authorization_check_verdict_authorized"] = granted
	if !granted {
		return 403, "not_permitted"
	}
	return code, failure
}

func (s *shop) finish(at time.Time, p person, fields map[string]any, code int, failure string) {
	more := map[string]any{"http_status_code": code, "status": "Success"}
	if failure != "" {
		more["status"] = "Error"
		more["stytch_api_error"] = map[string]any{"status_code": code, "request_id": fields["request_id"], "error_type": failure, "error_message": "Invented."}
		more["email_address"] = p.email
	}
	s.add(at, p, fields, more)
}

func (s *shop) deliver(at time.Time, p person, action string) {
	fields := map[string]any{"action": action, "request_id": "request-id-live-" + s.uuid(), "status": "Success", "message_status": "delivered"}
	latency := 2 + int(s.random.ExpFloat64()*6)
	bad := s.random.IntN(12) == 0
	switch {
	case action == "SMSDelivery" && bad:
		fields["message_status"], fields["message_status_description"] = "undelivered", []string{"handset unreachable", "carrier refused"}[s.random.IntN(2)]
	case bad:
		fields["message_status"], fields["message_status_description"] = "bounce", []string{"mailbox full", "no such mailbox"}[s.random.IntN(2)]
	case action == "EmailDelivery" && s.random.IntN(3) == 0:
		fields["message_status"] = "open"
	}
	fields["delivery_latency_seconds"] = latency
	if action == "SMSDelivery" {
		fields["phone_number"], fields["method_id"] = p.phone, "phone-live-"+s.uuid()
	} else {
		fields["email_address"], fields["method_id"] = p.email, "email-live-"+s.uuid()
	}
	s.add(at.Add(time.Duration(latency)*time.Second), p, fields, nil)
}

// guess is one of many attempts with a stolen password.
func (s *shop) guess(at time.Time) {
	p := s.crowd
	p.address = fmt.Sprintf("203.0.113.%d", 60+int(math.Pow(s.random.Float64(), 2)*9))
	p.email = s.people[int(math.Pow(s.random.Float64(), 3)*20)].email
	s.fingerprint(at, p, []string{"BLOCK", "BLOCK", "BLOCK", "CHALLENGE"}[s.random.IntN(4)], []string{"DATACENTER_ADDRESS", "UNKNOWN_AUTOMATION,DATACENTER_ADDRESS"}[s.random.IntN(2)])
	s.finish(at, p, map[string]any{"action": "PasswordsAuthenticate", "request_id": "request-id-live-" + s.uuid()}, 401, "unauthorized_credentials")
}

func (s *shop) fingerprint(at time.Time, p person, verdict, reasons string) {
	if verdict == "CHALLENGE" && reasons == "" {
		reasons = "NEW_DEVICE"
	}
	s.add(at, p, map[string]any{
		"action": "FingerprintLookup", "request_id": "request-id-live-" + s.uuid(), "status": "Success", "http_status_code": 200,
		"verdict_action": verdict, "verdict_reasons": reasons, "network_ip_address": p.address, "ip_geo_country": p.country,
		"ip_geo_city": p.city, "asn": p.asn, "asn_name": p.network,
	}, nil)
}

func (s *shop) add(at time.Time, p person, fields, more map[string]any) {
	at = at.UTC().Truncate(time.Microsecond)
	event := map[string]any{
		"event_id": "event-live-" + s.uuid(), "project_id": s.project, "severity": "info",
		"user_id": p.user, "member_id": p.member, "organization_id": p.organization,
		"_timestamp": at.UnixMicro(), "timestamp": at.UnixMilli(), "time": at.Format("2006-01-02T15:04:05.000Z"),
	}
	for _, members := range []map[string]any{fields, more} {
		for name, value := range members {
			event[name] = value
		}
	}
	text, err := json.Marshal(event)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	s.events = append(s.events, testdata.Event{JSON: string(text), Time: at})
}

func (s *shop) uuid() string {
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", s.random.Uint32(), s.random.IntN(1<<16), s.random.IntN(1<<12), s.random.IntN(1<<12), s.random.Int64N(1<<48))
}
