package journey

import (
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// An address is one place a notice goes to.
type address struct {
	kind access.Kind
	to   string
}

// recent is how long a contact that the fund's file replaced is still told.
const recent = 30 * 24 * time.Hour

// notify tells a change to every contact of the member that is known, the old
// ones first, but not to the one that has just been proved: whoever made the
// change holds that (NIST SP 800-63B, notification of binding).
func (e *Engine) notify(tx *store.Tx, m access.Member, lang, text string, old []address, proved access.Channel, args ...access.Arg) error {
	sent := map[address]bool{{proved.Kind, proved.Address}: true}
	for _, e := range m.Entries {
		for _, past := range e.Record.Past {
			// Whoever had a contact replaced by the fund's file is told at the old one.
			if tx.Now().Sub(time.UnixMilli(past.Until)) < recent {
				old = append(old, address{past.Kind, past.Address})
			}
		}
	}
	name, err := tx.Username(m.ID)
	if err != nil {
		return err
	}
	for _, a := range append(old, address{access.Email, name.Address}, address{access.Email, m.OnFile(access.Email)}, address{access.PEC, m.OnFile(access.PEC)}, address{access.SMS, m.OnFile(access.SMS)}) {
		if a.to == "" || sent[a] {
			continue
		}
		sent[a] = true
		err := tx.Post(access.Message{ID: access.NewID(tx.Now()), Member: m.ID, Kind: a.kind, To: a.to, Lang: lang, Key: text,
			Args: append([]access.Arg{access.TimeArg("stamp", access.ArgStamp, tx.Now())}, args...)})
		if err != nil {
			return err
		}
	}
	return nil
}
