package stress

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/eml"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/web"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// database/sql keeps one for each open database; Close ends it a moment later.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

var ada = letterlock.Mailbox{Name: "Ada Lindqvist", Address: "ada@contoso.example"}

// A world is the whole assembly behind a wire. The mail servers of everybody
// else are an inbox, and time stands until it is moved.
type world struct {
	t     *testing.T
	app   *app.App
	wire  *wire
	clock *clock
	post  *post
	ada   *client
}

// A clock stands still.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A post is the inbox, and knows when each mail was handed over.
type post struct {
	*inbox.Box

	mu   sync.Mutex
	left map[letterlock.ID][]span // by the recipient, whom the sender of the envelope names
}

// A span is when something began and had ended.
type span struct{ began, ended int64 }

// Send keeps the mail and the time.
func (p *post) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	began := at()
	err := p.Box.Send(ctx, from, to, mail)
	p.mu.Lock()
	defer p.mu.Unlock()
	id := returnsTo(from)
	p.left[id] = append(p.left[id], span{began, at()})
	return err
}

// to returns when mails for a recipient of a message left, and forgets it.
func (p *post) to(r letterlock.Recipient) []span {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer delete(p.left, r.ID)
	return p.left[r.ID]
}

// returnsTo is the recipient whom a return path names.
func returnsTo(path string) letterlock.ID {
	id, _, _ := strings.Cut(strings.TrimPrefix(path, "bounce+"), ".")
	return letterlock.ID(id)
}

const notifyDomain = "mail.contoso.example"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}}
	on, err := net.Listen("tcp", "127.0.0.1:0")
	w.check(err)
	w.wire = newWire(on)
	box, err := inbox.Open("", w.clock.Now)
	w.check(err)
	w.post = &post{Box: box, left: map[letterlock.ID][]span{}}
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "http", Host: on.Addr().String()}}
	dir := t.TempDir()
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(dir, "data"), filepath.Join(dir, "master.key")
	cfg.Revocation.SenderScope, cfg.TimeZone = config.EveryLink, config.Zone{Location: time.UTC}
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "notify@" + notifyDomain}
	log := slog.New(slog.DiscardHandler)
	w.app, err = app.New(t.Context(), cfg, app.Options{Mailer: w.post, Assured: true, Now: w.clock.Now, Log: log})
	w.check(err)
	w.serve(cfg, log)
	w.check(w.app.Accounts.Put(t.Context(), letterlock.Actor{Kind: letterlock.System}, ada, "correct horse battery", letterlock.Sender))
	w.ada = w.client("letterlock", letterlock.Staff, ada.Address)
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// serve answers HTTP on the wire as the assembly's own server does. That one
// would take our connections for foreign ones, which it cannot reset: here the
// product is given what is inside them.
func (w *world) serve(cfg config.Config, log *slog.Logger) {
	w.t.Helper()
	site, err := web.New(web.Options{
		PublicURL: cfg.PublicURL.URL, Organization: cfg.Organization.Name, Brands: w.app.Brands,
		Access: w.app.Access, Passcodes: w.app.Passcodes, Passphrases: w.app.Passphrases, Releases: w.app.Releases, Sessions: w.app.Sessions, Browsers: w.app.Browsers,
		Accounts: w.app.Accounts, Intake: w.app.Intake, Uploads: w.app.Uploads, Track: w.app.Track, AuditLog: w.app.Audit, Visits: w.app.Visits, Rules: w.app.Rules, Vouch: w.app.Vouch, Live: w.app.DB.Live,
		Now: w.clock.Now, Log: log, MaxUpload: int64(cfg.Limits.Message), Location: cfg.TimeZone.Location, DownloadsUnderDoNotForward: true,
	})
	w.check(err)
	server := &http.Server{
		Handler: site.Handler(), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return web.ConnContext(ctx, conn.(*line).Conn)
		},
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(w.wire) }()
	w.t.Cleanup(func() {
		// Close and not Shutdown: whatever should have ended has been waited for.
		err := server.Close()
		if end := <-served; !errors.Is(end, http.ErrServerClosed) {
			w.t.Error(end)
		}
		if err := errors.Join(err, w.app.Close()); err != nil {
			w.t.Error(err)
		}
	})
}

// client returns a client that is signed in: how that is done is another test's
// matter.
func (w *world) client(cookie string, kind letterlock.Kind, a letterlock.Address) *client {
	w.t.Helper()
	c := &client{wire: w.wire, cookie: w.session(cookie, kind, a)}
	w.t.Cleanup(c.close)
	return c
}

func (w *world) session(cookie string, kind letterlock.Kind, a letterlock.Address) string {
	w.t.Helper()
	id, _, err := w.app.Sessions.Start(w.t.Context(), letterlock.Actor{Kind: kind, Address: a})
	w.check(err)
	return cookie + "=" + id
}

// reader returns the cookie of a recipient who has proved their mailbox.
func (w *world) reader(a letterlock.Address) string {
	w.t.Helper()
	return w.session("letterlock-reader", letterlock.Reader, a)
}

// send has Ada send a message with one attachment of size bytes. The notices wait
// in the outbox.
func (w *world) send(subject string, size int64, expires time.Time, to ...letterlock.Address) (letterlock.ID, []letterlock.Recipient) {
	w.t.Helper()
	d := eml.Draft{
		From: ada, Subject: subject, Date: w.clock.Now(), MessageID: eml.NewMessageID("contoso.example"), Text: "What nobody else may read.",
		Files: func(yield func(eml.File, error) bool) {
			yield(eml.File{Name: "figures.bin", Type: "application/octet-stream", Body: io.LimitReader(figures{}, size)}, nil)
		},
	}
	e := intake.Envelope{Via: letterlock.ByCompose, Protection: letterlock.EncryptOnly, Portal: true, Expires: expires, Recipients: to}
	for _, a := range to {
		d.To = append(d.To, letterlock.Mailbox{Address: a})
	}
	mail, in := io.Pipe()
	go func() { in.CloseWithError(eml.Compose(in, d)) }()
	by, err := w.app.Accounts.Actor(w.t.Context(), ada.Address)
	w.check(err)
	r, err := w.app.Intake.Accept(w.t.Context(), by, e, mail)
	w.check(errors.Join(err, mail.Close()))
	detail, err := w.app.Track.SentMessage(w.t.Context(), by, r.ID)
	w.check(err)
	return r.ID, detail.Recipients
}

// figures are the content of attachments.
type figures struct{}

func (figures) Read(p []byte) (int, error) {
	const line = "7000 8400 1250\n"
	return copy(p, bytes.Repeat([]byte(line), len(p)/len(line)+1)), nil
}

// filePart is the number of the attachment of a message that send sent: after the
// whole and the text.
func (w *world) filePart(id letterlock.ID) int {
	w.t.Helper()
	by, err := w.app.Accounts.Actor(w.t.Context(), ada.Address)
	w.check(err)
	l, err := w.app.Access.Open(w.t.Context(), by, id)
	w.check(err)
	defer l.Close()
	return l.Attachments()[0].Part
}
