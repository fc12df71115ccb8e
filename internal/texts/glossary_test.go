package texts

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The rules of voice and typography of the glossary, part 2, that a program can
// judge. Each takes a text as a member reads it, one paragraph, and answers what
// is wrong with it, or "".

// avoid are words that tell a machine wrote, or that name one thing in two ways
// (glossary, parts 1 and 4).
var avoid = map[string]*regexp.Regexp{
	"it": regexp.MustCompile(`(?i)\b(clicca|cliccare|inserire|utenza|effettu|procedere|qualora|apposit|suddett|relativ[oaie] a|si prega|gentile|la informiamo|validazione|user ?name|login|logout|con successo|sei stat[oa]|sicur[oa] di voler|connesso|benvenut|errore sconosciuto|non valid[oaie]|recapit|anagrafica|disposizion|ticket)`),
	"fr": regexp.MustCompile(`(?i)\b(cliqu|veuillez|effectu|procéder|merci de|valider|login|connecté\(e\)|vous êtes (connecté|sûr)|succès|rentrer|mail|courriel|numéro de natel|quittance|oups|adhérent|disposition|ticket)`),
	"de": regexp.MustCompile(`(?i)(ß|\bklick|\bbitte\b|erfolgreich|durchführ|einlogg|ausloggen|kennwort|ungültig|nutzer|versicherter\b|leider|personalausweis|\*innen|:innen|hinterlegt|login|die SMS\b)`),
	"en": regexp.MustCompile(`(?i)\b(please|sorry|invalid|click|log ?in|log ?out|successfully|oops|e-mail|unable to|error occurred|forgot|kindly|utilise|username|don['’]t|can['’]t)`),
}

// fine are the exceptions, taken out before a text is judged.
var fine = strings.NewReplacer("e‑mail", "", "E‑mail", "", "E‑Mail", "", "Benutzername", "", "lettera di benvenuto", "")

var (
	upper    = regexp.MustCompile(`\p{Lu}{5,}`)
	anyHole  = regexp.MustCompile(`\{\w+\}`)
	sentence = regexp.MustCompile(`[.?:;]\s`)
	colon    = regexp.MustCompile(`[^\x{a0}]:(?:[^/\d]|$)`)
	marks    = regexp.MustCompile(`[^\x{202f}][;!?]`)
	quotes   = regexp.MustCompile(`«[^\x{a0}]|[^\x{a0}]»`)
	accent   = regexp.MustCompile(`\b[EÈe]['’] |perch[e']['’]?\b|\bpo(?:[^’\w]|$)|\bpò\b|perchè|\bpiu\b|\bpuo\b|qual['’]è|un['’]SMS`)
	mailWord = regexp.MustCompile(`[eE]-[mM]ail`)
)

func judge(lang, key, text string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	sms := strings.HasPrefix(key, "sms.")
	bare := fine.Replace(text)
	if w := avoid[lang].FindString(bare); w != "" {
		say("a word to avoid: %q", w)
	}
	if w := upper.FindString(anyHole.ReplaceAllString(text, "")); w != "" {
		say("capitals: %q", w)
	}
	if strings.Contains(text, "!") {
		say("an exclamation mark")
	}
	if strings.Contains(text, "OTP") && !(lang == "it" && (key == "otp.again" || key == "otp.out_long")) {
		say("OTP stands in the one button that the funds' guides name")
	}
	if strings.ContainsAny(text, "<>&") {
		say("markup")
	}
	if strings.Contains(text, "  ") || strings.TrimSpace(text) != text {
		say("blanks too many")
	}
	if regexp.MustCompile(`https?:|www\.`).MatchString(text) {
		say("a link: we send none")
	}
	for _, s := range sentence.Split(text, -1) {
		if n := len(strings.Fields(s)); n > 22 {
			say("a sentence of %d words: %s", n, s)
		}
	}
	if n := len([]rune(text)); n > 220 {
		say("%d characters; at most 220", n)
	}
	if sms {
		return wrong
	}
	if strings.ContainsAny(text, `'"`) {
		say("a straight apostrophe or quotation mark")
	}
	if strings.Contains(text, "...") {
		say("three points for …")
	}
	if lang != "en" && mailWord.MatchString(text) {
		say("e-mail with a hyphen that breaks")
	}
	switch lang {
	case "fr":
		if w := colon.FindString(text); w != "" {
			say("no U+00A0 before the colon: %q", w)
		}
		if w := marks.FindString(text); w != "" {
			say("no U+202F before ; ! ?: %q", w)
		}
		if w := quotes.FindString(text); w != "" {
			say("guillemets without U+00A0: %q", w)
		}
	case "it":
		if w := accent.FindString(text); w != "" {
			say("an accent or apostrophe: %q", w)
		}
	case "en":
		if strings.ContainsAny(text, "«»") {
			say("guillemets")
		}
	}
	if lang != "fr" && strings.ContainsRune(text, '\u202f') {
		say("a narrow space, which only French has")
	}
	return wrong
}

func TestGlossary(t *testing.T) {
	b := load(t)
	for _, lang := range append(slices.Clone(Languages), Variants...) {
		for _, key := range slices.Sorted(maps.Keys(b.common[lang]())) {
			m := b.common[lang]()[key]
			for _, p := range []string{m.one, m.many, m.other} {
				for _, paragraph := range strings.Split(p, "\n") {
					for _, w := range judge(LanguageOf(lang), key, paragraph) {
						t.Errorf("%s.toml %s: %s", lang, key, w)
					}
				}
			}
		}
	}
}

// A rule that was never seen to fail proves nothing.
func TestGlossaryBites(t *testing.T) {
	for _, c := range []struct{ lang, key, text, want string }{
		{"it", "a", "Clicca qui", "avoid"},
		{"it", "a", "Il codice non è valido", ""},
		{"it", "a", "Codice non valido", "avoid"},
		{"it", "a", "Scrivi l'e‑mail", "straight"},
		{"it", "a", "Scrivi l’e-mail", "hyphen"},
		{"it", "a", "E’ scaduto", "accent"},
		{"it", "a", "un po’ di tempo", ""},
		{"it", "a", "un po di tempo", "accent"},
		{"it", "a", "ATTENZIONE", "capitals"},
		{"it", "a", "Fatto!", "exclamation"},
		{"it", "a", "Il codice OTP", "OTP"},
		{"it", "otp.again", "Rigenera OTP", ""},
		{"it", "a", "un <b>codice</b>", "markup"},
		{"it", "a", " Fatto", "blanks"},
		{"it", "a", strings.Repeat("parola ", 22) + "parola.", "sentence of 23"},
		{"it", "a", strings.Repeat("Una frase corta. ", 14), "characters"},
		{"it", "a", "Apri https://x.example", "link"},
		{"fr", "a", "Veuillez saisir le code", "avoid"},
		{"fr", "a", "Vous êtes connecté", "avoid"},
		{"fr", "a", "Code :", "no U+00A0"},
		{"fr", "a", "Code\u00a0: à 14:30", ""},
		{"fr", "a", "Voulez-vous ?", "no U+202F"},
		{"fr", "a", "Voulez-vous\u202f?", ""},
		{"fr", "a", "« Confirmer »", "guillemets"},
		{"fr", "a", "par mail", "avoid"},
		{"fr", "a", "par e‑mail", ""},
		{"de", "a", "Geben Sie bitte den Code ein", "avoid"},
		{"de", "a", "Grüße", "avoid"},
		{"de", "a", "Der Benutzername", ""},
		{"en", "a", "Please sign in", "avoid"},
		{"en", "a", "You can’t", "avoid"},
		{"en", "a", "«Get a code»", "guillemets"},
		{"en", "a", "x\u202fy", "narrow"},
		{"en", "sms.a", "It's yours", ""},
	} {
		got := strings.Join(judge(c.lang, c.key, c.text), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s %q: %q, wanted %q", c.lang, c.text, got, c.want)
		}
	}
}

// Every SMS in one part, with the longest values a fund may have; and every
// message has all it needs.
func TestMessagesFit(t *testing.T) {
	b := load(t)
	seen := 0
	for _, lang := range append(slices.Clone(Languages), Variants...) {
		for key, m := range b.common[lang]() {
			if err := m.fitsSMS(key, LanguageOf(lang)); err != nil {
				t.Errorf("%s.toml: %v", lang, err)
			}
			switch {
			case strings.HasPrefix(key, "sms."):
				seen++
			case strings.HasSuffix(key, ".subject"):
				if text := b.common[lang]()[strings.TrimSuffix(key, "subject")+"text"]; text == nil {
					t.Errorf("%s has no text", key)
				}
				if slices.Contains(m.holes(), "code") {
					t.Errorf("%s.toml %s: a subject never has the code", lang, key)
				}
				if strings.Contains(m.other, "\n") {
					t.Errorf("%s.toml %s: a subject has one line", lang, key)
				}
			case strings.HasPrefix(key, "mail.code_"):
				if !strings.Contains(m.other, "\n\n{code}\n\n") {
					t.Errorf("%s.toml %s: the code stands alone on its line", lang, key)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no SMS was looked at")
	}
}

// The same measure, seen failing.
func TestMessagesFitBites(t *testing.T) {
	for key, text := range map[string]string{
		"sms.a":          strings.Repeat("x", 141) + "{fund}",
		"sms.b":          "ça va",
		"sms.c":          "{unknown}",
		"sms.code_d":     "{fund}: {code}",
		"act.iban.short": "seventeen letters",
	} {
		if (&message{other: text}).fitsSMS(key, "it") == nil {
			t.Errorf("%s = %q was let through", key, text)
		}
	}
}

// The scripts and the funds' guides look for these words.
func TestWordsThatScriptsLookFor(t *testing.T) {
	v := load(t).Voice(Style{Country: "IT"}, "it")
	for key, word := range map[string]string{
		"refusal.code_still_valid": "ancora valido",
		"refusal.code_expired":     "scaduto",
		"otp.again":                "Rigenera OTP",
		"otp.button":               "Conferma",
	} {
		if !strings.Contains(v.T(key), word) {
			t.Errorf("%s lacks %q: %s", key, word, v.T(key))
		}
	}
}
