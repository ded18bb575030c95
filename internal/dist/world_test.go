package dist

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/eml"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
)

// host is the portal's name in docs/operate.md.
const host = "mail.example.org"

var ada = letterlock.Mailbox{Name: "Ada Lindqvist", Address: "ada@example.org"}

// A world is Letterlock behind a proxy, with the settings of docs/operate.md.
type world struct {
	t    *testing.T
	app  *app.App
	http string // where the proxy finds it
	data string
}

// newWorld starts Letterlock with the settings that the document has for use
// behind a proxy.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, http: mailtest.FreeAddress(t)}
	dir := t.TempDir()
	w.data = filepath.Join(dir, "data")
	file := filepath.Join(dir, "letterlock.toml")
	behind := replace(t, block(t, "toml", "plain = true"), `"127.0.0.1:8080"`, `"`+w.http+`"`)
	settings := replace(t, block(t, "toml", "data_dir"), `"/var/lib/letterlock"`, `"data"`, `"/etc/letterlock/keys/master.key"`, `"keys/master.key"`)
	settings, _, _ = strings.Cut(settings, "[tls]") // another way to a certificate; mail programs have their own tests
	off := "[smtp]\nsubmission = \"\"\nsubmissions = \"\"\n[metrics]\nlisten = \"\"\n[limits]\ndisk_reserve = \"0 B\"\n"
	w.check(os.WriteFile(file, []byte(settings+off+behind), 0o600))
	cfg, err := config.Load(file, nil)
	w.check(err)
	w.check(cfg.ValidateServer())
	if want := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}; len(cfg.Proxy.Trusted) != 1 || cfg.Proxy.Trusted[0] != want[0] {
		t.Fatalf("proxy.trusted = %v, want %v: the tests come from other addresses of the loopback", cfg.Proxy.Trusted, want)
	}
	box, err := inbox.Open("", time.Now)
	w.check(err)
	w.app, err = app.New(t.Context(), cfg, app.Options{Mailer: box, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	w.check(err)
	on, err := app.Listen(cfg)
	w.check(err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- w.app.Run(ctx, *on) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, w.app.Close()); err != nil {
			t.Error(err)
		}
	})
	w.check(w.app.Accounts.Put(t.Context(), letterlock.Actor{Kind: letterlock.System}, ada, "correct horse battery", letterlock.Sender))
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// by is Ada.
func (w *world) by() letterlock.Actor {
	w.t.Helper()
	by, err := w.app.Accounts.Actor(w.t.Context(), ada.Address)
	w.check(err)
	return by
}

// session returns the cookie of somebody who is signed in: how that is done is
// another test's matter.
func (w *world) session(cookie string, kind letterlock.Kind, a letterlock.Address) string {
	w.t.Helper()
	id, _, err := w.app.Sessions.Start(w.t.Context(), letterlock.Actor{Kind: kind, Address: a})
	w.check(err)
	return "__Host-" + cookie + "=" + id
}

// send has Ada send a message with one attachment of size bytes.
func (w *world) send(to letterlock.Address, size int64) letterlock.ID {
	w.t.Helper()
	d := eml.Draft{
		From: ada, To: []letterlock.Mailbox{{Address: to}}, Subject: "Offer", Date: time.Now(),
		MessageID: eml.NewMessageID("example.org"), Text: "What nobody else may read.",
		Files: func(yield func(eml.File, error) bool) {
			yield(eml.File{Name: "figures.bin", Type: "application/octet-stream", Body: io.LimitReader(zeros{}, size)}, nil)
		},
	}
	mail, in := io.Pipe()
	go func() { in.CloseWithError(eml.Compose(in, d)) }()
	e := intake.Envelope{Via: letterlock.ByCompose, Protection: letterlock.EncryptOnly, Portal: true, Recipients: []letterlock.Address{to}}
	r, err := w.app.Intake.Accept(w.t.Context(), w.by(), e, mail)
	w.check(errors.Join(err, mail.Close()))
	return r.ID
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// filePart is the number of the attachment of a message that send sent.
func (w *world) filePart(id letterlock.ID) int {
	w.t.Helper()
	l, err := w.app.Access.Open(w.t.Context(), w.by(), id)
	w.check(err)
	defer l.Close()
	return l.Attachments()[0].Part
}
