package journey

import (
	"context"
	"errors"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// NotMe is what a member says who finds something that they did not do. From
// then on nothing of theirs is changed or confirmed until the office has talked
// to them: whoever else was there may know the password, and hold the channel.
//
// The other sessions end, no other browser is known any more, journeys and codes
// under way are worth nothing, and every contact is told. Saying it again changes
// nothing. The session in which it is said goes on: it reads.
func (e *Engine) NotMe(ctx context.Context, f *access.Fund, v Visitor) error {
	var ended []string
	member := v.Session.Member
	err := e.DB.Write(ctx, f.ID, func(tx *store.Tx) (err error) {
		ended = nil
		if err := tx.Freeze(member, v.Session.ID); errors.Is(err, store.ErrNone) {
			return nil
		} else if err != nil {
			return err
		}
		if ended, err = e.Sessions.EndOthers(tx, member, v.Session.ID, "not_me"); err != nil {
			return err
		}
		if err := errors.Join(tx.DropJourneys(member, ""), tx.ReplaceChallenges(member), tx.ForgetDevices(member, v.Session.Device)); err != nil {
			return err
		}
		if err := e.voidLoss(tx, member, "not_me"); err != nil {
			return err
		}
		m, err := tx.Member(member)
		if err != nil {
			return err
		}
		channel, err := tx.Channel(member)
		if err != nil {
			return err
		}
		if err := tx.OpenCase(access.Case{Kind: "not_me", Member: member, Why: "said_by_member"}); err != nil {
			return err
		}
		if err := audit.Record(tx, audit.Frozen{Member: member, Session: v.Session.ID, Where: v.where()}); err != nil {
			return err
		}
		return e.notify(tx, m, v.Lang, "frozen", []address{{channel.Kind, channel.Address}}, access.Channel{}, access.DeviceArg(v.Agent))
	})
	e.Sessions.Forget(f.ID, ended...)
	return err
}

// Frozen is since when the member's changes are stopped, zero if they are not.
func (e *Engine) Frozen(ctx context.Context, f *access.Fund, member string) (since time.Time, err error) {
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		since, err = tx.Frozen(member)
		return err
	})
	return since, err
}
