package browsertest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// A visit is what the browser tells about one window: where it is going, what
// came, and what it complained of. It hears events on chromedp's goroutine.
//
// To know whether a press leads to another page, no clock is asked: Chromium
// says that a navigation was requested before it answers the next question put
// to the same page, so one question after each act is enough.
type visit struct {
	mu       sync.Mutex
	changed  chan struct{} // closed and made anew at every change
	frame    cdp.FrameID   // of the window itself, not of a frame within
	going    bool          // a page was asked for and has not come
	loader   cdp.LoaderID  // the document that is there
	loaded   cdp.LoaderID  // the last one that finished loading
	status   map[cdp.LoaderID]int64
	requests map[network.RequestID]*request
	console  []string
}

// A request is something a document loaded before its load event.
type request struct {
	loader cdp.LoaderID
	bytes  float64
	done   bool
}

func newVisit() *visit {
	return &visit{changed: make(chan struct{}), status: map[cdp.LoaderID]int64{}, requests: map[network.RequestID]*request{}}
}

// setMain says which frame is the window: of a page it is its target's id.
func (v *visit) setMain(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.frame = cdp.FrameID(id)
}

// hear takes note of an event. It must not block and must not call Chromium.
func (v *visit) hear(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		if e.FrameID == v.frame && e.Disposition == page.ClientNavigationDispositionCurrentTab {
			v.going = true
		}
	case *page.EventFrameStartedNavigating:
		// It may be heard after the page has come, hence the loader.
		same := e.NavigationType == page.FrameStartedNavigatingNavigationTypeSameDocument ||
			e.NavigationType == page.FrameStartedNavigatingNavigationTypeHistorySameDocument
		if e.FrameID == v.frame && !same && e.LoaderID != v.loader {
			v.going = true
		}
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" {
			v.going, v.loader = false, e.Frame.LoaderID
		}
	case *page.EventLifecycleEvent:
		if e.FrameID == v.frame && e.Name == "load" {
			v.loaded = e.LoaderID
		}
	case *network.EventRequestWillBeSent:
		// What starts after the load event, such as the icon of the tab, is
		// not waited for by anybody.
		if e.LoaderID != v.loaded && !strings.HasPrefix(e.Request.URL, "data:") {
			v.requests[e.RequestID] = &request{loader: e.LoaderID}
		}
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument && e.FrameID == v.frame {
			v.status[e.LoaderID] = e.Response.Status
		}
	case *network.EventLoadingFinished:
		if r := v.requests[e.RequestID]; r != nil {
			r.bytes, r.done = e.EncodedDataLength, true
		}
	case *network.EventLoadingFailed:
		if r := v.requests[e.RequestID]; r != nil {
			r.done = true
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			v.console = append(v.console, "console: "+said(e.Args))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		v.console = append(v.console, "exception: "+text)
	case *log.EventEntryAdded:
		v.console = append(v.console, v.complaint(e.Entry)...)
	default:
		return
	}
	close(v.changed)
	v.changed = make(chan struct{})
}

// complaint is what an entry of the browser's log says, if it is an error. That
// a page of ours came with a status such as 422 is none; a part of it that did
// not come is.
func (v *visit) complaint(e *log.Entry) []string {
	if e.Level != log.EntryLevelError && e.Source != log.EntrySourceSecurity {
		return nil
	}
	if r := v.requests[e.NetworkRequestID]; r != nil && cdp.LoaderID(e.NetworkRequestID) == r.loader {
		return nil // a document's request has the id of its loader
	}
	return []string{fmt.Sprintf("%s: %s %s", e.Source, e.Text, e.URL)}
}

func said(args []*runtime.RemoteObject) string {
	var b strings.Builder
	for _, a := range args {
		if a.Description != "" {
			fmt.Fprintf(&b, "%s ", a.Description)
		} else {
			fmt.Fprintf(&b, "%s ", strings.Trim(string(a.Value), `"`))
		}
	}
	return strings.TrimSpace(b.String())
}

// until waits for a condition over what was heard. The condition runs with the
// lock held.
func (v *visit) until(ctx context.Context, what string, ok func() bool) error {
	for {
		v.mu.Lock()
		done, changed := ok(), v.changed
		v.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		}
	}
}

// arrived waits until nothing was asked for that has not come, and what is
// there has loaded with all its parts.
func (v *visit) arrived(ctx context.Context) error {
	return v.until(ctx, "waiting for the page", func() bool { return !v.going && v.loaded == v.loader })
}

// leave notes that a page was asked for by the harness itself.
func (v *visit) leave() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.going = true
}

// stay takes leave back, for what turns out to lead to the same document.
func (v *visit) stay() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.going = false
}
