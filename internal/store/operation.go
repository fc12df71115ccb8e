package store

import (
	"encoding/json"
	"time"

	"aditus/internal/access"
)

const operationColumns = `id, member, session, act, content, state, number, lang, challenge, drafted_at, changed_at, confirmed_at, withdrawn_at, held_until, held_for, coalesce(actor, '')`

func (tx *Tx) scanOperation(add func(access.Operation)) func(row) error {
	return func(r row) error {
		var o access.Operation
		var sealed []byte
		var drafted, changed, confirmed, withdrawn, held int64
		if err := r.Scan(&o.ID, &o.Member, &o.Session, &o.Act, &sealed, &o.State, &o.Number, &o.Lang, &o.Challenge,
			&drafted, &changed, &confirmed, &withdrawn, &held, &o.HeldFor, &o.Actor); err != nil {
			return err
		}
		o.Fund = tx.fund
		o.DraftedAt, o.ChangedAt, o.ConfirmedAt, o.WithdrawnAt, o.HeldUntil = at(drafted), at(changed), at(confirmed), at(withdrawn), at(held)
		plain, err := tx.open("operation", "content", o.ID, sealed)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(plain, &o.Values); err != nil {
			return err
		}
		add(o)
		return nil
	}
}

func (tx *Tx) sealValues(o access.Operation) ([]byte, error) {
	plain, err := json.Marshal(o.Values)
	if err != nil {
		return nil, err
	}
	return tx.seal("operation", "content", o.ID, plain), nil
}

// AddOperation writes down a draft.
func (tx *Tx) AddOperation(o access.Operation) error {
	sealed, err := tx.sealValues(o)
	if err != nil {
		return err
	}
	return tx.one(`
		INSERT INTO operation (fund, id, member, session, act, content, digest, state, number, lang, challenge,
			drafted_at, changed_at, confirmed_at, withdrawn_at, held_until, held_for, actor)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'draft', ?8, ?9, '', ?10, ?10, 0, 0, 0, '', ?11) ON CONFLICT DO NOTHING`,
		o.ID, o.Member, o.Session, o.Act, sealed, o.Digest(), o.Number, o.Lang, ms(tx.now), o.Actor)
}

// Operation finds one of the member's operations, or reports ErrNone.
func (tx *Tx) Operation(member, id string) (o access.Operation, err error) {
	err = tx.query(tx.scanOperation(func(got access.Operation) { o = got }),
		`SELECT `+operationColumns+` FROM operation WHERE fund = ?1 AND member = ?2 AND id = ?3`, member, id)
	if err == nil && o.ID == "" {
		err = ErrNone
	}
	return o, err
}

// OperationsOf lists the member's operations, the latest changed first.
func (tx *Tx) OperationsOf(member string, limit int) (os []access.Operation, err error) {
	err = tx.query(tx.scanOperation(func(o access.Operation) { os = append(os, o) }),
		`SELECT `+operationColumns+` FROM operation WHERE fund = ?1 AND member = ?2 ORDER BY changed_at DESC, id DESC LIMIT ?3`, member, limit)
	return os, err
}

// CountPending is how many of the member's operations are drafts or confirmed
// and not yet handled.
func (tx *Tx) CountPending(member string) (n int, err error) {
	err = tx.first(`
		SELECT count(*) FROM operation WHERE fund = ?1 AND member = ?2 AND state IN ('draft', 'coded', 'confirmed')`, []any{member}, &n)
	return n, err
}

// ChangeOperation replaces a draft's content, which makes any code for it
// stand for something that is no more. It reports ErrNone if the operation is
// past that.
func (tx *Tx) ChangeOperation(o access.Operation) error {
	sealed, err := tx.sealValues(o)
	if err != nil {
		return err
	}
	return tx.one(`
		UPDATE operation SET content = ?4, digest = ?5, session = ?6, lang = ?7, state = 'draft', challenge = '', changed_at = ?8
		WHERE fund = ?1 AND member = ?2 AND id = ?3 AND state IN ('draft', 'coded')`,
		o.Member, o.ID, sealed, o.Digest(), o.Session, o.Lang, ms(tx.now))
}

// CodeOperation notes the challenge that was opened for exactly this content,
// or reports ErrNone if it is not this content any more. The operation's session
// stays the one that wrote the content: it alone may see all of it.
func (tx *Tx) CodeOperation(o access.Operation, challenge string) error {
	return tx.one(`
		UPDATE operation SET state = 'coded', challenge = ?5, lang = ?6
		WHERE fund = ?1 AND member = ?2 AND id = ?3 AND digest = ?4 AND state IN ('draft', 'coded')`,
		o.Member, o.ID, o.Digest(), challenge, o.Lang)
}

// ConfirmOperation makes an operation confirmed, with what holds it, or reports
// ErrNone if it is not the content the code was for, or not open to it any more.
func (tx *Tx) ConfirmOperation(o access.Operation, challenge string) error {
	return tx.one(`
		UPDATE operation SET state = 'confirmed', confirmed_at = ?6, changed_at = ?6, held_until = ?7, held_for = ?8
		WHERE fund = ?1 AND member = ?2 AND id = ?3 AND digest = ?4 AND challenge = ?5 AND state = 'coded'`,
		o.Member, o.ID, o.Digest(), challenge, ms(tx.now), ms(o.HeldUntil), o.HeldFor)
}

// WithdrawOperation takes back what was confirmed and not yet handled; DropOperation
// what was not yet confirmed. Both report ErrNone if it was too late.
func (tx *Tx) WithdrawOperation(member, id string) error {
	return tx.one(`
		UPDATE operation SET state = 'withdrawn', withdrawn_at = ?4, changed_at = ?4
		WHERE fund = ?1 AND member = ?2 AND id = ?3 AND state = 'confirmed'`, member, id, ms(tx.now))
}

// DropOperation ends a draft that will not be confirmed.
func (tx *Tx) DropOperation(member, id string) error {
	return tx.one(`
		UPDATE operation SET state = 'lapsed', changed_at = ?4
		WHERE fund = ?1 AND member = ?2 AND id = ?3 AND state IN ('draft', 'coded')`, member, id, ms(tx.now))
}

// LapseOperations ends drafts that nobody touched since then, and says which, with
// their members and no more of them.
func (tx *Tx) LapseOperations(since time.Time) (lapsed []access.Operation, err error) {
	err = tx.query(func(r row) error {
		var o access.Operation
		err := r.Scan(&o.ID, &o.Member)
		lapsed = append(lapsed, o)
		return err
	}, `UPDATE operation SET state = 'lapsed' WHERE fund = ?1 AND state IN ('draft', 'coded') AND changed_at < ?2 RETURNING id, member`, ms(since))
	return lapsed, err
}

// AddConfirmation writes down a receipt. The operation is its key: a second one
// fails.
func (tx *Tx) AddConfirmation(c access.Confirmation) error {
	return tx.later(`
		INSERT INTO confirmation (fund, operation, id, member, session, challenge, digest, method, at, held_until, receipt, key_id, signature)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`,
		c.Operation, c.ID, c.Member, c.Session, c.Challenge, c.Digest, c.Method, ms(c.At), ms(c.HeldUntil),
		tx.seal("confirmation", "receipt", c.ID, []byte(c.Receipt)), c.KeyID, c.Signature)
}

// Confirmation finds the receipt of one of the member's operations, or reports ErrNone.
func (tx *Tx) Confirmation(member, operation string) (c access.Confirmation, err error) {
	var sealed []byte
	var when, held int64
	c.Operation = operation
	err = tx.first(`
		SELECT id, member, session, challenge, digest, method, at, held_until, receipt, key_id, signature FROM confirmation
		WHERE fund = ?1 AND member = ?2 AND operation = ?3`, []any{member, operation},
		&c.ID, &c.Member, &c.Session, &c.Challenge, &c.Digest, &c.Method, &when, &held, &sealed, &c.KeyID, &c.Signature)
	if err != nil {
		return c, err
	}
	c.At, c.HeldUntil = at(when), at(held)
	plain, err := tx.open("confirmation", "receipt", c.ID, sealed)
	c.Receipt = string(plain)
	return c, err
}
