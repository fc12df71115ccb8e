package script

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/deliver"
	"aditus/internal/store"
)

// messages are those that left, the oldest first.
func (w *world) messages() ([]deliver.Captured, error) {
	if err := w.work(); err != nil {
		return nil, err
	}
	all := w.post.Messages()
	slices.Reverse(all)
	return all, nil
}

// letter is a message as its reader has it before them.
func letter(m deliver.Captured) string {
	text := keyboard.Replace(m.Text)
	if m.Subject != "" {
		text = keyboard.Replace(m.Subject) + "\n\n" + text
	}
	return text
}

// message is the last message of a kind to an address.
func (w *world) message(kind, to string) (string, error) {
	all, err := w.messages()
	if err != nil {
		return "", err
	}
	for _, m := range slices.Backward(all) {
		if m.Channel == kind && m.To == to {
			return letter(m), nil
		}
	}
	return "", fmt.Errorf("no %s to %s; sent so far:\n%s", kind, to, list(all))
}

// codes is how a code stands in a mail, and at the end of an SMS.
var codes = regexp.MustCompile(`(?m)^(\d{6})$|#(\d{6})$`)

// code is the code of the last message to an address.
func (w *world) code(to string) (string, error) {
	all, err := w.messages()
	if err != nil {
		return "", err
	}
	for _, m := range slices.Backward(all) {
		if m.To != to {
			continue
		}
		groups := codes.FindStringSubmatch(letter(m))
		if groups == nil {
			return "", fmt.Errorf("no code in the last message to %s:\n%s", to, letter(m))
		}
		return groups[1] + groups[2], nil
	}
	return "", fmt.Errorf("no message to %s; sent so far:\n%s", to, list(all))
}

// left checks that exactly these messages left since the last time: one for each
// address.
func (w *world) left(to []string) error {
	all, err := w.messages()
	if err != nil {
		return err
	}
	fresh := all[w.looked:]
	w.looked = len(all)
	var got []string
	for _, m := range fresh {
		got = append(got, m.To)
	}
	want := slices.Sorted(slices.Values(to))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return fmt.Errorf("messages left to %q, want %q:\n%s", got, want, list(fresh))
	}
	return nil
}

// list shows messages in a failure.
func list(all []deliver.Captured) string {
	var b strings.Builder
	for _, m := range all {
		fmt.Fprintf(&b, "%s %s: %s\n", m.Channel, m.To, letter(m))
	}
	return b.String()
}

// events are those of a kind, the oldest first, sealed.
func (w *world) events(kind string) (es []store.Event, err error) {
	ctx := context.Background()
	if _, err := w.app.Sealer.Seal(ctx); err != nil {
		return nil, err
	}
	err = w.app.DB.Read(ctx, w.fund.ID, func(tx *store.Tx) error {
		es = nil
		for last := int64(0); ; {
			some, err := tx.Sealed(last, 1000)
			if err != nil || len(some) == 0 {
				return err
			}
			for _, e := range some {
				if last = e.N; e.Kind == kind {
					es = append(es, e)
				}
			}
		}
	})
	return es, err
}

// verify seals and signs what there is, and reads the whole chain.
func (w *world) verify() error {
	ctx := context.Background()
	if _, err := w.app.Sealer.Seal(ctx); err != nil {
		return err
	}
	if err := w.app.Sealer.Sign(ctx, true); err != nil {
		return err
	}
	r, err := audit.Verify(ctx, w.app.DB, w.fund.ID, bytes.NewReader(w.second.Bytes()), w.ring.Publics("checkpoint"))
	if err == nil && (r.Sealed == 0 || r.Unsealed > 0 || r.After > 0) {
		err = fmt.Errorf("the chain has %d events, %d not sealed, %d not signed for", r.Sealed, r.Unsealed, r.After)
	}
	return err
}

// answer is the page in front as its bytes went over the wire, without what
// differs each time and tells nothing: the nonce, a task, cookies' values, what was
// typed.
func (w *world) answer() string {
	v := w.tab.view
	body := v.body
	for _, values := range w.tab.last.values {
		for _, value := range values {
			if value != "" {
				body = strings.ReplaceAll(body, `value="`+html.EscapeString(value)+`"`, `value="«typed»"`)
			}
		}
	}
	var head []string
	for name, values := range v.header {
		for _, value := range values {
			if name == "Set-Cookie" {
				cookie, rest, _ := strings.Cut(value, "=")
				_, attributes, _ := strings.Cut(rest, ";")
				value = cookie + ";" + attributes
			}
			head = append(head, name+": "+value)
		}
	}
	slices.Sort(head)
	all := fmt.Sprintf("%d %s\n%s\n\n%s", v.status, v.at.Path, strings.Join(head, "\n"), body)
	return nonce.ReplaceAllString(task.ReplaceAllString(all, "task"), "nonce")
}

var nonce = regexp.MustCompile(`nonce[-=]"?[A-Z2-7]+"?`)

// difference is the first line in which two answers differ.
func difference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(as), len(bs)) {
		x, y := "(nothing)", "(nothing)"
		if i < len(as) {
			x = as[i]
		}
		if i < len(bs) {
			y = bs[i]
		}
		if x != y {
			return fmt.Sprintf("line %d:\n- %s\n+ %s", i+1, x, y)
		}
	}
	return ""
}

// looksAt holds the fund's open cases against what a script expects.
func (w *world) looksAt(kind, why string, not bool) error {
	var all []access.Case
	err := w.app.DB.Read(context.Background(), w.fund.ID, func(tx *store.Tx) (err error) {
		all, err = tx.Cases(100)
		return err
	})
	if err != nil {
		return err
	}
	found := slices.ContainsFunc(all, func(c access.Case) bool { return c.Kind == kind && c.Why == why })
	if found == not {
		return fmt.Errorf("a case %s %s: want it %v among %+v", kind, why, !not, all)
	}
	return nil
}
