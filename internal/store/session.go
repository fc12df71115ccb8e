package store

import (
	"time"

	"aditus/internal/access"
)

const sessionColumns = `id, member, level, method, lang, device, agent, started_at, seen_at, proved_at, ends_at, ended_at, profile`

func (tx *Tx) scanSession(s *access.Session) func(row) error {
	return func(r row) error {
		var started, seenAt, proved, ends, ended int64
		var profile *string
		err := r.Scan(&s.ID, &s.Member, &s.Level, &s.Method, &s.Lang, &s.Device, &s.Agent, &started, &seenAt, &proved, &ends, &ended, &profile)
		if s.Several = profile != nil; s.Several {
			s.Profile = *profile
		}
		s.Fund, s.StartedAt, s.SeenAt, s.ProvedAt, s.EndsAt, s.EndedAt = tx.fund, at(started), at(seenAt), at(proved), at(ends), at(ended)
		return err
	}
}

// AddSession begins a session.
func (tx *Tx) AddSession(s access.Session) error {
	var profile any // one, if there is no choice
	if s.Several {
		profile = s.Profile
	}
	return tx.later(`
		INSERT INTO session (fund, id, member, level, method, lang, device, agent, started_at, seen_at, proved_at, ends_at, ended_at, profile)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, 0, ?12)`,
		s.ID, s.Member, string(s.Level), s.Method, s.Lang, s.Device, s.Agent, ms(tx.now), ms(s.ProvedAt), ms(s.EndsAt), profile)
}

// ChooseProfile opens a profile in one of the member's sessions, or reports ErrNone
// if it has ended, or had no choice.
func (tx *Tx) ChooseProfile(member, id, profile string) error {
	return tx.one(`
		UPDATE session SET profile = ?4 WHERE fund = ?1 AND member = ?2 AND id = ?3 AND ended_at = 0 AND profile IS NOT NULL`, member, id, profile)
}

// Session finds a session, ended or not, or reports ErrNone.
func (tx *Tx) Session(id string) (s access.Session, err error) {
	found := false
	err = tx.query(func(r row) error { found = true; return tx.scanSession(&s)(r) },
		`SELECT `+sessionColumns+` FROM session WHERE fund = ?1 AND id = ?2`, id)
	if err == nil && !found {
		err = ErrNone
	}
	return s, err
}

// SessionsOf lists the member's newest sessions, the newest first.
func (tx *Tx) SessionsOf(member string, limit int) (ss []access.Session, err error) {
	err = tx.query(func(r row) error {
		var s access.Session
		err := tx.scanSession(&s)(r)
		ss = append(ss, s)
		return err
	}, `SELECT `+sessionColumns+` FROM session WHERE fund = ?1 AND member = ?2 ORDER BY started_at DESC, id DESC LIMIT ?3`, member, limit)
	return ss, err
}

// SeenSession notes that a session was used.
func (tx *Tx) SeenSession(id string, seenAt time.Time) error {
	return tx.later(`UPDATE session SET seen_at = ?3 WHERE fund = ?1 AND id = ?2 AND seen_at < ?3 AND ended_at = 0`, id, ms(seenAt))
}

// EndSession ends one of the member's sessions, or reports ErrNone if it had ended.
func (tx *Tx) EndSession(member, id string) error {
	return tx.one(`UPDATE session SET ended_at = ?4 WHERE fund = ?1 AND member = ?2 AND id = ?3 AND ended_at = 0`, member, id, ms(tx.now))
}

// EndOtherSessions ends the member's sessions but one, and returns which.
func (tx *Tx) EndOtherSessions(member, keep string) (ended []string, err error) {
	err = tx.query(func(r row) error {
		var id string
		err := r.Scan(&id)
		ended = append(ended, id)
		return err
	}, `UPDATE session SET ended_at = ?4 WHERE fund = ?1 AND member = ?2 AND id <> ?3 AND ended_at = 0 RETURNING id`, member, keep, ms(tx.now))
	return ended, err
}

// Device finds a member's device, or reports ErrNone.
func (tx *Tx) Device(id, member string) (d access.Device, err error) {
	var first, proved, seenAt int64
	err = tx.first(`SELECT id, member, agent, first_at, proved_at, seen_at FROM device WHERE fund = ?1 AND id = ?2 AND member = ?3`,
		[]any{id, member}, &d.ID, &d.Member, &d.Agent, &first, &proved, &seenAt)
	d.FirstAt, d.Proved, d.SeenAt = at(first), at(proved), at(seenAt)
	return d, err
}

// UseDevice notes that a member used a device, and that a code was answered on
// it if proved is not zero.
func (tx *Tx) UseDevice(d access.Device) error {
	return tx.later(`
		INSERT INTO device (fund, id, member, agent, first_at, proved_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5)
		ON CONFLICT (fund, id, member) DO UPDATE SET agent = excluded.agent, seen_at = excluded.seen_at,
			proved_at = CASE WHEN excluded.proved_at > device.proved_at THEN excluded.proved_at ELSE device.proved_at END`,
		d.ID, d.Member, d.Agent, ms(tx.now), ms(d.Proved))
}

// HasDevices reports whether the member used any device before.
func (tx *Tx) HasDevices(member string) (bool, error) {
	var n int
	err := tx.first(`SELECT count(*) FROM device WHERE fund = ?1 AND member = ?2`, []any{member}, &n)
	return n > 0, err
}

// ForgetDevices makes every device of the member an unknown one, but one.
func (tx *Tx) ForgetDevices(member, keep string) error {
	_, err := tx.exec(`DELETE FROM device WHERE fund = ?1 AND member = ?2 AND id <> ?3`, member, keep)
	return err
}

// DevicesOf lists the browsers that the member used, the latest first.
func (tx *Tx) DevicesOf(member string, limit int) (ds []access.Device, err error) {
	err = tx.query(func(r row) error {
		d := access.Device{Member: member}
		var first, proved, seenAt int64
		err := r.Scan(&d.ID, &d.Agent, &first, &proved, &seenAt)
		d.FirstAt, d.Proved, d.SeenAt = at(first), at(proved), at(seenAt)
		ds = append(ds, d)
		return err
	}, `SELECT id, agent, first_at, proved_at, seen_at FROM device WHERE fund = ?1 AND member = ?2 ORDER BY seen_at DESC, id LIMIT ?3`, member, limit)
	return ds, err
}

// ForgetDevice makes one device of the member an unknown one. It is no error if it
// was.
func (tx *Tx) ForgetDevice(member, id string) error {
	_, err := tx.exec(`DELETE FROM device WHERE fund = ?1 AND member = ?2 AND id = ?3`, member, id)
	return err
}

// ProveSession notes that a code was answered in one of the member's sessions, or
// reports ErrNone if it has ended.
func (tx *Tx) ProveSession(member, id string) error {
	return tx.one(`UPDATE session SET proved_at = ?4 WHERE fund = ?1 AND member = ?2 AND id = ?3 AND ended_at = 0`, member, id, ms(tx.now))
}
