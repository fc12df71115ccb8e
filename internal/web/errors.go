package web

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"aditus/internal/access"
	"aditus/internal/web/page"
)

// statuses is the table of refusals whose answer is not «422, the form again».
var statuses = map[string]int{
	"busy":             http.StatusServiceUnavailable,
	"locked":           http.StatusTooManyRequests,
	"work":             http.StatusTooManyRequests,
	"code_still_valid": http.StatusConflict,
	"code_paused":      http.StatusTooManyRequests,
	"pin_paused":       http.StatusTooManyRequests,
	"pin_needed":       http.StatusForbidden,
	"mobile_needed":    http.StatusForbidden,
	"code_hour_limit":  http.StatusTooManyRequests,
	"code_daily_limit": http.StatusTooManyRequests,
	"stop_many":        http.StatusTooManyRequests,
	"channel_needed":   http.StatusForbidden,
	"operation_status": http.StatusForbidden,
	"operation_other":  http.StatusForbidden,
	"operation_closed": http.StatusConflict,
	"operation_many":   http.StatusTooManyRequests,
	"withdraw_late":    http.StatusConflict,
	"form_unknown":     http.StatusBadRequest,
	"form_doubled":     http.StatusBadRequest,
	"password_form":    http.StatusBadRequest,
	"passkey_over":     http.StatusConflict,
	"passkey_many":     http.StatusConflict,
	"passkey_gone":     http.StatusConflict,
}

// status is the answer's status for what is wrong with a form. A few refusals
// are not the form's business, and have a page of their own.
func status(wrong []*access.Refusal) (int, error) {
	for _, r := range wrong {
		switch r.Code {
		case "session_ended", "journey_ended":
			return 0, page.Elsewhere("/session-ended")
		case "frozen":
			return 0, page.Elsewhere("/security/not-me")
		case "profile_closed":
			if r.Field == "" { // else it is said there
				return 0, page.Elsewhere("/profiles")
			}
		case "operation_unknown":
			return 0, page.Missing
		}
		if s := statuses[r.Code]; s != 0 {
			return s, nil
		}
	}
	return http.StatusUnprocessableEntity, nil
}

//go:embed error.html
var errorHTML string

// fail answers with what is not a page of its own: a way elsewhere, an error
// page, or a fault, which is logged once and shown as a number.
func (s *Site) fail(v *page.Visit, err error) {
	if to, ok := errors.AsType[page.Elsewhere](err); ok {
		http.Redirect(v.W, v.Request, string(to), http.StatusSeeOther)
		return
	}
	status := http.StatusInternalServerError
	st, known := errors.AsType[page.Status](err)
	switch {
	case known:
		status = int(st)
	case v.Refuse(err): // in Show: the page cannot be shown
		code, elsewhere := statusOf(v.Wrong)
		if elsewhere != nil {
			s.fail(v, elsewhere)
			return
		}
		status = code
	case errors.Is(err, access.ErrFull), errors.Is(err, access.ErrClock), errors.Is(err, context.DeadlineExceeded):
		status = http.StatusServiceUnavailable
	case errors.Is(err, context.Canceled) && v.Context().Err() != nil:
		return // the browser went away
	}
	v.Wrong = nil // the page says it by itself
	data := failure{Key: errorKey(status)}
	if status >= 500 {
		data.Ref = rand.Text()[:8]
		s.Log.Error("fault", "ref", data.Ref, "fund", v.Fund.ID, "method", v.Method, "path", v.Here, "status", status, "err", err)
	}
	if errors.Is(err, access.ErrUnknown) {
		data.Key = "unknown"
	}
	if status == http.StatusMethodNotAllowed {
		v.W.Header().Set("Allow", "GET, HEAD, POST")
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		v.W.Header().Set("Retry-After", "5")
	}
	if err := v.Draw(status, errorPage(), data); err != nil {
		s.Log.Error("fault while showing a fault", "ref", data.Ref, "err", err)
		plain(v.W, http.StatusInternalServerError, data.Ref)
	}
}

// statusOf is status for a refusal that reached fail.
func statusOf(wrong []*access.Refusal) (int, error) {
	code, err := status(wrong)
	if err == nil && code == http.StatusUnprocessableEntity {
		code = http.StatusBadRequest
	}
	return code, err
}

var errorPage = parsed(errorHTML)

// failure is what the error page says.
type failure struct {
	Key string // error.<Key>.title and .text
	Ref string // to read out on the telephone
}

func errorKey(status int) string {
	switch status {
	case 403, 404, 405, 413, 429, 503:
		return fmt.Sprint(status)
	}
	if status >= 500 {
		return "500"
	}
	return "400"
}

// nowhere answers what no route does.
type nowhere struct{ page.Reading }

func (nowhere) Show(*page.Visit) (any, error)    { return nil, page.Missing }
func (nowhere) Take(*page.Visit) (string, error) { return "", page.Missing }

// crossOrigin answers a form that another site sent.
type crossOrigin struct{ page.Reading }

func (crossOrigin) Show(*page.Visit) (any, error)    { return nil, page.Status(http.StatusForbidden) }
func (crossOrigin) Take(*page.Visit) (string, error) { return "", page.Status(http.StatusForbidden) }

// A recorder knows whether an answer was begun.
type recorder struct {
	http.ResponseWriter
	begun bool
}

// WriteHeader notes that the answer has begun.
func (r *recorder) WriteHeader(status int) {
	r.begun = true
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController through.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// recover keeps a panic in one request from ending the process (R11).
func (s *Site) recover(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	ref := rand.Text()[:8]
	s.Log.Error("panic", "ref", ref, "method", r.Method, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if rec, ok := w.(*recorder); ok && !rec.begun {
		plain(w, http.StatusInternalServerError, ref)
	}
}
