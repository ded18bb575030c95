package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"letterlock/internal/apid"
	"letterlock/internal/letterlock"
	"letterlock/internal/live"
	"letterlock/internal/once"
	"letterlock/static"
	"letterlock/views"
)

// visitors are the kinds of people who may ask for a route, in the order of the
// columns of the table below.
var visitors = []struct {
	name string
	kind letterlock.Kind
	as   letterlock.Address
}{
	{"nobody", letterlock.Nobody, ""},
	{"reader of the message", letterlock.Reader, marta},
	{"reader of another mailbox", letterlock.Reader, jonas},
	{"sender", letterlock.Staff, ada},
	{"another sender", letterlock.Staff, eve},
	{"auditor", letterlock.Staff, nora},
	{"revoker", letterlock.Staff, rita},
	{"administrator", letterlock.Staff, olga},
	{"administrator who sends", letterlock.Staff, grace},
}

// A column holds the status for each kind of visitor.
type column [9]int

func all(status int) column {
	return column{status, status, status, status, status, status, status, status, status}
}

// bySenders is for pages that everybody who sends has. Who has proved nothing, or
// only a mailbox, is sent to sign in.
func bySenders(status int) column {
	return column{303, 303, 303, status, status, 403, 403, 403, status}
}

// bySender is for pages about one message: for others who send it does not exist.
// Administrators have their own pages.
func bySender(status int) column {
	return column{303, 303, 303, status, 404, 403, 403, 403, 404}
}

// byStaff is for pages about one's own account.
func byStaff(status int) column {
	return column{303, 303, 303, status, status, status, status, status, status}
}

// byAuditor, byRevoker and byAdmin are for the pages of administrators: each of
// these roles has those of the ones before.
func byAuditor(status int) column {
	return column{303, 303, 303, 403, 403, status, status, status, status}
}

func byRevoker(status int) column {
	return column{303, 303, 303, 403, 403, 403, status, status, status}
}

func byAdmin(status int) column {
	return column{303, 303, 303, 403, 403, 403, 403, status, status}
}

// byReader is for pages about one message. Whoever has proved nothing learns
// nothing, and an account of the organisation is no proof of a mailbox.
func byReader(status int) column {
	return column{403, status, 403, 403, 403, 403, 403, 403, 403}
}

// byHolder is for whoever has the link: who has proved its mailbox goes on to the
// message.
func byHolder(status int) column {
	return column{status, 303, 403, status, status, status, status, status, status}
}

// table says what each kind of visitor gets from each route of the demo, which
// has all of them. A route that is not in it fails the test.
var table = map[string]column{
	"GET /healthz":                        all(200),
	"GET /readyz":                         all(200),
	"GET /robots.txt":                     all(200),
	"GET /favicon.ico":                    all(302),
	"GET /static/*":                       all(200),
	"GET /brand/:file":                    all(200),
	"GET /check":                          all(200),
	"POST /check":                         all(422), // nothing is typed
	"GET /sign-in":                        all(200),
	"POST /sign-in":                       all(422),
	"POST /sign-in/language":              all(422), // nothing is chosen
	"GET /password/:token":                all(200),
	"POST /password/:token":               all(422), // nothing is typed into it
	"POST /sign-out":                      all(303),
	"POST /portal/sign-out":               all(303),
	"GET /portal/signed-out":              all(200),
	"POST /portal/language":               all(422), // nothing is chosen
	"GET /":                               all(200),
	"GET /inbox/":                         all(200),
	"GET /inbox/:address":                 all(200),
	"GET /inbox/:address/:seq":            all(200),
	"GET /inbox/:address/:seq/html":       all(200),
	"GET /inbox/:address/:seq/text":       all(200),
	"GET /inbox/:address/:seq/source.eml": all(200),

	"GET /m/:token":                 byHolder(200),
	"GET /m/:token/passcode":        byHolder(303),
	"POST /m/:token/passcode":       byHolder(303),
	"POST /m/:token/passcode/again": byHolder(303),
	"POST /m/:token/verify":         byHolder(303),
	"POST /m/:token/continue":       byHolder(303),
	"POST /m/:token/openid":         byHolder(404), // there is no provider
	"GET /portal/openid/:provider":  all(404),

	"GET /m/:token/release":                   byHolder(303), // nothing was asked for in this browser
	"POST /m/:token/release":                  byHolder(303),
	"POST /m/:token/release/verify":           byHolder(303),
	"GET /read/:id/prove/release":             byReader(303),
	"POST /read/:id/prove/release":            byReader(303),
	"POST /read/:id/prove/release/verify":     byReader(303),
	"POST /sent/:id/releases/:release/show":   bySender(303), // nobody asked
	"POST /sent/:id/releases/:release/refuse": bySender(303),

	"GET /messages":                           {403, 200, 200, 403, 403, 403, 403, 403, 403},
	"POST /messages/browsers/forget":          {403, 303, 303, 403, 403, 403, 403, 403, 403},
	"POST /messages/browsers/:browser/forget": {403, 303, 303, 403, 403, 403, 403, 403, 403},

	"GET /read/:id":       byReader(200),
	"GET /read/:id/prove": byReader(303), // nothing more is asked for
	"GET /read/:id/live":  byReader(204),
	"GET /read/:id/body":  byReader(200),

	"GET /read/:id/prove/passcode":        byReader(303),
	"POST /read/:id/prove/passcode":       byReader(303),
	"POST /read/:id/prove/passcode/again": byReader(303),
	"POST /read/:id/prove/verify":         byReader(303),
	"POST /read/:id/prove/openid":         byReader(303),
	"GET /read/:id/passphrase":            byReader(303), // none is asked for
	"POST /read/:id/passphrase":           byReader(303),
	"GET /read/:id/name":                  byReader(303),
	"POST /read/:id/name":                 byReader(303),

	"GET /read/:id/part/:n":     byReader(200),
	"GET /read/:id/message.eml": byReader(200),
	"GET /read/:id/reply":       byReader(200),
	"POST /read/:id/reply":      byReader(422), // nothing is written
	"GET /read/:id/reply-all":   byReader(200),
	"POST /read/:id/reply-all":  byReader(422),
	"GET /read/:id/forward":     byReader(200),
	"POST /read/:id/forward":    byReader(422),

	"GET /read/:id/part/:n/mail":      byReader(200),
	"GET /read/:id/part/:n/mail/body": byReader(200),
	"GET /read/:id/part/:n/preview":   byReader(404), // it is no picture
	"GET /sent/:id/part/:n/preview":   bySender(404),
	"GET /read/:id/attachments.zip":   byReader(200),
	"GET /sent/:id/attachments.zip":   bySender(200),

	"GET /sent":                bySenders(200),
	"GET /sent/live":           bySenders(204),
	"GET /compose":             bySenders(200),
	"POST /compose":            bySenders(422),
	"POST /compose/recipients": bySenders(200),

	"POST /compose/uploads":       bySenders(422), // nothing is announced
	"GET /compose/uploads/:id":    bySender(200),
	"PATCH /compose/uploads/:id":  bySenders(422), // without an offset
	"DELETE /compose/uploads/:id": bySenders(204),

	"GET /sent/:id":             bySender(200),
	"GET /sent/:id/body":        bySender(200),
	"GET /sent/:id/part/:n":     bySender(200),
	"GET /sent/:id/message.eml": bySender(200),

	"GET /sent/:id/part/:n/mail":      bySender(200),
	"GET /sent/:id/part/:n/mail/body": bySender(200),
	"GET /sent/:id/remove":            bySender(200),
	"POST /sent/:id/remove":           bySender(303),
	"POST /sent/:id/restore":          bySender(303),
	"GET /sent/:id/expiry":            bySender(200),
	"POST /sent/:id/expiry":           bySender(422), // nothing is chosen

	"GET /sent/:id/passphrase":         bySender(200),
	"POST /sent/:id/passphrase":        bySender(422), // nothing is typed
	"POST /sent/:id/passphrase/remove": bySender(303), // it asks for none

	"POST /read/:id/uploads":           byReader(422), // nothing is announced
	"GET /read/:id/uploads/:upload":    byReader(200),
	"PATCH /read/:id/uploads/:upload":  byReader(422), // without an offset
	"DELETE /read/:id/uploads/:upload": byReader(204),

	"POST /read/:id/ask":                       byReader(303), // it can be read
	"POST /sent/:id/requests/:request/approve": bySender(303), // nobody asked
	"POST /sent/:id/requests/:request/decline": bySender(303),

	"GET /audit-log":                   byAuditor(200),
	"GET /audit-log/export.jsonl":      byAuditor(200),
	"GET /audit-log/checkpoints.jsonl": byAuditor(200),
	"GET /audit-log/public-key.pem":    byAuditor(200),

	"GET /report":              byAuditor(200),
	"GET /report/export.csv":   byAuditor(200),
	"GET /report/export.json":  byAuditor(200),
	"POST /report/chosen.csv":  byAuditor(422), // of nothing
	"GET /api/openapi.json":    all(200),
	"POST /api/openapi.json":   all(405),
	"PUT /api/openapi.json":    all(405),
	"PATCH /api/openapi.json":  all(405),
	"DELETE /api/openapi.json": all(405),
	"GET /api/v1/*":            all(401),
	"POST /api/v1/*":           all(401),
	"PUT /api/v1/*":            all(401),
	"PATCH /api/v1/*":          all(401),
	"DELETE /api/v1/*":         all(401),

	"GET /accounts":                                    byAdmin(200),
	"POST /accounts":                                   byAdmin(422), // nothing is typed
	"GET /accounts/:address":                           byAdmin(200),
	"POST /accounts/:address/roles":                    byAdmin(422), // none
	"POST /accounts/:address/enable":                   byAdmin(303),
	"GET /accounts/:address/disable":                   byAdmin(200),
	"POST /accounts/:address/disable":                  byAdmin(303),
	"GET /accounts/:address/sign-out":                  byAdmin(200),
	"POST /accounts/:address/sign-out":                 byAdmin(303),
	"GET /accounts/:address/reset":                     byAdmin(200),
	"POST /accounts/:address/reset":                    byAdmin(303),
	"GET /doctor":                                      byAdmin(200),
	"POST /doctor":                                     byAdmin(200),
	"GET /rules":                                       byAdmin(200),
	"POST /rules":                                      byAdmin(422), // nothing is typed
	"GET /rules/new":                                   byAdmin(200),
	"GET /rules/try":                                   byAdmin(200),
	"POST /rules/try":                                  byAdmin(422), // nothing is pasted
	"GET /rules/:id":                                   byAdmin(200),
	"POST /rules/:id":                                  byAdmin(422), // nothing is typed
	"POST /rules/:id/up":                               byAdmin(422), // of no version
	"POST /rules/:id/down":                             byAdmin(422), // of no version
	"POST /rules/:id/enable":                           byAdmin(422), // of no version
	"POST /rules/:id/disable":                          byAdmin(422), // of no version
	"GET /rules/:id/delete":                            byAdmin(200),
	"POST /rules/:id/delete":                           byAdmin(422),
	"GET /account/security":                            byStaff(200),
	"GET /account/security/app":                        byStaff(200),
	"POST /account/security/app":                       byStaff(422), // nothing is typed, into the next two neither
	"POST /account/security/app/remove":                byStaff(422),
	"POST /account/security/codes":                     byStaff(422),
	"GET /sign-in/second":                              all(303), // no password was right
	"POST /sign-in/second":                             all(303),
	"GET /sign-in/sso":                                 all(404), // there is no single sign-on, in the next two neither
	"POST /sign-in/sso":                                all(404),
	"POST /account/security/prove":                     byStaff(404),
	"POST /sign-in/second/question":                    all(404), // no password was right
	"POST /sign-in/passkey/question":                   all(200),
	"POST /sign-in/passkey":                            all(422),     // nothing is shown
	"POST /account/security/question":                  byStaff(404), // they have none
	"POST /account/security/passkeys":                  byStaff(422), // nothing is typed
	"POST /account/security/passkeys/made":             byStaff(422), // nothing was begun
	"POST /account/security/passkeys/:id/remove":       byStaff(422), // nothing is typed
	"POST /account/security/passkeys/:id/rename":       byStaff(422), // nothing is typed
	"POST /account/app-passwords":                      byStaff(422), // nothing is typed
	"POST /account/sessions/end-others":                byStaff(303),
	"POST /account/sessions/:id/end":                   byStaff(303), // it is not there any more
	"POST /accounts/:address/sessions/:id/end":         byAdmin(303),
	"POST /account/app-passwords/:id/remove":           byStaff(303), // it is not there any more
	"POST /accounts/:address/app-passwords/:id/remove": byAdmin(303),
	"GET /tokens":                                      byAdmin(200),
	"POST /tokens":                                     byAdmin(422), // nothing is typed
	"GET /tokens/:id/end":                              byAdmin(200),
	"POST /tokens/:id/end":                             byAdmin(303),
	"GET /sign-in-providers":                           byAdmin(200),
	"POST /sign-in-providers":                          byAdmin(200),
	"POST /sign-in-providers/:provider/try":            byAdmin(404), // there is none
	"GET /sign-in-providers/set-up/:guide":             byAdmin(200),
	"POST /sign-in-providers/set-up/:guide":            byAdmin(422), // nothing is filled in
	"POST /sign-in-providers/try-single-sign-on":       byAdmin(404), // there is none
	"POST /sign-in-providers/forget":                   byAdmin(422), // nothing is typed
	"POST /sign-in-providers/forget-browsers":          byAdmin(422), // nothing is typed
	"GET /brands":                                      byAdmin(200),
	"POST /brands":                                     byAdmin(422), // it is no such form
	"GET /brands/new":                                  byAdmin(200),
	"GET /brands/previews/:id/:file":                   byAdmin(404), // it is another administrator's
	"GET /brands/:brand":                               byAdmin(200),
	"POST /brands/:brand":                              byAdmin(422), // it is no such form
	"POST /brands/:brand/test":                         byAdmin(303),
	"GET /brands/:brand/delete":                        byAdmin(200),
	"POST /brands/:brand/delete":                       byAdmin(303),
	"GET /accounts/:address/unbind":                    byAdmin(200),
	"POST /accounts/:address/unbind":                   byAdmin(422), // it is bound to nobody
	"GET /accounts/:address/reset-factor":              byAdmin(200),
	"POST /accounts/:address/reset-factor":             byAdmin(422), // there is none

	"GET /trace":              byAuditor(200),
	"GET /trace/export.csv":   byAuditor(200),
	"GET /trace/export.json":  byAuditor(200),
	"GET /trace/:id":          byAuditor(200),
	"POST /trace/:id/proof":   byAuditor(422), // of nobody
	"GET /trace/:id/revoke":   byRevoker(200),
	"POST /trace/:id/revoke":  byRevoker(303),
	"POST /trace/:id/restore": byRevoker(303),
	"GET /trace/:id/expiry":   byRevoker(200),
	"POST /trace/:id/expiry":  byRevoker(422), // nothing is chosen

	"POST /trace/:id/requests/:request/approve": byRevoker(303), // nobody asked
	"POST /trace/:id/requests/:request/decline": byRevoker(303),

	"GET /trace/:id/destroy":    byAdmin(200),
	"POST /trace/:id/destroy":   byAdmin(422), // nothing is typed
	"GET /bulk":                 byAuditor(200),
	"GET /bulk/new":             byRevoker(200),
	"POST /bulk":                byRevoker(422), // of everything
	"POST /bulk/chosen":         byRevoker(422), // of nothing
	"GET /bulk/:id":             byAuditor(404), // a message is no bulk revocation
	"GET /bulk/:id/progress":    byAuditor(404),
	"GET /bulk/:id/export.csv":  byAuditor(404),
	"GET /bulk/:id/export.json": byAuditor(404),
	"POST /bulk/:id/start":      byRevoker(404),
	"POST /bulk/:id/approve":    byRevoker(404),
	"POST /bulk/:id/discard":    byRevoker(404),
	"POST /bulk/:id/undo":       byRevoker(404),
}

// inDemo gives a world the pages of the demo.
func inDemo(o *Options) {
	o.Demo = &Demo{Steps: func() []views.DemoStep { return nil }}
}

// withAPI gives a world what answers programs.
func withAPI(o *Options) {
	o.API = apid.Handler(apid.Options{
		Access: o.Access, Track: o.Track, Accounts: o.Accounts, Audit: o.AuditLog, Once: &once.Service{DB: o.Accounts.DB, Pepper: o.Accounts.Pepper},
		Who: apid.Bearer(o.Accounts), Now: o.Now, Log: o.Log,
	})
}

// liveSent keeps the Sent folder of a world live.
func liveSent(o *Options) { o.Live = &live.Hub{} }

func TestEveryRouteAnswersEveryVisitorAsTheTableSays(t *testing.T) {
	w := newWorld(t, inDemo, liveSent, withAPI)
	w.server.Demo.Box = w.box
	seen := map[string]bool{}
	for _, route := range w.server.Routes() {
		method := route.Method
		if method == http.MethodHead {
			method = http.MethodGet // HEAD reaches who GET reaches
		}
		name := method + " " + route.Path
		want, ok := table[name]
		if !ok {
			t.Errorf("%s is not in the table: say who may reach it", name)
			continue
		}
		seen[name] = true
		for i, v := range visitors {
			path := w.fill(route.Path)
			b := w.browser().as(v.kind, v.as)
			if a := b.do(route.Method, path, strings.NewReader(""), "application/x-www-form-urlencoded"); a.status != want[i] {
				t.Errorf("%s %s for %s: %d, want %d", route.Method, route.Path, v.name, a.status, want[i])
			}
		}
	}
	for name := range table {
		if !seen[name] {
			t.Errorf("%s is in the table and is no route", name)
		}
	}
}

// fill makes a path of a pattern, for a message that Ada has just sent to Marta.
func (w *world) fill(pattern string) string {
	w.t.Helper()
	if !strings.ContainsRune(pattern, ':') {
		return strings.Replace(pattern, "/static/*", static.Path("css/letterlock.css"), 1)
	}
	if strings.HasPrefix(pattern, "/brand/") {
		return strings.Replace(pattern, ":file", "default.css", 1)
	}
	if strings.HasPrefix(pattern, providersURL+"/set-up/") {
		return strings.Replace(pattern, ":guide", "google", 1)
	}
	if strings.HasPrefix(pattern, "/password/") {
		return w.invite(lena)
	}
	if strings.HasPrefix(pattern, "/accounts/") {
		w.employ(tom)
		return strings.NewReplacer(":address", string(tom), ":id", string(letterlock.NewID())).Replace(pattern)
	}
	if strings.HasPrefix(pattern, "/compose/uploads/") {
		return strings.Replace(pattern, ":id", w.announce(ada, "a.txt", 1), 1)
	}
	if strings.HasPrefix(pattern, "/tokens/") {
		return strings.Replace(pattern, ":id", string(w.token(ada)), 1)
	}
	if strings.HasPrefix(pattern, "/brands/previews/") {
		return "/brands/previews/" + string(w.server.fitting.hang(jonas, w.server.Brands.Of(""))) + "/mail.html"
	}
	if strings.HasPrefix(pattern, "/brands/") {
		return strings.Replace(pattern, ":brand", w.brandBetween(), 1)
	}
	if strings.HasPrefix(pattern, "/rules/") {
		return strings.Replace(pattern, ":id", string(w.ruleBetween()), 1)
	}
	id := w.send(ada, letterlock.EncryptOnly, marta)
	if strings.Contains(pattern, "/:upload") {
		pattern = strings.Replace(pattern, ":upload", w.announceTo(id, marta, "a.txt", 1), 1)
	}
	if strings.Contains(pattern, "/:n/mail") {
		id = w.submit(ada, intakeTo(marta), forwarded())
	}
	return strings.NewReplacer(
		"/m/:token", w.link(marta),
		":id", string(id),
		":request", string(id),
		":release", string(id),
		":browser", string(id),
		":n", strconv.Itoa(w.attachment(id)),
		":address", string(marta),
		":seq", strconv.FormatInt(w.box.Mails(marta)[0].Seq, 10),
	).Replace(pattern)
}

// attachment is the number of the attachment's part.
func (w *world) attachment(id letterlock.ID) int {
	w.t.Helper()
	l, err := w.server.Access.Open(w.t.Context(), w.actors[ada], id)
	if err != nil {
		w.t.Fatal(err)
	}
	return l.Attachments()[0].Part
}

// as gives the browser a session of that kind.
func (b *browser) as(kind letterlock.Kind, a letterlock.Address) *browser {
	b.w.t.Helper()
	if kind == letterlock.Nobody {
		return b
	}
	id, _, err := b.w.server.Sessions.Start(b.w.t.Context(), letterlock.Actor{Kind: kind, Address: a})
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.cookies[hostPrefix+cookieNames[kind]] = id
	return b
}

func TestRouteWithoutARuleDoesNotExist(t *testing.T) {
	w := newWorld(t)
	w.server.echo.GET("/backdoor", func(c echo.Context) error { return c.String(200, "open") })
	w.server.echo.GET("/backdoor/:id", func(c echo.Context) error { return c.String(200, "open") })
	for _, path := range []string{"/backdoor", "/backdoor/1"} {
		a := w.browser().as(letterlock.Staff, grace).get(path)
		if a.status != 404 || a.heading() != "There is no such page" {
			t.Errorf("GET %s: %d %q, want the page for what does not exist", path, a.status, a.heading())
		}
	}
}

func TestDemoPagesExistInTheDemoOnly(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	for _, path := range []string{"/inbox/", "/inbox/" + string(marta), "/inbox/" + string(marta) + "/1", "/inbox/" + string(marta) + "/1/source.eml"} {
		if a := w.browser().get(path); a.status != 404 {
			t.Errorf("GET %s outside the demo: %d, want 404", path, a.status)
		}
	}
}

func TestNoRouteForDebugging(t *testing.T) {
	w := newWorld(t, inDemo)
	w.server.Demo.Box = w.box
	b := w.browser()
	for _, path := range []string{
		"/debug/pprof/", "/debug/vars", "/metrics", "/.git/config", "/.env", "/admin", "/api", "/static/", "/static/../server.go",
		"/static/css/letterlock.css", "/inbox/x/1/../../..", "/brand/", "/m/", "/read/", "//", "/sent/../healthz",
	} {
		if a := b.get(path); a.status != 404 && a.status != 303 {
			t.Errorf("GET %s: %d, want 404", path, a.status)
		}
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	tests := []struct {
		path  string
		allow string
	}{
		{link, "GET, HEAD"}, {link + "/passcode", "GET, HEAD, POST"}, {link + "/verify", "POST"},
		{"/sent", "GET, HEAD"}, {"/portal/sign-out", "POST"}, {"/healthz", "GET, HEAD"},
	}
	for _, tt := range tests {
		for _, method := range []string{"OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY"} {
			a := w.browser().do(method, tt.path, nil, "")
			if a.status != 405 || a.header.Get("Allow") != tt.allow {
				t.Errorf("%s %s: %d, Allow %q; want 405, %q", method, tt.path, a.status, a.header.Get("Allow"), tt.allow)
			}
		}
	}
}

func TestHeadAnswersAsGetDoes(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	for _, p := range []string{"/healthz", "/sign-in", path, path + "/body", "/messages"} {
		get, head := b.get(p), b.do(http.MethodHead, p, nil, "")
		if get.status != head.status || get.header.Get("Content-Security-Policy") != head.header.Get("Content-Security-Policy") {
			t.Errorf("HEAD %s: %d, GET: %d", p, head.status, get.status)
		}
	}
}

// Every URL in a page leads to a route: what a later release brings is absent,
// not a dead link.
func TestPagesLinkOnlyToWhatExists(t *testing.T) {
	w := newWorld(t, inDemo)
	w.server.Demo.Box = w.box
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().as(letterlock.Staff, ada)
	path := b.prove(marta)
	urls := regexp.MustCompile(`(?:href|src|action)="(/[^"]*)"`)
	var patterns []*regexp.Regexp
	for _, r := range w.server.Routes() {
		p := regexp.MustCompile(`:[a-z]+`).ReplaceAllString(regexp.QuoteMeta(r.Path), `[^/]+`)
		patterns = append(patterns, regexp.MustCompile("^"+strings.Replace(p, `/\*`, "/.+", 1)+"$"))
	}
	administrator, bodies := w.browser().signIn(grace), map[string]string{}
	for _, from := range []string{"/trace?sender=ada", "/trace/" + string(id), "/report", "/bulk", "/audit-log", "/accounts", accountURL(ada), "/account/security", "/tokens", "/sign-in-providers", "/sign-in-providers/set-up/another", "/rules", "/rules/new", "/rules/try", "/brands", "/brands/new", "/brands/default", ruleURL(w.ruleBetween())} {
		bodies[from] = administrator.get(from).body
	}
	for _, from := range []string{"/sign-in", "/", "/inbox/", path, "/messages", "/sent", "/sent/" + string(id), "/sent/" + string(id) + "/remove", "/compose", w.link(marta), w.invite(lena), "/password/x"} {
		bodies[from] = b.get(from).body
	}
	for from, body := range bodies {
		for _, found := range urls.FindAllStringSubmatch(body, -1) {
			u, err := url.Parse(found[1])
			if err != nil || !slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(u.Path) }) {
				t.Errorf("%s leads to %s, which is no route", from, found[1])
			}
		}
	}
}
