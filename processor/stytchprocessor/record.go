package stytchprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// key identifies an event by its project and id: 128 bits of a hash with a random key,
// so that nobody can choose ids that collide. A new event equals one of 500,000 remembered
// events by chance with a probability of 500,000 in 2^128: once in 10^21 years at 20,000
// events a second.
type key [2]uint64

// noKey is the key of an event without an id.
var noKey key

// hasher hashes projects and ids. It belongs to one goroutine.
type hasher interface {
	project(name string) key
	id(id string) key
}

// record is a log record as deduplication sees it.
type record struct {
	key    key
	holder *claim // if action is wait: the claim that has the key in flight
	action action
}

type action uint8

const (
	forward action = iota // this request hands it on
	drop                  // it went through before, or stands twice in this request
	wait                  // another request has it in flight
)

// records returns the log records of ld, in order.
func records(ld plog.Logs, h hasher) []record {
	list := make([]record, 0, ld.LogRecordCount())
	for _, rl := range ld.ResourceLogs().All() {
		project := h.project(stytch.ProjectOf(rl))
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				list = append(list, record{key: keyOf(project, lr.Attributes(), h)})
			}
		}
	}
	return list
}

// keyOf returns the key of a record: the hash of its webhook message id, which retries
// share, or else of its event id, joined with its project's hash since two projects
// may use the same id. It returns noKey for a record without an id.
func keyOf(project key, attrs pcommon.Map, h hasher) key {
	id, ok := attrs.Get(stytch.AttrWebhookID)
	if !ok {
		id, ok = attrs.Get(stytch.AttrEventID)
	}
	if !ok || id.Type() != pcommon.ValueTypeStr || id.Str() == "" {
		return noKey
	}
	k := h.id(id.Str())
	return key{k[0] ^ project[0], k[1] ^ project[1]}
}

// keep removes the records of ld with another action than a, then what is empty.
func keep(ld plog.Logs, list []record, a action) {
	i := -1
	ld.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			sl.LogRecords().RemoveIf(func(plog.LogRecord) bool {
				i++
				return list[i].action != a
			})
			return sl.LogRecords().Len() == 0
		})
		return rl.ScopeLogs().Len() == 0
	})
}
