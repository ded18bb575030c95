package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/track"
	"letterlock/views"
)

// From when on mail is late. People look at a page while they wait for a passcode; of
// anything else many may be due at once.
const (
	passcodesLate = 30 * time.Second
	othersLate    = 5 * time.Minute
)

// addQueue says on the trace how late mail leaves: it is where people look who were
// asked what became of a message.
func (s *Server) addQueue(c echo.Context, v *views.Trace) error {
	say := s.words(c)
	q, err := s.Track.Queue(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	passcodes, others := s.dueFor(q.Passcodes), s.dueFor(q.Others)
	switch {
	case passcodes >= passcodesLate || others >= othersLate:
		v.QueueLate = true
		v.Queue = say.Text("trace.mailLeavesLateAndAsk", "DueWords", dueWords(say, say.Text("trace.aPasscodeOrLinkTo"), passcodes), "DueWordsB", dueWords(say, say.Text("trace.otherMail"), others))
	case passcodes > 0 || others > 0:
		v.Queue = say.Text("trace.mailIsLeavingAnd", "DueWords", dueWords(say, say.Text("trace.aPasscodeOrLinkTo"), passcodes), "DueWordsB", dueWords(say, say.Text("trace.otherMail"), others))
	case q.Waiting.PutOff > 0 && q.Waiting.Mails == 0:
		v.Queue = say.Text("trace.nothingButPutOff", "Mails", say.Count("count.mail", q.Waiting.PutOff))
	default:
		v.Queue = say.Text("trace.noMailIsDueThat")
	}
	if q.Waiting.Mails > 0 {
		v.QueueLate = true
		v.Queue += " " + s.speaker(c).waiting(q.Waiting)
	}
	return nil
}

// waiting says what has waited for long, and for whom. What other servers have said is
// shown as text.
func (s speaker) waiting(w track.Waiting) string {
	number := s.Count("count.mail", w.Mails)
	if w.Capped {
		number = s.Text("trace.atLeast", "Number", number)
	}
	has := " " + s.Text("trace.have")
	if w.Mails == 1 {
		has = " " + s.Text("trace.has")
	}
	var parts []string
	for _, d := range w.Domains {
		part := s.Text("trace.for", "Mails", strconv.Itoa(d.Mails), "Domain", d.Domain)
		if d.Reply != "" {
			part += " " + s.Text("trace.lastAnswer", "Reply", cut(d.Reply))
		}
		parts = append(parts, part)
	}
	return s.Text("trace.waitedForMoreThanAn", "Number", number, "Has", has, "When", s.when(w.Since).Text, "Parts", strings.Join(parts, "; "))
}

func (s *Server) dueFor(since time.Time) time.Duration {
	if since.IsZero() {
		return 0
	}
	return max(0, s.Now().Sub(since))
}

func dueWords(say language.Words, what string, d time.Duration) string {
	if d <= 0 {
		return say.Text("trace.isNotDue", "What", what)
	}
	return say.Text("trace.hasBeenDueFor", "What", what, "Length", say.Length(d))
}
