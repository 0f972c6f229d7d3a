package payload

import "hash/crc32"

// joinSums returns the CRC-32 (IEEE) of a text from those of its two parts and
// the length of the second, in bytes. A CRC is the remainder of the text as a
// polynomial over GF(2): the first part stands before the second as if
// multiplied by x to the second's length in bits, and adding is exclusive or.
func joinSums(first, second uint32, length int) uint32 {
	shift := uint32(one)
	for n, k := length, 3; n > 0; n, k = n>>1, k+1 { // 8 = 2³ bits a byte
		if n&1 != 0 {
			shift = multiply(shift, powers[k%len(powers)])
		}
	}
	return multiply(shift, first) ^ second
}

// one is the polynomial 1, whose coefficients stand in reverse, as in crc32.IEEE.
const one = 1 << 31

// powers are x to the power of 2 to the index. The period of x divides 2³²-1,
// so that the 33rd is the first again.
var powers = func() (p [32]uint32) {
	p[0] = one >> 1
	for i := range p[1:] {
		p[i+1] = multiply(p[i], p[i])
	}
	return p
}()

// multiply returns a·b modulo the polynomial of the CRC.
func multiply(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		if a&one != 0 {
			product ^= b
		}
		b = b>>1 ^ crc32.IEEE*(b&1) // times x
	}
	return product
}
