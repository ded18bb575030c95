package cuts

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net"
	"net/smtp"
	"sync"
	"sync/atomic"
	"time"
)

const password = "correct horse battery"

// A hash says what a mail or a file is.
type hash [sha256.Size]byte

// A mail is what a client sends, and the hash of its file.
type mail struct {
	to   string
	raw  []byte
	file hash
}

// newMail makes a mail that there is only once, with a file in it. One of a hundred
// is so large that it is stored in several steps.
func newMail(seed uint64) mail {
	random := rand.New(rand.NewPCG(seed, 7))
	size := 200 + random.IntN(6000)
	if seed%100 == 99 {
		size = 1_200_000 + random.IntN(400_000)
	}
	file := make([]byte, size)
	rand.NewChaCha8(sha256.Sum256(fmt.Append(nil, seed))).Read(file)
	m := mail{to: fmt.Sprintf("reader%d@riverside.example", seed%1000), file: sha256.Sum256(file)}
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Ada Lindqvist <ada@contoso.example>\r\nTo: <%s>\r\nSubject: [secure] Figures %d\r\nMessage-ID: <%[2]d@contoso.example>\r\n", m.to, seed)
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThe salary of %d is %d.\r\n", seed, random.IntN(100_000))
	fmt.Fprintf(&b, "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=figures.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	text := base64.StdEncoding.EncodeToString(file)
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n--b--\r\n")
	m.raw = b.Bytes()
	return m
}

// clients are how many mail programs send at the same time.
const clients = 8

// A crowd is everybody who sends mail, and what they know of it.
type crowd struct {
	mu       sync.Mutex
	sent     map[hash]hash // of each mail that was begun: that of its file
	answered map[hash]bool // with 250
	next     uint64
	kept     atomic.Int64 // how many were answered since the round began
	round    chan struct{}
	goal     int64
}

func newCrowd() *crowd { return &crowd{sent: map[hash]hash{}, answered: map[hash]bool{}} }

// begin begins a round, and returns a channel that is closed when so many mails
// were answered in it.
func (c *crowd) begin(goal int64) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept.Store(0)
	c.goal, c.round = goal, make(chan struct{})
	if goal == 0 {
		close(c.round)
	}
	return c.round
}

func (c *crowd) mail() (mail, hash) {
	c.mu.Lock()
	seed := c.next
	c.next++
	c.mu.Unlock()
	m := newMail(seed)
	h := hash(sha256.Sum256(m.raw))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[h] = m.file
	return m, h
}

func (c *crowd) answer(h hash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered[h] = true
	if c.kept.Add(1) == c.goal {
		close(c.round)
	}
}

// run sends mail from all clients until the server is gone.
func (c *crowd) run(address string) {
	var all sync.WaitGroup
	for range clients {
		all.Go(func() { c.send(address) })
	}
	all.Wait()
}

// send is one client: it sends one mail after another until its connection ends.
func (c *crowd) send(address string) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer conn.Close() // it ends with the server
	s, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		return
	}
	if err := s.Auth(smtp.PlainAuth("", "ada@contoso.example", password, "127.0.0.1")); err != nil {
		return
	}
	for {
		m, h := c.mail()
		_ = conn.SetDeadline(time.Now().Add(patience)) // of an open connection
		if err := submit(s, m); err != nil {
			return
		}
		c.answer(h)
	}
}

// submit hands over one mail. It returns nil only for 250.
func submit(s *smtp.Client, m mail) error {
	if err := s.Mail("ada@contoso.example"); err != nil {
		return err
	}
	if err := s.Rcpt(m.to); err != nil {
		return err
	}
	w, err := s.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.raw); err != nil {
		return err
	}
	return w.Close()
}
