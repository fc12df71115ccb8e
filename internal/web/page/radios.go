package page

// An Option is one of several answers, of which one can be chosen.
type Option struct {
	ID, Value, Label, Hint string
	Checked                bool
}

// Radios are a question with several answers, for the part of that name in
// parts.html.
type Radios struct {
	ID, Legend, Error string
	Options           []Option
}

// Radios prepares a question. Legend is its text key; the option whose value was
// typed, or else is the stored one, is checked. The first option has the
// question's own id, so that an error leads to it.
func (v *Visit) Radios(id, legend, stored string, options ...Option) Radios {
	chosen := stored
	if _, typed := v.Form[id]; typed {
		chosen = v.Value(id)
	}
	for i := range options {
		options[i].ID = id
		if i > 0 {
			options[i].ID = id + "-" + options[i].Value
		}
		options[i].Checked = options[i].Value == chosen
	}
	return Radios{ID: id, Legend: v.T(legend), Error: v.Error(id), Options: options}
}
