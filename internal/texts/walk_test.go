package texts

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The walker reads the project's templates and Go files and holds them to three
// things: every text they name exists in every language and gets what its holes
// need; no letter stands in a template outside an action; and no text of the
// files is left that nothing says.

// families are the beginnings of keys that are put together when the program
// runs: a code, a state, a word of the registry or of the fund's file behind
// them. A key put together in any other way cannot be checked, and fails.
// refusal., mail. and sms. stand here for that; whether each of them is used is
// seen from the code's name in Go.
var families = []string{
	"act.", "field.", "state.", "timeline.", "status.", "kind.", "method.", "reason.", "source.", "role.", "relation.", "country.", "language.",
	"error.", "own.", "size.", "theme.", "confirm.hold_", "confirm.send_", "operation.held_", "code.sent_",
	"otp.for_", "otp.title_", "notice.", "demo.kind.", "channel.task_", "channel_choose.email_", "channel_choose.sms_",
	"refusal.", "mail.", "sms.",
}

// named are the families of which Go names every member by what stands between
// prefix and suffix.
var named = []struct{ prefix, suffix string }{
	{"refusal.", ""}, {"sms.", ""}, {"mail.", ".subject"}, {"mail.", ".text"}, {"notice.", ""},
}

// composed are the refusals whose code Go puts together: of the name of a field
// in the fund's file and what is wrong with it.
var composed = regexp.MustCompile(`^refusal\.\w+_(missing|years)$`)

// always are the holes that Style.Always fills; script those that the page's
// own script fills.
var (
	always = []string{"fund", "phone", "open"}
	script = []string{"m", "s"}
)

// spoken are the attributes that a person hears or reads.
var spoken = []string{"title", "alt", "placeholder", "aria-label", "aria-description", "aria-roledescription",
	"aria-valuetext", "aria-placeholder", "label", "summary"}

// A walker gathers what is wrong, each with its place, and what is used.
type walker struct {
	book  *Book
	wrong []string
	used  map[string]bool // keys
	words map[string]bool // strings of Go files: codes, message keys
}

func newWalker(b *Book) *walker {
	return &walker{book: b, used: map[string]bool{}, words: map[string]bool{}}
}

func (w *walker) say(place, format string, args ...any) {
	w.wrong = append(w.wrong, place+": "+fmt.Sprintf(format, args...))
}

// key is a text named in full, with the holes it is given; all is false if
// they cannot be told.
func (w *walker) key(place, key string, given []string, all bool) {
	m := w.book.common[Languages[0]][key]
	if m == nil {
		w.say(place, "there is no text %q", key)
		return
	}
	w.used[key] = true
	if !all {
		return
	}
	for _, hole := range m.holes {
		if !slices.Contains(given, hole) && !slices.Contains(always, hole) && !slices.Contains(script, hole) {
			w.say(place, "%q needs {%s}", key, hole)
		}
	}
	for _, hole := range given {
		if !slices.Contains(m.holes, hole) {
			w.say(place, "%q has no {%s}", key, hole)
		}
	}
}

// pattern is a key put together when the program runs: parts are what is
// written of it, "" stands for the rest. Every text it may become must get what
// it needs.
func (w *walker) pattern(place string, parts, given []string, all bool) {
	if len(parts) == 0 || parts[0] == "" {
		w.say(place, "a key whose beginning is not written")
		return
	}
	if !hasAnyPrefix(parts[0], families) {
		w.say(place, "a key put together of %q... is of no family in the walker's table", parts[0])
		return
	}
	var like strings.Builder
	for _, p := range parts {
		if p == "" {
			like.WriteString(".+")
		} else {
			like.WriteString(regexp.QuoteMeta(p))
		}
	}
	matches := regexp.MustCompile("^" + like.String() + "$").MatchString
	found := false
	for _, key := range slices.Sorted(maps.Keys(w.book.common[Languages[0]])) {
		if !matches(key) {
			continue
		}
		found = true
		for _, hole := range w.book.common[Languages[0]][key].holes {
			if all && !slices.Contains(given, hole) && !slices.Contains(always, hole) && !slices.Contains(script, hole) {
				w.say(place, "%q needs {%s}", key, hole)
			}
		}
	}
	if !found && !strings.HasPrefix(parts[0], OwnPrefix) {
		w.say(place, "there is no text like %q", strings.Join(parts, "*"))
	}
}

// verbs parts a format at its %s, %d and the like.
func verbs(format string) (parts []string) {
	for i, p := range regexp.MustCompile(`%[a-z]`).Split(format, -1) {
		if i > 0 {
			parts = append(parts, "")
		}
		if p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

// project is the folder that holds go.mod.
func project(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}

// walk reads the whole project: every Go file that is built into it, and every
// template of internal/web and internal/demo.
func walk(t *testing.T) *walker {
	t.Helper()
	w := newWalker(load(t))
	root := project(t)
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			rel = filepath.ToSlash(rel)
			if d.IsDir() {
				if d.Name() == "testdata" || rel == "internal/texts" || rel == "internal/tools" {
					return fs.SkipDir
				}
				return nil
			}
			isGo := strings.HasSuffix(rel, ".go") && !strings.HasSuffix(rel, "_test.go")
			isPage := (strings.HasPrefix(rel, "internal/web/") || strings.HasPrefix(rel, "internal/demo/")) && strings.HasSuffix(rel, ".html")
			if !isGo && !isPage {
				return nil
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if isGo {
				w.goFile(rel, src)
			} else {
				w.template(rel, string(src))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestTextsAreThere(t *testing.T) {
	for _, wrong := range walk(t).wrong {
		t.Error(wrong)
	}
}

// TestNoUnusedTexts fails while pages are still being written: a text nobody
// says is a page that is missing, or a text to take out. It has nothing to say
// before internal/web/page exists.
func TestNoUnusedTexts(t *testing.T) {
	if _, err := os.Stat(filepath.Join(project(t), "internal", "web", "page")); err != nil {
		return
	}
	for _, key := range walk(t).unused() {
		t.Errorf("nothing says %q", key)
	}
}

// unused are the keys that no template and no Go file names.
func (w *walker) unused() (keys []string) {
	for key := range w.book.common[Languages[0]] {
		if !w.used[key] && !w.isNamed(key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (w *walker) isNamed(key string) bool {
	for _, n := range named {
		if strings.HasPrefix(key, n.prefix) && strings.HasSuffix(key, n.suffix) {
			return w.words[strings.TrimSuffix(strings.TrimPrefix(key, n.prefix), n.suffix)] || composed.MatchString(key)
		}
	}
	return hasAnyPrefix(key, families)
}

func hasAnyPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}
