package browsertest

import (
	"github.com/chromedp/cdproto/webauthn"
)

// A Device keeps passkeys for a window, as a telephone or a computer does, and
// unlocks without asking anybody.
type Device struct {
	p  *Page
	id webauthn.AuthenticatorID
}

// Device gives the window a device that keeps passkeys. The window has it until its
// end.
func (p *Page) Device() *Device {
	p.t.Helper()
	_, err := call(p, webauthn.Enable, webauthn.EnableParams{})
	if err != nil {
		p.t.Fatalf("browsertest: %v", err)
	}
	added, err := call(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	if err != nil {
		p.t.Fatalf("browsertest: %v", err)
	}
	return &Device{p, added.AuthenticatorID}
}

// Verifies says whether whoever sits there is the device's owner: the finger is
// right. The device is unlocked by its owner alone.
func (d *Device) Verifies(owner bool) {
	d.p.t.Helper()
	d.p.set(call(d.p, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: d.id, IsUserVerified: owner}))
}

// Keys is how many passkeys it has.
func (d *Device) Keys() int {
	d.p.t.Helper()
	all, err := call(d.p, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: d.id})
	if err != nil {
		d.p.t.Fatalf("browsertest: %v", err)
	}
	return len(all.Credentials)
}
