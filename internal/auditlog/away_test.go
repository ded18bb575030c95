package auditlog_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/auditlog"
	"letterlock/internal/letterlock"
)

func (h *house) file() string {
	h.t.Helper()
	b, err := os.ReadFile(h.log.File)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

// busy adds something to the log, and a checkpoint of it.
func (h *house) busy() {
	h.t.Helper()
	h.record(letterlock.Entry{Actor: ada, Action: "revoke", Allowed: true})
	h.checkpoint()
}

func TestACheckpointIsMadeOnlyWhenSomethingWasAdded(t *testing.T) {
	h := newHouse(t)
	h.checkpoint()
	if got := h.points(); got != "" {
		t.Errorf("of an empty log: %s", got)
	}
	h.busy()
	h.busy()
	h.checkpoint()
	if n := strings.Count(h.points(), "\n"); n != 2 {
		t.Errorf("%d checkpoints, want 2", n)
	}
}

func TestTheFileHasEveryCheckpointWhateverBecameOfIt(t *testing.T) {
	tests := []struct {
		name   string
		happen func(h *house) error
	}{
		{"nothing", func(h *house) error { return nil }},
		{"moved away", func(h *house) error { return os.Rename(h.log.File, h.log.File+".1") }},
		{"emptied", func(h *house) error { return os.Truncate(h.log.File, 0) }},
		{"a line cut off by a crash", func(h *house) error { return os.Truncate(h.log.File, int64(len(h.file())-40)) }},
		{"the first line cut off by a crash", func(h *house) error { return os.Truncate(h.log.File, 40) }},
		{"the last line without its end", func(h *house) error { return os.Truncate(h.log.File, int64(len(h.file())-1)) }},
		{"a line lost in a crash", func(h *house) error {
			text := strings.SplitAfter(h.file(), "\n")
			return os.WriteFile(h.log.File, []byte(text[0]), 0o600)
		}},
		{"a restart", func(h *house) error { h.log = h.service(h.log.Signer); return nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.busy()
			h.busy()
			if err := tt.happen(h); err != nil {
				t.Fatal(err)
			}
			h.busy()
			if got, want := h.file(), h.points(); got != want || strings.Count(want, "\n") != 3 {
				t.Errorf("the file has\n%s, want\n%s", got, want)
			}
			if h.out.Len() > 0 {
				t.Errorf("logged: %s", h.out.String())
			}
			if info, err := os.Stat(h.log.File); err != nil || info.Mode() != 0o600 {
				t.Errorf("the file: %v, %v", info, err)
			}
		})
	}
}

func TestAFileOfAnotherLogIsKeptAndSaidSo(t *testing.T) {
	for _, other := range []string{"of another one\n", strings.Repeat("x", 10_000)} {
		h := newHouse(t)
		foreign := newHouse(t)
		foreign.busy()
		foreign.busy()
		if other == "of another one\n" {
			other = foreign.file()
		}
		if err := os.WriteFile(h.log.File, []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		h.busy()
		if got, want := h.file(), h.points(); got != want {
			t.Errorf("the file has\n%s, want\n%s", got, want)
		}
		kept, err := os.ReadFile(h.log.File + ".20261120T090100Z")
		if err != nil || string(kept) != other {
			t.Errorf("kept: %q, %v", kept, err)
		}
		if e := h.last(); e.Action != "move checkpoints aside" || e.Target != "points.jsonl.20261120T090100Z" {
			t.Errorf("recorded: %+v", e)
		}
		if !strings.Contains(h.out.String(), "restored from a backup, or changed?") {
			t.Errorf("logged: %s", h.out.String())
		}
	}
}

func TestAFailureToSendAwayIsSaidAndMadeUpFor(t *testing.T) {
	h := newHouse(t)
	h.log.File = filepath.Join(h.dir, "none", "points.jsonl")
	h.log.Syslog = auditlog.Syslog{Network: "unix", Address: filepath.Join(h.dir, "none", "log")}
	h.busy()
	if got := h.out.String(); !strings.Contains(got, "to their file") || !strings.Contains(got, "to syslog") {
		t.Errorf("logged: %s", got)
	}
	if err := os.Mkdir(filepath.Dir(h.log.File), 0o700); err != nil {
		t.Fatal(err)
	}
	h.log.Syslog = auditlog.Syslog{}
	h.checkpoint()
	if got, want := h.file(), h.points(); got != want || got == "" {
		t.Errorf("afterwards the file has %q, want %q", got, want)
	}
}

// form is a line of RFC 5424 with a checkpoint.
var form = regexp.MustCompile(`^<109>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ letterlock \d+ checkpoint - (\{.*\})$`)

func TestSyslogGetsEveryCheckpoint(t *testing.T) {
	for _, network := range []string{"udp", "tcp", "unix", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			h := newHouse(t)
			h.busy()
			h.busy() // before syslog was set: only the newest goes
			lines, to := listen(t, network, filepath.Join(h.dir, "log"))
			h.log.Syslog = to
			h.checkpoint()
			h.busy()
			points := strings.Split(h.points(), "\n")
			for _, want := range points[1:3] {
				select {
				case got := <-lines:
					if m := form.FindStringSubmatch(got); m == nil || m[1] != want {
						t.Errorf("syslog got %q, want %q", got, want)
					}
				case <-t.Context().Done():
					t.Fatal("nothing came")
				}
			}
		})
	}
}

// listen is a syslog server that passes on what it gets.
func listen(t *testing.T, network, path string) (<-chan string, auditlog.Syslog) {
	t.Helper()
	lines := make(chan string, 10)
	address, stream := path, network == "tcp" || network == "unix"
	if network == "udp" || network == "tcp" {
		address = "127.0.0.1:0"
	}
	if !stream {
		c, err := net.ListenPacket(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		go func() {
			b := make([]byte, 8192)
			for {
				n, _, err := c.ReadFrom(b)
				if err != nil {
					return
				}
				lines <- string(b[:n])
			}
		}()
		return lines, auditlog.Syslog{Network: strings.TrimSuffix(network, "gram"), Address: c.LocalAddr().String()}
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			lines <- framed(c, network)
			c.Close()
		}
	}()
	return lines, auditlog.Syslog{Network: network, Address: l.Addr().String()}
}

// framed reads one message: by its length over TCP, by its line on a socket.
func framed(c net.Conn, network string) string {
	in := bufio.NewReader(c)
	if network == "unix" {
		s, err := in.ReadString('\n')
		if err != nil {
			return err.Error()
		}
		return strings.TrimSuffix(s, "\n")
	}
	var n int
	if _, err := fmt.Fscanf(in, "%d ", &n); err != nil {
		return err.Error()
	}
	b, err := io.ReadAll(in)
	if err != nil || len(b) != n {
		return fmt.Sprintf("%d bytes, not %d: %v", len(b), n, err)
	}
	return string(bytes.TrimSpace(b))
}

func TestRunMakesACheckpointAtOnceAndEndsWithItsContext(t *testing.T) {
	h := newHouse(t)
	lines, to := listen(t, "udp", "")
	h.log.Syslog = to
	h.record(letterlock.Entry{Actor: ada, Action: "revoke", Allowed: true})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.log.Run(ctx) }()
	<-lines
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestACheckpointThatTheDatabaseDidNotTakeIsNowhere(t *testing.T) {
	h := newHouse(t)
	h.record(letterlock.Entry{Actor: ada, Action: "revoke", Allowed: true})
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.log.Checkpoint(t.Context()); !errors.Is(err, letterlock.Busy) {
		t.Errorf("Checkpoint = %v, want Busy", err)
	}
	if _, err := os.Stat(h.log.File); !os.IsNotExist(err) {
		t.Errorf("the file: %v", err)
	}
}
