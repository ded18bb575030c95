package cuts

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/cutfs"
	"letterlock/internal/mailtest"
)

// patience bounds whatever a test waits for. Nothing takes that long.
const patience = time.Minute

// long says that time is no object.
func long() bool { return os.Getenv("LETTERLOCK_STRESS") == "1" }

// need requires a machine that can show what is tested here. Everybody's tests go
// without it where it is missing; where it is the purpose, they fail.
func need(t *testing.T) {
	t.Helper()
	err := cutfs.Missing()
	switch {
	case err == nil:
	case long():
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// A server is the program on a disk.
type server struct {
	t       *testing.T
	program string
	config  string
	dir     string // where the disk is mounted
	http    string
	smtp    string
	metrics string

	mount *cutfs.Mount
	cmd   *exec.Cmd
	said  *lines
	ended chan struct{} // closed: the process is gone
}

func newServer(t *testing.T, program string) *server {
	t.Helper()
	outside := t.TempDir()
	s := &server{t: t, program: program, config: filepath.Join(outside, "letterlock.toml"), dir: filepath.Join(outside, "disk"),
		http: mailtest.FreeAddress(t), smtp: mailtest.FreeAddress(t), metrics: mailtest.FreeAddress(t)}
	text := fmt.Sprintf(`
public_url = "http://%s"
data_dir = %q
master_key_file = %q
time_zone = "UTC"
organization.name = "Contoso"
organization.domains = ["contoso.example"]
organization.notify = "portal@mail.contoso.example"
revocation.sender_scope = "every-link"
http.listen = %[1]q
http.plain = true
http.redirect = ""
smtp.submission = %[4]q
smtp.submissions = ""
relay.address = %[5]q
relay.security = "none"
metrics.listen = %[6]q
limits.disk_reserve = "1 MiB"
`, s.http, filepath.Join(s.dir, "data"), filepath.Join(s.dir, "keys", "master.key"), s.smtp, mailtest.FreeAddress(t), s.metrics)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

// settings are those of the file, for an installation in a folder of another disk.
func (s *server) settings(dir string) config.Config {
	c := config.Default()
	c.PublicURL = config.URL{URL: &url.URL{Scheme: "http", Host: s.http}}
	c.DataDir, c.MasterKeyFile = filepath.Join(dir, "data"), filepath.Join(dir, "keys", "master.key")
	c.TimeZone, c.Revocation.SenderScope = config.Zone{Location: time.UTC}, config.EveryLink
	c.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "portal@mail.contoso.example"}
	return c
}

// start starts the program on a disk and returns whether it serves. It does not
// where the power is cut before.
func (s *server) start(d *cutfs.Disk) bool {
	s.t.Helper()
	var err error
	if s.mount, err = d.Mount(s.dir); err != nil {
		s.t.Fatal(err)
	}
	s.said = &lines{serving: make(chan struct{})}
	s.ended = make(chan struct{})
	s.cmd = exec.Command(s.program, "serve", "--config", s.config)
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH")} // what begins with LETTERLOCK_ would be a setting
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = "/", s.said, s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that runs out of time cleans nothing up
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := s.ended
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait() // it was killed, or says why itself
		close(ended)
	}(s.cmd)
	select {
	case <-s.said.serving:
		return true
	case <-s.ended:
		return false
	case <-time.After(patience):
		s.t.Fatalf("the server does not serve after %v:\n%s", patience, s.said)
	}
	return false
}

// kill kills the program and takes the disk away.
func (s *server) kill() {
	s.t.Helper()
	if s.mount == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.ended
	if err := s.mount.Unmount(); err != nil {
		s.t.Error(err)
	}
	s.mount = nil
}

// lines is what the program says.
type lines struct {
	mu      sync.Mutex
	text    strings.Builder
	done    bool
	serving chan struct{}
}

// Write keeps what the program says, and looks whether it serves.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.done && bytes.Contains(p, []byte("msg=serving")) {
		l.done = true
		close(l.serving)
	}
	return l.text.Write(p)
}

// String returns the end of it.
func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.text.String()
	return s[max(0, len(s)-4000):]
}
