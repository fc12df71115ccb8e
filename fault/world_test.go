package fault

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/identifier"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/policy"
	"aditus/internal/session"
	"aditus/internal/store"

	"golang.org/x/text/encoding/charmap"
)

// The fund of the tests, and the passwords of its members.
const (
	fundID = "aurora"
	first  = "ciliegia-Lampada-47-nuvola"
	second = "quattro-Parole-a-caso-insieme"
)

// A person is one member, with what a browser of theirs would have kept.
type person struct {
	number, code, email string
	member              string // the id
	password            string
	session, device     string // tokens; "" if none was made beforehand
}

// A setup says how a world begins. The zero value is SQLite with the members of
// kinds alone.
type setup struct {
	engine   string
	database string            // where; "" is a new one
	rows     int               // of the register; 0 is 120
	actors   int               // who have an active channel, and a session of level act in a known browser
	readers  int               // who have a password and no channel
	strong   bool              // passwords cost what they cost by default
	sets     map[string]string // lines of the fund's file to exchange: key -> value
	settings string            // more of the settings file
	dir      string            // where the data lies; "" is a new directory
}

// A world is a database with its key file, its fund's file and its settings, a
// mail server, and the members. Nodes are started on it.
type world struct {
	t        testing.TB
	engine   string
	dir      string
	config   string
	database string // as the settings name it
	ring     *keys.Ring
	fund     *access.Fund
	sink     *sink
	raw      *sql.DB
	params   password.Params
	seed     uint64

	actors, readers, strangers []*person

	spare []string // tax codes of people who are not in the register
}

// newWorld makes one. Everything is gone at the end of the test.
func newWorld(t testing.TB, s setup) *world {
	t.Helper()
	w := &world{t: t, engine: s.engine, dir: s.dir, sink: newSink(t), seed: seed(t)}
	if w.dir == "" {
		w.dir = t.TempDir()
	}
	if s.rows == 0 {
		s.rows = 120
	}
	switch w.database = s.database; {
	case w.database != "":
	case s.engine == "postgres":
		w.database = dbtest.URL(t)
	default:
		w.database = filepath.Join(w.dir, "aditus.db")
	}
	w.params = password.Params{MemoryKiB: 7 << 10, Time: 1, Threads: 1} // as cheap as the settings allow
	if s.strong {
		w.params = password.Default
	}
	w.funds(s.sets)
	must(t, "keys", "init", filepath.Join(w.dir, "keys"))
	var err error
	if w.ring, err = keys.Load(filepath.Join(w.dir, "keys")); err != nil {
		t.Fatal(err)
	}
	w.config = w.settings("aditus.toml", w.database, s.settings)
	must(t, "import", "--config", w.config, "--fund", fundID, w.register(s.rows))
	w.people(s.actors, s.readers)
	w.raw = raw(t, w.database)
	return w
}

// seed is what everything random in a test comes from.
func seed(t testing.TB) uint64 {
	t.Helper()
	if s := os.Getenv("ADITUS_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("ADITUS_SEED: %v", err)
		}
		return n
	}
	return 20251121
}

// random is a source of its own for one part of a test.
func (w *world) random(part uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, part)) }

// funds writes the fund's file, with more codes an hour than a member needs: what
// is tried here is not how many there may be.
func (w *world) funds(sets map[string]string) {
	w.t.Helper()
	all, err := funds.Files.ReadFile(fundID + ".toml")
	if err != nil {
		w.t.Fatal(err)
	}
	put := map[string]string{"per_hour": "100000", "per_day": "100000", "per_address": "100000"}
	for k, v := range sets {
		put[k] = v
	}
	lines := strings.Split(string(all), "\n")
	for i, line := range lines {
		key, _, is := strings.Cut(line, "=")
		if v, ok := put[strings.TrimSpace(key)]; is && ok {
			lines[i] = strings.TrimSpace(key) + " = " + v
			delete(put, strings.TrimSpace(key))
		}
	}
	if len(put) > 0 {
		w.t.Fatalf("the fund's file has no %v", put)
	}
	dir := filepath.Join(w.dir, "funds")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(dir, fundID+".toml")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if w.fund, err = policy.Load(os.DirFS(dir), fundID+".toml"); err != nil {
		w.t.Fatal(err)
	}
}

// settings writes a settings file for one node, and returns its name. More is
// laid over it: lines in tables of their own.
func (w *world) settings(name, database, more string) string {
	w.t.Helper()
	host, port, err := net.SplitHostPort(w.sink.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	text := fmt.Sprintf(`
[server]
listen  = "127.0.0.1:0"
https   = false
proxies = ["127.0.0.0/8"]
hosts   = ["127.0.0.1=%s"]

[database]
url = %q

[keys]
file = "keys"

[funds]
dir = "funds"

[audit]
checkpoints = %q

[smtp]
host = %q
port = %s
tls  = "none"

[password]
memory_kib = %d
time       = %d
threads    = %d
%s`, fundID, database, "checkpoints.jsonl", host, port, w.params.MemoryKiB, w.params.Time, w.params.Threads, more)
	file := filepath.Join(w.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return file
}

// register writes a register: rows of the sample one that hold people who may
// come in, each with an address of their own.
func (w *world) register(rows int) string {
	w.t.Helper()
	data, err := os.ReadFile("../internal/registry/testdata/aurora.csv")
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		w.t.Fatal(err)
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma, in.FieldsPerRecord, in.LazyQuotes = ';', -1, true
	all, err := in.ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	head := all[0]
	at := func(name string) int { return slices.Index(head, name) }
	seen := map[string]bool{}
	keep := [][]string{head}
	for _, r := range all[1:] {
		if len(r) != len(head) || r[at("STATO")] != "ATTIVO" || r[at("CF_RAPPRESENTANTE")] != "" || seen[r[at("CODICE_FISCALE")]] || seen[r[at("NUM_ISCRIZIONE")]] {
			continue
		}
		seen[r[at("CODICE_FISCALE")]], seen[r[at("NUM_ISCRIZIONE")]] = true, true
		if len(keep) > rows {
			if _, err := identifier.TaxCode(r[at("CODICE_FISCALE")]); err == nil {
				w.spare = append(w.spare, r[at("CODICE_FISCALE")])
			}
			continue
		}
		r[at("EMAIL")], r[at("CELLULARE")], r[at("TELEFONO")] = "m"+r[at("NUM_ISCRIZIONE")]+"@example.com", "", ""
		keep = append(keep, r)
	}
	var b bytes.Buffer
	out := csv.NewWriter(charmap.Windows1252.NewEncoder().Writer(&b))
	out.Comma = ';'
	if err := out.WriteAll(keep); err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.dir, "register.csv")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return file
}

// open opens the database as the program does; nobody serves it meanwhile, or it
// is PostgreSQL.
func (w *world) open() *store.DB {
	w.t.Helper()
	db, err := store.Open(context.Background(), w.database, store.Options{Keys: w.ring, Conns: 2})
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

// people reads the register back, and gives the first so many what they would
// have by now, with the events that would have told it.
func (w *world) people(actors, readers int) {
	w.t.Helper()
	ctx := context.Background()
	db := w.open()
	defer func() {
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	hash, err := password.NewHasher(w.params, 1, 1, time.Minute, w.ring.Pepper()).Hash(ctx, first)
	if err != nil {
		w.t.Fatal(err)
	}
	err = db.Write(ctx, fundID, func(tx *store.Tx) error {
		w.actors, w.readers, w.strangers = nil, nil, nil
		var ids []string
		if err := tx.EntryKeys(func(k store.EntryKey) error { ids = append(ids, k.Member); return nil }); err != nil {
			return err
		}
		for _, id := range ids {
			m, err := tx.Member(id)
			if err != nil {
				return err
			}
			p := &person{number: m.Main().Number, code: m.Main().Login, email: m.OnFile(access.Email), member: m.ID}
			if p.email == "" || m.Access(w.fund, tx.Now()) != "full" {
				continue
			}
			c := access.Credential{Member: m.ID, Hash: hash, Source: "registry"}
			switch {
			case len(w.actors) < actors:
				c.Source, p.password = "member", first
				p.session, p.device = access.NewSecret(), access.NewSecret()
				err = errors.Join(tx.SetPassword(c), enrol(tx, w.fund, p))
				w.actors = append(w.actors, p)
			case len(w.readers) < readers:
				p.password = first
				err = tx.SetPassword(c)
				w.readers = append(w.readers, p)
			default:
				w.strangers = append(w.strangers, p)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(w.actors) < actors || len(w.readers) < readers {
		w.t.Fatalf("the register has %d people who can be used, and %d are asked for", len(w.actors)+len(w.readers), actors+readers)
	}
}

// enrol gives a person an active channel and a session in a browser that is known.
func enrol(tx *store.Tx, f *access.Fund, p *person) error {
	now := tx.Now()
	channel := access.Channel{ID: access.NewID(now), Member: p.member, Kind: access.Email, Address: p.email, Source: "registry"}
	device := session.ID(p.device)
	s := access.Session{ID: session.ID(p.session), Member: p.member, Level: access.LevelAct, Method: "password+email", Lang: "it",
		Device: device, ProvedAt: now, EndsAt: now.Add(f.Session.Absolute)}
	return errors.Join(
		tx.UseChannel(channel),
		audit.Record(tx, audit.ChannelActive{Member: p.member, Channel: channel.ID, Kind: "email"}),
		audit.Record(tx, audit.PasswordChanged{Member: p.member}),
		tx.Enrol(access.Enrolment{Member: p.member, Level: access.LevelAct}),
		tx.UseDevice(access.Device{ID: device, Member: p.member, Proved: now}),
		tx.AddSession(s),
		audit.Record(tx, audit.SignedIn{Member: p.member, Session: s.ID, Method: s.Method, Level: string(s.Level), Device: "proved"}))
}

// raw opens the database behind the program's back, to look and to break.
func raw(t testing.TB, where string) *sql.DB {
	t.Helper()
	driver := "pgx"
	if !store.Postgres(where) {
		driver, where = "sqlite", "file:"+where+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, where)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(2)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// number is the one number that a query answers.
func (w *world) number(q string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.raw.QueryRow(w.dialect(q), args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", q, err)
	}
	return n
}

// change runs a statement behind the program's back and returns how many rows it
// changed.
func (w *world) change(q string, args ...any) int64 {
	w.t.Helper()
	res, err := w.raw.Exec(w.dialect(q), args...)
	if err != nil {
		w.t.Fatalf("%s: %v", q, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// dialect turns ?1 into $1 where that is what the engine reads, and {body.x} into
// the field x of an event.
func (w *world) dialect(q string) string {
	for {
		before, rest, ok := strings.Cut(q, "{event.")
		if !ok {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		field := "json_extract(body, '$.event." + name + "')"
		if w.engine == "postgres" {
			field = "(body::json #>> '{event," + name + "}')"
		}
		q = before + field + after
	}
	if w.engine == "postgres" {
		q = strings.ReplaceAll(q, "?", "$")
	}
	return q
}

// verify runs `aditus audit verify`, and fails if it finds anything.
func (w *world) verify() {
	w.t.Helper()
	if code, out := command(w.t, "audit", "verify", "--config", w.config); code != 0 {
		w.t.Fatalf("audit verify: exit %d: %s", code, out)
	}
}

// until waits for something that must come about.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited %v for: %s", patience, what)
		}
	}
}
