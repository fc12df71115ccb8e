// Package texts holds every word a member reads, in four languages: pages,
// refusals, e-mails and SMS (design.md, Texts). A text has a flat key and named
// holes, the same in each language:
//
//	"refusal.code_still_valid" = "The code we sent is still valid. You can ask for a new one from {time}."
//
// Times, dates, amounts and percentages go into holes as values; the Voice that
// speaks a text writes them as its language and the fund's country do. What is
// one or many is chosen by CLDR's rules.
//
// The texts of the product are embedded, and complete: the tests see to it, with
// Complete. A language is read when it is first spoken, so that a start costs
// nothing of it. A fund lays its own wording over them with AddFund.
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

//go:embed it.toml fr.toml de.toml en.toml it@lei.toml
var files embed.FS

// Languages are those the product speaks. The first is the one the others are
// written after.
var Languages = []string{"it", "fr", "de", "en"}

// Variants are other ways to speak one of the languages, which a fund chooses in its
// file: a file each, with the sentences that differ, over those of the language.
// What a visitor chooses, and what a page says of itself, is the language.
var Variants = []string{"it@lei"}

// LanguageOf is the language that a variant speaks, or a language itself.
func LanguageOf(variant string) string {
	lang, _, _ := strings.Cut(variant, "@")
	return lang
}

// OwnPrefix begins the keys that only a fund's file has: words for what is the
// fund's alone, such as its investment lines.
const OwnPrefix = "own."

// A Book has the texts of all languages, and of each fund what it says in its
// own words. Fill it with AddFund before the first Voice speaks; from then on it
// is only read.
type Book struct {
	common map[string]func() messages     // by language and variant, and "fr-CH"; read when first called
	funds  map[string]map[string]messages // by fund, then as common
}

type messages map[string]*message

// Load makes a book of the embedded texts. Their files were judged when the
// program was built (Complete): one that could not be read would panic at its
// first use.
func Load() *Book {
	b := &Book{common: map[string]func() messages{}, funds: map[string]map[string]messages{}}
	read := func(name string) messages {
		data, err := files.ReadFile(name + ".toml")
		m, err2 := readTexts(name+".toml", data)
		if err := errors.Join(err, err2); err != nil {
			panic(err)
		}
		return m
	}
	for _, lang := range Languages {
		b.common[lang] = sync.OnceValue(func() messages { return read(lang) })
	}
	for _, variant := range Variants {
		b.common[variant] = sync.OnceValue(func() messages { return over(b.common[LanguageOf(variant)](), read(variant)) })
	}
	b.common["fr-CH"] = sync.OnceValue(func() messages { return swiss(b.common["fr"]()) })
	return b
}

// over are the texts of a language with those of a variant in their place.
func over(under, variant messages) messages {
	all := maps.Clone(under)
	if all == nil {
		all = messages{}
	}
	maps.Copy(all, variant)
	return all
}

// Complete judges the embedded texts: that each file can be read, that each
// language has the keys and the holes of the first one, and a variant those of
// its language. The error names each difference.
func Complete() error {
	var wrong []error
	var first messages
	all := map[string]messages{}
	for i, lang := range Languages {
		file := lang + ".toml"
		data, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		m, err := readFile(file, data)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if i == 0 {
			first = m
		}
		all[lang] = m
		wrong = append(wrong, same(file, m, first))
	}
	for _, variant := range Variants {
		file := variant + ".toml"
		data, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		m, err := readFile(file, data)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		wrong = append(wrong, same(file, over(all[LanguageOf(variant)], m), first))
	}
	return errors.Join(wrong...)
}

// same compares a language with the first one, and names each difference.
func same(file string, m, first messages) error {
	var wrong []error
	for key, text := range first {
		switch other := m[key]; {
		case other == nil:
			wrong = append(wrong, fmt.Errorf("%s: no text for %q", file, key))
		case !slices.Equal(other.holes(), text.holes()):
			wrong = append(wrong, fmt.Errorf("%s: %q has the holes %v, not %v", file, key, other.holes(), text.holes()))
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
// the files <fund>.<lang>.toml of fsys, as many as there are, and over a language's
// those of its variants, <fund>.<variant>.toml. Call it before the first Voice of
// the fund.
//
// The error names the file and the line of everything that is wrong: a key the
// product does not have (but for own.*, which every file of the fund must then
// have), holes other than the common text's, an SMS that does not fit in one
// part with the longest values. Nothing is laid over then.
func (b *Book) AddFund(fund string, fsys fs.FS) error {
	read := map[string]messages{}
	data := map[string][]byte{}
	var wrong []error
	for _, lang := range append(slices.Clone(Languages), Variants...) {
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
	maps.Copy(own, read)
	for _, variant := range Variants {
		own[variant] = over(own[LanguageOf(variant)], own[variant])
	}
	if french := own["fr"]; french != nil {
		own["fr-CH"] = swiss(french)
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
	text, common := read[lang][key], b.common[lang]()[key]
	if strings.HasPrefix(key, OwnPrefix) || common == nil && hasAny(key, ofActs) {
		for other, m := range read {
			if slices.Contains(Variants, other) && m[key] == nil {
				continue // it says only what differs
			}
			if m[key] == nil {
				return fmt.Errorf("%q is in this file and not in the fund's %s", key, other)
			}
			if !slices.Equal(m[key].holes(), text.holes()) {
				return fmt.Errorf("%q has other holes in the fund's %s", key, other)
			}
		}
		return nil
	}
	if common == nil {
		return fmt.Errorf("%q is no key; a fund's own words begin with %q", key, OwnPrefix)
	}
	if !slices.Equal(text.holes(), common.holes()) {
		return fmt.Errorf("%q has the holes %v, not %v", key, text.holes(), common.holes())
	}
	return text.fitsSMS(key, LanguageOf(lang))
}

// Keys are those of all texts, the product's and the fund's own, sorted.
func (b *Book) Keys(fund string) []string {
	all := map[string]bool{}
	for key := range b.common[Languages[0]]() {
		all[key] = true
	}
	for key := range b.funds[fund][Languages[0]] {
		all[key] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// A Style is how a fund writes.
type Style struct {
	Fund    string         // its ID: whose own wording to use
	Country string         // decides dates, money and the spaces of French: "IT", "CH", "FR"
	Zone    *time.Location // of its clock; nil is UTC
	Always  []any          // name, value pairs any text may use: fund, phone, open (the opening hours)
	Variant string         // one of Variants, to be spoken in place of its language; "" for none
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
	if slices.Contains(Variants, s.Variant) && LanguageOf(s.Variant) == lang {
		from = s.Variant
	}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	return &Voice{style: s, lang: lang, own: b.funds[s.Fund][from], common: b.common[from]()}
}

// A Voice speaks the texts in one language, as one fund writes.
type Voice struct {
	style  Style
	lang   string
	own    messages // the fund's own wording, often nil
	common messages
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
	text := m.other
	if m.count != "" {
		text = v.form(m, args)
	}
	if !v.sms && strings.IndexByte(text, '{') < 0 {
		return text
	}
	b := make([]byte, 0, 256)
	for {
		before, hole, behind := next(text)
		b = v.literal(b, before)
		if hole == "" {
			return string(b)
		}
		if value, ok := v.value(hole, args); ok {
			b = v.append(b, value)
		} else {
			b = append(append(append(b, '{'), hole...), '}')
		}
		text = behind
	}
}

// form is the one of a text's forms that its number asks for.
func (v *Voice) form(m *message, args []any) string {
	value, _ := v.value(m.count, args)
	var n int64
	switch x := value.(type) {
	case int:
		n = int64(x)
	case int64:
		n = x
	default:
		return m.other
	}
	return *m.formOf(formFor(v.lang, n))
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
