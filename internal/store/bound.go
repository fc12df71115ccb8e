package store

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

var (
	judged  sync.Map // query -> error or nil
	quoted  = regexp.MustCompile(`'[^']*'`)
	inner   = regexp.MustCompile(`\([^()]*\)`)
	tables  = regexp.MustCompile(`\b(?:FROM|JOIN|UPDATE|INTO)\s+([a-z_]+)`)
	holds   = regexp.MustCompile(`\b(?:WHERE|AND|ON)\s+(?:[a-z_]+\.)?fund = \?1\b`)
	inserts = regexp.MustCompile(`^\s*INSERT INTO [a-z_]+ \(fund,[^()]*\)\s+(?:VALUES \(|SELECT )\?1,`)
	or      = regexp.MustCompile(`(?i)\bOR\b`)

	// What the rule cannot judge is refused: small keywords, quoted names,
	// comments, a second statement, tables or rows listed with a comma.
	plain = regexp.MustCompile(`^\s*(?:SELECT|INSERT|UPDATE|DELETE)\b`)
	odd   = regexp.MustCompile(`\b(?:select|from|join|update|into|delete|insert|union)\b|["\x60;]|--|/\*|` +
		`\b(?:FROM|JOIN)\s+[a-z_]+(?:\s+(?:AS\s+)?[a-z_]+)?\s*,|INSERT[^()]*\([^()]*\)\s+VALUES \([^()]*\)\s*,`)
)

// boundToFund refuses a query that could touch another fund's rows: every
// table it names must be held by «fund = ?1» in the same SELECT, UPDATE or
// DELETE, with no OR beside it; an INSERT must put ?1 into fund first. What is
// written so that this cannot be seen is refused too.
//
// It judges the text, once for each, so that a query which forgets the fund
// fails the first time it runs, and TestEveryQuery fails if it never does.
func boundToFund(q string) error {
	if v, ok := judged.Load(q); ok {
		err, _ := v.(error)
		return err
	}
	err := judge(q)
	judged.Store(q, err)
	return err
}

func judge(q string) error {
	rest := quoted.ReplaceAllString(q, "''")
	if !plain.MatchString(rest) || odd.MatchString(rest) {
		return fmt.Errorf("store: not a query that can be judged: %s", q)
	}
	if strings.HasPrefix(strings.TrimSpace(q), "INSERT") {
		if !inserts.MatchString(q) {
			return fmt.Errorf("store: INSERT without the fund as its first column and ?1: %s", q)
		}
		rest = strings.Replace(rest, "INSERT INTO", "", 1)
	}
	rest = strings.ReplaceAll(rest, "DO UPDATE SET", "") // of the row the INSERT met: same key, same fund
	for part := rest; part != ""; {
		part = inner.FindString(rest) // parentheses from the inside out, the bare query last
		rest = strings.Replace(rest, part, " ", 1)
		if part == "" {
			part, rest = rest, ""
		}
		named, held := len(tables.FindAllString(part, -1)), len(holds.FindAllString(part, -1))
		if held < named || held > 0 && or.MatchString(part) {
			return fmt.Errorf("store: not held to its fund: %s", q)
		}
		if rest == "" {
			return nil
		}
	}
	return nil
}
