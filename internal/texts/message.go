package texts

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
	"golang.org/x/text/language"
)

// A message is one text of one language. Most have one form; count is the hole
// whose number chooses among several, "" if there is no choice.
type message struct {
	one, many, other phrase
	count            string
	holes            []string // of all forms, sorted
}

// A phrase is a text cut at its holes.
type phrase []piece

// A piece is some text and the hole behind it, "" after the last.
type piece struct{ text, hole string }

// countHoles are the holes that can choose a form, the first that a text has.
var countHoles = []string{"n", "minutes", "hours", "days", "seconds"}

var hole = regexp.MustCompile(`^\{([a-z][a-z0-9]*)\}`)

// readFile reads a message file. go-i18n reads the files of a translator's tools,
// so ours are of that kind: a line a key, or a table of its plural forms.
func readFile(file string, data []byte) (messages, error) {
	var wrong []error
	read := func(data []byte, to any) error {
		if err := toml.Unmarshal(data, to); err != nil {
			return err
		}
		wrong = strange(file, data, *to.(*any))
		return errors.Join(wrong...)
	}
	f, err := i18n.ParseMessageFileBytes(data, file, map[string]i18n.UnmarshalFunc{"toml": read})
	switch bad, ok := errors.AsType[*toml.DecodeError](err); {
	case ok:
		row, _ := bad.Position()
		return nil, fmt.Errorf("%s:%d: %w", file, row, err)
	case wrong != nil:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	all := make(messages, len(f.Messages))
	for _, m := range f.Messages {
		text, err := newMessage(m)
		if err != nil {
			wrong = append(wrong, at(file, data, m.ID, "%q %w", m.ID, err))
			continue
		}
		all[m.ID] = text
	}
	return all, errors.Join(wrong...)
}

// strange finds what go-i18n would take for something else, or refuse without
// saying where: a key whose value is neither a text nor a table of forms.
func strange(file string, data []byte, raw any) (wrong []error) {
	table, _ := raw.(map[string]any)
	for key, value := range table {
		switch x := value.(type) {
		case string:
		case map[string]any:
			for form, text := range x {
				if _, ok := text.(string); !ok || !slices.Contains([]string{"one", "many", "other"}, form) {
					wrong = append(wrong, at(file, data, key, "%q has %q, and can have the texts one, many and other", key, form))
				}
			}
		default:
			wrong = append(wrong, at(file, data, key, "%q is no text", key))
		}
	}
	return wrong
}

func newMessage(m *i18n.Message) (*message, error) {
	if m.Other == "" {
		return nil, errors.New("has no text")
	}
	t := &message{}
	var err error
	if t.other, err = cut(m.Other); err != nil {
		return nil, err
	}
	t.holes = holesOf(t.other)
	if m.One == "" {
		return t, nil
	}
	for _, name := range countHoles {
		if slices.Contains(t.holes, name) {
			t.count = name
			break
		}
	}
	if t.count == "" {
		return nil, fmt.Errorf("has a form for one and no number to choose it: name a hole %s", strings.Join(countHoles, ", "))
	}
	if t.one, err = cut(m.One); err != nil {
		return nil, err
	}
	t.many = t.other // what CLDR wants for a million in Italian and French: «un milione di ...»
	if m.Many != "" {
		if t.many, err = cut(m.Many); err != nil {
			return nil, err
		}
	}
	for _, p := range []phrase{t.one, t.many} {
		// «one try left» may say the number in words; nothing else may be missing.
		if h := holesOf(p); !slices.Equal(add(h, t.count), t.holes) {
			return nil, fmt.Errorf("has the holes %v in one form and %v in the other", h, t.holes)
		}
	}
	return t, nil
}

func add(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	names = append(slices.Clone(names), name)
	slices.Sort(names)
	return names
}

// cut makes a phrase of a text.
func cut(s string) (phrase, error) {
	var p phrase
	rest := s
	for {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			if rest != "" || p == nil {
				p = append(p, piece{rest, ""})
			}
			return p, nil
		}
		h := hole.FindStringSubmatch(rest[i:])
		if h == nil {
			return nil, fmt.Errorf("has a brace that is no hole at %q", rest[i:min(len(rest), i+12)])
		}
		p = append(p, piece{rest[:i], h[1]})
		rest = rest[i+len(h[0]):]
	}
}

func holesOf(p phrase) []string {
	var names []string
	for _, s := range p {
		if s.hole != "" && !slices.Contains(names, s.hole) {
			names = append(names, s.hole)
		}
	}
	slices.Sort(names)
	return names
}

// form is the phrase of a CLDR form.
func (m *message) form(name string) phrase {
	switch name {
	case "one":
		return m.one
	case "many":
		return m.many
	}
	return m.other
}

// swiss is a French text as Switzerland spaces it: nothing before : ; ? ! and
// inside guillemets (glossary, part 2).
func (m *message) swiss() *message {
	s := *m
	for _, p := range []*phrase{&s.one, &s.many, &s.other} {
		if !slices.ContainsFunc(*p, func(x piece) bool { return strings.ContainsAny(x.text, "\u00a0\u202f") }) {
			continue
		}
		tight := make(phrase, len(*p))
		for i, piece := range *p {
			piece.text = swissSpaces.Replace(piece.text)
			tight[i] = piece
		}
		*p = tight
	}
	return &s
}

var swissSpaces = strings.NewReplacer("\u00a0:", ":", "«\u00a0", "«", "\u00a0»", "»",
	"\u202f;", ";", "\u202f!", "!", "\u202f?", "?")

// A counter tells the CLDR form of a number: one, many or other.
type counter func(n int64) string

// counters ask go-i18n, which has CLDR's rules: they are in a text of which each
// form is its own name.
func counters() map[string]counter {
	b := i18n.NewBundle(language.Make(Languages[0]))
	all := map[string]counter{}
	for _, lang := range Languages {
		b.MustAddMessages(language.Make(lang), &i18n.Message{ID: "form", One: "one", Many: "many", Other: "other"})
	}
	for _, lang := range Languages {
		l := i18n.NewLocalizer(b, lang)
		all[lang] = func(n int64) string {
			return l.MustLocalize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n, TemplateParser: template.IdentityParser{}})
		}
	}
	return all
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
		line, parts := 0, []string{}
		for k := p.Expression().Key(); k.Next(); {
			parts = append(parts, string(k.Node().Data))
			line = p.Shape(k.Node().Raw).Start.Line
		}
		if strings.Join(parts, ".") == key {
			return line
		}
	}
	return 0
}
