package bench

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A limit is the bare prototype: what our stack can do at best.
type limit struct {
	store  *bareStore
	master cipher.AEAD
	http   *http.Server
	smtp   *smtp.Server
}

func newLimit(folder string, web, mail net.Listener) (server, error) {
	store, err := openBareStore(folder)
	if err != nil {
		return nil, err
	}
	l := &limit{store: store, master: bareCipher(bytes.Repeat([]byte{7}, 32))}
	l.http = &http.Server{Handler: l.routes()}
	l.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &bareSession{limit: l}, nil }))
	l.smtp.Domain, l.smtp.AllowInsecureAuth = "127.0.0.1", true
	go l.http.Serve(web)
	go l.smtp.Serve(mail)
	return l, nil
}

func (l *limit) close() error {
	return errors.Join(l.http.Close(), l.smtp.Close(), l.store.close())
}

func (l *limit) answer(q request) (reply, error) {
	switch q.Do {
	case "hold", "release": // it mails nothing
		return reply{}, nil
	case "open":
		ids, err1 := l.store.messages(q.Arg)
		session, err2 := l.store.session(q.Arg)
		return reply{Session: session, IDs: ids}, errors.Join(err1, err2)
	}
	return reply{}, fmt.Errorf("unknown request %q", q.Do)
}

func bareCipher(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the length is right
	}
	c, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return c
}

const bareChunk = 64 << 10

// A bareMail is sealed as it is read.
type bareMail struct {
	wrapped []byte
	chunks  [][]byte
	size    int
}

func (l *limit) seal(r io.Reader) (m bareMail, head []byte, err error) {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	c := bareCipher(key)
	nonce := make([]byte, 12)
	rand.Read(nonce)
	m.wrapped = l.master.Seal(nonce, nonce, key, nil)
	buf := make([]byte, bareChunk)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if head == nil {
				head = bytes.Clone(buf[:min(n, 4096)])
			}
			m.chunks = append(m.chunks, c.Seal(nil, chunkNonce(len(m.chunks)), buf[:n], nil))
			m.size += n
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return m, head, nil
		}
		if err != nil {
			return m, nil, err
		}
	}
}

func chunkNonce(n int) []byte { return binary.BigEndian.AppendUint64(make([]byte, 4, 12), uint64(n)) }

func (l *limit) open(wrapped, chunk []byte) ([]byte, error) {
	key, err := l.master.Open(nil, wrapped[:12], wrapped[12:], nil)
	if err != nil {
		return nil, err
	}
	return bareCipher(key).Open(nil, chunkNonce(0), chunk, nil)
}

// A bareSession takes mail from anybody who signs in with anything.
type bareSession struct {
	limit    *limit
	from, to string
}

func (s *bareSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *bareSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}

func (s *bareSession) Reset()        {}
func (s *bareSession) Logout() error { return nil }

func (s *bareSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *bareSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

// Data reads, parses and seals one mail, and stores it by the group commit.
func (s *bareSession) Data(r io.Reader) error {
	m, head, err := s.limit.seal(r)
	if err != nil {
		return err
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(head))
	if err != nil {
		return err
	}
	if from, err := parsed.Header.AddressList("From"); err != nil || from[0].Address != s.from {
		return smtp.ErrAuthRequired
	}
	id := bareID()
	return s.limit.store.change(func(c *bareConn) error {
		err := c.exec(`INSERT INTO messages (id, sender, subject, size) VALUES ($1, $2, $3, $4)`, id, s.from, parsed.Header.Get("Subject"), m.size)
		for i, chunk := range m.chunks {
			err = errors.Join(err, c.exec(`INSERT INTO chunks (message, seq, data) VALUES ($1, $2, $3)`, id, i, chunk))
		}
		return errors.Join(err, c.exec(`INSERT INTO recipients (message, address, wrapped) VALUES ($1, $2, $3)`, id, s.to, m.wrapped))
	})
}
