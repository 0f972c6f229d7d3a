package stytchprocessor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// What deduplicate::storage holds, numbers in little-endian order:
//
//	head        version 1 (1 byte), the key of the hashes (16), the first entry (8), checksum (4)
//	K/N         an entry: when it was written (8: seconds since the epoch), the keys of its
//	            events (16 each), checksum (4)
//
// K is the first eight bytes of the key of the hashes, N the entry's number, both in
// hexadecimal. Entries are numbered one after the other. The checksum is CRC-32C of the
// bytes before it.
//
// Everything is in the head that has to be known of another version: its first byte.

const (
	storedVersion = 1
	headName      = "head"
	headSize      = 1 + secretSize + 8 + checksumSize
	secretSize    = 16
	keySize       = 16
	checksumSize  = 4
)

// secret is the key of the hashes.
type secret [secretSize]byte

// head says where the entries are.
type head struct {
	secret secret
	first  uint64 // number of the first entry
}

var (
	errDamaged = errors.New("is damaged")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

func appendChecksum(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// checked returns b without its checksum.
func checked(b []byte) ([]byte, error) {
	if len(b) < checksumSize {
		return nil, errDamaged
	}
	body := b[:len(b)-checksumSize]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[len(body):]) {
		return nil, errDamaged
	}
	return body, nil
}

func (h *head) encode() []byte {
	b := append(make([]byte, 0, headSize), storedVersion)
	b = append(b, h.secret[:]...)
	return appendChecksum(binary.LittleEndian.AppendUint64(b, h.first))
}

// versionError is the error of a head that a later version of the collector has written.
type versionError uint8

func (v versionError) Error() string {
	return fmt.Sprintf("it holds version %d of what deduplication remembers, and this collector reads version %d: "+
		"run the collector that wrote it, or give the processor another storage, which begins empty", uint8(v), storedVersion)
}

// decodeHead returns a versionError, or errDamaged.
func decodeHead(b []byte) (h head, err error) {
	if len(b) > 0 && b[0] != storedVersion {
		return h, versionError(b[0])
	}
	body, err := checked(b)
	if err != nil || len(b) != headSize {
		return h, errDamaged
	}
	copy(h.secret[:], body[1:])
	h.first = binary.LittleEndian.Uint64(body[1+secretSize:])
	return h, nil
}

// entryName returns the name of an entry. Names sort by number: storages are faster when
// they append.
func (h *head) entryName(number uint64) string {
	return fmt.Sprintf("%x/%016x", h.secret[:8], number)
}

// appendEntry appends an entry of the time at, in seconds since the epoch.
func appendEntry(b []byte, at int64, keys []key) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(at))
	for _, k := range keys {
		b = binary.LittleEndian.AppendUint64(b, k[0])
		b = binary.LittleEndian.AppendUint64(b, k[1])
	}
	return appendChecksum(b)
}

// decodeEntry returns errDamaged unless b is a whole entry.
func decodeEntry(b []byte) (at int64, keys []key, err error) {
	body, err := checked(b)
	if err != nil || len(body) < 8+keySize || (len(body)-8)%keySize != 0 {
		return 0, nil, errDamaged
	}
	keys = make([]key, 0, len(body)/keySize)
	for rest := body[8:]; len(rest) > 0; rest = rest[keySize:] {
		keys = append(keys, key{binary.LittleEndian.Uint64(rest), binary.LittleEndian.Uint64(rest[8:])})
	}
	return int64(binary.LittleEndian.Uint64(body)), keys, nil
}
