package lokiexporter

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"go.opentelemetry.io/collector/config/configcompression"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// Encoding is how a request is encoded.
type Encoding string

const (
	encodingJSON     Encoding = "json"
	encodingProtobuf Encoding = "protobuf"
)

// encoder encodes the requests of one configuration.
type encoder struct {
	lokipush.Encoding
	format *payload.Format
}

// encoder follows `encoding` and `compression`. Loki does not read the other
// compressions of confighttp, or reads, as with deflate, another format.
func (cfg *Config) encoder() (*encoder, error) {
	compression := cfg.ClientConfig.Compression
	switch {
	case cfg.Encoding == encodingJSON && (compression == "" || compression == configcompression.TypeGzip || compression == "none"):
		codec, _ := payload.CodecOf(cmp.Or(compression, configcompression.TypeGzip))
		return cfg.newEncoder(lokipush.JSON, codec), nil
	case cfg.Encoding == encodingJSON:
		return nil, fmt.Errorf("compression: must be gzip or none with the encoding json, got %q", compression)
	case cfg.Encoding == encodingProtobuf && (compression == "" || compression == configcompression.TypeSnappy):
		return cfg.newEncoder(lokipush.Protobuf, payload.Snappy), nil
	case cfg.Encoding == encodingProtobuf:
		return nil, fmt.Errorf("compression: must be snappy, or not set, with the encoding protobuf, of which it is a part, got %q", compression)
	default:
		return nil, fmt.Errorf("encoding: must be json or protobuf, got %q", cfg.Encoding)
	}
}

func (cfg *Config) newEncoder(encoding lokipush.Encoding, codec payload.Codec) *encoder {
	enc := &encoder{Encoding: encoding}
	enc.format = &payload.Format{
		Name:      encoding.ContentType(),
		Head:      encoding.AppendHead,
		Separator: encoding.Separator(),
		Tail:      encoding.Tail(),
		MaxBytes:  cfg.MaxRequestBytes, MaxRecords: math.MaxInt,
		Codec:     codec,
		Transcode: enc.transcode,
	}
	return enc
}

// transcode adds entries that were stored in the other encoding.
func (enc *encoder) transcode(to *payload.Builder, name, labels string, _ []payload.Record, entries []byte) error {
	var push lokipush.Request
	stored, decode := lokipush.JSON, push.DecodeJSON
	switch name {
	case lokipush.JSON.ContentType():
	case lokipush.Protobuf.ContentType():
		stored, decode = lokipush.Protobuf, push.DecodeProtobuf
	default:
		return fmt.Errorf("entries stored as %q", name)
	}
	body := append(stored.AppendHead(nil, labels, len(entries)), entries...)
	if err := decode(append(body, stored.Tail()...)); err != nil {
		return fmt.Errorf("entries stored as %s: %w", name, err)
	}
	if len(push.Streams) != 1 {
		return errors.New("entries of more than one stream")
	}
	to.Stream(string(enc.AppendLabels(nil, push.Streams[0].Labels)))
	for _, e := range push.Streams[0].Entries {
		line := lokipush.Line{Timestamp: e.Timestamp, Text: e.Line, Metadata: enc.AppendMetadata(nil, e.Metadata)}
		to.End(enc.AppendEntry(to.Begin(), &line), payload.Record{At: e.Timestamp, Text: uint32(len(e.Line))})
	}
	return nil
}
