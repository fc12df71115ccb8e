// Command bench measures the product beside what the machine itself can do, in
// one run, and says which of the project's aims are reached.
//
// Each figure has its bare limit beside it: the same work without the product,
// measured in the same round. Rounds take turns over engines and sections, and
// the medians are printed: machines change from one minute to the next, ratios
// within a round much less. The load, the server, the database and the limits
// share this machine's processors.
//
// The server is a process of its own, built of internal/app as `aditus serve`
// is, with a post office that hands codes to the load (server.go). Processor
// time is the server's and PostgreSQL's, from /proc, without the load's; where
// there is no server it is this process's, so it holds the little the load
// needs. Linux only.
//
// Journeys, and what operations take among a thousand people and a million, are
// measured in this process and without HTTP, on the funds as they are shipped
// (town.go). Password hashes cost next to nothing there, so that the rest is seen.
// The million takes some minutes to move in, once a run: -people makes it fewer.
//
// PostgreSQL is measured if TEST_POSTGRES names one on this machine, as
// scripts/with-postgres does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"aditus/internal/access"
)

// sections are what is measured, in this order in each round.
var sections = []string{"flows", "writes", "signin", "totp", "passkey", "session", "enrol", "recover", "flat", "start", "memory", "import", "size"}

// A bench is one run.
type bench struct {
	rounds  int
	quick   bool
	rows    int    // of an import
	people  int    // of the large town
	conns   int    // of the server's database pool; 0 is the product's default
	dir     string // everything is in it, and it goes at the end
	profile string // where processor profiles of the server go, "" for none
	keys    string // the key file
	only    []string

	fund    *access.Fund
	table   table
	engines []*engine
	bare    *bareServer
	aditus  string // the product's binary
	barebin string // the bare program's
	pids    []int  // processes of ours, beside this one and PostgreSQL
	file    []byte // the register that is imported
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == childServer {
		exit(serveChild())
	}
	if len(os.Args) > 1 && os.Args[1] == childBare {
		exit(bareChild())
	}
	b := &bench{}
	engine := flag.String("engine", "", "measure sqlite or postgres alone")
	only := flag.String("only", "", "measure these sections alone: "+strings.Join(sections, ","))
	dir := flag.String("dir", "", "where the databases are made; a directory on the disk that is meant")
	flag.IntVar(&b.rounds, "rounds", 5, "how many rounds the medians are of")
	flag.BoolVar(&b.quick, "quick", false, "one short round, to try it")
	flag.IntVar(&b.rows, "rows", 100_000, "rows of an import")
	flag.IntVar(&b.people, "people", 1_000_000, "people of the larger of two towns; a thousand at least")
	flag.IntVar(&b.conns, "conns", 0, "connections of the server to its database; 0 is the product's default")
	flag.StringVar(&b.profile, "profile", "", "a directory for processor profiles of the server, one a figure")
	flag.Parse()
	if b.quick {
		b.rounds, b.rows, b.people = 1, min(b.rows, 20_000), min(b.people, 50_000)
	}
	b.people = max(b.people, few)
	b.only = sections
	if *only != "" {
		b.only = strings.Split(*only, ",")
	}
	for _, name := range b.only {
		if !slices.Contains(sections, name) {
			fmt.Fprintf(os.Stderr, "bench: there is no section %q\n", name)
			os.Exit(2)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(b.run(ctx, *engine, *dir))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run measures everything and prints it.
func (b *bench) run(ctx context.Context, engine, dir string) (err error) {
	begun := time.Now()
	if b.dir, err = os.MkdirTemp(dir, "aditus-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.prepare(ctx, engine); err != nil {
		return err
	}
	for round := range b.rounds {
		for _, e := range b.engines {
			e.limits = commitLimits{} // of another round
			if err := b.round(ctx, e, round); err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
		}
	}
	if b.has("size") {
		if err := b.size(); err != nil {
			return err
		}
	}
	b.table.sortRows()
	b.print(os.Stdout, time.Since(begun))
	return nil
}

// round measures every section once on one engine.
func (b *bench) round(ctx context.Context, e *engine, round int) error {
	for _, s := range []struct {
		name string
		run  func(context.Context, *engine) error
	}{
		{"flows", b.flows}, {"writes", b.writes}, {"signin", b.signIns}, {"totp", b.totps}, {"passkey", b.passkeys}, {"session", b.sessions},
		{"enrol", b.enrols}, {"recover", b.recovers}, {"flat", b.flat}, {"start", b.starts}, {"memory", b.memory}, {"import", b.imports},
	} {
		if !b.has(s.name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "round %d of %d, %s: %s\n", round+1, b.rounds, e.name, s.name)
		if err := s.run(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (b *bench) has(section string) bool { return slices.Contains(b.only, section) }

// span is how long one figure is measured.
func (b *bench) span(d time.Duration) time.Duration {
	if b.quick {
		return d / 3
	}
	return d
}

// build makes a static, stripped program of one of the module's packages, as
// `make build` does.
func (b *bench) build(ctx context.Context, name, pkg string) (string, error) {
	fmt.Fprintf(os.Stderr, "building %s\n", pkg)
	out := filepath.Join(b.dir, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", pkg, err, said)
	}
	return out, nil
}
