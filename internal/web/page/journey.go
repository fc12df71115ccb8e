package page

import (
	"aditus/internal/access"
	"aditus/internal/journey"
)

// Journey finds the journey the browser walks, for the page of the place want.
//
// A page asked out of turn — two tabs, the back button, a form posted twice —
// is no mistake of the member's: the error leads to where the journey stands.
// Without a journey it leads to the first page, to sign in, or to the page that
// says that these steps are over.
func (v *Visit) Journey(want journey.Place) (access.Journey, access.Member, error) {
	j, m, err := v.Journeys.Load(v.Context(), v.Fund, v.Visitor())
	switch {
	case access.Refused(err, "journey_ended"):
		err = Elsewhere(v.ended())
	case err == nil && journey.Where(v.Fund, j) != want:
		err = Elsewhere(Path(journey.Where(v.Fund, j)))
	}
	return j, m, err
}

// ended is where somebody goes whose journey is over, or who has none.
func (v *Visit) ended() string {
	switch {
	case v.SignedIn():
		v.LeaveJourney()
		return "/"
	case v.HasJourney():
		return "/session-ended" // which says why, and forgets the journey
	}
	return "/login"
}

// Resume is the page on which the browser's journey stands, "" if it walks none.
func (v *Visit) Resume() (string, error) {
	if !v.HasJourney() {
		return "", nil
	}
	j, _, err := v.Journeys.Load(v.Context(), v.Fund, v.Visitor())
	if access.Refused(err, "journey_ended") {
		return "", nil
	}
	if err != nil || journey.Where(v.Fund, j) == journey.Home {
		return "", err
	}
	return Path(journey.Where(v.Fund, j)), nil
}

// CancelJourney ends the browser's journey because the member says so, tells
// what that means, and returns where to go. Of the journey nothing happens any
// more; what it has done already stays (F-29, scenario 15).
func (v *Visit) CancelJourney() (next string, err error) {
	j, m, err := v.Journeys.Load(v.Context(), v.Fund, v.Visitor())
	if access.Refused(err, "journey_ended") {
		return v.ended(), nil
	}
	if err != nil {
		return "", err
	}
	notice, next := "channel_cancelled", "/login"
	switch {
	case j.Goal == "trust_mobile":
		notice = "mobile_kept"
	case j.Goal == "change_pin":
		notice = "pin_kept"
	case j.Goal == "add_passkey", j.Goal == "remove_passkey":
		notice = "passkey_kept"
	case j.Goal == "sign_in", j.Goal == "raise_password":
		notice = "sign_in_cancelled"
	case j.Goal == "recover":
		notice = "password_kept"
	case j.Goal == "enrol":
		notice = "enrol_cancelled"
	case j.Goal == "change_factor":
		notice = "factor_kept"
	case j.Goal == "renew_factor", j.Goal == "replace_factor", j.Goal == "fresh_code":
		notice = "nothing_changed"
	case j.Goal == "change_password" && v.SignedIn():
		notice = "password_kept"
	case j.Goal == "change_password", journey.Proved(v.Fund, j):
		notice, next = "password_later", "/signed-out"
	default:
		_, channel, err := v.Area.Member(v.Context(), v.Fund, m.ID)
		if err != nil {
			return "", err
		}
		if channel.ID != "" {
			notice = "channel_kept"
		}
	}
	if err := v.Journeys.Cancel(v.Context(), v.Fund, v.Visitor()); err != nil {
		return "", err
	}
	v.LeaveJourney()
	v.Tell(notice)
	if v.SignedIn() {
		next = "/"
	}
	return next, nil
}
