package overload

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"
)

// A kind is what people and mail programs do.
type kind int

const (
	gate   kind = iota // a link is looked at, mostly by machines
	page               // a message is opened
	body               // and its text
	list               // My messages, and Sent
	submit             // a mail program sends
	revoke             // access is taken away, or given back
	kinds
)

var kindNames = [kinds]string{"gate", "read", "its text", "list", "submit", "revoke"}

// mix is how often each kind comes, of a hundred.
var mix = [kinds]int{gate: 33, page: 20, body: 15, list: 10, submit: 20, revoke: 2}

func draw() kind {
	n := rand.IntN(100)
	for k, share := range mix {
		if n -= share; n < 0 {
			return kind(k)
		}
	}
	panic("overload: internal error: the mix is less than a hundred")
}

// Connections of each kind of client, so that none waits for one of another kind.
const (
	pageLines   = 256
	revokeLines = 32
)

// People are everybody who wants something of the server.
type people struct {
	t     *testing.T
	said  hello
	pid   int
	end   func()
	lines chan *line
	fast  chan *line // of those who revoke
	mails chan *mailer

	read    []message    // never revoked
	toLeave chan message // to be revoked
	left    chan message // revoked

	mu       sync.Mutex
	accepted []string // Message-IDs that were answered with 250
	wrong    int      // pages that say "revoked" of a message that is not
	unlike   error    // the first answer that nobody should get
}

// start starts a server on a folder and opens everybody's connections.
func start(t *testing.T, folder string, pl plan, unbounded bool) *people {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), folderVariable+"="+folder, messagesVariable+"="+strconv.Itoa(pl.messages))
	if unbounded {
		cmd.Env = append(cmd.Env, unboundedVariable+"=1")
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	p := &people{t: t, pid: cmd.Process.Pid, lines: make(chan *line, pageLines), fast: make(chan *line, revokeLines), mails: make(chan *mailer, pl.mailers)}
	p.end = sync.OnceFunc(func() {
		defer time.AfterFunc(time.Minute, func() { cmd.Process.Kill() }).Stop()
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Errorf("the server does not end well: %v", err)
		}
	})
	t.Cleanup(p.end)
	if err := json.NewDecoder(out).Decode(&p.said); err != nil {
		t.Fatalf("the server does not start: %v", err)
	}
	go io.Copy(io.Discard, out)
	p.settle()
	return p
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// settle gives everybody their connections, and says which messages stay.
func (p *people) settle() {
	p.t.Helper()
	for range pageLines {
		p.lines <- &line{host: p.said.HTTP}
	}
	for range revokeLines {
		p.fast <- &line{host: p.said.HTTP}
	}
	for i := range cap(p.mails) {
		m := &mailer{host: p.said.SMTP, number: i}
		check(p.t, m.signIn())
		p.mails <- m
	}
	half := len(p.said.Messages) / 2
	p.read = p.said.Messages[:half]
	p.toLeave, p.left = make(chan message, half+1), make(chan message, half+1)
	for _, m := range p.said.Messages[half:] {
		p.toLeave <- m
	}
}

// leave closes all connections; nobody uses them any more.
func (p *people) leave() {
	for range pageLines {
		(<-p.lines).close()
	}
	for range revokeLines {
		(<-p.fast).close()
	}
	for range cap(p.mails) {
		(<-p.mails).close()
	}
}

// do does one thing of a kind, not waiting longer than until.
func (p *people) do(k kind, until time.Time) error {
	switch k {
	case submit:
		return p.submit(until)
	case revoke:
		return p.revoke(until)
	}
	a := ask{method: "GET", status: 200}
	m := p.read[rand.IntN(len(p.read))]
	switch k {
	case gate:
		a.path = p.said.Links[rand.IntN(len(p.said.Links))]
	case page:
		a.path, a.cookie = "/read/"+m.ID, m.Reader
	case body:
		a.path, a.cookie = "/read/"+m.ID+"/body", m.Reader
	case list:
		a.path, a.cookie = "/messages", m.Reader
		if rand.IntN(2) == 0 {
			a.path, a.cookie = "/sent", m.Sender
		}
	}
	text, err := p.ask(p.lines, a, until)
	if k != list && bytes.Contains(text, []byte("revoked by the sender")) && k != gate {
		p.mu.Lock()
		p.wrong++
		p.mu.Unlock()
	}
	return err
}

// ask asks on one of the lines.
func (p *people) ask(lines chan *line, a ask, until time.Time) (text []byte, err error) {
	select {
	case l := <-lines:
		text, err = l.do(a, until)
		lines <- l
	case <-time.After(time.Until(until)):
		err = errLate // every line is waiting for an answer
	}
	p.note(err)
	return text, err
}

// note keeps the first answer that nobody should get.
func (p *people) note(err error) {
	if errors.Is(err, errWrong) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.unlike == nil {
			p.unlike = err
		}
	}
}

func (p *people) submit(until time.Time) error {
	var m *mailer
	select {
	case m = <-p.mails:
	default:
		return errRefused // all are busy; the server itself would take few more connections
	}
	defer func() { p.mails <- m }()
	id, err := m.send(until)
	p.note(err)
	if err == nil {
		p.mu.Lock()
		p.accepted = append(p.accepted, id)
		p.mu.Unlock()
	}
	return err
}

// revoke takes a message back, or gives access back when there is none left to take.
func (p *people) revoke(until time.Time) error {
	var m message
	act, next := "remove", p.left
	select {
	case m = <-p.toLeave:
	case m = <-p.left:
		act, next = "restore", p.toLeave
	}
	_, err := p.ask(p.fast, ask{"POST", "/sent/" + m.ID + "/" + act, m.Sender, 303}, until)
	if err != nil && act == "remove" {
		next = p.toLeave // whether it was done or not, it may be done again
	} else if err != nil {
		next = p.left
	}
	next <- m
	return err
}
