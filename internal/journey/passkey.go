package journey

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/passkey"
	"aditus/internal/store"
	"aditus/internal/trust"
)

// The goals of passkeys. They are no flows of the fund's file: whether there are
// passkeys is a setting, and both ask for what confirms an act.
const (
	goalAddKey  = "add_passkey"
	goalDropKey = "remove_passkey"
)

// passkeyFlows are their words. «passkey» has the browser make one.
var passkeyFlows = map[string][]access.Step{
	goalAddKey:  {{Word: "code", Args: []string{"channel"}}, {Word: "passkey", Args: []string{"new"}}},
	goalDropKey: {{Word: "code", Args: []string{"channel"}}},
}

const (
	mostKeys    = 10 // of one member, at all hosts together
	longestName = 40 // characters, of a key's name
)

// Passkeys lists the member's keys at every host, the oldest first; none where the
// fund has no passkeys.
func (e *Engine) Passkeys(ctx context.Context, f *access.Fund, v Visitor) (all []access.Passkey, err error) {
	if !f.Factor.Passkeys {
		return nil, nil
	}
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		all, err = tx.Passkeys(v.Session.Member)
		return err
	})
	return all, err
}

// AddPasskey begins a journey to a new passkey from within the area: a code as for
// an act comes first, whatever the session is worth (ASVS 7.5.1). It refuses with
// channel_needed or mobile_needed, passkey_many, and frozen.
func (e *Engine) AddPasskey(ctx context.Context, f *access.Fund, v Visitor) (r Result, err error) {
	return e.beginKey(ctx, f, v, goalAddKey, "")
}

// RemovePasskey begins a journey that takes one of the member's passkeys away; it
// ends with the code. It refuses as AddPasskey does, and with passkey_gone.
func (e *Engine) RemovePasskey(ctx context.Context, f *access.Fund, v Visitor, id string) (r Result, err error) {
	return e.beginKey(ctx, f, v, goalDropKey, id)
}

func (e *Engine) beginKey(ctx context.Context, f *access.Fund, v Visitor, goal, id string) (r Result, err error) {
	if !f.Factor.Passkeys || v.Session.ID == "" {
		return r, access.Refuse("passkey_gone")
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		m, err := tx.Member(v.Session.Member)
		if err != nil {
			return err
		}
		all, err := tx.Passkeys(m.ID)
		if err != nil {
			return err
		}
		j := access.Journey{Goal: goal, By: "password", Device: v.Session.Device, Passkey: id}
		switch {
		case goal == goalAddKey && len(all) >= mostKeys:
			return access.Refuse("passkey_many", access.Arg{Name: "n", Type: access.ArgCount, Value: "10"})
		case goal == goalDropKey && !owns(all, id):
			return access.Refuse("passkey_gone")
		}
		if j.Channel, j.Address, err = keyCodes(tx, f, m); err != nil {
			return err
		}
		r.Journey, r.To, err = e.set(tx, f, v, m, j, "code")
		return err
	})
	return r, err
}

func owns(all []access.Passkey, id string) bool {
	for _, p := range all {
		if p.ID == id {
			return true
		}
	}
	return false
}

// keyCodes is where the code goes without which no passkey comes or goes: to the
// reliable mobile, where the fund's acts are confirmed so; else as the member gets
// codes, and then nothing is returned. It refuses with mobile_needed or
// channel_needed.
func keyCodes(tx *store.Tx, f *access.Fund, m access.Member) (access.Kind, string, error) {
	flow, _ := f.Flow("confirm")
	for _, s := range flow.Steps {
		if s.Word != "code" || !s.Says("trusted_mobile") {
			continue
		}
		mobile, err := trust.Of(tx, f, m)
		if err == nil && !mobile.Reliable {
			err = access.Refuse("mobile_needed")
		}
		return access.SMS, mobile.Number, err
	}
	has, err := tx.Enrolment(m.ID)
	if err != nil {
		return "", "", err
	}
	c, err := tx.Channel(m.ID)
	if err == nil && (c.ID == "" || has.Level != access.LevelAct) {
		err = access.Refuse("channel_needed")
	}
	return "", "", err
}

// dropKey takes away the key that the journey is about. One that is gone already
// is no matter.
func (e *Engine) dropKey(tx *store.Tx, v Visitor, j access.Journey, m access.Member) error {
	err := tx.DropPasskey(m.ID, j.Passkey)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := audit.Record(tx, audit.PasskeyRemoved{Member: m.ID, Passkey: j.Passkey, Journey: j.ID, Where: v.where()}); err != nil {
		return err
	}
	return e.tellKeys(tx, m, j.Lang, "passkey_removed", access.DeviceArg(v.Agent))
}

// tellKeys tells every contact: whoever holds one of them may not be who did it.
func (e *Engine) tellKeys(tx *store.Tx, m access.Member, lang, text string, args ...access.Arg) error {
	channel, err := tx.Channel(m.ID)
	if err != nil {
		return err
	}
	return e.notify(tx, m, lang, text, []address{{channel.Kind, channel.Address}}, access.Channel{}, args...)
}

// Muted tells a member that a passkey of theirs seems to have been copied.
func (e *Engine) Muted(tx *store.Tx, p access.Passkey, lang string) error {
	m, err := tx.Member(p.Member)
	if err != nil {
		return err
	}
	return e.tellKeys(tx, m, lang, "passkey_muted", access.Arg{Name: "name", Value: p.Name})
}

// AskNewKey is the first half of the word «passkey»: the options with which the
// browser makes a key. Asked again, it takes the place of what was asked before. It
// refuses a name as NewKey does: a device would keep a key that we do not.
func (e *Engine) AskNewKey(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, name string) (options []byte, err error) {
	if Word(f, j) != "passkey" {
		return nil, access.Refuse("passkey_over")
	}
	if _, err := keyName(name); err != nil {
		return nil, err
	}
	site, err := challenge.Site(f, v.Origin)
	if err != nil {
		return nil, err
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		all, err := tx.Passkeys(m.ID)
		if err != nil {
			return err
		}
		owner, err := owner(tx, m)
		if err != nil {
			return err
		}
		var session []byte
		if options, session, err = site.Register(owner, challenge.Usable(all, v.Host)); err != nil {
			return err
		}
		return tx.AskPasskey(j.ID, m.ID, v.Host, session, challenge.KeyLife)
	})
	return options, err
}

// owner is the member as a device shows them beside the key: by the address they
// sign in with, or by name. No national number goes to whoever made the device.
func owner(tx *store.Tx, m access.Member) (passkey.Member, error) {
	u, err := tx.Username(m.ID)
	name := u.Address
	if name == "" {
		r := m.Main().Record
		name = strings.TrimSpace(r.Name + " " + r.Surname)
	}
	return passkey.Member{ID: m.ID, Name: name}, err
}

// NewKey is the second half: the browser's answer, and what the member calls the
// key. It refuses with passkey_name_empty, passkey_name_form, passkey_over if the
// question is too old or was answered, passkey_refused, and passkey_many.
func (e *Engine) NewKey(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, answer []byte, name string) (to Place, err error) {
	if Word(f, j) != "passkey" {
		return Where(f, j), nil
	}
	if name, err = keyName(name); err != nil {
		return "", err
	}
	session, err := e.takeKey(ctx, f, j.ID, m.ID, v.Host)
	if err != nil {
		return "", err
	}
	site, err := challenge.Site(f, v.Origin)
	if err != nil {
		return "", err
	}
	key, err := site.Registered(session, answer, passkey.Member{ID: m.ID})
	if errors.Is(err, passkey.ErrRefused) {
		return "", access.Refuse("passkey_refused")
	}
	if err != nil {
		return "", err
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		all, err := tx.Passkeys(m.ID)
		if err != nil {
			return err
		}
		if len(all) >= mostKeys {
			return access.Refuse("passkey_many", access.Arg{Name: "n", Type: access.ArgCount, Value: "10"})
		}
		by, err := way(tx, f, j, m)
		if err != nil {
			return err
		}
		p := access.Passkey{ID: access.NewID(tx.Now()), Member: m.ID, Host: v.Host, Credential: key.ID, Data: key.Data, Name: name,
			CodeKind: by.Kind, CodeBy: tx.ChannelIndex(by.Kind, by.Address)}
		if err := tx.AddPasskey(p); errors.Is(err, store.ErrNone) {
			return access.Refuse("passkey_refused") // somebody has it: which no device does by itself
		} else if err != nil {
			return err
		}
		if err := audit.Record(tx, audit.PasskeyAdded{Member: m.ID, Passkey: p.ID, Host: p.Host, Journey: j.ID, Where: v.where()}); err != nil {
			return err
		}
		if err := e.tellKeys(tx, m, j.Lang, "passkey_added", access.DeviceArg(v.Agent)); err != nil {
			return err
		}
		_, err = e.move(tx, f, v, j, m)
		to = Passkeys
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return e.reload(ctx, f, v)
	}
	return to, err
}

// takeKey takes a question away, in a commit of its own before its answer is
// looked at: an answer is good once, and a second one is not looked at at all.
func (e *Engine) takeKey(ctx context.Context, f *access.Fund, id, member, host string) (session []byte, err error) {
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		session, err = tx.TakePasskey(id, member, host)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		err = access.Refuse("passkey_over")
	}
	return session, err
}

// keyName reads what a member calls a key.
func keyName(typed string) (string, error) {
	name := strings.Join(strings.Fields(typed), " ")
	if name == "" {
		return "", access.RefuseField("name", "passkey_name_empty")
	}
	if utf8.RuneCountInString(name) > longestName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", access.RefuseField("name", "passkey_name_form", access.Arg{Name: "n", Type: access.ArgCount, Value: "40"})
	}
	return name, nil
}

// RenamePasskey gives one of the member's keys another name. That lets nobody in,
// and needs no code. It refuses with passkey_name_empty, passkey_name_form,
// passkey_gone, and frozen.
func (e *Engine) RenamePasskey(ctx context.Context, f *access.Fund, v Visitor, id, name string) error {
	name, err := keyName(name)
	if err != nil {
		return err
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		since, err := tx.Frozen(v.Session.Member)
		if err != nil {
			return err
		}
		if !since.IsZero() {
			return access.Refuse("frozen")
		}
		return tx.RenamePasskey(v.Session.Member, id, name)
	})
	if errors.Is(err, store.ErrNone) {
		return access.Refuse("passkey_gone")
	}
	return err
}
