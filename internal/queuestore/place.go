package queuestore

import (
	"path/filepath"
	"reflect"
	"strings"

	"go.opentelemetry.io/collector/component"
)

// place is where a file_storage extension keeps its files.
type place struct {
	directory string // empty: the extension is not a file_storage
	compacts  bool   // it replaces its files while they are open
}

// placeOf reads the configuration of a file_storage extension, v0.158, by
// reflection: the extension keeps it in a private field, and the interface of
// storages does not tell where the data are. To search /proc/self/fd for the
// file works on Linux alone and breaks when a compaction replaces the file; to
// configure the directory a second time lets the two differ.
//
// It reads two fields and changes nothing. For another extension, and after a
// change in file_storage, it returns no directory: then no check of files is
// made. TestPlaceOf runs against the real extension and notices the change.
//
// A storage that stands before another one says by Behind which.
func placeOf(ext component.Component) place {
	if front, ok := ext.(interface{ Behind() component.Component }); ok {
		return placeOf(front.Behind())
	}
	v := reflect.Indirect(reflect.ValueOf(ext))
	if v.Kind() != reflect.Struct || !strings.HasSuffix(v.Type().PkgPath(), "/filestorage") {
		return place{}
	}
	cfg := reflect.Indirect(v.FieldByName("cfg"))
	if cfg.Kind() != reflect.Struct {
		return place{}
	}
	directory := cfg.FieldByName("Directory")
	if directory.Kind() != reflect.String || directory.String() == "" {
		return place{}
	}
	absolute, err := filepath.Abs(directory.String())
	if err != nil {
		return place{}
	}
	return place{directory: absolute, compacts: compacts(cfg.FieldByName("Compaction"))}
}

// compacts is true unless the configuration says otherwise: then a replaced file is no error.
func compacts(compaction reflect.Value) bool {
	compaction = reflect.Indirect(compaction)
	if compaction.Kind() != reflect.Struct {
		return true
	}
	onRebound := compaction.FieldByName("OnRebound")
	return onRebound.Kind() != reflect.Bool || onRebound.Bool()
}
