package lokiexporter

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// labelMapping says which labels and which structured metadata a record gets.
type labelMapping struct {
	labels    []field // sorted by name
	metadata  []field // sorted by name
	perRecord bool    // whether two records of a resource can differ in their labels
}

// field is one label, or one pair of structured metadata.
type field struct {
	name, attribute string
	otherwise       string // the value where the attribute is absent or empty
}

// unknownService is what Loki itself calls a stream without service_name:
// https://grafana.com/docs/loki/latest/get-started/labels/#default-labels-for-all-users.
const unknownService = "unknown_service"

func newLabelMapping(cfg *Config) *labelMapping {
	m := &labelMapping{perRecord: len(cfg.Labels) > 0, labels: []field{
		{name: stytch.LabelSource, attribute: stytch.AttrSource},
		{name: stytch.LabelServiceName, attribute: stytch.AttrServiceName, otherwise: unknownService},
	}}
	for name, attribute := range maps.All(cfg.Labels) {
		m.labels = append(m.labels, field{name: name, attribute: attribute})
	}
	for _, attribute := range cfg.StructuredMetadata {
		name, _ := lokipush.MetadataName(attribute) // Validate has refused a name that is none
		m.metadata = append(m.metadata, field{name: name, attribute: attribute})
	}
	byName := func(a, b field) int { return cmp.Compare(a.name, b.name) }
	slices.SortFunc(m.labels, byName)
	slices.SortFunc(m.metadata, byName)
	return m
}

// appendLabels appends the labels of a record's stream.
func (m *labelMapping) appendLabels(dst []lokipush.Label, resource pcommon.Map, record plog.LogRecord) []lokipush.Label {
	for i := range m.labels {
		f := &m.labels[i]
		attributes := record.Attributes()
		if f.name == stytch.LabelSource || f.name == stytch.LabelServiceName {
			attributes = resource // what a line says of itself does not move it to another stream
		}
		if value := cmp.Or(value(f.attribute, attributes, resource), f.otherwise); value != "" {
			dst = append(dst, lokipush.Label{Name: f.name, Value: truncate(value, lokipush.MaxLabelValue)})
		}
	}
	return dst
}

// appendMetadata appends the structured metadata of a record. A pair that would
// put the line over Loki's limit is left out, lest Loki refuse the line.
func (m *labelMapping) appendMetadata(dst []lokipush.Label, resource pcommon.Map, record plog.LogRecord) []lokipush.Label {
	room := lokipush.MaxMetadataBytes
	for i := range m.metadata {
		f := &m.metadata[i]
		value := value(f.attribute, record.Attributes(), resource)
		if size := len(f.name) + len(value); value != "" && size <= room {
			room -= size
			dst = append(dst, lokipush.Label{Name: f.name, Value: value})
		}
	}
	return dst
}

// value is an attribute's of the record, else of the resource.
func value(attribute string, record, resource pcommon.Map) string {
	for _, attributes := range [...]pcommon.Map{record, resource} {
		if v, ok := attributes.Get(attribute); ok {
			if v.Type() == pcommon.ValueTypeStr {
				return lokipush.Text(v.Str())
			}
			return lokipush.Text(v.AsString())
		}
	}
	return ""
}

const ellipsis = "…"

// truncate cuts s to at most limit bytes, visibly. Loki would refuse a line whose
// label is longer.
func truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len(ellipsis)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.Join([]string{s[:end], ellipsis}, "")
}
