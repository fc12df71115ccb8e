package password

import (
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trustelem/zxcvbn/frequency"
)

var update = flag.Bool("update", false, "write common.bin anew")

// ourWords are the words of the folder words, as they are written there.
func ourWords(t *testing.T) map[string][]string {
	t.Helper()
	words := map[string][]string{}
	names, err := filepath.Glob("words/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if !strings.HasPrefix(line, "#") {
				words[name] = append(words[name], strings.Fields(line)...)
			}
		}
	}
	return words
}

// umlauts are also written with an e, where the keyboard has none.
var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "ae", "Ö", "oe", "Ü", "ue")

// madeTable makes common.bin of its sources.
func madeTable(t *testing.T) []byte {
	t.Helper()
	all := slices.Clone(frequency.FrequencyLists["passwords"])
	if len(all) < 20_000 {
		t.Fatalf("the list of the package has only %d passwords", len(all))
	}
	for _, words := range ourWords(t) {
		for _, word := range words {
			all = append(all, word, umlauts.Replace(word))
		}
	}
	var sums []uint64
	for _, word := range all {
		folded := fold(word)
		if len(folded) < wordMin || len(folded) > wordMax {
			continue
		}
		h := newWordHash
		for i := range len(folded) {
			h = h.add(folded[i])
		}
		sums = append(sums, h.sum())
	}
	slices.Sort(sums)
	var out []byte
	for _, sum := range slices.Compact(sums) {
		out = append(out, binary.BigEndian.AppendUint64(nil, sum)[8-hashWidth:]...)
	}
	return out
}

// The list in the program is made of its sources and nothing else.
func TestCommonTable(t *testing.T) {
	made := madeTable(t)
	if *update {
		if err := os.WriteFile("common.bin", made, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(made) != commonFile {
		t.Error("common.bin is not what its sources make: run this test with -update")
	}
}

// A few hundred words of each language, none of them too short to be found.
func TestOurWords(t *testing.T) {
	for name, words := range ourWords(t) {
		least := 300
		if name == filepath.Join("words", "en.txt") {
			least = 100 // beside the list of the package, which is English
		}
		if len(words) < least {
			t.Errorf("%s has only %d words", name, len(words))
		}
		for _, word := range words {
			folded := fold(word)
			if len(folded) > wordMax {
				t.Errorf("%s: %q is never found: too long", name, word)
			}
			if len(folded) >= wordMin && len(commonOf(folded)) == 0 {
				t.Errorf("%s: %q is not in the list", name, word)
			}
		}
	}
	for _, word := range []string{"correctdonkey", "zqxwvk", "graffetta", "ciliegiaia"} {
		if ends := commonOf(word); slices.Contains(ends, len(word)) {
			t.Errorf("%q is in the list", word)
		}
	}
	if ends := commonOf("ciaociaociaox"); !slices.Contains(ends, 12) {
		t.Errorf("a word said three times ends at %v", ends)
	}
}

func commonOf(text string) (ends []int) {
	table(commonFile).words(text, func(end int) { ends = append(ends, end) })
	return ends
}
