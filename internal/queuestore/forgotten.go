package queuestore

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pipeline"
	"go.uber.org/zap"
)

// What the host of the collector's service offers beside component.Host, as in
// go.opentelemetry.io/collector/service/hostcapabilities v0.158. Without the
// first there are no warnings, without the second no ids in them.
type (
	exposesExporters interface {
		GetExporters() map[pipeline.Signal]map[component.ID]component.Component
	}
	exposesFactories interface {
		GetFactory(kind component.Kind, typ component.Type) component.Factory
	}
)

const forgottenMessage = "No exporter of this collector reads this file of a sending queue, the events in it are not delivered: " +
	"configure its exporter with this storage again until its queue and its quarantine are empty, or delete the file"

// Reader is an exporter that knows which files of sending queues it reads. Which files
// other exporters read is not known: each file that begins with an exporter's id is
// taken for its own.
type Reader interface {
	// ReadsQueue tells whether the exporter, of this id and signal, reads the file of
	// this name in one of the storages.
	ReadsQueue(id component.ID, signal pipeline.Signal, file string, storages []component.ID) bool
}

// ReadsQueue implements Reader.
func (g *guardedLogs) ReadsQueue(id component.ID, signal pipeline.Signal, file string, storages []component.ID) bool {
	return g.storageID != nil && slices.Contains(storages, *g.storageID) && file == fileName(id, signal.String())
}

// WarnOfForgotten warns of each file of a sending queue that no exporter reads: its
// exporter has another name now, or another storage, or none. It looks in every
// file_storage of the collector. The first of the collector's Readers does it for all,
// so that a start names each file once. Id is the caller's. The collector itself
// (v0.158) says nothing of such files; TestForgottenQueue of e2e/faults runs against
// its host.
func WarnOfForgotten(id component.ID, logger *zap.Logger, host component.Host) {
	h, ok := host.(exposesExporters)
	if !ok {
		return
	}
	exporters := h.GetExporters()
	for other, exporter := range exporters[pipeline.SignalLogs] {
		if _, reader := exporter.(Reader); reader && other.String() < id.String() {
			return
		}
	}
	inDirectory := map[string][]component.ID{} // storages by their directory
	for id, ext := range host.GetExtensions() {
		if _, stores := ext.(storage.Extension); stores {
			if at := placeOf(ext); at.directory != "" {
				inDirectory[at.directory] = append(inDirectory[at.directory], id)
			}
		}
	}
	for directory, storages := range inDirectory {
		entries, _ := os.ReadDir(directory) // the storage tells what is wrong with it
		for _, entry := range entries {
			name := entry.Name()
			// A backup is a damaged file that file_storage has put aside.
			if !strings.HasPrefix(name, "exporter_") || strings.HasSuffix(name, ".backup") || hasReader(exporters, name, storages) {
				continue
			}
			logger.Warn(forgottenMessage, zap.String("file", filepath.Join(directory, name)),
				zap.String("exporter", writerOf(host, name)), zap.Stringer("storage", storages[0]))
		}
	}
}

// hasReader tells whether an exporter reads the file in one of the storages.
func hasReader(exporters map[pipeline.Signal]map[component.ID]component.Component, file string, storages []component.ID) bool {
	for signal, ofSignal := range exporters {
		for id, exporter := range ofSignal {
			reader, isReader := exporter.(Reader)
			switch {
			case !isReader && strings.HasPrefix(file+"_", fileName(id, "")):
				return true
			case isReader && reader.ReadsQueue(id, signal, file, storages):
				return true
			}
		}
	}
	return false
}

// writerOf returns the id of the exporter that wrote a file, as type/name. Where
// the type ends is not to be seen in the file's name: it is that of the longest
// type that the collector has an exporter of. Without one it is what is left of
// the file's name.
func writerOf(host component.Host, file string) string {
	rest := strings.TrimPrefix(file, "exporter_")
	for _, signal := range []string{"_logs", "_metrics", "_traces", "_profiles"} {
		rest = strings.TrimSuffix(rest, signal)
	}
	h, ok := host.(exposesFactories)
	for end := len(rest) - 1; ok && end > 0; end-- {
		if rest[end] != '_' {
			continue
		}
		typ, err := component.NewType(rest[:end])
		if err == nil && h.GetFactory(component.KindExporter, typ) != nil {
			return component.NewIDWithName(typ, unescape(rest[end+1:])).String()
		}
	}
	return strings.TrimSuffix(rest, "_")
}
