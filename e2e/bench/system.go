package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/sink"
)

// system is something that takes requests and delivers events: the floor, or the collector with
// one configuration.
type system struct {
	name         string
	destinations []string // empty for the floor
	encoding     string   // of the Loki exporter; empty for its default
	persistent   bool     // the queue is on disk, each write synced
	deduplicate  bool
	streams      int // that the management extension has of Datadog, one for each project; 0: none, the exporter is static
}

const floorName = "floor"

func (s *system) isFloor() bool { return s.name == floorName }

// targets are the destinations where events must arrive.
func (s *system) targets() []string {
	if s.isFloor() {
		return []string{sink.Loki}
	}
	return s.destinations
}

var systems = []system{
	{name: floorName},
	{name: "loki memory", destinations: []string{sink.Loki}},
	{name: "loki-protobuf memory", destinations: []string{sink.Loki}, encoding: "protobuf"},
	{name: "datadog memory", destinations: []string{sink.Datadog}},
	{name: "both memory", destinations: []string{sink.Loki, sink.Datadog}},
	{name: "loki memory dedup", destinations: []string{sink.Loki}, deduplicate: true},
	{name: "both memory dedup", destinations: []string{sink.Loki, sink.Datadog}, deduplicate: true},
	{name: "loki disk", destinations: []string{sink.Loki}, persistent: true},
	{name: "datadog disk", destinations: []string{sink.Datadog}, persistent: true},
	{name: "both disk", destinations: []string{sink.Loki, sink.Datadog}, persistent: true},
	{name: "loki disk dedup", destinations: []string{sink.Loki}, persistent: true, deduplicate: true},
}

// choose returns the systems with these names, and always the floor: without it a figure says more
// about the machine than about the collector.
func choose(names string) ([]system, error) {
	if names == "" {
		return systems, nil
	}
	chosen := []system{systems[0]}
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(systems, func(s system) bool { return s.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("no case is called %q: see -list", name)
		}
		if i > 0 {
			chosen = append(chosen, systems[i])
		}
	}
	return chosen, nil
}

// config is the collector's configuration: its defaults, but for what a case is about.
func (s *system) config(addresses addresses, directory string) string {
	var b strings.Builder
	line := func(indent int, format string, values ...any) {
		fmt.Fprintf(&b, strings.Repeat("  ", indent)+format+"\n", values...)
	}
	line(0, "extensions:")
	line(1, "basicauth/stytch: {htpasswd: {inline: %q}}", username+":"+password)
	if s.persistent {
		line(1, "file_storage: {directory: %q, fsync: true}", directory)
	}
	if s.streams > 0 {
		s.manage(line, addresses, directory)
	}
	line(0, "receivers:")
	line(1, "stytch: {http: {endpoint: %q, auth: {authenticator: basicauth/stytch}}}", addresses.receiver)
	line(0, "processors:")
	switch {
	case s.deduplicate:
		line(1, "stytch: {deduplicate: {window: 10m, max_events: 500000}}")
	case s.streams > 0:
		line(1, "stytch: {management: {extension: stytch_management, destination: DATADOG}}")
	default:
		line(1, "stytch: {}")
	}
	var settings []string
	if s.persistent {
		settings = append(settings, "storage: file_storage")
	}
	if s.streams > 0 { // as much as the static exporter's, so that no load of one project is refused
		settings = append(settings, "queue_size: 100000")
	}
	queue := ""
	if len(settings) > 0 {
		queue = fmt.Sprintf(", sending_queue: {%s}", strings.Join(settings, ", "))
	}
	line(0, "exporters:")
	if slices.Contains(s.destinations, sink.Datadog) {
		account := "api: {key: " + apiKey + "}"
		if s.streams > 0 {
			account = "management: stytch_management"
		}
		line(1, "datadog_logs: {endpoint: \"http://%s\", %s%s}", addresses.sink, account, queue)
	}
	if slices.Contains(s.destinations, sink.Loki) {
		encoding := ""
		if s.encoding != "" {
			encoding = ", encoding: " + s.encoding
		}
		line(1, "loki: {endpoint: \"http://%s%s\"%s%s}", addresses.sink, sink.LokiPath, encoding, queue)
	}
	line(0, "service:")
	extensions := []string{"basicauth/stytch"}
	if s.persistent {
		extensions = append(extensions, "file_storage")
	}
	if s.streams > 0 {
		extensions = append(extensions, "file_storage/management", "stytch_management")
	}
	line(1, "extensions: [%s]", strings.Join(extensions, ", "))
	line(1, "pipelines:")
	for _, d := range s.destinations {
		exporter := map[string]string{sink.Loki: "loki", sink.Datadog: "datadog_logs"}[d]
		line(2, "logs/%s: {receivers: [stytch], processors: [stytch], exporters: [%s]}", d, exporter)
	}
	line(1, "telemetry: {metrics: {level: normal, readers: [{pull: {exporter: {prometheus: {host: localhost, port: %s}}}}]}}", addresses.metricsPort)
	return b.String()
}
