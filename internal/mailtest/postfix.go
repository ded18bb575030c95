package mailtest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// PostfixOptions say how a Postfix is to run.
type PostfixOptions struct {
	Onward      string            // host and port of the server that gets every mail it takes, such as a Sink's
	Certificate tls.Certificate   // of its STARTTLS and TLS
	MaxBytes    int64             // of a mail; 0: 10 MB
	Replies     map[string]string // what RCPT is answered, by address: "550 5.1.1 unknown"; others are welcome
	Settings    string            // lines of main.cf beside ours; /etc/postfix in them is its own folder
	Files       map[string]string // texts of the files there that Settings name
	Options     string            // lines of master.cf for the smtpd that speaks at Address: "-o name=value"
	Services    string            // lines at the end of master.cf
}

// A Postfix is Debian's Postfix, running from a folder of its own: it touches
// neither the settings nor the queue of one that the machine may have.
type Postfix struct {
	Address    string // host and port where it speaks SMTP and insists on STARTTLS
	TLSAddress string // host and port where it speaks TLS from the first byte on

	t       testing.TB
	dir     string
	options PostfixOptions
	cmd     *exec.Cmd
	done    chan struct{} // closed when its output has ended
	mu      sync.Mutex
	log     []string
}

// StartPostfix starts a Postfix that takes mail from this machine and passes all
// of it on. It ends with its test.
func StartPostfix(t testing.TB, o PostfixOptions) *Postfix {
	t.Helper()
	p := &Postfix{t: t, options: o, done: make(chan struct{})}
	postfix := p.find()
	p.Address = FreeAddress(t)
	p.TLSAddress = FreeAddress(t)
	p.furnish()
	p.cmd = exec.Command(postfix, "-c", filepath.Join(p.dir, "etc"), "start-fg")
	// In a group of its own, so that all of it can be ended at once.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	started := make(chan struct{})
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("starting Postfix: %v", err)
	}
	go p.read(out, started)
	t.Cleanup(p.stop)
	p.await(started)
	return p
}

// find returns the program postfix.
func (p *Postfix) find() string {
	p.t.Helper()
	path, err := exec.LookPath("postfix")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/postfix") // not on everybody's path
	}
	if err != nil {
		p.t.Fatal("postfix is missing: run 'make programs'")
	}
	if os.Getuid() != 0 {
		p.t.Fatal("Postfix starts as root only, because each of its parts runs as another user: run these tests as root")
	}
	return path
}

// furnish makes the folder that Postfix runs from.
func (p *Postfix) furnish() {
	p.t.Helper()
	var err error
	must := func(err error) {
		p.t.Helper()
		if err != nil {
			p.t.Fatal(err)
		}
	}
	// Not t.TempDir: the parts of Postfix that are not root must get in.
	p.dir, err = os.MkdirTemp("", "postfix")
	must(err)
	p.t.Cleanup(func() { os.RemoveAll(p.dir) })
	must(os.Chmod(p.dir, 0o755))
	for _, name := range []string{"etc", "queue", "data"} {
		must(os.Mkdir(filepath.Join(p.dir, name), 0o755))
	}
	must(exec.Command("chown", "postfix", filepath.Join(p.dir, "data")).Run())
	cert, key := Files(p.t, p.options.Certificate)
	must(os.WriteFile(filepath.Join(p.dir, "etc", "tls.pem"), slices.Concat(key, cert), 0o600))
	must(os.WriteFile(filepath.Join(p.dir, "etc", "main.cf"), []byte(p.mainCF()), 0o644))
	must(os.WriteFile(filepath.Join(p.dir, "etc", "master.cf"), []byte(p.masterCF()), 0o644))
	for name, text := range p.options.Files {
		must(os.WriteFile(filepath.Join(p.dir, "etc", name), []byte(text), 0o644))
	}
}

// mainCF is the settings: no DNS, no local mailboxes, no mail from elsewhere.
func (p *Postfix) mainCF() string {
	size := p.options.MaxBytes
	if size == 0 {
		size = 10 << 20
	}
	recipients := "permit_mynetworks, reject"
	if len(p.options.Replies) > 0 {
		var rows []string
		for address, reply := range p.options.Replies {
			rows = append(rows, fmt.Sprintf("{%s=%s}", address, reply))
		}
		recipients = fmt.Sprintf("check_recipient_access inline:{%s}, %s", strings.Join(rows, ", "), recipients)
	}
	settings := []string{
		"compatibility_level = 3.6",
		"queue_directory = " + filepath.Join(p.dir, "queue"),
		"data_directory = " + filepath.Join(p.dir, "data"),
		"mail_owner = postfix",
		"setgid_group = postdrop",
		"maillog_file = /dev/stdout",
		"myhostname = relay.example",
		"mydestination =",
		"alias_maps =",
		"local_recipient_maps =",
		"mynetworks = 127.0.0.0/8",
		"inet_interfaces = 127.0.0.1",
		"inet_protocols = ipv4",
		"disable_dns_lookups = yes",
		"smtpd_peername_lookup = no",
		"relayhost = " + bracketed(p.options.Onward),
		"smtp_tls_security_level = none",
		"smtpd_tls_security_level = encrypt",
		"smtpd_tls_chain_files = " + filepath.Join(p.dir, "etc", "tls.pem"),
		"smtpd_relay_restrictions = permit_mynetworks, reject",
		"smtpd_recipient_restrictions = " + recipients,
		"smtpd_client_connection_rate_limit = 0",
		"smtpd_client_connection_count_limit = 0",
		"smtputf8_enable = yes",
		"message_size_limit = " + strconv.FormatInt(size, 10),
		"mailbox_size_limit = 0",
		// What could not be passed on is tried again soon.
		"queue_run_delay = 1s",
		"minimal_backoff_time = 1s",
		"maximal_backoff_time = 2s",
	}
	more := strings.ReplaceAll(p.options.Settings, "/etc/postfix/", filepath.Join(p.dir, "etc")+"/")
	// Said twice, each part of Postfix warns of it, the logger included: to itself, and
	// when there are many warnings it waits for itself for ever.
	last := map[string]int{}
	settings = append(settings, strings.Split(more, "\n")...)
	for i, line := range settings {
		last[settingOf(line)] = i
	}
	var kept []string
	for i, line := range settings {
		if name := settingOf(line); name == "" || last[name] == i {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n") + "\n"
}

// settingOf is the name that a line of main.cf sets; empty: it goes on with another.
func settingOf(line string) string {
	name, _, found := strings.Cut(line, "=")
	if !found || strings.HasPrefix(line, " ") || strings.HasPrefix(line, "#") {
		return ""
	}
	return strings.TrimSpace(name)
}

// bracketed is an address as Postfix wants it: without the brackets it would
// look for mail exchangers.
func bracketed(address string) string {
	i := strings.LastIndexByte(address, ':')
	return "[" + address[:i] + "]" + address[i:]
}

// masterCF is the list of parts; none is in a chroot, which would need files of
// the machine copied into the queue.
func (p *Postfix) masterCF() string {
	return p.Address + `     inet  n - n -     - smtpd
` + p.options.Options + p.TLSAddress + `  inet  n - n -     - smtpd -o smtpd_tls_wrappermode=yes
pickup     unix  n - n 60    1 pickup
cleanup    unix  n - n -     0 cleanup
qmgr       unix  n - n 300   1 qmgr
tlsmgr     unix  - - n 1000? 1 tlsmgr
rewrite    unix  - - n -     - trivial-rewrite
bounce     unix  - - n -     0 bounce
defer      unix  - - n -     0 bounce
trace      unix  - - n -     0 bounce
verify     unix  - - n -     1 verify
flush      unix  n - n 1000? 0 flush
proxymap   unix  - - n -     - proxymap
smtp       unix  - - n -     - smtp
relay      unix  - - n -     - smtp
showq      unix  n - n -     - showq
error      unix  - - n -     - error
retry      unix  - - n -     - error
discard    unix  - - n -     - discard
anvil      unix  - - n -     1 anvil
scache     unix  - - n -     1 scache
postlog    unix-dgram n - n - 1 postlogd
` + p.options.Services
}

// read keeps what Postfix says, and closes started when it is up.
func (p *Postfix) read(out io.Reader, started chan struct{}) {
	defer close(p.done)
	up := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		p.mu.Lock()
		p.log = append(p.log, line)
		p.mu.Unlock()
		if !up && strings.Contains(line, "daemon started") {
			up = true
			close(started)
		}
	}
}

// await waits until Postfix answers.
func (p *Postfix) await(started chan struct{}) {
	p.t.Helper()
	late := time.After(patience)
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-started: // its ports are open by now
			return
		case <-look.C: // what it logs while its logger starts can get lost
			if p.greets() {
				return
			}
		case <-p.done:
			p.t.Fatalf("Postfix did not start:\n%s", p.Log())
		case <-late:
			p.t.Fatalf("Postfix has not started after %v:\n%s", patience, p.Log())
		}
	}
}

// greets reports whether it answers as a mail server does.
func (p *Postfix) greets() bool {
	conn, err := net.DialTimeout("tcp", p.Address, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second)) // it fails with the read
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.HasPrefix(line, "220 ")
}

// Log returns what Postfix has said so far.
func (p *Postfix) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

// stop ends Postfix with all its parts. Its master is asked first; it ends the
// parts. What is left in the group after that is ended without asking.
func (p *Postfix) stop() {
	if raw, err := os.ReadFile(filepath.Join(p.dir, "queue", "pid", "master.pid")); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGTERM) // it may have ended by itself
		}
	} else {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM) // it has not come so far
	}
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		p.t.Errorf("Postfix does not stop:\n%s", p.Log())
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // nobody is left, if all went well
	<-p.done
	_ = p.cmd.Wait() // ended by a signal, as was wanted
}
