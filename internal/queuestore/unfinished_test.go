package queuestore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A disk that was full while the queue's file was created has left the first pages of it,
// however many. The next start makes the file anew. Without removeUnfinished this test
// ends in a SIGBUS.
func TestAnUnfinishedFile(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "exporter_test__logs")
	open := func() {
		c, _ := openQueue(t, fileStorage(t, directory))
		require.NoError(t, c.Set(t.Context(), "1", []byte("item")))
		require.NoError(t, c.Close(t.Context()))
	}
	open()
	pages, err := os.ReadFile(path)
	require.NoError(t, err)
	for size := 0; size < 4*os.Getpagesize(); size += 1024 {
		require.NoError(t, os.WriteFile(path, pages[:size], 0o600))
		open()
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.GreaterOrEqual(t, info.Size(), int64(4*os.Getpagesize()))
	}
}

// What is no unfinished file of the storage stays as it is.
func TestRemoveUnfinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, removeUnfinished(path), "none")
	m := newMachine(t)
	m.start(t, options{}).finish(t)
	whole, err := os.ReadFile(filepath.Join(m.dir, "exporter_test__logs"))
	require.NoError(t, err)
	for _, content := range [][]byte{nil, []byte("x"), make([]byte, 4096), whole} {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		require.NoError(t, removeUnfinished(path))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Len(t, got, len(content))
	}
}
