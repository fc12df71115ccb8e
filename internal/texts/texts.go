// Package texts holds every word a member reads, in four languages: pages,
// refusals, e-mails and SMS (design.md, Texts). A text has a flat key and named
// holes, the same in each language:
//
//	"refusal.code_still_valid" = "The code we sent is still valid. You can ask for a new one from {time}."
//
// Times, dates, amounts and percentages go into holes as values; the Voice that
// speaks a text writes them as its language and the fund's country do. What is
// one or many is chosen by CLDR's rules, which go-i18n brings.
//
// The texts of the product are embedded and complete: Load refuses to start a
// program in which a language lacks a key. A fund lays its own wording over
// them with AddFund.
package texts

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed it.toml fr.toml de.toml en.toml
var files embed.FS

// Languages are those the product speaks. The first is the one the others are
// written after.
var Languages = []string{"it", "fr", "de", "en"}

// OwnPrefix begins the keys that only a fund's file has: words for what is the
// fund's alone, such as its investment lines.
const OwnPrefix = "own."

// A Book has the texts of all languages, and of each fund what it says in its
// own words. Fill it with AddFund before the first Voice speaks; from then on it
// is only read.
type Book struct {
	common map[string]messages            // by language, and "fr-CH"
	funds  map[string]map[string]messages // by fund, then as common
	counts map[string]counter             // by language
}

type messages map[string]*message

// Load reads the embedded texts. An error is a fault of the program's build:
// a language lacks a key another has, or has other holes.
func Load() (*Book, error) {
	b := &Book{
		common: map[string]messages{},
		funds:  map[string]map[string]messages{},
		counts: counters(),
	}
	// All at once: reading them is a good part of the program's start.
	read, wrong := make([]messages, len(Languages)), make([]error, len(Languages))
	var all sync.WaitGroup
	for i, lang := range Languages {
		all.Go(func() {
			data, err := files.ReadFile(lang + ".toml")
			if err == nil {
				read[i], err = readFile(lang+".toml", data)
			}
			wrong[i] = err
		})
	}
	all.Wait()
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	for i, lang := range Languages {
		wrong[i] = same(lang+".toml", read[i], read[0])
		b.put(b.common, lang, read[i])
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return b, nil
}

// put keeps the texts of a language, and makes the Swiss spelling of French.
func (b *Book) put(to map[string]messages, lang string, m messages) {
	to[lang] = m
	if lang != "fr" {
		return
	}
	swiss := make(messages, len(m))
	for key, text := range m {
		swiss[key] = text.swiss()
	}
	to["fr-CH"] = swiss
}

// same compares a language with the first one, and names each difference.
func same(file string, m, first messages) error {
	var wrong []error
	for key, text := range first {
		switch other := m[key]; {
		case other == nil:
			wrong = append(wrong, fmt.Errorf("%s: no text for %q", file, key))
		case !slices.Equal(other.holes, text.holes):
			wrong = append(wrong, fmt.Errorf("%s: %q has the holes %v, not %v", file, key, other.holes, text.holes))
		}
	}
	for key := range m {
		if first[key] == nil {
			wrong = append(wrong, fmt.Errorf("%s: %q is a key that %s.toml lacks", file, key, Languages[0]))
		}
	}
	return errors.Join(wrong...)
}

// AddFund lays a fund's own wording over the common one, for that fund only:
// the files <fund>.<lang>.toml of fsys, as many as there are. Call it before the
// first Voice of the fund.
//
// The error names the file and the line of everything that is wrong: a key the
// product does not have (but for own.*, which every file of the fund must then
// have), holes other than the common text's, an SMS that does not fit in one
// part with the longest values. Nothing is laid over then.
func (b *Book) AddFund(fund string, fsys fs.FS) error {
	read := map[string]messages{}
	data := map[string][]byte{}
	var wrong []error
	for _, lang := range Languages {
		file := fund + "." + lang + ".toml"
		d, err := fs.ReadFile(fsys, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("texts of %s: %w", fund, err)
		}
		m, err := readFile(file, d)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		read[lang], data[lang] = m, d
	}
	for _, lang := range slices.Sorted(maps.Keys(read)) {
		file := fund + "." + lang + ".toml"
		for _, key := range slices.Sorted(maps.Keys(read[lang])) {
			if err := b.fits(key, lang, read); err != nil {
				wrong = append(wrong, at(file, data[lang], key, "%w", err))
			}
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	own := map[string]messages{}
	for lang, m := range read {
		b.put(own, lang, m)
	}
	b.funds[fund] = own
	return nil
}

// ofActs begin the keys that an act of the fund's own brings with it, beside
// those of the product.
var ofActs = []string{"act.", "field.", "reason.", "source.", "refusal."}

func hasAny(key string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
}

// fits reports what is wrong with one text of a fund, if anything.
func (b *Book) fits(key, lang string, read map[string]messages) error {
	text, common := read[lang][key], b.common[lang][key]
	if strings.HasPrefix(key, OwnPrefix) || common == nil && hasAny(key, ofActs) {
		for other, m := range read {
			if m[key] == nil {
				return fmt.Errorf("%q is in this file and not in the fund's %s", key, other)
			}
			if !slices.Equal(m[key].holes, text.holes) {
				return fmt.Errorf("%q has other holes in the fund's %s", key, other)
			}
		}
		return nil
	}
	if common == nil {
		return fmt.Errorf("%q is no key; a fund's own words begin with %q", key, OwnPrefix)
	}
	if !slices.Equal(text.holes, common.holes) {
		return fmt.Errorf("%q has the holes %v, not %v", key, text.holes, common.holes)
	}
	return text.fitsSMS(key, lang)
}

// A Style is how a fund writes.
type Style struct {
	Fund    string         // its ID: whose own wording to use
	Country string         // decides dates, money and the spaces of French: "IT", "CH", "FR"
	Zone    *time.Location // of its clock; nil is UTC
	Always  []any          // name, value pairs any text may use: fund, phone, open (the opening hours)
}

// Voice is the book read aloud by one fund in one language. It is cheap to make
// and safe for concurrent use. A language the product lacks is read as the
// first of Languages.
func (b *Book) Voice(s Style, lang string) *Voice {
	if !slices.Contains(Languages, lang) {
		lang = Languages[0]
	}
	from := lang
	if lang == "fr" && s.Country == "CH" {
		from = "fr-CH"
	}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	return &Voice{style: s, lang: lang, own: b.funds[s.Fund][from], common: b.common[from], count: b.counts[lang]}
}

// A Voice speaks the texts in one language, as one fund writes.
type Voice struct {
	style  Style
	lang   string
	own    messages // the fund's own wording, often nil
	common messages
	count  counter
	sms    bool
}

// Lang is the language, one of Languages.
func (v *Voice) Lang() string { return v.lang }

// SMS is the same voice for a text message: only characters of GSM-7, plain
// spaces, 14:30, 12/03/2026, 12.500,00 EUR.
func (v *Voice) SMS() *Voice {
	plain := *v
	plain.sms = true
	return &plain
}

// Has reports whether there is a text for key.
func (v *Voice) Has(key string) bool { return v.find(key) != nil }

func (v *Voice) find(key string) *message {
	if m := v.own[key]; m != nil {
		return m
	}
	return v.common[key]
}

// T is the text of key with its holes filled from args: name, value, name,
// value. A hole nobody fills stays as it is written, {name}; a key there is no
// text for gives [key]: both are for a test or an eye to find, never an empty
// place. Format says how values are written.
func (v *Voice) T(key string, args ...any) string {
	m := v.find(key)
	if m == nil {
		return "[" + key + "]"
	}
	p := m.other
	if m.count != "" {
		p = v.form(m, args)
	}
	if len(p) == 1 && p[0].hole == "" && !v.sms {
		return p[0].text
	}
	b := make([]byte, 0, 256)
	for _, s := range p {
		b = v.literal(b, s.text)
		if s.hole == "" {
			continue
		}
		if value, ok := v.value(s.hole, args); ok {
			b = v.append(b, value)
		} else {
			b = append(append(append(b, '{'), s.hole...), '}')
		}
	}
	return string(b)
}

// form is the one of a text's forms that its number asks for.
func (v *Voice) form(m *message, args []any) phrase {
	value, _ := v.value(m.count, args)
	switch n := value.(type) {
	case int:
		return m.form(v.count(int64(n)))
	case int64:
		return m.form(v.count(n))
	}
	return m.other
}

// value is what fills a hole.
func (v *Voice) value(hole string, args []any) (any, bool) {
	for _, pairs := range [2][]any{args, v.style.Always} {
		for i := 0; i+1 < len(pairs); i += 2 {
			if name, ok := pairs[i].(string); ok && name == hole {
				return pairs[i+1], true
			}
		}
	}
	return nil, false
}

// literal puts in a piece of the text itself.
func (v *Voice) literal(b []byte, s string) []byte {
	if v.sms {
		return appendGSM(b, s)
	}
	return append(b, s...)
}
