package registry

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// chunk is how many rows are staged in one transaction: few enough that nobody
// who writes meanwhile waits for long (some 40 ms), and many enough that rows
// share the pages of the indexes of keyed hashes, where each falls anywhere.
const chunk = 1000

// lease is how long an import that died keeps others out.
const lease = time.Minute

// ErrRunning says that another import of the fund is under way.
var ErrRunning = errors.New("another import of this fund is running")

// Options say how a file is applied.
type Options struct {
	Name     string             // the file's name, for people
	DryRun   bool               // judge and compare, and change nothing
	Each     func(Result) error // told of each record in turn; may be nil
	Progress func(done, of int) // told now and then; may be nil
}

// A Summary is what an import did, or would do.
type Summary struct {
	Records  int
	Totals   map[Outcome]int
	Channels map[string]int
	Ready    map[string]int
	New      int
	Changed  int
	Same     int
	Gone     int // entries the fund shows that the file no longer has; they stay as they are
	Kept     int // contacts proved online that an older row would have replaced
	Ignored  []string
	Version  int64 // that the fund shows now
}

// Apply reads a file into the fund's register. Rows are staged under the next
// version, which nobody sees, and shown by one short transaction at the end: a
// crash anywhere before leaves the old register, and nothing of the new (I8).
// The same file again changes nothing.
//
// Its error is a *FileError for a file that cannot be used, ErrRunning, or a
// fault.
func Apply(ctx context.Context, db *store.DB, f *access.Fund, file io.ReaderAt, size int64, o Options) (s Summary, err error) {
	im := importer{db: db, fund: f, o: o, keys: db.Keys().Fund(f.ID), holder: rand.Text(),
		byNumber: map[string]known{}, byLogin: map[string]string{}, seen: map[string]bool{}}
	if !o.DryRun {
		// The lease before the look: what is compared with must not be changed by
		// another import meanwhile (I8).
		if err := db.Write(ctx, f.ID, im.hold); err != nil {
			return s, err
		}
		defer func() { err = errors.Join(err, im.release(ctx)) }()
	}
	if err := im.look(ctx, &s); err != nil {
		return s, err
	}
	a, err := Analyse(ctx, file, size, f.Registry, im.now.In(f.Zone))
	if err != nil {
		return s, err
	}
	if err := im.moved(ctx, a); err != nil {
		return s, err
	}
	if err := im.results(ctx, a, &s); err != nil {
		return s, err
	}
	s.Records, s.Totals, s.Channels, s.Ignored = a.Records, a.Totals, a.Channels, a.Ignored
	s.Ready, s.Kept = a.Ready, im.kept
	for number := range im.byNumber {
		if !im.seen[number] {
			s.Gone++
		}
	}
	if o.DryRun || im.begun.Version == 0 {
		return s, nil
	}
	im.begun.Totals = map[string]int{}
	for outcome, n := range a.Totals {
		im.begun.Totals[string(outcome)] = n
	}
	err = db.Write(ctx, f.ID, func(tx *store.Tx) error {
		if err := im.hold(tx); err != nil {
			return err
		}
		if err := tx.PublishImport(im.begun); err != nil {
			return err
		}
		return audit.Record(tx, audit.RegistryImported{Version: im.begun.Version, File: o.Name, Digest: fmt.Sprintf("%x", a.SHA256), Totals: im.begun.Totals})
	})
	if errors.Is(err, store.ErrNone) {
		return s, ErrRunning
	}
	s.Version = im.begun.Version
	return s, err
}

// An importer is one run of Apply.
type importer struct {
	db     *store.DB
	fund   *access.Fund
	keys   *keys.Fund
	o      Options
	now    time.Time
	holder string
	begun  store.Import // its Version is 0 until something is staged
	kept   int          // contacts proved online, and kept

	byNumber map[string]known  // what the fund shows
	byLogin  map[string]string // login's index -> member
	seen     map[string]bool   // numbers of this file
}

// known is what is compared of an entry that is there.
type known struct{ id, member, login, held, digest string }

// staged is one row on its way in.
type staged struct {
	res   Result
	entry access.Entry
	login string         // its index
	code  string         // the index of its activation code, "" for none
	is    known          // its ID is "" for a new one
	ready store.NewEntry // of a new one, once it is to be staged
}

// look reads what the fund shows now.
func (im *importer) look(ctx context.Context, s *Summary) error {
	return im.db.Read(ctx, im.fund.ID, func(tx *store.Tx) (err error) {
		im.now = tx.Now()
		if s.Version, err = tx.RegistryVersion(); err != nil {
			return err
		}
		return tx.EntryKeys(func(k store.EntryKey) error {
			im.byNumber[k.Number] = known{k.ID, k.Member, k.Login, k.Held, k.Digest}
			if _, ok := im.byLogin[k.Login]; !ok && k.Held == "" {
				im.byLogin[k.Login] = k.Member
			}
			return nil
		})
	})
}

// moved reads the file once for rows that are there and have another login in
// it: a login that is given up is nobody's, and the next person with it is not
// the one who had it by mistake.
func (im *importer) moved(ctx context.Context, a *Analysis) error {
	if len(im.byNumber) == 0 {
		return nil
	}
	taken := map[string]string{}
	for res, err := range a.Results(ctx) {
		if err != nil {
			return err
		}
		is, ok := im.byNumber[im.number(res.Entry.Number)]
		if !ok || res.Outcome == Reject || res.Entry.Held != "" || is.held != "" {
			continue
		}
		if login := im.keys.Index("login", res.Entry.Login); login != is.login {
			if im.byLogin[is.login] == is.member {
				delete(im.byLogin, is.login)
			}
			taken[login] = is.member
		}
	}
	for login, member := range taken {
		if im.byLogin[login] == "" {
			im.byLogin[login] = member
		}
	}
	return nil
}

// results judges every record, tells of it, and stages what is new or changed,
// a chunk at a time.
func (im *importer) results(ctx context.Context, a *Analysis, s *Summary) error {
	var rows []staged
	// One chunk is written while the next is judged: each takes about as long.
	var writing sync.WaitGroup
	var failed error // of the chunk written last; read once writing is done
	defer writing.Wait()
	flush := func() (err error) {
		defer func() { rows = rows[:0] }()
		if err := im.identities(ctx, a, rows); err != nil {
			return err
		}
		var bring []staged
		for _, r := range rows {
			if im.o.Each != nil {
				if err := im.o.Each(r.res); err != nil {
					return err
				}
			}
			switch {
			case r.entry.Number == "":
				continue // rejected, or held back to keep what is published
			case r.is.id == "":
				s.New++
			case r.is.digest == r.entry.Digest:
				s.Same++
				continue
			default:
				s.Changed++
			}
			if r.is.id == "" && !im.o.DryRun { // here and not in stage, which writes the chunk before meanwhile
				if r.ready, err = im.db.SealEntry(im.fund.ID, r.entry); err != nil {
					return err
				}
			}
			bring = append(bring, r)
		}
		if len(bring) == 0 || im.o.DryRun {
			return nil
		}
		writing.Wait()
		if failed != nil {
			return failed
		}
		writing.Go(func() { failed = im.stage(ctx, a, bring) })
		return nil
	}
	for res, err := range a.Results(ctx) {
		if err != nil {
			return err
		}
		if im.o.Progress != nil && res.Record%500 == 0 {
			im.o.Progress(res.Record, a.Records)
		}
		row := staged{res: res}
		if res.Outcome != Reject {
			if row, err = im.compare(res); err != nil {
				return err
			}
		}
		if rows = append(rows, row); len(rows) == chunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	writing.Wait()
	return failed
}

// compare finds what a row is beside what the fund shows: new, changed or the
// same. A row that is held aside with a number that is taken, or without one,
// gets one that no row of the fund has.
func (im *importer) compare(res Result) (staged, error) {
	e := res.Entry
	e.Number = im.number(e.Number)
	if r := &e.Record; e.Held == access.HeldRepresented && (r.RepresentativeKind == access.MandateParent || r.Representative == "") {
		if of := access.OfAge(r.Born, im.fund.Zone); !of.IsZero() {
			r.OfAge = of.UnixMilli() // they act for themselves from then on, whenever the next file comes
		}
	}
	if e.Held != "" && (e.Number == "" || im.seen[e.Number]) {
		e.Number += "#" + strconv.Itoa(res.Record)
	}
	im.seen[e.Number] = true
	r := staged{res: res, entry: e, login: im.keys.Index("login", e.Login), is: im.byNumber[e.Number]}
	r.code = res.Activation.Index(func(code string) string { return im.keys.Index("activation_code", code) })
	return r, im.digest(&r)
}

// number is what a row is kept under. A national number does not stand in clear
// beside sealed rows: its keyed hash does, with the other parts of the key behind.
func (im *importer) number(n string) string {
	if !im.fund.Registry.Key.National() || n == "" {
		return n
	}
	national, rest, more := strings.Cut(n, "/")
	if national = im.keys.Index("number", national); more {
		national += "/" + rest
	}
	return national
}

// digest notes what the row says: the same again changes nothing.
func (im *importer) digest(r *staged) error {
	e := &r.entry
	row, err := json.Marshal(struct {
		Number, Login, Status, Held string
		Record                      access.Record
		Code                        string `json:",omitempty"`
	}{e.Number, e.Login, e.Status, e.Held, e.Record, r.code})
	if err != nil {
		return err
	}
	e.Digest = im.keys.Index("entry", string(row))
	return nil
}

// stage writes a chunk down under the version that is coming.
func (im *importer) stage(ctx context.Context, a *Analysis, rows []staged) error {
	begun, kept := im.begun, 0
	err := im.db.Write(ctx, im.fund.ID, func(tx *store.Tx) (err error) {
		begun, kept = im.begun, 0
		if err := im.hold(tx); err != nil {
			return err
		}
		if begun.Version == 0 {
			if begun, err = tx.BeginImport(im.o.Name, fmt.Sprintf("%x", a.SHA256)); err != nil {
				return err
			}
		}
		for _, r := range rows {
			e := r.entry
			e.Version = begun.Version
			if r.is.id == "" {
				err = tx.AddSealed(r.ready, e.Version)
			} else {
				var n int
				if n, err = im.keepContacts(tx, &e); err == nil {
					err = tx.ChangeEntry(e)
				}
				kept += n
			}
			if issued := r.res.Activation.Issued; err == nil && issued != "" {
				err = tx.AddActivationCode(e.ID, r.code, issued, e.Version)
			}
			if err != nil {
				return fmt.Errorf("record with the number %s: %w", e.Number, err)
			}
		}
		return nil
	})
	im.begun, im.kept = begun, im.kept+kept
	return err
}

func (im *importer) hold(tx *store.Tx) error {
	err := tx.Hold("import", im.holder, tx.Now().Add(lease))
	if errors.Is(err, store.ErrNone) {
		return ErrRunning
	}
	return err
}

// release gives the lease back: the next import need not wait until it ends.
func (im *importer) release(ctx context.Context) error {
	err := im.db.Write(context.WithoutCancel(ctx), im.fund.ID, func(tx *store.Tx) error {
		return tx.Hold("import", im.holder, tx.Now())
	})
	if errors.Is(err, store.ErrNone) {
		return nil // it was lost meanwhile
	}
	return err
}
