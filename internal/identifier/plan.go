package identifier

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// plansText are the numbering plans of the world, a region a line, those of a
// country's code together and the main one first. It is libphonenumber's
// metadata, written by TestPlans -update from the library that carries it; the
// library itself reads all of it at every start of a program, which took longer
// than the rest of ours and a quarter of its memory.
//
//go:embed plans.tsv
var plansText string

// plans are read when the first number needs them: most numbers are plain ones of
// three countries, and an idle program needs none.
var plans = sync.OnceValue(func() *plansOf { return readPlans(plansText) })

// plansOf are the plans by region and by country's code.
type plansOf struct {
	regions map[string]*plan
	codes   map[string][]*plan // the main region first
}

// A plan is how numbers are made and dialled in one region. A service that is of
// no country, as 800 for calls free of charge, has a code and a plan but no
// region of its own.
type plan struct {
	code      string  // of the country
	abroad    pattern // dialled before another country's code: 00
	prefix    pattern // dialled before a number at home: 0
	transform string  // what a number becomes without the prefix, where that is not just the rest
	leading   pattern // how numbers of this region begin, where several share a code
	all       desc    // every number there is
	local     []int   // lengths that can be dialled in the same place alone
	kinds     [len(kindsOfPlan)]desc
	same      bool // fixed and mobile numbers cannot be told apart
}

// A desc is one kind of numbers: their lengths, none for those of all numbers,
// and their pattern, "" if there are no such numbers.
type desc struct {
	lengths []int
	pattern pattern
}

// kindsOfPlan are the kinds of numbers in the order in which they are tried, by
// our words for them; what is both fixed and mobile is neither alone.
var kindsOfPlan = [...]string{"premium", "toll_free", "shared_cost", "voip", "personal", "pager", "uan", "voicemail", "fixed", "mobile"}

const (
	fixedKind  = 8
	mobileKind = 9
)

// A pattern is a regular expression for the beginning of a number or all of it,
// compiled when it is first used.
type pattern struct {
	text string
	once sync.Once
	expr *regexp.Regexp
}

// compiled is nil for no pattern.
func (p *pattern) compiled(end string) *regexp.Regexp {
	if p.text == "" {
		return nil
	}
	p.once.Do(func() { p.expr = regexp.MustCompile("^(?:" + p.text + ")" + end) })
	return p.expr
}

func (p *pattern) begins(number string) bool {
	e := p.compiled("")
	return e != nil && e.MatchString(number)
}

func (p *pattern) is(number string) bool {
	e := p.compiled("$")
	return e != nil && e.MatchString(number)
}

// readPlans reads the table; TestPlans has proved that it can be.
func readPlans(table string) *plansOf {
	all := &plansOf{regions: map[string]*plan{}, codes: map[string][]*plan{}}
	for line := range strings.Lines(table) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		p := &plan{code: f[1], abroad: pattern{text: f[2]}, prefix: pattern{text: f[3]}, transform: f[4], leading: pattern{text: f[5]}, same: f[6] != "",
			all: readDesc(f[8]), local: numbers(f[7])}
		for i := range p.kinds {
			p.kinds[i] = readDesc(f[9+i])
		}
		if f[0] != "001" {
			all.regions[f[0]] = p
		}
		all.codes[p.code] = append(all.codes[p.code], p)
	}
	return all
}

func readDesc(field string) desc {
	lengths, text, _ := strings.Cut(field, ":")
	return desc{lengths: numbers(lengths), pattern: pattern{text: text}}
}

func numbers(list string) (all []int) {
	for part := range strings.SplitSeq(list, ",") {
		if n, err := strconv.Atoi(part); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// byPlans reads a number in any spelling that spell lets through, by the plans.
func byPlans(s, region string) (string, error) {
	code, national, ok := plans().read(s, region)
	if !ok {
		return "", &Error{KindPhone, "not_valid"}
	}
	kind := plans().kind(code, national)
	if kind != "mobile" {
		return "", &Error{KindPhone, kind}
	}
	return "+" + code + national, nil
}

// read parts a number into a country's code and what is dialled inside it; ok is
// false for what cannot be a number. It decides as libphonenumber does, and
// TestPlansLikeLibrary holds it to that.
func (all *plansOf) read(s, region string) (code, national string, ok bool) {
	s = s[max(0, strings.IndexAny(s, "+0123456789")):]
	unsigned := strings.TrimLeft(s, "+")
	digits := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, unsigned)
	plus := len(unsigned) < len(s)
	home := all.regions[region]
	if len(digits) < 3 || strings.Contains(unsigned, "+") || home == nil && !plus {
		return "", "", false
	}
	code, national, ok = all.abroad(digits, plus, home)
	if !ok && plus { // a + before a number as it is dialled at home
		code, national, ok = all.abroad(digits, false, home)
		ok = ok && code != ""
	}
	if !ok {
		return "", "", false
	}
	p := home
	if code == "" {
		code, national = home.code, digits
	} else {
		p = all.codes[code][0]
	}
	if len(national) < 2 {
		return "", "", false
	}
	// Without its prefix a number must be of a length there is; it may be a short
	// number that only begins like the prefix.
	if rest := p.withoutPrefix(national); p.length(rest) != tooShort {
		national = rest
	}
	return code, national, len(national) >= 2 && len(national) <= 17 // ITU-T E.164 says 15, Germany has longer ones
}

// abroad looks for a country's code before a number. The code is "" if there is
// none, and ok is false if there must be one and is not.
func (all *plansOf) abroad(digits string, plus bool, home *plan) (code, national string, ok bool) {
	if !plus && home != nil {
		if e := home.abroad.compiled(""); e != nil {
			// No country's code begins with 0.
			if at := e.FindStringIndex(digits); at != nil && !strings.HasPrefix(digits[at[1]:], "0") {
				digits, plus = digits[at[1]:], true
			}
		}
	}
	if plus {
		for n := 1; n <= 3 && n <= len(digits) && len(digits) > 2; n++ {
			if len(all.codes[digits[:n]]) > 0 {
				return digits[:n], digits[n:], true
			}
		}
		return "", "", false
	}
	if home == nil || !strings.HasPrefix(digits, home.code) {
		return "", "", true
	}
	// The country's code without a + may be the number's own beginning.
	rest := home.withoutPrefix(digits[len(home.code):])
	if !home.all.pattern.is(digits) && home.all.pattern.is(rest) || home.length(digits) == tooLong {
		return home.code, rest, true
	}
	return "", "", true
}

// withoutPrefix takes off what is dialled before a number at home, unless a
// number would be none without it.
func (p *plan) withoutPrefix(number string) string {
	e := p.prefix.compiled("")
	if e == nil || number == "" {
		return number
	}
	at := e.FindStringSubmatchIndex(number)
	if at == nil {
		return number
	}
	rest := number[at[1]:]
	if p.transform != "" && at[len(at)-2] >= 0 { // the last group of the prefix is there
		rest = e.ReplaceAllString(number, p.transform)
	}
	if p.all.pattern.is(number) && !p.all.pattern.is(rest) {
		return number
	}
	return rest
}

// What length says of a number.
const (
	tooShort = iota // or between the lengths there are, or for one place alone
	rightLength
	tooLong
)

func (p *plan) length(number string) int {
	n := len(number)
	switch {
	case slices.Contains(p.local, n):
		return tooShort
	case slices.Contains(p.all.lengths, n):
		return rightLength
	case n > slices.Max(p.all.lengths):
		return tooLong
	}
	return tooShort
}

// kind is our word for what a number is: "not_valid", or one of kindsOfPlan.
func (all *plansOf) kind(code, national string) string {
	regions := all.codes[code]
	if len(regions) == 1 {
		return regions[0].kind(national)
	}
	for _, p := range regions {
		if p.leading.text != "" {
			if p.leading.begins(national) {
				return p.kind(national)
			}
		} else if kind := p.kind(national); kind != "not_valid" {
			return kind
		}
	}
	return "not_valid"
}

func (p *plan) kind(national string) string {
	if !p.all.is(national) {
		return "not_valid"
	}
	for i := range p.kinds[:fixedKind] {
		if p.kinds[i].is(national) {
			return kindsOfPlan[i]
		}
	}
	fixed, mobile := p.kinds[fixedKind].is(national), p.kinds[mobileKind].is(national)
	switch {
	case fixed && (mobile || p.same):
		// In North America nothing in the number tells the two apart.
		if p.code == "1" {
			return "mobile"
		}
		return "fixed"
	case fixed:
		return "fixed"
	case mobile && !p.same:
		return "mobile"
	}
	return "not_valid"
}

func (d *desc) is(number string) bool {
	return (len(d.lengths) == 0 || slices.Contains(d.lengths, len(number))) && d.pattern.is(number)
}
