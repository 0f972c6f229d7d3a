package stytchprocessor

import (
	"hash/maphash"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// key identifies an event by its project and id: two 64-bit hashes, each with a random
// seed that never leaves the process, so that nobody can choose ids that collide. A
// new event equals one of 500,000 remembered events by chance with a probability of
// 500,000 in 2^128: once in 10^21 years at 20,000 events a second.
type key [2]uint64

// noKey is the key of an event without an id.
var noKey key

type seeds struct{ project, id [2]maphash.Seed }

func newSeeds() seeds {
	return seeds{
		project: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		id:      [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
	}
}

func hash(seeds [2]maphash.Seed, s string) key {
	return key{maphash.String(seeds[0], s), maphash.String(seeds[1], s)}
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
func (s seeds) records(ld plog.Logs) []record {
	list := make([]record, 0, ld.LogRecordCount())
	for _, rl := range ld.ResourceLogs().All() {
		project := s.projectKey(rl.Resource().Attributes())
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				list = append(list, record{key: s.key(project, lr.Attributes())})
			}
		}
	}
	return list
}

// projectKey hashes the project of a resource.
func (s seeds) projectKey(resource pcommon.Map) key {
	project := ""
	if v, ok := resource.Get(stytch.AttrProjectID); ok {
		project = v.AsString()
	}
	return hash(s.project, project)
}

// key returns the key of a record: the hash of its webhook message id, which retries
// share, or else of its event id, joined with its project's hash since two projects
// may use the same id. It returns noKey for a record without an id.
func (s seeds) key(project key, attrs pcommon.Map) key {
	id, ok := attrs.Get(stytch.AttrWebhookID)
	if !ok {
		id, ok = attrs.Get(stytch.AttrEventID)
	}
	if !ok || id.Type() != pcommon.ValueTypeStr || id.Str() == "" {
		return noKey
	}
	k := hash(s.id, id.Str())
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
