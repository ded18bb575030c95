package browsertest

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// A document is the answer from which a page was made.
type document struct {
	url    string
	status int
}

// A download is a file that the browser was given to keep.
type download struct {
	guid, name string
	state      browser.DownloadProgressState
}

// state is what the browser's events have told about one page so far.
type state struct {
	frame     cdp.FrameID // of the main document
	docs      map[cdp.LoaderID]document
	shown     document
	commits   int               // documents shown so far
	pending   network.RequestID // request for the next document
	loading   bool              // from the request for a document to its load event
	scripts   map[network.RequestID]bool
	activity  int // grows with each request that a click may have caused
	downloads []download
	problems  []Problem
}

// quiet reports whether nothing is on its way.
func (s *state) quiet() bool { return !s.loading && len(s.scripts) == 0 }

// A tracker keeps the state of a page. The browser tells of events in order,
// and of those before an answer to a command before that answer, so what a
// method sees after a command is never older than the command.
type tracker struct {
	mu      sync.Mutex
	state   state
	changed chan struct{} // closed and replaced whenever state changes
}

func newTracker() *tracker {
	return &tracker{
		state: state{
			docs:    map[cdp.LoaderID]document{},
			scripts: map[network.RequestID]bool{},
			shown:   document{url: "about:blank"},
		},
		changed: make(chan struct{}),
	}
}

// watch names the main frame, which the browser made before anybody listened.
func (k *tracker) watch(frame cdp.FrameID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state.frame = frame
}

// see takes one event of the browser.
func (k *tracker) see(event any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := &k.state
	switch e := event.(type) {
	case *page.EventFrameNavigated:
		s.navigated(e)
	case *page.EventNavigatedWithinDocument:
		if e.FrameID == s.frame {
			s.shown.url = e.URL
			s.commits++
			s.activity++
		}
	case *page.EventLoadEventFired:
		s.loading, s.pending = false, ""
	case *page.EventFrameStoppedLoading:
		if e.FrameID == s.frame {
			s.loading, s.pending = false, ""
		}
	case *network.EventRequestWillBeSent:
		s.requested(e)
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument && e.FrameID == s.frame {
			s.docs[e.LoaderID] = document{e.Response.URL, int(e.Response.Status)}
		}
	case *network.EventLoadingFinished:
		delete(s.scripts, e.RequestID)
	case *network.EventLoadingFailed:
		s.failed(e)
	case *browser.EventDownloadWillBegin:
		if e.FrameID == s.frame {
			s.activity++ // a link with a download attribute makes no request of the page
			s.downloads = append(s.downloads, download{guid: e.GUID, name: filepath.Base(e.SuggestedFilename)})
		}
	case *browser.EventDownloadProgress:
		s.progressed(e)
	case *runtime.EventConsoleAPICalled, *runtime.EventExceptionThrown, *log.EventEntryAdded:
		s.complain(e)
	default:
		return
	}
	close(k.changed)
	k.changed = make(chan struct{})
}

// navigated notes that the page shows another document.
func (s *state) navigated(e *page.EventFrameNavigated) {
	if e.Frame.ParentID != "" {
		return
	}
	s.frame = e.Frame.ID
	s.commits++
	s.activity++
	clear(s.scripts) // their page is gone, and with it their end
	s.shown = document{url: e.Frame.URL + e.Frame.URLFragment, status: s.docs[e.Frame.LoaderID].status}
	if e.Type == page.NavigationTypeBackForwardCacheRestore {
		s.loading, s.pending = false, "" // it comes complete, without a load event
	}
}

// liveHeader marks the requests that open pages make by themselves, at any time.
// No click is their cause, and no page waits for them.
const liveHeader = "Letterlock-Live"

// requested notes a request for a document, or of a script.
func (s *state) requested(e *network.EventRequestWillBeSent) {
	switch e.Type {
	case network.ResourceTypeDocument:
		if e.FrameID == s.frame {
			s.pending, s.loading = e.RequestID, true
			s.activity++
		}
	case network.ResourceTypeXHR, network.ResourceTypeFetch:
		if _, byItself := e.Request.Headers[liveHeader]; byItself {
			return
		}
		s.scripts[e.RequestID] = true
		s.activity++
	}
}

// failed notes the end of a request without an answer to show. A download ends
// its request for a document in this way too.
func (s *state) failed(e *network.EventLoadingFailed) {
	delete(s.scripts, e.RequestID)
	if e.RequestID == s.pending {
		s.loading, s.pending = false, ""
	}
}

// progressed notes how far a download is.
func (s *state) progressed(e *browser.EventDownloadProgress) {
	for i := range s.downloads {
		if s.downloads[i].guid == e.GUID {
			s.downloads[i].state = e.State
		}
	}
}

// wait returns as soon as done holds, or with the error of ctx.
func (k *tracker) wait(ctx context.Context, done func(*state) bool) error {
	for {
		k.mu.Lock()
		finished, changed := done(&k.state), k.changed
		k.mu.Unlock()
		if finished {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

func (k *tracker) document() document {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state.shown
}

func (k *tracker) commitCount() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state.commits
}

func (k *tracker) activityCount() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state.activity
}

func (k *tracker) allDownloads() []download {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.state.downloads)
}

// refused returns the addresses of documents that came with an error status.
func (s *state) refused() map[string]bool {
	urls := map[string]bool{}
	for d := range maps.Values(s.docs) {
		if d.status >= 400 {
			urls[d.url] = true
		}
	}
	return urls
}
