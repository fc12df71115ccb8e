package journey

import (
	"context"
	"errors"

	"aditus/internal/access"
	"aditus/internal/store"
)

// Accept is the word «consent»: the terms were read in the visitor's language, and
// accepted. The journey carries the version and the time, and its last code writes
// them down (S-6). It refuses with terms_missing if the box was not ticked.
func (e *Engine) Accept(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, ticked bool) (to Place, err error) {
	if Word(f, j) != "consent" {
		return Where(f, j), nil
	}
	if !ticked {
		return "", access.RefuseField("terms", "terms_missing")
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		j := j
		j.Enrol.Terms, j.Enrol.TermsLang, j.Enrol.TermsAt = f.Enrol.Terms, v.Lang, tx.Now()
		j, err := e.move(tx, f, v, j, m)
		to = Where(f, j)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return e.reload(ctx, f, v)
	}
	return to, err
}
