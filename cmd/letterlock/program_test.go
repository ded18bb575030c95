package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/browsertest"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "letterlock-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "letterlock")
	code := 1
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// A program is the demo, running as a process of its own.
type program struct {
	t        *testing.T
	site     string // http://127.0.0.1:<port>
	smtp     string
	password string
	settings string // file for commands
	process  *os.Process
	stop     func() error     // asks it to end and waits for that
	temp     string           // its folder for temporary files
	verbose  bool             // it may write to stderr, which is its log
	log      *strings.Builder // what it wrote there, to be read after stop
}

var announced = regexp.MustCompile(`(?m)^  (open|password:|commands|SMTP) +(?:letterlock trace --config )?(\S+)`)

// start runs "letterlock demo" on free ports and waits until it says that it is ready.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	return startOf(t, binary, args...)
}

// startOf is start of another build.
func startOf(t *testing.T, file string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(file, append([]string{"demo", "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0"}, args...)...)
	temp := t.TempDir()
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, process: cmd.Process, temp: temp, verbose: slices.Contains(args, "--verbose"), log: &errs}
	stopped := false
	p.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		return cmd.Wait()
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("the program ended with %v", err)
		}
		if errs.Len() > 0 && !p.verbose {
			t.Errorf("the program wrote to stderr:\n%s", errs.String())
		}
	})
	p.listen(out, &errs)
	return p
}

// listen reads what the program announces. A watchdog ends the wait.
func (p *program) listen(out io.Reader, errs fmt.Stringer) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
			}
		}
	}()
	for !(p.site != "" && p.smtp != "" && p.password != "") {
		select {
		case l, ok := <-lines:
			if !ok {
				p.t.Fatalf("the program ended before it was ready:\n%s", errs)
			}
			if m := announced.FindStringSubmatch(l); m != nil {
				*map[string]*string{"open": &p.site, "password:": &p.password, "commands": &p.settings, "SMTP": &p.smtp}[m[1]] = m[2]
			}
		case <-ctx.Done():
			p.t.Fatalf("the program is not ready after a minute:\n%s", errs)
		}
	}
}

// send sends a mail by SMTP as Ada.
func (p *program) send(mail string, to ...string) {
	p.t.Helper()
	host, _, _ := strings.Cut(p.smtp, ":")
	auth := smtp.PlainAuth("", "ada@contoso.example", p.password, host)
	err := smtp.SendMail(p.smtp, auth, "ada@contoso.example", to, []byte(strings.ReplaceAll(mail, "\n", "\r\n")))
	if err != nil {
		p.t.Fatalf("sending: %v", err)
	}
}

// signIn signs an account in and leaves its page at the Sent folder.
func (p *program) signIn(page *browsertest.Page, address string) {
	p.t.Helper()
	page.Goto(p.site + "/sign-in")
	page.Fill("Address", address)
	page.Fill("Password", p.password)
	page.ClickText("Sign in")
	if got := page.Path(); got != "/sent" {
		p.t.Fatalf("after signing in at %s, want /sent", got)
	}
}

// wantPage checks what a page says first and the status that came with it.
func wantPage(t *testing.T, page *browsertest.Page, status int, h1 string) {
	t.Helper()
	if page.Status() != status || page.H1() != h1 {
		t.Errorf("%s: status %d, h1 %q; want %d, %q", page.URL(), page.Status(), page.H1(), status, h1)
	}
}
