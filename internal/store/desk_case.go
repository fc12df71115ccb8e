package store

import (
	"errors"
	"time"

	"aditus/internal/access"
)

// OpenCase has the fund's people look at something, unless the same is open
// already. A case without a kind opens none, by the same statement: what a
// stranger asks must not show by what it took.
func (tx *Tx) OpenCase(c access.Case) error {
	_, err := tx.exec(`
		INSERT INTO desk_case (fund, id, kind, member, why, journey, at, ended_at)
		SELECT ?1, ?2, CAST(?3 AS TEXT), ?4, ?5, ?6, CAST(?7 AS BIGINT), CAST(?8 AS BIGINT) WHERE CAST(?3 AS TEXT) <> ''
		ON CONFLICT DO NOTHING`,
		access.NewID(tx.now), c.Kind, c.Member, c.Why, c.Journey, ms(tx.now), 0)
	return err
}

// OpenedCase is since when a case of the member's has been open, the zero time if it
// is not.
func (tx *Tx) OpenedCase(member, kind, why string) (since time.Time, err error) {
	var opened int64
	err = tx.first(`SELECT at FROM desk_case WHERE fund = ?1 AND member = ?2 AND kind = ?3 AND why = ?4 AND ended_at = 0`,
		[]any{member, kind, why}, &opened)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return at(opened), err
}

// CloseCase ends a case of the member's. It is no error if none is open.
func (tx *Tx) CloseCase(member, kind, why string) error {
	_, err := tx.exec(`UPDATE desk_case SET ended_at = ?5 WHERE fund = ?1 AND member = ?2 AND kind = ?3 AND why = ?4 AND ended_at = 0`,
		member, kind, why, ms(tx.now))
	return err
}

// EndCases closes what is open of a kind for a member.
func (tx *Tx) EndCases(member, kind string) error {
	_, err := tx.exec(`UPDATE desk_case SET ended_at = ?4 WHERE fund = ?1 AND member = ?2 AND kind = ?3 AND ended_at = 0`, member, kind, ms(tx.now))
	return err
}

// Cases are the fund's open cases, the oldest first.
func (tx *Tx) Cases(limit int) (all []access.Case, err error) {
	err = tx.query(func(r row) error {
		var c access.Case
		var opened int64
		if err := r.Scan(&c.ID, &c.Kind, &c.Member, &c.Why, &c.Journey, &opened); err != nil {
			return err
		}
		c.At = at(opened)
		all = append(all, c)
		return nil
	}, `SELECT id, kind, member, why, journey, at FROM desk_case WHERE fund = ?1 AND ended_at = 0 ORDER BY at, id LIMIT ?2`, limit)
	return all, err
}
