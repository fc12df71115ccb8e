package app_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"aditus/internal/password"
)

// What could have happened: a member chooses a password that stands in every
// thief's list, and the operator's filter of such lists is opened and never asked
// (ASVS 6.2.12).
func TestBreachedPassword(t *testing.T) {
	s := newSite(t, "sqlite", nil)
	s.register(actor)
	file := filepath.Join(t.TempDir(), "filter")
	if _, err := password.BuildFilter(t.Context(), strings.NewReader(better+"\nanother of them\n"), file, nil); err != nil {
		t.Fatal(err)
	}
	filter, err := password.OpenFilter(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := filter.Close(); err != nil {
			t.Error(err)
		}
	})
	s.app.Journeys.Breached = filter
	b := s.browser("owner", "192.0.2.1")
	b.signIn(actor)
	b.post("/password/change")
	w := b.post("/password/new", "password", better)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "elenchi di password rubate") {
		t.Errorf("a stolen password: %s", said(w))
	}
	if w := b.post("/password/new", "password", better+" e altro"); w.Header().Get("Location") != "/otp" {
		t.Errorf("another: %s", said(w))
	}
}
