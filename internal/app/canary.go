package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// canaryWithin is how long the whole way of a canary may take.
const canaryWithin = 30 * time.Second

// canaryReader is nobody: there is never a domain under .invalid, RFC 2606.
const canaryReader letterlock.Address = "reader@canary.invalid"

// A canary is a message that goes the whole way through a Letterlock of its own, with
// the settings that were given, in a folder of its own, and into an inbox in memory.
type canary struct {
	app     *App
	folder  string
	box     *inbox.Box
	browser *http.Client
	stop    func() error

	sender letterlock.Actor
	marker string // the text of the message
	id     letterlock.ID
	page   string // where its reader reads it
}

// A canaryStep is a part of the way.
type canaryStep struct {
	while string
	do    func(context.Context) error
}

func (c *canary) steps() []canaryStep {
	return []canaryStep{
		{"it was accepted", c.accept},
		{"its reader was notified, and followed the link", c.follow},
		{"the mailbox was proved with a passcode", c.prove},
		{"it was read", c.read},
		{"its text was looked for on the disk", c.search},
		{"it was revoked", c.revoke},
		{"it was asked for after it was revoked", c.closed},
		{"its text was looked for on the disk again", c.search},
	}
}

// sendCanary has a canary go the whole way, and says how it fared.
func sendCanary(ctx context.Context, cfg config.Config, now func() time.Time) Finding {
	ctx, cancel := context.WithTimeout(ctx, canaryWithin)
	defer cancel()
	c, err := newCanary(ctx, cfg, now)
	if err != nil {
		return Finding{Wrong, "canary", "no test message could be sent: " + inOneLine(err),
			"put right what is wrong above; else make room in " + os.TempDir() + ", or set TMPDIR to another folder of this user"}
	}
	f := c.fly(ctx, c.steps())
	if err := c.stop(); err != nil && f.Level == Fine {
		f = Finding{Warn, "canary", "what the test message left could not be removed: " + inOneLine(err), "remove " + c.folder}
	}
	return f
}

// fly goes the way until something is not as it should be.
func (c *canary) fly(ctx context.Context, way []canaryStep) Finding {
	begun := time.Now()
	for _, s := range way {
		if err := s.do(ctx); err != nil {
			return Finding{Wrong, "canary", "a test message failed while " + s.while + ": " + inOneLine(err),
				"take no mail with this program on this machine, and report this line"}
		}
	}
	return Finding{Level: Fine, About: "canary", Says: fmt.Sprintf("a test message was accepted, announced, opened by link and passcode, read, revoked and closed in %s; "+
		"its text was nowhere on the disk", time.Since(begun).Round(time.Millisecond))}
}

// newCanary builds a Letterlock that has nothing of the installation but its settings:
// other keys, another folder, and a way out that leads into memory.
func newCanary(ctx context.Context, cfg config.Config, now func() time.Time) (c *canary, err error) {
	c = &canary{marker: "canary-" + string(letterlock.NewID())}
	if c.folder, err = os.MkdirTemp("", "letterlock-canary-*"); err != nil {
		return nil, err
	}
	folder := c.folder
	remove := func() error { return os.RemoveAll(folder) }
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(c.folder, "data"), filepath.Join(c.folder, "master.key")
	cfg.Revocation.Journal, cfg.Keys.Backup, cfg.Audit.CheckpointFile, cfg.Audit.Syslog = "", "", "", ""
	cfg.DKIM = config.DKIM{} // the DNS is looked at elsewhere
	cfg.TLS, cfg.SMTP, cfg.Proxy = config.TLS{}, config.SMTP{}, config.Proxy{}
	cfg.HTTP, cfg.Metrics, cfg.Limits.DiskReserve = config.HTTP{Listen: "127.0.0.1:0", Plain: true}, config.Metrics{}, 0
	if c.box, err = inbox.Open("", now); err != nil {
		return nil, errors.Join(err, remove())
	}
	c.sender = letterlock.Actor{Kind: letterlock.Staff, Address: letterlock.Address("canary@" + cfg.Organization.Domains[0]), Roles: []letterlock.Role{letterlock.Sender}}
	c.app, err = New(ctx, cfg, Options{Mailer: c.box, Now: now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	if err := c.serve(ctx, remove); err != nil {
		return nil, errors.Join(err, c.app.Close(), remove())
	}
	return c, nil
}

// serve runs what the way needs: the outbox, and the pages, which the browser finds
// under the public URL. What lies between browser and server is looked at elsewhere.
func (c *canary) serve(ctx context.Context, remove func() error) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var failed [2]error
	wg.Go(func() { failed[0] = c.app.Outbox.Run(ctx) })
	wg.Go(func() {
		if failed[1] = c.app.http.Serve(l); errors.Is(failed[1], http.ErrServerClosed) {
			failed[1] = nil
		}
	})
	here := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
	}
	jar, err := cookiejar.New(nil)
	over := &http.Transport{DialContext: here, DialTLSContext: here}
	c.browser = &http.Client{Transport: over, Jar: jar}
	c.stop = func() error {
		over.CloseIdleConnections()
		err := c.app.http.Close()
		cancel()
		wg.Wait()
		return errors.Join(err, failed[0], failed[1], c.app.Close(), remove())
	}
	return err
}

func (c *canary) accept(ctx context.Context) error {
	mail := "From: " + string(c.sender.Address) + "\r\nTo: " + string(canaryReader) + "\r\nSubject: Test message of letterlock doctor\r\n" +
		"Date: " + c.app.now().Format(time.RFC1123Z) + "\r\nMessage-ID: <" + string(letterlock.NewID()) + "@canary.invalid>\r\n\r\n" + c.marker + "\r\n"
	// Do-not-forward is never delivered inline, whatever the settings say.
	r, err := c.app.Intake.Accept(ctx, c.sender, intake.Envelope{
		Recipients: []letterlock.Address{canaryReader}, Via: letterlock.ByCompose, Protection: letterlock.DoNotForward, Portal: true,
	}, strings.NewReader(mail))
	c.id = r.ID
	return err
}

// newest waits until the reader has so many mails, and returns the last.
func (c *canary) newest(ctx context.Context, n int) (inbox.Mail, error) {
	mails, err := c.box.Wait(ctx, canaryReader, n)
	if err != nil {
		return inbox.Mail{}, fmt.Errorf("mail %d to the reader did not come: %w", n, err)
	}
	return mails[0], nil
}

// ask asks the pages as a browser would, and requires a status.
func (c *canary) ask(ctx context.Context, method, to string, form url.Values, status int) (page, at string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(form.Encode()))
	if err != nil {
		return "", "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.browser.Do(r)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err // without the address: a link is in it
		}
		return "", "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err == nil && res.StatusCode != status {
		err = fmt.Errorf("the page answered with status %d instead of %d", res.StatusCode, status)
	}
	return string(b), res.Request.URL.String(), err
}

func (c *canary) follow(ctx context.Context) error {
	notice, err := c.newest(ctx, 1)
	if err != nil {
		return err
	}
	if bytes.Contains(notice.Raw, []byte(c.marker)) {
		return errors.New("the notification holds the text of the message")
	}
	page, at, err := c.ask(ctx, http.MethodGet, notice.Link(), nil, http.StatusOK)
	c.page = at
	if err == nil && strings.Contains(page, c.marker) {
		err = errors.New("the link alone shows the text of the message")
	}
	return err
}

func (c *canary) prove(ctx context.Context) error {
	link := c.page
	if _, _, err := c.ask(ctx, http.MethodPost, link+"/passcode", url.Values{}, http.StatusOK); err != nil {
		return err
	}
	code, err := c.newest(ctx, 2)
	if err != nil {
		return err
	}
	_, c.page, err = c.ask(ctx, http.MethodPost, link+"/verify", url.Values{"code": {code.Passcode()}}, http.StatusOK)
	if err == nil && !strings.HasSuffix(c.page, "/read/"+string(c.id)) {
		err = errors.New("the passcode did not lead to the message")
	}
	return err
}

func (c *canary) read(ctx context.Context) error {
	body, _, err := c.ask(ctx, http.MethodGet, c.page+"/body", nil, http.StatusOK)
	if err == nil && !strings.Contains(body, c.marker) {
		err = errors.New("the page does not show the text of the message")
	}
	return err
}

func (c *canary) revoke(ctx context.Context) error {
	return c.app.Access.Revoke(ctx, c.sender, c.id, "canary")
}

// closed requires that nothing is left of the message but the page that says so.
func (c *canary) closed(ctx context.Context) error {
	page, _, err := c.ask(ctx, http.MethodGet, c.page, nil, http.StatusGone)
	if err != nil {
		return err
	}
	if !strings.Contains(page, "The message has been revoked by the sender") {
		return errors.New("the page does not say that the message was revoked")
	}
	body, _, err := c.ask(ctx, http.MethodGet, c.page+"/body", nil, http.StatusGone)
	if strings.Contains(page+body, c.marker) {
		return errors.New("its text is still shown")
	}
	return err
}

// search looks for the text in every file of the folder. The sender's address, which is
// kept in the clear, shows that the search finds what is there.
func (c *canary) search(context.Context) error {
	control := false
	err := filepath.WalkDir(c.folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went meanwhile, as files of a database do
		}
		control = control || bytes.Contains(b, []byte(c.sender.Address))
		if bytes.Contains(b, []byte(c.marker)) {
			return errors.New("it is readable in " + filepath.Base(path))
		}
		return err
	})
	if err == nil && !control {
		err = errors.New("the search does not even find what is kept in the clear")
	}
	return err
}
