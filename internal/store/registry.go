package store

import (
	"encoding/json"
	"errors"

	"aditus/internal/access"
)

// RegistryVersion is the version of its register that the fund shows, 0 before
// the first.
func (tx *Tx) RegistryVersion() (v int64, err error) {
	err = tx.first(`SELECT version FROM registry WHERE fund = ?1`, nil, &v)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return v, err
}

// An Import is one file on its way into the register.
type Import struct {
	Version int64
	File    string // its name, for people
	Digest  string // SHA-256 of its bytes
	Totals  map[string]int
}

// BeginImport begins an import and drops any other that is not published, with
// what it staged. Its entries carry a version of their own, that nobody sees
// until PublishImport. It reports ErrNone if another began at this very moment.
//
// The import's own row comes first, and the others' rows are taken from them
// before what they staged is deleted: an import that is staging at this moment
// finishes its transaction before, or finds that it was dropped (I8).
func (tx *Tx) BeginImport(file, digest string) (im Import, err error) {
	im.File, im.Digest = file, digest
	err = tx.first(`SELECT coalesce(max(version), 0) + 1 FROM registry_import WHERE fund = ?1`, nil, &im.Version)
	if err != nil {
		return im, err
	}
	err = tx.one(`
		INSERT INTO registry_import (fund, version, file, digest, state, totals, started_at, ended_at)
		VALUES (?1, ?2, ?3, ?4, 'staging', '{}', ?5, 0) ON CONFLICT DO NOTHING`, im.Version, file, digest, ms(tx.now))
	if err != nil {
		return im, err
	}
	if _, err := tx.exec(`
		UPDATE registry_import SET state = 'dropped', ended_at = ?3
		WHERE fund = ?1 AND version <> ?2 AND state = 'staging'`, im.Version, ms(tx.now)); err != nil {
		return im, err
	}
	if _, err := tx.exec(`
		DELETE FROM entry WHERE fund = ?1 AND version > (SELECT coalesce(max(version), 0) FROM registry WHERE fund = ?1)`); err != nil {
		return im, err
	}
	if _, err := tx.exec(`
		DELETE FROM activation_code WHERE fund = ?1 AND version > (SELECT coalesce(max(version), 0) FROM registry WHERE fund = ?1)`); err != nil {
		return im, err
	}
	_, err = tx.exec(`DELETE FROM entry_change WHERE fund = ?1`)
	return im, err
}

// stage holds the import to this transaction, or reports ErrNone if it was
// dropped: what a slower import still has to say must not fall into the next.
func (tx *Tx) stage(version int64) error {
	if tx.staging == version {
		return nil
	}
	err := tx.one(`
		UPDATE registry_import SET state = 'staging' WHERE fund = ?1 AND version = ?2 AND state = 'staging'`, version)
	if err == nil {
		tx.staging = version
	}
	return err
}

// A NewEntry is an entry that is sealed and hashed already: that takes as long as
// the half of its insert, and need not be done while others wait to write.
type NewEntry struct {
	entry  access.Entry
	record []byte // sealed

	login           string // what it is found by
	taxCode, mobile any    // nil for none
}

// SealEntry makes an entry of a fund ready to be staged.
func (db *DB) SealEntry(fund string, e access.Entry) (n NewEntry, err error) {
	return db.tx(fund).sealEntry(e)
}

func (tx *Tx) sealEntry(e access.Entry) (NewEntry, error) {
	sealed, err := tx.sealRecord(e)
	return NewEntry{e, sealed, tx.LoginIndex(e.Login), tx.taxCodeIndex(e), tx.mobileIndex(e)}, err
}

// AddEntry stages a new entry, or reports ErrNone if another import has begun.
func (tx *Tx) AddEntry(e access.Entry) error {
	n, err := tx.sealEntry(e)
	if err != nil {
		return err
	}
	return tx.AddSealed(n, e.Version)
}

// AddSealed is AddEntry of an entry that was sealed before, under a version.
func (tx *Tx) AddSealed(n NewEntry, version int64) error {
	if err := tx.stage(version); err != nil {
		return err
	}
	e := n.entry
	return tx.later(`
		INSERT INTO entry (fund, id, member, number, login, status, held, version, digest, record, tax_code, mobile)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
		e.ID, e.Member, e.Number, n.login, e.Status, e.Held, version, e.Digest, n.record, n.taxCode, n.mobile)
}

// ChangeEntry stages a change of an entry that is there, or reports ErrNone if
// another import has begun.
func (tx *Tx) ChangeEntry(e access.Entry) error {
	sealed, err := tx.sealRecord(e)
	if err != nil {
		return err
	}
	if err := tx.stage(e.Version); err != nil {
		return err
	}
	return tx.later(`
		INSERT INTO entry_change (fund, version, id, member, login, status, held, digest, record, tax_code, mobile)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
		e.Version, e.ID, e.Member, tx.LoginIndex(e.Login), e.Status, e.Held, e.Digest, sealed, tx.taxCodeIndex(e), tx.mobileIndex(e))
}

// A sealedRecord is what an entry's sealed column holds.
type sealedRecord struct {
	access.Record
	Login string `json:"login,omitempty"` // where it is not the tax code
}

func (tx *Tx) sealRecord(e access.Entry) ([]byte, error) {
	r := sealedRecord{Record: e.Record}
	if e.Login != e.Record.TaxCode {
		r.Login = e.Login
	}
	plain, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return tx.seal("entry", "record", e.ID, plain), nil
}

// PublishImport makes the staged version the one the fund shows, in this one
// transaction: everybody sees the old register or the new, never a mix (I8).
// It reports ErrNone if another import has begun meanwhile, or was published.
func (tx *Tx) PublishImport(im Import) error {
	totals, err := json.Marshal(im.Totals)
	if err != nil {
		return err
	}
	if err := tx.one(`
		UPDATE registry_import SET state = 'published', totals = ?3, ended_at = ?4
		WHERE fund = ?1 AND version = ?2 AND state = 'staging'`, im.Version, string(totals), ms(tx.now)); err != nil {
		return err
	}
	if err := tx.one(`
		INSERT INTO registry (fund, version, published_at) VALUES (?1, ?2, ?3)
		ON CONFLICT (fund) DO UPDATE SET version = excluded.version, published_at = excluded.published_at
		WHERE registry.version < excluded.version`, im.Version, ms(tx.now)); err != nil {
		return err
	}
	if _, err := tx.exec(`
		UPDATE entry SET member = c.member, login = c.login, status = c.status, held = c.held,
			version = c.version, digest = c.digest, record = c.record, tax_code = c.tax_code, mobile = c.mobile
		FROM (SELECT id, version, member, login, status, held, digest, record, tax_code, mobile FROM entry_change WHERE fund = ?1 AND version = ?2) AS c
		WHERE entry.fund = ?1 AND entry.id = c.id`, im.Version); err != nil {
		return err
	}
	_, err = tx.exec(`DELETE FROM entry_change WHERE fund = ?1 AND version = ?2`, im.Version)
	return err
}

// DropImport ends an import that published nothing.
func (tx *Tx) DropImport(im Import) error {
	return tx.one(`
		UPDATE registry_import SET state = 'dropped', ended_at = ?3 WHERE fund = ?1 AND version = ?2 AND state = 'staging'`,
		im.Version, ms(tx.now))
}

// An EntryKey is what an import needs of an entry to see whether a row is new,
// changed or the same.
type EntryKey struct {
	ID, Member, Number, Login, Held, Digest string
}

// EntryKeys calls f for each entry the fund shows, by number.
func (tx *Tx) EntryKeys(f func(EntryKey) error) error {
	return tx.query(func(r row) error {
		var k EntryKey
		if err := r.Scan(&k.ID, &k.Member, &k.Number, &k.Login, &k.Held, &k.Digest); err != nil {
			return err
		}
		return f(k)
	}, `SELECT id, member, number, login, held, digest FROM entry WHERE fund = ?1 AND `+seen+` ORDER BY number`)
}

// Entry finds an entry the fund shows by its id, or reports ErrNone.
func (tx *Tx) Entry(id string) (e access.Entry, err error) {
	found := false
	err = tx.query(tx.scanEntry(func(got access.Entry) { e, found = got, true }),
		`SELECT `+entryColumns+` FROM entry WHERE fund = ?1 AND id = ?2 AND `+seen, id)
	if err == nil && !found {
		err = ErrNone
	}
	return e, err
}
