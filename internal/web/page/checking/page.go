// Package checking is where a member waits when a confirmation was under way and
// the database did not say what became of it. It never guesses: it asks again,
// and then leads to the receipt or says that nothing was confirmed
// (reliability.md R3).
package checking

import (
	"context"
	_ "embed"
	"errors"

	"aditus/internal/access"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page of one operation.
type Page struct{ page.Reading }

type data struct {
	Path string // of this page: the script asks here
	Back string // to the code
	Open bool   // nothing was confirmed
}

// settled reports whether the outcome is known, and where to go if it is done.
func settled(v *page.Visit) (known bool, done string, err error) {
	id := v.PathValue("id")
	confirmed, err := v.Operations.Settle(v.Context(), v.Fund, v.Session, id)
	switch {
	case errors.Is(err, access.ErrUnknown), errors.Is(err, context.DeadlineExceeded) && v.Context().Err() == nil:
		return false, "", nil
	case err != nil:
		return false, "", err
	case confirmed:
		return true, "/operations/" + id + "/done", nil
	}
	return true, "", nil
}

// Show leads to the receipt, or says what is known.
func (Page) Show(v *page.Visit) (any, error) {
	known, done, err := settled(v)
	if err != nil {
		return nil, err
	}
	if done != "" {
		return nil, page.Elsewhere(done)
	}
	path := "/operations/" + v.PathValue("id")
	return data{Path: path + "/checking", Back: path + "/confirm", Open: known}, nil
}

// Data tells the page's script where to go once the outcome is known.
func (Page) Data(v *page.Visit) (any, error) {
	known, done, err := settled(v)
	switch {
	case err != nil || !known:
		return nil, err
	case done == "":
		done = "/operations/" + v.PathValue("id") + "/checking"
	}
	return map[string]string{"url": done}, nil
}
