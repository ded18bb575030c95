// Package web is the edge that speaks HTTP: the recipient's portal, the pages of
// the organisation's own people and, where there is one, the demo.
//
// A handler reads the request, calls one method of a use case and shows the
// result; it decides nothing. Whatever goes wrong goes to [Server.fail], the only
// place that turns an error into a page and a status. A route that was registered
// without a rule of who may reach it does not exist for anybody.
package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/account"
	"letterlock/internal/auditlog"
	"letterlock/internal/brandbook"
	"letterlock/internal/intake"
	"letterlock/internal/lane"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/live"
	"letterlock/internal/metrics"
	"letterlock/internal/passcode"
	"letterlock/internal/passphrase"
	"letterlock/internal/picture"
	"letterlock/internal/policy"
	"letterlock/internal/ratelimit"
	"letterlock/internal/release"
	"letterlock/internal/rulebook"
	"letterlock/internal/session"
	"letterlock/internal/sso"
	"letterlock/internal/track"
	"letterlock/internal/upload"
	"letterlock/internal/visit"
	"letterlock/internal/vouch"
	"letterlock/views"
)

// Options is what the server is made of. Everything is required unless it says
// otherwise.
type Options struct {
	PublicURL    *url.URL           // scheme and host under which people reach us; links and the Host check go by it
	Organization string             // its name, for pages
	Brands       *brandbook.Service // how it looks, in the portal
	AdminContact letterlock.Address // who else can revoke, shown to senders; may be empty

	Access      *access.Service
	Passcodes   *passcode.Service
	Passphrases *passphrase.Service
	Releases    *release.Service
	Sessions    *session.Service
	Browsers    *session.Browsers
	Accounts    *account.Service
	Intake      *intake.Service
	Uploads     *upload.Service
	Track       *track.Service
	AuditLog    *auditlog.Service
	Visits      *visit.Service
	Rules       *rulebook.Service
	Vouch       *vouch.Service
	SSO         *sso.Service // single sign-on of the organisation's people; nil: there is none
	// Doctor looks at the whole installation; nil: there is nothing to look at.
	Doctor func(context.Context) []Finding
	// SendSample mails an administrator the notification of a brand in a language; nil: nothing
	// can be sent.
	SendSample func(ctx context.Context, by letterlock.Actor, brand string, in language.Words) error
	API        http.Handler // answers programs under /api/; nil: nothing does
	Demo       *Demo        // walkthrough and inbox pages; nil outside the demo
	Live       *live.Hub    // tells of changes in a sender's messages, by the sender's address; nil: Sent is not live

	Lanes *lane.Set                   // where requests wait for their turn; nil: those of one core
	Ready func(context.Context) error // nil when mail would be accepted and served now; nil: it always would

	Now            func() time.Time
	Log            *slog.Logger
	MaxUpload      int64            // bytes of one composed message, attachments included
	TrustedProxies []netip.Prefix   // whose X-Forwarded-For is believed; none: nobody's
	Location       *time.Location   // zone in which times are shown; nil: UTC
	Metrics        *metrics.HTTP    // nil: nobody counts
	SignIns        *metrics.SignIns // likewise
	Languages      *language.Offer  // that recipients may read in; nil: English alone
	StaffLanguages *language.Offer  // that staff may; likewise
	MaxLive        int              // open pages that are kept live at the same time; 0: 10,000. Others ask now and then

	ReaderIP policy.ReaderIP // how much is kept of where readers come from

	DownloadsUnderDoNotForward bool // attachments of do-not-forward mail may be downloaded
}

// A Server answers HTTP requests.
type Server struct {
	Options
	echo      *echo.Echo
	rules     map[target]entry // by method and pattern; what is not here does not exist
	lanes     map[target]lane.Name
	fullPages atomic.Pointer[fullPages] // for whoever comes to a full lane
	full      nowAndThen                // lines about those
	sessions  *sessionStore
	secure    bool // the public URL is https
	foreign   *http.CrossOriginProtection
	wardrobe  wardrobe
	fitting   fittingRoom
	looked    lookBook
	checks    *ratelimit.Limiter // of references, by network
	// examining is held while the installation is looked at.
	examining sync.Mutex
	pictures  *picture.Maker
	previews  shelf
	streams   streamCount
	lines     streamCount   // of files on their way
	liveTick  time.Duration // see stream.run
	stopping  chan struct{} // closed: streams end
	stop      sync.Once
}

// New returns a server that is ready to answer.
func New(o Options) (*Server, error) {
	if o.PublicURL == nil || o.PublicURL.Host == "" || (o.PublicURL.Scheme != "http" && o.PublicURL.Scheme != "https") {
		return nil, errors.New("web: the public URL needs http or https and a host")
	}
	if o.Brands == nil || o.Now == nil || o.Log == nil {
		return nil, errors.New("web: brands, clock and log are required")
	}
	if o.Access == nil || o.Passcodes == nil || o.Passphrases == nil || o.Releases == nil || o.Sessions == nil || o.Browsers == nil || o.Accounts == nil ||
		o.Intake == nil || o.Uploads == nil || o.Track == nil || o.AuditLog == nil || o.Visits == nil || o.Rules == nil || o.Vouch == nil {
		return nil, errors.New("web: a service behind the pages is missing")
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.MaxLive == 0 {
		o.MaxLive = maxLive
	}
	if o.Languages == nil {
		o.Languages, _ = language.NewOffer(nil) // English is there
	}
	if o.StaffLanguages == nil {
		o.StaffLanguages, _ = language.NewStaffOffer(nil)
	}
	if o.Lanes == nil {
		o.Lanes = lane.New(1)
	}
	s := &Server{
		Options: o, secure: o.PublicURL.Scheme == "https", rules: map[target]entry{}, lanes: lanes(),
		checks: ratelimit.New(checksEvery, checksAtOnce, checkers, o.Now), pictures: picture.NewMaker(), streams: streamCount{most: o.MaxLive, byOne: maxLiveByOne},
		lines: streamCount{most: math.MaxInt, byOne: maxLinesByOne}, liveTick: liveTick, stopping: make(chan struct{}),
	}
	s.sessions = &sessionStore{service: o.Sessions, secure: s.secure}
	s.foreign = http.NewCrossOriginProtection()
	if _, err := s.busyPage(language.Words{}); err != nil {
		return nil, err
	}
	s.echo = s.newEcho()
	s.routes()
	s.Metrics.Serve(s.counted())
	return s, nil
}

// newEcho returns the router with everything that surrounds each request. The
// first middleware is the outermost.
func (s *Server) newEcho() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(io.Discard) // Echo logs raw paths, and ours hold tokens
	e.HTTPErrorHandler = s.fail
	e.IPExtractor = ipExtractor(s.TrustedProxies)
	e.Use(s.observe, s.setHeaders, s.checkHost, s.checkOrigin, s.checkRule)
	return e
}

// Handler returns what answers the requests.
func (s *Server) Handler() http.Handler { return s.echo }

// Stop ends the answers that would otherwise last as long as somebody's page is
// open. It belongs into http.Server.RegisterOnShutdown, for Shutdown waits for
// them and does not end them. It may be called more than once.
func (s *Server) Stop() { s.stop.Do(func() { close(s.stopping) }) }

// Streams returns how many pages are kept live right now.
func (s *Server) Streams() int { return s.streams.open() }

// Routes returns every route, for the test that compares them with a table of
// who may reach what.
func (s *Server) Routes() []*echo.Route { return s.echo.Routes() }

// show answers with a page. It is rendered as a whole before the first byte
// leaves: half a page is worse than an error page.
func (s *Server) show(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(c.Request().Context(), &b); err != nil {
		return fmt.Errorf("rendering %s: %w", c.Path(), err)
	}
	return c.HTMLBlob(status, b.Bytes())
}

// page returns what every page has in common. Whoever answers with it has said
// by the rule of the route which policy it is shown under.
func (s *Server) page(c echo.Context) views.Page {
	c.Response().Header().Set("Content-Language", s.words(c).Tag())
	p := views.Page{
		Words:   s.words(c),
		Choice:  s.languageChoice(c),
		Host:    s.PublicURL.Host,
		Brand:   s.worn(c),
		Scripts: policyOf(c) == policyPage || policyOf(c) == policyDoor,
		Demo:    s.Demo != nil,
	}
	switch by := actor(c); by.Kind {
	case letterlock.Staff:
		p.Account = &views.Account{
			Name: by.Name, Address: string(by.Address), HomeURL: homeOf(by), SignOutURL: "/sign-out",
			Sender: by.Is(letterlock.Sender), Auditor: by.Is(letterlock.Auditor), Admin: by.Is(letterlock.Admin),
		}
	case letterlock.Reader:
		p.Account = &views.Account{
			Address: string(by.Address), MessagesURL: "/messages", SignOutURL: "/portal/sign-out",
		}
		if !by.Within("") {
			p.Account.MessagesURL = ""
		}
	}
	return p
}

const actorKey = "actor"

// actor returns who asks: staff on routes for staff, a reader on routes for
// readers, and elsewhere nobody, with where they ask from.
func actor(c echo.Context) letterlock.Actor {
	by, _ := c.Get(actorKey).(letterlock.Actor)
	return by
}

// form returns the fields of a posted form, and none from the URL. Its error is
// to be returned: the body is over its limit, or no form at all.
func form(c echo.Context) (url.Values, error) {
	r := c.Request()
	if err := r.ParseForm(); err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return nil, &letterlock.Error{Code: letterlock.TooLarge, Err: err}
		}
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "form", Err: err}
	}
	return r.PostForm, nil
}

// localPath returns s when it is a path on this server, and otherwise fallback:
// what a form or an URL asks to return to may lead nowhere else.
func localPath(s, fallback string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(s, "/") ||
		strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return fallback
	}
	return s
}

// urlQuery escapes s for a value in a query.
func urlQuery(s string) string { return url.QueryEscape(s) }
