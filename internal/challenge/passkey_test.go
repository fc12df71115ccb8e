package challenge_test

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/dbtest"
	"aditus/internal/passkey"
	"aditus/internal/softkey"
	"aditus/internal/store"
)

const (
	here      = "https://flex.alpina.example"
	elsewhere = "https://1e.alpina.example"
)

var alpina = &access.Fund{ID: fund, Name: "Alpina", Factor: access.FactorRules{Passkeys: true}}

// keyQuestion is question for a passkey.
func keyQuestion(member string) access.Question {
	q := question(member)
	q.Purpose = access.PurposeOperationKey
	return q
}

// enrols gives a member a passkey for the host of an origin, on a device.
func (st *stand) enrols(t *testing.T, member, origin string, d *softkey.Device) (p access.Passkey) {
	t.Helper()
	site, err := challenge.Site(alpina, origin)
	ok(t, err)
	m := passkey.Member{ID: member, Name: member}
	options, session, err := site.Register(m, nil)
	ok(t, err)
	made, err := d.Answer(origin, options)
	ok(t, err)
	key, err := site.Registered(session, made, m)
	ok(t, err)
	p = access.Passkey{ID: access.NewID(st.now()), Member: member, Host: challenge.Host(origin), Credential: key.ID, Data: key.Data, Name: "telefono"}
	st.do(t, func(_ *challenge.Service, tx *store.Tx) error { return tx.AddPasskey(p) })
	return p
}

// askKey asks once, in a transaction of its own.
func (st *stand) askKey(t *testing.T, q access.Question, origin string) (c access.Challenge, options []byte, err error) {
	t.Helper()
	var refusal *access.Refusal
	st.do(t, func(s *challenge.Service, tx *store.Tx) (err error) {
		c, options, refusal, err = s.AskKey(tx, alpina, q, origin)
		return err
	})
	if refusal != nil {
		err = refusal
	}
	return c, options, err
}

func answerKey(t *testing.T, s *challenge.Service, q access.Question, origin string, answer []byte) (challenge.Proof, error) {
	t.Helper()
	return s.AnswerKey(t.Context(), alpina, q, challenge.KeyAnswer{Origin: origin, Lang: "de", JSON: answer})
}

// What could have happened: an answer that somebody recorded confirms a second
// time, or something else, or in another session (security.md part 3, rows 3 and 5).
func TestKeyOnce(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		s, q, d := st.nodes[0], keyQuestion("m1"), &softkey.Device{}
		if _, _, err := st.askKey(t, q, here); said(err) != "passkey_none" {
			t.Errorf("without a key: %v", err)
		}
		key := st.enrols(t, "m1", here, d)
		if _, _, err := st.askKey(t, q, elsewhere); said(err) != "passkey_none" {
			t.Errorf("the fund's other host: %v", err)
		}
		// A code for the same thing lives on beside it.
		_, code := st.asked(t, request(question("m1"), rules))
		c, options, err := st.askKey(t, q, here)
		ok(t, err)
		right, err := d.Answer(here, options)
		ok(t, err)

		// Not for another content, another session, or another person; and no try is gone.
		for _, change := range []func(*access.Question){
			func(q *access.Question) { q.Subject = "operation/o1/digest2" },
			func(q *access.Question) { q.Session = "session2" },
			func(q *access.Question) { q.Member = "m2" },
			func(q *access.Question) { q.Purpose = access.PurposeOperation },
		} {
			other := q
			change(&other)
			if _, err := answerKey(t, s, other, here, right); said(err) != "passkey_over" {
				t.Errorf("%+v: %v", other, err)
			}
		}
		p, err := answerKey(t, st.node(1), q, here, right)
		ok(t, err)
		if p.Kind() != access.ByPasskey || p.Passkey() != key.ID || p.Challenge() != c.ID {
			t.Errorf("%+v", p)
		}
		for _, c := range []struct {
			what, want string
			do         func() error
		}{
			{"again, before it is spent", "passkey_over", func() error { return second(answerKey(t, s, q, here, right)) }},
			{"spent", "ok", func() error { return spend(t, s, p, q) }},
			{"again", "passkey_over", func() error { return second(answerKey(t, st.node(1), q, here, right)) }},
			{"spent again", "none", func() error { return spend(t, s, p, q) }},
		} {
			if got := said(c.do()); got != c.want {
				t.Errorf("%s: %s", c.what, got)
			}
		}
		if n := st.count(t, "challenge WHERE state = 'spent' AND purpose = 'operation_passkey'"); n != 1 {
			t.Errorf("%d spent", n)
		}
		if _, err := answer(t, s, question("m1"), code); err != nil {
			t.Errorf("the code beside: %v", err)
		}
		if n := st.count(t, "passkey WHERE uses = 1 AND used_at > 0"); n != 1 {
			t.Errorf("%d keys were used", n)
		}
	})
}

func second(_ challenge.Proof, err error) error { return err }

// What could have happened: somebody is let through with a device that asked nobody
// for a finger, with another's key, from a page elsewhere, or with no answer at all;
// or gets a second try at the same question.
func TestKeyRefused(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		q, d, theirs := keyQuestion("m1"), &softkey.Device{}, &softkey.Device{}
		key := st.enrols(t, "m1", here, d)
		st.enrols(t, "m2", here, theirs)
		late := false
		for what, answer := range map[string]func(options []byte) []byte{
			"unverified": func(o []byte) []byte {
				d.Unverified = true
				defer func() { d.Unverified = false }()
				return must(t, d, here, o)
			},
			"another origin": func(o []byte) []byte { return must(t, d, elsewhere, o) },
			"another member": func(o []byte) []byte {
				_, mine, err := st.askKey(t, keyQuestion("m2"), here)
				ok(t, err)
				return must(t, theirs, here, mine)
			},
			"the question before": func(o []byte) []byte {
				a := must(t, d, here, o)
				_, _, err := st.askKey(t, q, here)
				ok(t, err)
				return a
			},
			"changed": func(o []byte) []byte {
				return bytes.Replace(must(t, d, here, o), []byte(`"signature":"ME`), []byte(`"signature":"MF`), 1)
			},
			"nothing":  func([]byte) []byte { return nil },
			"no JSON":  func([]byte) []byte { return []byte("{") },
			"too late": func(o []byte) []byte { late = true; st.add(challenge.KeyLife); return must(t, d, here, o) },
			"taken away": func(o []byte) []byte {
				st.do(t, func(_ *challenge.Service, tx *store.Tx) error { return tx.DropPasskey("m1", key.ID) })
				return must(t, d, here, o)
			},
		} {
			c, options, err := st.askKey(t, q, here)
			ok(t, err)
			late = false
			wrong, want := answer(options), "passkey_refused"
			if late {
				want = "passkey_over"
			}
			if _, err := answerKey(t, st.nodes[0], q, here, wrong); said(err) != want {
				t.Errorf("%s: %v", what, err)
			}
			if what == "taken away" {
				st.do(t, func(_ *challenge.Service, tx *store.Tx) error { return tx.AddPasskey(key) })
			}
			if what == "the question before" {
				continue
			}
			// The question was used up, whatever the answer was.
			if _, err := answerKey(t, st.node(1), q, here, must(t, d, here, options)); said(err) != "passkey_over" {
				t.Errorf("%s, and then the right one: %v", what, err)
			}
			if now := st.find(t, c.ID); now.State == access.ChallengePassed || now.State == access.ChallengeSpent {
				t.Errorf("%s: %s", what, now.State)
			}
		}
		_, options, err := st.askKey(t, q, here)
		ok(t, err)
		if _, err := answerKey(t, st.nodes[0], q, here, must(t, d, here, options)); err != nil {
			t.Errorf("the right one: %v", err)
		}
	})
}

func must(t *testing.T, d *softkey.Device, origin string, options []byte) []byte {
	t.Helper()
	a, err := d.Answer(origin, options)
	ok(t, err)
	return a
}

// What could have happened: one answer, sent sixteen times at once to two nodes, is
// heard by each that asked before it was used up.
func TestKeyRace(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		q, d := keyQuestion("m1"), &softkey.Device{}
		st.enrols(t, "m1", here, d)
		_, options, err := st.askKey(t, q, here)
		ok(t, err)
		right := must(t, d, here, options)
		var heard atomic.Int64
		st.together(16, func(_ int, s *challenge.Service) {
			_, err := s.AnswerKey(t.Context(), alpina, q, challenge.KeyAnswer{Origin: here, JSON: right})
			switch said(err) {
			case "ok":
				heard.Add(1)
			case "passkey_over":
			default:
				t.Error(err)
			}
		})
		if heard.Load() != 1 {
			t.Errorf("%d answers were heard", heard.Load())
		}
	})
}

// What could have happened: a key that was read out of its device is used beside the
// owner's, and nobody notices (WebAuthn 6.1.1).
func TestKeyCopied(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		var mu sync.Mutex
		told := ""
		for _, s := range st.nodes {
			s.Muted = func(tx *store.Tx, p access.Passkey, lang string) error {
				mu.Lock()
				defer mu.Unlock()
				told = p.Member + " " + p.Name + " " + lang
				return nil
			}
		}
		q, d := keyQuestion("m1"), &softkey.Device{}
		st.enrols(t, "m1", here, d)
		for _, c := range []struct {
			counter uint32
			want    string
		}{{5, "ok"}, {6, "ok"}, {4, "passkey_refused"}} {
			_, options, err := st.askKey(t, q, here)
			ok(t, err)
			d.Counter = c.counter
			if _, err := answerKey(t, st.nodes[0], q, here, must(t, d, here, options)); said(err) != c.want {
				t.Errorf("%d: %v", c.counter, err)
			}
		}
		if told != "m1 telefono de" {
			t.Errorf("told %q", told)
		}
		if n := st.count(t, "event WHERE kind = 'passkey_muted'"); n != 1 {
			t.Errorf("%d events", n)
		}
		if _, _, err := st.askKey(t, q, here); said(err) != "passkey_none" {
			t.Errorf("muted: %v", err)
		}
	})
}

// What could have happened: whoever guesses at a member's codes keeps them from
// their passkey too (security.md part 5); or answers of passkeys are never too many.
func TestKeyPause(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		s, q, d := st.nodes[0], keyQuestion("m1"), &softkey.Device{}
		st.enrols(t, "m1", here, d)
		for range 3 {
			_, code := st.asked(t, request(question("m1"), rules))
			for range rules.Tries {
				if _, err := answer(t, s, question("m1"), wrong(code)); err == nil {
					t.Fatal("a wrong code is right")
				}
			}
			st.add(rules.TTL)
		}
		if _, err := ask(t, s, request(question("m1"), rules)); said(err) != "code_paused" {
			t.Fatalf("codes do not pause: %v", err)
		}
		_, options, err := st.askKey(t, q, here)
		ok(t, err)
		if _, err := answerKey(t, s, q, here, must(t, d, here, options)); err != nil {
			t.Errorf("while codes pause: %v", err)
		}

		for range 15 {
			_, options, err := st.askKey(t, q, here)
			ok(t, err)
			if _, err := answerKey(t, s, q, here, must(t, d, elsewhere, options)); said(err) != "passkey_refused" {
				t.Fatal(err)
			}
		}
		if _, _, err := st.askKey(t, q, here); said(err) != "code_paused" {
			t.Errorf("after fifteen: %v", err)
		}
		st.add(time.Hour)
		if _, _, err := st.askKey(t, q, here); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

// What could have happened: a stored key or question is read in a stolen database,
// or one person's is put in another's place and opens theirs.
func TestKeySealed(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		d := &softkey.Device{}
		p := st.enrols(t, "m1", here, d)
		st.do(t, func(_ *challenge.Service, tx *store.Tx) error {
			return tx.AskPasskey("s1", "m1", "flex.alpina.example", []byte(`{"challenge":"not to be read"}`), time.Minute)
		})
		raw := dbtest.Raw(t, st.where)
		var data, name, question []byte
		ok(t, raw.QueryRow("SELECT data, name FROM passkey").Scan(&data, &name), raw.QueryRow("SELECT data FROM passkey_session").Scan(&question))
		for what, stored := range map[string][]byte{"publicKey": data, "telefono": name, "challenge": question} {
			if len(stored) == 0 || bytes.Contains(stored, []byte(what)) {
				t.Errorf("in clear: %q", stored)
			}
		}
		q := p
		q.ID, q.Member = "other", "m2"
		err := st.db().Write(t.Context(), fund, func(tx *store.Tx) error { return tx.AddPasskey(q) })
		if !errors.Is(err, store.ErrNone) {
			t.Errorf("the same credential for another member: %v", err)
		}
		for what, take := range map[string]func(tx *store.Tx) error{
			"another member": func(tx *store.Tx) error { _, err := tx.TakePasskey("s1", "m2", "flex.alpina.example"); return err },
			"nobody":         func(tx *store.Tx) error { _, err := tx.TakePasskey("s1", "", "flex.alpina.example"); return err },
			"another host":   func(tx *store.Tx) error { _, err := tx.TakePasskey("s1", "m1", "1e.alpina.example"); return err },
		} {
			if err := st.db().Write(t.Context(), fund, take); !errors.Is(err, store.ErrNone) {
				t.Errorf("%s takes the question: %v", what, err)
			}
		}
		st.add(time.Minute)
		st.do(t, func(_ *challenge.Service, tx *store.Tx) error {
			if _, err := tx.TakePasskey("s1", "m1", "flex.alpina.example"); !errors.Is(err, store.ErrNone) {
				t.Errorf("too late: %v", err)
			}
			return tx.ForgetPasskeys()
		})
		if n := st.count(t, "passkey_session"); n != 0 {
			t.Errorf("%d questions are kept", n)
		}
	})
}
