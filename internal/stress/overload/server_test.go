package overload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/eml"
	"letterlock/internal/host"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
)

// What this program is told, when it is started again as the server: the folder
// that it works in, how many messages there are to be, and whether without lanes.
const (
	folderVariable    = "LETTERLOCK_OVERLOAD_FOLDER"
	messagesVariable  = "LETTERLOCK_OVERLOAD_MESSAGES"
	unboundedVariable = "LETTERLOCK_OVERLOAD_UNBOUNDED"
)

const (
	ourDomain = "contoso.example"
	password  = "correct horse battery"
	senders   = 8
	readers   = 20
)

func sender(i int) letterlock.Address {
	return letterlock.Address(fmt.Sprintf("sender%02d@%s", i%senders, ourDomain))
}

func reader(i int) letterlock.Address {
	return letterlock.Address(fmt.Sprintf("reader%02d@readers.example", i%readers))
}

// A hello is what the server says when it is ready.
type hello struct {
	HTTP, SMTP string
	Messages   []message
	Links      []string // paths
}

// A message is one that was sent before, with the cookies of those who may see it.
type message struct{ ID, Reader, Sender string }

func TestMain(m *testing.M) {
	if folder := os.Getenv(folderVariable); folder != "" {
		if err := serve(folder); err != nil {
			fmt.Fprintln(os.Stderr, "server:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve is the server, until nobody is at the other end of its input any more.
func serve(folder string) error {
	host.LeaveRoom() // as [app.Serve] does
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(os.Getenv(messagesVariable))
	if err != nil {
		return err
	}
	p := &post{enough: make(chan struct{})}
	a, err := assemble(folder, web.Addr().String(), p)
	if err != nil {
		return err
	}
	h := hello{HTTP: web.Addr().String(), SMTP: mail.Addr().String()}
	if h.Messages, err = fill(a, count); err != nil {
		return errors.Join(err, a.Close())
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, app.Listeners{HTTP: web, Submission: mail}) }()
	<-p.enough
	h.Links = p.links
	if err := json.NewEncoder(os.Stdout).Encode(h); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until it ends, however it does
	end()
	return errors.Join(<-ended, a.Close())
}

func assemble(folder, host string, p *post) (*app.App, error) {
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "http", Host: host}}
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(folder, "data"), filepath.Join(folder, "master.key")
	cfg.TimeZone = config.Zone{Location: time.UTC}
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{ourDomain}, Notify: "notify@" + ourDomain}
	o := app.Options{Mailer: p, Assured: true, Now: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	if os.Getenv(unboundedVariable) != "" {
		o.Lanes = lane.Unbounded()
	}
	return app.New(context.Background(), cfg, o)
}

// fill has messages sent and everybody signed in: how that is done is another
// test's matter.
func fill(a *app.App, count int) (list []message, err error) {
	ctx, system := context.Background(), letterlock.Actor{Kind: letterlock.System}
	session := func(cookie string, kind letterlock.Kind, who letterlock.Address) string {
		id, _, startErr := a.Sessions.Start(ctx, letterlock.Actor{Kind: kind, Address: who})
		err = errors.Join(err, startErr)
		return cookie + "=" + id
	}
	var staff, outside [readers]string
	for i := range senders {
		err = errors.Join(err, a.Accounts.Put(ctx, system, letterlock.Mailbox{Name: "Sender", Address: sender(i)}, password, letterlock.Sender))
		staff[i] = session("letterlock", letterlock.Staff, sender(i))
	}
	for i := range readers {
		outside[i] = session("letterlock-reader", letterlock.Reader, reader(i))
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for n := i; n < count; n += senders {
				id, sendErr := send(a, n)
				mu.Lock()
				err = errors.Join(err, sendErr)
				list = append(list, message{string(id), outside[n%readers], staff[i]})
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return list, err
}

// send has a sender send one letter.
func send(a *app.App, n int) (letterlock.ID, error) {
	by, err := a.Accounts.Actor(context.Background(), sender(n))
	if err != nil {
		return "", err
	}
	d := eml.Draft{
		From: letterlock.Mailbox{Name: "Sender", Address: sender(n)}, To: []letterlock.Mailbox{{Address: reader(n)}}, Subject: "Offer for the third quarter",
		Date: time.Now(), MessageID: eml.NewMessageID(ourDomain), Text: strings.Repeat("What nobody else may read.\n", 40),
	}
	e := intake.Envelope{Via: letterlock.ByCompose, Protection: letterlock.EncryptOnly, Portal: true, Recipients: []letterlock.Address{reader(n)}}
	mail, in := io.Pipe()
	go func() { in.CloseWithError(eml.Compose(in, d)) }()
	r, err := a.Intake.Accept(context.Background(), by, e, mail)
	return r.ID, errors.Join(err, mail.Close())
}

// enoughLinks is for how many notifications the server waits before it says that
// it is ready.
const enoughLinks = 50

// A post is everybody else's mail servers. It keeps some of the links.
type post struct {
	mu     sync.Mutex
	links  []string
	enough chan struct{}
}

// Send implements outbox.Mailer.
func (p *post) Send(_ context.Context, _ string, _ letterlock.Address, mail io.Reader) error {
	raw, err := io.ReadAll(mail)
	if err != nil {
		return err
	}
	_, token, ok := strings.Cut(inbox.Mail{Raw: raw}.Link(), "/m/")
	p.mu.Lock()
	defer p.mu.Unlock()
	if ok && len(p.links) < enoughLinks {
		if p.links = append(p.links, "/m/"+token); len(p.links) == enoughLinks {
			close(p.enough)
		}
	}
	return nil
}
