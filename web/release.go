package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/release"
	"letterlock/internal/track"
	"letterlock/views"
)

// releaseRoutes are where a recipient whose passcode does not come asks the sender for a
// code, and where the sender answers.
func (s *Server) releaseRoutes() {
	s.get(holder, "/m/:token/release", s.releasePage)
	s.post(holder, "/m/:token/release", s.askRelease)
	s.post(holder, "/m/:token/release/verify", s.verifyRelease)
	s.get(reader, "/read/:id/prove/release", s.releasePage)
	s.post(reader, "/read/:id/prove/release", s.askRelease)
	s.post(reader, "/read/:id/prove/release/verify", s.verifyRelease)
	s.post(sender, "/sent/:id/releases/:release/show", s.showRelease)
	s.post(sender, "/sent/:id/releases/:release/refuse", s.refuseRelease)
}

// askable finds the message whose sender can be asked for a code by whoever has its link,
// or has proved what opens it: one code is not to fetch the next. Anybody else begins at
// the gate, and done is true.
func (s *Server) askable(c echo.Context) (g access.Gate, done bool, err error) {
	if g, done, err = s.link(c); done || err != nil {
		return g, done, err
	}
	if ruleOf(c) == reader && !proved(c) {
		return g, true, c.Redirect(http.StatusSeeOther, linkOf(c))
	}
	return g, false, nil
}

// releaseURL is where the sender can be asked for a code; empty: they cannot.
func (s *Server) releaseURL(c echo.Context, g access.Gate) (string, error) {
	if ruleOf(c) == reader && !proved(c) {
		return "", nil
	}
	if offered, err := s.Releases.Offers(c.Request().Context(), g.Message.ID); err != nil || !offered {
		return "", err
	}
	return linkOf(c) + "/release", nil
}

// askRelease asks the sender for a code. The browser has a name by now: it has asked for a
// passcode, which did not come.
func (s *Server) askRelease(c echo.Context) error {
	g, done, err := s.askable(c)
	if done || err != nil {
		return err
	}
	_, anew, err := s.asksAnew(c, g)
	switch {
	case err != nil:
		return err
	case anew && s.Access.Asks(g.Message).Vouched():
		return c.Redirect(http.StatusSeeOther, linkOf(c)) // where it is said why
	}
	err = s.Releases.Ask(c.Request().Context(), g.Recipient.ID, s.browser(c), c.RealIP(), actor(c))
	switch letterlock.KeyOf(err) {
	case "browser":
		return c.Redirect(http.StatusSeeOther, linkOf(c)+"?"+askHere)
	case release.Off:
		return c.Redirect(http.StatusSeeOther, linkOf(c)) // where the ways in stand
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, linkOf(c)+"/release")
}

// releasePage is where the code is entered. A browser that has asked for none begins at the
// gate.
func (s *Server) releasePage(c echo.Context) error {
	g, done, err := s.askable(c)
	if done || err != nil {
		return err
	}
	return s.showReleasePage(c, g, http.StatusOK, "", false)
}

func (s *Server) showReleasePage(c echo.Context, g access.Gate, status int, typed string, wrong bool) error {
	asked, err := s.Releases.Pending(c.Request().Context(), g.Recipient.ID, s.browser(c))
	if err != nil && (letterlock.CodeOf(err) == letterlock.NotFound || letterlock.KeyOf(err) == release.Off) {
		return c.Redirect(http.StatusSeeOther, linkOf(c))
	}
	if err != nil {
		return err
	}
	p := s.speaker(c)
	v := views.Release{
		Page: s.page(c), State: releaseStates[asked.State], Reference: asked.Reference,
		EnterURL: linkOf(c) + "/release/verify", AskURL: linkOf(c) + "/release", BackURL: linkOf(c) + "/passcode",
	}
	switch asked.State {
	case release.Given:
		if wrong {
			v.Code, v.Error = typed, p.Count("release.wrong", max(0, asked.TriesLeft))
		}
		v.Left = p.left(asked.Expires)
	case release.Waiting:
		v.Left = p.left(asked.Expires)
		if status != http.StatusOK {
			v.Code, v.Error = typed, p.Text("release.noneYet")
		}
	case release.Spent:
		if status != http.StatusOK {
			status = http.StatusTooManyRequests
		}
	}
	setPolicy(c, policyEnd)
	return s.show(c, status, views.ReleasePage(v))
}

var releaseStates = map[release.State]views.ReleaseState{
	release.Waiting: views.ReleaseWaiting, release.Given: views.ReleaseGiven, release.Refused: views.ReleaseRefused,
	release.Spent: views.ReleaseSpent, release.Over: views.ReleaseOver,
}

// verifyRelease checks what was typed, and lets the browser read that one message. It is not
// remembered for the address: nobody has proved the mailbox.
func (s *Server) verifyRelease(c echo.Context) error {
	g, done, err := s.askable(c)
	if done || err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	code := fields.Get("code")
	address, err := s.Releases.Verify(c.Request().Context(), g.Recipient.ID, s.browser(c), code, actor(c))
	switch {
	case letterlock.KeyOf(err) == release.Off:
		return c.Redirect(http.StatusSeeOther, linkOf(c)) // where the ways in stand
	case letterlock.KeyOf(err) == "release-code":
		return s.showReleasePage(c, g, http.StatusUnprocessableEntity, typedCode(code), true)
	case letterlock.KeyOf(err) == "release":
		return s.showReleasePage(c, g, http.StatusGone, typedCode(code), false)
	case err != nil && letterlock.CodeOf(err) == letterlock.NotFound:
		return c.Redirect(http.StatusSeeOther, linkOf(c)+"?"+askHere)
	case err != nil:
		return err
	}
	by := letterlock.Actor{Kind: letterlock.Reader, Address: address, Proof: letterlock.ByRelease, ProvedFor: g.Message.ID}
	if err := s.startSession(c, by); err != nil {
		return err
	}
	return toMessage(c, g)
}

// showRelease has the sender shown a code, and refuseRelease ends what was asked for.
func (s *Server) showRelease(c echo.Context) error { return s.answerRelease(c, s.Releases.Show) }

func (s *Server) refuseRelease(c echo.Context) error { return s.answerRelease(c, s.Releases.Refuse) }

// answerRelease answers the request that the path names. The page says how it stands, whether
// it has ended meanwhile or access has.
func (s *Server) answerRelease(c echo.Context, answer func(ctx context.Context, by letterlock.Actor, message, id letterlock.ID) error) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	id, err := letterlock.ParseID(c.Param("release"))
	if err != nil {
		return err
	}
	err = answer(c.Request().Context(), actor(c), d.Message.ID, id)
	if err != nil && !errors.Is(err, letterlock.Gone) && !errors.Is(err, letterlock.NotFound) {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sent/"+string(d.Message.ID))
}

// releases are the requests for codes as the sender sees them, and how many more there are.
func (s *Server) releases(c echo.Context, d track.Detail) (out []views.ReleaseRequest, more string, err error) {
	p := s.speaker(c)
	list, n, err := s.Releases.Requests(c.Request().Context(), actor(c), d.Message.ID)
	if n > 0 {
		more = p.Count("count.moreRelease", n)
	}
	for _, q := range list {
		at := "/sent/" + string(d.Message.ID) + "/releases/" + string(q.ID) + "/"
		v := views.ReleaseRequest{When: p.when(q.Asked), Reference: q.Reference, RefuseURL: at + "refuse"}
		v.From = strings.Join(given(q.Agent, q.IP), ", ")
		for _, r := range d.Recipients {
			if r.ID != q.Recipient {
				continue
			}
			v.Who = personOf(r.Mailbox)
			if v.Says = p.noRelease(d.Message, r, q); v.Says != "" {
				break
			}
			v.Says = besideRelease(p.Words, s.Access.Asks(d.Message))
			if code := q.Code.Reveal(); code != "" {
				v.Code, v.Left = code[:4]+" "+code[4:], p.left(q.Expires)
			} else {
				v.ShowURL = at + "show"
			}
		}
		out = append(out, v)
	}
	return out, more, err
}

// given are those of the facts that are known.
func given(facts ...string) (known []string) {
	for _, f := range facts {
		if f != "" {
			known = append(known, f)
		}
	}
	return known
}

// noRelease says why there is no code to read out; empty: there is one, or there can be.
func (s speaker) noRelease(m letterlock.Message, r letterlock.Recipient, q release.Request) string {
	switch r.State(m, s.Now()) {
	case letterlock.Revoked:
		return s.Text("releaseRequest.revoked")
	case letterlock.Expired:
		return s.Text("releaseRequest.expired")
	case letterlock.Destroyed:
		return s.Text("releaseRequest.destroyed")
	}
	if q.Off {
		return s.Text("releaseRequest.noPasscodes")
	}
	if q.TriesLeft <= 0 {
		return s.Text("releaseRequest.spent")
	}
	return ""
}

// besideRelease says what a message asks for that no code takes the place of.
func besideRelease(say language.Words, d letterlock.Demand) string {
	switch {
	case d.Vouched() && d.Told():
		return say.Text("releaseRequest.alsoBoth")
	case d.Vouched():
		return say.Text("releaseRequest.alsoOpenID")
	case d.Told():
		return say.Text("releaseRequest.alsoPassphrase")
	}
	return ""
}
