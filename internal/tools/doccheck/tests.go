package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// What a document says shows something: tests of a package, `challenge` TestKill,
// TestLetters; and a script, script 31-abuse.
var (
	namedTests  = regexp.MustCompile("`([a-z]+)` (Test[A-Z]\\w*(?:, Test[A-Z]\\w*)*)")
	aTest       = regexp.MustCompile(`\bTest[A-Z]\w*`)
	namedScript = regexp.MustCompile(`\bscript ([a-z0-9][a-z0-9/-]*)`)
	testFunc    = regexp.MustCompile(`(?m)^func (Test[A-Z]\w*)\(`)
)

// claims are the files that say which test shows what; every name in them must be
// of a test that is there.
func claims(path string) bool {
	return path == "docs/explanation/threats.md" || path == "docs/explanation/asvs.md"
}

// tests are the test functions there are, by package and name.
func tests(root string, files []string) (map[string]bool, error) {
	found := map[string]bool{}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, m := range testFunc.FindAllSubmatch(text, -1) {
			found[path.Base(path.Dir(file))+" "+string(m[1])] = true
		}
	}
	return found, nil
}

// shown returns a line for each test or script that a document names and that is
// not there.
func shown(root, file string, text []byte, tests map[string]bool) (complaints []string) {
	say := func(line int, format string, args ...any) {
		complaints = append(complaints, fmt.Sprintf("%s:%d: ", file, line)+fmt.Sprintf(format, args...))
	}
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !bytes.HasPrefix(line, []byte("|")) {
			continue // a table says it; the words around it explain
		}
		placed := map[string]bool{}
		for _, m := range namedTests.FindAllSubmatch(line, -1) {
			for _, name := range strings.Split(string(m[2]), ", ") {
				placed[name] = true
				if !tests[string(m[1])+" "+name] {
					say(i+1, "package %s has no %s", m[1], name)
				}
			}
		}
		for _, name := range aTest.FindAllString(string(line), -1) {
			if !placed[name] {
				say(i+1, "%s stands beside no package", name)
			}
		}
		for _, m := range namedScript.FindAllSubmatch(line, -1) {
			if _, err := os.Stat(filepath.Join(root, "cmd/aditus/testdata", string(m[1])+".txtar")); err != nil {
				say(i+1, "there is no script %s", m[1])
			}
		}
	}
	return complaints
}
