package registry

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// A space keeps the values of one kind apart from those of another.
type space uint64

// The kinds of value that a register repeats by mistake, or shares.
const (
	spaceNumber space = iota
	spaceTaxCode
	spaceAHV
	spaceMail // e-mail and PEC
	spaceMobile
	spaceActivation
	spaceDeceased // membership numbers that rows have, and that survivors name
	spacePerson   // tax codes that rows have, and that represented people name
)

// repeats finds values that stand in more than one record, and counts the people
// behind them, in two readings of one file and little memory.
//
// The first reading sets one bit for each value (note). Only a value that finds
// its bit set is written down, with its person: the second and later records of
// a repeated value, and the few that hit a bit by chance. What is missing then
// is the first record of each repeated value. The second reading (see) sets the
// bits again in the same order and so meets that first record as the one which
// finds its bit free, before any other of its value: from there on the count is
// complete. A file without repeats costs about 8 bytes a record; one in which
// every value stands twice, some 40.
//
// Values are compared by 64 bits of a hash with a secret seed: nobody can write
// a file whose values collide.
type repeats struct {
	seed  maphash.Seed
	bits  []uint64
	marks [256][]mark   // by the hash's first byte
	first [256][]uint32 // beside each run of marks: 1 + who was on the value's first record; 0 for nobody yet
}

// A mark is one repeated value and one person, packed to 12 bytes.
type mark struct {
	high, low uint32 // of the value's hash
	who       uint32 // 24 bits of the person's hash, and 8 bits of the count of records, up to 255
}

const whoBits = 1<<24 - 1

func (m mark) hash() uint64 { return uint64(m.high)<<32 | uint64(m.low) }

// newRepeats makes room for a file of so many bytes: 4 values a record, 16 bits
// for each, if records have 256 bytes.
func newRepeats(size int64) *repeats {
	words := 1 << 10
	for int64(words) < size/256 && words < 1<<21 {
		words *= 2
	}
	return &repeats{seed: maphash.MakeSeed(), bits: make([]uint64, words)}
}

// hash is a value's hash in its space.
func (r *repeats) hash(s space, value string) uint64 {
	return maphash.String(r.seed, value) + uint64(s)*0x9E3779B97F4A7C15
}

// taken sets the bit of a hash and reports whether it was set.
func (r *repeats) taken(h uint64) bool {
	word, bit := h&uint64(len(r.bits)-1), uint64(1)<<(h>>24&63)
	was := r.bits[word]&bit != 0
	r.bits[word] |= bit
	return was
}

// note counts a value of the first reading. who is asked only if it is needed.
func (r *repeats) note(h uint64, who func() uint32) {
	if r.taken(h) {
		b := h >> 56
		if marks := r.marks[b]; len(marks) == cap(marks) {
			// Before growing: a file that says all things ten times needs no more
			// room than one that says them twice.
			marks = merge(marks)
			r.marks[b] = slices.Grow(marks, max(64, len(marks)/4))
		}
		r.marks[b] = append(r.marks[b], mark{uint32(h >> 32), uint32(h), who()&whoBits | 1<<24})
	}
}

// merge sorts marks and makes one of those that tell the same value and person.
func merge(marks []mark) []mark {
	slices.SortFunc(marks, func(x, y mark) int {
		return cmp.Or(cmp.Compare(x.hash(), y.hash()), cmp.Compare(x.who&whoBits, y.who&whoBits))
	})
	out := marks[:0]
	for _, m := range marks {
		if n := len(out); n > 0 && out[n-1].hash() == m.hash() && out[n-1].who&whoBits == m.who&whoBits {
			out[n-1].who = min(out[n-1].who>>24+m.who>>24, 255)<<24 | m.who&whoBits
			continue
		}
		out = append(out, m)
	}
	return out
}

// turn ends the first reading and begins the second.
func (r *repeats) turn() {
	clear(r.bits)
	for b, marks := range r.marks {
		r.marks[b] = merge(marks)
		r.first[b] = make([]uint32, len(r.marks[b]))
	}
}

// see meets a value in the second reading: how many records have it, and how
// many people. Both are exact up to 255 records of one person and 16 people,
// and large above.
func (r *repeats) see(h uint64, who func() uint32) (records, people int) {
	first := !r.taken(h)
	b := h >> 56
	marks := r.marks[b]
	if len(marks) == 0 {
		return 1, 1
	}
	at, found := slices.BinarySearchFunc(marks, h, func(m mark, h uint64) int { return cmp.Compare(m.hash(), h) })
	if !found {
		return 1, 1
	}
	if first {
		r.first[b][at] = who()&whoBits + 1
	}
	opener := r.first[b][at]
	for i := at; i < len(marks) && marks[i].hash() == h && people < 16; i++ {
		records += int(marks[i].who >> 24)
		people++
		if marks[i].who&whoBits+1 == opener {
			opener = 0
			records++
		}
	}
	if opener != 0 {
		records, people = records+1, people+1
	}
	return records, people
}

// again begins the second reading once more.
func (r *repeats) again() { clear(r.bits) }
