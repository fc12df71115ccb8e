package texts

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// gsm are the characters of the GSM 7-bit default alphabet (3GPP TS 23.038,
// 6.2.1), extension those that cost an escape more (6.2.1.1).
const (
	gsm = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡" +
		"ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extension = "^{}\\[~]|€\f"
)

// MaxSeptets is what one SMS holds. A longer one goes out in parts, each paid
// for, and its last line no longer binds the code to the site.
const MaxSeptets = 160

// Septets is the length of s as an SMS; ok is false if s has a character that
// GSM-7 lacks, which would halve the room.
func Septets(s string) (n int, ok bool) {
	ok = true
	for _, r := range s {
		switch {
		case strings.ContainsRune(gsm, r):
			n++
		case strings.ContainsRune(extension, r):
			n += 2
		default:
			n++
			ok = false
		}
	}
	return n, ok
}

// plainer are the characters of our typography and how an SMS writes them.
var plainer = strings.NewReplacer("’", "'", "‘", "'", "“", "\"", "”", "\"", "«\u00a0", "\"", "\u00a0»", "\"", "«", "\"", "»", "\"",
	"–", "-", "—", "-", "‑", "-", "…", "...", "\u00a0", " ", "\u202f", " ", "•", "*", "€", "EUR", "œ", "oe", "Œ", "OE")

// appendGSM writes s with characters of GSM-7 only: ours become plain, an accent
// that GSM-7 lacks is dropped (ç is c), and what is left is a question mark.
func appendGSM(b []byte, s string) []byte {
	if _, ok := Septets(s); ok && !strings.Contains(s, "€") {
		return append(b, s...)
	}
	for _, r := range plainer.Replace(s) {
		if !inGSM(r) {
			r, _ = utf8.DecodeRuneInString(norm.NFD.String(string(r))) // the letter under an accent, if it is one
		}
		if !inGSM(r) {
			r = '?'
		}
		b = append(b, string(r)...)
	}
	return b
}

func inGSM(r rune) bool { return strings.ContainsRune(gsm, r) || strings.ContainsRune(extension, r) }

// The longest values an SMS has room for, in septets. A fund beyond them must
// fail when its file is checked, not when a message is sent.
const (
	MaxSMSFund  = 20 // the name shown
	MaxSMSHost  = 28 // of the origin the code is bound to
	MaxSMSPhone = 16 // of the help desk
	MaxSMSAct   = 16 // act.<type>.short
)

// CheckSMS reports whether a fund's name, host and phone number leave room for
// the texts in one SMS.
func CheckSMS(fund, host, phone string) error {
	for _, v := range []struct {
		what, value string
		most        int
	}{{"the fund's name", fund, MaxSMSFund}, {"the host", host, MaxSMSHost}, {"the phone number", phone, MaxSMSPhone}} {
		if n, ok := Septets(v.value); !ok || n > v.most {
			return fmt.Errorf("%s %q must be at most %d characters of GSM-7 to fit in an SMS", v.what, v.value, v.most)
		}
	}
	return nil
}

// longest fills each hole an SMS may have with as much as it may hold, by
// language where that differs.
func longest(hole, lang string) (string, bool) {
	switch hole {
	case "fund":
		return strings.Repeat("F", MaxSMSFund), true
	case "host":
		return strings.Repeat("h", MaxSMSHost), true
	case "phone":
		return strings.Repeat("5", MaxSMSPhone), true
	case "act":
		return strings.Repeat("a", MaxSMSAct), true
	case "code":
		return "359359", true
	case "secret":
		return "WWWW-WWWW-WWWW-WWWW", true
	case "stop":
		return "WWWW-WWWW", true
	case "last3":
		return "359", true
	case "minutes":
		return "10", true
	case "iban4":
		return "4821", true
	case "case":
		return "2026-0012345", true
	case "percent":
		return map[string]string{"it": "99,99 %", "fr": "99,99 %", "de": "99.99 %", "en": "99.99%"}[lang], true
	case "amount":
		return map[string]string{"it": "1.234.567,89 EUR", "fr": "1 234 567,89 EUR", "de": "CHF 1'234'567.89", "en": "EUR 1,234,567.89"}[lang], true
	case "date", "stamp", "ready": // a hold's end has its time too
		return map[string]string{"it": "30/09/2026, 14:30", "fr": "30/09/2026, 14:30", "de": "30.09.2026, 14:30", "en": "30 Sep 2026, 14:30"}[lang], true
	}
	return "", false
}

// fitsSMS reports why a text cannot stand in an SMS, if it must: those under
// sms., and the short names of acts, which stand inside them.
func (m *message) fitsSMS(key, lang string) error {
	most := 0
	switch {
	case strings.HasPrefix(key, "sms."):
		most = MaxSeptets
	case strings.HasPrefix(key, "act.") && strings.HasSuffix(key, ".short"):
		most = MaxSMSAct
	default:
		return nil
	}
	var s strings.Builder
	for text := m.other; ; {
		before, hole, behind := next(text)
		s.WriteString(before)
		if hole == "" {
			break
		}
		value, ok := longest(hole, lang)
		if !ok {
			return fmt.Errorf("%q has the hole {%s}, whose length is not known", key, hole)
		}
		s.WriteString(value)
		text = behind
	}
	n, ok := Septets(s.String())
	if !ok {
		return fmt.Errorf("%q has a character that an SMS lacks (GSM-7)", key)
	}
	if n > most {
		return fmt.Errorf("%q takes %d characters with the longest values, and there is room for %d", key, n, most)
	}
	if strings.Contains(key, ".code_") && !strings.HasSuffix(s.String(), "\n\n@"+strings.Repeat("h", MaxSMSHost)+" #359359") {
		return fmt.Errorf("%q must end with an empty line and @{host} #{code}: the phone fills the code in only there", key)
	}
	return nil
}
