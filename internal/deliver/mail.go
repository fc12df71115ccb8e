package deliver

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	netmail "net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"aditus/internal/identifier"

	"github.com/wneessen/go-mail"
)

// A letter is a composed mail: the envelope's two addresses and the bytes.
type letter struct {
	from, to  string
	data      []byte
	certified bool // PEC: a second one would be a second legal act, with receipts of its own
}

// rowID is what an outbox row's id looks like. It becomes the Message-ID.
var rowID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

const maxRowID = 128

// compose makes the mail of an envelope. The same envelope always makes the same
// bytes, so a mail that goes out twice is twice the same.
//
// It refuses whatever could become a header or a command of its own: line ends
// and other control characters in a field, and addresses that two programs might
// read differently (security.md part 3, row 41).
func compose(e Envelope) (l letter, err error) {
	if len(e.ID) > maxRowID || !rowID.MatchString(e.ID) {
		return l, errors.New("the id is not one of an outbox row")
	}
	for name, field := range map[string]string{"subject": e.Subject, "from_name": e.FromName, "lang": e.Lang} {
		if !oneLine(field) {
			return l, fmt.Errorf("the %s holds a line end or another control character", name)
		}
	}
	if e.Subject == "" || e.Text == "" {
		return l, errors.New("a mail needs a subject and a text")
	}
	if l.from, err = address("from", e.From); err != nil {
		return l, err
	}
	if l.to, err = address("to", e.To); err != nil {
		return l, err
	}
	page := e.HTML
	if page == "" {
		page = HTML(e.Lang, e.Subject, e.Text)
	}

	// The boundary is a digest of what it parts, so no text can hold it.
	digest := sha256.Sum256([]byte(e.ID + "\x00" + e.Text + "\x00" + page))
	m := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP),
		mail.WithNoDefaultUserAgent(), mail.WithBoundary(hex.EncodeToString(digest[:16])))
	m.FromMailAddress(&netmail.Address{Name: e.FromName, Address: l.from})
	m.AddToMailAddress(&netmail.Address{Address: l.to})
	if e.ReplyTo != "" {
		reply, err := address("reply_to", e.ReplyTo)
		if err != nil {
			return l, err
		}
		m.SetAddrHeaderFromMailAddress(mail.HeaderReplyTo, &netmail.Address{Address: reply})
	}
	_, domain, _ := strings.Cut(l.from, "@")
	m.SetMessageIDWithValue(e.ID + "@" + domain)
	m.SetDateWithValue(e.Created)
	m.Subject(e.Subject)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	m.SetGenHeader(mail.HeaderContentLang, langTag(e.Lang))
	l.certified = e.Channel == "pec"
	if l.certified && e.Secret {
		// The receipt of delivery else holds the whole mail, and lies in the fund's
		// mailbox for years: this asks for one without (RFC 6109, 3.3.2).
		m.SetGenHeader("X-TipoRicevuta", "sintetica")
	}
	m.SetBodyString(mail.TypeTextPlain, lineEnds.Replace(e.Text))
	m.AddAlternativeString(mail.TypeTextHTML, lineEnds.Replace(page))

	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return l, err
	}
	l.data = b.Bytes()
	return l, nil
}

// address checks one address and writes it as it is sent to. The error does not
// show it: it goes to the log.
func address(field, s string) (string, error) {
	if !oneLine(s) {
		return "", fmt.Errorf("the %s address holds a line end or another control character", field)
	}
	normal, err := identifier.Email(s)
	if err != nil {
		return "", fmt.Errorf("the %s address is not one mail can be sent to", field)
	}
	return normal, nil
}

// oneLine reports whether a text is of visible characters and blanks only.
func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// codeLine is a line that is nothing but a code: capitals and digits, at least
// one digit, possibly in groups («359359», «4JQ7-XK2A»).
var codeLine = regexp.MustCompile(`^[0-9A-Z]+(?:[ -][0-9A-Z]+)*$`)

const codeMax = 14 // «ABCD-2345-EFGH»; an IBAN in groups is longer

func isCode(line string) bool {
	return len(line) >= 4 && len(line) <= codeMax && codeLine.MatchString(line) && strings.ContainsAny(line, "0123456789")
}

// HTML is the mail's second form, with the same words as the text: a paragraph
// for each block between empty lines, line ends kept, and a code that stands
// alone on its line large and selected by one tap (ux.md 4.6). There is nothing
// to fetch, to follow or to click in it, so a reader learns to distrust mails
// that have.
func HTML(lang, subject, text string) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html>` + "\n" + `<html lang="` + html.EscapeString(langTag(lang)) + `">` + "\n")
	b.WriteString(`<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">`)
	b.WriteString(`<title>` + html.EscapeString(subject) + `</title></head>` + "\n")
	b.WriteString(`<body style="margin:0;padding:24px;font-family:Arial,Helvetica,sans-serif;font-size:18px;line-height:1.5">` + "\n")
	b.WriteString(`<div style="max-width:36em">` + "\n")
	for _, block := range blocks(text) {
		if len(block) == 1 && isCode(block[0]) {
			b.WriteString(`<p style="margin:24px 0;font-size:36px;font-weight:bold;letter-spacing:4px;font-family:Consolas,Menlo,monospace;-webkit-user-select:all;user-select:all">` +
				html.EscapeString(block[0]) + "</p>\n")
			continue
		}
		for i, line := range block {
			block[i] = html.EscapeString(line)
		}
		b.WriteString(`<p style="margin:0 0 16px">` + strings.Join(block, "<br>\n") + "</p>\n")
	}
	b.WriteString("</div>\n</body>\n</html>\n")
	return b.String()
}

// blocks cuts a text at its empty lines. A code inside a block is a block of its
// own.
func blocks(text string) (all [][]string) {
	var block []string
	end := func() {
		if block != nil {
			all = append(all, block)
			block = nil
		}
	}
	for line := range strings.SplitSeq(lineEnds.Replace(text), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			end()
		case isCode(line):
			end()
			all = append(all, []string{line})
		default:
			block = append(block, line)
		}
	}
	end()
	return all
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// langTag is the language as a tag of the web: «it@lei» is how the fund is
// spoken to, not a language.
func langTag(lang string) string {
	tag, _, _ := strings.Cut(lang, "@")
	return tag
}
