package area

import (
	"context"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// A Happening is one event of a member's, as they may read it.
type Happening struct {
	Kind  string // of the event; also the end of its text's key, history.<Kind>
	At    time.Time
	Agent string // browser and system, "" if it has none or was erased
}

// told are the events a member is told. Codes and steps on the way are not: what
// they led to is.
var told = []string{audit.KindSignedIn, audit.KindSignInFailed, audit.KindSignedOut, audit.KindSessionsEnded, audit.KindChannelActive,
	audit.KindPasswordChanged, audit.KindRecoveryAsked, audit.KindOperationConfirmed, audit.KindOperationWithdrawn, audit.KindFrozen,
	audit.KindPINChanged, audit.KindMobileTrusted, audit.KindMobileLost, audit.KindEnrolled, audit.KindBackupsMade, audit.KindBackupUsed, audit.KindContractAdded,
	audit.KindLetterOrdered, audit.KindLetterSent, audit.KindReplacementStarted, audit.KindReplacementStopped, audit.KindDeviceForgotten}

// mostTold is how far back a member reads.
const mostTold = 100

// History reads what happened to a member's access, the latest first.
func (s *Service) History(ctx context.Context, f *access.Fund, member string) (all []Happening, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		all = nil
		events, err := tx.EventsOf(member, mostTold, told...)
		for _, e := range events {
			h := Happening{Kind: e.Kind, At: time.UnixMilli(e.At).UTC()}
			var where audit.Where
			if _, err := audit.Personal(tx, e, &where); err != nil {
				return err
			}
			h.Agent = where.Agent
			all = append(all, h)
		}
		return err
	})
	return all, err
}
