package web

import (
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/passcode"
	"letterlock/views"
)

// How often, in seconds, the passcode page asks for itself while its mail has not left,
// and for how long after it was asked for. It has no script. Only whoever has asked to see
// that gets it so, or whose mail was tried in vain: on any other page somebody may be
// typing, for most mails leave the moment after the page has come.
const (
	mailEvery = "5"
	mailWatch = 2 * time.Minute
	watchMail = "mail=watch"
)

// addMail says on the passcode page what has become of the mail, and offers the other
// ways in.
func (s *Server) addMail(c echo.Context, g access.Gate, asked passcode.Asked, page *views.Passcode) {
	page.Mail = s.speaker(c).mailState(asked)
	page.Providers = s.providersFor(c, g)
	page.Providers.Remember = "" // it is asked once on a page
	watched := c.QueryString() == watchMail || asked.Mail.Fate == passcode.Trying
	switch {
	case asked.Mail.Fate != passcode.Leaving && asked.Mail.Fate != passcode.Trying:
	case watched && asked.Mail.First && s.Now().Sub(asked.Sent) < mailWatch:
		c.Response().Header().Set("Refresh", mailEvery)
	default:
		page.Mail.WatchURL = linkOf(c) + "/passcode?" + watchMail
	}
}

// mailState is what has become of the mail with a passcode, in words. They name the domain,
// which the page shows anyway, and nothing that a server has said.
func (p speaker) mailState(asked passcode.Asked) views.MailState {
	domain := asked.Address.Domain()
	at := p.said(asked.Mail.At, p.ClockZone)
	switch asked.Mail.Fate {
	case passcode.Leaving:
		return views.MailState{Lead: p.Text("passcode.mail.leaving"), Text: p.Text("passcode.mail.leavingText", "Domain", domain)}
	case passcode.Trying:
		return views.MailState{Lead: p.Text("passcode.mail.trying"), Text: p.Text("passcode.mail.tryingText", "Domain", domain), Next: at}
	case passcode.Handed:
		return views.MailState{Lead: p.Text("passcode.mail.sent", "Domain", domain, "Time", at.Text), At: at.ISO}
	case passcode.Delayed:
		return views.MailState{Lead: p.Text("passcode.mail.delayed"), Text: p.Text("passcode.mail.delayedText", "Domain", domain), Warn: true}
	case passcode.Refused:
		return views.MailState{Lead: p.Text("passcode.mail.refused"), Text: p.Text("passcode.mail.refusedText", "Domain", domain), Warn: true}
	}
	return views.MailState{}
}
