package browser_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/identifier"
	"aditus/internal/journey"
	"aditus/internal/operation"
	"aditus/internal/session"
	"aditus/internal/store"
)

// What the people type.
const (
	secret = "ciliegia-Lampada-47-nuvola"
	better = "quattro parole a caso insieme"
	iban   = "IT60X0542811101000000123456"
	pin    = "K7M2Q9XA"
)

// A person is somebody the register has.
type person struct {
	w       *world
	member  string
	number  string
	taxCode string
	login   string // what is typed: the tax code, or a user name
	email   string // "" if none is on file
	mobile  string
	channel access.Kind // the secure channel in use, "" for none
}

// A kind says how a person stands; the zero value has both contacts, a password
// that came with the register, and no channel.
type kind struct {
	noEmail, noMobile bool
	noPIN             bool        // none was chosen yet
	noPassword        bool        // nobody chose one yet: the membership number opens the way
	channel           access.Kind // active, with a password of the member's own
	due               bool        // the channel is active, but the new password is still to be chosen
	status            string      // "active" if none is given
	held              string      // why nobody may come in with the row
	record            func(*access.Record)
	second            func(*access.Entry) // another position of the same person
}

// person puts somebody into the register.
func (w *world) person(k kind) *person {
	w.t.Helper()
	n := int(w.people.Add(1))
	p := &person{w: w, member: fmt.Sprintf("M%04d", n), number: fmt.Sprintf("0090%04d", n), taxCode: taxCode(n), channel: k.channel}
	if !k.noEmail {
		p.email = fmt.Sprintf("samuele.lamarghera%d@example.com", n)
	}
	if !k.noMobile {
		p.mobile = fmt.Sprintf("+39300758%04d", n)
	}
	if k.status == "" {
		k.status = "active"
	}
	e := access.Entry{ID: p.number, Member: p.member, Number: p.number, Login: p.taxCode, Status: k.status, Held: k.held, Digest: "0", Record: access.Record{
		Name: "Samuele", Surname: "La Marghera", TaxCode: p.taxCode, Sex: "M", Born: "1958-08-22", BirthPlace: "Suni",
		Street: "Strada Bassa, 52", Postcode: "41049", Town: "Sassuolo", Province: "MO", Country: "IT", Email: p.email, Mobile: p.mobile,
		Joined: "2007-12-07", JoinKind: "explicit", Line: "DINAMICO", Employer: "Piastrelle Esempio Nord S.p.A.", Updated: "2022-09-11"}}
	if k.record != nil {
		k.record(&e.Record)
	}
	p.login = p.taxCode
	if w.fund.Registry.Login == "username" {
		p.login = strings.TrimLeft(p.number, "0")
		e.Login = p.login
	}
	if w.fund.Registry.Key.National() {
		e.Number = strings.Repeat("0", 60) + fmt.Sprintf("%04d", n) // a keyed hash
	}
	entries := []access.Entry{e}
	if k.second != nil {
		other := e
		other.Number = "0091" + e.Number[4:]
		other.ID = other.Number
		k.second(&other)
		entries = append(entries, other)
	}
	hash, pinHash := w.hash(secret), w.hash(pin)
	w.write(func(tx *store.Tx) error {
		im, err := tx.BeginImport("people.csv", p.number)
		if err != nil {
			return err
		}
		for _, e := range entries {
			e.Version = im.Version
			if err := tx.AddEntry(e); err != nil {
				return err
			}
		}
		if err := tx.PublishImport(im); err != nil || k.noPassword {
			return err
		}
		if _, ok := w.fund.Flow("trust_mobile"); ok && !k.noPIN {
			if err := tx.SetPIN(p.member, pinHash); err != nil {
				return err
			}
		}
		source := "registry"
		if k.channel != "" && !k.due {
			source = "member"
		}
		if err := tx.SetPassword(access.Credential{Member: p.member, Hash: hash, Source: source}); err != nil || k.channel == "" {
			return err
		}
		c := access.Channel{ID: access.NewID(tx.Now()), Member: p.member, Kind: k.channel, Address: p.at(), Source: "registry"}
		if err := tx.UseChannel(c); err != nil {
			return err
		}
		if k.due {
			return tx.PasswordDue(p.member)
		}
		return tx.Enrol(access.Enrolment{Member: p.member, Level: access.LevelAct, Journey: "J"})
	})
	return p
}

// at is the address of the person's channel.
func (p *person) at() string {
	if p.channel == access.SMS {
		return p.mobile
	}
	return p.email
}

// taxCode is a tax code that nobody was ever given, another for each n.
func taxCode(n int) string {
	body := fmt.Sprintf("ZZZSML%02dM%02dL006", 20+n/28%60, 1+n%28)
	for letter := 'A'; letter <= 'Z'; letter++ {
		if code, err := identifier.TaxCode(body + string(letter)); err == nil {
			return code
		}
	}
	panic("no letter fits " + body)
}

func (w *world) hash(text string) string {
	w.t.Helper()
	hash, err := w.app.Passwords.Hash(context.Background(), text)
	if err != nil {
		w.t.Fatal(err)
	}
	return hash
}

func (w *world) write(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.app.DB.Write(context.Background(), w.fund.ID, f); err != nil {
		w.t.Fatal(err)
	}
}

// A seat is a person at a browser: the cookies it has, and the visitor that the
// program sees in it.
type seat struct {
	*person
	cookies map[string]string
	visitor journey.Visitor
}

// desktop is the browser that people used before, as the site names it.
const desktop = "Firefox, Windows"

// sits puts the person before a browser with a language, signed in at a level,
// or with "" as somebody the site does not know yet.
func (p *person) sits(lang string, level access.Level) *seat {
	p.w.t.Helper()
	device := access.NewSecret()
	p.w.homes.Add(1)
	ip, _, _ := strings.Cut(p.w.address(), ":")
	s := &seat{person: p, cookies: map[string]string{"lang": lang, "device": device},
		visitor: journey.Visitor{Host: p.w.host, Lang: lang, Agent: desktop, IP: ip, Device: device}}
	if level != "" {
		s.signIn(level)
	}
	return s
}

// signIn opens a session, as a code or a password would have.
func (s *seat) signIn(level access.Level) {
	s.w.t.Helper()
	id := session.ID(s.visitor.Device)
	var token string
	s.w.write(func(tx *store.Tx) (err error) {
		proved, method := tx.Now(), "password+"+string(s.channel)
		if level == access.LevelRead {
			proved, method = time.Time{}, "password"
		}
		if err := tx.UseDevice(access.Device{ID: id, Member: s.member, Agent: desktop, Proved: proved}); err != nil {
			return err
		}
		token, err = s.w.app.Sessions.Start(tx, s.w.fund, access.Session{Member: s.member, Level: level, Method: method,
			Lang: s.visitor.Lang, Device: id, Agent: desktop, ProvedAt: proved}, "new", audit.Where{IP: s.visitor.IP, Agent: desktop})
		return err
	})
	s.cookies["session"] = token
	var err error
	if s.visitor.Session, err = s.w.app.Sessions.Check(context.Background(), s.w.fund, token); err != nil {
		s.w.t.Fatal(err)
	}
}

// follows keeps what a step of a journey gave the browser.
func (s *seat) follows(r journey.Result, err error) {
	s.w.t.Helper()
	if err != nil {
		s.w.t.Fatal(err)
	}
	if r.Device != "" {
		s.cookies["device"], s.visitor.Device = r.Device, r.Device
	}
	if r.Ended {
		delete(s.cookies, "session")
		s.visitor.Session = access.Session{}
	}
	if r.Journey != "" {
		s.cookies["journey"], s.visitor.Journey = r.Journey, r.Journey
	}
}

// registers takes the person through the credentials to the choice of a channel.
func (s *seat) registers() *seat {
	s.w.t.Helper()
	s.follows(s.w.app.Journeys.Register(context.Background(), s.w.fund, s.visitor, s.taxCode, secret))
	return s
}

// firstComes takes somebody with nothing but a membership number to the choice.
func (s *seat) firstComes() *seat {
	s.w.t.Helper()
	s.follows(s.w.app.Journeys.FirstAccess(context.Background(), s.w.fund, s.visitor, s.taxCode, s.number))
	return s
}

// knocks signs in from this browser as far as the site lets it without a code.
func (s *seat) knocks() *seat {
	s.w.t.Helper()
	s.follows(s.w.app.Journeys.SignIn(context.Background(), s.w.fund, s.visitor, s.taxCode, secret))
	return s
}

// chooses the channel, which sends the first code.
func (s *seat) chooses(kind access.Kind) *seat {
	s.w.t.Helper()
	j, m := s.journey()
	if _, err := s.w.app.Journeys.Choose(context.Background(), s.w.fund, s.visitor, j, m, kind); err != nil {
		s.w.t.Fatal(err)
	}
	return s
}

// answers the code that the journey waits for; another text than the code is a
// wrong answer.
func (s *seat) answers(code string) *seat {
	s.w.t.Helper()
	j, m := s.journey()
	r, err := s.w.app.Journeys.Answer(context.Background(), s.w.fund, s.visitor, j, m, code)
	if access.Refused(err, "code_wrong") || access.Refused(err, "code_burnt") {
		return s
	}
	s.follows(r, err)
	return s
}

// proves takes the person from the choice to the new password.
func (s *seat) proves(kind access.Kind) *seat {
	s.w.t.Helper()
	s.chooses(kind)
	to := s.email
	if kind == access.SMS {
		to = s.mobile
	}
	return s.answers(s.w.code(to))
}

// writes a password, which sends the second code.
func (s *seat) writes(text string) *seat {
	s.w.t.Helper()
	j, m := s.journey()
	if _, err := s.w.app.Journeys.NewPassword(context.Background(), s.w.fund, s.visitor, j, m, text); err != nil {
		s.w.t.Fatal(err)
	}
	return s
}

// changes begins the change of the password from the area.
func (s *seat) changes() *seat {
	s.w.t.Helper()
	s.follows(s.w.app.Journeys.ChangePassword(context.Background(), s.w.fund, s.visitor))
	return s
}

func (s *seat) journey() (access.Journey, access.Member) {
	s.w.t.Helper()
	j, m, err := s.w.app.Journeys.Load(context.Background(), s.w.fund, s.visitor)
	if err != nil {
		s.w.t.Fatal(err)
	}
	return j, m
}

// The acts as people fill them in.
var forms = map[string]operation.Form{
	"residence": {"street": {"Via Roma 12, interno 3"}, "postcode": {"41121"}, "city": {"Modena"}, "province": {"MO"}, "country": {"IT"},
		"from_date_day": {"1"}, "from_date_month": {"9"}, "from_date_year": {"2025"}},
	"iban":    {"iban": {iban}},
	"advance": {"reason": {"home"}, "how_much": {"amount"}, "amount": {"12500"}, "percent": {""}, "iban": {iban}},
	"designation": {"person_name_1": {"Maria Luisa Prova"}, "person_birth_day_1": {"27"}, "person_birth_month_1": {"3"}, "person_birth_year_1": {"1968"},
		"person_share_1": {"60"}, "person_name_2": {"Fondazione Esempio"}, "person_birth_day_2": {"1"}, "person_birth_month_2": {"1"},
		"person_birth_year_2": {"1970"}, "person_share_2": {"40"}},
}

// five are as many persons as the act takes, with long names.
var five = func() operation.Form {
	f := operation.Form{}
	for i, name := range []string{"Massimiliano Bartolomeo Quattropassi della Rocchetta", "Zoé Wójcik-Kowalczyk", "Jean-Baptiste d’Aubigné de la Tour",
		"Fondazione per l’assistenza alle famiglie dei lavoratori ceramisti", "Ann-Kathrin Müller-Lüdenscheidt"} {
		n := fmt.Sprint(i + 1)
		f["person_name_"+n], f["person_share_"+n] = []string{name}, []string{"20"}
		f["person_birth_day_"+n], f["person_birth_month_"+n], f["person_birth_year_"+n] = []string{n}, []string{"3"}, []string{"1968"}
	}
	return f
}()

// drafts writes an act down and returns its id.
func (s *seat) drafts(act string, form operation.Form) string {
	s.w.t.Helper()
	a, ok := s.w.fund.Act(act)
	if !ok {
		s.w.t.Fatalf("the fund has no act %s", act)
	}
	o, err := s.w.app.Operations.Draft(context.Background(), s.w.fund, s.visitor.Session, a, form)
	if err != nil {
		s.w.t.Fatal(err)
	}
	return o.ID
}

// asks for the code of an operation.
func (s *seat) asks(id string) {
	s.w.t.Helper()
	if err := s.w.app.Operations.Ask(context.Background(), s.w.fund, s.visitor.Session, id, s.w.host, pin); err != nil {
		s.w.t.Fatal(err)
	}
}

// confirms an operation with the code that was asked for; any other text is a
// wrong answer.
func (s *seat) confirms(id, code string) {
	s.w.t.Helper()
	_, err := s.w.app.Operations.Confirm(context.Background(), s.w.fund, s.visitor.Session, id, code)
	if err != nil && !access.Refused(err, "code_wrong") && !access.Refused(err, "code_burnt") {
		s.w.t.Fatal(err)
	}
}

// does an act from its form to its receipt, and returns its id.
func (s *seat) does(act string, form operation.Form) string {
	s.w.t.Helper()
	id := s.drafts(act, form)
	s.asks(id)
	s.confirms(id, s.w.code(s.at()))
	return id
}

// withdraws takes back what was confirmed.
func (s *seat) withdraws(id string) {
	s.w.t.Helper()
	if err := s.w.app.Operations.Withdraw(context.Background(), s.w.fund, s.visitor.Session, id); err != nil {
		s.w.t.Fatal(err)
	}
}
