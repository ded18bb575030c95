package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"syscall"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/control"
	"letterlock/internal/letterlock"
	"letterlock/internal/mx"
)

// An operator is who types a command that a server answers.
type operator struct {
	in   io.Reader
	out  io.Writer
	errs io.Writer
	// open opens what a server would, when none runs, and returns what answers and
	// what closes it.
	open func(ctx context.Context, cfg config.Config) (http.Handler, func() error, error)
}

// A desk is where an operator's questions are answered.
type desk struct {
	*api.Client
	out    io.Writer
	zone   *time.Location
	served bool // a server runs, and mail leaves by itself
}

// ask has the server answer that the command names. On this machine that is the
// one that runs, or this process where none does.
func (o *operator) ask(ctx context.Context, s place, f func(d desk) error) (err error) {
	if s.URL != "" {
		over, base, err := s.dial()
		if err != nil {
			return err
		}
		return f(desk{Client: o.client(base, over), out: o.out, zone: time.Local, served: true})
	}
	defer func() { err = s.elsewhere(err) }()
	cfg, err := s.load()
	if err != nil {
		return err
	}
	d := desk{out: o.out, zone: cfg.TimeZone.Location, served: true}
	const host = "http://letterlock" // means nothing: there is one at the other end
	over, err := control.Dial(ctx, cfg.DataDir)
	if err == nil {
		d.Client = o.client(host, over)
		return f(d)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return noWay(err)
	}
	handler, closeAll, err := o.open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		if closing := closeAll(); err == nil {
			err = closing
		}
	}()
	d.Client, d.served = o.client(host, control.InProcess(handler)), false
	return f(d)
}

// noWay is why the server on this machine cannot be asked.
func noWay(err error) error {
	err = fmt.Errorf("asking the server: %w", err)
	if errors.Is(err, fs.ErrPermission) {
		return &letterlock.Error{Code: letterlock.Denied, Key: "not-operator", Err: err}
	}
	return err
}

// elsewhere is what stops a command that only a server's own machine answers, where
// another one is named that all others ask.
func (s place) elsewhere(err error) error {
	if letterlock.KeyOf(err) == "settings" && s.URL == "" && os.Getenv("LETTERLOCK_URL") != "" {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "usage",
			Err: errors.New("this is done on the server's own machine only, whatever LETTERLOCK_URL says, and here are no settings of a server")}
	}
	return err
}

// shortWait is how long a command waits in all without a word.
const shortWait = 5 * time.Second

// client returns what asks a server. It waits where the server puts reads off, and says
// so once to somebody who looks on.
func (o *operator) client(base string, over http.RoundTripper) *api.Client {
	c := api.NewClient(base, over)
	var waited time.Duration
	said := !terminal(o.out)
	c.Wait = func(ctx context.Context, d time.Duration) error {
		if waited += d; waited > shortWait && !said {
			said = true
			// It is not part of the answer, and nothing is lost with it.
			fmt.Fprintln(o.errs, "letterlock: the server takes only so many requests a minute; this goes on as it can, and Ctrl-C ends it")
		}
		return api.Wait(ctx, d)
	}
	return c
}

// nowhere is the way out of mail where no server runs: a command sends none, and
// needs no relay.
type nowhere struct{}

func (nowhere) Send(context.Context, string, letterlock.Address, io.Reader) error {
	return &letterlock.Error{Code: letterlock.Busy, Err: errors.New("mail leaves when a server runs")}
}

// openHere opens the data folder in this process, which keeps every server out of
// it meanwhile.
func openHere(ctx context.Context, cfg config.Config) (http.Handler, func() error, error) {
	if err := ownFolder(cfg.DataDir); err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := app.New(ctx, cfg, app.Options{Mailer: nowhere{}, DNS: mx.NewDNS(cfg.DNS.Servers), Now: time.Now, Log: log, Version: version})
	if err != nil {
		return nil, nil, err
	}
	if a.FirstStart {
		fmt.Fprint(os.Stderr, app.FirstStart(cfg))
	}
	return a.Control(), a.Close, nil
}

// ownFolder refuses a data folder that is somebody else's: root may open it, but
// would leave files there that the server, running as its own user, may not.
func ownFolder(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if ok && int(stat.Uid) != os.Geteuid() {
		return &letterlock.Error{Code: letterlock.Denied, Key: "folder-owner",
			Err: fmt.Errorf("the data folder %s belongs to another user, number %d", dir, stat.Uid)}
	}
	return nil
}

// dates reads dates in the zone of the desk.
func (d desk) dates() dates { return dates{zone: d.zone, now: time.Now()} }
