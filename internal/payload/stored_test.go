package payload

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/request"
)

// encoding stores requests of a format and keeps what it is told of damage.
func encoding(f *Format) (e QueueEncoding, damaged *[]error) {
	damaged = new([]error)
	return QueueEncoding{Format: f, Damaged: func(err error) { *damaged = append(*damaged, err) }}, damaged
}

func TestStoredRequestsAreRead(t *testing.T) {
	ctx := client.NewContext(context.Background(), client.Info{Addr: &net.IPAddr{IP: net.IPv4(1, 2, 3, 4)}})
	all := texts(200, 1000)
	for name, codec := range codecs {
		for another, other := range codecs {
			e, _ := encoding(format(codec))
			r := ofThree(e.Format, all)
			stored, err := e.Marshal(ctx, r)
			require.NoError(t, err)

			e, damaged := encoding(format(other))
			gotCtx, got, err := e.Unmarshal(stored)
			require.NoError(t, err)
			require.Empty(t, *damaged)
			require.Equal(t, "1.2.3.4", client.FromContext(gotCtx).Addr.String())
			require.Equal(t, all, recordsOf(t, got.(*Request)), "%s, read with %s", name, another)
			require.Equal(t, r.ItemsCount(), got.ItemsCount())
			require.Equal(t, r.BytesSize(), got.BytesSize())
			for i, b := range got.(*Request).blocks {
				for k, x := range b.records {
					was := r.blocks[i].records[k]
					was.Position = 0
					require.Equal(t, was, x)
				}
			}
			require.Equal(t, sent(t, NewCursor(r), name, 0, 200), sent(t, NewCursor(got.(*Request)), another, 0, 200))

			again, err := e.Marshal(ctx, got)
			require.NoError(t, err)
			first, err := e.Fingerprint(stored)
			require.NoError(t, err)
			second, err := e.Fingerprint(again)
			require.NoError(t, err)
			require.Equal(t, first, second)
		}
	}
}

// ofThree is a request of three streams.
func ofThree(f *Format, all []string) *Request { return inStreams(f, all, 3) }

func TestDamageIsToldOf(t *testing.T) {
	e, damaged := encoding(format(Gzip))
	stored, err := e.Marshal(t.Context(), ofThree(e.Format, texts(50, 3000)))
	require.NoError(t, err)
	tell := func(stored []byte) {
		t.Helper()
		*damaged = nil
		_, _, err := e.Unmarshal(stored)
		require.Error(t, err)
		require.Equal(t, []error{err}, *damaged)
	}
	for i := 0; i < len(stored); i += 37 {
		broken := append([]byte{}, stored...)
		broken[i] ^= 1 << (i % 8)
		*damaged = nil
		_, got, err := e.Unmarshal(broken)
		if err == nil { // the envelope has bytes that do not matter
			require.Equal(t, 50, got.ItemsCount())
			continue
		}
		require.Len(t, *damaged, 1)
	}
	tell(stored[:len(stored)/2])
	logs, err := request.MarshalLogs(t.Context(), plog.NewLogs())
	require.NoError(t, err)
	tell(logs)

	tell([]byte("\x0d\x01\x00\x00\x00"))

	*damaged = nil
	_, _, err = e.Unmarshal(nil)
	require.Error(t, err)
	require.Empty(t, *damaged, "an offer that the storage refused leaves nothing behind")
}

// A queue that exporterhelper's own requests are in, or a record of bytes.
func TestPlainLogsAreTaken(t *testing.T) {
	e, damaged := encoding(format(Gzip))
	e.Encode = func(ld plog.Logs) *Request { return ofThree(e.Format, texts(ld.LogRecordCount(), 10)) }
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 3 {
		records.AppendEmpty().Body().SetStr("text")
	}
	stored, err := request.MarshalLogs(t.Context(), ld)
	require.NoError(t, err)
	_, r, err := e.Unmarshal(stored)
	require.NoError(t, err)
	require.Equal(t, 3, r.ItemsCount())
	require.Empty(t, *damaged)

	again, err := e.Marshal(t.Context(), r)
	require.NoError(t, err)
	first, err := e.Fingerprint(stored)
	require.NoError(t, err)
	second, err := e.Fingerprint(again)
	require.NoError(t, err)
	require.Equal(t, first, second, "it is the same where the queue adds it again")
}

func TestAnotherFormIsAdopted(t *testing.T) {
	was := format(Gzip)
	was.Name = "another"
	e, _ := encoding(was)
	all := texts(300, 500)
	stored, err := e.Marshal(t.Context(), ofThree(was, all))
	require.NoError(t, err)

	e, damaged := encoding(format(Snappy))
	_, _, err = e.Unmarshal(stored)
	require.ErrorContains(t, err, `stored as "another"`)
	require.Len(t, *damaged, 1)

	e.Format.Transcode = func(to *Builder, name, stream string, records []Record, data []byte) error {
		require.Equal(t, "another", name)
		to.Stream(stream + "'")
		for _, x := range records {
			to.End(append(to.Begin(), data[:x.Size]...), x)
			data = data[min(int(x.Size)+1, len(data)):]
		}
		return nil
	}
	_, got, err := e.Unmarshal(stored)
	require.NoError(t, err)
	require.Equal(t, all, recordsOf(t, got.(*Request)))

	broken := errors.New("broken")
	e.Format.Transcode = func(*Builder, string, string, []Record, []byte) error { return broken }
	_, _, err = e.Unmarshal(stored)
	require.ErrorIs(t, err, broken)
}

func FuzzRead(f *testing.F) {
	for _, codec := range codecs {
		f.Add(ofThree(format(codec), texts(3, 20)).store())
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		// With the checksum right, so that what is behind it is reached.
		if len(stored) < crc32.Size {
			return
		}
		end := len(stored) - crc32.Size
		stored = binary.LittleEndian.AppendUint32(stored[:end:end], crc32.ChecksumIEEE(stored[:end]))
		r, err := format(Gzip).read(stored)
		if err != nil {
			return
		}
		require.Len(t, positions(r), r.ItemsCount())
	})
}
