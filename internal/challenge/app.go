package challenge

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
	"aditus/internal/totp"
)

// appLife is how long a challenge waits for the code of an app: as long as the
// journey it belongs to. The code itself is good for a minute and a half.
const appLife = 30 * time.Minute

// sealSecret is what stands in the place of the MAC where an app makes the code:
// its secret, which is erased at the same end states.
func sealSecret(tx *store.Tx, id string, secret []byte) []byte {
	return tx.Keys().Seal("challenge", "mac", id, secret)
}

// matchesApp compares with the steps before, now and after, and takes the step in
// tx: a code that was good once is good no more, anywhere (security.md part 3,
// row 6). A challenge that has taken a step knows that step's code alone.
func matchesApp(tx *store.Tx, c access.Challenge, code string) (bool, error) {
	if len(c.MAC) == 0 {
		return false, nil
	}
	secret, err := tx.Keys().Open("challenge", "mac", c.ID, c.MAC)
	if err != nil {
		return false, fmt.Errorf("challenge %s: %w", c.ID, err)
	}
	taken, err := tx.StepOf(c.Member, c.ID)
	if err == nil {
		return subtle.ConstantTimeCompare([]byte(totp.Code(secret, taken)), []byte(code)) == 1, nil
	}
	if !errors.Is(err, store.ErrNone) {
		return false, err
	}
	step, ok := totp.Verify(secret, code, tx.Now())
	if !ok {
		return false, nil
	}
	err = tx.TakeStep(c.Member, step, c.ID)
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	return err == nil, err
}
