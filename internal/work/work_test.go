package work_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"aditus/internal/keys"
	"aditus/internal/work"
)

const here work.Door = "/login"

var noon = time.Date(2025, 9, 30, 12, 0, 0, 0, time.UTC)

// solved is a task of a door, and its proof.
func solved(t *testing.T, k *keys.Fund, door work.Door) (task, proof string) {
	t.Helper()
	task, err := work.Ask(k, door, noon)
	if err != nil {
		t.Fatal(err)
	}
	proof, err = work.Solve(task)
	if err != nil {
		t.Fatal(err)
	}
	return task, proof
}

// What could have happened: a proof that was made for one fund, or one page, or
// yesterday, opens another (security.md part 3, row 49).
func TestWhereAProofIsGood(t *testing.T) {
	ring := keys.New(nil)
	k := ring.Fund("alpina")
	_, proof := solved(t, k, here)
	id, until, ok := work.Check(k, here, proof, noon)
	if !ok || len(id) != 64 || !until.Equal(noon.Add(work.Life)) {
		t.Fatalf("a good proof: %q, until %v, %v", id, until, ok)
	}
	for _, c := range []struct {
		what string
		k    *keys.Fund
		door work.Door
		at   time.Time
		ok   bool
	}{
		{"at the last moment", k, here, noon.Add(work.Life - time.Second), true},
		{"when its time is over", k, here, noon.Add(work.Life), false},
		{"at another door", k, "/enrol/letter", noon, false},
		{"at another fund", ring.Fund("aurora"), here, noon, false},
		{"under other keys", keys.New(nil).Fund("alpina"), here, noon, false},
	} {
		again, _, ok := work.Check(c.k, c.door, proof, c.at)
		if ok != c.ok {
			t.Errorf("%s: %v, want %v", c.what, ok, c.ok)
		}
		if ok && again != id {
			t.Errorf("%s: the proof has another name", c.what)
		}
	}
}

// What could have happened: a proof is written otherwise and counts again as a new
// one; its end is moved; a task is answered that nobody set; or a long text costs
// more to refuse than it does to send.
func TestForgedProofs(t *testing.T) {
	k := keys.New(nil).Fund("alpina")
	_, proof := solved(t, k, here)
	id, until, _ := work.Check(k, here, proof, noon)
	text, err := base64.StdEncoding.DecodeString(proof)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(name string, change func(any) any) string {
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		m[name] = change(m[name])
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(text)
	}
	put := func(v any) func(any) any { return func(any) any { return v } }
	for what, forged := range map[string]string{
		"empty":               "",
		"no base64":           "*",
		"no JSON":             base64.StdEncoding.EncodeToString([]byte("no")),
		"another number":      changed("number", func(n any) any { return n.(float64) + 1 }),
		"a digit of the salt": changed("salt", func(s any) any { return s.(string) + "4" }),
		"a later end":         changed("salt", func(s any) any { return strings.Replace(s.(string), "expires=1", "expires=2", 1) }),
		"no end":              changed("salt", func(s any) any { before, _, _ := strings.Cut(s.(string), "?"); return before }),
		"another algorithm":   changed("algorithm", put("SHA-1")),
		"no algorithm there":  changed("algorithm", put("CRC-32")),
		"no signature":        changed("signature", put("")),
		"another challenge":   changed("challenge", put(strings.Repeat("0", 64))),
		"too long":            changed("more", put(strings.Repeat("a", 2000))),
	} {
		if _, _, ok := work.Check(k, here, forged, noon); ok {
			t.Errorf("%s: taken", what)
		}
	}
	// What is only spelt otherwise is the same proof, by its name.
	for what, spelt := range map[string]string{
		"more fields":   changed("took", put(12)),
		"no &":          changed("salt", func(s any) any { return strings.TrimSuffix(s.(string), "&") }),
		"the algorithm": changed("algorithm", put("")),
	} {
		again, end, ok := work.Check(k, here, spelt, noon)
		if ok && (again != id || !end.Equal(until)) {
			t.Errorf("%s: a second proof %q until %v of one task", what, again, end)
		}
	}
}

// Tasks are all different, say how far to count, and not the number.
func TestTasks(t *testing.T) {
	k := keys.New(nil).Fund("alpina")
	one, err := work.Ask(k, here, noon)
	if err != nil {
		t.Fatal(err)
	}
	two, err := work.Ask(k, here, noon)
	if err != nil {
		t.Fatal(err)
	}
	if one == two {
		t.Error("two tasks are one")
	}
	var task map[string]any
	if err := json.Unmarshal([]byte(one), &task); err != nil {
		t.Fatal(err)
	}
	if task["maxNumber"] != float64(work.Most) || task["number"] != nil || task["algorithm"] != "SHA-256" {
		t.Errorf("the task is %s", one)
	}
	if _, err := work.Solve(`{"algorithm":"SHA-256","challenge":"00","salt":"a","maxNumber":10}`); err == nil {
		t.Error("a task without an answer was solved")
	}
}
