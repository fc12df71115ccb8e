package deliver

import (
	"bytes"
	"errors"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"
)

// read parses a composed mail with the standard library, which is another
// program than the one that wrote it.
func read(t *testing.T, data []byte) (header mail.Header, text, page string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	var bodies []string
	for {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" || !strings.Contains(strings.ToLower(p.Header.Get("Content-Type")), "charset=utf-8") {
			t.Errorf("part: %v", p.Header)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, strings.TrimSpace(strings.ReplaceAll(string(body), "\r\n", "\n")))
	}
	if len(bodies) != 2 {
		t.Fatalf("%d parts", len(bodies))
	}
	return m.Header, bodies[0], bodies[1]
}

func TestCompose(t *testing.T) {
	e := example("01a9-abc")
	e.FromName = "Fondo Aurora – area iscritti"
	e.ReplyTo = "aiuto@fondoaurora.example"
	e.Lang = "it@lei"
	l, err := compose(e)
	if err != nil {
		t.Fatal(err)
	}
	header, text, page := read(t, l.data)
	var words mime.WordDecoder
	decoded := func(name string) string {
		s, err := words.DecodeHeader(header.Get(name))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, want := range map[string]string{
		"Message-ID":       "<01a9-abc@fondoaurora.example>",
		"Auto-Submitted":   "auto-generated",
		"Content-Language": "it",
		"Date":             "Sat, 21 Nov 2026 14:30:00 +0000",
		"To":               "<anna@example.it>",
		"Reply-To":         "<aiuto@fondoaurora.example>",
		"From":             "Fondo Aurora – area iscritti <area@fondoaurora.example>",
		"Subject":          e.Subject,
	} {
		if got := decoded(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"X-Mailer", "User-Agent", "Bcc", "Cc", "List-Unsubscribe"} {
		if header.Get(name) != "" {
			t.Errorf("%s: %q", name, header.Get(name))
		}
	}
	if text != e.Text {
		t.Errorf("text: %q", text)
	}
	if page != strings.TrimSpace(HTML("it", e.Subject, e.Text)) {
		t.Errorf("page: %q", page)
	}
	if strings.Contains(header.Get("Subject"), "359359") {
		t.Error("the subject carries the code")
	}
	for line := range bytes.SplitSeq(l.data, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") || bytes.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Errorf("not a line of seven-bit mail: %q", line)
		}
	}
	if again, err := compose(e); err != nil || !bytes.Equal(again.data, l.data) {
		t.Errorf("composed twice it differs: %v", err)
	}
}

func TestComposeLongAndOddTexts(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("parola ", 3000), strings.Repeat("x", 5000), "a\r\nb\rc\nd", ".\n..\n.cut", "From here\n>From", "=20 =3D", " \ttabs\t",
		"emoji 👨‍👩‍👧 and ü", "--" + strings.Repeat("0", 32) + "--",
	} {
		e := example("m1")
		e.Subject = strings.Repeat("Anticipazione già confermata ", 20)
		e.Text = text
		l, err := compose(e)
		if err != nil {
			t.Fatal(err)
		}
		_, got, _ := read(t, l.data)
		if want := strings.TrimSpace(lineEnds.Replace(text)); got != want {
			t.Errorf("%.40q came back as %.60q", text, got)
		}
	}
}

// What a hostile register or form could try to make of a mail: another header,
// another recipient, another command (CVE-2025-59937, CVE-2026-23829).
func TestComposeRefusesInjection(t *testing.T) {
	vectors := []string{
		"a@example.it\r\nBcc: thief@example.org", "a@example.it\nBcc: thief@example.org", "a@example.it\r", "\na@example.it",
		"a@example.it\x00", "a@example.it\u2028", "a@example.it> NOTIFY=SUCCESS", "a@example.it>\r\nRCPT TO:<thief@example.org",
		"a@@example.it", "@@", "a@b@example.it", "\"a b\"@example.it", "\"a@example.it> x\"@example.org", "\"\\\"@example.it", "a@example.it, b@example.it",
		"Anna <a@example.it>", "<a@example.it>", "a@[127.0.0.1]", "a@example", "a example.it", "a@exam ple.it", "", "@example.it", "a@",
		"ä@example.it", "a..b@example.it", ".a@example.it", "a@-example.it", strings.Repeat("a", 65) + "@example.it", "\xff@example.it", "a\u202e@example.it",
	}
	refused := func(what string, e Envelope) {
		t.Helper()
		l, err := compose(e)
		if err == nil {
			t.Errorf("%s was composed:\n%s", what, l.data)
			return
		}
		if strings.Contains(err.Error(), "example") || strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("%s: the error shows it: %v", what, err)
		}
	}
	for _, v := range vectors {
		e := example("m1")
		e.To = v
		refused("to "+v, e)
		e = example("m1")
		e.From = v
		refused("from "+v, e)
		if v != "" {
			e = example("m1")
			e.ReplyTo = v
			refused("reply to "+v, e)
		}
	}
	for _, v := range []string{"x\r\nBcc: thief@example.org", "x\nX: y", "x\ry", "x\x00y", "x\u2028y", "x\x1b[2J", "\xff"} {
		e := example("m1")
		e.Subject = v
		refused("subject "+v, e)
		e = example("m1")
		e.FromName = v
		refused("name "+v, e)
		e = example("m1")
		e.Lang = v
		refused("language "+v, e)
		e = example("m1" + v)
		refused("id "+v, e)
	}
	for what, change := range map[string]func(*Envelope){
		"no id": func(e *Envelope) { e.ID = "" }, "an id with an end of its own": func(e *Envelope) { e.ID = "a>b" },
		"no subject": func(e *Envelope) { e.Subject = "" }, "no text": func(e *Envelope) { e.Text = "" },
	} {
		e := example("m1")
		change(&e)
		refused(what, e)
	}
	// Signs that are harmless where they stand must pass, and stay one word.
	e := example("m1")
	e.FromName = `Fondo "Aurora" <area@example.org>, Roma; =?utf-8?q?x?=`
	l, err := compose(e)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := read(t, l.data)
	from, err := header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != "area@fondoaurora.example" || from[0].Name != e.FromName {
		t.Errorf("from %+v, %v", from, err)
	}
}

// Refused before anything is dialled, and told as final: repeating is no use. But
// it is no bounce: it proves nothing about the mailbox.
func TestInjectionNeverReachesTheServer(t *testing.T) {
	r := newRelay(t, relayOptions{})
	s := r.sender(nil)
	e := example("m1")
	e.To = "a@example.it\r\nBcc: thief@example.org"
	_, err := s.Send(t.Context(), e)
	p, ok := errors.AsType[*Permanent](err)
	if !ok || p.Bounce() || p.Stage != "compose" || r.connections() != 0 {
		t.Errorf("%v, %d connections", err, r.connections())
	}
}

func TestHTML(t *testing.T) {
	text := "Gentile <b>Anna</b> & C.,\r\necco il codice:\r\n\r\n359359\r\n\r\nVale fino alle 14:35.\n4JQ7-XK2A\nIBAN IT60 X054 2811\n\n\n\nhttp://x.example/?a=1&b=2"
	page := HTML("it@lei", "Codice \"A\" <x>", text)
	if !strings.HasPrefix(page, "<!DOCTYPE html>\n<html lang=\"it\">") {
		t.Errorf("no language: %.80s", page)
	}
	big := regexp.MustCompile(`<p style="[^"]*font-size:36px[^"]*user-select:all">([^<]*)</p>`).FindAllStringSubmatch(page, -1)
	if len(big) != 2 || big[0][1] != "359359" || big[1][1] != "4JQ7-XK2A" {
		t.Errorf("codes: %q", big)
	}
	if !strings.Contains(page, "Gentile &lt;b&gt;Anna&lt;/b&gt; &amp; C.,<br>\necco il codice:</p>") {
		t.Errorf("the first paragraph: %s", page)
	}
	for _, tag := range []string{"<a", "<img", "<link", "<script", "<style", "url(", "src=", "href=", "background"} {
		if strings.Contains(strings.ToLower(page), tag) {
			t.Errorf("holds %s", tag)
		}
	}
	_, body, _ := strings.Cut(page, "<body")
	shown := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString("<body"+body, " "))
	if got, want := strings.Fields(shown), strings.Fields(text); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("not the same words:\n%q\n%q", got, want)
	}
}

func TestIsCode(t *testing.T) {
	for line, want := range map[string]bool{
		"359359": true, "4JQ7-XK2A": true, "123 456": true, "00000000": true, "ABCD-2345-EFGH": true,
		"": false, "359": false, "CIAO": false, "14:35": false, "Codice: 359359": false, "-359359": false, "359359.": false,
		"IT60 X054 2811 1010 0000 0123 456": false, "35 93  59": false, "a1b2c3": false, "٣٥٩٣٥٩": false,
	} {
		if isCode(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("anna@example.it", "Codice", "Fondo Aurora", "ecco\n\n359359", "it")
	f.Add("a@example.it\r\nBcc: b@example.org", "x\r\ny", "\"", ".\n--", "it@lei\"")
	f.Fuzz(func(t *testing.T, to, subject, name, text, lang string) {
		e := Envelope{ID: "m1", To: to, From: "area@fondoaurora.example", FromName: name, Subject: subject, Text: text, Lang: lang, Created: time.Unix(0, 0)}
		l, err := compose(e)
		if err != nil {
			return
		}
		m, err := mail.ReadMessage(bytes.NewReader(l.data))
		if err != nil {
			t.Fatalf("cannot be read: %v\n%q", err, l.data)
		}
		known := map[string]bool{"From": true, "To": true, "Subject": true, "Date": true, "Message-Id": true, "Mime-Version": true,
			"Content-Type": true, "Content-Language": true, "Auto-Submitted": true}
		for name, values := range m.Header {
			if !known[name] || len(values) != 1 {
				t.Errorf("header %q: %q", name, values)
			}
		}
		if list, err := m.Header.AddressList("To"); err != nil || len(list) != 1 {
			t.Errorf("to: %v, %v", list, err)
		}
		if strings.ContainsAny(l.to+l.from, "\r\n <>") {
			t.Errorf("addresses: %q %q", l.to, l.from)
		}
	})
}
