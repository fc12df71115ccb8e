package store

import (
	"errors"

	"aditus/internal/access"
)

// mobileIndex is what the people who have a number are counted by, nil for none.
func (tx *Tx) mobileIndex(e access.Entry) any {
	if e.Record.Mobile == "" {
		return nil
	}
	return tx.ChannelIndex(access.SMS, e.Record.Mobile)
}

// MobileHolders is how many people of the register have a number: all of them
// count, also those who may not come in. Who has two roles, by one tax code, is
// one person.
func (tx *Tx) MobileHolders(number string) (n int, err error) {
	err = tx.first(`SELECT count(DISTINCT coalesce(tax_code, member)) FROM entry WHERE fund = ?1 AND mobile = ?2 AND `+seen,
		[]any{tx.ChannelIndex(access.SMS, number)}, &n)
	return n, err
}

// MobileTrust is what the member's number earned or lost, zero if neither.
func (tx *Tx) MobileTrust(member, number string) (t access.MobileTrust, err error) {
	var earned, lost int64
	err = tx.first(`
		SELECT member, source, by_whom, at, failures, lost_at, lost_why FROM mobile_trust
		WHERE fund = ?1 AND member = ?2 AND number = ?3`, []any{member, tx.ChannelIndex(access.SMS, number)},
		&t.Member, &t.Source, &t.By, &earned, &t.Failures, &lost, &t.LostWhy)
	t.At, t.LostAt = at(earned), at(lost)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return t, err
}

// TrustMobile notes that the member's number was proved, just now: what it had
// lost is forgotten.
func (tx *Tx) TrustMobile(t access.MobileTrust, number string) error {
	return tx.one(`
		INSERT INTO mobile_trust (fund, member, number, source, by_whom, at, failures, lost_at, lost_why) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, '')
		ON CONFLICT (fund, member, number) DO UPDATE SET
			source = excluded.source, by_whom = excluded.by_whom, at = excluded.at, failures = 0, lost_at = 0, lost_why = ''`,
		t.Member, tx.ChannelIndex(access.SMS, number), t.Source, t.By, ms(tx.now))
}

// FailMobile counts a proved failure to reach the member's number, and reports
// whether it is the one that takes its reliability.
func (tx *Tx) FailMobile(member, number string, most int) (lost bool, err error) {
	key := tx.ChannelIndex(access.SMS, number)
	if err := tx.one(`
		INSERT INTO mobile_trust (fund, member, number, source, by_whom, at, failures, lost_at, lost_why) VALUES (?1, ?2, ?3, '', '', 0, 1, 0, '')
		ON CONFLICT (fund, member, number) DO UPDATE SET failures = mobile_trust.failures + 1`, member, key); err != nil {
		return false, err
	}
	n, err := tx.exec(`
		UPDATE mobile_trust SET lost_at = ?4, lost_why = 'failed'
		WHERE fund = ?1 AND member = ?2 AND number = ?3 AND lost_at = 0 AND failures >= ?5`, member, key, ms(tx.now), most)
	return n == 1, err
}
