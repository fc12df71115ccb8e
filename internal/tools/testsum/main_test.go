package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sum runs the tests of a small module and sums them up.
func sum(t *testing.T, runs int, files map[string]string) (string, bool) {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module m\n\ngo 1.26\n"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	s := newSummary(&said)
	for range runs {
		c := exec.Command("go", "test", "-json", "./...")
		c.Dir = dir
		c.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		out, err := c.Output() // it exits 1 when a test fails
		if len(out) == 0 {
			t.Fatal(err)
		}
		if err := s.read(bytes.NewReader(out)); err != nil {
			t.Fatal(err)
		}
	}
	ok := s.close()
	return said.String(), ok
}

const good = "package a\nimport \"testing\"\nfunc TestA(t *testing.T) { t.Run(\"x\", func(t *testing.T) {}); t.Run(\"y\", func(t *testing.T) {}) }\nfunc TestB(t *testing.T) {}\n"

func TestSummary(t *testing.T) {
	for _, c := range []struct {
		name  string
		runs  int
		files map[string]string
		good  bool
		last  string
		want  []string
	}{
		{"all pass", 1, map[string]string{"a/a_test.go": good, "b/b.go": "package b\n"}, true,
			"3 passed, 0 failed", []string{"ok  \tm/a\t", "3 tests", "slowest:", "m/a TestA/x"}},
		{"twice", 2, map[string]string{"a/a_test.go": good}, true, "6 passed, 0 failed", nil},
		{"a failure", 1, map[string]string{"a/a_test.go": good, "b/b_test.go": "package b\nimport \"testing\"\nfunc TestC(t *testing.T) { t.Run(\"deep\", func(t *testing.T) { t.Error(\"this is why\") }) }\n"}, false,
			"3 passed, 1 failed", []string{"--- FAIL: m/b TestC/deep", "this is why", "failed:\n  m/b TestC/deep"}},
		{"a holder fails by itself", 1, map[string]string{"a/a_test.go": "package a\nimport \"testing\"\nfunc TestC(t *testing.T) { t.Run(\"fine\", func(t *testing.T) {}); t.Error(\"after all\") }\n"}, false,
			"1 passed, 1 failed", []string{"--- FAIL: m/a TestC", "after all"}},
		{"a skip", 1, map[string]string{"a/a_test.go": "package a\nimport \"testing\"\nfunc TestA(t *testing.T) { t.Run(\"x\", func(t *testing.T) { t.Skip(\"no time\") }) }\nfunc TestB(t *testing.T) {}\n"}, false,
			"1 passed, 0 failed, 1 skipped", []string{"counts as a failure here:\n  m/a TestA/x"}},
		{"a panic", 1, map[string]string{"a/a_test.go": "package a\nimport \"testing\"\nfunc TestA(t *testing.T) { panic(\"ouch\") }\nfunc TestB(t *testing.T) {}\n"}, false,
			"0 passed, 1 failed", []string{"panic: ouch"}},
		{"an exit", 1, map[string]string{"a/a_test.go": "package a\nimport (\"os\"; \"testing\")\nfunc TestA(t *testing.T) { os.Exit(3) }\n"}, false,
			"0 passed, 1 failed", []string{"FAIL\tm/a"}},
		{"not Go", 1, map[string]string{"a/a_test.go": good, "b/b_test.go": "package b\nfunc f() { nothing() }\n"}, false,
			"3 passed, 1 failed", []string{"undefined: nothing", "failed:\n  the package m/b"}},
		{"nothing", 1, map[string]string{"b/b.go": "package b\n"}, false, "0 passed, 0 failed", []string{"no test ran"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			said, good := sum(t, c.runs, c.files)
			if good != c.good {
				t.Errorf("good is %v", good)
			}
			lines := strings.Split(strings.TrimSpace(said), "\n")
			if last := lines[len(lines)-1]; last != c.last {
				t.Errorf("the last line is %q, want %q", last, c.last)
			}
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("no %q", want)
				}
			}
			if t.Failed() {
				t.Log(said)
			}
		})
	}
}

// A run that was cut short is none that passed, and what is no event is handed on.
func TestCutShort(t *testing.T) {
	var said bytes.Buffer
	s := newSummary(&said)
	if err := s.read(strings.NewReader("go: something is wrong\n" +
		`{"Action":"pass","Package":"m/a","Test":"TestA","Elapsed":0.1}` + "\n")); err != nil {
		t.Fatal(err)
	}
	if s.close() {
		t.Error("it passed")
	}
	for _, want := range []string{"go: something is wrong\n", "the package did not end", "1 passed, 1 failed"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("no %q in:\n%s", want, said.String())
		}
	}
}
