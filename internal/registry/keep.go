package registry

import (
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// mostPast is how many replaced contacts of a row are remembered.
const mostPast = 9

// keepContacts holds the contacts of a changed row against those that the fund
// shows, and reports how many it kept.
//
// A contact that the member proved online is not replaced by a row written down
// before that: an older export would undo it (domain.md part 3, I-2). It is kept,
// and the fund's people look at it. Of contacts that are replaced it is noted that
// they were: money asked for soon after is held, and the old contact warned
// (scenario 17).
func (im *importer) keepContacts(tx *store.Tx, e *access.Entry) (kept int, err error) {
	old, err := tx.Entry(e.ID)
	if err != nil {
		return 0, err
	}
	was, now := old.Record, &e.Record
	now.Past = was.Past
	for _, c := range []struct {
		kind access.Kind
		old  string
		row  string
		day  string // on which the office wrote the row's contact down, "" if that is not said
		keep func()
	}{
		{access.Email, was.Email, now.Email, now.Updated, func() { now.Email, now.EmailOff = was.Email, was.EmailOff }},
		{access.PEC, was.PEC, now.PEC, now.Updated, func() { now.PEC, now.PECOff = was.PEC, was.PECOff }},
		{access.SMS, was.Mobile, now.Mobile, max(now.Updated, now.MobileChecked), func() {
			now.Mobile, now.MobileOff = was.Mobile, was.MobileOff
			now.MobileReliable, now.MobileSource, now.MobileChecked = was.MobileReliable, was.MobileSource, was.MobileChecked
		}},
	} {
		if c.old == c.row {
			continue
		}
		proved, err := provedOnline(tx, e.Member, c.kind, c.old)
		if err != nil {
			return kept, err
		}
		if !proved.IsZero() && c.day < proved.In(im.fund.Zone).Format(time.DateOnly) {
			c.keep()
			kept++
			if err := tx.OpenCase(access.Case{Kind: "contact_conflict", Member: e.Member, Why: string(c.kind)}); err != nil {
				return kept, err
			}
			if err := audit.Record(tx, audit.ContactKept{Member: e.Member, Version: e.Version, Kind: string(c.kind)}); err != nil {
				return kept, err
			}
			continue
		}
		// Also the first contact of its kind: it could be anybody's who had it put
		// on file, and there is no old one to warn.
		now.Past = append(now.Past, access.PastContact{Kind: c.kind, Address: c.old, Until: tx.Now().UnixMilli()})
	}
	if n := len(now.Past); n > mostPast {
		now.Past = now.Past[n-mostPast:]
	}
	return kept, nil
}

// provedOnline is when the member last showed that the address is theirs, by a
// code that went there; zero if never, or if it was lost since.
func provedOnline(tx *store.Tx, member string, kind access.Kind, address string) (at time.Time, err error) {
	if address == "" {
		return at, nil
	}
	channel, err := tx.Channel(member)
	if err != nil {
		return at, err
	}
	if channel.Kind == kind && tx.ChannelIndex(kind, channel.Address) == tx.ChannelIndex(kind, address) {
		at = channel.Proved
	}
	if kind != access.SMS {
		return at, nil
	}
	trust, err := tx.MobileTrust(member, address)
	if err == nil && trust.LostAt.IsZero() && trust.At.After(at) {
		at = trust.At
	}
	return at, err
}
