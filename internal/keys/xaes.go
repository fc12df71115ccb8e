package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
)

// xaes is XAES-256-GCM (C2SP XAES-256-GCM, version 1): AES-256-GCM with a
// 24-byte nonce, so that nonces may be random for any number of records. Plain
// GCM allows 2^32 random nonces a key; here the first half of the nonce makes a
// key of its own (CMAC in counter mode, NIST SP 800-108r1), the second half is
// that key's nonce. The cost over plain GCM is one AES key schedule a record.
type xaes struct {
	block cipher.Block
	k1    [aes.BlockSize]byte // CMAC's first subkey
}

const nonceLen = 24

func newXAES(key []byte) xaes {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only a wrong length: every key here is 32 bytes
	}
	x := xaes{block: block}
	block.Encrypt(x.k1[:], x.k1[:])
	// Doubling in GF(2^128): shift left by one bit, and fold the lost bit back in.
	var carry byte
	for i := len(x.k1) - 1; i >= 0; i-- {
		x.k1[i], carry = x.k1[i]<<1|carry, x.k1[i]>>7
	}
	x.k1[len(x.k1)-1] ^= carry * 0x87
	return x
}

// gcm is the cipher of one nonce; it is used with the nonce's last 12 bytes.
func (x xaes) gcm(nonce []byte) cipher.AEAD {
	var key [2 * aes.BlockSize]byte
	for i := range 2 {
		half := key[i*aes.BlockSize:][:aes.BlockSize]
		copy(half, []byte{0, byte(i + 1), 'X', 0})
		copy(half[4:], nonce[:12])
		subtle.XORBytes(half, half, x.k1[:])
		x.block.Encrypt(half, half)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the length is right
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // the block size is right
	}
	return aead
}

// seal appends the sealed plain to dst.
func (x xaes) seal(dst, nonce, plain, aad []byte) []byte {
	return x.gcm(nonce).Seal(dst, nonce[12:], plain, aad)
}

// open appends the opened value to dst, or says that it was not sealed so.
func (x xaes) open(dst, nonce, sealed, aad []byte) ([]byte, error) {
	return x.gcm(nonce).Open(dst, nonce[12:], sealed, aad)
}
