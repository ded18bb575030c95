package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/lane"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// inLane says in which lane each route is worked on; HEAD goes with GET. A test
// fails for a route that is not here, which would share the narrowest lane there is.
//
// The pages from which access is taken away are in the lane of taking it away: a
// button is of no use to whoever does not get as far as seeing it.
var inLane = map[lane.Name]string{
	lane.Health: "GET /healthz, GET /readyz",
	lane.Revoke: "GET /sent/:id/remove, POST /sent/:id/remove, POST /sent/:id/restore, POST /sign-out, POST /portal/sign-out, " +
		"GET /trace/:id/revoke, POST /trace/:id/revoke, POST /trace/:id/restore, GET /trace/:id/destroy, POST /trace/:id/destroy, " +
		"GET /sent/:id/expiry, POST /sent/:id/expiry, GET /sent/:id/passphrase, POST /sent/:id/passphrase/remove, GET /trace/:id/expiry, POST /trace/:id/expiry, " +
		"POST /bulk/:id/start, POST /bulk/:id/approve, POST /bulk/:id/discard, POST /bulk/:id/undo, " +
		"POST /messages/browsers/forget, POST /sign-in-providers/forget-browsers, POST /messages/browsers/:browser/forget, GET /accounts/:address/disable, " +
		"POST /accounts/:address/disable, GET /accounts/:address/sign-out, POST /accounts/:address/sign-out, GET /tokens/:id/end, POST /tokens/:id/end, " +
		"POST /account/app-passwords/:id/remove, POST /accounts/:address/app-passwords/:id/remove, " +
		"POST /account/sessions/end-others, POST /account/sessions/:id/end, POST /accounts/:address/sessions/:id/end",
	lane.Passcode: "GET /m/:token/passcode, POST /m/:token/passcode, POST /m/:token/passcode/again, POST /m/:token/verify, POST /m/:token/continue, POST /m/:token/openid, POST /read/:id/prove/openid, GET /portal/openid/:provider, " +
		"GET /read/:id/prove/passcode, POST /read/:id/prove/passcode, POST /read/:id/prove/passcode/again, POST /read/:id/prove/verify, GET /read/:id/passphrase, POST /read/:id/passphrase, GET /read/:id/name, POST /read/:id/name, GET /m/:token/release, POST /m/:token/release, POST /m/:token/release/verify, GET /read/:id/prove/release, POST /read/:id/prove/release, POST /read/:id/prove/release/verify",
	lane.SignIn: "POST /sign-in, POST /sign-in/second, POST /account/security/app/remove, POST /account/security/codes, POST /password/:token, POST /account/app-passwords, POST /sign-in/sso, GET /sign-in/sso, POST /account/security/prove, POST /sent/:id/passphrase, POST /sign-in/passkey, POST /account/security/passkeys, POST /account/security/passkeys/made, POST /account/security/passkeys/:id/remove, POST /account/security/passkeys/:id/rename",
	lane.Gate: "GET /m/:token, GET /read/:id/prove, GET /sign-in, GET /sign-in/second, GET /password/:token, GET /portal/signed-out, POST /portal/language, POST /sign-in/language, GET /robots.txt, GET /favicon.ico, " +
		"GET /static/*, GET /brand/:file, GET /, GET /check, POST /check, POST /sign-in/passkey/question, POST /sign-in/second/question, POST /account/security/question",
	lane.Read: "GET /read/:id, GET /read/:id/body, GET /read/:id/part/:n/mail, GET /read/:id/part/:n/mail/body, " +
		"GET /sent/:id, GET /sent/:id/body, GET /sent/:id/part/:n/mail, GET /sent/:id/part/:n/mail/body, " +
		"POST /read/:id/ask, GET /inbox/, GET /inbox/:address, GET /inbox/:address/:seq, GET /inbox/:address/:seq/html, GET /inbox/:address/:seq/text",
	lane.Preview: "GET /read/:id/part/:n/preview, GET /sent/:id/part/:n/preview",
	lane.Compose: "GET /compose, POST /compose, POST /compose/recipients, POST /compose/uploads, GET /compose/uploads/:id, PATCH /compose/uploads/:id, " +
		"DELETE /compose/uploads/:id, GET /read/:id/reply, POST /read/:id/reply, GET /read/:id/reply-all, POST /read/:id/reply-all, " +
		"GET /read/:id/forward, POST /read/:id/forward, " +
		"POST /read/:id/uploads, GET /read/:id/uploads/:upload, PATCH /read/:id/uploads/:upload, DELETE /read/:id/uploads/:upload",
	lane.List: "GET /messages, GET /account/security, GET /account/security/app, POST /account/security/app, GET /sent, GET /trace, GET /trace/:id, POST /trace/:id/proof, GET /report, GET /audit-log, GET /audit-log/public-key.pem, " +
		"GET /bulk, GET /bulk/new, GET /bulk/:id, GET /bulk/:id/progress, GET /accounts, POST /accounts, " +
		"GET /accounts/:address, POST /accounts/:address/roles, POST /accounts/:address/enable, GET /accounts/:address/reset, POST /accounts/:address/reset, GET /accounts/:address/reset-factor, POST /accounts/:address/reset-factor, GET /accounts/:address/unbind, POST /accounts/:address/unbind, " +
		"GET /tokens, POST /tokens, GET /doctor, GET /sign-in-providers, GET /sign-in-providers/set-up/:guide, POST /sign-in-providers/set-up/:guide, POST /sign-in-providers/:provider/try, POST /sign-in-providers/try-single-sign-on, POST /sign-in-providers/forget, GET /rules, POST /rules, GET /rules/new, GET /rules/try, POST /rules/try, GET /rules/:id, POST /rules/:id, " +
		"POST /rules/:id/up, POST /rules/:id/down, POST /rules/:id/enable, POST /rules/:id/disable, GET /rules/:id/delete, POST /rules/:id/delete, " +
		"GET /brands, POST /brands, GET /brands/new, GET /brands/previews/:id/:file, GET /brands/:brand, POST /brands/:brand, POST /brands/:brand/test, GET /brands/:brand/delete, POST /brands/:brand/delete, " +
		"POST /sent/:id/requests/:request/approve, POST /sent/:id/requests/:request/decline, POST /sent/:id/releases/:release/show, POST /sent/:id/releases/:release/refuse, " +
		"POST /trace/:id/requests/:request/approve, POST /trace/:id/requests/:request/decline",
	lane.Live: "GET /read/:id/live, GET /sent/live",
	lane.Download: "GET /read/:id/part/:n, GET /read/:id/attachments.zip, GET /read/:id/message.eml, GET /sent/:id/part/:n, " +
		"GET /sent/:id/attachments.zip, GET /sent/:id/message.eml, GET /inbox/:address/:seq/source.eml",
	lane.Export: "GET /report/export.csv, GET /report/export.json, POST /report/chosen.csv, GET /trace/export.csv, GET /trace/export.json, " +
		"GET /bulk/:id/export.csv, GET /bulk/:id/export.json, " +
		"GET /audit-log/export.jsonl, GET /audit-log/checkpoints.jsonl, POST /bulk, POST /bulk/chosen, POST /doctor, POST /sign-in-providers",
}

// lanes returns the lane of each route.
func lanes() map[target]lane.Name {
	all := map[target]lane.Name{}
	for name, routes := range inLane {
		for route := range strings.SplitSeq(routes, ", ") {
			method, path, _ := strings.Cut(route, " ")
			all[target{method, path}] = name
		}
	}
	return all
}

// enter waits for a place in the lane of the route. A request comes there whole, as
// far as it is short, and leaves with the first byte of its answer: a lane is for
// work of ours, and no client whose line is slow keeps others out of it. Files and
// lists of any length are worked on until their last byte.
//
// Requests of programs find their lane in the API, which knows what they ask for.
func (s *Server) enter(c echo.Context, e entry) (*lane.Pass, error) {
	if e.rule == program {
		return nil, nil
	}
	if r := c.Request(); r.ContentLength != 0 {
		r.Body = http.MaxBytesReader(c.Response().Writer, r.Body, e.limit)
		if e.limit == formLimit {
			if err := readAhead(r); err != nil {
				return nil, err
			}
		}
	}
	pass, err := s.Lanes.Enter(c.Request().Context(), e.lane)
	if err == nil && e.lane != lane.Download && e.lane != lane.Export {
		c.Response().Before(pass.Leave)
	}
	return pass, err
}

// errLines stops a request of somebody who has so many files on their way already.
var errLines = &letterlock.Error{Code: letterlock.Throttled, Key: "lines", RetryAfter: tryAgain}

// lineOf names whom a request counts for that has its place for as long as its client
// takes over it; "" if it is no such request, or nobody's.
func lineOf(e entry, by letterlock.Actor) string {
	if e.deadline <= pageTime || e.lasting || by.Address == "" {
		return ""
	}
	return string(e.lane) + " " + string(by.Kind) + " " + string(by.Address)
}

// readAhead has the whole body of a request in memory.
func readAhead(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &letterlock.Error{Code: letterlock.TooLarge, Err: err}
	}
	if err != nil {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "form", Err: err}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// isFull reports whether an error is the refusal of a lane.
func isFull(err error) bool {
	return letterlock.KeyOf(err) == "full" && errors.Is(err, letterlock.Busy)
}

// failFull answers whoever came to a full lane. There are very many of them when
// there are any, and each has to cost next to nothing: all get one page, which was
// made before, and no line in the log.
func (s *Server) failFull(c echo.Context, err error) {
	setRetryAfter(c, letterlock.RetryAfterOf(err))
	setPolicy(c, policyEnd)
	w := s.words(c)
	page, err := s.busyPage(w)
	if err != nil { // never: it was made when the server was
		page = []byte("busy\n")
	}
	c.Response().Header().Set("Content-Language", w.Tag())
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(page)))
	_ = c.HTMLBlob(http.StatusServiceUnavailable, page) // whoever asked has left
}

// fullPages are the pages for failFull, under the looks that the default brand had.
type fullPages struct {
	under *looks
	html  map[string][]byte // by language
}

// busyPage returns the page for failFull. All of them are made anew only after the default
// brand has changed.
func (s *Server) busyPage(w language.Words) ([]byte, error) {
	look := s.looksOf("")
	if made := s.fullPages.Load(); made != nil && made.under == look {
		return made.html[w.Tag()], nil
	}
	made := &fullPages{under: look, html: map[string][]byte{}}
	for _, w := range slices.Concat(s.Languages.All(), []language.Words{{}}) { // that of staff, too
		var b bytes.Buffer
		page := views.EndPage(views.End{
			Page: views.Page{Words: w, Host: s.PublicURL.Host, Brand: look.page, Demo: s.Demo != nil},
			Kind: views.EndBusy, Wait: w.Length(tryAgain),
		})
		if err := page.Render(context.Background(), &b); err != nil {
			return nil, err
		}
		made.html[w.Tag()] = b.Bytes()
	}
	s.fullPages.Store(made)
	return made.html[w.Tag()], nil
}

// A nowAndThen lets one through a second, and counts the others.
type nowAndThen struct {
	next  atomic.Int64 // moment from which one is let through again
	count atomic.Int64
}

// one reports whether it is time for one more, and how many there were since the last.
func (n *nowAndThen) one() (count int64, yes bool) {
	n.count.Add(1)
	now := time.Now().UnixNano()
	if next := n.next.Load(); now < next || !n.next.CompareAndSwap(next, now+int64(time.Second)) {
		return 0, false
	}
	return n.count.Swap(0), true
}

// logFull says that requests are refused, once in a second at most.
func (s *Server) logFull(c echo.Context) {
	if n, yes := s.full.one(); yes {
		s.Log.Warn("requests are refused: there is more to do than we can manage", "requests", n, "last", c.Path())
	}
}
