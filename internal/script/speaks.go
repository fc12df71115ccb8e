package script

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"aditus/internal/access"
	"aditus/internal/texts"
)

// A tongue is the language that a browser is to be spoken to in, and pieces of
// text that only other languages have.
type tongue struct {
	lang    string
	foreign map[string]string // a piece -> the key and the language it is of
}

// unfilled is a hole that nobody filled, or a key without a text.
var unfilled = regexp.MustCompile(`\{[a-z][a-z0-9]*\}|\[[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+\]`)

// hole is where a text is cut into pieces.
var hole = regexp.MustCompile(`\{[a-z][a-z0-9]*\}|\n`)

// telling is how long a piece is, in characters, that tells its language: what is
// shorter may be a word of several.
const telling = 12

// speaks has what this browser shows from now on held against a language, or a
// variant of one that the fund's file chose; and what is sent and looked at.
func (w *world) speaks(variant string) error {
	if !slices.Contains(w.fund.Languages, texts.LanguageOf(variant)) || w.app == nil {
		return fmt.Errorf("the fund does not speak %q", variant)
	}
	w.tongue = newTongue(w.app.Texts, w.fund, texts.LanguageOf(variant))
	return nil
}

// newTongue finds out what texts of a fund only other languages, and the other
// variants of this one, have.
func newTongue(book *texts.Book, f *access.Fund, lang string) *tongue {
	style := texts.StyleOf(f, lang)
	voice := book.Voice(style, lang)
	keys := book.Keys(f.ID)
	var all strings.Builder
	for _, key := range keys {
		all.WriteString(squeeze(voice.T(key)) + "\n")
	}
	mine := all.String()
	var others []*texts.Voice
	for _, other := range f.Languages {
		if other != lang {
			others = append(others, book.Voice(texts.StyleOf(f, other), other))
		}
	}
	for _, variant := range append([]string{""}, texts.Variants...) {
		if variant != style.Variant {
			as := style
			as.Variant = variant
			others = append(others, book.Voice(as, lang))
		}
	}
	t := &tongue{lang: lang, foreign: map[string]string{}}
	for _, other := range others {
		for _, key := range keys {
			if !other.Has(key) {
				continue
			}
			for _, piece := range hole.Split(other.T(key), -1) {
				if piece = squeeze(piece); len([]rune(piece)) >= telling && strings.Contains(piece, " ") && !strings.Contains(mine, piece) {
					t.foreign[piece] = key + " in " + other.Lang()
				}
			}
		}
	}
	return t
}

// judge looks at what is shown.
func (t *tongue) judge(v *view) error {
	if got := t.said(v); got != t.lang {
		return fmt.Errorf("the page says that it is in %q, want %q", got, t.lang)
	}
	return t.text(v.text())
}

// text looks at what was written, on a page or in a message.
func (t *tongue) text(text string) error {
	text = squeeze(text)
	var wrong []error
	if left := unfilled.FindString(text); left != "" {
		wrong = append(wrong, fmt.Errorf("nobody filled in %s", left))
	}
	for piece, of := range t.foreign {
		if strings.Contains(text, piece) {
			wrong = append(wrong, fmt.Errorf("%q is %s, on a page in %s", piece, of, t.lang))
		}
	}
	return errors.Join(wrong...)
}

// said is the language that a page says it is in.
func (t *tongue) said(v *view) string {
	for _, n := range v.find(func(n *html.Node) bool { return n.DataAtom == atom.Html }) {
		return attr(n, "lang")
	}
	return ""
}
