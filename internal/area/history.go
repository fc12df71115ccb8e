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
	Kind  string // of the event, and whose doing; also the end of its text's key, history.<Kind>
	At    time.Time
	Agent string // browser and system, "" if it has none or was erased
}

// tells are the events a member is told. Codes and steps on the way are not: what
// they led to is.
var tells = []string{audit.KindSignedIn, audit.KindSignInFailed, audit.KindSignedOut, audit.KindSessionsEnded, audit.KindChannelActive,
	audit.KindPasswordChanged, audit.KindRecoveryAsked, audit.KindOperationConfirmed, audit.KindOperationWithdrawn, audit.KindFrozen,
	audit.KindPINChanged, audit.KindMobileTrusted, audit.KindMobileLost, audit.KindEnrolled, audit.KindBackupsMade, audit.KindBackupUsed, audit.KindContractAdded,
	audit.KindLetterOrdered, audit.KindLetterSent, audit.KindReplacementStarted, audit.KindReplacementStopped, audit.KindDeviceForgotten,
	audit.KindMandateBegun, audit.KindMandateEnded, audit.KindActedFor, audit.KindPasskeyAdded, audit.KindPasskeyRemoved, audit.KindPasskeyMuted}

// mostTold is how far back a member reads.
const mostTold = 100

// History reads what happened to a member's access, the latest first.
func (s *Service) History(ctx context.Context, f *access.Fund, member string) (all []Happening, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		all = nil
		events, err := tx.EventsOf(member, mostTold, tells...)
		for _, e := range events {
			h := Happening{Kind: e.Kind, At: time.UnixMilli(e.At).UTC()}
			var where audit.Where
			if _, err := audit.Personal(tx, e, &where); err != nil {
				return err
			}
			h.Agent = where.Agent
			if h.Kind, err = told(e); err != nil {
				return err
			}
			if h.Kind != "" {
				all = append(all, h)
			}
		}
		return err
	})
	return all, err
}

// told is what an event is to its member: acts of which somebody else did one side
// are told apart, and of those only what came of them is told.
func told(e store.Event) (string, error) {
	switch e.Kind {
	case audit.KindOperationConfirmed, audit.KindOperationWithdrawn:
		var done struct{ By string }
		if err := audit.Read(e, &done); err != nil || done.By == "" {
			return e.Kind, err
		}
		return e.Kind + "_for", nil
	case audit.KindActedFor:
		var did audit.ActedFor
		if err := audit.Read(e, &did); err != nil || did.What != "confirmed" && did.What != "withdrawn" {
			return "", err
		}
		return e.Kind + "_" + did.What, nil
	}
	return e.Kind, nil
}
