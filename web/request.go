package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/track"
	"letterlock/views"
)

// ask has a reader ask for what has ended, and shows how it stands with it: that is
// the message's own end page, or the message, if it can be read.
func (s *Server) ask(c echo.Context) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	reason := strings.ToValidUTF8(strings.ReplaceAll(f.Get("reason"), "\r\n", "\n"), "\uFFFD")
	err = s.Access.Ask(c.Request().Context(), actor(c), id, reason)
	if err != nil && letterlock.KeyOf(err) != "declined" { // what was declined stands on the page
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/read/"+string(id))
}

// askButtons are the texts for what can be asked for.
var askButtons = map[letterlock.State]string{letterlock.Expired: "end.request.time", letterlock.Revoked: "end.request.access"}

// addRequest adds to an end page what its reader can ask for; by a release code that is
// nothing. The page must be shown whatever happens here, and without this if it has to be.
func (s *Server) addRequest(err error, c echo.Context, page *views.End) {
	var ended *access.Ended
	if ruleOf(c) != reader || !errors.As(err, &ended) || askButtons[ended.State] == "" || !actor(c).Within("") {
		return
	}
	asked, err := s.Access.Asked(c.Request().Context(), ended)
	if err != nil {
		s.Log.Error("reading what was asked for", "err", err)
		return
	}
	p := s.speaker(c)
	out := views.EndRequest{Whom: p.Text("end.byAdmin", "Brand", s.Organization)}
	if asked.BySender {
		out.Whom = ended.Message.Sender.Called()
	}
	switch last := asked.Last; {
	case !last.Asked.IsZero() && last.Answered.IsZero():
		out.Asked = p.when(last.Asked)
	case !asked.Again.IsZero():
		out.Declined, out.Again = p.when(last.Answered), p.when(asked.Again)
	default:
		if last.Answer == letterlock.Declined {
			out.Declined = p.when(last.Answered)
		}
		out.URL, out.Button = "/read/"+string(ended.Message.ID)+"/ask", p.Text(askButtons[ended.State])
	}
	page.Request = out
}

// approveRequest and declineRequest are the sender's answers.
func (s *Server) approveRequest(c echo.Context) error { return s.answerSent(c, s.approve) }
func (s *Server) declineRequest(c echo.Context) error { return s.answerSent(c, s.decline) }

func (s *Server) answerSent(c echo.Context, answer func(echo.Context, track.Detail, letterlock.Request) error) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	if err := answerNamed(c, d, answer); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sent/"+string(d.Message.ID))
}

// approveTraced and declineTraced are those of whoever may give access back.
func (s *Server) approveTraced(c echo.Context) error { return s.answerTraced(c, s.approve) }
func (s *Server) declineTraced(c echo.Context) error { return s.answerTraced(c, s.decline) }

func (s *Server) answerTraced(c echo.Context, answer func(echo.Context, track.Detail, letterlock.Request) error) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	if err := answerNamed(c, d, answer); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, l.message(d.Message.ID))
}

// answerNamed answers the request that the path names, if it is one for this message
// that is open. One that somebody has answered meanwhile needs no other answer.
func answerNamed(c echo.Context, d track.Detail, answer func(echo.Context, track.Detail, letterlock.Request) error) error {
	id, err := letterlock.ParseID(c.Param("request"))
	if err != nil {
		return err
	}
	for _, q := range d.Requests {
		if q.ID == id {
			return answer(c, d, q)
		}
	}
	return nil
}

// sameLength is the choice of giving a message as long again as it had.
const sameLength = "same"

func (s *Server) approve(c echo.Context, d track.Detail, q letterlock.Request) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	var end time.Time
	if q.Kind == letterlock.MoreTime {
		choice, latest := cmp.Or(f.Get("expiry"), sameLength), policy.LatestEnd(actor(c), d.Message)
		var known bool
		if end, known = moreTime(s.words(c), choice, d.Message, s.Now().In(s.Location)); choice == latestExpiry && !latest.IsZero() {
			end, known = latest, true
		}
		if !known {
			return &letterlock.Error{Code: letterlock.Invalid, Key: "expires"}
		}
	}
	return s.Access.Approve(c.Request().Context(), actor(c), q.ID, end)
}

// moreTime is the end that a choice gives a message which has expired; false: it is no
// choice.
func moreTime(say language.Words, choice string, m letterlock.Message, now time.Time) (end time.Time, known bool) {
	if choice == sameLength {
		return now.Add(m.Expires.Sub(m.Accepted)).Truncate(time.Second), true
	}
	end, wrong := expiryOf(say, choice, "", now, nil)
	return end, wrong == nil
}

func (s *Server) decline(c echo.Context, _ track.Detail, q letterlock.Request) error {
	return s.Access.Decline(c.Request().Context(), actor(c), q.ID)
}

// requests are the open requests for a message as whoever looks sees them. at is
// where their answers are posted to.
func (v sentMail) requests(by letterlock.Actor, list []letterlock.Request, at func(letterlock.ID, string) string) (out []views.Request) {
	for _, q := range list {
		r := views.Request{When: v.server.when(q.Asked), Reason: q.Reason}
		for _, one := range v.recipients {
			if one.ID == q.Recipient {
				r.Who = personOf(one.Mailbox)
			}
		}
		r.What = " " + v.server.Text("sent.asksForAccessAgain")
		if q.Kind == letterlock.MoreTime {
			r.What = " " + v.server.Text("sent.asksForMoreTime")
			r.Times = v.moreTimes(policy.LatestEnd(by, v.message))
			if len(v.recipients) > 1 {
				r.Hint = v.server.Text("sent.moreTimeCountsForEverybody")
			}
			if v.message.Act == letterlock.ActForward {
				r.Hint = v.server.Text("sent.aCopyCannotBeRead")
			}
		}
		if err := v.server.Access.MayAnswer(by, v.message, v.recipients, q); err == nil {
			r.ApproveURL, r.DeclineURL = at(q.ID, "approve"), at(q.ID, "decline")
		} else {
			r.Hint = v.whoAnswers(err)
			if by.Address != v.message.Sender.Address {
				r.Reason = "" // it is for those who decide, and may speak of what the message says
			}
		}
		out = append(out, r)
	}
	return out
}

// whoAnswers says who decides, to whom may not.
func (v sentMail) whoAnswers(err error) string {
	if past := (*letterlock.PastRule)(nil); errors.As(err, &past) {
		return v.server.Text("sent.theySeeItInThe", "PastRule", v.server.pastRule(past.Latest))
	}
	switch letterlock.KeyOf(err) {
	case "role":
		return v.server.Text("sent.whoeverHasTheRoleRevoker")
	case "several-recipients":
		return v.server.Text("sent.onlyAnAdministratorCanGive")
	}
	return v.server.Text("sent.onlyAnAdministratorCanGiveAccess")
}

// moreTimes are the choices of how much time to give, until latest, if a rule sets that.
func (v sentMail) moreTimes(latest time.Time) []views.Option {
	var list []views.Option
	if m := v.message; !m.Expires.IsZero() {
		list = append(list, views.Option{Value: sameLength, Text: v.server.Text("sent.asLongAgain", "Length", v.server.Length(m.Expires.Sub(m.Accepted))), Selected: true})
	}
	for _, e := range expiryDays {
		list = append(list, views.Option{Value: e.value, Text: v.server.Text("expiry.inDays", "Value", e.value)})
	}
	list = append(list, views.Option{Value: neverExpiry, Text: v.server.Text("sent.withoutEnd")})
	if !latest.IsZero() {
		latest = latest.In(v.server.Location)
	}
	return ruledOptions(v.server.Words, list, latest, func(choice string) time.Time {
		end, _ := moreTime(v.server.Words, choice, v.message, v.server.Now().In(v.server.Location))
		return end
	})
}
