package deliver

import (
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

func certified(id string) Envelope {
	e := example(id)
	e.Channel, e.To, e.From = "pec", "anna@pec.example.it", "fondo@pec.example.it"
	return e
}

// PEC goes by an account of its own: what the provider's formal checks ask for
// (RFC 6109, 3.1.1), and no receipt that repeats a code.
func TestPEC(t *testing.T) {
	r := newRelay(t, relayOptions{implicit: true, auth: "fondo@pec.example.it:geheim"})
	s := r.sender(func(c *SMTPConfig) {
		c.TLS, c.Username, c.Password, c.From = TLSImplicit, "fondo@pec.example.it", "geheim", "cassa@pec.example.it"
	})
	for _, c := range []struct {
		change func(*Envelope)
		from   string
		kind   string // of the receipts that are asked for
	}{
		{func(e *Envelope) { e.Secret = true }, "fondo@pec.example.it", "sintetica"},
		{func(*Envelope) {}, "fondo@pec.example.it", ""},
		{func(e *Envelope) { e.From = "" }, "cassa@pec.example.it", ""}, // the account's own
	} {
		e := certified("m1")
		c.change(&e)
		if _, err := s.Send(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		all := r.received()
		m := all[len(all)-1]
		header, _, _ := read(t, m.data)
		if m.from != c.from || header.Get("X-TipoRicevuta") != c.kind || header.Get("To") != "<anna@pec.example.it>" || header.Get("Cc")+header.Get("Bcc") != "" ||
			!strings.Contains(header.Get("From"), "<"+c.from+">") || header.Get("Message-ID") != "<m1@pec.example.it>" {
			t.Errorf("from %q: %v", m.from, header)
		}
	}
	// An ordinary mail with a code is no certified one.
	e := example("m2")
	e.Secret = true
	if _, err := s.Send(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	all := r.received()
	if header, _, _ := read(t, all[len(all)-1].data); header.Get("X-TipoRicevuta") != "" {
		t.Error(header)
	}
	e.From = ""
	if _, err := newRelay(t, relayOptions{}).sender(nil).Send(t.Context(), e); err == nil {
		t.Error("sent from nobody")
	}
}

// What could have happened: the connection breaks after a certified mail was
// handed over, it is sent again, and the member holds two legal acts.
func TestPECIsNeverRepeated(t *testing.T) {
	r := newRelay(t, relayOptions{})
	r.on = func(stage string, c *smtp.Conn) error {
		if stage == "data" {
			return c.Conn().Close()
		}
		return nil
	}
	s := r.sender(nil)
	for _, c := range []struct {
		e      Envelope
		repeat bool
	}{{certified("m1"), false}, {example("m2"), true}} {
		_, err := s.Send(t.Context(), c.e)
		if u, ok := err.(*Unknown); !ok || u.Repeat != c.repeat {
			t.Errorf("%s: %v", c.e.Channel, err)
		}
	}
}
