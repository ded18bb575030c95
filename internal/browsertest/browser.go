// Package browsertest drives a real Chromium for tests: it opens pages, fills
// forms, clicks what a person would click, and reads what a person would see.
//
// Only test files may import it. Every method waits for what it needs, at most
// [Patience], and fails the test by itself, saying at which URL and under which
// heading the page was. Nothing here runs inside the page's own scripts, so the
// same test works under a strict Content-Security-Policy and, after
// [Page.NoScript], without any script at all.
package browsertest

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is how long a method waits for what it needs before it fails the test,
// and bounds the start of the browser. A machine that is busy with other tests has
// left a page waiting for more than 15 seconds.
const Patience = time.Minute

// errMissing is what a test says on a machine without a browser. It is a
// failure and not a skip: a suite that passes without its browser tests would
// claim more than it checked.
var errMissing = errors.New("chromium is missing: run 'make browsers'")

// A Browser is one headless Chromium with an empty profile. Its pages share
// nothing with each other. It may be used by parallel tests.
type Browser struct {
	ctx   context.Context
	light bool
}

// A setup is how a browser starts.
type setup struct {
	flags []chromedp.ExecAllocatorOption
	light bool
}

// An Option changes how a browser starts.
type Option func(*setup)

func flag(name string, value any) Option {
	return func(s *setup) { s.flags = append(s.flags, chromedp.Flag(name, value)) }
}

// Trust has the browser accept a server's certificate that nobody it knows vouches
// for. Everything else about TLS stays as strict as ever.
func Trust(certificate *x509.Certificate) Option {
	key := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(key[:]))
}

// Light is for tests of pages, and of nothing that is around them. Where it is installed,
// it takes the shell of the browser: the same engine without the windows, bars and
// extensions around it, which do half of a browser's work and more. The shell keeps no
// page for a way back, and has no clipboard: [Page.Back] and [Page.Freeze] fail a test
// that is light, installed or not, for it would pass whatever our pages allow.
func Light(s *setup) {
	s.light = true
	if path, err := exec.LookPath("chromium-headless-shell"); err == nil {
		s.flags = append(s.flags, chromedp.ExecPath(path))
	}
}

// New starts a browser that lives until the test t and its subtests have ended.
// Starting takes about half a second: start one in a test and share it among
// its subtests.
func New(t testing.TB, more ...Option) *Browser {
	t.Helper()
	path, err := find(exec.LookPath)
	if err != nil {
		t.Fatal(err)
	}
	s := &setup{flags: flags(path)}
	for _, change := range more {
		change(s)
	}
	// Not t.Context(): that one ends before clean-ups run, and would kill the
	// browser in the middle of its orderly end.
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), s.flags...)
	ctx, stop := chromedp.NewContext(alloc, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		quit(t, ctx)
		stop()
		stopAlloc()
	})
	// The first Do starts the process and ties it to its context, so the
	// deadline cannot be a context of its own: it would end the browser.
	late := time.AfterFunc(Patience, stop)
	defer late.Stop()
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return &Browser{ctx: ctx, light: s.light}
}

// find returns the path of the first browser that look knows.
func find(look func(string) (string, error)) (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := look(name); err == nil {
			return path, nil
		}
	}
	return "", errMissing
}

// flags are the browser's. Without a user data folder among them, chromedp
// makes an empty one and removes it at the end.
func flags(path string) []chromedp.ExecAllocatorOption {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	for _, name := range []string{
		"no-sandbox", // tests run as root in containers; the pages are our own
		"disable-gpu",
		"disable-quic",
		"no-first-run",
		"disable-background-networking",
		"disable-component-update",
		"disable-sync",
		"disable-dev-shm-usage",
		"disable-crash-reporter",
	} {
		options = append(options, chromedp.Flag(name, true))
	}
	// A sandboxed frame would otherwise be a process of its own, out of reach
	// of FrameText. What the sandbox forbids stays forbidden.
	return append(options, chromedp.Flag("disable-features", "Translate,IsolateSandboxedIframes"))
}

// quit ends the browser in order, so that it leaves no process and no folder
// behind, and gives up after Patience.
func quit(t testing.TB, ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	if err := chromedp.Cancel(ctx); err != nil {
		t.Logf("stopping the browser: %v", err)
	}
}

// Outside has the browser send every request that is not to this machine to the proxy
// at an address, so that a test sees all that leaves.
func Outside(proxy string) Option { return flag("proxy-server", proxy) }

// Through has the browser send every request to the proxy at an address, those to
// this machine too, so that a test sees all that leaves.
func Through(proxy string) Option {
	return func(s *setup) {
		flag("proxy-server", proxy)(s)
		flag("proxy-bypass-list", "<-loopback>")(s)
	}
}
