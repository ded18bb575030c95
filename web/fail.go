package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/vouch"
	"letterlock/views"
)

// failTime is how long an error page may take.
const failTime = 5 * time.Second

// tryAgain is how long a client is told to wait when we are overloaded.
const tryAgain = 10 * time.Second

// fail answers a request that ended in an error. It alone decides what people
// read of it and under which status; causes stay in the log. It is Echo's
// HTTPErrorHandler.
func (s *Server) fail(err error, c echo.Context) {
	c.Set(errorKey, err)
	if c.Response().Committed {
		return
	}
	if ruleOf(c) == program || strings.HasPrefix(c.Path(), "/api/") {
		s.failProgram(err, c)
		return
	}
	if isFull(err) {
		s.failFull(c, err)
		return
	}
	if errors.Is(err, errSignIn) {
		s.toSignIn(c)
		return
	}
	if errors.Is(err, errLacksFactor) {
		s.toSecurity(c)
		return
	}
	if letterlock.AsksMore(err) && s.toProof(c, err) {
		return
	}
	// The request's own context may be what has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), failTime)
	defer cancel()
	c.SetRequest(c.Request().WithContext(ctx))
	err = s.whichEnd(err, c)
	if ended := (*access.Ended)(nil); errors.As(err, &ended) && !ended.Message.Destroyed {
		wear(c, ended.Message)
	}
	status, page := s.ending(err, c)
	s.clearContent(c)
	setPolicy(c, policyEnd)
	page.Page = s.page(c)
	page.Unsent, _ = c.Get(unsentKey).(string)
	s.addRequest(err, c, &page)
	if page.Kind == views.EndDifferentAddress {
		backToLink(&page, c)
	}
	if status == http.StatusServiceUnavailable {
		setRetryAfter(c, busyFor(err))
	} else if wait := letterlock.RetryAfterOf(err); wait > 0 {
		setRetryAfter(c, wait)
	}
	show := views.EndPage
	if ruleOf(c).ofStaff() && page.Account != nil {
		show, page.Next, page.Own = views.StaffEndPage, s.homeLink(c), ruleOf(c) == sender
	}
	if showErr := s.show(c, status, show(page)); showErr != nil {
		c.Set(errorKey, errors.Join(err, showErr))
		_ = c.NoContent(status) // nothing is left to say it with
	}
}

// clearContent takes back what a handler had promised of an answer that is not
// going to come.
func (s *Server) clearContent(c echo.Context) {
	h := c.Response().Header()
	for _, name := range []string{"Content-Disposition", "Content-Length", "Content-Type", "Content-Language"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
}

func setRetryAfter(c echo.Context, wait time.Duration) {
	c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// toSignIn leads to the page for signing in, and from there back to a page that
// was asked for; a form that was posted has to be sent again, from the page that has it.
func (s *Server) toSignIn(c echo.Context) {
	to, next := "/sign-in", ""
	switch r := c.Request(); r.Method {
	case http.MethodGet:
		next = r.URL.RequestURI()
	case http.MethodPost:
		next = s.formPage(c)
	}
	if next != "" {
		to += "?next=" + urlQuery(next)
	}
	if c.Request().Header.Get("HX-Request") != "" {
		// A redirect would be followed by the script and land inside the page.
		c.Response().Header().Set("HX-Redirect", "/sign-in")
		_ = c.NoContent(http.StatusUnauthorized)
		return
	}
	_ = c.Redirect(http.StatusSeeOther, to)
}

// formPage is the page of a form that was posted: the one of its own path or, where
// there is none, of what stands above it; "" if that is none of staff either.
func (s *Server) formPage(c echo.Context) string {
	pattern, at := c.Path(), c.Request().URL.EscapedPath()
	for pattern != "" && at != "" {
		if e, ok := s.rules[target{http.MethodGet, pattern}]; ok && e.rule.ofStaff() {
			return localPath(at, "")
		}
		pattern, at = pattern[:strings.LastIndexByte(pattern, '/')], at[:strings.LastIndexByte(at, '/')]
	}
	return ""
}

// toProof leads a reader who is to prove more to where that is done, and returns whether
// it has: what was posted is not thrown away, and pages that ask by themselves are told.
func (s *Server) toProof(c echo.Context, err error) bool {
	if r := c.Request(); r.Method != http.MethodGet && r.Method != http.MethodHead || askedByItself(r.Context()) && !isRefresh(c) {
		return false
	}
	to := proveURL
	switch letterlock.KeyOf(err) {
	case letterlock.GivePassphrase:
		to = passphraseURL
	case letterlock.GiveName:
		to = nameURL
	}
	return c.Redirect(http.StatusSeeOther, to(letterlock.ID(c.Param("id")))) == nil
}

// whichEnd finds out which end access came to when it came while a message was
// being opened: the error of that moment says only that it is gone.
func (s *Server) whichEnd(err error, c echo.Context) error {
	if !errors.Is(err, letterlock.Gone) || letterlock.KeyOf(err) != "" || ruleOf(c) != reader {
		return err
	}
	id, parseErr := letterlock.ParseID(c.Param("id"))
	if parseErr != nil {
		return err
	}
	// Watch and not Open: that reads content, which may meet the next end.
	l, again := s.Access.Watch(c.Request().Context(), actor(c), id)
	if again != nil {
		return again
	}
	l.Release()
	return &letterlock.Error{Code: letterlock.Busy, Err: err} // restored meanwhile: the next try will do
}

// ending returns the page and the status for an error.
func (s *Server) ending(err error, c echo.Context) (int, views.End) {
	var ended *access.Ended
	var he *echo.HTTPError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &ended):
		return http.StatusGone, s.speaker(c).endOf(ended)
	case errors.As(err, &he):
		return endOfHTTP(he, c, s)
	case errors.As(err, &tooLarge):
		return s.endOfCode(letterlock.TooLarge, err, c)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return s.endOfCode(letterlock.Busy, err, c)
	}
	return s.endOfCode(letterlock.CodeOf(err), err, c)
}

// endOf is the end of one recipient's access. This is the only place that shows
// the revoked sentence.
func (p speaker) endOf(e *access.Ended) views.End {
	sender := e.Message.Sender
	switch e.State {
	case letterlock.Revoked:
		end := views.End{
			Kind: views.EndRevoked, From: personOf(sender), When: p.when(e.Recipient.Revocation.At),
			RemovedBy: p.Text("end.bySender", "Sender", sender.Called()),
		}
		if e.Recipient.Revocation.Standing == letterlock.ByAdministrator {
			end.ByAdmin, end.RemovedBy = true, p.Text("end.byAdmin", "Brand", p.Brands.Of(e.Message.Brand).In(p.Tag()).Name)
		}
		return end
	case letterlock.Expired:
		return views.End{
			Kind: views.EndExpired, From: personOf(sender),
			When: p.when(e.Message.Expires), Sent: p.when(e.Message.Accepted),
		}
	}
	return views.End{Kind: views.EndNotAvailable}
}

// endOfHTTP is for what Echo and our own middleware refuse before any handler.
func endOfHTTP(he *echo.HTTPError, c echo.Context, s *Server) (int, views.End) {
	switch he.Code {
	case http.StatusNotFound:
		return he.Code, views.End{Kind: views.EndNoPage}
	case http.StatusMethodNotAllowed:
		return he.Code, views.End{Kind: views.EndNoMethod}
	case http.StatusMisdirectedRequest:
		home := s.PublicURL.Scheme + "://" + s.PublicURL.Host + "/"
		return he.Code, views.End{Kind: views.EndWrongHost, Next: views.Link{Text: s.words(c).Text("end.goTo", "Host", s.PublicURL.Host), URL: home}}
	case http.StatusBadRequest, http.StatusUnsupportedMediaType:
		return http.StatusBadRequest, views.End{Kind: views.EndBadForm}
	case http.StatusRequestEntityTooLarge:
		return s.endOfCode(letterlock.TooLarge, he, c)
	}
	return s.endOfCode(letterlock.Internal, he, c)
}

// endOfCode translates our own codes. What is not in it is a fault of ours.
func (s *Server) endOfCode(code letterlock.Code, err error, c echo.Context) (int, views.End) {
	switch code {
	case letterlock.Invalid:
		return http.StatusUnprocessableEntity, views.End{Kind: views.EndBadForm}
	case letterlock.Denied:
		return http.StatusForbidden, s.endOfDenied(err, c)
	case letterlock.NotFound:
		return http.StatusNotFound, s.endOfNotFound(err, c)
	case letterlock.Gone:
		return http.StatusGone, s.endOfGone(err, c)
	case letterlock.TooLarge:
		return http.StatusRequestEntityTooLarge, views.End{Kind: views.EndTooLarge, Limit: s.words(c).Size(s.MaxUpload)}
	case letterlock.Throttled:
		return http.StatusTooManyRequests, s.endOfThrottled(err, c)
	case letterlock.Busy:
		return http.StatusServiceUnavailable, views.End{
			Kind: views.EndBusy, Wait: s.words(c).Length(busyFor(err)), Number: numbered(c), RetryURL: retryURL(c),
		}
	}
	return http.StatusInternalServerError, views.End{Kind: views.EndFault, Number: numbered(c), RetryURL: retryURL(c)}
}

// numbered gives the failure a number that people can quote and the log knows.
func numbered(c echo.Context) string {
	var b [4]byte
	rand.Read(b[:]) // never fails
	number := strings.ToUpper(hex.EncodeToString(b[:2]) + "-" + hex.EncodeToString(b[2:]))
	c.Set(numberKey, number)
	return number
}

// busyFor is how long a client is told to wait when we cannot answer now.
func busyFor(err error) time.Duration {
	if wait := letterlock.RetryAfterOf(err); wait > 0 {
		return wait
	}
	return tryAgain
}

func (s *Server) endOfDenied(err error, c echo.Context) views.End {
	w := s.words(c)
	switch letterlock.KeyOf(err) {
	case "cross-site":
		return views.End{Kind: views.EndCrossSite}
	case "different-address":
		return views.End{Kind: views.EndDifferentAddress}
	case "signed-out":
		return views.End{Kind: views.EndSignedOut}
	case vouch.Elsewhere:
		return views.End{Kind: views.EndSignInElsewhere}
	case letterlock.ProveAgain:
		return views.End{Kind: views.EndProveAgain, Next: views.Link{Text: w.Text("end.enterNew"), URL: proveURL(letterlock.ID(c.Param("id")))}}
	case letterlock.ProveVouched:
		return views.End{Kind: views.EndProveVouched, Next: views.Link{Text: w.Text("end.signInFor"), URL: proveURL(letterlock.ID(c.Param("id")))}}
	case letterlock.GivePassphrase:
		return views.End{Kind: views.EndPassphrase, Next: views.Link{Text: w.Text("passphrase.heading"), URL: passphraseURL(letterlock.ID(c.Param("id")))}}
	case letterlock.GiveName:
		return views.End{Kind: views.EndName, Next: views.Link{Text: w.Text("name.heading"), URL: nameURL(letterlock.ID(c.Param("id")))}}
	case letterlock.OnlyReleased:
		return views.End{Kind: views.EndOnlyReleased, Next: views.Link{Text: w.Text("end.back"), URL: "/read/" + string(actor(c).ProvedFor)}}
	case letterlock.LostPassphrase:
		return views.End{Kind: views.EndLostPassphrase}
	case letterlock.UnknownDemand:
		return views.End{Kind: views.EndUnknownDemand}
	case "do-not-forward":
		return views.End{Kind: views.EndKept, Next: views.Link{Text: w.Text("end.back"), URL: "/read/" + c.Param("id")}}
	}
	if past := (*letterlock.PastRule)(nil); errors.As(err, &past) {
		return views.End{Kind: views.EndRuled, Refused: s.speaker(c).pastRule(past.Latest)}
	}
	if r := ruleOf(c); r.ofStaff() && !actor(c).Is(roles[r]) {
		return views.End{Kind: views.EndRole, Refused: sayText(s.words(c), refusedFor[r])}
	}
	return views.End{Kind: views.EndDenied}
}

// refusedFor says who may reach the routes of a rule to whom may not.
var refusedFor = map[rule]string{
	sender:  "staffEnd.refused.sender",
	auditor: "staffEnd.refused.auditor",
	revoker: "staffEnd.refused.revoker",
	admin:   "staffEnd.refused.admin",
}

// endOfNotFound does not tell recipients a message that never was from one that
// is no more, nor anybody why a link to set a password does not work.
func (s *Server) endOfNotFound(err error, c echo.Context) views.End {
	if letterlock.KeyOf(err) == "account-link" {
		return views.End{Kind: views.EndPasswordLink, Next: views.Link{Text: s.words(c).Text("signIn.title"), URL: "/sign-in"}}
	}
	switch ruleOf(c) {
	case holder, reader:
		return views.End{Kind: views.EndNotAvailable}
	}
	return views.End{Kind: views.EndNoPage}
}

func (s *Server) endOfGone(err error, c echo.Context) views.End {
	if letterlock.KeyOf(err) == "passcode-expired" {
		return views.End{Kind: views.EndPasscodeExpired, Valid: s.words(c).Length(passcodeLasts), AskURL: linkOf(c) + "/passcode"}
	}
	return views.End{Kind: views.EndNotAvailable}
}

func (s *Server) endOfThrottled(err error, c echo.Context) views.End {
	p := s.speaker(c)
	end := views.End{Kind: views.EndSlowDown, Wait: p.wait(letterlock.RetryAfterOf(err))}
	switch letterlock.KeyOf(err) {
	case "too-many-tries", "locked":
		end.Kind, end.Elsewhere = views.EndTooManyTries, letterlock.KeyOf(err) == "locked"
		if ruleOf(c) == holder {
			end.Next = views.Link{Text: p.Text("end.askNew"), URL: linkOf(c)}
			if g, err := s.gateOf(c); err == nil {
				end.Providers = s.providersFor(c, g)
			}
		}
	case "lines":
		end.Kind = views.EndLines
	case "forwards":
		end.Kind, end.Next = views.EndForwards, views.Link{Text: p.Text("end.back"), URL: "/read/" + c.Param("id")}
	case "release-budget":
		end.Kind, end.Next = views.EndAskedEnough, views.Link{Text: p.Text("end.toPasscode"), URL: linkOf(c) + "/passcode"}
	case "budget", "too-soon":
		end.Kind = views.EndTooManyPasscodes
	}
	return end
}

// homeLink is the way on for people of the organisation.
func (s *Server) homeLink(c echo.Context) views.Link {
	text := map[string]string{"/sent": "staffEnd.goToSent", "/trace": "staffEnd.goToMessageTrace"}
	url := homeOf(actor(c))
	return views.Link{Text: sayText(s.words(c), text[url]), URL: url}
}

// retryURL is where the same thing can be tried once more: the page itself, or
// the link that a form belongs to.
func retryURL(c echo.Context) string {
	switch r := c.Request(); {
	case ruleOf(c) == holder:
		return linkOf(c)
	case r.Method == http.MethodGet && ruleOf(c) != forNobody:
		return r.URL.EscapedPath()
	}
	return ""
}
