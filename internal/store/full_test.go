package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// deed writes an event, a message and a lease, of some size.
func deed(id string) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		e := event(id)
		e.Body = strings.Repeat("x", 2000)
		if err := tx.AddEvent(e); err != nil {
			return err
		}
		if err := tx.Hold("work "+id, "me", tx.Now().Add(time.Hour)); err != nil {
			return err
		}
		m := message(id)
		m.Args[0].Value = e.Body
		return tx.Post(m)
	}
}

// whole checks that a deed is there entire or not at all, and returns which are.
func whole(t *testing.T, db *store.DB) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	for id := range strings.FieldsSeq(events(t, db)) {
		there[id] = true
	}
	var messages, leases int
	ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
		return errors.Join(tx.First(`SELECT count(*) FROM outbox WHERE fund = ?1`, nil, &messages),
			tx.First(`SELECT count(*) FROM lease WHERE fund = ?1`, nil, &leases))
	}))
	if messages != len(there) || leases != len(there) {
		t.Errorf("%d events, %d messages, %d leases", len(there), messages, leases)
	}
	return there
}

// What could have happened: the disk is full, half of a confirmation is written,
// and its neighbour in the same commit is told «confirmed». Everybody hears
// «full», nothing of it is there, reading goes on, and so does writing as soon
// as there is room.
func TestDiskFull(t *testing.T) {
	where := dbtest.New(t, "sqlite")
	fatal := 0
	db := dbtest.Open(t, where, store.Options{Keys: ring, Fatal: func(error) { fatal++ }})
	write(t, db, deed("before"))
	var pages int
	ok(t, dbtest.Raw(t, where).QueryRow(`PRAGMA page_count`).Scan(&pages))
	db.EachWriter(fmt.Sprintf("PRAGMA max_page_count = %d", pages+40))

	told := map[string]error{"before": nil}
	var mu sync.Mutex
	full := func() (n int) {
		for _, err := range told {
			if errors.Is(err, store.ErrFull) {
				n++
			}
		}
		return n
	}
	for round := 0; full() < 40; round++ {
		together(16, []*store.DB{db}, func(i int, db *store.DB) {
			id := fmt.Sprintf("%03d/%02d", round, i)
			err := db.Write(context.Background(), fund, deed(id))
			mu.Lock()
			defer mu.Unlock()
			told[id] = err
		})
		if round > 50 {
			t.Fatal("it never fills up")
		}
	}
	there := whole(t, db)
	for id, err := range told {
		if there[id] != (err == nil) {
			t.Errorf("%s: there %t, told %v", id, there[id], err)
		}
		if err != nil && (!errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrUnknown)) {
			t.Errorf("%s: told %v, want ErrFull", id, err)
		}
	}
	if len(there) < 10 {
		t.Errorf("only %d deeds before the disk was full", len(there))
	}

	// A function that passes over the error and goes on writes nothing either.
	err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
		for i := range 30 {
			_ = deed(fmt.Sprint("big", i))(tx)
		}
		return tx.Hold("small", "me", tx.Now())
	})
	if !errors.Is(err, store.ErrFull) {
		t.Errorf("told %v", err)
	}
	if got := whole(t, db); len(got) != len(there) {
		t.Errorf("%d deeds, %d before", len(got), len(there))
	}

	db.EachWriter("PRAGMA max_page_count = 1000000")
	write(t, db, deed("after"))
	if got := whole(t, db); len(got) != len(there)+1 || !got["after"] {
		t.Errorf("%d deeds with room again, %d before", len(got), len(there))
	}
	if fatal != 0 {
		t.Errorf("a full disk was called fatal %d times: the process would end in a loop", fatal)
	}
	quick(t, where)
}

func quick(t *testing.T, where string) {
	t.Helper()
	var said string
	ok(t, dbtest.Raw(t, where).QueryRow(`PRAGMA quick_check`).Scan(&said))
	if said != "ok" {
		t.Error(said)
	}
}

// What could have happened: a page of the file rots, every write fails, and the
// process goes on as if it were the members' fault (R8).
func TestBrokenFileIsFatal(t *testing.T) {
	where := filepath.Join(t.TempDir(), "aditus.db")
	keyring := keys.New(nil)
	first, err := store.Open(t.Context(), where, store.Options{Keys: keyring})
	ok(t, err, first.Migrate(t.Context()))
	for i := range 50 {
		write(t, first, deed(fmt.Sprint(i)))
	}
	var page, size int64
	ok(t, first.SQLite().QueryRow(`SELECT rootpage FROM sqlite_master WHERE name = 'event'`).Scan(&page),
		first.SQLite().QueryRow(`PRAGMA page_size`).Scan(&size), first.Close()) // which empties the log
	f, err := os.OpenFile(where, os.O_WRONLY, 0)
	ok(t, err)
	_, err = f.WriteAt([]byte(strings.Repeat("\xff", int(size))), (page-1)*size)
	ok(t, err, f.Close())

	said := make(chan error, 10)
	db := dbtest.Open(t, where, store.Options{Keys: keyring, Fatal: func(err error) { said <- err }})
	err = db.Write(t.Context(), fund, deed("lost"))
	if err == nil {
		t.Error("written to a page that is not one")
	}
	select {
	case err := <-said:
		if !strings.Contains(err.Error(), "malformed") {
			t.Error(err)
		}
	default:
		t.Error("Fatal was not called; Write said", err)
	}
	// While the process ends, nothing more is promised: a table that is whole is
	// not written either.
	hold := func(tx *store.Tx) error { return tx.Hold("after", "me", tx.Now().Add(time.Hour)) }
	if err := db.Write(t.Context(), fund, hold); err == nil || !strings.Contains(err.Error(), "malformed") {
		t.Error("written after the file had failed:", err)
	}
	var leases int
	ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
		return tx.First(`SELECT count(*) FROM lease WHERE fund = ?1 AND work = 'after'`, nil, &leases)
	}))
	if leases != 0 || len(said) != 0 {
		t.Errorf("%d leases, Fatal was called again %d times", leases, len(said))
	}
}

// The same when the system refuses a write (reliability.md F4). A process may
// not make its files longer than its limit says, and that error is not «full».
// The one that meets it ends; nobody in it was told more than is there.
func TestWriteRefusedIsFatal(t *testing.T) {
	where, dir := dbtest.New(t, "sqlite"), t.TempDir()
	keyfile := filepath.Join(dir, "keys")
	ok(t, keys.Create(keyfile))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ADITUS_CHILD=limited", "ADITUS_CHILD_DB="+where, "ADITUS_CHILD_KEYS="+keyfile)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != 70 {
		t.Fatalf("ended with %d, %v: %s", code, err, out)
	}
	keyring, err := keys.Load(keyfile)
	ok(t, err)
	there := whole(t, dbtest.Open(t, where, store.Options{Keys: keyring}))
	told := 0
	for line := range strings.Lines(string(out)) {
		id, said, _ := strings.Cut(strings.TrimSpace(line), " ")
		if said == "" {
			told++
			if !there[id] {
				t.Errorf("%s was told «done» and is lost", id)
			}
		} else if !strings.Contains(said, store.ErrUnknown.Error()) && (there[id] || !strings.Contains(said, "disk I/O error")) {
			t.Errorf("%s was told %q, and is there: %t", id, said, there[id]) // only what never began is known not to be there
		}
	}
	if told < 10 {
		t.Errorf("only %d deeds before the limit", told)
	}
	quick(t, where)
}

// limited writes until the system refuses, tells what each caller heard, and
// exits with 70 from Fatal.
func limited(where, keyfile string) error {
	keyring, err := keys.Load(keyfile)
	if err != nil {
		return err
	}
	fatal := make(chan error, 1000)
	db, err := store.Open(context.Background(), where, store.Options{Keys: keyring, Fatal: func(err error) { fatal <- err }})
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 1_500_000, Max: 1_500_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for round := 0; len(fatal) == 0 && round < 100; round++ {
		together(16, []*store.DB{db}, func(i int, db *store.DB) {
			id := fmt.Sprintf("%03d/%02d", round, i)
			if err := db.Write(context.Background(), fund, deed(id)); err != nil {
				fmt.Println(id, strings.ReplaceAll(err.Error(), "\n", " "))
			} else {
				fmt.Println(id)
			}
		})
	}
	if len(fatal) == 0 {
		return errors.New("Fatal was never called")
	}
	os.Exit(70)
	return nil
}

func TestMain(m *testing.M) {
	if os.Getenv("ADITUS_CHILD") == "limited" {
		if err := limited(os.Getenv("ADITUS_CHILD_DB"), os.Getenv("ADITUS_CHILD_KEYS")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}
