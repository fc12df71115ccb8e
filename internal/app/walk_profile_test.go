package app_test

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/profile"
	"aditus/internal/session"
	"aditus/internal/store"
)

// A walk of people who act for others, while the office enrols and ends, members say
// «that was not me», and time passes (C-22). What could have happened: in some order of
// things a profile opens that is not theirs any more, an act is somebody else's than
// the page said, or is confirmed by another than who wrote it; or whoever acts changes
// a credential or a contact.
func TestFaultWalkProfiles(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			walkAll(t, []string{"chosen", "drafted for another", "confirmed for another", "withdrawn for another", "refused"},
				func(nth uint64) walker { return newProfiles(t, engine, nth) })
		})
	}
}

// profiles is a walk: the site, three who act and two for whom they can.
type profiles struct {
	*memory
	sitting map[string]*browser // by who sits there
	next    string              // whom the office has just had to do with
}

var (
	actors   = []string{"MA", "MB", "MC"}
	children = []string{"MX", "MY"}
)

const actorPIN = "K7M2Q9XA"

func newProfiles(t *testing.T, engine string, nth uint64) *profiles {
	s := newSiteOf(t, engine, "meridiana", func(f *access.Fund) {
		f.Code.PerHour, f.Code.PerDay, f.Code.PerSite, f.Code.Again = 100000, 100000, 100000, time.Second
		f.Session.Idle, f.Session.Absolute = 24*time.Hour, 24*365*time.Hour
	})
	w := &profiles{memory: remember(s, 15+nth), sitting: map[string]*browser{}}
	hash, err := s.app.Passwords.Hash(t.Context(), actorPIN)
	if err != nil {
		t.Fatal(err)
	}
	w.write(func(tx *store.Tx) error {
		im, err := tx.BeginImport("people.csv", "0")
		if err != nil {
			return err
		}
		for i, id := range append(slices.Clone(actors), children...) {
			e := access.Entry{ID: id, Member: id, Number: "90000" + fmt.Sprint(i), Login: "90000" + fmt.Sprint(i), Status: "active", Version: im.Version, Digest: "0",
				Record: access.Record{Name: "Nome" + id, Surname: "Cognome", TaxCode: "CODE" + id, Born: "1980-01-01", Email: id + "@example.com",
					Mobile: "+39300000000" + fmt.Sprint(i), MobileReliable: true}}
			if slices.Contains(children, id) {
				e.Held, e.Record.Born, e.Record.Mobile = access.HeldRepresented, "2014-01-04", ""
			} else if err := tx.SetPIN(id, hash); err != nil {
				return err
			}
			if err := tx.AddEntry(e); err != nil {
				return err
			}
		}
		return tx.PublishImport(im)
	})
	for i, id := range actors {
		w.sitting[id] = w.browsers[i]
	}
	return w
}

func (w *profiles) write(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.app.DB.Write(w.t.Context(), w.fund.ID, f); err != nil {
		w.t.Fatal(err)
	}
}

// sits signs somebody in, once more.
func (w *profiles) sits(who string) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		token, err := w.app.Sessions.Start(tx, w.fund, access.Session{Member: who, Level: access.LevelAct, Method: "password", Lang: "it"}, "new", audit.Where{})
		w.sitting[who].cookies["session"] = token
		return err
	})
}

// office does something that changes what people may.
func (w *profiles) office() string {
	who, child := actors[w.rnd.IntN(len(actors))], children[w.rnd.IntN(len(children))]
	what := ""
	w.next = who
	w.write(func(tx *store.Tx) error {
		switch n := w.rnd.IntN(20); {
		case n < 12:
			what = "enrols " + who + " for " + child
			_, err := profile.Enrol(tx, w.fund, access.Mandate{Representative: who, Member: child, Kind: access.MandateParent, By: "office",
				Proof: access.Document{Kind: "identity_document", Number: "1", Issuer: "Comune", Date: "2024-03-01"}})
			if _, refused := errors.AsType[*access.Refusal](err); refused {
				return nil
			}
			return err
		case n < 15:
			what = "ends " + who + " for " + child
			all, err := tx.MandatesOf(who)
			if err != nil {
				return err
			}
			for _, m := range all {
				if m.Member == child {
					return profile.End(tx, w.fund, m, "office")
				}
			}
			return nil
		case n < 17:
			what = who + " says that it was not them"
			return once(tx.Freeze(who, "s"))
		}
		what = "talks to " + who
		return once(tx.Thaw(who))
	})
	return what
}

// once takes it for done if it was.
func once(err error) error {
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	return err
}

// allowed is the rule, told once more: one's own, or by an open mandate of somebody
// who may act.
func (w *profiles) allowed(who, whose string) bool {
	if who == whose {
		return true
	}
	return w.number(`SELECT count(*) FROM mandate WHERE representative = ?1 AND member = ?2 AND ended_at = 0`, who, whose) == 1 &&
		w.number(`SELECT count(*) FROM member_freeze WHERE member = ?1 AND ended_at = 0`, who) == 0
}

type profilesState struct{ profile, written, state, secrets map[string]string }

func (w *profiles) read() profilesState {
	return profilesState{
		profile: w.table(`SELECT id, member || ' ' || coalesce(profile, '-') FROM session`),
		written: w.table(`SELECT id, member || ' ' || coalesce(actor, '') || ' ' || act FROM operation`),
		state:   w.table(`SELECT id, state FROM operation`),
		secrets: w.table(`SELECT 'pin ' || member, hash FROM pin UNION ALL SELECT 'password ' || member, hash FROM credential UNION ALL SELECT 'channel ' || id, member FROM channel UNION ALL SELECT 'entry ' || id, digest FROM entry`),
	}
}

// step does one thing, and judges what it changed.
func (w *profiles) step(i int) {
	if w.rnd.IntN(4) == 0 { // mostly within the second for which a session is remembered
		w.now.pass(time.Second)
	}
	if w.rnd.IntN(12) == 0 {
		before := w.read()
		w.log = append(w.log, fmt.Sprintf("%d the office: %s", i, w.office()))
		if after := w.read(); !maps.Equal(before.profile, after.profile) || !maps.Equal(before.written, after.written) {
			w.t.Errorf("the office changed a session, or an act")
		}
		return
	}
	who := actors[w.rnd.IntN(len(actors))]
	if w.next != "" { // goes on at once, as if nothing had happened
		who, w.next = w.next, ""
	}
	b := w.sitting[who]
	if b.cookies["session"] == "" || w.rnd.IntN(15) == 0 {
		w.sits(who)
	}
	if w.rnd.IntN(30) == 0 { // somebody else's browser: whoever has the cookie is its member
		b = w.sitting[actors[w.rnd.IntN(len(actors))]]
	}
	before := w.read()
	here := session.ID(b.cookies["session"])
	path, form := w.move(before, here)
	owner, open, _ := strings.Cut(before.profile[here], " ")
	may := owner != "" && w.allowed(owner, form.Get("profile"))
	whose := owner
	if open != "" && open != "-" {
		whose = open
	}
	acts := owner != "" && w.allowed(owner, whose)
	answer := b.do("POST", path, form)
	w.work()
	w.log = append(w.log, fmt.Sprintf("%d %s (profile %s): POST %s %s -> %s", i, owner, open, path, form.Encode(), said(answer)))
	after := w.read()
	wrong := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf("POST %s %s -> %s: %s", path, form.Encode(), said(answer), fmt.Sprintf(format, args...))
	}
	if !maps.Equal(before.secrets, after.secrets) {
		wrong("a secret, a contact or a row of the register changed")
	}
	if answer.Code >= 400 || answer.Header().Get("Location") == "/profiles" {
		w.seen["refused"]++
	}
	for id, v := range after.profile {
		if before.profile[id] == v {
			continue
		}
		w.seen["chosen"]++
		if id != here || path != "/profiles" || !may || v != owner+" "+form.Get("profile") {
			wrong("the session %s has the profile %q, and had %q", id, v, before.profile[id])
		}
	}
	for id, v := range after.written {
		f := strings.Split(v, " ")
		by := f[1]
		if by == "" {
			by = f[0]
		}
		if before.written[id] == "" {
			if f[0] != owner {
				w.seen["drafted for another"]++
			}
			if path != "/operations/new/"+f[2] || f[2] == "contacts" && f[0] != owner || f[0] != whose || by != owner || !acts || form.Get("profile") != whose && before.profile[here] != owner+" -" {
				wrong("%s was written: %s", id, v)
			}
			continue
		}
		if before.written[id] != v {
			wrong("%s is %q, and was %q", id, v, before.written[id])
		}
		if now, was := after.state[id], before.state[id]; now != was {
			another := f[0] != owner
			if !acts || f[0] != whose || now != "withdrawn" && by != owner {
				wrong("%s went from %s to %s", id, was, now)
			}
			switch {
			case now == "confirmed" && another:
				w.seen["confirmed for another"]++
			case now == "withdrawn" && another:
				w.seen["withdrawn for another"]++
			}
		}
	}
}

// move thinks of a request: mostly one that fits where the browser stands.
func (w *profiles) move(now profilesState, here string) (string, url.Values) {
	all := append(append(slices.Clone(actors), children...), "nobody", "")
	anybody := all[w.rnd.IntN(len(all))]
	owner, open, _ := strings.Cut(now.profile[here], " ")
	if (open == "" || open == owner) && w.rnd.IntN(4) > 0 {
		return "/profiles", url.Values{"profile": {children[w.rnd.IntN(2)]}}
	}
	if w.rnd.IntN(12) == 0 {
		return "/profiles", url.Values{"profile": {anybody}}
	}
	if open == "-" || open == "" {
		open = owner
	}
	// An operation of the profile, or of anybody.
	ids := slices.Sorted(maps.Keys(now.written))
	slices.Reverse(ids)
	for _, id := range ids {
		if w.rnd.IntN(10) > 0 && !strings.HasPrefix(now.written[id], open+" ") {
			continue
		}
		if now.state[id] == "lapsed" || now.state[id] == "withdrawn" {
			continue
		}
		n := w.rnd.IntN(9)
		switch {
		case now.state[id] == "coded" && n < 6:
			n = 3
		case now.state[id] == "confirmed" && n < 3:
			n = 7
		}
		switch n {
		case 0:
			return "/operations/" + id + "/edit", url.Values{"iban": {"CH9300762011623852957"}}
		case 1, 2:
			return "/operations/" + id + "/confirm", url.Values{"do": {"ask"}, "pin": {actorPIN}}
		case 3, 4, 5:
			at := slices.Index(actors, owner)
			return "/operations/" + id + "/confirm", url.Values{"otp": {w.sms("+39300000000" + fmt.Sprint(at))}}
		case 6:
			return "/operations/" + id + "/confirm", url.Values{"do": {"cancel"}}
		case 7:
			return "/requests/" + id + "/withdraw", nil
		}
		break
	}
	switch w.rnd.IntN(8) {
	case 0:
		return "/operations/new/contacts", url.Values{"email": {"other@example.com"}, "profile": {open}}
	case 1:
		return "/operations/new/iban", url.Values{"iban": {"IT60X0542811101000000123456"}, "profile": {anybody}}
	}
	return "/operations/new/iban", url.Values{"iban": {"IT60X0542811101000000123456"}, "profile": {open}}
}

// sms is the newest code that was sent to a number.
func (w *profiles) sms(to string) string {
	for _, m := range w.post.Messages() {
		if m.To == to {
			if found := smsCode.FindStringSubmatch(m.Text); found != nil {
				return found[1]
			}
		}
	}
	return "000000"
}
