package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/lane"
	"letterlock/internal/metrics"
)

// A rule says who may reach a route. The zero rule lets nobody through.
type rule int

const (
	forNobody rule = iota
	open           // anybody; the answer is the same for all
	holder         // whoever holds a link; nothing is proved yet
	reader         // a recipient who has proved a mailbox
	securing       // signed in to an account, which may lack the second factor that it needs
	staff          // signed in to an account of the organisation, whatever it may do
	sender         // to one that may send
	auditor        // to one that may see what happened to everybody's messages
	revoker        // to one that may take access away as well, and give it back
	admin          // to one that may do all that but send
	program        // whoever shows a token; the API asks for it
	demo           // anybody, and the route exists in the demo only
)

// A target is what a rule is for.
type target struct{ method, path string }

// An entry is what is fixed for a route beside its handler.
type entry struct {
	rule     rule
	limit    int64         // bytes of a request's body
	deadline time.Duration // of the whole answer
	lane     lane.Name     // in which it is worked on
	byItself bool          // asked by an open page, not by its reader
	lasting  bool          // answered for as long as the page is open
}

// Limits of ordinary requests, and of those that carry a whole message.
const (
	formLimit   = 64 << 10
	pageTime    = 30 * time.Second
	contentTime = time.Hour // a large file over a slow line; each chunk has a limit of its own
)

// An option changes what is fixed for a route.
type option func(*Server, *entry)

// streams is for answers that are as long as an attachment.
func streams(_ *Server, e *entry) { e.deadline = contentTime }

// stays is for answers that last as long as the page that asked is open.
func stays(_ *Server, e *entry) { e.deadline, e.byItself, e.lasting = liveTime, true, true }

// uploads is for a message with its attachments. The handler keeps the exact
// limit; this one is a little wider, for the form around the message.
func uploads(s *Server, e *entry) {
	e.limit = s.MaxUpload + 1<<20
	e.deadline = contentTime
}

// routes is the list of everything that can be asked of the server, by who may.
func (s *Server) routes() {
	// Open to anybody.
	s.get(open, "/healthz", s.health)
	s.get(open, "/readyz", s.readiness)
	s.get(open, "/robots.txt", s.robots)
	s.get(open, "/favicon.ico", s.favicon)
	s.get(open, "/static/*", s.staticFile)
	s.get(open, "/brand/:file", s.brandFile)
	s.get(open, "/check", s.checkPage)
	s.post(open, "/check", s.check)
	s.get(open, "/sign-in", s.signInPage)
	s.post(open, "/sign-in", s.signIn)
	s.post(open, staffLanguageURL, s.chooseStaffLanguage) // open, like that of the portal
	s.get(open, "/password/:token", s.passwordPage)       // the same for all whose link does not work
	s.post(open, "/password/:token", s.setPassword)
	s.post(open, "/sign-out", s.signOut) // open, so that it ends expired sessions, too
	s.post(open, "/portal/sign-out", s.portalSignOut)
	s.get(open, "/portal/signed-out", s.signedOut)
	s.post(open, languageURL, s.chooseLanguage) // open: it is the browser that is answered

	// Whoever holds a link. Nothing of the message may be in an answer.
	s.get(holder, "/m/:token", s.gate)
	s.get(holder, "/m/:token/passcode", s.passcodePage)
	s.post(holder, "/m/:token/passcode", s.askPasscode)
	s.post(holder, "/m/:token/passcode/again", s.resendPasscode)
	s.post(holder, "/m/:token/verify", s.verifyPasscode)
	s.post(holder, "/m/:token/continue", s.continueRemembered)
	s.openIDRoutes()
	s.releaseRoutes()

	// Recipients who have proved their mailbox.
	s.get(reader, "/messages", s.messages)
	s.post(reader, "/messages/browsers/forget", s.forgetBrowsers)
	s.post(reader, "/messages/browsers/:browser/forget", s.forgetBrowser)
	s.get(reader, "/read/:id", s.read)
	s.get(reader, "/read/:id/prove", s.gate)
	s.get(reader, "/read/:id/prove/passcode", s.passcodePage)
	s.post(reader, "/read/:id/prove/passcode", s.askPasscode)
	s.post(reader, "/read/:id/prove/passcode/again", s.resendPasscode)
	s.post(reader, "/read/:id/prove/verify", s.verifyPasscode)
	s.passphraseRoutes()
	s.nameRoutes()
	s.get(reader, "/read/:id/live", s.readLive, stays)
	s.get(reader, "/read/:id/body", s.readBody)
	s.get(reader, "/read/:id/part/:n", s.readPart, streams)
	s.get(reader, "/read/:id/part/:n/mail", s.readMail)
	s.get(reader, "/read/:id/part/:n/mail/body", s.readMailBody)
	s.get(reader, "/read/:id/part/:n/preview", s.readPreview)
	s.get(reader, "/read/:id/attachments.zip", s.downloadAll, streams)
	s.get(reader, "/read/:id/message.eml", s.readOriginal, streams)
	s.answerRoutes()
	s.post(reader, "/read/:id/ask", s.ask)

	// People of the organisation who send.
	s.get(sender, "/sent", s.sent)
	s.get(sender, "/sent/live", s.sentLive, stays)
	s.get(sender, "/sent/:id", s.sentMessage)
	s.get(sender, "/sent/:id/body", s.sentBody)
	s.get(sender, "/sent/:id/part/:n", s.sentPart, streams)
	s.get(sender, "/sent/:id/part/:n/mail", s.sentMail)
	s.get(sender, "/sent/:id/part/:n/mail/body", s.sentMailBody)
	s.get(sender, "/sent/:id/part/:n/preview", s.sentPreview)
	s.get(sender, "/sent/:id/attachments.zip", s.downloadAll, streams)
	s.get(sender, "/sent/:id/message.eml", s.sentOriginal, streams)
	s.get(sender, "/sent/:id/remove", s.removeConfirm)
	s.post(sender, "/sent/:id/remove", s.remove)
	s.post(sender, "/sent/:id/restore", s.restore)
	s.get(sender, "/sent/:id/expiry", s.expiryPage)
	s.post(sender, "/sent/:id/expiry", s.changeExpiry)
	s.get(sender, "/sent/:id/passphrase", s.changePassphrasePage)
	s.post(sender, "/sent/:id/passphrase", s.changePassphrase)
	s.post(sender, "/sent/:id/passphrase/remove", s.removePassphrase)
	s.post(sender, "/sent/:id/requests/:request/approve", s.approveRequest)
	s.post(sender, "/sent/:id/requests/:request/decline", s.declineRequest)
	s.get(sender, "/compose", s.composePage)
	s.post(sender, "/compose", s.compose, uploads)
	s.post(sender, "/compose/recipients", s.composeRecipients, uploads)
	s.uploadRoutes()
	s.securityRoutes()
	s.ssoRoutes()
	// Administrators.
	s.traceRoutes()
	s.bulkRoutes()
	s.reportRoutes()
	s.auditRoutes()
	s.accountRoutes()
	s.tokenRoutes()
	s.ruleRoutes()
	s.brandRoutes()
	s.doctorRoutes()
	s.providerRoutes()
	s.programRoutes()
	if s.Demo == nil {
		s.get(open, "/", s.home)
	} else {
		s.demoRoutes()
	}
}

// demoRoutes are the pages of the demo; nowhere else do they exist.
func (s *Server) demoRoutes() {
	s.get(demo, "/", s.walkthrough)
	s.get(demo, "/inbox/", s.mailboxes)
	s.get(demo, "/inbox/:address", s.mailbox)
	s.get(demo, "/inbox/:address/:seq", s.mailboxMail)
	s.get(demo, "/inbox/:address/:seq/html", s.mailboxHTML)
	s.get(demo, "/inbox/:address/:seq/text", s.mailboxText)
	s.get(demo, "/inbox/:address/:seq/source.eml", s.mailboxSource, streams)
}

// counted are the routes as the metrics know them.
func (s *Server) counted() (list []metrics.Route) {
	for t, e := range s.rules {
		list = append(list, metrics.Route{Method: t.method, Pattern: t.path, Lasting: e.lasting})
	}
	return list
}

// get adds a route for GET, and for HEAD, which must change as little.
func (s *Server) get(r rule, path string, h echo.HandlerFunc, options ...option) {
	s.add(r, http.MethodGet, path, h, options)
	s.add(r, http.MethodHead, path, h, options)
}

// post adds a route for POST.
func (s *Server) post(r rule, path string, h echo.HandlerFunc, options ...option) {
	s.add(r, http.MethodPost, path, h, options)
}

// asGet is GET for HEAD, which goes with it.
func asGet(method string) string {
	if method == http.MethodHead {
		return http.MethodGet
	}
	return method
}

func (s *Server) add(r rule, method, path string, h echo.HandlerFunc, options []option) {
	e := entry{rule: r, limit: formLimit, deadline: pageTime, lane: s.lanes[target{asGet(method), path}]}
	for _, change := range options {
		change(s, &e)
	}
	s.rules[target{method, path}] = e
	s.echo.Add(method, path, h)
}
