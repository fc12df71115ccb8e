package journey

import (
	"context"
	"errors"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/store"
	"aditus/internal/trust"
)

// The two ways in which a journey comes to the word «hand_over».
const (
	byFacts  = "facts"  // three facts matched, or seemed to: codes are on their way
	byHanded = "handed" // signed in with a temporary password: the other half is asked for
)

// HandedLife is how long a temporary password is good, and the half of the PIN
// that goes with it (security.md 4.1).
const HandedLife = 24 * time.Hour

// The halves, by security.md 4.1. Each gives way to a newer one after a minute,
// so that somebody who lost the page need not wait for it to expire.
var (
	mailHalf = access.CodeRules{Digits: 12, Letters: true, TTL: MailLife, Tries: 5, Again: time.Minute}                 // 60 bits
	smsHalf  = access.CodeRules{Digits: 8, TTL: 10 * time.Minute, Tries: 5, Again: time.Minute}                         // asked for when the mail's is right
	pinHalf  = access.CodeRules{Digits: access.PINLength, Letters: true, TTL: HandedLife, Tries: 5, Again: time.Minute} // the PIN itself
)

// limited is a half's rules with the fund's counts of messages.
func limited(f *access.Fund, rules access.CodeRules) access.CodeRules {
	rules.PerHour, rules.PerDay, rules.PerSite = f.Code.PerHour, f.Code.PerDay, f.Code.PerSite
	return rules
}

// A Stage is what the word «hand_over» waits for.
type Stage string

// The stages.
const (
	StageMail Stage = "mail" // the code that went by mail
	StageAsk  Stage = "ask"  // that the SMS is sent, now
	StageSMS  Stage = "sms"  // the code that went by SMS
	StagePIN  Stage = "pin"  // the PIN that went by mail, after the temporary password
)

// half is the question that the word waits for an answer to, and its rules.
func half(j access.Journey) (access.Question, access.CodeRules) {
	switch {
	case j.Handed != "":
		return handedQuestion(j.Fund, j.Member, j.Handed), pinHalf
	case j.Half != "":
		return j.Question(access.PurposeHalfSMS), smsHalf
	}
	return j.Question(access.PurposeHandOver), mailHalf
}

// MailLife is how long the code of the first half is good.
const MailLife = time.Hour

// HalfLength is how many characters the half has that the journey waits for.
func HalfLength(j access.Journey) int { _, rules := half(j); return rules.Digits }

// handedQuestion is answered by the PIN that goes with a temporary password. It
// is put before anybody has a journey to answer it in.
func handedQuestion(fund, member, id string) access.Question {
	return access.Question{Fund: fund, Member: member, Purpose: access.PurposeHandOver, Subject: "handed/" + id, Session: "handed/" + id}
}

// handInitial sends a temporary password one way and a PIN the other. Neither
// opens anything alone, and what the member has stays good until both are typed.
func (e *Engine) handInitial(tx *store.Tx, f *access.Fund, v Visitor, m access.Member, kind access.Kind, address, number, secret, hash string, mute bool) error {
	id := access.NewID(tx.Now())
	until := access.TimeArg("deadline", access.ArgStamp, tx.Now().Add(HandedLife))
	c, refusal, err := e.Challenges.Ask(tx, challenge.Request{Question: handedQuestion(f.ID, m.ID, id), Rules: limited(f, pinHalf),
		Kind: kind, Address: address, Lang: v.Lang, Text: "half_pin", Quiet: true, Mute: mute, Args: []access.Arg{until},
		Also: []access.Message{{Kind: access.SMS, To: number, Key: "half_password", Args: []access.Arg{{Name: "secret", Value: secret}}}}})
	if err != nil || refusal != nil {
		return err // a refusal is not told: the two of a moment ago are on their way
	}
	return tx.HandOver(access.Handed{ID: id, Challenge: c.ID, Member: m.ID, Hash: hash})
}

// handMail sends the code of the first half.
func (e *Engine) handMail(tx *store.Tx, f *access.Fund, v Visitor, j access.Journey) error {
	_, _, err := e.Challenges.Ask(tx, challenge.Request{Question: j.Question(access.PurposeHandOver), Rules: limited(f, mailHalf),
		Kind: j.Channel, Address: j.Address, Lang: j.Lang, Text: "half_code", Quiet: true, Mute: j.Mute,
		Args: []access.Arg{{Name: "host", Value: v.Host}, access.DeviceArg(v.Agent)}})
	return err
}

// SendHalf sends the code of the second half: the SMS would expire before a
// certified mail arrives, so the member says when. It refuses as challenge.Ask
// does, and with mobile_needed if the number is not reliable any more.
func (e *Engine) SendHalf(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member) error {
	if Word(f, j) != "hand_over" || j.By != byFacts || j.Half == "" {
		return nil
	}
	var refusal *access.Refusal
	err := e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		mobile, err := trust.Of(tx, f, m)
		if err != nil {
			return err
		}
		if !mobile.Reliable {
			return access.Refuse("mobile_needed")
		}
		_, refusal, err = e.Challenges.Ask(tx, challenge.Request{Question: j.Question(access.PurposeHalfSMS), Rules: limited(f, smsHalf),
			Kind: access.SMS, Address: mobile.Number, Lang: j.Lang, Text: "half_code", Args: []access.Arg{{Name: "host", Value: v.Host}}})
		return err
	})
	if err == nil && refusal != nil {
		return refusal
	}
	return err
}

// StageOf is what the journey's word «hand_over» waits for, and for an SMS code
// where it stands.
func (e *Engine) StageOf(ctx context.Context, f *access.Fund, j access.Journey) (stage Stage, st challenge.Status, err error) {
	switch {
	case j.Handed != "":
		return StagePIN, st, nil
	case j.Half == "":
		return StageMail, st, nil // whether one was sent, and what became of it, is not a stranger's to know
	}
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		st, err = e.Challenges.Status(tx, j.Question(access.PurposeHalfSMS), smsHalf)
		return err
	})
	if st.Live {
		return StageSMS, st, err
	}
	return StageAsk, st, err
}

// HandOver is the word «hand_over»: the member types a half back. It refuses with
// half_empty, half_form, code_wrong, code_paused, and half_over if the half is
// worth nothing any more.
func (e *Engine) HandOver(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) (to Place, err error) {
	if Word(f, j) != "hand_over" {
		return Where(f, j), nil
	}
	q, rules := half(j)
	proof, err := e.Challenges.Answer(ctx, q, rules, typed)
	if err != nil {
		return "", onHalf(err)
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		if err := e.Challenges.Spend(tx, proof, q); err != nil {
			return err
		}
		next := j
		if j.By == byFacts && j.Half == "" {
			next.Half, to = proof.Kind(), HandOver
			return tx.MoveJourney(next, j.At, "open")
		}
		next, err := e.move(tx, f, v, next, m)
		to = Where(f, next)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return e.reload(ctx, f, v)
	}
	return to, err
}

// onHalf is a refusal of a code in the words of a half. One that is over leads to
// the beginning, where a new one is asked for.
func onHalf(err error) error {
	r, ok := errors.AsType[*access.Refusal](err)
	if !ok {
		return err
	}
	code := map[string]string{"code_empty": "half_empty", "code_form": "half_form", "code_burnt": "half_over",
		"code_closed": "half_over", "code_expired": "half_over"}[r.Code]
	switch code {
	case "":
		return access.RefuseField("half", r.Code, r.Args...)
	case "half_over":
		return access.RefuseField("half", code)
	}
	return access.RefuseField("half", code, r.Args...)
}

// Undelivered is what is done when a message with a half of somebody's secrets is
// proved not to have arrived: the other half opens nothing, the fund's people
// look at it, the request does not count against the member (C-16), and a mobile
// that failed is not reliable any more. The caller ends the challenge.
func Undelivered(tx *store.Tx, f *access.Fund, msg access.Message) error {
	if msg.Member == "" || strings.HasPrefix(msg.Member, nobody) {
		return nil
	}
	m, err := tx.Member(msg.Member)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if msg.Kind == access.SMS {
		if err := trust.Failed(tx, f, m, msg.To); err != nil {
			return err
		}
	}
	if !strings.HasPrefix(msg.Key, "half_") {
		return nil
	}
	if err := tx.Uncount(recoverKey(tx, m.Main().Login)); err != nil {
		return err
	}
	if err := tx.OpenCase(access.Case{Kind: "half_delivered", Member: m.ID, Why: string(msg.Kind) + "_bounced"}); err != nil {
		return err
	}
	return audit.Record(tx, audit.HalfDelivered{Member: m.ID, Challenge: msg.Challenge, Half: string(msg.Kind)})
}

// temporary is what a temporary password is made of: 16 letters and digits of
// which none looks like another, in four groups. So what is typed at sign-in can
// be told from other passwords by its form, and one hash is compared, not two.
const (
	temporaryLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32, so a byte's low five bits choose evenly
	temporaryLength  = 16
)

func newTemporary() string { return grouped(newCode(temporaryLength)) }

// asTemporary reads a secret as a temporary password, "" if it cannot be one.
// Dashes, blanks and capitals do not matter: it was read off a telephone.
func asTemporary(f *access.Fund, secret string) string {
	if f.Recovery.Style != access.SplitInitialSecret || !handsOver(f) || len(secret) > 64 {
		return ""
	}
	s := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(secret))
	if len(s) != temporaryLength || strings.Trim(s, temporaryLetters) != "" {
		return ""
	}
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
}

// handsOver reports whether the fund gives secrets back in two halves.
func handsOver(f *access.Fund) bool {
	for _, s := range steps(f, "recover") {
		if s.Word == "hand_over" {
			return true
		}
	}
	return false
}
