package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A sample is what one round brought for a row.
type sample struct {
	value    float64 // a rate, or what the row's unit says
	p50, p99 float64 // ms
	cpu      float64 // ms each
	bound    float64 // the limit, as value
	boundCPU float64
	ratio    float64 // what is measured to its limit
	refused  float64 // 503s
	bare     float64 // of them without Retry-After
	others   float64 // the share of the machine that others took
	least    float64 // the smallest value of all rounds
}

// A row is one line of the table.
type row struct {
	engine, section, name string

	unit    string // of value; "" is a rate
	against string // what the limit is
	aim     string // "" for none
	reached func(sample) bool
	samples []sample
}

// A table is all rows, in the order in which they were first measured.
type table struct{ rows []*row }

// row finds or makes a row.
func (t *table) row(engine, section, name string) *row {
	for _, r := range t.rows {
		if r.engine == engine && r.section == section && r.name == name {
			return r
		}
	}
	r := &row{engine: engine, section: section, name: name}
	t.rows = append(t.rows, r)
	return r
}

func (r *row) limit(what string) { r.against = what }

func (r *row) goal(aim string, reached func(sample) bool) { r.aim, r.reached = aim, reached }

// add adds a round: what a figure has, and s.
func (r *row) add(f figure, s sample) {
	if f.n > 0 {
		s.value, s.cpu, s.others = f.rate(), f.each(), f.others
	}
	if len(f.times) > 0 {
		s.p50, s.p99 = f.at(50), f.at(99)
	}
	r.samples = append(r.samples, s)
}

// middle has the medians of the rounds; of refusals the most, and the least value.
func (r *row) middle() (m sample) {
	of := func(get func(sample) float64) float64 {
		var values []float64
		for _, s := range r.samples {
			values = append(values, get(s))
		}
		return median(values)
	}
	m = sample{value: of(func(s sample) float64 { return s.value }), p50: of(func(s sample) float64 { return s.p50 }),
		p99: of(func(s sample) float64 { return s.p99 }), cpu: of(func(s sample) float64 { return s.cpu }),
		bound: of(func(s sample) float64 { return s.bound }), boundCPU: of(func(s sample) float64 { return s.boundCPU }),
		ratio: of(func(s sample) float64 { return s.ratio }), others: of(func(s sample) float64 { return s.others })}
	m.least = m.value
	for _, s := range r.samples {
		m.refused, m.bare, m.least = max(m.refused, s.refused), max(m.bare, s.bare), min(m.least, s.value)
	}
	return m
}

// spread is the lowest and the highest ratio of the rounds.
func (r *row) spread() (low, high float64) {
	for i, s := range r.samples {
		if i == 0 {
			low, high = s.ratio, s.ratio
		}
		low, high = min(low, s.ratio), max(high, s.ratio)
	}
	return low, high
}

// tooBusy is the share of the machine above which a row is marked: others
// worked on it.
const tooBusy = 0.15

// print writes the table and what it says.
func (b *bench) print(w io.Writer, took time.Duration) {
	fmt.Fprintf(w, "\naditus bench, %s: %s, %d processors, %s; %s; medians of %s, with the lowest and highest ratio\n",
		time.Now().Format(time.DateOnly), processor(), runtime.NumCPU(), runtime.Version(), took.Round(time.Second), rounds(b.rounds))
	fmt.Fprintln(w, "CPU: milliseconds of processor time each, of the server and PostgreSQL, without the load; of a limit, all of its program.")
	fmt.Fprintf(w, "!: others took more than %.0f %% of the machine meanwhile: only CPU and the order of size can be believed, and no verdict.\n", 100*tooBusy)
	engine, section := "-", "-"
	for _, r := range b.table.rows {
		if r.engine != engine {
			engine, section = r.engine, "-"
			fmt.Fprintf(w, "\n%s\n%-58s %10s %9s %9s %8s   %s\n", title(engine), "", "a second", "p50 ms", "p99 ms", "CPU ms", "limit, its CPU ms, ratio, aim")
		}
		if r.section != section {
			section = r.section
			fmt.Fprintf(w, " %s\n", section)
		}
		fmt.Fprintln(w, r.line())
	}
	var missed []string
	aims := 0
	for _, r := range b.table.rows {
		if r.aim == "" {
			continue
		}
		if aims++; !r.reached(r.middle()) {
			missed = append(missed, strings.TrimPrefix(fmt.Sprintf("%s, %s: %s (%s)", r.engine, r.section, r.name, r.aim), ", "))
		}
	}
	fmt.Fprintf(w, "\n%d of %d aims reached.\n", aims-len(missed), aims)
	for _, m := range missed {
		fmt.Fprintln(w, "  not reached: "+m)
	}
}

func rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds taking turns", n)
}

func title(engine string) string {
	switch engine {
	case "SQLite":
		return "SQLite, WAL, synchronous=FULL"
	case "":
		return "The program"
	}
	return engine
}

// line is a row as text.
func (r *row) line() string {
	m := r.middle()
	var b strings.Builder
	name := "  " + r.name
	if r.unit != "" {
		name += ", " + r.unit
	}
	fmt.Fprintf(&b, "%-58s %10s %9s %9s %8s", name, number(m.value), number(m.p50), number(m.p99), number(m.cpu))
	mark := " "
	if m.others > tooBusy {
		mark = "!"
	}
	b.WriteString(mark)
	if r.against != "" {
		fmt.Fprintf(&b, "  %s %s", r.against, number(m.bound))
		if m.boundCPU > 0 {
			fmt.Fprintf(&b, ", %s", number(m.boundCPU))
		}
		low, high := r.spread()
		fmt.Fprintf(&b, ", ratio %.2f", m.ratio)
		if low != high {
			fmt.Fprintf(&b, " (%.2f to %.2f)", low, high)
		}
	}
	if m.refused > 0 {
		fmt.Fprintf(&b, "  %.0f refused", m.refused)
	}
	if r.aim != "" {
		word := "reached"
		if !r.reached(m) {
			word = "NOT REACHED"
		}
		if m.others > tooBusy {
			word += ", in doubt"
		}
		fmt.Fprintf(&b, "  [%s: %s]", r.aim, word)
	}
	return b.String()
}

// number writes three digits or so; nothing for nothing.
func number(v float64) string {
	switch {
	case v == 0:
		return ""
	case v >= 1000:
		text := fmt.Sprintf("%.0f", v)
		for i := len(text) - 3; i > 0; i -= 3 {
			text = text[:i] + "," + text[i:]
		}
		return text
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// processor is what the machine says it is.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// sortRows puts rows of one engine and section together, in the order in which
// each was first met: rounds take turns over engines.
func (t *table) sortRows() {
	first := map[string]int{}
	for i, r := range t.rows {
		for _, key := range []string{r.engine, r.engine + "/" + r.section} {
			if _, ok := first[key]; !ok {
				first[key] = i
			}
		}
	}
	slices.SortStableFunc(t.rows, func(a, b *row) int {
		if d := first[a.engine] - first[b.engine]; d != 0 {
			return d
		}
		return first[a.engine+"/"+a.section] - first[b.engine+"/"+b.section]
	})
}
