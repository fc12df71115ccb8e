package browser_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"testing"

	"aditus/funds"
	"aditus/internal/browsertest"
	"aditus/internal/demo"
	"aditus/internal/policy"
	"aditus/internal/texts"
)

// The door of the demonstration, with its people and its messages, and a page of
// the fund under the strip that says what this is: as every page, in every
// language.
func TestBrowserDoor(t *testing.T) {
	t.Parallel()
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	d, err := demo.New(t.Context(), demo.Options{Listen: server.Listener.Addr().String(), Funds: all, Wording: funds.Files,
		Log: slog.New(slog.DiscardHandler), Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = d.Handler
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p := browsertest.New(t, browsertest.Options{})
	look := func(name, url string) {
		t.Helper()
		for _, lang := range texts.Languages {
			p.Open(url + "?lang=" + lang)
			if n := p.Weight(); n > heaviest+24<<10 { // the tables of all people are long
				t.Errorf("%s: %d bytes", url, n)
			}
			for _, width := range []int{320, 360, 1280} {
				p.Size(width, 900)
				if width == 360 {
					p.Screenshot(fmt.Sprintf("%s.%s.%d", name, lang, width))
					continue
				}
				for _, wrong := range complaints(p, d.App.Texts.Voice(texts.StyleOf(all[0], lang), lang).T("frame.error")) {
					t.Errorf("%s in %s: %s", name, lang, wrong)
				}
				p.NoSidewaysScroll()
				p.Targets(24)
				if lang == "it" {
					bad, unsure := p.Axe()
					if len(bad)+len(unsure) > 0 {
						t.Errorf("%s at %d px: %v %v", name, width, bad, unsure)
					}
				}
			}
		}
		p.Screenshot(name + ".en.1280")
	}
	door := "http://localhost:" + port
	look("door", door+"/")
	look("door-messages-none", door+"/demo/messages")
	look("door-login", "http://aurora.localhost:"+port+"/login")

	// The messages of a world of ours, one of each kind.
	w := newWorld(t)
	who := w.person(byEmail).sits("it", "").knocks()
	w.person(bySMS).sits("de", "").knocks()
	w.code(who.email)
	for _, m := range w.post.Messages() {
		if _, err := d.Capture.Send(context.Background(), m.Envelope); err != nil {
			t.Fatal(err)
		}
	}
	look("door-messages", door+"/demo/messages")

	// The clock's buttons and a message that arrives.
	before := d.Clock.Now()
	p.Lang("it")
	p.Open(door + "/?lang=it")
	p.Press("Avanti di 5 minuti")
	if by := d.Clock.Now().Sub(before).Minutes(); by < 5 {
		t.Errorf("the clock went on by %.1f minutes", by)
	}
	p.See("Qui sono:")
	if said := p.Console(); len(said) > 0 {
		t.Errorf("the browser says %q", said)
	}
}
