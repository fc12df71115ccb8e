package access

import (
	"fmt"
	"strings"
)

// PINLength is how many letters and digits a PIN has (C-6).
const PINLength = 8

// ReadPIN reads what was typed as a PIN: letters and digits, capitals or not;
// blanks and dashes do not matter. It refuses with pin_empty or pin_form.
func ReadPIN(typed string) (string, *Refusal) {
	n := Arg{Name: "n", Type: ArgCount, Value: fmt.Sprint(PINLength)}
	if typed = strings.TrimSpace(typed); typed == "" {
		return "", RefuseField("pin", "pin_empty", n)
	}
	if len(typed) > 4*PINLength {
		return "", RefuseField("pin", "pin_form", n)
	}
	pin := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(typed))
	for _, r := range pin {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return "", RefuseField("pin", "pin_form", n)
		}
	}
	if len(pin) != PINLength {
		return "", RefuseField("pin", "pin_form", n)
	}
	return pin, nil
}
