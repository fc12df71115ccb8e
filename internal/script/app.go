package script

import (
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"

	"aditus/internal/totp"
)

// secrets is how the page writes the secret of an app, for those who cannot scan.
var secrets = regexp.MustCompile(`\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b`)

// scan has an authenticator app take up the secret that the page shows.
func (w *world) scan(name string) error {
	found := secrets.FindString(squeeze(w.tab.text()))
	secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(found, " ", ""))
	if err != nil || found == "" {
		return fmt.Errorf("the page shows no secret of an app: %w", err)
	}
	w.apps[name] = secret
	return nil
}

// appCode is what the app shows now.
func (w *world) appCode(name string) (string, error) {
	if w.apps[name] == nil {
		return "", fmt.Errorf("no app %q has taken up a secret", name)
	}
	return totp.Code(w.apps[name], totp.At(w.clock.Now())), nil
}
