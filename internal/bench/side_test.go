package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A side is one of the two servers, as the generator sees it.
type side struct {
	t      *testing.T
	role   string
	folder string
	trace  string // file of the tracer; empty: none
	hello  reply
	ready  time.Duration // from its start until it could answer

	mu  sync.Mutex
	cmd *exec.Cmd
	in  io.WriteCloser
	say *json.Encoder
	out *json.Decoder
}

// A tracing says what a tracer does with the server's fsyncs.
type tracing int

const (
	untraced tracing = iota
	counted
	slowed // by slowBy each
)

const slowBy = 5 * time.Millisecond

// start starts a server on a folder, which may hold data of an earlier one.
func (b *bench) start(role, folder string, how tracing) *side {
	b.t.Helper()
	s := &side{t: b.t, role: role, folder: folder}
	self, err := os.Executable()
	b.check(err)
	args := []string{self, folder}
	if how != untraced {
		s.trace = filepath.Join(folder, "trace")
		args = append(tracer(s.trace, how), args...)
	}
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Env = append(os.Environ(), roleVariable+"="+role)
	s.cmd.Stderr = os.Stderr
	s.in, err = s.cmd.StdinPipe()
	b.check(err)
	out, err := s.cmd.StdoutPipe()
	b.check(err)
	began := time.Now()
	b.check(s.cmd.Start())
	s.say, s.out = json.NewEncoder(s.in), json.NewDecoder(out)
	if err := s.out.Decode(&s.hello); err != nil {
		b.t.Fatalf("%s does not start: %v", role, errors.Join(err, s.cmd.Wait()))
	}
	res, err := http.Get("http://" + s.hello.HTTP + "/healthz") // any answer will do
	b.check(err)
	b.check(res.Body.Close())
	s.ready = time.Since(began)
	return s
}

// tracer stops the server at its fsyncs and nowhere else: the filter keeps every
// other system call at its own speed.
func tracer(file string, how tracing) []string {
	args := []string{"strace", "-f", "--seccomp-bpf", "-qq", "-o", file, "-e", "trace=fsync,fdatasync,sync_file_range"}
	if how == slowed {
		args = append(args, "-e", "inject=fsync,fdatasync:delay_exit="+strconv.FormatInt(slowBy.Microseconds(), 10))
	}
	return args
}

// stop ends the server and waits for it.
func (s *side) stop() {
	s.t.Helper()
	defer time.AfterFunc(30*time.Second, func() { s.cmd.Process.Kill() }).Stop()
	if err := errors.Join(s.in.Close(), s.cmd.Wait()); err != nil {
		s.t.Errorf("%s does not end well: %v", s.role, err)
	}
}

func (s *side) ask(do, arg string) reply {
	s.t.Helper()
	return s.await(request{Do: do, Arg: arg})
}

func (s *side) await(q request) reply {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var a reply
	err := s.say.Encode(q)
	if err == nil {
		err = s.out.Decode(&a)
	}
	if err == nil && a.Err != "" {
		err = errors.New(a.Err)
	}
	if err != nil {
		s.t.Fatalf("%s, %s %s: %v", s.role, q.Do, q.Arg, err)
	}
	return a
}

// fsyncs is how many the tracer has seen. A call that another interrupts in the
// tracer's file has a second line, which does not name it like this.
func (s *side) fsyncs() int {
	s.t.Helper()
	text, err := os.ReadFile(s.trace)
	if err != nil {
		s.t.Fatal(err)
	}
	return bytes.Count(text, []byte("sync("))
}

// memory is the resident memory of the server, now or at its peak, in bytes.
func (s *side) memory(field string) int64 {
	s.t.Helper()
	n, err := s.memoryNow(field)
	if err != nil {
		s.t.Fatalf("%s of %s: %v", field, s.role, err)
	}
	return n
}

func (s *side) memoryNow(field string) (int64, error) {
	text, err := os.ReadFile(s.proc("status"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), field+":")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kb, err := strconv.ParseInt(number, 10, 64)
	return kb << 10, err
}

func (s *side) proc(file string) string { return fmt.Sprintf("/proc/%d/%s", s.hello.PID, file) }

// resetPeak makes the kernel measure the peak of memory anew.
func (s *side) resetPeak() {
	s.t.Helper()
	if err := os.WriteFile(s.proc("clear_refs"), []byte("5"), 0); err != nil {
		s.t.Fatal(err)
	}
}
