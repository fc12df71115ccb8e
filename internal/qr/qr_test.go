package qr

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const uri = "otpauth://totp/Fondation%20Alpina:u.brunner%40posta.example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Fondation%20Alpina"

// What is drawn is read again by a reader that was written from the standard.
func TestDecodes(t *testing.T) {
	for _, text := range []string{
		"a", "otpauth", uri, uri + strings.Repeat("%20", 30), "Fürsorge für Söhne", "x" + strings.Repeat("lampada e nuvola ", 12),
	} {
		svg, err := SVG(text, "x")
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(modules(t, svg))
		if err != nil || got != text {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
	}
}

// The picture stands in a page under a strict policy, and says what it is.
func TestPicture(t *testing.T) {
	svg, err := SVG(uri, `Codice QR per l'app <"&>`)
	if err != nil {
		t.Fatal(err)
	}
	want := `^<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 (\d+) (\d+)" role="img" aria-label="Codice QR per l&#39;app &lt;&#34;&amp;&gt;" shape-rendering="crispEdges">` +
		`<path fill="#fff" d="M0 0h\d+v\d+H0z"/><path fill="#000" d="[Mhvz0-9 -]+"/></svg>$`
	if !regexp.MustCompile(want).MatchString(string(svg)) {
		t.Errorf("%.300s", svg)
	}
	if len(svg) > 16<<10 {
		t.Errorf("%d bytes", len(svg))
	}
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := SVG(strings.Repeat("x", 3000), "x"); err == nil {
		t.Error("3,000 bytes fit no code")
	}
}

var (
	viewBox = regexp.MustCompile(`viewBox="0 0 (\d+) (\d+)"`)
	strips  = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
)

// modules reads the picture: true is dark. It checks the border.
func modules(t *testing.T, svg template.HTML) [][]bool {
	t.Helper()
	number := func(s string) int { n, err := strconv.Atoi(s); must(t, err); return n }
	box := viewBox.FindStringSubmatch(string(svg))
	side := number(box[1]) - 2*quiet
	if box[1] != box[2] || side < 21 || side%4 != 1 {
		t.Fatalf("sides of %s and %s", box[1], box[2])
	}
	m := make([][]bool, side)
	for y := range m {
		m[y] = make([]bool, side)
	}
	for _, s := range strips.FindAllStringSubmatch(string(svg), -1) {
		x, y, n := number(s[1])-quiet, number(s[2])-quiet, number(s[3])
		if s[3] != s[4] || x < 0 || y < 0 || x+n > side || y >= side {
			t.Fatalf("%s lies outside", s[0])
		}
		for i := range n {
			m[y][x+i] = true
		}
	}
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// blocksM are, for each version at level M (ISO/IEC 18004, table 9): check bytes of
// a block, blocks, and bytes of data in each.
var blocksM = [][][3]int{
	1: {{10, 1, 16}}, 2: {{16, 1, 28}}, 3: {{26, 1, 44}}, 4: {{18, 2, 32}}, 5: {{24, 2, 43}}, 6: {{16, 4, 27}}, 7: {{18, 4, 31}},
	8: {{22, 2, 38}, {22, 2, 39}}, 9: {{22, 3, 36}, {22, 2, 37}}, 10: {{26, 4, 43}, {26, 1, 44}}, 11: {{30, 1, 50}, {30, 4, 51}}, 12: {{22, 6, 36}, {22, 2, 37}},
}

// aligned are the middles of the alignment patterns (annex E).
var aligned = [][]int{2: {6, 18}, 3: {6, 22}, 4: {6, 26}, 5: {6, 30}, 6: {6, 34}, 7: {6, 22, 38}, 8: {6, 24, 42}, 9: {6, 26, 46}, 10: {6, 28, 50}, 11: {6, 30, 54}, 12: {6, 32, 58}}

// masks are the conditions of table 10; x is the column.
var masks = []func(x, y int) bool{
	func(x, y int) bool { return (x+y)%2 == 0 }, func(_, y int) bool { return y%2 == 0 },
	func(x, _ int) bool { return x%3 == 0 }, func(x, y int) bool { return (x+y)%3 == 0 },
	func(x, y int) bool { return (y/2+x/3)%2 == 0 }, func(x, y int) bool { return x*y%2+x*y%3 == 0 },
	func(x, y int) bool { return (x*y%2+x*y%3)%2 == 0 }, func(x, y int) bool { return ((x+y)%2+x*y%3)%2 == 0 },
}

// decode reads a code of level M up to version 12 that has no fault: what is not
// exactly as the standard has it is an error.
func decode(m [][]bool) (string, error) {
	side := len(m)
	version := (side - 17) / 4
	if version >= len(blocksM) {
		return "", fmt.Errorf("version %d", version)
	}
	for _, corner := range [][2]int{{3, 3}, {side - 4, 3}, {3, side - 4}} {
		for dy := -3; dy <= 3; dy++ {
			for dx := -3; dx <= 3; dx++ {
				if ring := max(dx, -dx, dy, -dy); m[corner[1]+dy][corner[0]+dx] != (ring != 2) {
					return "", errors.New("a finder pattern is broken")
				}
			}
		}
	}
	format := 0
	for _, at := range [][2]int{{0, 8}, {1, 8}, {2, 8}, {3, 8}, {4, 8}, {5, 8}, {7, 8}, {8, 8}, {8, 7}, {8, 5}, {8, 4}, {8, 3}, {8, 2}, {8, 1}, {8, 0}} {
		format = format<<1 | bit(m[at[1]][at[0]])
	}
	format ^= 0b101010000010010
	if level := format >> 13; level != 0 {
		return "", fmt.Errorf("level %d is not M", level)
	}
	mask := masks[format>>10&7]
	blocks, err := deal(codewords(m, version, mask), blocksM[version])
	if err != nil {
		return "", err
	}
	return text(blocks, version)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// reserved says which modules are no data.
func reserved(side, version, x, y int) bool {
	if x == 6 || y == 6 || x < 9 && y < 9 || x >= side-8 && y < 9 || x < 9 && y >= side-8 {
		return true
	}
	if version >= 7 && (x < 6 && y >= side-11 || y < 6 && x >= side-11) {
		return true
	}
	if version < 2 {
		return false
	}
	last := aligned[version][len(aligned[version])-1]
	for _, cy := range aligned[version] {
		for _, cx := range aligned[version] {
			if cx == 6 && cy == 6 || cx == 6 && cy == last || cx == last && cy == 6 {
				continue
			}
			if max(x-cx, cx-x, y-cy, cy-y) <= 2 {
				return true
			}
		}
	}
	return false
}

// codewords reads the modules up and down in pairs of columns from the right.
func codewords(m [][]bool, version int, mask func(x, y int) bool) (words []byte) {
	side := len(m)
	word, n, up := 0, 0, true
	for right := side - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for i := range side {
			y := i
			if up {
				y = side - 1 - i
			}
			for _, x := range []int{right, right - 1} {
				if reserved(side, version, x, y) {
					continue
				}
				word = word<<1 | bit(m[y][x] != mask(x, y))
				if n++; n%8 == 0 {
					words = append(words, byte(word))
					word = 0
				}
			}
		}
		up = !up
	}
	return words
}

// deal gives the words back to their blocks, looks at the check bytes of each, and
// returns the data in order.
func deal(words []byte, plan [][3]int) (data []byte, err error) {
	var blocks [][]byte
	var sizes []int
	for _, p := range plan {
		for range p[1] {
			blocks, sizes = append(blocks, nil), append(sizes, p[2])
		}
	}
	take := func(i int) { blocks[i] = append(blocks[i], words[0]); words = words[1:] }
	for n := range slices.Max(sizes) {
		for i := range blocks {
			if n < sizes[i] {
				take(i)
			}
		}
	}
	for range plan[0][0] {
		for i := range blocks {
			take(i)
		}
	}
	for i, b := range blocks {
		for root := range plan[0][0] {
			sum := byte(0)
			for _, c := range b {
				sum = times(sum, power(root)) ^ c
			}
			if sum != 0 {
				return nil, fmt.Errorf("block %d: the check bytes do not agree", i)
			}
		}
		data = append(data, b[:sizes[i]]...)
	}
	return data, nil
}

// times multiplies in GF(256) with the polynomial 0x11d.
func times(a, b byte) (p byte) {
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			p ^= a
		}
		carry := a&0x80 != 0
		a <<= 1
		if carry {
			a ^= 0x1d
		}
	}
	return p
}

func power(n int) byte {
	p := byte(1)
	for range n {
		p = times(p, 2)
	}
	return p
}

// text reads one segment of bytes.
func text(data []byte, version int) (string, error) {
	at := 0
	next := func(n int) (v int) {
		for range n {
			v = v<<1 | int(data[at/8]>>(7-at%8)&1)
			at++
		}
		return v
	}
	if mode := next(4); mode != 4 {
		return "", fmt.Errorf("mode %d", mode)
	}
	length := 8
	if version > 9 {
		length = 16
	}
	var b []byte
	for range next(length) {
		b = append(b, byte(next(8)))
	}
	return string(b), nil
}
