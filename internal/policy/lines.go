package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// lines knows on which line a key stands. Keys are joined by dots, tables of an
// array are numbered from 0: «flow.1.steps.0.code».
type lines map[string]int

// of is the line of key, or of the nearest table around it, or 0.
func (l lines) of(key string) int {
	for {
		if n := l[key]; n > 0 {
			return n
		}
		i := strings.LastIndexByte(key, '.')
		if i < 0 {
			return 0
		}
		key = key[:i]
	}
}

// A syntax is the file's parser, and where its lines end: the parser itself
// counts them from the first one each time it is asked.
type syntax struct {
	unstable.Parser
	breaks []int
}

func (p *syntax) line(r unstable.Range) int {
	before, _ := slices.BinarySearch(p.breaks, int(r.Offset))
	return before + 1
}

// readLines walks the file's syntax. The file has been decoded before, so it is
// well formed.
func readLines(data []byte) (lines, error) {
	l := lines{}
	p := &syntax{}
	p.Reset(data)
	for i, c := range data {
		if c == '\n' {
			p.breaks = append(p.breaks, i)
		}
	}
	count := map[string]int{}
	at := ""
	for p.NextExpression() {
		e := p.Expression()
		key, line := keyOf(p, e)
		switch e.Kind {
		case unstable.Table:
			at = numbered(key, count)
			l.put(at, line)
		case unstable.ArrayTable:
			key = numbered(key, count)
			n := count[key]
			count[key]++
			at = fmt.Sprintf("%s.%d", key, n)
			l.put(at, line)
		case unstable.KeyValue:
			whole := key
			if at != "" {
				whole = at + "." + key
			}
			l.put(whole, line)
			l.value(p, whole, e.Value(), line)
		}
	}
	return l, p.Error()
}

func (l lines) put(key string, line int) {
	if l[key] == 0 {
		l[key] = line
	}
}

// value walks into inline tables and arrays.
func (l lines) value(p *syntax, key string, v *unstable.Node, line int) {
	i := 0
	for c := v.Children(); c.Next(); {
		n := c.Node()
		switch {
		case v.Kind == unstable.Array:
			inner := fmt.Sprintf("%s.%d", key, i)
			if first := firstKey(p, n); first > 0 {
				line = first
			}
			l.put(inner, line)
			l.value(p, inner, n, line)
			i++
		case n.Kind == unstable.KeyValue:
			k, at := keyOf(p, n)
			l.put(key+"."+k, at)
			l.value(p, key+"."+k, n.Value(), at)
		}
	}
}

// firstKey is the line of the first key inside an inline table, or 0.
func firstKey(p *syntax, n *unstable.Node) int {
	if n.Kind != unstable.InlineTable {
		return 0
	}
	for c := n.Children(); c.Next(); {
		_, line := keyOf(p, c.Node())
		return line
	}
	return 0
}

func keyOf(p *syntax, n *unstable.Node) (key string, line int) {
	var parts []string
	for k := n.Key(); k.Next(); {
		parts = append(parts, string(k.Node().Data))
		if line == 0 {
			line = p.line(k.Node().Raw)
		}
	}
	return strings.Join(parts, "."), line
}

// numbered puts the number of the last table of each array into a key: in
// [[a]] [a.b], a.b is «a.0.b».
func numbered(key string, count map[string]int) string {
	parts := strings.Split(key, ".")
	out := ""
	for i, part := range parts {
		if i > 0 {
			out += "."
		}
		out += part
		if n := count[out]; n > 0 && i < len(parts)-1 {
			out = fmt.Sprintf("%s.%d", out, n-1)
		}
	}
	return out
}
