// Package demo runs Letterlock for somebody who wants to see it: the same
// assembly as the real server, with an embedded inbox as the outside world and
// forty messages in all states.
//
// Nothing in it reaches around the product: the seeds are sent, read and revoked
// through the use cases with a moved clock, and passcodes are read in the inbox.
package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/control"
	"letterlock/internal/inbox"
	"letterlock/internal/letterlock"
	"letterlock/web"
)

// Options say how a demo runs.
type Options struct {
	HTTP string // address to listen on; loopback only; port 0 picks one
	SMTP string
	Data string // folder that is kept; empty: a temporary one, removed at the end
	Out  io.Writer

	SMTPCert, SMTPKey string // PEM files for STARTTLS; both or neither
	Log               *slog.Logger
}

// People of the demo's organisation.
var (
	ada   = letterlock.Mailbox{Name: "Ada Lindqvist", Address: "ada@contoso.example"}
	grace = letterlock.Mailbox{Name: "Grace Okoye", Address: "grace@contoso.example"}
)

// Run starts the demo, says on Out what to open, and serves until ctx ends.
func Run(ctx context.Context, o Options) error {
	httpOn, err := listen(o.HTTP)
	if err != nil {
		return err
	}
	defer httpOn.Close()
	smtpOn, err := listen(o.SMTP)
	if err != nil {
		return err
	}
	defer smtpOn.Close()
	base, remove, err := folder(o.Data)
	if err != nil {
		return err
	}
	d, err := build(ctx, o, base, httpOn.Addr().String(), smtpOn.Addr().String())
	if err != nil {
		return errors.Join(err, remove())
	}
	defer d.control.Close()
	d.announce(o.Out)
	err = d.app.Run(ctx, app.Listeners{HTTP: httpOn, Submission: smtpOn, Control: d.control})
	return errors.Join(err, d.app.Close(), remove())
}

// listen refuses every address that others could reach: the demo prints its
// password and shows everybody's mail.
func listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	if !config.Loopback(host) {
		return nil, fmt.Errorf("address %q: the demo listens on loopback only, like 127.0.0.1:8080", address)
	}
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program; choose other addresses, as in make run ARGS='--http 127.0.0.1:9000 --smtp 127.0.0.1:9025'", address)
	}
	return l, err
}

// folder returns where the demo keeps its data, and what removes it at the end.
func folder(kept string) (string, func() error, error) {
	if kept != "" {
		return kept, func() error { return nil }, os.MkdirAll(kept, 0o700)
	}
	dir, err := os.MkdirTemp("", "letterlock-demo-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

// A demo is one running demonstration.
type demo struct {
	app      *app.App
	box      *inbox.Box
	clock    *clock
	site     *url.URL
	smtp     string
	password string
	file     string       // of settings, for the commands of an operator
	control  net.Listener // where they ask
}

func build(ctx context.Context, o Options, base, httpAddress, smtpAddress string) (*demo, error) {
	d := &demo{clock: &clock{}, smtp: smtpAddress, password: newPassword(),
		site: &url.URL{Scheme: "http", Host: httpAddress}}
	cfg := d.settings(base)
	cfg.TLS = config.TLS{CertFile: o.SMTPCert, KeyFile: o.SMTPKey}
	_, err := os.Stat(filepath.Join(cfg.DataDir, "letterlock.db"))
	fresh := errors.Is(err, os.ErrNotExist)
	mails := "" // in memory: what reached the outside world is readable, and has no business on our disk
	if o.Data != "" {
		mails = filepath.Join(base, "inbox")
	}
	if d.box, err = inbox.Open(mails, d.clock.Now); err != nil {
		return nil, err
	}
	d.app, err = app.New(ctx, cfg, app.Options{
		// The inbox is the other end: what it takes has arrived.
		Mailer: d.box, Assured: true,
		Now: d.clock.Now, Log: o.Log,
		Demo: &web.Demo{Box: d.box, Steps: d.steps, Accounts: d.accounts(), Password: d.password, Facts: d.facts()},
	})
	if err != nil {
		return nil, err
	}
	err = d.putAccounts(ctx)
	if err == nil && fresh {
		err = d.seed(ctx, time.Now())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("seeding the demo: %w", err), d.app.Close())
	}
	if err := d.openDesk(base, cfg); err != nil {
		return nil, errors.Join(err, d.app.Close())
	}
	return d, nil
}

// openDesk lets whoever started the demo use the commands of an operator on it: with
// the settings in a file they find it as they would find a server.
func (d *demo) openDesk(base string, cfg config.Config) (err error) {
	d.file = filepath.Join(base, "letterlock.toml")
	var text bytes.Buffer
	if err := cfg.Write(&text); err != nil {
		return err
	}
	if err := os.WriteFile(d.file, text.Bytes(), 0o600); err != nil {
		return err
	}
	d.control, err = control.Listen(cfg.DataDir)
	return err
}

func (d *demo) settings(base string) config.Config {
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: d.site}
	cfg.DataDir = filepath.Join(base, "data")
	cfg.MasterKeyFile = filepath.Join(base, "master.key")
	cfg.Limits.DiskReserve = 0 // it is over soon
	cfg.Organization = config.Organization{
		Name: "Contoso", Domains: []string{"contoso.example"}, Color: "#274690",
		Disclaimer: "Contoso protects messages that hold personal data.",
		Admin:      grace.Address, Notify: "notify@mail.contoso.example",
	}
	return cfg
}

// putAccounts creates the two accounts, or gives them this run's password.
func (d *demo) putAccounts(ctx context.Context) error {
	by := letterlock.Actor{Kind: letterlock.System}
	return errors.Join(
		d.app.Accounts.Put(ctx, by, ada, d.password, letterlock.Sender),
		d.app.Accounts.Put(ctx, by, grace, d.password, letterlock.Sender, letterlock.Admin))
}

func (d *demo) announce(w io.Writer) {
	fmt.Fprintf(w, `
Letterlock demo
  open      %s
  password: %s
  accounts  %s (sender), %s (administrator)
  inbox     %s/inbox/  every mailbox of the outside world
  commands  letterlock trace --config %s  and every other that has --config
  SMTP      %s         sign in with an account and the password

Nothing leaves this machine. Ctrl-C ends the demo.
`, d.site, d.password, ada.Address, grace.Address, d.site, d.file, d.smtp)
}

// newPassword makes a password that is easy to type on a stage: three groups of
// four letters and digits that do not look alike, 59 bits.
func newPassword() string {
	const alphabet = "abcdefghjkmnpqrstuvwxyz346789"
	b := make([]byte, 14)
	for i := range b {
		b[i] = '-'
		if i%5 == 4 {
			continue
		}
		for {
			var r [1]byte
			rand.Read(r[:]) // never fails
			if int(r[0]) < 256-256%len(alphabet) {
				b[i] = alphabet[int(r[0])%len(alphabet)]
				break
			}
		}
	}
	return string(b)
}
