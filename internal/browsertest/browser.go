// Package browsertest drives a real Chromium through the pages of the product
// as a person would: it finds a field by its visible label and a button or a
// link by its visible text, presses where a finger would press, and shows the
// page as text when something is not as it should be. It works the same with
// the page's scripts switched off.
//
// A test package calls [Main] from its TestMain and [New] in each test. Without
// a Chromium a test fails; it is never skipped.
//
// Only tests import this package.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// shared is the one Chromium of a test binary. It is a variable of the package
// because [testing.M] has no place to keep a value; nothing but Main and New
// touches it.
var shared browser

// A browser is a Chromium process, started when first asked for.
type browser struct {
	main  bool // Main is there to stop it
	once  sync.Once
	root  context.Context // of chromedp, holds the process
	ended []context.CancelFunc
	err   error
}

// Main runs the tests of a package, then stops the Chromium that the first
// call of New started, if any, and removes its files. It returns the exit code:
//
//	func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }
func Main(m *testing.M) int {
	shared.main = true
	defer shared.stop()
	return m.Run()
}

// names are what Chromium is called on the systems we know of.
var names = []string{"chromium", "chromium-browser", "google-chrome", "headless_shell"}

// patience is how long anything may take before it counts as not happening: a
// bound against hanging, not a figure that is tested.
const patience = 30 * time.Second

// start starts Chromium with a profile of its own, which chromedp removes.
func (b *browser) start() {
	var path string
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		b.err = errors.New("there is no Chromium on this machine: run scripts/setup")
		return
	}
	// As root chromedp adds --no-sandbox; otherwise the sandbox stays.
	alloc, end := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path),
		chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // small in containers
		chromedp.Flag("disable-extensions", true),
		// A page that comes back from memory has no load event, and a test
		// wants to see what the server says to somebody who goes back.
		chromedp.Flag("disable-features", "BackForwardCache,Translate"),
		// Nothing but this machine: a page that asks for anything else is wrong.
		chromedp.Flag("host-resolver-rules", "MAP localhost 127.0.0.1, MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	b.ended = append(b.ended, end)
	root, end := chromedp.NewContext(alloc)
	b.ended = append(b.ended, end)
	tooLong := time.AfterFunc(patience, end)
	defer tooLong.Stop()
	if err := chromedp.Do(root); err != nil {
		b.err = fmt.Errorf("starting %s: %w", path, err)
		return
	}
	b.root = root
}

func (b *browser) stop() {
	for i := len(b.ended) - 1; i >= 0; i-- {
		b.ended[i]()
	}
}

// Options say what the person has before them. The zero value is a desk: a
// window of 1280 by 900 px, scripts on, no language preferred.
type Options struct {
	Width, Height int    // of the window, in CSS pixels
	NoJS          bool   // the page's scripts do not run
	Lang          string // the Accept-Language header
}

// New opens an empty window with no cookies, which is closed at the end of the
// test. A Page belongs to its test's goroutine; tests with a Page of their own
// may run in parallel.
func New(t testing.TB, o Options) *Page {
	t.Helper()
	if !shared.main {
		t.Fatal("browsertest: this package's TestMain does not call browsertest.Main")
	}
	shared.once.Do(shared.start)
	if shared.err != nil {
		t.Fatalf("browsertest: %v", shared.err)
	}
	p := &Page{t: t, visit: newVisit()}
	ctx, end := chromedp.NewContext(shared.root, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.visit.hear))
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("browsertest: opening a window: %v", err)
	}
	p.ctx = ctx
	p.visit.setMain(string(chromedp.FromContext(ctx).Target.TargetID))
	p.prepare()
	if o.Width == 0 {
		o.Width = 1280
	}
	if o.Height == 0 {
		o.Height = 900
	}
	p.Size(o.Width, o.Height)
	p.JS(!o.NoJS)
	if o.Lang != "" {
		p.Lang(o.Lang)
	}
	return p
}

// In is the same window for a part of its test: what goes wrong in t fails t.
func (p *Page) In(t testing.TB) *Page {
	q := *p
	q.t = t
	return &q
}
