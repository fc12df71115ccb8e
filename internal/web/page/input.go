package page

import (
	"slices"
	"strings"

	"aditus/internal/access"
)

// An Input is one text field, for the part of that name in parts.html.
type Input struct {
	ID, Label, Hint, Error, Value     string
	Type, Class, Autocomplete         string
	Inputmode, Capitalize, Spellcheck string
	Suffix                            string
	Blame                             string // the field whose error speaks of this one too
}

// Input prepares a field. Label is its text key; what follows are pairs of a
// property and its value: class, autocomplete, inputmode, capitalize, type,
// suffix, hint (a text key; label.hint is used where there is one), value, blame.
// Spelling is never checked: what is typed here is names, numbers and codes.
func (v *Visit) Input(id, label string, pairs ...string) Input {
	in := Input{ID: id, Label: v.T(label), Error: v.Error(id), Value: v.Value(id), Type: "text"}
	if v.Voice.Has(label + ".hint") {
		in.Hint = v.T(label + ".hint")
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		switch value := pairs[i+1]; pairs[i] {
		case "class":
			in.Class = value
		case "autocomplete":
			in.Autocomplete = value
		case "inputmode":
			in.Inputmode = value
		case "capitalize":
			in.Capitalize = value
		case "type":
			in.Type = value
		case "suffix":
			in.Suffix = value
		case "hint":
			in.Hint = v.T(value)
		case "value":
			if _, typed := v.Form[id]; !typed {
				in.Value = value
			}
		case "blame":
			if v.wrongTogether(value) {
				in.Blame = value
			}
		default:
			panic("page: an input has no property " + pairs[i])
		}
	}
	if in.Type == "password" {
		in.Value = "" // cleared after an error, and never in a page
	}
	return in
}

// Login prepares the field of the name that the fund's people sign in with.
// Autocomplete is "username", or "username webauthn".
func (v *Visit) Login(autocomplete string) Input {
	switch v.Fund.SignsInBy() {
	case "tax_code":
		return v.Input("username", "field.tax_code", "class", "govuk-input--width-20", "autocomplete", autocomplete, "capitalize", "characters")
	case "email":
		return v.Input("username", "field.login_email", "autocomplete", autocomplete, "inputmode", "email", "capitalize", "none")
	}
	return v.Input("username", "field.username", "class", "govuk-input--width-20", "autocomplete", autocomplete, "capitalize", "none")
}

// wrongTogether reports whether what is wrong at a field is said of the login
// and the secret together: which of the two it was, nobody may learn.
func (v *Visit) wrongTogether(field string) bool {
	return slices.ContainsFunc(v.Wrong, func(r *access.Refusal) bool {
		return r.Field == field && (r.Code == "sign_in" || r.Code == "first_access")
	})
}

// Described is what aria-describedby names.
func (in Input) Described() string {
	var ids []string
	if in.Hint != "" {
		ids = append(ids, in.ID+"-hint")
	}
	if in.Error != "" {
		ids = append(ids, in.ID+"-error")
	}
	if in.Blame != "" {
		ids = append(ids, in.Blame+"-error")
	}
	return strings.Join(ids, " ")
}

// Bad reports whether the field is marked as wrong.
func (in Input) Bad() bool { return in.Error != "" || in.Blame != "" }

// A Date is three fields for a day, a month and a year.
type Date struct {
	ID, Legend, Hint, Error string
	Day, Month, Year        Input
}

// Date3 prepares the three fields id_day, id_month and id_year. Stored is
// YYYY-MM-DD, or "".
func (v *Visit) Date3(id, label, stored string) Date {
	var parts [3]string
	if len(stored) == len("2006-01-02") {
		parts = [3]string{stored[8:], stored[5:7], stored[:4]}
	}
	d := Date{ID: id, Legend: v.T(label), Error: v.Error(id),
		Day:   v.Input(id+"_day", "field.day", "inputmode", "numeric", "class", "govuk-input--width-2", "value", parts[0]),
		Month: v.Input(id+"_month", "field.month", "inputmode", "numeric", "class", "govuk-input--width-2", "value", parts[1]),
		Year:  v.Input(id+"_year", "field.year", "inputmode", "numeric", "class", "govuk-input--width-4", "value", parts[2])}
	if d.Error == "" {
		d.Error = v.Error(id + "_day")
	}
	d.Day.Error, d.Month.Error, d.Year.Error = d.Error, d.Error, d.Error
	if v.Voice.Has(label + ".hint") {
		d.Hint = v.T(label + ".hint")
	}
	return d
}

// A Secret is a password field, with the visit for the words of its button.
type Secret struct {
	V     *Visit
	Input Input
}

// Secret prepares a password field. Autocomplete is "current-password" or
// "new-password".
func (v *Visit) Secret(id, label, autocomplete string, pairs ...string) Secret {
	return Secret{v, v.Input(id, label, append(pairs, "type", "password", "autocomplete", autocomplete)...)}
}
