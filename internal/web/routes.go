package web

import (
	"strings"

	"aditus/internal/web/page"
	"aditus/internal/web/page/accessibility"
	"aditus/internal/web/page/backupcodes"
	"aditus/internal/web/page/channel"
	"aditus/internal/web/page/channelchoose"
	"aditus/internal/web/page/channeldone"
	"aditus/internal/web/page/channelidentify"
	"aditus/internal/web/page/checking"
	"aditus/internal/web/page/confirm"
	"aditus/internal/web/page/contacts"
	"aditus/internal/web/page/contractadd"
	"aditus/internal/web/page/display"
	"aditus/internal/web/page/done"
	"aditus/internal/web/page/enrol"
	"aditus/internal/web/page/enrolfactor"
	"aditus/internal/web/page/enrolletter"
	"aditus/internal/web/page/enrolname"
	"aditus/internal/web/page/enrolterms"
	"aditus/internal/web/page/firstaccess"
	"aditus/internal/web/page/firstidentify"
	"aditus/internal/web/page/form"
	"aditus/internal/web/page/fraud"
	"aditus/internal/web/page/halves"
	"aditus/internal/web/page/halvessent"
	"aditus/internal/web/page/help"
	"aditus/internal/web/page/history"
	"aditus/internal/web/page/home"
	"aditus/internal/web/page/letternew"
	"aditus/internal/web/page/login"
	"aditus/internal/web/page/loginpasskey"
	"aditus/internal/web/page/notme"
	"aditus/internal/web/page/operations"
	"aditus/internal/web/page/otp"
	"aditus/internal/web/page/otpbackup"
	"aditus/internal/web/page/otphelp"
	"aditus/internal/web/page/otpletter"
	"aditus/internal/web/page/passkeyedit"
	"aditus/internal/web/page/passkeynew"
	"aditus/internal/web/page/passkeys"
	"aditus/internal/web/page/passwordchange"
	"aditus/internal/web/page/passwordforgot"
	"aditus/internal/web/page/passwordnew"
	"aditus/internal/web/page/pinask"
	"aditus/internal/web/page/pinchange"
	"aditus/internal/web/page/pinnew"
	"aditus/internal/web/page/privacy"
	"aditus/internal/web/page/profile"
	"aditus/internal/web/page/profiles"
	"aditus/internal/web/page/replacement"
	"aditus/internal/web/page/request"
	"aditus/internal/web/page/requests"
	"aditus/internal/web/page/security"
	"aditus/internal/web/page/sessionended"
	"aditus/internal/web/page/sessionstay"
	"aditus/internal/web/page/signedout"
	"aditus/internal/web/page/signout"
	"aditus/internal/web/page/stop"
	"aditus/internal/web/page/withdraw"
)

// A route is one page at one path.
type route struct {
	path  string // of http.ServeMux
	page  page.Page
	html  string
	needs need
}

// A need is what a visitor must have for a page to be asked at all. A page of a
// journey asks for that itself.
type need int

const (
	needsNothing need = iota
	needsSession      // a session in which a profile is open, and no invitation to the secure channel that is overdue
	needsSignIn       // a session, whatever invitation: the pages that an overdue one leads through
	needsChoice       // a session, whatever else: the page of the profiles
)

// here is the path as the menu knows it.
func (r route) here() string {
	path := strings.TrimSuffix(r.path, "{$}")
	if path == "/" {
		return path
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return "/" + first
}

// routes is the table of contents of the site (ux.md 4.2).
func routes() []route {
	return []route{
		// In and out.
		{"/login", login.Page{}, login.HTML, needsNothing},
		{"/login/passkey", loginpasskey.Page{}, loginpasskey.HTML, needsNothing},
		{"/first-access", firstaccess.Page{}, firstaccess.HTML, needsNothing},
		{"/first-access/identify", firstidentify.Page{}, firstidentify.HTML, needsNothing},
		{"/sign-out", signout.Page{}, signout.HTML, needsNothing},
		{"/signed-out", signedout.Page{}, signedout.HTML, needsNothing},
		{"/session-ended", sessionended.Page{}, sessionended.HTML, needsNothing},
		{"/session/stay", sessionstay.Page{}, sessionstay.HTML, needsSignIn},

		// The secure channel, the code, the password.
		{"/channel", channel.Page{}, channel.HTML, needsSignIn},
		{"/channel/identify", channelidentify.Page{}, channelidentify.HTML, needsSignIn},
		{"/channel/choose", channelchoose.Page{}, channelchoose.HTML, needsNothing},
		{"/channel/done", channeldone.Page{}, channeldone.HTML, needsNothing},
		{"/otp", otp.Page{}, otp.HTML, needsNothing},
		{"/otp/help", otphelp.Page{}, otphelp.HTML, needsNothing},
		{"/password/new", passwordnew.Page{}, passwordnew.HTML, needsNothing},
		{"/password/forgot", passwordforgot.Page{}, passwordforgot.HTML, needsNothing},
		{"/recover", halves.Page{}, halves.HTML, needsNothing},
		{"/recover/sent", halvessent.Page{}, halvessent.HTML, needsNothing},
		{"/pin", pinask.Page{}, pinask.HTML, needsNothing},
		{"/pin/new", pinnew.Page{}, pinnew.HTML, needsNothing},
		{"/pin/change", pinchange.Page{}, pinchange.HTML, needsSignIn},
		{"/password/change", passwordchange.Page{}, passwordchange.HTML, needsSignIn},
		{"/contacts/change", contacts.Page{}, contacts.HTML, needsNothing},

		// An access of one's own, by letter; the factor, and what stands for it.
		{"/enrol", enrol.Page{}, enrol.HTML, needsNothing},
		{"/enrol/letter", enrolletter.Page{}, enrolletter.HTML, needsNothing},
		{"/enrol/new-letter", letternew.Page{}, letternew.HTML, needsNothing},
		{"/enrol/terms", enrolterms.Page{}, enrolterms.HTML, needsNothing},
		{"/enrol/name", enrolname.Page{}, enrolname.HTML, needsNothing},
		{"/enrol/factor", enrolfactor.Page{}, enrolfactor.HTML, needsNothing},
		{"/otp/backup", otpbackup.Page{}, otpbackup.HTML, needsNothing},
		{"/otp/letter", otpletter.Page{}, otpletter.HTML, needsNothing},
		{"/stop", stop.Page{}, stop.HTML, needsNothing},
		{"/security/replacement", replacement.Page{}, replacement.HTML, needsSignIn},
		{"/contracts/add", contractadd.Page{}, contractadd.HTML, needsSession},
		{"/security/codes", backupcodes.Page{}, backupcodes.HTML, needsSession},

		// The member's area.
		{"/{$}", home.Page{}, home.HTML, needsSession},
		{"/profiles", profiles.Page{}, profiles.HTML, needsChoice},
		{"/profile", profile.Page{}, profile.HTML, needsSession},
		{"/security/passkeys", passkeys.Page{}, passkeys.HTML, needsSession},
		{"/security/passkeys/new", passkeynew.Page{}, passkeynew.HTML, needsNothing},
		{"/security/passkeys/{id}", passkeyedit.Page{}, passkeyedit.HTML, needsSession},
		{"/security/history", history.Page{}, history.HTML, needsSession},
		{"/security/not-me", notme.Page{}, notme.HTML, needsSignIn},
		{"/security", security.Page{}, security.HTML, needsSession},

		// Acts. The new draft's path reads /operations/new/{act}; written so, it
		// would quarrel with those above it at /operations/new/edit. So an act
		// cannot be called edit, confirm, done or checking.
		{"/operations", operations.Page{}, operations.HTML, needsSession},
		{"/operations/{id}/edit", form.Edit{}, form.HTML, needsSession},
		{"/operations/{id}/confirm", confirm.Page{}, confirm.HTML, needsSession},
		{"/operations/{id}/checking", checking.Page{}, checking.HTML, needsSession},
		{"/operations/{id}/done", done.Page{}, done.HTML, needsSession},
		{"/operations/{new}/{act}", form.New{}, form.HTML, needsSession},
		{"/requests", requests.Page{}, requests.HTML, needsSession},
		{"/requests/{id}", request.Page{}, request.HTML, needsSession},
		{"/requests/{id}/withdraw", withdraw.Page{}, withdraw.HTML, needsSession},

		// Open to everybody.
		{"/display", display.Page{}, display.HTML, needsNothing},
		{"/help", help.Page{}, help.HTML, needsNothing},
		{"/accessibility", accessibility.Page{}, accessibility.HTML, needsNothing},
		{"/privacy", privacy.Page{}, privacy.HTML, needsNothing},
		{"/fraud", fraud.Page{}, fraud.HTML, needsNothing},
	}
}
