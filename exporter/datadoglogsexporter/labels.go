package datadoglogsexporter

import (
	"strings"

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

// labels is what is added to each record of a resource.
type labels struct {
	members                                 string // as JSON, without the braces
	hasSource, hasService, hasTags, hasHost bool
	resource                                pcommon.Map
}

// newLabels reads the attributes of a resource. Where one is absent its label
// is absent too; the tags are those of Stytch's own stream and the user's.
func newLabels(resource pcommon.Map, cfg *Config) *labels {
	l := labels{resource: resource}
	var members []byte
	add := func(key, value string) bool {
		if value == "" {
			return false
		}
		if len(members) > 0 {
			members = append(members, ',')
		}
		members = jsonscan.AppendQuoted(members, key)
		members = append(members, ':')
		members = jsonscan.AppendQuoted(members, value)
		return true
	}
	service := text(resource, stytch.AttrServiceName)
	var tags []string
	if service != "" {
		tags = append(tags, "service:"+service)
	}
	if env := text(resource, stytch.AttrEnvironment); env != "" {
		tags = append(tags, "env:"+env)
	}
	l.hasSource = add(keySource, text(resource, stytch.AttrSource))
	l.hasService = add(keyService, service)
	l.hasTags = add(keyTags, strings.Join(append(tags, cfg.Tags...), ","))
	l.hasHost = add(keyHostname, cfg.Hostname)
	l.members = string(members)
	return &l
}

func text(attrs pcommon.Map, name string) string {
	if v, ok := attrs.Get(name); ok {
		return v.AsString()
	}
	return ""
}

// replace tells whether a member named key gives way to ours.
func (l *labels) replace(key string) bool {
	switch key {
	case keySource:
		return l.hasSource
	case keyService:
		return l.hasService
	case keyTags:
		return l.hasTags
	case keyHostname:
		return l.hasHost
	default:
		return false
	}
}

// tell tells whether a resource attribute is among the labels under another
// name.
func (l *labels) tell(key string) bool {
	return key == stytch.AttrSource || key == stytch.AttrServiceName || key == stytch.AttrEnvironment
}

// appendEnd appends the labels and the closing brace.
func (l *labels) appendEnd(dst []byte, members bool) []byte {
	if members && l.members != "" {
		dst = append(dst, ',')
	}
	dst = append(dst, l.members...)
	return append(dst, '}')
}
