package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// What could have happened: a new query reads a member by tax code alone, and
// somebody with an account in two funds is shown the other fund's pension.
func TestEveryQuery(t *testing.T) {
	for q, file := range queries(t) {
		rule := store.Judge
		if file == "across.go" {
			rule = store.NamesFunds
		}
		if err := rule(q); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		// The rule itself must notice each way of forgetting.
		for i := range strings.Count(q, "fund = ?1") {
			if bad := without(q, "fund = ?1", i); store.Judge(bad) == nil {
				t.Errorf("%s: not noticed: %s", file, bad)
			}
		}
	}
	for _, bad := range []string{
		`SELECT id FROM entry`,
		`SELECT id FROM entry WHERE fund = ?2`,
		`SELECT id FROM entry WHERE fund = ?1 AND login = ?2 OR number = ?3`,
		`SELECT m.id FROM entry m JOIN journey j ON j.member = m.id WHERE m.fund = ?1`,
		`SELECT id FROM entry WHERE fund = ?1 AND id IN (SELECT member FROM journey WHERE at = ?2)`,
		`SELECT e.id FROM entry e, journey j WHERE e.fund = ?1`,
		`SELECT e.id FROM entry AS e, journey AS j WHERE e.fund = ?1`,
		`SELECT id FROM entry, journey WHERE fund = ?1`,
		`SELECT id from entry`,
		`select id from entry where number = ?2`,
		`SELECT id FROM "entry"`,
		`SELECT id FROM main.entry`,
		`SELECT id FROM entry -- WHERE fund = ?1`,
		`SELECT id FROM entry WHERE name = 'fund = ?1'`,
		`SELECT id FROM entry WHERE fund = ?10`,
		`SELECT id FROM entry WHERE NOT fund = ?1`,
		`SELECT id FROM entry WHERE fund = ?1; SELECT id FROM journey`,
		`UPDATE entry SET member = ?2 WHERE id = ?3`,
		`DELETE FROM entry WHERE id = ?2`,
		`delete from entry`,
		`TRUNCATE entry`,
		`INSERT INTO entry (id, fund) VALUES (?2, ?1)`,
		`INSERT INTO entry (fund, id) VALUES (?2, ?1)`,
		`INSERT INTO entry (fund, id) VALUES (?1, ?2), (?3, ?4)`,
		`INSERT INTO entry (fund, id) SELECT ?1, member FROM journey`,
	} {
		if store.Judge(bad) == nil {
			t.Errorf("allowed: %s", bad)
		}
	}
	for _, bad := range []string{
		`SELECT fund FROM entry`,
		`SELECT DISTINCT fund, id FROM entry`,
		`SELECT DISTINCT fund, kind FROM credential WHERE hash > ?1`,
		`SELECT DISTINCT fund, kind, id FROM outbox WHERE next_at > ?1`,
		`SELECT DISTINCT fund FROM entry UNION SELECT id FROM entry`,
		`SELECT DISTINCT fund FROM entry; DELETE FROM entry`,
		`DELETE FROM entry`,
	} {
		if store.NamesFunds(bad) == nil {
			t.Errorf("allowed across funds: %s", bad)
		}
	}
}

// What could have happened: a query that one engine understands and the other
// does not is met first by a member. Both engines read all of them here.
func TestEveryQueryOnBothEngines(t *testing.T) {
	all := queries(t)
	lite := dbtest.Raw(t, dbtest.New(t, "sqlite"))
	pg, err := pgx.Connect(t.Context(), dbtest.New(t, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close(t.Context())
	// What the engines have in common, and what keeps one time in a transaction.
	dialect := regexp.MustCompile(`(?i)\b(lower|upper|now|random|date|datetime|strftime|unixepoch|clock_timestamp)\(|CURRENT_|LIKE|::|\bNULLS\b|\bTRUE\b|\bFALSE\b`)
	for q, file := range all {
		if word := dialect.FindString(q); word != "" {
			t.Errorf("%s: %q is not for both engines, or not the transaction's time: %s", file, word, q)
		}
		stmt, err := lite.Prepare(q)
		if err != nil {
			t.Errorf("%s: SQLite: %v: %s", file, err, q)
			continue
		}
		if err := stmt.Close(); err != nil {
			t.Error(err)
		}
		if _, err := pg.Prepare(t.Context(), "", store.Dollars(q)); err != nil {
			t.Errorf("%s: PostgreSQL: %v: %s", file, err, q)
		}
	}
}

// What could have happened: a Tx is opened for one fund and is asked for another
// fund's rows by their ids, which are no secret.
func TestOneFund(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		write := func(fund, id string) {
			t.Helper()
			err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
				return tx.AddEvent(store.Event{ID: id, Kind: "test", Member: "m", Body: fund, At: 1})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		write("aurora", "same")
		write("alpina", "same")
		write("alpina", "theirs")
		err := db.Write(t.Context(), "aurora", func(tx *store.Tx) error {
			es, err := tx.EventsOf("m", 10, "test")
			if err != nil {
				return err
			}
			if len(es) != 1 || es[0].Body != "aurora" {
				t.Errorf("aurora sees %v", es)
			}
			if n, err := tx.Exec(`UPDATE event SET body = 'x' WHERE fund = ?1 AND id = ?2`, "theirs"); n != 0 || err != nil {
				t.Errorf("%d rows of another fund, %v", n, err)
			}
			for _, forgets := range []func() error{
				func() error { _, err := tx.Exec(`UPDATE event SET body = 'x' WHERE id = ?2`, "theirs"); return err },
				func() error { return tx.Later(`DELETE FROM event WHERE id = ?2`, "theirs") },
				func() error {
					var s string
					return tx.First(`SELECT body FROM event WHERE id = ?2`, []any{"theirs"}, &s)
				},
			} {
				if err := forgets(); err == nil || !strings.Contains(err.Error(), "not held to its fund") {
					t.Errorf("a query without the fund ran: %v", err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Across(t.Context(), func(a *store.All) error {
			funds, err := a.WithUnsealed()
			if strings.Join(funds, " ") != "alpina aurora" && strings.Join(funds, " ") != "aurora alpina" {
				t.Error(funds)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A Read cannot write, on either engine.
func TestReadCannotWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Read(t.Context(), "aurora", func(tx *store.Tx) error {
			_, err := tx.Exec(`DELETE FROM event WHERE fund = ?1`)
			return err
		})
		if err == nil {
			t.Error("a Read wrote")
		}
	})
}

// Only the packages of the store speak SQL: no other imports a driver or
// database/sql, but to test.
func TestOnlyStoreSpeaksSQL(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		if strings.HasPrefix(file, "../dbtest/") || strings.HasPrefix(file, "../store/") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if p := i.Path.Value; strings.Contains(p, "database/sql") || strings.Contains(p, "sqlite") || strings.Contains(p, "pgx") {
				t.Errorf("%s imports %s", file, p)
			}
		}
	}
}

// queries reads every SQL text of the package's source, with the file it stands
// in: literals, sums of literals and constants, and formats. What is only known
// when the program runs (the places of a list) is read as one more parameter.
func queries(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var parsed []*ast.File
	var names []string
	known := map[string]ast.Expr{} // the package's constants
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed, names = append(parsed, f), append(names, file)
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
				for i, name := range v.Names {
					known[name.Name] = v.Values[i]
				}
			}
			return true
		})
	}
	var value func(ast.Expr) (string, bool)
	value = func(e ast.Expr) (string, bool) {
		switch e := e.(type) {
		case *ast.BasicLit:
			s, err := strconv.Unquote(e.Value)
			return s, err == nil && e.Kind == token.STRING
		case *ast.Ident:
			if v, ok := known[e.Name]; ok {
				return value(v)
			}
		case *ast.BinaryExpr:
			x, ok := value(e.X)
			y, ok2 := value(e.Y)
			return x + y, ok && ok2 && e.Op == token.ADD
		case *ast.CallExpr:
			if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Join" {
				return "?4", true
			}
			if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
				s, ok := value(e.Args[0])
				s = strings.Replace(s, "VALUES %s", "VALUES (?2, ?3, ?4)", 1)
				return strings.ReplaceAll(s, "%s", "?2"), ok
			}
		}
		return "", false
	}
	begins := regexp.MustCompile(`(?i)^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s`)
	found := map[string]string{}
	for i, f := range parsed {
		if names[i] == "bound.go" || names[i] == "postgres.go" || names[i] == "migrate.go" {
			continue // the rule itself, the words around a transaction, a lock
		}
		ast.Inspect(f, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			s, ok := value(e)
			if ok && begins.MatchString(s) && strings.Count(s, " ") > 2 {
				found[s] = names[i]
			}
			return !ok // its parts are no queries by themselves
		})
	}
	if len(found) < 60 {
		t.Fatalf("only %d queries found", len(found))
	}
	return found
}

// without replaces the i-th old in s by something that holds nothing.
func without(s, old string, i int) string {
	parts := strings.Split(s, old)
	return strings.Join(parts[:i+1], old) + "1 = 1" + strings.Join(parts[i+1:], old)
}

// What could have happened: on a new database, before anybody has looked at what
// its tables hold, one member is found by walking through all of the fund. An
// import of people with two positions took hours, and so would the first day's
// sign-ins.
func TestNoQueryWalksTheFund(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "aditus.db"), store.Options{Keys: keys.New(nil)})
	ok(t, err, db.Migrate(t.Context()))
	t.Cleanup(func() { ok(t, db.Close()) })
	walks := regexp.MustCompile(`(SEARCH|SCAN) (\w+)( AS \w+)? USING (COVERING )?(INDEX|PRIMARY KEY)?[^(]*\(fund=\?\)$|^SCAN (\w+)$`)
	found := map[string]bool{}
	for q, file := range queries(t) {
		if !regexp.MustCompile(`\b(member|login|id|hash|number|found_by|challenge|operation|key|entry) = \?\d`).MatchString(q) {
			continue // of a whole fund, on purpose
		}
		args := make([]any, strings.Count(q, "?"))
		rows, err := db.SQLite().Query("EXPLAIN QUERY PLAN "+q, args[:highest(q)]...)
		if err != nil {
			t.Errorf("%s: %v: %s", file, err, q)
			continue
		}
		for rows.Next() {
			var id, parent, unused int
			var plan string
			ok(t, rows.Scan(&id, &parent, &unused, &plan))
			found[file] = true
			if m := walks.FindStringSubmatch(plan); m != nil && m[2]+m[6] != "registry" {
				t.Errorf("%s: %s: %s", file, plan, q)
			}
		}
		ok(t, rows.Err(), rows.Close())
	}
	for _, file := range []string{"entry.go", "challenge.go", "session.go", "operation.go"} {
		if !found[file] {
			t.Errorf("no query of %s was looked at", file)
		}
	}
}

// highest is the largest number of a query's parameters.
func highest(q string) (n int) {
	for _, m := range regexp.MustCompile(`\?(\d+)`).FindAllStringSubmatch(q, -1) {
		i, err := strconv.Atoi(m[1])
		if err == nil {
			n = max(n, i)
		}
	}
	return n
}
