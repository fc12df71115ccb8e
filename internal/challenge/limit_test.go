package challenge_test

import (
	"fmt"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/store"
)

// Hour, day and address have their limits; what is refused sends nothing and
// loses nothing: not the code that lives, not a place in the count.
func TestLimits(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		r.Rules.PerHour, r.Rules.PerDay = 2, 3
		next := func(r challenge.Request) string { // after the one before was used up
			t.Helper()
			c, err := ask(t, st.nodes[0], r)
			if err == nil {
				st.do(t, func(s *challenge.Service, tx *store.Tx) error { return s.Bounced(tx, c.Member, c.ID) })
			}
			return said(err)
		}
		for i, want := range []string{"ok", "ok", "code_hour_limit", "code_hour_limit"} {
			if got := next(r); got != want {
				t.Errorf("code %d of the hour: %s, want %s", i+1, got, want)
			}
		}
		_, err := ask(t, st.nodes[0], r)
		if refusal, _ := err.(*access.Refusal); refusal == nil || refusal.Args[0] != access.TimeArg("time", access.ArgTime, start.Add(time.Hour)) {
			t.Errorf("says %v", err)
		}
		if n := st.count(t, `outbox`); n != 2 {
			t.Errorf("%d messages", n)
		}
		if n := st.count(t, `challenge WHERE state IN ('open', 'burnt', 'killed')`); n != 0 {
			t.Errorf("%d refused requests hold the place", n)
		}
		st.add(time.Hour)
		for i, want := range []string{"ok", "code_daily_limit"} {
			if got := next(r); got != want {
				t.Errorf("code %d of the second hour: %s, want %s", i+1, got, want)
			}
		}
		st.add(23 * time.Hour)
		if got := next(r); got != "ok" {
			t.Error("the next day:", got)
		}

		// One address over all members, however it is written.
		for i, want := range []string{"ok", "ok", "ok", "code_daily_limit"} {
			shared := request(question(fmt.Sprint("member", i)), rules)
			shared.Rules.PerSite, shared.Rules.PerDay, shared.Address = 3, 10, []string{"one@example.it", "One@Example.it"}[i%2]
			if got := next(shared); got != want {
				t.Errorf("member %d to one address: %s, want %s", i, got, want)
			}
		}
	})
}

// What could have happened: the fund lets a new code be asked for after a minute,
// the member has had too many, asks once more, is refused, and the code already
// in the mailbox is dead too.
func TestRefusedLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		r.Rules.Again, r.Rules.PerHour = time.Minute, 1
		first, code := st.asked(t, r)
		st.add(time.Minute)
		if _, err := ask(t, st.nodes[0], r); said(err) != "code_hour_limit" {
			t.Fatal(err)
		}
		if got := st.find(t, first.ID); got.State != access.ChallengeOpen || len(got.MAC) == 0 {
			t.Errorf("the code that lives is %s", got.State)
		}
		if _, err := answer(t, st.nodes[0], r.Question, code); err != nil {
			t.Error("the code that lives:", err)
		}

		// Refused for the address, nothing is counted against the member.
		full := request(question("bruno"), rules)
		full.Rules.PerSite, full.Rules.PerDay, full.Address = 1, 2, "full@example.it"
		other := full
		other.Question = question("carla")
		_, err := ask(t, st.nodes[0], other)
		ok(t, err)
		for range 3 {
			if _, err := ask(t, st.nodes[0], full); said(err) != "code_daily_limit" {
				t.Error(err)
			}
		}
		for i := range 2 {
			full.Address = fmt.Sprint("free", i, "@example.it")
			c, err := ask(t, st.nodes[0], full)
			if err != nil {
				t.Error("counted though nothing was sent:", err)
				break
			}
			st.do(t, func(s *challenge.Service, tx *store.Tx) error { return s.Bounced(tx, "bruno", c.ID) })
		}

		// Refused because a code lives, nothing is counted either.
		live := request(question("dora"), rules)
		live.Rules.PerHour = 2
		c, err := ask(t, st.nodes[0], live)
		ok(t, err)
		for range 5 {
			if _, err := ask(t, st.nodes[0], live); said(err) != "code_still_valid" {
				t.Error(err)
			}
		}
		st.do(t, func(s *challenge.Service, tx *store.Tx) error { return s.Bounced(tx, "dora", c.ID) })
		if _, err := ask(t, st.nodes[0], live); err != nil {
			t.Error("the second of two in the hour:", err)
		}
		if _, err := ask(t, st.nodes[0], live); said(err) != "code_still_valid" {
			t.Error("both reasons stand: that a code lives is the one that helps:", err)
		}
	})
}
