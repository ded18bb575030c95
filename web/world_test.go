package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"letterlock/internal/access"
	"letterlock/internal/account"
	"letterlock/internal/auditlog"
	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/notify"
	"letterlock/internal/outbox"
	"letterlock/internal/passcode"
	"letterlock/internal/passkey"
	"letterlock/internal/passphrase"
	"letterlock/internal/policy"
	"letterlock/internal/ratelimit"
	"letterlock/internal/release"
	"letterlock/internal/rulebook"
	"letterlock/internal/seal"
	"letterlock/internal/session"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
	"letterlock/internal/track"
	"letterlock/internal/upload"
	"letterlock/internal/vault"
	"letterlock/internal/visit"
	"letterlock/internal/vouch"
)

// People of the tests. Ada and Eve send, Grace does and administers; Nora, Rita and
// Olga have one role each and do not send. The others receive.
const (
	ada   = letterlock.Address("ada@contoso.example")
	eve   = letterlock.Address("eve@contoso.example")
	grace = letterlock.Address("grace@contoso.example")
	nora  = letterlock.Address("nora@contoso.example")
	rita  = letterlock.Address("rita@contoso.example")
	olga  = letterlock.Address("olga@contoso.example")

	marta = letterlock.Address("marta.lind@quillfeather.example")
	jonas = letterlock.Address("jonas.okafor@riverside.example")

	password  = "correct horse battery"
	publicURL = "https://mail.contoso.example"
)

// A world is a whole server with its database in a folder of the test; the mail
// servers of everybody else are an inbox, and time stands until it is moved.
type world struct {
	t      *testing.T
	clock  *clock
	dir    string
	db     *store.DB // for what no page says
	box    *inbox.Box
	outbox *outbox.Service
	server *Server
	log    *logged
	actors map[letterlock.Address]letterlock.Actor
	found  []Finding // by the doctor
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

// logged is what the server wrote into its log.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newWorld builds a server under https. Changes are made to its options before
// it is built.
func newWorld(t *testing.T, changes ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: morning}, log: &logged{}, actors: map[letterlock.Address]letterlock.Actor{}}
	dir := t.TempDir()
	furnished.Copy(t, dir)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.Open(t.Context(), dir, w.clock.Now)
	check(err)
	t.Cleanup(func() { db.Close() })
	w.dir, w.db = dir, db
	ring, pepper := newKeys(t, dir)
	look, err := contoso()
	check(err)
	brands, err := brandbook.New(db, brand.Settings{Name: "Contoso", Logo: look.Logo})
	check(err)
	w.box, err = inbox.Open("", w.clock.Now)
	check(err)
	public, err := url.Parse(publicURL)
	check(err)

	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	safe := &vault.Vault{DB: db, Keys: ring}
	rules := policy.Settings{
		Domains: []string{"contoso.example"}, InlineTypes: policy.DefaultInlineTypes, InlineAssured: true,
		SenderScope: policy.SingleRecipient,
	}
	w.outbox = &outbox.Service{DB: db, Vault: safe, Pepper: pepper, Mailer: w.box, Assured: w.box, Log: log,
		Notifier: &notify.Notifier{Brand: brands.Of, PublicURL: public, From: "portal@contoso.example", Location: time.UTC}}
	wake := w.outbox.Wake
	o := Options{
		PublicURL: public, Organization: "Contoso", Brands: brands, AdminContact: grace,
		Access:      &access.Service{DB: db, Vault: safe, Pepper: pepper, Rules: rules, DownloadsUnderDoNotForward: true, Wake: wake, Now: w.clock.Now},
		Passcodes:   &passcode.Service{DB: db, Pepper: pepper, IPKey: ratelimit.IPKey, Wake: wake},
		Sessions:    &session.Service{DB: db},
		Browsers:    &session.Browsers{DB: db, Lasts: 30 * 24 * time.Hour},
		Accounts:    account.New(db, pepper, ratelimit.IPKey, wake),
		Passphrases: &passphrase.Service{DB: db, Pepper: pepper},
		Releases:    &release.Service{DB: db, Pepper: pepper, Offered: true, IPKey: ratelimit.IPKey, Wake: wake},
		Intake:      &intake.Service{DB: db, Vault: safe, Pepper: pepper, Rules: rules, Domain: "contoso.example", Wake: wake},
		Uploads:     &upload.Service{DB: db, Keys: ring, Most: 2 << 20},
		Track:       &track.Service{DB: db, Hidden: brands.WithoutPasscode},
		Visits:      &visit.Service{DB: db, Log: log},
		AuditLog:    &auditlog.Service{DB: db, Signer: seal.NewSigner(), Host: public.Hostname(), Organization: "Contoso", Log: log},
		Now:         w.clock.Now, Log: log, MaxUpload: 1 << 20, DownloadsUnderDoNotForward: true,
	}
	o.Passphrases.Hash, o.Passphrases.Verify = o.Accounts.Hash, o.Accounts.Verify
	o.Accounts.Passkeys = passkey.New(public, "Contoso Letterlock")
	o.SendSample = w.outbox.Sample
	o.Doctor = func(context.Context) []Finding { return w.found }
	o.Vouch = &vouch.Service{DB: db, Pepper: pepper, IPKey: ratelimit.IPKey, On: brands.Provider}
	o.Sessions.Vouches, o.Browsers.Vouches = o.Vouch.Has, o.Vouch.Has
	o.Rules = &rulebook.Service{DB: db, Brand: brands.Is, MaxSize: 1 << 20}
	o.Intake.RulesNow = o.Rules.Set
	o.Intake.BrandNamed, o.Intake.BrandOfSender = brands.Named, brands.OfSender
	o.Intake.Answerable, o.Intake.Portal = o.Access.Answerable, letterlock.Mailbox{Name: "Contoso", Address: "portal@contoso.example"}
	o.Access.BrandAsks, o.Passcodes.On, o.Releases.On = brands.Asks, brands.Passcode, brands.Passcode
	for _, change := range changes {
		change(&o)
	}
	w.outbox.Languages, w.outbox.BrandLanguage, w.outbox.StaffLanguages = o.Languages, o.Brands.Language, o.StaffLanguages
	w.server, err = New(o)
	check(err)
	for _, a := range everybody {
		w.actors[a.Address] = a
	}
	return w
}

// contoso is how the organisation looks. Drawing that takes a while.
var contoso = sync.OnceValues(func() (*brand.Brand, error) { return brand.New(brand.Settings{Name: "Contoso"}) })

// newKeys makes the keys of a world; the master key lies outside its folder.
func newKeys(t *testing.T, dir string) (*seal.Keyring, seal.Pepper) {
	t.Helper()
	k, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: dir}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	return k.Ring, k.Pepper
}

// everybody has an account.
var everybody = []letterlock.Actor{
	{Kind: letterlock.Staff, Name: "Ada Lovelace", Address: ada, Roles: []letterlock.Role{letterlock.Sender}},
	{Kind: letterlock.Staff, Name: "Eve Moneypenny", Address: eve, Roles: []letterlock.Role{letterlock.Sender}},
	{Kind: letterlock.Staff, Name: "Grace Hopper", Address: grace, Roles: []letterlock.Role{letterlock.Sender, letterlock.Admin}},
	{Kind: letterlock.Staff, Name: "Nora Auditor", Address: nora, Roles: []letterlock.Role{letterlock.Auditor}},
	{Kind: letterlock.Staff, Name: "Rita Revoker", Address: rita, Roles: []letterlock.Role{letterlock.Revoker}},
	{Kind: letterlock.Staff, Name: "Olga Admin", Address: olga, Roles: []letterlock.Role{letterlock.Admin}},
}

// morning is when the clock of each world stands at first.
var morning = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// furnished is the database of a world in which nothing has happened.
var furnished = storetest.Template{Now: morning, Fill: func(ctx context.Context, db *store.DB) error {
	accounts := account.New(db, seal.Pepper{}, ratelimit.IPKey, nil)
	for _, a := range everybody {
		m := letterlock.Mailbox{Name: a.Name, Address: a.Address}
		if err := accounts.Put(ctx, letterlock.Actor{Kind: letterlock.System}, m, password, a.Roles...); err != nil {
			return err
		}
	}
	return nil
}}

// audit is the whole audit log.
func (w *world) audit() (list []letterlock.Entry) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) (err error) { list, err = tx.Entries(""); return err })
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// Words that stand in the message of the tests and nowhere else.
const (
	secretSubject = "Settlement agreement, third draft"
	secretText    = "The buyer offers 4.2 million"
	secretFile    = "draft-of-the-agreement.pdf"
)

// mail is a message with text, HTML and an attachment.
func mail(from letterlock.Address, to ...letterlock.Address) string {
	var list []string
	for _, a := range to {
		list = append(list, string(a))
	}
	return strings.ReplaceAll(fmt.Sprintf(`From: Ada Lovelace <%s>
To: %s
Subject: %s
Date: Fri, 20 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8

%[4]s.

--inner
Content-Type: text/html; charset=utf-8

<p>%[4]s.</p><script>alert(1)</script><img src="https://tracker.example/x.png">

--inner--

--outer
Content-Type: application/pdf
Content-Disposition: attachment; filename="%[5]s"
Content-Transfer-Encoding: base64

JVBERi0xLjQK

--outer--
`, from, strings.Join(list, ", "), secretSubject, secretText, secretFile), "\n", "\r\n")
}

// send has an account send the tests' message, and delivers what leaves.
func (w *world) send(from letterlock.Address, p letterlock.Protection, to ...letterlock.Address) letterlock.ID {
	w.t.Helper()
	return w.submit(from, intake.Envelope{Recipients: to, Protection: p}, mail(from, to...))
}

// intakeTo is an envelope for these recipients.
func intakeTo(to ...letterlock.Address) intake.Envelope { return intake.Envelope{Recipients: to} }

func (w *world) submit(from letterlock.Address, e intake.Envelope, raw string) letterlock.ID {
	w.t.Helper()
	e.Via = letterlock.BySubmission
	if e.Protection == "" {
		e.Protection = letterlock.EncryptOnly
	}
	receipt, err := w.server.Intake.Accept(w.t.Context(), w.actors[from], e, strings.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	w.deliver()
	return receipt.ID
}

// deliver empties the outbox.
func (w *world) deliver() {
	w.t.Helper()
	if err := w.outbox.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// link is the path of the newest link in a mailbox.
func (w *world) link(of letterlock.Address) string {
	w.t.Helper()
	for _, m := range w.box.Mails(of) {
		if path, ok := strings.CutPrefix(m.Link(), publicURL); ok {
			return path
		}
	}
	w.t.Fatalf("no link in the mailbox of %s", of)
	return ""
}

// passcode is the newest passcode in a mailbox.
func (w *world) passcode(of letterlock.Address) string {
	w.t.Helper()
	w.deliver()
	for _, m := range w.box.Mails(of) {
		if code := m.Passcode(); code != "" && m.Link() == "" {
			return code
		}
	}
	w.t.Fatalf("no passcode in the mailbox of %s", of)
	return ""
}

// A browser keeps cookies between requests, and follows nothing by itself.
type browser struct {
	w       *world
	cookies map[string]string
	header  http.Header // with every request
	host    string
}

func (w *world) browser() *browser {
	return &browser{w: w, cookies: map[string]string{}, header: http.Header{}, host: strings.TrimPrefix(publicURL, "https://")}
}

// An answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *browser) get(path string) answer { return b.do(http.MethodGet, path, nil, "") }

func (b *browser) post(path string, fields url.Values) answer {
	return b.do(http.MethodPost, path, strings.NewReader(fields.Encode()), "application/x-www-form-urlencoded")
}

func (b *browser) do(method, path string, body io.Reader, kind string) answer {
	b.w.t.Helper()
	r := httptest.NewRequestWithContext(b.w.t.Context(), method, path, body)
	r.Host = b.host
	r.RemoteAddr = "192.0.2.7:4711"
	for name, values := range b.header {
		r.Header[name] = values
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	b.w.server.Handler().ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return answer{rec.Code, rec.Result().Header, rec.Body.String()}
}

// location is the path that a redirect leads to.
func (a answer) location() string { return a.header.Get("Location") }

// heading is the text of the page's h1.
func (a answer) heading() string {
	root, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		return ""
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "h1" {
			var text strings.Builder
			for d := range n.Descendants() {
				if d.Type == html.TextNode {
					text.WriteString(d.Data)
				}
			}
			return strings.Join(strings.Fields(text.String()), " ")
		}
	}
	return ""
}

// prove takes a browser through gate and passcode, as a recipient does, and
// returns the path of the message.
func (b *browser) prove(of letterlock.Address) string {
	b.w.t.Helper()
	link := b.w.link(of)
	if a := b.post(link+"/passcode", nil); a.status != http.StatusSeeOther || strings.TrimSuffix(a.location(), "?"+namedQuery) != link+"/passcode" {
		b.w.t.Fatalf("asking for a passcode: %d %s %q", a.status, a.location(), a.heading())
	}
	a := b.post(link+"/verify", url.Values{"code": {b.w.passcode(of)}})
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), "/read/") {
		b.w.t.Fatalf("entering the passcode: %d %s %q", a.status, a.location(), a.heading())
	}
	return a.location()
}

// signIn signs a browser in as one of the staff, by a session of its own: how
// the form works is another test's matter.
func (b *browser) signIn(as letterlock.Address) *browser {
	b.w.t.Helper()
	id, _, err := b.w.server.Sessions.Start(b.w.t.Context(), letterlock.Actor{Kind: letterlock.Staff, Address: as})
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.cookies[hostPrefix+staffCookie] = id
	return b
}
