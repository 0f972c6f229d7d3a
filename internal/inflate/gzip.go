package inflate

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// Flags of a member's header (RFC 1952, section 2.3.1).
const (
	flagHeaderCRC = 1 << (iota + 1)
	flagExtra
	flagName
	flagComment
	flagsReserved = 0xe0

	headerSize  = 10 // without what the flags announce
	trailerSize = 8
	maxText     = 512 // of a name or a comment, with its end, as in compress/gzip
)

// Gunzip decompresses the gzip members in src and appends the output to dst. Limit bounds
// the appended bytes. Without any member it returns io.EOF. With an error it returns the
// output before the error, except with ErrTooLarge. A header with reserved flags is invalid,
// as RFC 1952 requires, though compress/gzip accepts it.
func Gunzip(dst, src []byte, limit int) ([]byte, error) {
	guess := 0
	if len(src) > headerSize+trailerSize {
		guess = int(binary.LittleEndian.Uint32(src[len(src)-4:])) // of the last member
	}
	d := decoders.Get().(*decoder)
	d.start(dst, src, limit, guess)
	err := d.members()
	return d.finish(dst, err), err
}

func (d *decoder) members() error {
	for first := true; ; first = false {
		size, err := headerLen(d.in[d.pos:])
		if errors.Is(err, io.EOF) && !first {
			return nil
		}
		if err != nil {
			return err
		}
		d.pos += size
		if err := d.stream(); err != nil {
			return err
		}
		trailer := d.in[d.pos:]
		if len(trailer) < trailerSize {
			return io.ErrUnexpectedEOF
		}
		d.checksum()
		if binary.LittleEndian.Uint32(trailer) != d.sum || binary.LittleEndian.Uint32(trailer[4:]) != uint32(d.w-d.member) {
			return gzip.ErrChecksum
		}
		d.pos += trailerSize
	}
}

// headerLen returns the length of the member header at the start of src.
func headerLen(src []byte) (int, error) {
	switch {
	case len(src) == 0:
		return 0, io.EOF
	case len(src) < headerSize:
		return 0, io.ErrUnexpectedEOF
	case src[0] != 0x1f || src[1] != 0x8b || src[2] != 8 || src[3]&flagsReserved != 0:
		return 0, gzip.ErrHeader
	}
	flags, at := src[3], headerSize
	if flags&flagExtra != 0 {
		if len(src) < at+2 {
			return 0, io.ErrUnexpectedEOF
		}
		if at += 2 + int(binary.LittleEndian.Uint16(src[at:])); at > len(src) {
			return 0, io.ErrUnexpectedEOF
		}
	}
	for _, flag := range []byte{flagName, flagComment} {
		if flags&flag == 0 {
			continue
		}
		text := src[at:min(at+maxText, len(src))]
		end := bytes.IndexByte(text, 0)
		switch {
		case end < 0 && len(text) == maxText:
			return 0, gzip.ErrHeader
		case end < 0:
			return 0, io.ErrUnexpectedEOF
		}
		at += end + 1
	}
	if flags&flagHeaderCRC != 0 {
		if len(src) < at+2 {
			return 0, io.ErrUnexpectedEOF
		}
		if binary.LittleEndian.Uint16(src[at:]) != uint16(crc32.ChecksumIEEE(src[:at])) {
			return 0, gzip.ErrHeader
		}
		at += 2
	}
	return at, nil
}
