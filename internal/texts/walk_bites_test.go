package texts

import (
	"slices"
	"strings"
	"testing"
)

// The walker itself, seen finding: a rule that never failed proves nothing.

func TestWalkerBitesInTemplates(t *testing.T) {
	b := load(t)
	for _, c := range []struct{ page, want string }{
		{`<h1>{{.T "login.title"}}</h1>`, ""},
		{`<h1>{{.T "login.titel"}}</h1>`, `no text "login.titel"`},
		{`{{with .X}}{{$.T "login.titel"}}{{end}}`, `no text "login.titel"`},
		{`{{if .X}}a{{else}}{{$.Visit.T "login.titel"}}{{end}}`, `no text "login.titel"`},
		{`<p>{{.T "otp.wait" "time" .Until}}</p>`, ""},
		{`<p>{{.T "otp.wait"}}</p>`, `"otp.wait" needs {time}`},
		{`<p>{{.T "otp.wait" "tyme" .Until}}</p>`, `"otp.wait" has no {tyme}`},
		{`<p>{{.T "frame.help_call"}}</p>`, ""},
		{`<div data-i18n.left="{{.T "otp.left"}}"></div>`, ""},
		{`{{.T (printf "state.%s" .State)}}`, ""},
		{`{{.T (printf "timeline.%s" .State)}}`, `"timeline.held" needs {date}`},
		{`{{.T (printf "timeline.%s" .State) "date" .Held}}`, ""},
		{`{{.T (printf "act.%s.nome" .Act)}}`, `no text like "act.**.nome"`},
		{`{{.T (print "act." .Act ".name")}}`, ""},
		{`{{.T (printf "own.line.%s" .Line)}}`, ""},
		{`{{.T (printf "login.%s" .X)}}`, `"login."... is of no family`},
		{`{{.T (or .A .B)}}`, "beginning is not written"},
		{`{{.T .Key}}`, ""},
		{`{{template "field" (dict "label" "field.tax_code")}}`, ""},
		{`{{template "field" (dict "label" "field.tax_cod")}}`, `no text "field.tax_cod"`},
		{`{{template "frame.html" .}}`, ""},
		{`<p>Benvenuto</p>`, `outside the texts: "Benvenuto"`},
		{`<p>{{.T "otp.button"}}&nbsp;– 12:30</p>`, ""},
		{`<p>{{.T "otp.button"}}&eacute;</p>`, "outside the texts"},
		{`<img alt="Logo" src="a.svg">`, `alt="Logo"`},
		{`<img alt="" src="a.svg">`, ""},
		{`<nav aria-label="{{.T "frame.nav"}}" class="x y">`, ""},
		{`<nav aria-label="Menu {{.X}}">`, `aria-label="Menu`},
		{`<input type="submit" value="Invia">`, `value="Invia"`},
		{`<input type="radio" value="email">`, ""},
		{`<div data-i18n.show-password="Mostra"></div>`, `data-i18n.show-password="Mostra"`},
		{`<p data-i18n='{"left":"{{.T "otp.left"}}"}'></p>`, ""},
		{`<p data-i18n='{"left":"ancora"}'></p>`, "ancora"},
		{`<title>Aditus</title>`, `outside the texts: "Aditus"`},
		{`<style nonce="{{.N}}">p{color:red}</style><script>let a</script>`, ""},
		{`<!-- a comment -->{{/* another */}}`, ""},
		{`<code translate="no">GET <b>/demo</b></code>`, ""},
		{`<code translate="no">x<br></code>y`, `outside the texts: "y"`},
		{`<meta name="description" content="Area"><meta name="robots" content="noindex">`, `content="Area"`},
		{`{{define "x"}}ciao{{end}}`, `outside the texts: "ciao"`},
		{`{{if}}`, "missing value"},
	} {
		w := newWalker(b)
		w.template("page.html", c.page)
		got := strings.Join(w.wrong, "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s\n found %q\nwanted %q", c.page, got, c.want)
		}
	}
}

func TestWalkerBitesInGo(t *testing.T) {
	b := load(t)
	for _, c := range []struct{ line, want string }{
		{`v.T("login.title")`, ""},
		{`v.T("login.titel")`, `p.go:2: there is no text "login.titel"`},
		{`v.T("otp.wait", "time", x)`, ""},
		{`v.T("otp.wait")`, "needs {time}"},
		{`v.T("otp.wait", args...)`, ""},
		{`v.SMS().T("sms." + m.Key, v.Args(m.Args)...)`, ""},
		{`v.T("act." + id + ".nome")`, "no text like"},
		{`v.T("timeline." + state)`, `"timeline.held" needs {date}`},
		{`v.T("login." + x)`, "of no family"},
		{`v.T("act." + id + ".name")`, ""},
		{`v.T(fmt.Sprintf("mail.%s.text", k), args...)`, ""},
		{`v.T(fmt.Sprintf("mial.%s.text", k))`, "of no family"},
		{`v.T(key)`, ""},
		{`access.Refuse("sign_in")`, ""},
		{`access.Refuse("sing_in")`, `no text "refusal.sing_in"`},
		{`access.Refuse("code_wrong", access.Arg{Name: "n", Value: "1"})`, ""},
		{`access.Refuse("code_burnt", access.Arg{Name: "n", Value: "1"})`, "needs {time}"},
		{`access.Refuse("code_burnt", args...)`, ""},
		{`access.Refuse("code_burnt", n(), t())`, ""},
		{`access.RefuseField("otp", "code_emty")`, `no text "refusal.code_emty"`},
		{`access.RefuseField("iban", "iban_" + e.Reason)`, "put together"},
		{`r.refuse("iban", fd.Name + "_missing")`, ""},
		{`r.refuse(input("share", i), "share_emty")`, `no text "refusal.share_emty"`},
		{`refuse("charset")`, ""},
		{`return &access.Refusal{Code: "sing_in"}`, `no text "refusal.sing_in"`},
		{`return &access.Refusal{Code: "sign_in"}`, ""},
		{`return &access.Refusal{Code: code, Args: args}`, ""},
		{`_ = access.Arg{Name: "button", Type: access.ArgKey, Value: "otp.agian"}`, `no text "otp.agian"`},
		{`_ = access.Arg{"button", access.ArgKey, "otp.again"}`, ""},
		{`_ = access.Arg{"button", access.ArgText, "otp.agian"}`, ""},
		{`_ = access.Arg{Name: "act", Type: access.ArgKey, Value: "act." + id + ".short"}`, ""},
		{`_ = access.Arg{Name: "act", Type: access.ArgKey, Value: "axt." + id + ".short"}`, "of no family"},
	} {
		w := newWalker(b)
		w.goFile("p.go", []byte("package p; func f() (r any) {\n"+c.line+"\nreturn }"))
		got := strings.Join(w.wrong, "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s\n found %q\nwanted %q", c.line, got, c.want)
		}
	}
}

func TestWalkerFindsUnused(t *testing.T) {
	w := newWalker(load(t))
	w.template("page.html", `{{.T "login.title"}}{{template "f" (dict "label" "login.lead")}}`)
	w.goFile("p.go", []byte("package p; var a, b, c = \"login.button\", \"sign_in\", \"new_device\""))
	left := w.unused()
	for _, key := range []string{"login.title", "login.lead", "login.button", "refusal.sign_in", "sms.new_device",
		"mail.new_device.text", "act.iban.name", "refusal.city_missing"} {
		if slices.Contains(left, key) {
			t.Errorf("%q is used", key)
		}
	}
	for _, key := range []string{"login.forgot", "refusal.locked", "sms.withdrawn", "mail.withdrawn.subject", "frame.skip"} {
		if !slices.Contains(left, key) {
			t.Errorf("%q is not used, and was not found", key)
		}
	}
}
