// Package journey takes a member through the flows of the fund's file, word by
// word: one file for each word, and this one for what they share.
//
// A journey's position only grows. Whatever a step does, it commits together
// with the step on, the message it sends and the event that tells it.
package journey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/password"
	"aditus/internal/session"
	"aditus/internal/store"
)

// An Engine moves journeys. All fields but Breached and Floor are required.
type Engine struct {
	DB         *store.DB
	Challenges *challenge.Service
	Sessions   *session.Service
	Passwords  *password.Hasher

	// Breached are passwords that are known to be stolen. Nil: none are known here.
	Breached *password.Filter

	// Floor is how long an answer takes at least that must not tell by its time
	// who exists (security.md part 6). Zero adds nothing.
	Floor time.Duration
}

// A Visitor is the browser that asks, as far as the engine needs to know it.
type Visitor struct {
	Host    string // the fund's host that was asked
	Lang    string
	Agent   string // browser and system
	IP      string
	Device  string // the device cookie's token, or ""
	Journey string // the journey cookie's secret, or ""
	Work    string // a proof of work that came with the form, or ""
	Passkey string // the secret of a question to its passkeys, or ""
	Origin  string // of its pages: «https://host», with the port if there is one
	Session access.Session
}

func (v Visitor) where() audit.Where { return audit.Where{IP: v.IP, Agent: v.Agent} }

// A Result is what the browser gets: cookies to keep, and where to go.
type Result struct {
	Session string // a new session's token, or ""
	Device  string // the device's token, or ""
	Journey string // a journey's secret, or ""
	Passkey string // the secret of a question to its passkeys, or ""
	Ended   bool   // the browser's session ended
	To      Place
}

// A Place is where a member is sent; the web layer has a page for each.
type Place string

// The places there are.
const (
	Home     Place = "home"
	Invite   Place = "invite"    // to register a channel, or not now
	Choose   Place = "choose"    // the word «channel»
	Code     Place = "code"      // the word «code»
	Active   Place = "active"    // the channel is proved; the password comes next
	Password Place = "password"  // the word «password»
	HandOver Place = "halves"    // the word «hand_over»
	PIN      Place = "pin"       // the word «pin», a new one
	KnownPIN Place = "pin_known" // the word «pin», the one there is
	Sent     Place = "sent"      // new secrets are on their way, if the facts were right
	Safety   Place = "safety"    // the security page
	SignIn   Place = "sign_in"
	Terms    Place = "terms"    // the word «consent»
	Name     Place = "name"     // the word «username»
	Factor   Place = "factor"   // the word «factor»
	Backup   Place = "backup"   // codes for the day that the telephone is lost
	Replace  Place = "replace"  // that a lost factor will be replaced, and how to stop it
	NewKey   Place = "new_key"  // a passkey is made
	Passkeys Place = "passkeys" // those there are
)

// life is how long a journey can be resumed.
const life = 30 * time.Minute

// steps are the words of a goal's flow. A sign-in that asks for a code has that
// as one step more: whether it does is a setting, not a word. So is a password
// that has to follow the rules of today, which comes after it.
func steps(f *access.Fund, goal string) []access.Step {
	if words, ok := passkeyFlows[goal]; ok {
		return words
	}
	name := goal
	switch goal {
	case goalRaise:
		name = "sign_in"
	case goalRenew, goalReplace, goalFresh:
		return factorSteps(f, goal)
	}
	flow, ok := f.Flow(name)
	if !ok {
		return nil
	}
	if goal == "sign_in" || goal == goalRaise {
		all := append(flow.Steps[:len(flow.Steps):len(flow.Steps)], access.Step{Word: "code", Args: []string{"channel"}})
		if goal == goalRaise {
			all = append(all, access.Step{Word: "password", Args: []string{"new"}})
		}
		return all
	}
	return flow.Steps
}

// Word is the word the journey stands at, "" at its end.
func Word(f *access.Fund, j access.Journey) string {
	all := steps(f, j.Goal)
	if j.At >= len(all) {
		return ""
	}
	return all[j.At].Word
}

// Step is the step the journey stands at.
func Step(f *access.Fund, j access.Journey) access.Step {
	all := steps(f, j.Goal)
	if j.At >= len(all) {
		return access.Step{}
	}
	return all[j.At]
}

// Last reports whether the journey's present word is its last: what was chosen in
// it is done there.
func Last(f *access.Fund, j access.Journey) bool { return j.At+1 == len(steps(f, j.Goal)) }

// Where is the place of a journey's present word.
func Where(f *access.Fund, j access.Journey) Place {
	if j.State != "open" {
		return Home
	}
	switch Word(f, j) {
	case "channel":
		return Choose
	case "code":
		return Code
	case "password":
		return Password
	case "consent":
		return Terms
	case "username":
		return Name
	case "factor":
		return Factor
	case "hand_over":
		return HandOver
	case "pin":
		if Step(f, j).Says("known") {
			return KnownPIN
		}
		return PIN
	case "passkey":
		return NewKey
	}
	return Home
}

// Proved reports whether a channel was proved in the journey. That ended the
// session it was begun in, and what comes next must happen (scenario 15).
func Proved(f *access.Fund, j access.Journey) bool {
	if j.Goal != "secure_channel" {
		return false
	}
	all := steps(f, j.Goal)
	return slices.ContainsFunc(all[:min(j.At, len(all))], func(s access.Step) bool { return s.Word == "code" })
}

// mine reports whether the visitor is the browser that walks the journey. Its
// secret alone does not say so: somebody may have put it into another's browser,
// to have them go on for them (security.md part 3, rows 15 and 16). A journey
// begun in a session goes on in that session alone, until it ends it; one begun
// without is not for a browser in which somebody is signed in.
func mine(f *access.Fund, j access.Journey, v Visitor) bool {
	if j.Device != session.ID(v.Device) {
		return false
	}
	if v.Session.ID != "" {
		return j.Session == v.Session.ID
	}
	return j.Session == "" || Proved(f, j)
}

// Load finds the visitor's journey and its member. It refuses with journey_ended
// when there is none, it is over, it is not this browser's, or the member may
// not come in any more.
func (e *Engine) Load(ctx context.Context, f *access.Fund, v Visitor) (j access.Journey, m access.Member, err error) {
	id := session.ID(v.Journey)
	if id == "" {
		return j, m, access.Refuse("journey_ended")
	}
	closed := false
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		if j, err = tx.Journey(id); err != nil {
			return err
		}
		m, err = tx.Member(j.Member)
		if errors.Is(err, store.ErrNone) && isNobody(j) {
			m, err = access.Member{ID: j.Member, Fund: f.ID}, nil
		}
		closed = m.Access(f, tx.Now()) == "none" && !isNobody(j)
		return err
	})
	if errors.Is(err, store.ErrNone) || err == nil && (j.State != "open" || !mine(f, j, v) || closed) {
		return j, m, access.Refuse("journey_ended")
	}
	j.Lang = v.Lang // what is sent from here on is in the language being read
	return j, m, err
}

// begin starts a journey at a step and enters it.
func (e *Engine) begin(tx *store.Tx, f *access.Fund, v Visitor, m access.Member, goal, word, by, device string) (secret string, to Place, err error) {
	return e.set(tx, f, v, m, access.Journey{Goal: goal, By: by, Device: device}, word)
}

// set starts the journey j, with what it carries already, at a step and enters it.
func (e *Engine) set(tx *store.Tx, f *access.Fund, v Visitor, m access.Member, j access.Journey, word string) (secret string, to Place, err error) {
	j.At = slices.IndexFunc(steps(f, j.Goal), func(s access.Step) bool { return s.Word == word })
	if j.At < 0 {
		return "", "", fmt.Errorf("fund %s: no step %q in a flow with the goal %s", f.ID, word, j.Goal)
	}
	if j.Goal != "sign_in" && !strings.HasPrefix(m.ID, nobody) { // the one changes nothing, the other has nothing
		since, err := tx.Frozen(m.ID)
		if err != nil {
			return "", "", err
		}
		if !since.IsZero() {
			return "", "", access.Refuse("frozen")
		}
	}
	secret = access.NewSecret()
	j.ID, j.Fund, j.Member, j.Lang, j.Session, j.Agent = session.ID(secret), f.ID, m.ID, v.Lang, v.Session.ID, v.Agent
	j.State, j.StartedAt = "open", tx.Now()
	if j.ExpiresAt.IsZero() {
		j.ExpiresAt = tx.Now().Add(life)
	}
	if err := tx.AddJourney(j); err != nil {
		return "", "", err
	}
	if err := audit.Record(tx, audit.JourneyBegun{Member: m.ID, Journey: j.ID, Goal: j.Goal}); err != nil {
		return "", "", err
	}
	return secret, Where(f, j), e.enter(tx, f, v, j, m)
}

// enter does what a step does when it is reached: the word «code» sends one.
func (e *Engine) enter(tx *store.Tx, f *access.Fund, v Visitor, j access.Journey, m access.Member) error {
	switch Word(f, j) {
	case "code":
	case "hand_over":
		if j.By != byFacts {
			return nil // the half was sent with the temporary password
		}
		return e.handMail(tx, f, v, j)
	default:
		return nil
	}
	// A refusal here is not the step's: the page of the code says what holds it.
	_, err := e.send(tx, f, v, j, m)
	return err
}

// move takes j one step on in tx, and enters that step.
func (e *Engine) move(tx *store.Tx, f *access.Fund, v Visitor, j access.Journey, m access.Member) (access.Journey, error) {
	if err := audit.Record(tx, audit.JourneyMoved{Member: j.Member, Journey: j.ID, Word: Word(f, j)}); err != nil {
		return j, err
	}
	state := "open"
	if j.At+1 >= len(steps(f, j.Goal)) {
		state = "done"
	}
	if err := tx.MoveJourney(j, j.At+1, state); err != nil {
		return j, err
	}
	j.At++
	j.State = state
	return j, e.enter(tx, f, v, j, m)
}

// Cancel ends the visitor's journey: nothing of it happens any more, and its
// code is worth nothing (F-29). It is no error if there is none.
func (e *Engine) Cancel(ctx context.Context, f *access.Fund, v Visitor) error {
	id := session.ID(v.Journey)
	if id == "" {
		return nil
	}
	return e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		j, err := tx.Journey(id)
		if errors.Is(err, store.ErrNone) || err == nil && j.State != "open" {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.MoveJourney(j, j.At, "dropped"); err != nil {
			if errors.Is(err, store.ErrNone) {
				return nil // another request moved it, or ended it
			}
			return err
		}
		if err := audit.Record(tx, audit.JourneyDropped{Member: j.Member, Journey: j.ID, Goal: j.Goal, Word: Word(f, j)}); err != nil {
			return err
		}
		c, err := tx.LastChallenge(j.Question(purpose(j)))
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		return e.Challenges.Kill(tx, j.Member, c.ID, "cancelled")
	})
}
