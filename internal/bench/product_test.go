package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/host"
	"letterlock/internal/inbox"
	"letterlock/internal/letterlock"
)

// The organisation whose mail is measured. Several senders, because one account
// may have only so many connections.
const (
	ourDomain = "contoso.example"
	password  = "correct horse battery"
	senders   = 8
)

func sender(i int) string { return fmt.Sprintf("sender%02d@%s", i%senders, ourDomain) }

// A product is Letterlock, assembled as the program does it.
type product struct {
	app   *app.App
	relay *relay
	end   context.CancelFunc
	ended chan error
}

func newProduct(folder string, web, mail net.Listener) (server, error) {
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "http", Host: web.Addr().String()}}
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(folder, "data"), filepath.Join(folder, "master.key")
	cfg.TimeZone = config.Zone{Location: time.UTC}
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{ourDomain}, Notify: "notify@" + ourDomain}
	_, err := os.Stat(cfg.DataDir)
	fresh := errors.Is(err, os.ErrNotExist)
	host.LeaveRoom() // as [app.Serve] does
	p := &product{relay: newRelay(), ended: make(chan error, 1)}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p.app, err = app.New(context.Background(), cfg, app.Options{Mailer: p.relay, Assured: true, Now: time.Now, Log: log})
	if err != nil {
		return nil, err
	}
	if fresh {
		if err := p.addAccounts(); err != nil {
			return nil, errors.Join(err, p.app.Close())
		}
	}
	ctx, end := context.WithCancel(context.Background())
	p.end = end
	go func() { p.ended <- p.app.Run(ctx, app.Listeners{HTTP: web, Submission: mail}) }()
	return p, nil
}

func (p *product) addAccounts() error {
	for i := range senders {
		m := letterlock.Mailbox{Name: fmt.Sprintf("Sender %d", i), Address: letterlock.Address(sender(i))}
		if err := p.app.Accounts.Put(context.Background(), letterlock.Actor{Kind: letterlock.System}, m, password, letterlock.Sender); err != nil {
			return err
		}
	}
	return nil
}

func (p *product) answer(q request) (reply, error) {
	switch q.Do {
	case "hold":
		p.relay.hold()
	case "release":
		p.relay.release()
	case "letters":
		return p.relay.letters(q)
	default:
		return reply{}, fmt.Errorf("unknown request %q", q.Do)
	}
	return reply{}, nil
}

func (p *product) close() error {
	p.relay.release()
	p.end()
	return errors.Join(<-p.ended, p.app.Close())
}

// A relay is the outside world's mail servers. It reads every mail to its end,
// keeps of readers' mails what they need, and can keep everybody waiting.
type relay struct {
	mu    sync.Mutex
	gate  chan struct{} // closed: open
	links map[string][]string
	codes map[string]string

	changed chan struct{} // closed, and replaced, at every mail to a reader
}

func newRelay() *relay {
	r := &relay{gate: make(chan struct{}), links: map[string][]string{}, codes: map[string]string{}, changed: make(chan struct{})}
	close(r.gate)
	return r
}

// Send implements outbox.Mailer.
func (r *relay) Send(ctx context.Context, _ string, to letterlock.Address, mail io.Reader) error {
	r.mu.Lock()
	gate := r.gate
	r.mu.Unlock()
	select {
	case <-gate:
	case <-ctx.Done():
		return ctx.Err()
	}
	if to.Domain() != readersDomain {
		_, err := io.Copy(io.Discard, mail)
		return err
	}
	raw, err := io.ReadAll(mail)
	if err != nil {
		return err
	}
	m := inbox.Mail{Raw: raw}
	link := m.Link()
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.changed)
	r.changed = make(chan struct{})
	if link == "" {
		r.codes[string(to)] = m.Passcode()
		return nil
	}
	_, path, _ := strings.Cut(link, "/m/")
	r.links[string(to)] = append(r.links[string(to)], "/m/"+path)
	return nil
}

// letters waits until a mailbox has what is asked for.
func (r *relay) letters(q request) (reply, error) {
	late := time.After(time.Minute)
	for {
		r.mu.Lock()
		links, code, changed := r.links[q.Arg], r.codes[q.Arg], r.changed
		r.mu.Unlock()
		if len(links) >= q.Links && (code != "" || !q.Code) {
			return reply{Links: links, Passcode: code}, nil
		}
		select {
		case <-changed:
		case <-late:
			return reply{}, fmt.Errorf("the mail to %s does not come: %d links of %d", q.Arg, len(links), q.Links)
		}
	}
}

func (r *relay) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gate = make(chan struct{})
}

func (r *relay) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.gate:
	default:
		close(r.gate)
	}
}
