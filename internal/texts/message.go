package texts

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// A message is one text of one language, as it is written in its file. Most have
// one form; count is the hole whose number chooses among several, "" if there is
// no choice.
type message struct {
	one, many, other string
	count            string
}

// countHoles are the holes that can choose a form, the first that a text has.
var countHoles = []string{"n", "minutes", "hours", "days", "seconds"}

// readFile reads a message file that nobody has judged before: a line a key, or
// a table of its plural forms. The error names the file and
// the line of all that is wrong.
func readFile(file string, data []byte) (messages, error) {
	// What is no TOML is best said by who knows all of it; readTexts only reads.
	var whole map[string]any
	if err := toml.Unmarshal(data, &whole); err != nil {
		if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, _ := bad.Position()
			return nil, fmt.Errorf("%s:%d: %w", file, row, err)
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return readTexts(file, data)
}

// readTexts reads the keys and texts of a message file. The four of the product are
// read as the program starts to speak, so it takes the parser's word for each
// line and builds nothing but the texts.
func readTexts(file string, data []byte) (messages, error) {
	all := make(messages, bytes.Count(data, []byte("\n")))
	var wrong []error
	// put notes the text at the end of a path: a key, or a key and a form.
	var put func(path []string, value *unstable.Node)
	put = func(path []string, value *unstable.Node) {
		m := all[path[0]]
		if m == nil {
			m = &message{}
			all[path[0]] = m
		}
		switch {
		case value.Kind == unstable.InlineTable:
			for forms := value.Children(); forms.Next(); {
				form := forms.Node()
				put(append(slices.Clip(path), keyOf(form)...), form.Value())
			}
		case len(path) == 1 && value.Kind == unstable.String:
			m.other = string(value.Data)
		case len(path) == 1:
			wrong = append(wrong, at(file, data, path[0], "%q is no text", path[0]))
		case len(path) == 2 && value.Kind == unstable.String && m.formOf(path[1]) != nil:
			*m.formOf(path[1]) = string(value.Data)
		default:
			wrong = append(wrong, at(file, data, path[0], "%q has %q, and can have the texts one, many and other", path[0], path[1]))
		}
	}
	p := unstable.Parser{}
	p.Reset(data)
	var table []string
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = keyOf(e)
			all[table[0]] = &message{}
		case unstable.KeyValue:
			put(append(slices.Clip(table), keyOf(e)...), e.Value())
		default:
			key := keyOf(e)[0]
			wrong = append(wrong, at(file, data, key, "%q is no text", key))
		}
	}
	if err := p.Error(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if wrong != nil {
		return nil, errors.Join(wrong...)
	}
	for key, m := range all {
		if err := m.check(); err != nil {
			wrong = append(wrong, at(file, data, key, "%q %w", key, err))
		}
	}
	return all, errors.Join(wrong...)
}

// keyOf is the dotted key of a line, an inline table's entry or a table.
func keyOf(n *unstable.Node) (parts []string) {
	for k := n.Key(); k.Next(); {
		parts = append(parts, string(k.Node().Data))
	}
	return parts
}

// formOf is where the text of a CLDR form is kept; nil if we have no such form.
func (m *message) formOf(name string) *string {
	switch name {
	case "one":
		return &m.one
	case "many":
		return &m.many
	case "other":
		return &m.other
	}
	return nil
}

// check reports what is wrong with a text by itself, and finds what its forms
// hang on.
func (m *message) check() error {
	if m.other == "" {
		return errors.New("has no text")
	}
	for _, form := range []string{m.other, m.one, m.many} {
		if err := braces(form); err != nil {
			return err
		}
	}
	if m.one == "" {
		return nil
	}
	all := m.holes()
	i := slices.IndexFunc(countHoles, func(name string) bool { return slices.Contains(all, name) })
	if i < 0 {
		return fmt.Errorf("has a form for one and no number to choose it: name a hole %s", strings.Join(countHoles, ", "))
	}
	m.count = countHoles[i]
	if m.many == "" {
		m.many = m.other // what CLDR wants for a million in Italian and French: «un milione di ...»
	}
	for _, form := range []string{m.one, m.many} {
		// «one try left» may say the number in words; nothing else may be missing.
		if h := holesOf(form); !slices.Equal(add(h, m.count), all) {
			return fmt.Errorf("has the holes %v in one form and %v in the other", h, all)
		}
	}
	return nil
}

func add(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	names = append(slices.Clone(names), name)
	slices.Sort(names)
	return names
}

// braces reports a brace of a text that is not of a hole: a hole is a small
// letter with small letters and digits behind it, in braces.
func braces(text string) error {
	for rest := text; ; {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			return nil
		}
		_, name, behind := next(rest[i:])
		if rest[i] != '{' || !isHole(name) {
			return fmt.Errorf("has a brace that is no hole at %q", rest[i:min(len(rest), i+12)])
		}
		rest = behind
	}
}

func isHole(name string) bool {
	for i, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return name != ""
}

// next cuts a text at its first hole, whose name is "" if there is none.
func next(text string) (before, hole, behind string) {
	i := strings.IndexByte(text, '{')
	if i < 0 {
		return text, "", ""
	}
	end := strings.IndexByte(text[i:], '}')
	if end < 0 {
		return text, "", ""
	}
	return text[:i], text[i+1 : i+end], text[i+end+1:]
}

// holes are those of the text, sorted; every form has them, but for the number.
func (m *message) holes() []string { return holesOf(m.other) }

func holesOf(text string) (names []string) {
	for {
		_, hole, behind := next(text)
		if hole == "" {
			slices.Sort(names)
			return names
		}
		if !slices.Contains(names, hole) {
			names = append(names, hole)
		}
		text = behind
	}
}

// swiss are French texts as Switzerland spaces them: nothing before : ; ? ! and
// inside guillemets (glossary, part 2).
func swiss(french messages) messages {
	all := make(messages, len(french))
	for key, m := range french {
		all[key] = &message{one: swissSpaces.Replace(m.one), many: swissSpaces.Replace(m.many), other: swissSpaces.Replace(m.other), count: m.count}
	}
	return all
}

var swissSpaces = strings.NewReplacer("\u00a0:", ":", "«\u00a0", "«", "\u00a0»", "»",
	"\u202f;", ";", "\u202f!", "!", "\u202f?", "?")

// formFor is the CLDR form of a whole number: in Italian and French millions
// have one of their own, and French says nothing as one. A test holds it to
// go-i18n, which has the rules of every language.
func formFor(lang string, n int64) string {
	n = max(n, -n)
	romance := lang == "it" || lang == "fr"
	switch {
	case n == 1 || n == 0 && lang == "fr":
		return "one"
	case romance && n != 0 && n%1_000_000 == 0:
		return "many"
	}
	return "other"
}

// at is an error with the file and the line of a key.
func at(file string, data []byte, key, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if n := lineOf(data, key); n > 0 {
		return fmt.Errorf("%s:%d: %w", file, n, err)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// lineOf is the line a key stands on, or 0. The file has been decoded before.
func lineOf(data []byte, key string) int {
	p := unstable.Parser{}
	p.Reset(data)
	for p.NextExpression() {
		if k := p.Expression().Key(); k.Next() && string(k.Node().Data) == key {
			return p.Shape(k.Node().Raw).Start.Line
		}
	}
	return 0
}
