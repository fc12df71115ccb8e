package script

import (
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/texts"
)

// The eye for a language is seen to see.
func TestSpeaks(t *testing.T) {
	f := &access.Fund{ID: "prova", Name: "Fondo Prova", Country: "IT", Languages: []string{"it", "de"}, Zone: time.UTC}
	formal := *f
	formal.Variants = map[string]string{"it": "it@lei"}
	book := texts.Load()
	for _, c := range []struct {
		fund             *access.Fund
		lang, page, want string
	}{
		{f, "it", `<html lang="it"><p>Scegli la nuova password</p>`, ""},
		{f, "it", `<html lang="it"><p>Wählen Sie Ihr neues Passwort</p>`, "password_new.title in de"},
		{f, "it", `<html lang="it"><p>Scelga la nuova password</p>`, "password_new.title in it"},
		{f, "it", `<html lang="it"><p>La sessione finisce dopo {minutes} minuti</p>`, "nobody filled in {minutes}"},
		{f, "it", `<html lang="it"><p>[home.titel]</p>`, "nobody filled in [home.titel]"},
		{f, "it", `<html lang="it"><p>La sessione</p><script>"{minutes}"</script>`, ""},
		{f, "it", `<html lang="de"><p>La sessione</p>`, `the page says that it is in "de"`},
		{f, "de", `<html lang="de"><p>Wählen Sie Ihr neues Passwort</p>`, ""},
		{f, "de", `<html lang="de"><p>Scegli la nuova password</p>`, "password_new.title in it"},
		{&formal, "it", `<html lang="it"><p>Scelga la nuova password</p>`, ""},
		{&formal, "it", `<html lang="it"><p>Scrivi il PIN che hai ricevuto</p>`, "halves.title_pin in it"},
	} {
		var v view
		if err := v.read(c.page); err != nil {
			t.Fatal(err)
		}
		err := newTongue(book, c.fund, c.lang).judge(&v)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %s: %v, want %q", c.lang, c.page, err, c.want)
		}
	}
}
