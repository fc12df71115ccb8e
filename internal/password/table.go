package password

import (
	_ "embed"
	"encoding/binary"
	"strings"
)

// common.bin is what people take for passwords: the words of the folder words,
// which are ours, and the list of the most used passwords that trustelem/zxcvbn
// (MIT) brings. Each is folded and stands as forty bits of its hash, in order, so
// that the list is 150 KB, is searched where the program's file lies in memory,
// costs nothing at the start, and shows no foul word to who reads the source.
// The licence of the list is in common.bin.LICENSE. TestCommonTable makes the file:
// `go test ./internal/password -run CommonTable -update`.
//
//go:embed common.bin
var commonFile string

// A table is a sorted list of hashes, hashWidth bytes each, big-endian.
type table string

const (
	hashWidth = 5
	// Of a shorter word too many are parts of others; nobody types a longer one.
	wordMin, wordMax = 4, 26
)

// wordHash is FNV-1a, to be fed a byte at a time and folded to forty bits. It need
// not withstand anybody: whoever makes two words collide has only himself refused.
type wordHash uint64

const newWordHash wordHash = 14695981039346656037

func (h wordHash) add(b byte) wordHash { return (h ^ wordHash(b)) * 1099511628211 }

func (h wordHash) sum() uint64 { return uint64(h)>>40 ^ uint64(h)&(1<<40-1) }

// has reports whether a hash is in the list.
func (t table) has(sum uint64) bool {
	low, high := 0, len(t)/hashWidth
	for low < high {
		middle := (low + high) / 2
		switch got := t.at(middle); {
		case got == sum:
			return true
		case got < sum:
			low = middle + 1
		default:
			high = middle
		}
	}
	return false
}

func (t table) at(i int) uint64 {
	var b [8]byte
	copy(b[8-hashWidth:], t[i*hashWidth:(i+1)*hashWidth])
	return binary.BigEndian.Uint64(b[:])
}

// words calls yield with the end of each word of the list that begins where the
// text does. A word said again and again is one word.
func (t table) words(text string, yield func(end int)) {
	h := newWordHash
	for n := 1; n <= min(len(text), wordMax); n++ {
		h = h.add(text[n-1])
		if n < wordMin || !t.has(h.sum()) {
			continue
		}
		for end := n; ; end += n {
			yield(end)
			if !strings.HasPrefix(text[end:], text[:n]) {
				break
			}
		}
	}
}
