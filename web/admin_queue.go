package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

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
	q, err := s.Track.Queue(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	passcodes, others := s.dueFor(q.Passcodes), s.dueFor(q.Others)
	switch {
	case passcodes >= passcodesLate || others >= othersLate:
		v.QueueLate = true
		v.Queue = "Mail leaves late: " + dueWords("a passcode or link to an account", passcodes) + ", and " + dueWords("other mail", others) + ". Ask whoever operates the server."
	case passcodes > 0 || others > 0:
		v.Queue = "Mail is leaving: " + dueWords("a passcode or link to an account", passcodes) + ", and " + dueWords("other mail", others) + "."
	default:
		v.Queue = "No mail is due that has not left."
	}
	if q.Waiting.Mails > 0 {
		v.QueueLate = true
		v.Queue += " " + s.waiting(q.Waiting)
	}
	return nil
}

// waiting says what has waited for long, and for whom. What other servers have said is
// shown as text.
func (s *Server) waiting(w track.Waiting) string {
	number := countOf(w.Mails, "mail")
	if w.Capped {
		number = "At least " + number
	}
	has := " have"
	if w.Mails == 1 {
		has = " has"
	}
	var parts []string
	for _, d := range w.Domains {
		part := fmt.Sprintf("%d for %s", d.Mails, d.Domain)
		if d.Reply != "" {
			part += " (last answer: " + cut(d.Reply) + ")"
		}
		parts = append(parts, part)
	}
	return number + has + " waited for more than an hour, the oldest since " + s.when(w.Since).Text + ": " + strings.Join(parts, "; ") +
		". Each is tried again for five days; its sender sees it as delayed."
}

func (s *Server) dueFor(since time.Time) time.Duration {
	if since.IsZero() {
		return 0
	}
	return max(0, s.Now().Sub(since))
}

func dueWords(what string, d time.Duration) string {
	if d <= 0 {
		return what + " is not due"
	}
	return what + " has been due for " + length(d)
}
