package lokipush

import (
	"fmt"
	"strings"
)

// Limits of Loki by default. It does not store what exceeds them:
// https://grafana.com/docs/loki/latest/configure/#limits_config.
const (
	MaxLabels        = 15       // of a stream: max_label_names_per_series; service_name is not counted
	MaxLabelName     = 1024     // bytes: max_label_name_length
	MaxLabelValue    = 2048     // bytes: max_label_value_length
	MaxMetadata      = 128      // pairs of a line: max_structured_metadata_entries_count
	MaxMetadataBytes = 64 << 10 // names and values of a line: max_structured_metadata_size
)

// MetadataName returns the name under which Loki stores structured metadata of this name,
// by Loki's own rule: a run of other characters than ASCII letters and digits becomes one
// underscore, and a name that starts with a digit gets a prefix. It returns an error if no
// letter or digit is left: Loki answers 500 to such a name, and the push would be retried
// for ever:
// https://github.com/prometheus/otlptranslator/blob/v1.0.0/label_namer.go.
func MetadataName(name string) (string, error) {
	var b strings.Builder
	for _, c := range name {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80, '0' <= c && c <= '9':
			b.WriteRune(c)
		case !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	valid := b.String()
	if valid == "" || valid == "_" {
		return "", fmt.Errorf("want at least one letter from a to z or digit, got %q", name)
	}
	if valid[0] >= '0' && valid[0] <= '9' {
		valid = "key_" + valid
	}
	return valid, nil
}
