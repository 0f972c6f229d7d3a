package stytchprocessor

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The hash is the last block of CBC with AES, of the length, the kind and the text.
func TestMAC(t *testing.T) {
	block, err := aes.NewCipher([]byte("0123456789abcdef"))
	require.NoError(t, err)
	seen := map[key]string{}
	for n := range 100 {
		text := strings.Repeat("x", n)
		for kind, sum := range map[byte]func(*mac, string) key{'p': (*mac).project, 'i': (*mac).id} {
			plain := binary.LittleEndian.AppendUint64(nil, uint64(n))
			plain = append(append(plain, kind, 0, 0, 0, 0, 0, 0, 0), text...)
			plain = append(plain, make([]byte, (aes.BlockSize-n%aes.BlockSize)%aes.BlockSize)...)
			cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(plain, plain)
			last := plain[len(plain)-aes.BlockSize:]
			got := sum(&mac{block: block}, text)
			require.Equal(t, key{binary.LittleEndian.Uint64(last), binary.LittleEndian.Uint64(last[8:])}, got)
			require.Empty(t, seen[got])
			seen[got] = string(kind) + text
		}
	}
}
