package deliver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// A Rule says what an answer of a gateway must be like. Both parts hold, where
// they are given; a rule without any is never met.
type Rule struct {
	Status []string // «200», «200-299»
	At     string   // a place in the answer: see parsePlace
	Is     string   // a regular expression for the whole of what stands there; "": anything does
}

// A rule is a Rule, compiled.
type rule struct {
	status [][2]int
	at     *place
	is     *regexp.Regexp
}

func (r Rule) compile() (c rule, err error) {
	for _, s := range r.Status {
		from, to, spread := strings.Cut(s, "-")
		if !spread {
			to = from
		}
		low, err1 := strconv.Atoi(from)
		high, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || low < 200 || high > 599 || low > high {
			return c, fmt.Errorf("status %q is not one as \"200\" or \"200-299\"", s)
		}
		c.status = append(c.status, [2]int{low, high})
	}
	if r.At == "" {
		if r.Is != "" {
			return c, errors.New("says what must stand there, and not where")
		}
		return c, nil
	}
	if c.at, err = parsePlace(r.At); err != nil {
		return c, err
	}
	if r.Is != "" {
		if c.is, err = regexp.Compile(`^(?:` + r.Is + `)$`); err != nil {
			return c, fmt.Errorf("%q is not a regular expression", r.Is)
		}
	}
	return c, nil
}

// met reports whether an answer is as the rule says. A rule about a body that did
// not arrive whole is not met.
func (r rule) met(a answer) bool {
	if len(r.status) == 0 && r.at == nil {
		return false
	}
	in := len(r.status) == 0
	for _, s := range r.status {
		in = in || a.status >= s[0] && a.status <= s[1]
	}
	if !in || r.at == nil {
		return in
	}
	found, ok := r.at.find(a)
	return ok && (r.is == nil || r.is.MatchString(found))
}

// An answer is what a gateway said.
type answer struct {
	status int
	header http.Header
	body   []byte
	whole  bool // the body arrived to its end
}

// A place is where something stands in an answer.
type place struct {
	header string         // this header
	expr   *regexp.Regexp // or what this finds in the body: its first group, or all of it
	path   []string       // or a value of a JSON body
	json   bool
}

// parsePlace reads a place:
//
//	header:X-Message-Id    that header
//	body:^OK (\S+)         what the regular expression finds in the body: its first group, or all of it
//	json:/messages/0/id    that value of a JSON body (a JSON pointer, RFC 6901)
func parsePlace(s string) (*place, error) {
	kind, rest, _ := strings.Cut(s, ":")
	switch {
	case kind == "header" && rest != "":
		return &place{header: http.CanonicalHeaderKey(rest)}, nil
	case kind == "body" && rest != "":
		expr, err := regexp.Compile(rest)
		if err != nil || expr.NumSubexp() > 1 {
			return nil, fmt.Errorf("%q is not a regular expression with at most one group", rest)
		}
		return &place{expr: expr}, nil
	case kind == "json" && (rest == "" || rest[0] == '/'):
		p := &place{json: true}
		for token := range strings.SplitSeq(rest, "/") {
			p.path = append(p.path, strings.NewReplacer("~1", "/", "~0", "~").Replace(token))
		}
		p.path = p.path[1:] // what stands before the first /
		return p, nil
	}
	return nil, fmt.Errorf(`%q is not a place: write "header:NAME", "body:EXPRESSION" or "json:/NAME/0/NAME"`, s)
}

// find is what stands there, if anything does.
func (p *place) find(a answer) (string, bool) {
	switch {
	case p.header != "":
		v := a.header.Get(p.header)
		return v, v != ""
	case !a.whole:
		return "", false
	case p.expr != nil:
		m := p.expr.FindSubmatch(a.body)
		if m == nil {
			return "", false
		}
		return string(m[len(m)-1]), true
	}
	dec := json.NewDecoder(bytes.NewReader(a.body))
	dec.UseNumber() // an id of many digits is that id
	var v any
	if dec.Decode(&v) != nil {
		return "", false
	}
	for _, token := range p.path {
		switch in := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = in[token]; !ok {
				return "", false
			}
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(in) {
				return "", false
			}
			v = in[i]
		default:
			return "", false
		}
	}
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false // null, a list or an object says nothing
}
