package queuestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// removeUnfinished removes the file of a queue that the storage could not finish to
// create, because the disk was full. Nothing was ever stored in it.
//
// The defect (file_storage v0.158, bbolt v1.5): what was written of the file's first
// pages stays. The next one to open it looks for the others beyond the end of the file,
// and the operating system ends the process (SIGBUS), at each start again.
//
// When file_storage opens such a file, or refuses to, this file goes; all else stays.
func removeUnfinished(path string) error {
	f, err := os.Open(path) //nolint:gosec // the configuration names the directory
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	var begin [28]byte
	if _, err := io.ReadFull(f, begin[:]); err != nil {
		return nil // empty, or no such file at all: the storage says what is wrong
	}
	// bbolt's first page: a header of 16 bytes, magic, version and pageSize. A new file
	// has 4 pages.
	magic, pageSize := binary.NativeEndian.Uint32(begin[16:]), int64(binary.NativeEndian.Uint32(begin[24:]))
	if magic != 0xED0CDAED || info.Size() >= 4*pageSize {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("a file that could not be finished, for the disk was full: %w", err)
	}
	return nil
}
