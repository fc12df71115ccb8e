// Command doccheck reads every file of the project that git knows or would add
// and names what a reader would stumble over, one line each, then exits 1:
//
//   - a Go package, or something exported, without a doc comment;
//   - a link in a Markdown file to a file or a heading that is not there;
//   - a test, or a script, that a document says shows something and that is not there;
//   - a path of the machine somebody worked on, or the host of a package
//     registry, which a lock file records if it is let;
//   - the name of a shipped fund in Go, outside tests: what differs between
//     funds is in their files (design rule 1).
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

func main() {
	root := "."
	if len(os.Args) == 2 {
		root = os.Args[1]
	}
	complaints, err := check(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "doccheck:", err)
		os.Exit(2)
	}
	for _, c := range complaints {
		fmt.Println(c)
	}
	if len(complaints) > 0 {
		os.Exit(1)
	}
}

// check checks all files below root and returns a line for each complaint, by
// path, in the order of the paths.
func check(root string) ([]string, error) {
	files, err := tracked(root)
	if err != nil {
		return nil, err
	}
	var complaints []string
	funds := fundNames(files)
	there, err := tests(root, files)
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		text, err := os.ReadFile(filepath.Join(root, path))
		if os.IsNotExist(err) {
			continue // deleted, and git has not been told
		}
		if err != nil {
			return nil, err
		}
		if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
			continue // a picture, a font
		}
		complaints = append(complaints, secrets(path, text)...)
		switch {
		case strings.HasSuffix(path, ".md"):
			complaints = append(complaints, links(root, path, text)...)
			if claims(path) {
				complaints = append(complaints, shown(root, path, text, there)...)
			}
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.Contains("/"+path, "/testdata/"):
			complaints = append(complaints, names(path, text, funds)...)
		}
	}
	undocumented, err := docs(root, files)
	return append(complaints, undocumented...), err
}

// tracked are the files git has, and those it would take with `git add .`.
func tracked(root string) ([]string, error) {
	c := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	c.Dir = root
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	files := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	slices.Sort(files)
	return slices.Compact(files), nil
}

// forbidden must stand in no file. They are written in two halves, or this file
// would be the first to be named.
var forbidden = []string{
	"/wo" + "rk/", "/ro" + "ot/",
	"proxy." + "golang.org", "sum." + "golang.org", "registry." + "npmjs.org", "deb." + "debian.org",
	`"resol` + `ved":`,
}

func secrets(path string, text []byte) (complaints []string) {
	for n, line := range bytes.Split(text, []byte("\n")) {
		for _, f := range forbidden {
			if bytes.Contains(line, []byte(f)) {
				complaints = append(complaints, fmt.Sprintf("%s:%d: holds %q", path, n+1, f))
			}
		}
	}
	return complaints
}

// fundNames are the funds that have a file: funds/NAME.toml, funds/NAME.it.toml.
func fundNames(files []string) []string {
	var names []string
	for _, path := range files {
		if dir, file := filepath.Split(path); dir == "funds/" && strings.HasSuffix(file, ".toml") {
			name, _, _ := strings.Cut(file, ".")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func names(path string, text []byte, funds []string) (complaints []string) {
	if len(funds) == 0 {
		return nil
	}
	name := regexp.MustCompile(`(?i)` + strings.Join(funds, "|"))
	for n, line := range bytes.Split(text, []byte("\n")) {
		if found := name.Find(line); found != nil {
			complaints = append(complaints, fmt.Sprintf("%s:%d: names the fund %s: what is its own goes in its file", path, n+1, found))
		}
	}
	return complaints
}
