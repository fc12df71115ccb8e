package operation

import (
	"fmt"

	"aditus/internal/access"
	"aditus/internal/store"
)

// tellContacts tells that other contacts were asked for: every contact there is,
// so that whoever is robbed of the account hears of it before the office agrees,
// and the new ones, of which nothing is said but that (security.md 4.10). It does
// nothing for an act that asks for none.
//
// The contacts change when the office has seen a document, and its register says
// so (C-10): not here.
func (s *Service) tellContacts(tx *store.Tx, sess access.Session, m access.Member, act access.Act, o access.Operation) error {
	told := map[Address]bool{}
	tell := func(kind access.Kind, to, text string) error {
		a := Address{Kind: kind, To: to}
		if to == "" || told[a] {
			return nil
		}
		told[a] = true
		return s.post(tx, sess, kind, to, text, access.TimeArg("stamp", access.ArgStamp, tx.Now()), access.Arg{Name: "case", Value: o.Number})
	}
	var named []Address
	for _, f := range act.Fields {
		switch to := o.Values[f.Name]; {
		case to == "":
		case f.Type == "mobile":
			named = append(named, Address{Kind: access.SMS, To: to})
		case f.Type == "email" && f.Name == string(access.PEC):
			named = append(named, Address{Kind: access.PEC, To: to})
		case f.Type == "email":
			named = append(named, Address{Kind: access.Email, To: to})
		}
	}
	if len(named) == 0 {
		return nil
	}
	name, err := tx.Username(m.ID)
	if err != nil {
		return err
	}
	channel, err := tx.Channel(m.ID)
	if err != nil {
		return err
	}
	for _, a := range []Address{{Kind: access.Email, To: name.Address}, {Kind: channel.Kind, To: channel.Address},
		{Kind: access.Email, To: m.OnFile(access.Email)}, {Kind: access.PEC, To: m.OnFile(access.PEC)}, {Kind: access.SMS, To: m.OnFile(access.SMS)}} {
		if err := tell(a.Kind, a.To, "contact_asked"); err != nil {
			return fmt.Errorf("contact: %w", err)
		}
	}
	for _, a := range named {
		if err := tell(a.Kind, a.To, "contact_named"); err != nil {
			return fmt.Errorf("new contact: %w", err)
		}
	}
	return nil
}
