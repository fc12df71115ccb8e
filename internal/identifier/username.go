package identifier

import (
	"strings"

	"golang.org/x/text/secure/precis"
)

// UserName is the one form of an e-mail address that somebody signs in with (S-8):
// what Email makes of it, folded once by the PRECIS profile for user names
// (RFC 8265, UsernameCaseMapped) before anything is looked up or counted, so that
// «Anna@Posta.ch», the same from a keyboard that types full-width letters, and the
// same with the sign for kelvin are one name and one counter (security.md part 3,
// rows 9 and 48). What is still not in that form after one folding is refused: two
// programs would see two names. Errors are Email's, and "charset".
//
// It is for finding people. Write to the address that the member gave.
func UserName(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if len(typed) > 4*emailMax { // before any work
		return "", &Error{KindEmail, "length"}
	}
	folded, err := precis.UsernameCaseMapped.String(typed)
	if err != nil {
		return "", &Error{KindEmail, "charset"}
	}
	address, err := Email(folded)
	if err != nil {
		return "", err
	}
	// Email lower-cases the domain and writes it in ASCII; nothing may be left.
	key := EmailKey(address)
	if again, err := precis.UsernameCaseMapped.String(key); err != nil || again != key {
		return "", &Error{KindEmail, "charset"}
	}
	return key, nil
}
