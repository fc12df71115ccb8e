package store

import (
	"time"

	"aditus/internal/access"
)

const passkeyColumns = `id, member, host, credential, data, name, code_kind, code_by, uses, made_at, used_at, muted_at`

func (tx *Tx) passkeys(q string, args ...any) (all []access.Passkey, err error) {
	err = tx.query(func(r row) error {
		var p access.Passkey
		var data, name []byte
		var made, used, muted int64
		err := r.Scan(&p.ID, &p.Member, &p.Host, &p.Credential, &data, &name, &p.CodeKind, &p.CodeBy, &p.Uses, &made, &used, &muted)
		if err != nil {
			return err
		}
		if p.Data, err = tx.open("passkey", "data", p.ID, data); err != nil {
			return err
		}
		if name, err = tx.open("passkey", "name", p.ID, name); err != nil {
			return err
		}
		p.Name, p.MadeAt, p.UsedAt, p.MutedAt = string(name), at(made), at(used), at(muted)
		all = append(all, p)
		return nil
	}, q, args...)
	return all, err
}

// AddPasskey keeps a key that has just been made, or reports ErrNone if that
// credential is known at the host already, of whatever member.
func (tx *Tx) AddPasskey(p access.Passkey) error {
	return tx.one(`
		INSERT INTO passkey (fund, id, member, host, credential, data, name, code_kind, code_by, uses, made_at, used_at, muted_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, 0, 0) ON CONFLICT DO NOTHING`,
		p.ID, p.Member, p.Host, p.Credential, tx.seal("passkey", "data", p.ID, p.Data), tx.seal("passkey", "name", p.ID, []byte(p.Name)),
		string(p.CodeKind), p.CodeBy, ms(tx.now))
}

// Passkeys are all keys of a member, at every host, the oldest first.
func (tx *Tx) Passkeys(member string) ([]access.Passkey, error) {
	return tx.passkeys(`SELECT `+passkeyColumns+` FROM passkey WHERE fund = ?1 AND member = ?2 ORDER BY made_at, id`, member)
}

// PasskeyOf is the key with a credential at a host, or ErrNone.
func (tx *Tx) PasskeyOf(host string, credential []byte) (access.Passkey, error) {
	all, err := tx.passkeys(`SELECT `+passkeyColumns+` FROM passkey WHERE fund = ?1 AND host = ?2 AND credential = ?3`, host, credential)
	if err == nil && len(all) == 0 {
		err = ErrNone
	}
	if err != nil {
		return access.Passkey{}, err
	}
	return all[0], nil
}

// UsePasskey notes a right answer of p, whose Data is what it has become, or
// reports ErrNone if the key is gone, muted, or has answered something else since
// p was read: its counter was compared with what stood there then.
func (tx *Tx) UsePasskey(p access.Passkey) error {
	return tx.one(`
		UPDATE passkey SET data = ?5, uses = uses + 1, used_at = ?6
		WHERE fund = ?1 AND id = ?2 AND member = ?3 AND uses = ?4 AND muted_at = 0`,
		p.ID, p.Member, p.Uses, tx.seal("passkey", "data", p.ID, p.Data), ms(tx.now))
}

// MutePasskey has a key answer nothing any more, or reports ErrNone if it is so
// already.
func (tx *Tx) MutePasskey(member, id string) error {
	return tx.one(`UPDATE passkey SET muted_at = ?4 WHERE fund = ?1 AND id = ?2 AND member = ?3 AND muted_at = 0`, id, member, ms(tx.now))
}

// RenamePasskey gives one of the member's keys another name, or reports ErrNone.
func (tx *Tx) RenamePasskey(member, id, name string) error {
	return tx.one(`UPDATE passkey SET name = ?4 WHERE fund = ?1 AND id = ?2 AND member = ?3`, id, member, tx.seal("passkey", "name", id, []byte(name)))
}

// DropPasskey removes one of the member's keys, or reports ErrNone.
func (tx *Tx) DropPasskey(member, id string) error {
	return tx.one(`DELETE FROM passkey WHERE fund = ?1 AND id = ?2 AND member = ?3`, id, member)
}

// AskPasskey keeps a question to a browser for a time, in the place of one with
// the same id. Member is "" where it is not known who will answer.
func (tx *Tx) AskPasskey(id, member, host string, session []byte, life time.Duration) error {
	return tx.later(`
		INSERT INTO passkey_session (fund, id, member, host, data, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (fund, id) DO UPDATE SET member = excluded.member, host = excluded.host, data = excluded.data, expires_at = excluded.expires_at`,
		id, member, host, tx.seal("passkey_session", "data", id, session), ms(tx.now.Add(life)))
}

// TakePasskey takes a question away for good and returns what its answer is
// compared with, or reports ErrNone: of many at the same moment, one has it.
func (tx *Tx) TakePasskey(id, member, host string) (session []byte, err error) {
	var sealed []byte
	err = tx.first(`
		DELETE FROM passkey_session WHERE fund = ?1 AND id = ?2 AND member = ?3 AND host = ?4 AND expires_at > ?5 RETURNING data`,
		[]any{id, member, host, ms(tx.now)}, &sealed)
	if err != nil {
		return nil, err
	}
	return tx.open("passkey_session", "data", id, sealed)
}

// ForgetPasskeys deletes questions that nobody answered in time.
func (tx *Tx) ForgetPasskeys() error {
	return tx.later(`DELETE FROM passkey_session WHERE fund = ?1 AND expires_at <= ?2`, ms(tx.now))
}
