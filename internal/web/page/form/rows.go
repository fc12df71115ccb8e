package form

import (
	"strconv"
	"strings"

	"aditus/internal/access"
	"aditus/internal/operation"
	"aditus/internal/web/page"
)

func input(part string, n int) string { return "person_" + part + "_" + strconv.Itoa(n) }

// posted is how many rows of persons the posted form had: a browser posts the
// empty ones too. 0 if nothing was posted.
func posted(v *page.Visit, parts []string, most int) int {
	for n := most; n > 0; n-- {
		for _, part := range parts {
			if v.Form.Has(input(part, n)) {
				return n
			}
		}
	}
	return 0
}

// rows does what the buttons «add a person» and «take this person away» ask,
// with what was typed in the form, and reports whether one of them was pressed.
func rows(v *page.Visit, a access.Act) bool {
	most, parts := 0, []string(nil)
	for _, fd := range a.Fields {
		if fd.Type == "shares" {
			most, parts = fd.Max, operation.PersonParts(a, fd)
		}
	}
	n := posted(v, parts, most)
	do, which, _ := strings.Cut(v.Form.Get("do"), "-")
	switch gone, err := strconv.Atoi(which); {
	case do == "add":
		if n < most {
			v.Form.Set(input("name", n+1), "")
		}
		return true
	case do == "remove" && err == nil && gone > 0 && gone <= n:
		for i := gone; i <= n; i++ {
			for _, part := range parts {
				if v.Form.Set(input(part, i), v.Form.Get(input(part, i+1))); i == n {
					v.Form.Del(input(part, i))
				}
			}
		}
		if n == 1 {
			v.Form.Set(input("name", 1), "")
		}
		return true
	}
	return do == "remove"
}

// Next is the number of the person that would be added.
func (f field) Next() int { return len(f.Persons) + 1 }
