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

// labels is what is added to each record of a resource.
type labels struct {
	*written
	resource pcommon.Map
}

// written is labels as they are written, and what they were made of.
type written struct {
	text                                    string // JSON, without the braces
	members                                 []label
	hasSource, hasService, hasTags, hasHost bool

	source, service string
	event           bool // whether they are of Stytch's events
}

// label is one of them, its value as JSON.
type label struct{ name, value string }

// labeler makes labels. The last ones are kept: most resources have the same.
type labeler struct{ events, others atomic.Pointer[written] }

// labels reads the attributes of a resource, for its Stytch events or for its other
// records.
func (l *labeler) labels(resource pcommon.Map, event bool, cfg *Config) labels {
	kept := &l.others
	if event {
		kept = &l.events
	}
	source, service := text(resource, stytch.AttrSource), text(resource, stytch.AttrServiceName)
	last := kept.Load()
	if last == nil || last.source != source || last.service != service {
		last = write(source, service, event, cfg)
		kept.Store(last)
	}
	return labels{last, resource}
}

// write writes labels. What is empty has none; an event's tags are those of Stytch's
// own stream, then the user's. The strings may be parts of a request's memory: clones
// do not keep it.
func write(source, service string, event bool, cfg *Config) *written {
	w := written{source: strings.Clone(source), service: strings.Clone(service), event: event}
	var dst []byte
	add := func(key, value string) bool {
		if value == "" {
			return false
		}
		dst = appendKey(dst, 0, key)
		begin := len(dst)
		dst = jsonscan.AppendQuoted(dst, value)
		w.members = append(w.members, label{key, string(dst[begin:])})
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
	return key == stytch.AttrSource || key == stytch.AttrServiceName
}

// appendEnd appends the labels and the closing brace.
func (l *labels) appendEnd(dst []byte, members bool) []byte {
	if members && l.text != "" {
		dst = append(dst, ',')
	}
	dst = append(dst, l.text...)
	return append(dst, '}')
}
