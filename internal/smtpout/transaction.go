package smtpout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// An Opening is what another server said at MAIL of a mail that is passed on.
type Opening struct {
	From      string // empty: nobody
	Size      int64  // that was announced; 0: none was
	UTF8      bool   // SMTPUTF8 was asked for
	EightBits bool   // BODY=8BITMIME was said
}

// A Transaction is a mail of somebody else's on its way through us: a relay is asked
// about each of its recipients while whoever sends it waits, so that all answers are
// the relay's own. Nobody else takes responsibility for the mail before the relay does.
//
// Its errors are answers, each a *[Reply], for whoever sends the mail: those of the relay,
// or 451 where the relay says nothing about the mail. It is for one goroutine at a time.
type Transaction struct {
	client  *Client
	relay   *relay
	session *session // nil: it was lost, or is over
	over    bool     // handed over, or ended
	opening Opening
	to      []string // whom the relay has accepted
	attempt attempt
	began   time.Time
}

// Begin opens a transaction with the first relay that accepts the sender. They are tried
// as [Client.Send] tries them; afterwards there is no change of relay, for the next one
// might see the recipients otherwise. The caller ends the transaction.
func (c *Client) Begin(ctx context.Context, o Opening) (*Transaction, error) {
	if o.From != "" && !fits(o.From) {
		return nil, &Reply{Code: 553, Enhanced: "5.1.7", Text: "the sender's address cannot be passed on"}
	}
	var why *failure
	for _, r := range c.order() {
		t := &Transaction{client: c, relay: r, opening: o, began: time.Now()}
		f := r.admit()
		if f != nil { // for what another mail met
			f = &failure{step: connecting, verdict: broken, words: f.words, reply: f.reply, err: f.err}
		} else {
			if f = t.open(ctx); f == nil {
				r.works()
				return t, nil
			}
			t.log(ctx, f)
		}
		if why == nil || why.verdict == broken {
			why = f // what is about the mail says more to its sender
		}
		if f.verdict == refused && f.words != noUTF8Here || ctx.Err() != nil {
			return nil, f.answer()
		}
	}
	return nil, why.answer()
}

// open begins the transaction on a kept connection, or on a new one.
func (t *Transaction) open(ctx context.Context) *failure {
	if s := t.relay.take(); s != nil {
		t.attempt.reused = true
		f := t.mail(ctx, s)
		if f == nil || !stale(f) || ctx.Err() != nil {
			return f
		}
		t.relay.dropIdle() // they are no younger
	}
	t.attempt.reused = false
	s, err := t.relay.connect(ctx)
	if err != nil {
		return judge(connecting, err)
	}
	return t.mail(ctx, s)
}

// mail says MAIL on a session, which is the transaction's from then on if that works.
func (t *Transaction) mail(ctx context.Context, s *session) *failure {
	t.attempt.version = s.version
	if !ascii(t.opening.From) && !(t.opening.UTF8 && s.offersUTF8()) {
		t.relay.put(s)
		return &failure{step: opening, verdict: refused, words: noUTF8Here}
	}
	s.mails++
	defer whole(ctx, s)()
	o := &smtp.MailOptions{Size: t.opening.Size, UTF8: t.opening.UTF8 && s.offersUTF8()}
	if err := s.client.Mail(t.opening.From, o); err != nil {
		f := judge(opening, err)
		if f.reply == nil || f.verdict == broken {
			s.cut()
		} else {
			t.relay.giveBack(s)
		}
		return f
	}
	t.session = s
	return nil
}

// whole cuts a session off when ctx ends, until what it returns is called.
func whole(ctx context.Context, s *session) (stop func()) {
	end := context.AfterFunc(ctx, s.cut)
	return func() { end() }
}

const (
	noUTF8Here   = "5.6.7 an address is not in ASCII, and the next mail server cannot write it"
	noUTF8Header = "5.6.7 the mail needs SMTPUTF8, which the next mail server does not offer"
	noEightBits  = "5.6.3 the mail is in 8 bits, and the next mail server takes 7 only"
)

// Rcpt asks the relay about a recipient.
func (t *Transaction) Rcpt(ctx context.Context, to string) error {
	if !fits(to) {
		return &Reply{Code: 553, Enhanced: "5.1.3", Text: "this address cannot be passed on"}
	}
	if t.session == nil {
		return lost()
	}
	if !ascii(to) && !(t.opening.UTF8 && t.session.offersUTF8()) {
		return newReply(553, noUTF8Here)
	}
	if f := t.rcpt(ctx, t.session, to); f != nil {
		if t.session == nil {
			t.log(ctx, f)
		}
		return f.answer()
	}
	t.to = append(t.to, to)
	return nil
}

// rcpt says RCPT. A session that is in no order afterwards is lost.
func (t *Transaction) rcpt(ctx context.Context, s *session, to string) *failure {
	defer whole(ctx, s)()
	err := s.client.Rcpt(to, nil)
	if err == nil {
		return nil
	}
	f := judge(addressing, err)
	if f.reply == nil || f.verdict == broken {
		t.lose()
	}
	return f
}

// lose gives the session up.
func (t *Transaction) lose() {
	if t.session != nil {
		t.session.cut()
		t.session = nil
	}
}

func lost() *Reply {
	return &Reply{Code: 451, Enhanced: "4.4.2", Text: "the connection to the next mail server was lost"}
}

// Data hands the mail over, to those recipients whom the relay has accepted, and returns
// what the relay said when it took it. A relay that does not answer the end of the mail
// may have taken it; the mail can come twice then, and is not lost. The line ends of the
// mail are CR LF and its lines otherwise as they are: the relay gets what the reader
// gives, with a line end behind it if it has none.
func (t *Transaction) Data(ctx context.Context, mail io.Reader) (*Reply, error) {
	if t.over {
		return nil, lost()
	}
	reply, f := t.data(ctx, mail)
	t.attempt.reply = reply
	t.log(ctx, f)
	if f != nil {
		return nil, f.answer()
	}
	return reply, nil
}

func (t *Transaction) data(ctx context.Context, mail io.Reader) (*Reply, *failure) {
	w, f := t.start(ctx)
	if f != nil {
		return nil, f
	}
	defer whole(ctx, t.session)()
	if err := copyMail(w, mail); err != nil {
		t.lose() // without the final dot, so that no half mail is taken
		return nil, judge(handing, err)
	}
	done, err := w.CloseWithResponse()
	if err == nil {
		t.relay.put(t.session)
		t.session, t.over = nil, true
		return newReply(250, done.StatusText), nil
	}
	f = judge(finishing, err)
	if f.reply == nil || f.verdict == broken {
		t.lose()
	}
	return nil, f
}

// start says DATA. A mail takes its time to come in, and the relay may have had enough
// of waiting for it: then the transaction is begun anew, and is the same only if the
// relay accepts all of the recipients again.
func (t *Transaction) start(ctx context.Context) (*smtp.DataCommand, *failure) {
	w, f := t.command(ctx)
	if f == nil || f.verdict != broken || ctx.Err() != nil {
		return w, f
	}
	t.lose()
	t.relay.dropIdle() // they are no younger
	if f := t.open(ctx); f != nil {
		return nil, f
	}
	for _, to := range t.to {
		if f := t.rcpt(ctx, t.session, to); f != nil {
			f.verdict, f.words = later, "the next mail server does not accept a recipient any more"
			return nil, f
		}
	}
	return t.command(ctx)
}

// command says DATA on the session that is there.
func (t *Transaction) command(ctx context.Context) (*smtp.DataCommand, *failure) {
	s := t.session
	switch {
	case s == nil:
		return nil, &failure{step: handing, verdict: broken, words: "the connection to the relay was lost"}
	case t.opening.UTF8 && !s.offersUTF8():
		return nil, &failure{step: handing, verdict: refused, words: noUTF8Header}
	case t.opening.EightBits && !s.offersEightBits():
		return nil, &failure{step: handing, verdict: refused, words: noEightBits}
	}
	defer whole(ctx, s)()
	w, err := s.client.Data()
	if err != nil {
		return nil, judge(handing, err)
	}
	return w, nil
}

// End ends the transaction. What was not handed over is taken back, and the connection
// is kept for the next mail. A second End does nothing.
func (t *Transaction) End() {
	t.over = true
	if t.session != nil {
		t.relay.giveBack(t.session)
		t.session = nil
	}
}

// takeBack is how long a relay may take to forget a mail that does not come.
const takeBack = 5 * time.Second

// giveBack keeps a session of which nobody wants anything any more, if it is in order.
func (r *relay) giveBack(s *session) {
	s.client.CommandTimeout = min(takeBack, r.timeouts.Command)
	err := s.client.Reset()
	s.client.CommandTimeout = r.timeouts.Command
	if err != nil {
		s.cut()
		return
	}
	r.put(s)
}

// log notes what became of an attempt: for the relay's standing, and in one line.
func (t *Transaction) log(ctx context.Context, f *failure) {
	switch {
	case f == nil || f.verdict != broken:
		t.relay.works()
	case ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded):
		t.relay.fails(f)
	default: // it was us who broke it off
		f.words = "the attempt was broken off"
	}
	t.client.logAttempt(ctx, t.relay, t.attempt, f, time.Since(t.began))
}

// answer makes of a failure what whoever sends the mail is told. Where it is not the
// mail that is at fault, nothing is said of what is: that is for the log.
func (f *failure) answer() *Reply {
	switch {
	case f.verdict == broken && f.step == finishing && f.reply == nil:
		return &Reply{Code: 451, Enhanced: "4.4.2", Text: "the next mail server did not answer, and may have taken the mail"}
	case f.verdict == broken:
		return &Reply{Code: 451, Enhanced: "4.4.1", Text: "the next mail server takes no mail now"}
	case f.reply == nil && f.verdict == refused:
		return newReply(554, f.words)
	case f.reply == nil || f.words != "":
		return &Reply{Code: 451, Enhanced: "4.3.0", Text: "the mail could not be passed on"}
	}
	return f.reply.asAnswer()
}

// asAnswer is a refusal that can be given on: a relay may say anything, and the first
// digit decides whether a mail is tried again.
func (r *Reply) asAnswer() *Reply {
	if r.Code < 400 || r.Code > 599 || r.Code == 421 {
		return &Reply{Code: 451, Enhanced: "4.5.0", Text: "the next mail server gave an answer that means nothing"}
	}
	a := *r
	if !strings.HasPrefix(a.Enhanced, fmt.Sprint(a.Code/100)+".") {
		a.Enhanced = fmt.Sprintf("%d.0.0", a.Code/100)
	}
	return &a
}
