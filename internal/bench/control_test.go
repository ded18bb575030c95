package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/pprof"
	"syscall"
	"time"
)

// A request is what the generator asks a server beside the load: on its standard
// input, so that the product needs no hook for it.
type request struct {
	Do    string // usage, hold, release, profile, letters, open
	Arg   string
	Links int  // letters: wait until there are so many links
	Code  bool // letters: wait until there is a passcode
}

// A reply answers a request. The first one is sent unasked, by a server that is
// ready.
type reply struct {
	Err        string
	HTTP, SMTP string        // where it listens
	PID        int           // behind a tracer it is not the child's
	CPU        time.Duration // used so far, by user and system
	Links      []string      // letters: paths of the links that were mailed
	Passcode   string        // letters: the newest
	Session    string        // open
	IDs        []string      // open: messages of that address
}

// A server is one of the two sides, inside its own process.
type server interface {
	answer(request) (reply, error)
	close() error
}

// serve is the whole life of a server process: it ends when its input does.
func serve(role, folder string) error {
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	build := map[string]func(string, net.Listener, net.Listener) (server, error){"product": newProduct, "limit": newLimit}[role]
	if build == nil {
		return fmt.Errorf("unknown role %q", role)
	}
	s, err := build(folder, web, mail)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(reply{HTTP: web.Addr().String(), SMTP: mail.Addr().String(), PID: os.Getpid()}); err != nil {
		return err
	}
	return errors.Join(converse(s, json.NewDecoder(bufio.NewReader(os.Stdin)), out), s.close())
}

func converse(s server, in *json.Decoder, out *json.Encoder) error {
	for {
		var q request
		if err := in.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		a, err := answer(s, q)
		if err != nil {
			a.Err = err.Error()
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
}

// answer knows what both sides answer alike.
func answer(s server, q request) (reply, error) {
	switch q.Do {
	case "usage":
		var u syscall.Rusage
		err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return reply{CPU: time.Duration(u.Utime.Nano() + u.Stime.Nano())}, err
	case "profile":
		if q.Arg == "" {
			pprof.StopCPUProfile()
			return reply{}, nil
		}
		f, err := os.Create(q.Arg)
		if err != nil {
			return reply{}, err
		}
		return reply{}, pprof.StartCPUProfile(f)
	}
	return s.answer(q)
}
