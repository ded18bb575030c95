package model_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
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
	"letterlock/internal/model"
	"letterlock/internal/store"
	"letterlock/web"
)

// People of the histories. Ada and Eve send, Grace does and administers; Nora, Rita
// and Olga have one role each and do not send.
var (
	ada   = model.Person{Address: "ada@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
	eve   = model.Person{Address: "eve@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
	grace = model.Person{Address: "grace@contoso.example", Roles: []letterlock.Role{letterlock.Sender, letterlock.Admin}}
	nora  = model.Person{Address: "nora@contoso.example", Roles: []letterlock.Role{letterlock.Auditor}}
	rita  = model.Person{Address: "rita@contoso.example", Roles: []letterlock.Role{letterlock.Revoker}}
	olga  = model.Person{Address: "olga@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}
	staff = []model.Person{ada, eve, grace, nora, rita, olga}
)

// Those who receive: Carol's provider is given the message itself where nothing
// speaks against it, and Dora belongs to the organisation.
const (
	marta = letterlock.Address("marta@quillfeather.example")
	jonas = letterlock.Address("jonas@riverside.example")
	omar  = letterlock.Address("omar@elsewhere.example")
	zoe   = letterlock.Address("zoe@elsewhere.example")
	carol = letterlock.Address("carol@outlook.com")
	dora  = letterlock.Address("dora@contoso.example")
)

var outside = []letterlock.Address{marta, jonas, omar, zoe, carol, dora}

// begin is when every history begins.
var begin = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// A house is the whole assembly with a database of its own. The mail servers of
// everybody else are an inbox, and time stands until it is moved.
type house struct {
	app    *app.App
	site   http.Handler
	box    *inbox.Box
	folder string

	mu       sync.Mutex
	now      time.Time
	sessions map[session]string // cookies; they end with the clock
}

// A session is whose it is.
type session struct {
	kind    letterlock.Kind
	address letterlock.Address
}

func (h *house) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now, h.sessions = h.now.Add(d), map[session]string{}
}

// A plot is where houses are built: a folder with a database in which everybody has
// an account and nothing else has happened, and its journal, which each house is a
// copy of.
type plot struct{ folder, data, master string }

func newPlot(t *testing.T) plot {
	t.Helper()
	dir := t.TempDir()
	p := plot{folder: dir, data: filepath.Join(dir, "first", "data"), master: filepath.Join(dir, "master.key")}
	h, err := p.open(p.data, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, person := range staff {
		m := letterlock.Mailbox{Name: string(person.Address.First()), Address: person.Address}
		err = errors.Join(err, h.app.Accounts.Put(t.Context(), letterlock.Actor{Kind: letterlock.System}, m, "correct horse battery", person.Roles...))
	}
	if err := errors.Join(err, h.app.Close()); err != nil {
		t.Fatal(err)
	}
	return p
}

// build builds one more house. Its owner tears it down.
func (p plot) build(everyLink bool) (*house, error) {
	dir, err := os.MkdirTemp(p.folder, "house")
	if err != nil {
		return nil, err
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(p.data))); err != nil {
		return nil, err
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o600) // keys that others can read are refused
		if d.IsDir() {
			mode = 0o700
		}
		return os.Chmod(path, mode)
	})
	if err != nil {
		return nil, err
	}
	h, err := p.open(filepath.Join(dir, "data"), everyLink)
	if err == nil {
		h.folder = dir
	}
	return h, err
}

func (h *house) tearDown() error { return errors.Join(h.app.Close(), os.RemoveAll(h.folder)) }

func (p plot) open(data string, everyLink bool) (*house, error) {
	h := &house{now: begin, sessions: map[session]string{}}
	box, err := inbox.Open("", h.Now)
	if err != nil {
		return nil, err
	}
	h.box = box
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}}
	cfg.DataDir, cfg.MasterKeyFile, cfg.TimeZone = data, p.master, config.Zone{Location: time.UTC}
	if everyLink {
		cfg.Revocation.SenderScope = config.EveryLink
	}
	cfg.Revocation.SecondAdministratorAbove = secondPersonAbove
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "portal@contoso.example"}
	log := slog.New(slog.DiscardHandler)
	if h.app, err = app.New(context.Background(), cfg, app.Options{Mailer: h.box, Assured: true, Now: h.Now, Log: log}); err != nil {
		return nil, err
	}
	site, err := web.New(web.Options{
		PublicURL: cfg.PublicURL.URL, Organization: "Contoso", Brands: h.app.Brands,
		Access: h.app.Access, Passcodes: h.app.Passcodes, Passphrases: h.app.Passphrases, Releases: h.app.Releases, Sessions: h.app.Sessions, Browsers: h.app.Browsers,
		Accounts: h.app.Accounts, Intake: h.app.Intake, Uploads: h.app.Uploads, Track: h.app.Track, AuditLog: h.app.Audit, Visits: h.app.Visits, Rules: h.app.Rules, Vouch: h.app.Vouch, Live: h.app.DB.Live,
		Now: h.Now, Log: log, MaxUpload: int64(cfg.Limits.Message), Location: time.UTC, DownloadsUnderDoNotForward: true,
	})
	if err != nil {
		return nil, err
	}
	h.site = site.Handler()
	return h, nil
}

// secondPersonAbove is how many messages one person revokes alone.
const secondPersonAbove = 2

// send has somebody send a mail with one file.
func (h *house) send(mail model.Mail, words string) (letterlock.ID, error) {
	d := eml.Draft{From: letterlock.Mailbox{Address: mail.From.Address}, Subject: subjectOf(words), Date: h.Now(),
		MessageID: eml.NewMessageID("contoso.example"), Text: textOf(words)}
	d.Files = func(yield func(eml.File, error) bool) {
		yield(eml.File{Name: "figures.txt", Type: "text/plain", Body: strings.NewReader(textOf(words))}, nil)
	}
	for _, a := range mail.To {
		d.To = append(d.To, letterlock.Mailbox{Address: a})
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(eml.Compose(out, d)) }()
	by, err := h.app.Accounts.Actor(context.Background(), mail.From.Address)
	if err != nil {
		return "", err
	}
	e := intake.Envelope{Via: letterlock.ByCompose, Protection: mail.Protection, Portal: mail.Portal, Expires: mail.Expires, Recipients: mail.To}
	r, err := h.app.Intake.Accept(context.Background(), by, e, in)
	in.CloseWithError(err)
	return r.ID, err
}

// Words of a message that stand nowhere else: in its subject, which those may know
// who may not read it any more, and in its text.
func subjectOf(words string) string { return "subject-of-" + words }
func textOf(words string) string    { return "text-of-" + words }

// sweep does what the program does by itself now and then.
func (h *house) sweep() error {
	return errors.Join(h.app.Access.ExpireDue(context.Background()), h.app.Outbox.Flush(context.Background()))
}

func (h *house) read(f func(*store.Tx) error) error {
	return h.app.DB.Read(context.Background(), f)
}

func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	preset := map[string]string{
		"rapid.nofailfile": "true", // the seed is enough, and it is printed
		"rapid.checks":     "8",
		"rapid.seed":       "7", // of everybody's tests, so that they are the same for all
	}
	if long() {
		preset["rapid.checks"], preset["rapid.seed"] = "2500", "0"
	}
	for name, value := range preset {
		if !given[name] {
			if err := flag.Set(name, value); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(m.Run())
}

// long reports whether time is no object.
func long() bool { return os.Getenv("LETTERLOCK_STRESS") == "1" }
