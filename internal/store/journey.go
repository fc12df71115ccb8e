package store

import (
	"encoding/json"

	"aditus/internal/access"
)

// chosen is what a journey carries to its next code; sealed, as it holds an
// address.
type chosen struct {
	By       string      `json:"by,omitempty"`
	Agent    string      `json:"agent,omitempty"`
	Channel  access.Kind `json:"channel,omitempty"`
	Address  string      `json:"address,omitempty"`
	Password string      `json:"password,omitempty"`
	Mute     bool        `json:"mute,omitempty"`
	Half     access.Kind `json:"half,omitempty"`
	Handed   string      `json:"handed,omitempty"`
	Passkey  string      `json:"passkey,omitempty"`

	Enrol  access.Enrolling `json:"enrol,omitzero"`
	Factor wanted           `json:"factor,omitzero"`
}

// wanted is how codes shall come.
type wanted struct {
	Kind    access.Kind `json:"kind,omitempty"`
	Address string      `json:"address,omitempty"`
	Secret  []byte      `json:"secret,omitempty"`
}

func (tx *Tx) sealChosen(j access.Journey) ([]byte, error) {
	plain, err := json.Marshal(chosen{By: j.By, Agent: j.Agent, Channel: j.Channel, Address: j.Address, Password: j.Password, Mute: j.Mute, Half: j.Half, Handed: j.Handed, Passkey: j.Passkey,
		Enrol: j.Enrol, Factor: wanted{j.Factor.Kind, j.Factor.Address, j.Factor.Secret}})
	if err != nil {
		return nil, err
	}
	return tx.seal("journey", "chosen", j.ID, plain), nil
}

// AddJourney begins a journey, and drops the member's other open ones with the
// same goal in the same session and browser: a change of mind is a new journey.
// What is open in another browser stays: whoever begins there, a stranger with
// the number of a letter even, must not end what the member is doing here.
func (tx *Tx) AddJourney(j access.Journey) error {
	sealed, err := tx.sealChosen(j)
	if err != nil {
		return err
	}
	if err := tx.later(`
		UPDATE journey SET state = 'dropped' WHERE fund = ?1 AND member = ?2 AND goal = ?3 AND session = ?4 AND device = ?5 AND state = 'open'`,
		j.Member, j.Goal, j.Session, j.Device); err != nil {
		return err
	}
	return tx.one(`
		INSERT INTO journey (fund, id, member, goal, at, lang, session, device, state, chosen, started_at, expires_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open', ?9, ?10, ?11)`,
		j.ID, j.Member, j.Goal, j.At, j.Lang, j.Session, j.Device, sealed, ms(tx.now), ms(j.ExpiresAt))
}

// Journey finds a journey that has not expired, or reports ErrNone.
func (tx *Tx) Journey(id string) (j access.Journey, err error) {
	var sealed []byte
	var started, expires int64
	j.ID, j.Fund = id, tx.fund
	err = tx.first(`
		SELECT member, goal, at, lang, session, device, state, chosen, started_at, expires_at FROM journey
		WHERE fund = ?1 AND id = ?2 AND expires_at > ?3`,
		[]any{id, ms(tx.now)}, &j.Member, &j.Goal, &j.At, &j.Lang, &j.Session, &j.Device, &j.State, &sealed, &started, &expires)
	if err != nil {
		return j, err
	}
	j.StartedAt, j.ExpiresAt = at(started), at(expires)
	plain, err := tx.open("journey", "chosen", id, sealed)
	if err != nil {
		return j, err
	}
	var c chosen
	err = json.Unmarshal(plain, &c)
	j.By, j.Agent, j.Channel, j.Address, j.Password, j.Mute, j.Half, j.Handed = c.By, c.Agent, c.Channel, c.Address, c.Password, c.Mute, c.Half, c.Handed
	j.Passkey, j.Enrol, j.Factor = c.Passkey, c.Enrol, access.Channel{Kind: c.Factor.Kind, Address: c.Factor.Address, Secret: c.Factor.Secret}
	return j, err
}

// MoveJourney takes j from the step it was at to step to, with what it carries
// and its state, or reports ErrNone if another request did.
func (tx *Tx) MoveJourney(j access.Journey, to int, state string) error {
	sealed, err := tx.sealChosen(j)
	if err != nil {
		return err
	}
	return tx.one(`
		UPDATE journey SET at = ?4, chosen = ?5, state = ?6, lang = ?7
		WHERE fund = ?1 AND id = ?2 AND at = ?3 AND state = 'open' AND expires_at > ?8`,
		j.ID, j.At, to, sealed, state, j.Lang, ms(tx.now))
}

// DropJourneys ends the member's open journeys but one.
func (tx *Tx) DropJourneys(member, keep string) error {
	_, err := tx.exec(`UPDATE journey SET state = 'dropped' WHERE fund = ?1 AND member = ?2 AND id <> ?3 AND state = 'open'`, member, keep)
	return err
}

// DropGoal ends the member's open journeys with one goal.
func (tx *Tx) DropGoal(member, goal string) error {
	_, err := tx.exec(`UPDATE journey SET state = 'dropped' WHERE fund = ?1 AND member = ?2 AND goal = ?3 AND state = 'open'`, member, goal)
	return err
}
