package datadoglogsexporter

import (
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// The members that Datadog reads source, service, tags and host from:
// https://docs.datadoghq.com/api/latest/logs/#send-logs.
const (
	keySource   = "ddsource"
	keyService  = "service"
	keyTags     = "ddtags"
	keyHostname = "hostname"
)

// attrHost is the host's name in OpenTelemetry's semantic conventions.
const attrHost = "host.name"

// stytchEnv is what Stytch's own stream tags its events with: it has this value in
// all that Stytch has published. The project's environment is told by project_id.
const stytchEnv = "stytch-env:prod"

// reservedFields are added to each record of a resource.
type reservedFields struct {
	*encodedFields
	resource pcommon.Map
}

// encodedFields are reserved fields as they are written, and their sources.
type encodedFields struct {
	text                                    string // JSON, without the braces
	members                                 []reservedField
	hasSource, hasService, hasTags, hasHost bool

	source, service string
	event           bool // whether they are for Stytch's events
}

// reservedField has its value as JSON.
type reservedField struct{ name, value string }

// reservedCache keeps the last reserved fields: most resources have the same.
type reservedCache struct{ events, others atomic.Pointer[encodedFields] }

// of returns the reserved fields of a resource, for its Stytch events or for its other
// records.
func (c *reservedCache) of(resource pcommon.Map, event bool, cfg *Config) reservedFields {
	cached := &c.others
	if event {
		cached = &c.events
	}
	source, service := text(resource, stytch.AttrSource), text(resource, stytch.AttrServiceName)
	last := cached.Load()
	if last == nil || last.source != source || last.service != service {
		last = encodeFields(source, service, event, cfg)
		cached.Store(last)
	}
	return reservedFields{last, resource}
}

// encodeFields encodes reserved fields. An empty one is left out. An event's tags are
// those of Stytch's own stream, then the user's. The strings may be parts of a
// request's memory: clones do not keep it.
func encodeFields(source, service string, event bool, cfg *Config) *encodedFields {
	w := encodedFields{source: strings.Clone(source), service: strings.Clone(service), event: event}
	var dst []byte
	add := func(key, value string) bool {
		if value == "" {
			return false
		}
		dst = appendKey(dst, 0, key)
		begin := len(dst)
		dst = jsonscan.AppendQuoted(dst, value)
		w.members = append(w.members, reservedField{key, string(dst[begin:])})
		return true
	}
	var tags []string
	if service != "" {
		tags = append(tags, "service:"+service)
	}
	if event {
		tags = append(tags, stytchEnv)
	}
	w.hasSource = add(keySource, source)
	w.hasService = add(keyService, service)
	w.hasTags = add(keyTags, strings.Join(append(tags, cfg.Tags...), ","))
	w.hasHost = add(keyHostname, cfg.Hostname)
	w.text = string(dst)
	return &w
}

func text(attrs pcommon.Map, name string) string {
	if v, ok := attrs.Get(name); ok {
		return v.AsString()
	}
	return ""
}

// replace tells whether a member named key gives way to ours.
func (f *reservedFields) replace(key string) bool {
	switch key {
	case keySource:
		return f.hasSource
	case keyService:
		return f.hasService
	case keyTags:
		return f.hasTags
	case keyHostname:
		return f.hasHost
	default:
		return false
	}
}

// sentReserved tells whether a resource attribute is sent as a reserved field of
// another name.
func (f *reservedFields) sentReserved(key string) bool {
	return key == stytch.AttrSource || key == stytch.AttrServiceName
}

// appendEnd appends the reserved fields and the closing brace.
func (f *reservedFields) appendEnd(dst []byte, members bool) []byte {
	if members && f.text != "" {
		dst = append(dst, ',')
	}
	dst = append(dst, f.text...)
	return append(dst, '}')
}
