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

// labels is what is added to each record of a resource.
type labels struct {
	*written
	resource pcommon.Map
}

// written is labels as they are written, and what they were made of.
type written struct {
	text                                    string // JSON, without the braces
	hasSource, hasService, hasTags, hasHost bool

	source, service, env string
}

// labeler makes labels. The last ones are kept: most resources have the same.
type labeler struct{ last atomic.Pointer[written] }

// labels reads the attributes of a resource.
func (l *labeler) labels(resource pcommon.Map, cfg *Config) labels {
	source, service, env := text(resource, stytch.AttrSource), text(resource, stytch.AttrServiceName), text(resource, stytch.AttrEnvironment)
	last := l.last.Load()
	if last == nil || last.source != source || last.service != service || last.env != env {
		last = write(source, service, env, cfg)
		l.last.Store(last)
	}
	return labels{last, resource}
}

// write writes labels. What is empty has none; the tags are those of Stytch's own
// stream and the user's. The strings may be parts of a request's memory: clones do
// not keep it.
func write(source, service, env string, cfg *Config) *written {
	w := written{source: strings.Clone(source), service: strings.Clone(service), env: strings.Clone(env)}
	var dst []byte
	add := func(key, value string) bool {
		if value == "" {
			return false
		}
		if len(dst) > 0 {
			dst = append(dst, ',')
		}
		dst = jsonscan.AppendQuoted(dst, key)
		dst = append(dst, ':')
		dst = jsonscan.AppendQuoted(dst, value)
		return true
	}
	var tags []string
	if service != "" {
		tags = append(tags, "service:"+service)
	}
	if env != "" {
		tags = append(tags, "env:"+env)
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
	return key == stytch.AttrSource || key == stytch.AttrServiceName || key == stytch.AttrEnvironment
}

// appendEnd appends the labels and the closing brace.
func (l *labels) appendEnd(dst []byte, members bool) []byte {
	if members && l.text != "" {
		dst = append(dst, ',')
	}
	dst = append(dst, l.text...)
	return append(dst, '}')
}
