package deliver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// holes is what a gateway's templates may hold, as {to}. Each is escaped for where
// it stands: a text is a value there, and never anything else.
//
//	to         the number, as +393331234567
//	to_digits  the same without the +
//	text       the message
//	from       what the telephone shows
//	id         the outbox row's, the same at each try
//	username, password, basic    the credentials; the last is both, as Basic wants them
var holes = []string{"to", "to_digits", "text", "from", "id", "username", "password", "basic"}

var hole = regexp.MustCompile(`\{([a-z_]+)\}`)

// A pattern is a text with holes. Even parts are text, odd ones name a hole.
type pattern []string

// parsePattern reads a text with holes; only some may stand in it.
func parsePattern(s string, allowed ...string) (pattern, error) {
	var p pattern
	at := 0
	for _, m := range hole.FindAllStringSubmatchIndex(s, -1) {
		name := s[m[2]:m[3]]
		if !slices.Contains(allowed, name) {
			return nil, fmt.Errorf("{%s} cannot stand here: only {%s}", name, strings.Join(allowed, "}, {"))
		}
		p = append(p, s[at:m[0]], name)
		at = m[1]
	}
	return append(p, s[at:]), nil
}

// fill puts values into the holes. What a value holds is not looked at again.
func (p pattern) fill(values map[string]string) string {
	var b strings.Builder
	for i, part := range p {
		if i%2 == 1 {
			part = values[part]
		}
		b.WriteString(part)
	}
	return b.String()
}

// has reports whether a hole stands in it.
func (p pattern) has(name string) bool {
	for i := 1; i < len(p); i += 2 {
		if p[i] == name {
			return true
		}
	}
	return false
}

// A pair is one «name=value» of a query or a form.
type pair struct {
	name  string
	value pattern
}

type pairs []pair

// parsePairs reads a query or form with holes in its values. What is not a hole
// stands in it escaped already, as in any URL.
func parsePairs(s string) (all pairs, err error) {
	if s == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return nil, errors.New("a name or a value is not escaped as in a URL")
		}
		if name == "" || hole.MatchString(name) {
			return nil, errors.New("each part is name=value, with holes in the value only")
		}
		v, err := parsePattern(value, holes...)
		if err != nil {
			return nil, err
		}
		all = append(all, pair{name, v})
	}
	return all, nil
}

func (all pairs) fill(values map[string]string) string {
	var b strings.Builder
	for i, p := range all {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value.fill(values)))
	}
	return b.String()
}

func (all pairs) has(name string) bool {
	return slices.ContainsFunc(all, func(p pair) bool { return p.value.has(name) })
}

// A document is a JSON text with holes in its strings. It is read before they are
// filled and written afterwards, so no value can end the string it stands in.
type document struct{ root any }

func parseDocument(s string) (d document, err error) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber() // a long number stays as it is
	if err := dec.Decode(&d.root); err != nil {
		return d, fmt.Errorf("is not JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return d, errors.New("is not JSON: there is something behind it")
	}
	d.root, err = compileJSON(d.root)
	return d, err
}

// compileJSON makes patterns of the strings.
func compileJSON(v any) (_ any, err error) {
	switch v := v.(type) {
	case string:
		return parsePattern(v, holes...)
	case []any:
		for i := range v {
			if v[i], err = compileJSON(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if hole.MatchString(k) {
				return nil, errors.New("holes stand in values, not in names")
			}
			if v[k], err = compileJSON(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func (d document) fill(values map[string]string) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(fillJSON(d.root, values))
	return strings.TrimSuffix(b.String(), "\n"), err
}

// fillJSON copies a compiled document with its holes filled.
func fillJSON(v any, values map[string]string) any {
	switch v := v.(type) {
	case pattern:
		return v.fill(values)
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = fillJSON(v[i], values)
		}
		return all
	case map[string]any:
		all := make(map[string]any, len(v))
		for k := range v {
			all[k] = fillJSON(v[k], values)
		}
		return all
	}
	return v
}

func (d document) has(name string) bool { return hasJSON(d.root, name) }

func hasJSON(v any, name string) bool {
	switch v := v.(type) {
	case pattern:
		return v.has(name)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return hasJSON(e, name) })
	case map[string]any:
		for _, e := range v {
			if hasJSON(e, name) {
				return true
			}
		}
	}
	return false
}
