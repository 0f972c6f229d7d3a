package stytchprocessor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
)

// A damaged entry costs its own keys, and is told.
func TestADamagedEntryIsSkipped(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"changed": func(b []byte) []byte { b[12] ^= 1; return b },
		"cut":     func(b []byte) []byte { return b[:len(b)-1] },
		"empty":   func([]byte) []byte { return []byte{} },
		"longer":  func(b []byte) []byte { return append(b, 0) },
		"another": func([]byte) []byte { return appendChecksum(make([]byte, 8)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStored(t, storageHost(t, t.TempDir()), nil)
			for _, id := range []string{"a", "b", "c", "d"} {
				s.push(id)
			}
			c, values := s.stopped()
			damaged := 0
			for entry, value := range values {
				if strings.HasSuffix(entry, "01") || strings.HasSuffix(entry, "02") {
					require.NoError(t, c.Set(t.Context(), entry, damage(value)))
					damaged++
				}
			}
			require.Equal(t, 2, damaged)
			s.again(c)
			require.Equal(t, []string{"error: Entries of what deduplication remembers are damaged: repeats of their events go through entries=2"}, s.lines())
			s.sink.Reset()
			s.push("a", "b", "c", "d")
			s.requirePassed("b", "c")
			s.restart()
			s.push("a", "b", "c", "d")
			s.requirePassed()
		})
	}
}

// With a damaged head nothing can be read: the window begins anew, and is told.
func TestADamagedHeadBeginsAnew(t *testing.T) {
	s := newStored(t, storageHost(t, t.TempDir()), nil)
	s.push("a", "b")
	c, values := s.stopped()
	values[headName][5] ^= 1
	require.NoError(t, c.Set(t.Context(), headName, values[headName]))
	s.again(c)
	require.Equal(t, []string{"error: The head of what deduplication remembers is damaged: it begins empty, and repeats of earlier events go through"}, s.lines())
	s.sink.Reset()
	s.push("a")
	s.restart()
	require.Empty(t, s.lines())
	s.push("a", "b")
	s.requirePassed("a", "b")
}

// What cannot be opened refuses the start and names the key.
func TestStorageRefusesTheStart(t *testing.T) {
	const key = `processors::stytch::deduplicate::storage: `
	start := func(h component.Host) error {
		cfg := createDefaultConfig().(*Config)
		cfg.Deduplicate.GetOrInsertDefault().StorageID = &storageID
		set := processortest.NewNopSettings(metadata.Type)
		set.ID = component.NewID(metadata.Type)
		p, err := createLogs(t.Context(), set, cfg, consumertest.NewNop())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, p.Shutdown(context.Background())) })
		return p.Start(t.Context(), h)
	}
	require.EqualError(t, start(host{}), key+`no extension "file_storage" is enabled: list it in service::extensions`)
	require.EqualError(t, start(host{storageID: nopComponent{}}), key+`the extension "file_storage" is no storage`)

	directory := t.TempDir()
	h := storageHost(t, directory)
	c := client(t, h)
	require.NoError(t, c.Set(t.Context(), headName, []byte{2, 1, 2, 3}))
	err := start(h)
	require.ErrorContains(t, err, key+`opening "file_storage": `)
	require.ErrorContains(t, err, `: where the processor "stytch" stands in several pipelines, give each a processor of its own`)
	require.NoError(t, c.Close(t.Context()))
	for range 2 { // the client was closed
		require.EqualError(t, start(h), key+`"file_storage": it holds version 2 of what deduplication remembers, and this collector reads version 1: `+
			`run the collector that wrote it, or give the processor another storage, which begins empty`)
	}
	broken := &slowStorage{err: errors.New("gone")}
	require.EqualError(t, start(host{storageID: broken}), key+`"file_storage": reading its head: gone`)
}

type nopComponent struct {
	component.StartFunc
	component.ShutdownFunc
}

// Encoded and decoded again, an entry and a head are the same; nothing else is taken.
func FuzzStoredFormat(f *testing.F) {
	h := head{secret: secret{1, 2, 3}, first: 7}
	f.Add(h.encode(), int64(1), uint64(2))
	f.Add(appendEntry(nil, 5, []key{{1, 2}, {3, 4}}), int64(-1), uint64(0))
	f.Fuzz(func(t *testing.T, b []byte, at int64, n uint64) {
		if at2, keys, err := decodeEntry(b); err == nil {
			require.Equal(t, b, appendEntry(nil, at2, keys))
		}
		if h, err := decodeHead(b); err == nil {
			require.Equal(t, b, h.encode())
		}
		keys := []key{{n, ^n}, {uint64(at), 0}}
		at2, keys2, err := decodeEntry(appendEntry(nil, at, keys))
		require.NoError(t, err)
		require.Equal(t, at, at2)
		require.Equal(t, keys, keys2)
	})
}
