package web_test

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"aditus/internal/access"
	"aditus/internal/session"
	"aditus/internal/store"
)

const (
	iban      = "IT60X0542811101000000123456"
	ibanShown = "IT60 X054 2811 1010 0000 0123 456"
	ibanLast4 = "IT•• •••• •••• 3456"
	mobile    = "+393007581279"
	mail      = "samuele.lamarghera@example.com"
)

// member is the id of the person with a login.
func (w *walk) member(login string) string {
	w.t.Helper()
	id := ""
	w.write(func(tx *store.Tx) error {
		all, err := tx.MembersByLogin(login)
		id = all[0].ID
		return err
	})
	return id
}

// channel makes a channel the member's, as the journey does at its end.
func (w *walk) channel(login string, kind access.Kind, address string) {
	w.t.Helper()
	id := w.member(login)
	w.write(func(tx *store.Tx) error {
		if err := tx.UseChannel(access.Channel{ID: access.NewID(tx.Now()), Member: id, Kind: kind, Address: address, Source: "registry"}); err != nil {
			return err
		}
		return tx.Enrol(access.Enrolment{Member: id, Level: access.LevelAct, Journey: "J"})
	})
}

// inside is a browser signed in as the member.
func (w *walk) inside(login string, level access.Level) *browser {
	w.t.Helper()
	b, token, id := w.browser(), access.NewSecret(), w.member(login)
	w.write(func(tx *store.Tx) error {
		return tx.AddSession(access.Session{ID: session.ID(token), Fund: w.fund.ID, Member: id, Level: level, Method: "password", Lang: "it",
			Agent: "Firefox, Windows", EndsAt: tx.Now().Add(8 * time.Hour)})
	})
	b.cookies["__Host-session"] = token
	return b
}

// alter changes a register entry, as an import does.
func (w *walk) alter(number string, change func(*access.Entry)) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		im, err := tx.BeginImport("again.csv", number)
		if err != nil {
			return err
		}
		e, err := tx.Entry(number)
		if err != nil {
			return err
		}
		e.Version, e.Login = im.Version, e.Record.TaxCode
		change(&e)
		if err := tx.ChangeEntry(e); err != nil {
			return err
		}
		return tx.PublishImport(im)
	})
}

// element is the element of the page with an id, nil if there is none.
func (b *browser) element(id string) *html.Node { return b.ids()[id] }

// links are the paths that the page's links lead to.
func (b *browser) links() (all []string) {
	for n := range b.page.Descendants() {
		if n.Data == "a" {
			all = append(all, attr(n, "href"))
		}
	}
	return all
}

// leads reports an error unless the page has a link to path.
func (b *browser) leads(path string) {
	b.w.t.Helper()
	if !slices.Contains(b.links(), path) {
		b.w.t.Errorf("%s has no link to %s: %v", b.at, path, b.links())
	}
}

// state is where an operation stands.
func (w *walk) state(login, id string) (o access.Operation) {
	w.t.Helper()
	member := w.member(login)
	w.write(func(tx *store.Tx) (err error) {
		o, err = tx.Operation(member, id)
		return err
	})
	return o
}

// posted counts the messages that have left.
func (w *walk) posted() int {
	w.t.Helper()
	w.deliver(nil)
	return len(w.post.Messages())
}

// The forms of the four acts, rightly filled.
var (
	residence   = []string{"street", "Via Roma 12", "postcode", "41121", "city", "Modena", "province", "mo", "country", "IT", "from_date_day", "1", "from_date_month", "9", "from_date_year", "2025"}
	account     = []string{"iban", "it60 x054 2811 1010 0000 0123 456"}
	advance     = []string{"reason", "health", "how_much", "amount", "amount", "12.500,00", "percent", "", "iban", iban}
	designation = []string{"person_name_1", "Anna Rossi", "person_tax_code_1", "VGNFNC87S65D711L", "person_birth_day_1", "", "person_birth_month_1", "", "person_birth_year_1", "", "person_share_1", "100"}
)

// with is a form with some of its values changed.
func with(form []string, changes ...string) []string {
	form = slices.Clone(form)
	for i := 0; i+1 < len(changes); i += 2 {
		at := -1
		for j := 0; j+1 < len(form); j += 2 {
			if form[j] == changes[i] {
				at = j
			}
		}
		if at < 0 {
			form = append(form, changes[i], changes[i+1])
			continue
		}
		form[at+1] = changes[i+1]
	}
	return form
}

// draft writes a draft down and returns its path.
func (b *browser) draft(act string, form []string) (path string) {
	b.w.t.Helper()
	status := b.do("/operations/new/"+act, form...)
	path, ok := strings.CutSuffix(b.at, "/confirm")
	if status != http.StatusOK || !ok {
		b.w.t.Fatalf("got %d at %s, want a draft's summary:\n%s", status, b.at, b.words())
	}
	return path
}
