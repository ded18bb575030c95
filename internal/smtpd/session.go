package smtpd

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"letterlock/internal/intake"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/smtpout"
)

// A session is what go-smtp tells us about one connection. During BDAT, Data runs
// beside the commands, so its fields are under mu.
type session struct {
	server *Server
	wire   *wire
	log    *slog.Logger

	mu    sync.Mutex
	actor letterlock.Actor // zero: not signed in
	mail  *envelope        // nil: none begun
	torn  bool             // a mail was broken off in the middle
}

// An envelope is what MAIL and RCPT said. Data takes it as a whole.
type envelope struct {
	fromNobody bool // as bounces are
	comesBack  bool // to us, by the gateway
	recipients []letterlock.Address
	transit
	pass *lane.Pass // holds no place while the client is to speak
}

// newSession is called at EHLO.
func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	w, ok := c.Conn().(*wire)
	if !ok {
		panic("smtpd: internal error: a connection that did not come through the lobby")
	}
	return &session{server: s, wire: w, log: s.Log.With("ip", w.ip)}, nil
}

// Logout implements smtp.Session.
func (s *session) Logout() error {
	s.forget()
	return nil
}

// Reset forgets the mail that was begun.
//
// When that is in the middle of a mail sent by BDAT, the connection takes no
// other: go-smtp would answer the next one with the result of this one, should
// this one's Data end late. Data says the same if it ends before we look here.
func (s *session) Reset() {
	s.forget()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.torn = s.torn || s.wire.underWay()
}

// forget ends the mail that was begun, unless Data has it.
func (s *session) forget() {
	s.mu.Lock()
	e := s.mail
	s.mail = nil
	ours := e != nil && !e.taken
	s.mu.Unlock()
	if ours {
		e.end()
	}
}

// Mail begins a mail. The sender must be the account's own address, where accounts
// sign in; the From field is intake's to check.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pass, refusal := s.place()
	defer pass.Pause() // until the mail comes
	if refusal == nil {
		refusal = s.stillIn()
	}
	if refusal == nil {
		refusal = s.refuseMail(from, opts)
	}
	if refusal != nil {
		s.server.Metrics.RefusedAtMail(refusal.Code)
		if refusal != noPlace { // there are very many of these when there are any
			s.logRefusal(refusal)
		}
		return refusal
	}
	s.mail = &envelope{pass: pass, fromNobody: from == "", transit: transit{opening: opened(from, opts)}}
	return nil
}

// place refuses a mail for which there is no place: before it has been sent, and
// before anything else is looked at, which is where it costs least.
func (s *session) place() (*lane.Pass, *smtp.SMTPError) {
	if s.stranger() {
		return nil, nil // refused as such
	}
	pass, err := s.server.Lanes.Enter(s.server.ctx, lane.Submit)
	if err != nil {
		return nil, noPlace
	}
	return pass, nil
}

// stillIn asks for the account anew with each mail: a connection may stay open for
// long after its holder was disabled, or what it signed in with was taken away.
func (s *session) stillIn() *smtp.SMTPError {
	if s.actor.Kind == letterlock.Nobody {
		return nil // refused as such, where accounts sign in
	}
	ctx, cancel := context.WithTimeout(s.server.ctx, s.server.Timeouts.Command)
	defer cancel()
	now, err := s.server.Auth.Still(ctx, s.actor)
	switch {
	case errors.Is(err, letterlock.Denied):
		s.actor = letterlock.Actor{}
		s.wire.hangUp()
		return signInFirst
	case err != nil:
		s.log.Error("smtp: cannot look at the account", "err", err)
		return notAccepted
	}
	s.actor.Name, s.actor.Roles = now.Name, now.Roles
	return nil
}

func (s *session) refuseMail(from string, opts *smtp.MailOptions) *smtp.SMTPError {
	switch {
	case s.stranger():
		return signInFirst
	case s.torn:
		s.wire.hangUp()
		return tornConnection
	case s.mail != nil:
		return nested
	case opts.Size > s.server.MaxBytes:
		return announcedSize
	}
	if s.server.Gateway == nil {
		if refusal := s.refuseSender(from); refusal != nil {
			return refusal
		}
	}
	if s.server.Room == nil {
		return nil
	}
	if err := s.server.Room(); err != nil {
		return replyTo(err)
	}
	return nil
}

// refuseSender refuses a sender who is not the account's holder.
func (s *session) refuseSender(from string) *smtp.SMTPError {
	if from == "" {
		return noNullSender
	}
	switch address, err := parsePath(from); {
	case err != nil:
		return badSender
	case address != s.actor.Address:
		return otherSender
	}
	return nil
}

// stranger reports whether the client has to sign in and has not.
func (s *session) stranger() bool {
	return s.server.Gateway == nil && s.actor.Kind == letterlock.Nobody
}

// Rcpt adds a recipient. One that was named already is not added again.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.Gateway != nil {
		return s.rcptAtGateway(to)
	}
	address, err := parsePath(to)
	if err != nil {
		return badRecipient
	}
	s.mu.Lock()
	e := s.mail
	s.mu.Unlock()
	if e == nil {
		return notBegun
	}
	s.add(e, address)
	return nil
}

// add adds a recipient that is not there yet; there are at most MaxRecipients of them.
func (s *session) add(e *envelope, address letterlock.Address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(e.recipients, address) {
		e.recipients = append(e.recipients, address)
	}
}

// parsePath reads an address as go-smtp leaves it, without the quotes of a quoted
// local part. They are put back where the local part shows that it had them; with
// an @ in it, it could as well be a domain with one, and stays refused.
func parsePath(s string) (letterlock.Address, error) { return letterlock.ParseAddress(asPath(s)) }

// asPath puts the quotes back, and nothing else.
func asPath(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at > 0 && strings.ContainsAny(s[:at], " ()<>[]:;\\,\"") && !strings.Contains(s[:at], "@") {
		local := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s[:at])
		s = `"` + local + `"` + s[at:]
	}
	return s
}

// Data takes the mail, from DATA or from BDAT. A crash before Accept returns
// leaves a client without an answer and no mail, or one that the client's next
// try finds; a crash after it, the same with the mail in place.
func (s *session) Data(r io.Reader) error {
	s.mu.Lock()
	by, e := s.actor, s.mail
	if e != nil {
		e.taken = true
	}
	s.mu.Unlock()
	if e == nil {
		return notBegun // RSET overtook a BDAT
	}
	defer e.end()
	if len(e.recipients) == 0 {
		return notBegun
	}
	if !s.server.beginMail() {
		return serverEnds
	}
	defer s.server.mails.Done()
	start := time.Now()
	goingOn := s.wire.begin()
	defer s.wire.end()
	if !goingOn {
		s.wire.hangUp()
		return serverEnds
	}
	m := &mailReader{from: r, wire: s.wire, room: s.server.MaxBytes}
	receipt, err := s.accept(by, e, m)
	if errors.Is(m.err, smtp.ErrDataReset) {
		s.tear()
	}
	answer := s.answerTo(e, receipt, err)
	came, took := s.server.MaxBytes-m.room, time.Since(start)
	s.server.Metrics.Mail(answer.Code, came, took)
	if g := s.server.Gateway; g != nil && !e.comesBack {
		g.Metrics.Judged(receipt.Passed, answer.Code)
	}
	s.logMail(answer, receipt, err, slog.Int("recipients", len(e.recipients)), slog.Int64("bytes", came), slog.Duration("took", took))
	return answer
}

// answerTo is the reply to a mail.
func (s *session) answerTo(e *envelope, receipt intake.Receipt, err error) *smtp.SMTPError {
	said, ruled, without := (*smtpout.Reply)(nil), (*intake.Refusal)(nil), (*intake.Unprovable)(nil)
	switch {
	case errors.As(err, &said):
		return s.server.saidBy(said)
	case errors.As(err, &ruled):
		return refusedBy(ruled, e.opening.UTF8)
	case errors.As(err, &without):
		return nobodyVouches(without, e.opening.UTF8)
	case err != nil:
		return replyTo(err)
	case receipt.Passed:
		return s.server.saidBy(e.reply)
	case e.comesBack:
		return taken
	}
	return accepted
}

func (s *session) tear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.torn = true
}

var errNotRead = errors.New("accepted without having been read to the end")

// accept hands the mail over. What was wrong with the mail itself outranks what
// was made of it.
func (s *session) accept(by letterlock.Actor, e *envelope, m *mailReader) (receipt intake.Receipt, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.server.logPanic(s.wire, p)
			err = &letterlock.Error{Code: letterlock.Internal, Err: errors.New("panic")}
		}
	}()
	ctx, cancel := context.WithTimeout(s.server.ctx, s.server.Timeouts.Message)
	defer cancel()
	defer e.pass.Leave()
	ctx = lane.With(ctx, e.pass)
	mail := &paused{ctx, m, e.pass}
	switch g := s.server.Gateway; {
	case g != nil && e.comesBack:
		err = g.Bounces.TakeBounce(ctx, e.fromNobody, e.recipients, mail)
	case g != nil:
		receipt, err = s.server.Accept.Accept(ctx, s.peer(), s.envelopeOf(e), mail)
	default:
		receipt, err = s.server.Accept.Accept(ctx, by, intake.Envelope{
			Recipients: e.recipients,
			Via:        letterlock.BySubmission,
		}, mail)
	}
	switch {
	case m.err != nil && m.err != io.EOF:
		return receipt, m.err
	case err == nil && m.err == nil:
		return receipt, errNotRead
	}
	return receipt, err
}

// A paused reader holds no place in the lane while it waits for the client's line.
type paused struct {
	ctx  context.Context
	mail *mailReader
	pass *lane.Pass
}

// Read implements io.Reader.
func (p *paused) Read(b []byte) (int, error) {
	p.pass.Pause()
	n, err := p.mail.Read(b)
	if resumed := p.pass.Resume(p.ctx); resumed != nil {
		return 0, resumed
	}
	return n, err
}
