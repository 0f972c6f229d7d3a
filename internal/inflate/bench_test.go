package inflate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

var uuid = regexp.MustCompile(`(project-live-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// push returns n events as Stytch's Loki stream sends them. Their ids are as
// random as those of real events: a compressor does not find one in another.
func push(n int, random *rand.Rand) []byte {
	body := []byte(`{"streams":[{"stream":{"source":"stytch","service_name":"stytch.auth"},"values":[`)
	for i, event := range testdata.Mixed(n, testdata.Instant) {
		if i > 0 {
			body = append(body, ',')
		}
		line, _ := json.Marshal(uuid.ReplaceAllStringFunc(event.JSON, func(id string) string {
			if strings.HasPrefix(id, "project") {
				return id
			}
			a, b := random.Uint64(), random.Uint64()
			return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&(1<<48-1))
		}))
		body = fmt.Appendf(body, `["%d",%s]`, event.Time.UnixNano(), line)
	}
	return append(body, `]}]}`...)
}

func gzipped(plain []byte, level int) []byte {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, level)
	if err != nil {
		panic(err)
	}
	w.Write(plain) //nolint:errcheck // into memory
	w.Close()
	return packed.Bytes()
}

// BenchmarkGunzip takes a body after the other, as a server does: one alone
// would be learned by heart. Beside it stand klauspost's reader, used again as
// in a pool, and the part that is the checksum.
func BenchmarkGunzip(b *testing.B) {
	var reader gzip.Reader
	wire := bytes.NewReader(nil)
	buffered := bufio.NewReader(wire)
	for _, n := range []int{1, 100, 1000} {
		random := rand.New(rand.NewPCG(1, uint64(n)))
		var plain, packed [][]byte
		size := 0 // of the largest
		for i := range max(2, 2000/n) {
			plain = append(plain, push(n, random))
			packed = append(packed, gzipped(plain[i], gzip.DefaultCompression))
			size = max(size, len(plain[i]))
		}
		buffer := make([]byte, size+1)
		for _, by := range []struct {
			name  string
			unzip func(i int) (int, error)
		}{
			{"klauspost", func(i int) (int, error) {
				wire.Reset(packed[i])
				buffered.Reset(wire)
				if err := reader.Reset(buffered); err != nil {
					return 0, err
				}
				n, _ := io.ReadFull(&reader, buffer)
				return n, nil
			}},
			{"inflate", func(i int) (int, error) {
				out, err := Gunzip(buffer[:0], packed[i], 1<<30)
				return len(out), err
			}},
			{"crc", func(i int) (int, error) {
				crc32.ChecksumIEEE(plain[i])
				return len(plain[i]), nil
			}},
		} {
			b.Run(fmt.Sprintf("events=%d/by=%s", n, by.name), func(b *testing.B) {
				b.ReportAllocs()
				total := 0
				for i := 0; b.Loop(); i++ {
					size, err := by.unzip(i % len(plain))
					if err != nil || size != len(plain[i%len(plain)]) {
						b.Fatal(size, err)
					}
					total += size
				}
				b.SetBytes(int64(total / b.N))
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
			})
		}
	}
}
