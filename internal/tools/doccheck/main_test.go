package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A project with one of every fault, and beside each what is no fault.
func TestCheck(t *testing.T) {
	root := t.TempDir()
	files := map[string]string{
		"funds/sole.toml":                     "name = \"Sole\"\n",
		"funds/sole.it.toml":                  "",
		".gitignore":                          "/ignored/\n",
		"ignored/x.md":                        "[nowhere](nowhere.md)",
		"a/a.go":                              "// Package a has a comment.\npackage a\n\n// Said is.\nfunc Said() {}\n\nfunc Unsaid() {}\n\nfunc inner() {}\n\n// T is.\ntype T struct{}\n\nfunc (*T) Method() {}\n\ntype u struct{}\n\nfunc (u) Fine() {}\n\n// Both are.\nconst (\n\tA = 1\n\tB = 2\n)\n\nvar (\n\tC = 1\n\tD = 2 // D is.\n)\n",
		"a/a_test.go":                         "package a\n\nfunc Loud() string { return \"sole\" }\n",
		"a/testdata/b.go":                     "package b\n\nfunc Unsaid() { println(\"sole\") }\n",
		"c/c.go":                              "package c\n\nconst host = \"SOLE.example\" // and again in a comment: Sole\n",
		"d/d.go":                              "package d\n",
		"d/doc.go":                            "// Package d has its comment here.\npackage d\n",
		"docs/one.md":                         "# One, `two` & [three](two.md)\n\n[a](two.md) [b](two.md#due) [c](#one-two--three) ![d](../funds)\n[e](https://example.org/x) `[f](nope.md)`\n\n```\n[g](nope.md)\n```\n[h]: ../a/a.go\n",
		"docs/explanation/asvs.md":            "TestNowhere, script nowhere\n\n| `a` TestHere, TestGone | `b` TestHere; TestHere |\n| script there, script cli/there, script gone |\n",
		"a/here_test.go":                      "package a\n\nfunc TestHere(t *testing.T) {}\n",
		"cmd/aditus/testdata/there.txtar":     "",
		"cmd/aditus/testdata/cli/there.txtar": "",
		"docs/two.md":                         "## Due\n\n## Due\n\n[a](three.md) [b](one.md#four) [c](#due-1) [d](#due-2) [e](/one.md) [f](sub/x.md \"title\")\n[g]: gone.md\n",
		"web/lock.json":                       "{" + forbidden[6] + " \"https://" + forbidden[4] + "/x\"}\n",
		"scripts/run":                         "cd " + forbidden[0] + "x\n",
		"picture.png":                         "\x89PNG\x00" + forbidden[1],
		"strange & name\t.md":                 "[a](nope.md)\n",
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("git", "-C", root, "init", "-q").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got, err := check(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`c/c.go:3: names the fund SOLE: what is its own goes in its file`,
		`docs/explanation/asvs.md:3: package a has no TestGone`,
		`docs/explanation/asvs.md:3: package b has no TestHere`,
		`docs/explanation/asvs.md:4: there is no script gone`,
		`docs/two.md:5: link to three.md: there is no such file`,
		`docs/two.md:5: link to one.md#four: there is no such heading`,
		`docs/two.md:5: link to #due-2: there is no such heading`,
		`docs/two.md:5: link to /one.md: it begins at the root of a file system`,
		`docs/two.md:5: link to sub/x.md: there is no such file`,
		`docs/two.md:6: link to gone.md: there is no such file`,
		`scripts/run:1: holds "` + forbidden[0] + `"`,
		"strange & name\t.md:1: link to nope.md: there is no such file",
		`web/lock.json:1: holds "` + forbidden[4] + `"`,
		`web/lock.json:1: holds "\"resol` + `ved\":"`,
		`a/a.go:7: Unsaid has no doc comment`,
		`a/a.go:14: Method has no doc comment`,
		`a/a.go:27: C has no doc comment`,
		`c: the package has no doc comment`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("it says\n%s\nwant\n%s", g, w)
	}
}
