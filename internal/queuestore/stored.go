package queuestore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"
)

// An exporter with several queues stores each under an id of its own. A file_storage
// has a file for each, and the files tell which queues there are. Another storage does
// not tell.

// Stored returns the ids of the log queues of exporters of a type that the storage has
// files of, and none where it is not a file_storage.
func Stored(host component.Host, storageID component.ID, typ component.Type) ([]component.ID, error) {
	at := placeOf(host.GetExtensions()[storageID])
	if at.directory == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(at.directory)
	if err != nil {
		return nil, err
	}
	var ids []component.ID
	for _, entry := range entries {
		if id, ok := StoredIn(typ, entry.Name()); ok {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// StoredIn returns the id of the exporter of a type whose log queue is in the file of
// this name.
func StoredIn(typ component.Type, file string) (component.ID, bool) {
	name, ours := strings.CutPrefix(file, "exporter_"+typ.String()+"_")
	name, logs := strings.CutSuffix(name, "_"+pipeline.SignalLogs.String())
	id := component.NewIDWithName(typ, unescape(name))
	return id, ours && logs && fileName(id, pipeline.SignalLogs.String()) == file
}

// Remove removes the file of a log queue that is closed and empty. It does nothing where
// the storage is not a file_storage.
func Remove(host component.Host, storageID, stored component.ID) error {
	at := placeOf(host.GetExtensions()[storageID])
	if at.directory == "" {
		return nil
	}
	err := os.Remove(filepath.Join(at.directory, fileName(stored, pipeline.SignalLogs.String())))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
