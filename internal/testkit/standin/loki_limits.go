package standin

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Limits of a Loki as it comes: https://grafana.com/docs/loki/latest/configure/#limits_config
const (
	lokiMaxAge              = 7 * 24 * time.Hour // reject_old_samples_max_age
	lokiMaxAhead            = 10 * time.Minute   // creation_grace_period
	lokiMaxLineBytes        = 256 << 10          // max_line_size
	lokiMaxLabels           = 15                 // max_label_names_per_series; service_name is free
	lokiMaxLabelNameBytes   = 1024               // max_label_name_length
	lokiMaxLabelValueBytes  = 2048               // max_label_value_length
	lokiMaxMetadataBytes    = 64 << 10           // max_structured_metadata_size
	lokiMaxMetadataPairs    = 128                // max_structured_metadata_entries_count
	lokiMaxEntriesToldAbout = 10                 // lines of a too-far-behind answer
)

// checkRequest finds what makes Loki refuse a request as a whole.
func checkRequest(streams []Stream) error {
	if len(streams) == 0 {
		return refuse(http.StatusUnprocessableEntity, "error at least one valid stream is required for ingestion")
	}
	for _, stream := range streams {
		for _, entry := range stream.Entries {
			for _, name := range slices.Sorted(maps.Keys(entry.Metadata)) {
				// A real Loki answers 500 here: an exporter that retries every 5xx never ends.
				if !strings.ContainsFunc(name, asciiLetterOrDigit) {
					return refuse(http.StatusInternalServerError, "normalization for label name %q resulted in invalid name %q", name, "_")
				}
			}
		}
	}
	return nil
}

func checkLabels(labels map[string]string, stream string) error {
	counted := len(labels)
	if _, ok := labels["service_name"]; ok {
		counted--
	}
	if len(labels) == 0 {
		return errors.New("error at least one label pair is required per stream")
	}
	if counted > lokiMaxLabels {
		return fmt.Errorf("entry for stream '%s' has %d label names; limit %d", stream, counted, lokiMaxLabels)
	}
	for name, value := range labels {
		if len(name) > lokiMaxLabelNameBytes {
			return fmt.Errorf("stream '%s' has label name too long: '%s'", stream, name)
		}
		if len(value) > lokiMaxLabelValueBytes {
			return fmt.Errorf("stream '%s' has label value too long: '%s'", stream, value)
		}
	}
	return nil
}

func checkEntry(entry Entry, stream string, now time.Time) error {
	at := time.Unix(0, entry.Timestamp).UTC()
	if oldest := now.Add(-lokiMaxAge); at.Before(oldest) {
		return fmt.Errorf("entry for stream '%s' has timestamp too old: %s, oldest acceptable timestamp is: %s",
			stream, at.Format(time.RFC3339), oldest.UTC().Format(time.RFC3339))
	}
	if at.After(now.Add(lokiMaxAhead)) {
		return fmt.Errorf("entry for stream '%s' has timestamp too new: %s", stream, at.Format(time.RFC3339))
	}
	if len(entry.Line) > lokiMaxLineBytes {
		return fmt.Errorf("max entry size '%d' bytes exceeded for stream '%s' while adding an entry with length '%d' bytes",
			lokiMaxLineBytes, stream, len(entry.Line))
	}
	size := 0
	for name, value := range entry.Metadata {
		size += len(name) + len(value)
	}
	if size > lokiMaxMetadataBytes {
		return fmt.Errorf("stream '%s' has structured metadata too large: '%d' bytes, limit: '%d' bytes",
			stream, size, lokiMaxMetadataBytes)
	}
	if pairs := len(entry.Metadata); pairs > lokiMaxMetadataPairs {
		return fmt.Errorf("stream '%s' has too many structured metadata labels: '%d', limit: '%d'",
			stream, pairs, lokiMaxMetadataPairs)
	}
	return nil
}

// grouped joins errors as Loki's distributor does: a single one as it is, more of them with how
// often each text came. It never says how many entries there were.
type grouped struct {
	texts []string
	times map[string]int
}

func (g *grouped) add(err error) {
	if g.times == nil {
		g.times = map[string]int{}
	}
	if g.times[err.Error()]++; g.times[err.Error()] == 1 {
		g.texts = append(g.texts, err.Error())
	}
}

func (g *grouped) err() error {
	switch {
	case len(g.texts) == 0:
		return nil
	case len(g.texts) == 1 && g.times[g.texts[0]] == 1:
		return errors.New(g.texts[0])
	}
	parts := make([]string, len(g.texts))
	for i, text := range g.texts {
		parts[i] = fmt.Sprintf("%d errors like: %s", g.times[text], text)
	}
	return errors.New(strings.Join(parts, "; "))
}

// tooFarBehind is the ingester's answer for one stream: the first entries it ignored, and how many.
type tooFarBehind struct {
	tenant, labels string
	lines          []string
	ignored, of    int
}

func (t *tooFarBehind) add(timestamp, oldest int64) {
	if t.ignored++; t.ignored > lokiMaxEntriesToldAbout {
		return
	}
	at := time.Unix(0, timestamp).UTC()
	t.lines = append(t.lines, fmt.Sprintf(
		"entry with timestamp %s ignored, reason: 'entry too far behind, entry timestamp is: %s, oldest acceptable timestamp is: %s',",
		at, at.Format(time.RFC3339), time.Unix(0, oldest).UTC().Format(time.RFC3339)))
}

func (t *tooFarBehind) Error() string {
	return fmt.Sprintf("%s\nuser '%s', total ignored: %d out of %d for stream: %s",
		strings.Join(t.lines, "\n"), t.tenant, t.ignored, t.of, t.labels)
}

func asciiLetterOrDigit(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// normalisedName keeps ASCII letters, digits and underscores; a leading digit gets a prefix.
func normalisedName(name string) string {
	name = strings.Map(func(c rune) rune {
		if asciiLetterOrDigit(c) {
			return c
		}
		return '_'
	}, name)
	if name[0] >= '0' && name[0] <= '9' {
		return "key_" + name
	}
	return name
}
