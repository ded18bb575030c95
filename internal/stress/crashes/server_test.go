package crashes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/eml"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// asServer is the variable of the environment that makes the test's own program the
// server: it holds the settings.
const asServer = "STRESS_CRASHES_SERVER"

func TestMain(m *testing.M) {
	if text := os.Getenv(asServer); text != "" {
		fmt.Fprintln(os.Stderr, serve(text))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serving is the line with which the server says that it can be reached.
const serving = "serving"

// settings are what a server is started with.
type settings struct {
	Dir    string
	Public string        // address that people use
	HTTP   string        // and the one behind the proxy
	Desk   string        // where the test gives its orders
	Ahead  time.Duration // of the clock
}

var ada = letterlock.Mailbox{Name: "Ada Lindqvist", Address: "ada@contoso.example"}

// quiet is the last step of a change of access before its answer: nothing is sent any
// more to whom it concerns.
const quiet = store.Step("quiet")

// dying is how long the process stands still at the step at which it is killed: long
// enough for an answer to leave that did not wait for the step.
const dying = 15 * time.Millisecond

// secret is the content of every message and file.
const secret = "7000 8400 1250\n"

// A desk takes the orders of the test, in the server's process.
type desk struct {
	app   *app.App
	ahead atomic.Int64
	step  atomic.Value // of store.Step, at which the process dies
}

func (d *desk) now() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }

// at stops the process where it was told to.
func (d *desk) at(s store.Step) {
	if d.step.Load() == s {
		time.Sleep(dying)
		die()
	}
}

// die ends the process as kill -9 does.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // it cannot fail for oneself
	select {}
}

// serve is the server. It returns only what kept it from serving.
func serve(text string) error {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	d := &desk{}
	d.ahead.Store(int64(s.Ahead))
	d.step.Store(store.Step(""))
	box, err := inbox.Open("", d.now)
	if err != nil {
		return err
	}
	ctx := context.Background()
	o := app.Options{Mailer: box, Assured: true, Now: d.now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if d.app, err = app.New(ctx, s.config(), o); err != nil {
		return err
	}
	d.app.DB.Step, d.app.Access.Quiet = d.at, func() { d.at(quiet) }
	if d.app.FirstStart {
		if err := d.app.Accounts.Put(ctx, letterlock.Actor{Kind: letterlock.System}, ada, "correct horse battery", letterlock.Sender); err != nil {
			return err
		}
	}
	pages, err := net.Listen("tcp", s.HTTP)
	if err != nil {
		return err
	}
	orders, err := net.Listen("tcp", s.Desk)
	if err != nil {
		return err
	}
	go func() { fmt.Fprintln(os.Stderr, http.Serve(orders, d.orders())) }()
	go func() { // the test holds the other end: nothing of it outlives the test
		_, _ = io.Copy(io.Discard, os.Stdin)
		die()
	}()
	fmt.Println(serving)
	return d.app.Run(ctx, app.Listeners{HTTP: pages})
}

func (s settings) config() config.Config {
	c := config.Default()
	c.PublicURL = config.URL{URL: &url.URL{Scheme: "https", Host: s.Public}}
	c.HTTP.Plain = true
	c.Proxy.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	c.DataDir, c.MasterKeyFile = filepath.Join(s.Dir, "data"), filepath.Join(s.Dir, "keys", "master.key")
	c.Revocation.SenderScope, c.TimeZone = config.EveryLink, config.Zone{Location: time.UTC}
	c.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "notify@mail.contoso.example"}
	return c
}

// orders is what the test can ask for beside the pages.
func (d *desk) orders() http.Handler {
	mux := http.NewServeMux()
	order := func(path string, f func(ctx context.Context, q url.Values) (string, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			answer, err := f(r.Context(), r.URL.Query())
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_, _ = io.WriteString(w, answer) // who asked may have gone
		})
	}
	order("/session", d.session)
	order("/send", d.send)
	order("/clock", func(_ context.Context, q url.Values) (string, error) {
		ahead, err := time.ParseDuration(q.Get("ahead"))
		d.ahead.Store(int64(ahead))
		return "", err
	})
	order("/die", func(_ context.Context, q url.Values) (string, error) {
		d.step.Store(store.Step(q.Get("at")))
		return "", nil
	})
	return mux
}

// session signs somebody in: how that is done is another test's matter.
func (d *desk) session(ctx context.Context, q url.Values) (string, error) {
	id, _, err := d.app.Sessions.Start(ctx, letterlock.Actor{Kind: letterlock.Kind(q.Get("kind")), Address: letterlock.Address(q.Get("address"))})
	return id, err
}

// send has Ada send a message. The answer is its ID and the number of its file.
func (d *desk) send(ctx context.Context, q url.Values) (string, error) {
	m := eml.Draft{From: ada, Subject: q.Get("subject"), Date: d.now(), MessageID: eml.NewMessageID("contoso.example"), Text: secret,
		Files: func(yield func(eml.File, error) bool) {
			yield(eml.File{Name: "figures.txt", Type: "text/plain", Body: strings.NewReader(secret)}, nil)
		}}
	e := intake.Envelope{Via: letterlock.ByCompose, Protection: letterlock.EncryptOnly, Portal: true}
	if q.Has("lasts") {
		lasts, err := time.ParseDuration(q.Get("lasts"))
		if err != nil {
			return "", err
		}
		e.Expires = d.now().Add(lasts)
	}
	for _, a := range q["to"] {
		e.Recipients = append(e.Recipients, letterlock.Address(a))
		m.To = append(m.To, letterlock.Mailbox{Address: letterlock.Address(a)})
	}
	mail, in := io.Pipe()
	go func() { in.CloseWithError(eml.Compose(in, m)) }()
	defer mail.Close() // it ends the goroutine, and says nothing
	by, err := d.app.Accounts.Actor(ctx, ada.Address)
	if err != nil {
		return "", err
	}
	r, err := d.app.Intake.Accept(ctx, by, e, mail)
	if err != nil {
		return "", err
	}
	l, err := d.app.Access.Open(ctx, by, r.ID)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return fmt.Sprint(r.ID, " ", l.Attachments()[0].Part), nil
}
