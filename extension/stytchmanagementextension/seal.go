package stytchmanagementextension

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// A stored value is one byte for its form and then its text, which is JSON:
//
//	0x01 │ text
//	0x02 │ nonce, 12 bytes │ text in AES-256-GCM │ tag, 16 bytes
//
// The additional data of the seal is the key that the value is stored under, so that a
// value moved to another key does not open.
const (
	formPlain  = 1
	formSealed = 2
)

// sealKeySize is in bytes: AES-256.
const sealKeySize = 32

// seals opens and closes stored values. The first of its ciphers closes, all open.
type seals []cipher.AEAD

func newSeals(keys [][]byte) (seals, error) {
	all := make(seals, len(keys))
	for i, key := range keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		if all[i], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// close returns the value to store under key. Without a cipher it is plain.
func (s seals) close(key string, text []byte) []byte {
	if len(s) == 0 {
		return append([]byte{formPlain}, text...)
	}
	return s[0].Seal([]byte{formSealed}, nil, text, []byte(key)) //nolint:gosec // the cipher makes the nonce
}

// open returns the text of a stored value, and whether close would store it otherwise
// now: under another encryption key, sealed instead of plain.
func (s seals) open(key string, value []byte) (text []byte, stale bool, err error) {
	if len(value) == 0 {
		return nil, false, errors.New("the value is empty")
	}
	switch form, rest := value[0], value[1:]; form {
	case formPlain:
		return rest, len(s) > 0, nil
	case formSealed:
		for i, c := range s {
			if text, err := c.Open(nil, nil, rest, []byte(key)); err == nil {
				return text, i > 0, nil
			}
		}
		if len(s) == 0 {
			return nil, false, errors.New("it is sealed: set `encryption_keys` to the keys it was sealed with")
		}
		return nil, false, errors.New("none of `encryption_keys` opens it: add the key it was sealed with, or restore a backup if it is damaged")
	default:
		return nil, false, fmt.Errorf("its form %d is unknown: a newer version has written it", form)
	}
}
