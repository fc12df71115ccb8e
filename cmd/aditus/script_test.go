package main

import (
	"bytes"
	"context"
	database "database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/charmap"

	"aditus/internal/audit"
	"aditus/internal/keys"
	"aditus/internal/settings"
	"aditus/internal/store"
)

// TestMain lets this test's own program be `aditus`, as scripts and tests run it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"aditus": main})
}

// TestCommands tells what the commands do: their results, their reasons, their
// exit codes. Beside testscript's own commands there are
//
//	exits N PROGRAM …          the program ends with N; 1 and 2 with one line of why on standard error
//	windows-1252 FILE          a file of the script as a fund's office would have saved it
//	bytes FILE HEX             a file that is no text
//	grow FILE SIZE             a file of that many bytes, most of them zero
//	dirty FILE                 makes FILE of the sample register's records that its sidecar is about
//	as-sidecar REPORT FILE     a report says of each record what the sidecar says
//	seal CONFIG                seals and signs the trail, as a server would within a second
//	sql CONFIG STATEMENT       changes the database behind the program's back
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/cli", RequireUniqueNames: true, Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"exits":        exits,
		"windows-1252": windows1252,
		"bytes":        hexBytes,
		"grow":         grow,
		"dirty":        dirty,
		"as-sidecar":   asSidecar,
		"seal":         seal,
		"sql":          sql,
	}})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	said := ts.ReadFile("stderr")
	if got != want {
		ts.Fatalf("it exits with %d, want %d; it says\n%s%s", got, want, ts.ReadFile("stdout"), said)
	}
	if got == 0 {
		return
	}
	lines := strings.Split(strings.TrimSuffix(said, "\n"), "\n")
	if why := lines[len(lines)-1]; !strings.HasPrefix(why, "aditus: ") || len(why) < len("aditus: xxx") {
		ts.Fatalf("standard error does not end with a line of why:\n%s", said)
	}
	if reasons := slices.DeleteFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "aditus: ") }); len(reasons) != 1 {
		ts.Fatalf("more than one reason:\n%s", said)
	}
}

func windows1252(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	data, err = charmap.Windows1252.NewEncoder().Bytes(bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")))
	ts.Check(err)
	ts.Check(os.WriteFile(name, data, 0o600))
}

func hexBytes(ts *testscript.TestScript, _ bool, args []string) {
	data, err := hex.DecodeString(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

func grow(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

// sample is the sample register, and sidecar what is expected of it.
const (
	sample  = "../../internal/registry/testdata/aurora.csv"
	sidecar = "../../internal/registry/testdata/aurora.dirty.json"
)

// An expectation is an entry of the sidecar.
type expectation struct {
	Record, Line int
	Key, Issue   string
	Expected     struct {
		Outcome, Capability string
		Normalised          map[string]string
	}
}

// expectations reads the sidecar.
func expectations(ts *testscript.TestScript) []expectation {
	data, err := os.ReadFile(sidecar)
	ts.Check(err)
	var file struct{ Entries []expectation }
	ts.Check(json.Unmarshal(data, &file))
	return file.Entries
}

// dirty writes the header and, in their order, the records that the sidecar has
// an entry for: what is wrong with them rests on these records alone.
func dirty(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(sample)
	ts.Check(err)
	lines := bytes.SplitAfter(data, []byte("\n"))
	at := map[int]bool{}
	for _, e := range expectations(ts) {
		at[e.Line] = true
	}
	out := bytes.Clone(lines[0])
	for i := 1; i < len(lines); i++ {
		if !at[i+1] {
			continue
		}
		out = append(out, lines[i]...)
		for bytes.Count(lines[i], []byte{'"'})%2 == 1 { // goes on in the next line
			i++
			out = append(out, lines[i]...)
			if bytes.Count(lines[i], []byte{'"'})%2 == 1 {
				break
			}
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o600))
}

// severity orders outcomes: a record with several entries takes the most severe.
var severity = []string{"accept", "normalise", "warn", "restrict", "quarantine", "reject"}

func asSidecar(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	var got []struct {
		Record, Line int
		Key, Outcome string
		Issues       []string
		Normalised   map[string]string
		Capability   *string
	}
	ts.Check(json.Unmarshal(data, &got))
	type record struct {
		outcome, capability, key string
		normalised               map[string]string
	}
	want := map[int]*record{}
	var order []int
	for _, e := range expectations(ts) {
		r := want[e.Record]
		if r == nil {
			r = &record{key: e.Key, outcome: "accept", normalised: map[string]string{}}
			want[e.Record], order = r, append(order, e.Record)
		}
		if slices.Index(severity, e.Expected.Outcome) > slices.Index(severity, r.outcome) {
			r.outcome = e.Expected.Outcome
		}
		for column, value := range e.Expected.Normalised {
			r.normalised[column] = value
		}
		if e.Expected.Capability != "" {
			r.capability = e.Expected.Capability
		}
	}
	slices.Sort(order)
	if len(got) != len(order) {
		ts.Fatalf("%d records in the report, %d in the sidecar", len(got), len(order))
	}
	var wrong []string
	for i, n := range order {
		g, w := got[i], want[n]
		for column, value := range w.normalised {
			if g.Normalised[column] != value {
				wrong = append(wrong, fmt.Sprintf("record %d (%s): %s is %q, want %q", n, w.key, column, g.Normalised[column], value))
			}
		}
		if g.Outcome != w.outcome {
			wrong = append(wrong, fmt.Sprintf("record %d (%s): %s %v, want %s", n, w.key, g.Outcome, g.Issues, w.outcome))
		}
		capability := ""
		if g.Capability != nil {
			capability = *g.Capability
		}
		if capability != w.capability {
			wrong = append(wrong, fmt.Sprintf("record %d (%s): capability %q, want %q", n, w.key, capability, w.capability))
		}
	}
	if len(wrong) > 0 {
		ts.Fatalf("not as the sidecar has it:\n%s", strings.Join(wrong, "\n"))
	}
}

// stage opens what a settings file names.
func stage(ts *testscript.TestScript, config string) (settings.Settings, *keys.Ring, *store.DB) {
	s, err := settings.Load(ts.MkAbs(config), nil)
	ts.Check(err)
	ring, err := keys.Load(s.Keys.File)
	ts.Check(err)
	db, err := store.Open(context.Background(), s.Database.URL, store.Options{Keys: ring})
	ts.Check(err)
	return s, ring, db
}

func seal(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	s, ring, db := stage(ts, args[0])
	second, err := audit.OpenFile(s.Audit.Checkpoints)
	ts.Check(err)
	sealer := &audit.Sealer{DB: db, Funds: []string{"aurora"}, Holder: "test", Lease: time.Second, Batch: 256,
		Signer: ring.Signer("checkpoint"), Second: second, Every: 1, Within: time.Nanosecond}
	ts.Check(sealer.Start(ctx))
	_, err = sealer.Seal(ctx)
	ts.Check(err)
	ts.Check(sealer.Sign(ctx, true))
	ts.Check(errors.Join(second.Close(), db.Close()))
}

func sql(ts *testscript.TestScript, _ bool, args []string) {
	s, err := settings.Load(ts.MkAbs(args[0]), nil)
	ts.Check(err)
	db, err := database.Open("sqlite", s.Database.URL) // the store brings the driver
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(errors.Join(err, db.Close()))
}
