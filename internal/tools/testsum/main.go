// Command testsum reads what `go test -json` prints, of one run or of several
// one after the other, and tells a person what matters: each package as it
// ends, each failure with its output, the ten slowest tests, and as its last
// line
//
//	N passed, N failed
//
// with «, N skipped» if there are any. It exits 1 on a failure, on a skip and
// when no test ran at all: a suite that leaves something out has not passed.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	s := newSummary(os.Stdout)
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	if !s.close() {
		os.Exit(1)
	}
}

// An event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
	Elapsed                                                float64 // seconds
}

// A result is how one test ended.
type result struct {
	name    string // package and test
	action  string // pass, fail, skip
	seconds float64
	output  string
}

// A summary is what was read so far.
type summary struct {
	w       io.Writer
	running map[string]*strings.Builder // output by package and test, or by build
	ended   map[string][]result         // by package, until the package ends
	results []result
	broken  []result // packages that failed by themselves: build, panic, time limit
}

func newSummary(w io.Writer) *summary {
	return &summary{w: w, running: map[string]*strings.Builder{}, ended: map[string][]result{}}
}

// read reads events until the end. A line that is none, such as what the go
// command says before the first, is handed on.
func (s *summary) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
				fmt.Fprintln(s.w, strings.TrimSuffix(line, "\n"))
			} else {
				s.hear(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the events: %w", err)
		}
	}
}

func (s *summary) hear(e event) {
	name := e.Package
	if e.Test != "" {
		name += " " + e.Test
	}
	switch e.Action {
	case "output":
		s.said(name).WriteString(e.Output)
	case "build-output":
		s.said(e.ImportPath).WriteString(e.Output)
	case "pass", "fail", "skip":
		r := result{name: name, action: e.Action, seconds: e.Elapsed, output: s.take(name)}
		if e.Test != "" {
			s.ended[e.Package] = append(s.ended[e.Package], r)
			return
		}
		r.output += s.take(e.FailedBuild)
		s.end(e.Package, r)
	}
}

// end closes a package and tells how it went.
func (s *summary) end(pkg string, r result) {
	tests := leaves(s.ended[pkg])
	delete(s.ended, pkg)
	s.results = append(s.results, tests...)
	failed := false
	for _, t := range tests {
		if t.action == "fail" {
			failed = true
			fmt.Fprintf(s.w, "--- FAIL: %s (%.2fs)\n%s", t.name, t.seconds, t.output)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.running)) {
		// What a test said that never ended is where to look, if nothing else failed.
		if !strings.HasPrefix(name, pkg+" ") {
			continue
		}
		if said := s.take(name); r.action == "fail" && !failed {
			fmt.Fprintf(s.w, "--- did not end: %s\n%s", name, said)
		}
	}
	switch {
	case r.action == "fail":
		if !failed {
			s.broken = append(s.broken, r)
		}
		fmt.Fprint(s.w, r.output) // ends with the go command's own line
	case len(tests) > 0:
		fmt.Fprintf(s.w, "ok  \t%s\t%.3fs\t%d tests\n", pkg, r.seconds, len(tests))
	}
}

// close tells the whole and says whether it is good.
func (s *summary) close() bool {
	for pkg := range s.ended { // the go command itself was ended
		s.end(pkg, result{name: pkg, action: "fail", output: "the package did not end\n"})
	}
	count := map[string]int{}
	for _, r := range s.results {
		count[r.action]++
	}
	slowest := slices.Clone(s.results)
	slices.SortStableFunc(slowest, func(a, b result) int { return int((b.seconds - a.seconds) * 1000) })
	fmt.Fprintln(s.w, "\nslowest:")
	for _, r := range slowest[:min(10, len(slowest))] {
		fmt.Fprintf(s.w, "%8.2fs  %s\n", r.seconds, r.name)
	}
	if count["fail"]+len(s.broken) > 0 {
		fmt.Fprintln(s.w, "\nfailed:")
	}
	s.list("fail")
	for _, r := range s.broken {
		fmt.Fprintf(s.w, "  the package %s\n", r.name)
	}
	if count["skip"] > 0 {
		fmt.Fprintln(s.w, "\nskipped, which counts as a failure here:")
	}
	s.list("skip")
	if len(s.results) == 0 {
		fmt.Fprintln(s.w, "no test ran")
	}
	line := fmt.Sprintf("%d passed, %d failed", count["pass"], count["fail"]+len(s.broken))
	if count["skip"] > 0 {
		line += fmt.Sprintf(", %d skipped", count["skip"])
	}
	fmt.Fprintf(s.w, "\n%s\n", line)
	return count["fail"]+count["skip"]+len(s.broken) == 0 && len(s.results) > 0
}

// list names the tests that ended so.
func (s *summary) list(action string) {
	for _, r := range s.results {
		if r.action == action {
			fmt.Fprintf(s.w, "  %s\n", r.name)
		}
	}
}

// leaves leaves out the tests that only hold others, which would count twice.
// Output of a holder is kept if it failed by itself.
func leaves(tests []result) []result {
	holds := map[string]string{} // holder: the worst of what it holds
	for _, t := range tests {
		for name := t.name; strings.Contains(name, "/"); {
			name = name[:strings.LastIndex(name, "/")]
			if holds[name] != "fail" {
				holds[name] = t.action
			}
		}
	}
	return slices.DeleteFunc(tests, func(t result) bool {
		worst, holder := holds[t.name]
		return holder && (t.action != "fail" || worst == "fail")
	})
}

func (s *summary) said(name string) *strings.Builder {
	if s.running[name] == nil {
		s.running[name] = &strings.Builder{}
	}
	return s.running[name]
}

// take gives the output of a name, once.
func (s *summary) take(name string) string {
	b := s.running[name]
	if b == nil {
		return ""
	}
	delete(s.running, name)
	return b.String()
}
