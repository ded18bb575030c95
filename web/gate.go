package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/ratelimit"
	"letterlock/internal/visit"
	"letterlock/views"
)

// passcodeLasts is how long a passcode lives, as pages say it before there is one.
const passcodeLasts = 10 * time.Minute

// Queries with which the gate says why somebody is there again.
const (
	cookiesOff = "cookies=off"
	askHere    = "passcode=ask"
	forgotten  = "browser=forgotten"
)

// openIDQuery begins the query with which the gate says what came of a sign-in at a
// provider.
const openIDQuery = "openid="

// linkOf is the path under which a mailbox is proved: the link that a holder's route
// belongs to, or of a message that asks more of its reader the one for that.
func linkOf(c echo.Context) string {
	if token := c.Param("token"); token != "" {
		return "/m/" + token
	}
	return proveURL(letterlock.ID(c.Param("id")))
}

// proveURL is where somebody who has proved their mailbox does so again, for a message
// that asks for it.
func proveURL(id letterlock.ID) string { return "/read/" + url.PathEscape(string(id)) + "/prove" }

// gate is what the link in a notification opens. It changes nothing, whoever
// opens it and however often: link scanners are most of its visitors. That somebody
// was there is noted for the trace, and nothing depends on it.
func (s *Server) gate(c echo.Context) error {
	g, done, err := s.link(c)
	if done || err != nil {
		return err
	}
	if ruleOf(c) != reader {
		s.noteVisit(c, g.Recipient)
	}
	why, err := s.whyAgain(c, g)
	if err != nil {
		return err
	}
	return s.showGate(c, g, http.StatusOK, why)
}

// proved reports whether a visitor is there by what they have proved, and not by a link. A
// release code has proved nothing for any other message than its own.
func proved(c echo.Context) bool {
	return ruleOf(c) == reader && actor(c).Within(letterlock.ID(c.Param("id")))
}

// asksAnew reports whether somebody who has proved the mailbox before is to do so anew:
// what a message asks for is told to nobody else.
func (s *Server) asksAnew(c echo.Context, g access.Gate) (known, anew bool, err error) {
	known, err = s.Browsers.Known(c.Request().Context(), s.remembered(c), g.Recipient.Mailbox.Address)
	return known, s.Access.Asks(g.Message).Proofs() != letterlock.NoDemand && (known || proved(c)), err
}

// showGate shows the gate, and why whoever was further is there again.
func (s *Server) showGate(c echo.Context, g access.Gate, status int, why string) error {
	known, anew, err := s.asksAnew(c, g)
	if err != nil {
		return err
	}
	p := s.speaker(c)
	v := views.Gate{
		Page:      s.page(c),
		To:        p.masked(g.Recipient.Mailbox.Address),
		Reference: g.Recipient.Reference,
		AskURL:    linkOf(c) + "/passcode",
		Valid:     p.Length(passcodeLasts),
		NoTLS:     !s.secure,
		Again:     why,
		Providers: s.providersFor(c, g),
	}
	if !s.Brands.Passcode(g.Message.Brand) {
		p.withoutPasscode(&v)
	}
	if anew {
		p.asksFor(&v, s.Access.Asks(g.Message), g.Message.Asks)
	}
	if v.NoPasscode {
		v.Again = strings.TrimSuffix(v.Again, " "+p.Text("providers.instead"))
	}
	if known && ruleOf(c) == holder && s.Access.Asks(g.Message).Proofs() == letterlock.NoDemand {
		v.ContinueURL = linkOf(c) + "/continue"
	}
	return s.show(c, status, views.GatePage(v))
}

// noteVisit tells what can be seen of a visitor who has proved nothing.
func (s *Server) noteVisit(c echo.Context, r letterlock.Recipient) {
	req := c.Request()
	h := req.Header
	s.Visits.Note(visit.Look{
		Recipient: r.ID, At: s.Now(), Notified: r.Notified,
		Network: ratelimit.IPKey(c.RealIP()), IP: s.ReaderIP.Of(c.RealIP()),
		Head: req.Method == http.MethodHead, Agent: req.UserAgent(), Browser: agent(req.UserAgent()),
		Language: h.Get("Accept-Language") != "", Mode: h.Get("Sec-Fetch-Mode"),
		Purpose: cmp.Or(h.Get("Sec-Purpose"), h.Get("Purpose")),
	})
}

// whyAgain is what the gate says to somebody who was already further.
func (s *Server) whyAgain(c echo.Context, g access.Gate) (string, error) {
	p := s.speaker(c)
	switch q := c.QueryString(); {
	case q == cookiesOff:
		return p.Text("gate.cookies", "Host", s.PublicURL.Hostname()), nil
	case q == askHere:
		return p.Text("gate.askHere"), nil
	case q == forgotten:
		return p.Text("gate.forgotten"), nil
	case strings.HasPrefix(q, openIDQuery):
		return s.cameOf(c, g)
	}
	return "", nil
}

// link finds what the token of a request leads to, or the message that it names. A
// browser that has already proved what is asked for goes on to the message, and done is
// true: no second passcode is needed. One that has proved another mailbox is Denied
// "different-address".
func (s *Server) link(c echo.Context) (g access.Gate, done bool, err error) {
	if g, err = s.gateOf(c); err != nil {
		return g, false, err
	}
	wear(c, g.Message)
	by := actor(c)
	switch {
	case by.Kind != letterlock.Reader:
		return g, false, nil
	case by.Address != g.Recipient.Mailbox.Address:
		return g, false, &letterlock.Error{Code: letterlock.Denied, Key: "different-address"}
	}
	switch err := s.Access.Met(g.Message, by, s.Now()); {
	case letterlock.KeyOf(err) == letterlock.GivePassphrase:
		return g, true, c.Redirect(http.StatusSeeOther, passphraseURL(g.Message.ID))
	case letterlock.KeyOf(err) == letterlock.GiveName:
		return g, true, c.Redirect(http.StatusSeeOther, nameURL(g.Message.ID))
	case letterlock.AsksMore(err):
		return g, false, nil
	case err != nil:
		return g, false, err
	}
	return g, true, toMessage(c, g)
}

func (s *Server) gateOf(c echo.Context) (access.Gate, error) {
	if ruleOf(c) == reader {
		id, err := letterlock.ParseID(c.Param("id"))
		if err != nil {
			return access.Gate{}, err
		}
		return s.Access.GateOf(c.Request().Context(), actor(c), id)
	}
	token := c.Param("token")
	if !isSecret(token) {
		return access.Gate{}, &letterlock.Error{Code: letterlock.NotFound}
	}
	return s.Access.Gate(c.Request().Context(), token)
}

// toMessage leads from the link to the message, whose address tells nothing.
func toMessage(c echo.Context, g access.Gate) error {
	return c.Redirect(http.StatusSeeOther, "/read/"+string(g.Message.ID))
}

// masked is an address for people who have not shown that it is theirs.
func (p speaker) masked(a letterlock.Address) views.Masked {
	return views.Masked{Shown: a.Masked(), Spoken: p.Text("gate.spoken", "First", a.First(), "Domain", a.Domain())}
}

// backToLink lets the page about another address lead back to the link after
// signing out.
func backToLink(page *views.End, c echo.Context) {
	if ruleOf(c) == holder && page.Account != nil {
		page.Account.SignOutURL = "/portal/sign-out?return=" + urlQuery(linkOf(c))
	}
}
