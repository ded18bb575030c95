package browsertest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// poll is the pause after the first look at a page that is not yet as wanted. Each pause
// is twice the one before, up to rarely: a look costs some milliseconds of the very
// processor that what is waited for needs.
const (
	poll   = 20 * time.Millisecond
	rarely = 5 * poll
)

// A Page is one tab with cookies of its own, as in a private window. It belongs
// to one test and one goroutine.
type Page struct {
	t         testing.TB
	ctx       context.Context
	track     *tracker
	downloads string // folder
	noScript  bool
	light     bool
	patience  time.Duration
}

// Page opens an empty tab, 1280 by 900 pixels, light, with scripts. It closes
// when t ends.
func (b *Browser) Page(t testing.TB) *Page {
	t.Helper()
	return newPage(t, b.ctx, b.light, chromedp.WithNewBrowserContext())
}

// Tab opens another tab with the cookies of this one, which shows nothing yet. It
// closes when t ends, or the first tab.
func (p *Page) Tab(t testing.TB) *Page {
	t.Helper()
	return newPage(t, p.ctx, p.light, chromedp.WithExistingBrowserContext(chromedp.FromContext(p.ctx).BrowserContextID))
}

func newPage(t testing.TB, in context.Context, light bool, cookies chromedp.ContextOption) *Page {
	t.Helper()
	p := &Page{t: t, light: light, track: newTracker(), downloads: t.TempDir(), patience: Patience}
	ctx, stop := chromedp.NewContext(in, cookies, chromedp.WithListener(p.track.see))
	p.ctx = ctx
	t.Cleanup(stop)
	late := time.AfterFunc(Patience, stop)
	defer late.Stop()
	if err := p.open(); err != nil {
		t.Fatalf("opening a page: %v", err)
	}
	p.SetViewport(1280, 900)
	return p
}

// open makes the tab and has it keep downloads and report them.
func (p *Page) open() error {
	if err := chromedp.Do(p.ctx); err != nil {
		return err
	}
	if err := chromedp.ListenBrowser(p.ctx, p.track.see); err != nil {
		return err
	}
	tree, err := chromedp.Call(p.ctx, page.GetFrameTree, struct{}{})
	if err != nil {
		return err
	}
	p.track.watch(tree.FrameTree.Frame.ID)
	events := true
	_, err = chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior:         browser.SetDownloadBehaviorBehaviorAllowAndName,
		BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
		DownloadPath:     p.downloads,
		EventsEnabled:    &events,
	})
	if err != nil {
		return err
	}
	return p.front(p.ctx, true)
}

// Goto opens an address and waits until it is loaded. An address that starts
// with a slash belongs to the site of the current page. An answer such as 404
// is no failure; ask [Page.Status].
func (p *Page) Goto(address string) {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	absolute, err := p.resolve(address)
	if err != nil {
		p.fatalf("Goto(%q): %v", address, err)
	}
	answer, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: absolute})
	if err == nil && answer.ErrorText != "" && !answer.IsDownload {
		err = errors.New(answer.ErrorText)
	}
	if err != nil {
		p.fatalf("Goto(%q): %v", address, err)
	}
	p.settle(ctx, "Goto(%q)", address)
}

// resolve makes an address absolute.
func (p *Page) resolve(address string) (string, error) {
	here, err := url.Parse(p.URL())
	if err != nil {
		return "", err
	}
	there, err := here.Parse(address)
	if err != nil {
		return "", err
	}
	if !there.IsAbs() || there.Scheme == "about" && address != there.String() {
		return "", errors.New("no site to which this could belong")
	}
	return there.String(), nil
}

// Back goes one page back in the history, as the Back button does: the page may
// come from the browser's memory without a request.
func (p *Page) Back() {
	p.t.Helper()
	p.wants("Back")
	ctx, cancel := p.deadline()
	defer cancel()
	history, err := chromedp.Call(ctx, page.GetNavigationHistory, struct{}{})
	if err != nil {
		p.fatalf("Back: %v", err)
	}
	if history.CurrentIndex < 1 {
		p.fatalf("Back: there is no earlier page")
	}
	before := p.track.commitCount()
	entry := history.Entries[history.CurrentIndex-1].ID
	if _, err := chromedp.Call(ctx, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: entry}); err != nil {
		p.fatalf("Back: %v", err)
	}
	if err := p.track.wait(ctx, func(s *state) bool { return s.commits > before }); err != nil {
		p.fatalf("Back: no page came within %v", p.patience)
	}
	p.settle(ctx, "Back")
}

// wants fails a test whose browser does not do a thing as people's browsers do.
func (p *Page) wants(what string) {
	p.t.Helper()
	if p.light {
		p.fatalf("%s: this is for the whole browser, and not for one that is Light", what)
	}
}

// Reload loads the page again.
func (p *Page) Reload() {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	before := p.track.commitCount()
	_, err := chromedp.Call(ctx, page.Reload, page.ReloadParams{})
	for err != nil && strings.Contains(err.Error(), "Not attached to an active page") {
		// The page is leaving by itself, as an open message does when access ends.
		time.Sleep(poll)
		before = p.track.commitCount()
		_, err = chromedp.Call(ctx, page.Reload, page.ReloadParams{})
	}
	if err != nil {
		p.fatalf("Reload: %v", err)
	}
	if err := p.track.wait(ctx, func(s *state) bool { return s.commits > before }); err != nil {
		p.fatalf("Reload: no page came within %v", p.patience)
	}
	p.settle(ctx, "Reload")
}

// URL is the address of the page that is shown, after all redirects.
func (p *Page) URL() string { return p.track.document().url }

// Path is the path and query of [Page.URL].
func (p *Page) Path() string {
	u, err := url.Parse(p.URL())
	if err != nil {
		return p.URL()
	}
	return u.RequestURI()
}

// Status is the HTTP status with which the shown page came; 0 before the first.
func (p *Page) Status() int { return p.track.document().status }

// settle waits until the page is loaded and no request of its scripts is under way.
func (p *Page) settle(ctx context.Context, format string, args ...any) {
	p.t.Helper()
	if err := p.track.wait(ctx, (*state).quiet); err != nil {
		p.fatalf("%s: the page was still loading after %v", fmt.Sprintf(format, args...), p.patience)
	}
}

// deadline returns the context for one method.
func (p *Page) deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.ctx, p.patience)
}

// until calls try until it returns nil, and otherwise fails the test with its
// last error. Between two tries a page may have gone and another come.
func (p *Page) until(ctx context.Context, try func() error) error {
	var last error
	for pause := poll; ; pause = min(2*pause, rarely) {
		err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err // what the page lacked, not that time ran out while asking
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (after %v)", last, p.patience)
		case <-time.After(pause):
		}
	}
}

// fatalf fails the test and says where the page was.
func (p *Page) fatalf(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s\n\tat %s (status %d)\n\th1: %q", fmt.Sprintf(format, args...), p.URL(), p.Status(), p.heading())
}

// heading is the page's h1 for a failure message, if the page still answers.
func (p *Page) heading() string {
	ctx, cancel := context.WithTimeout(p.ctx, time.Second)
	defer cancel()
	var text string
	if err := p.eval(ctx, `document.querySelector("h1")?.innerText ?? ""`, &text); err != nil {
		return "(no answer: " + err.Error() + ")"
	}
	return text
}
