package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// printTable shows what arrived: a row for each destination and set of labels.
func printTable(w io.Writer, entries []standin.Entry, logs []standin.Log) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DESTINATION\tLABELS\tEVENTS\tFIRST EVENT")
	var rows []row
	for _, log := range logs {
		rows = count(rows, "Datadog", datadogLabels(log), string(log.Raw))
	}
	for _, entry := range entries {
		rows = count(rows, "Loki", standin.FormatLabels(entry.Labels), entry.Line)
	}
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", r.destination, r.labels, r.events, shorten(r.first))
	}
	table.Flush()
}

type row struct {
	destination, labels string
	events              int
	first               string
}

func count(rows []row, destination, labels, event string) []row {
	for i := range rows {
		if rows[i].destination == destination && rows[i].labels == labels {
			rows[i].events++
			return rows
		}
	}
	return append(rows, row{destination, labels, 1, event})
}

// tell makes the stand-ins send a line for every request that brings events.
func tell(loki *standin.Loki, datadog *standin.Datadog, news chan<- string) {
	datadog.Tell(func(logs []standin.Log) {
		news <- fmt.Sprintf("Datadog took %s: %s", events(len(logs)), shorten(string(logs[0].Raw)))
	})
	loki.Tell(func(entries []standin.Entry) {
		news <- fmt.Sprintf("Loki    took %s: %s", events(len(entries)), shorten(entries[0].Line))
	})
}

func events(n int) string {
	if n == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", n)
}

func datadogLabels(log standin.Log) string {
	var labels []string
	for _, name := range []string{"ddsource", "service", "ddtags"} {
		labels = append(labels, name+"="+log.Text(name))
	}
	return strings.Join(labels, " ")
}

func shorten(event string) string {
	const width = 60
	runes := []rune(strings.Join(strings.Fields(event), " "))
	if len(runes) <= width {
		return string(runes)
	}
	return string(runes[:width]) + "…"
}
