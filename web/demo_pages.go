package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"letterlock/internal/inbox"
	"letterlock/views"
)

// Demo is what the demo shows beside the product itself.
type Demo struct {
	Box      *inbox.Box
	Password string // of all accounts
	Accounts []views.DemoAccount
	Steps    func() []views.DemoStep // asked for at each request; they link to messages that exist
	Facts    []views.Fact            // "SMTP", "127.0.0.1:2525"
}

// walkthrough is the first page of the demo.
func (s *Server) walkthrough(c echo.Context) error {
	return s.show(c, http.StatusOK, views.WalkthroughPage(views.Walkthrough{
		Page: s.page(c), Organization: s.Organization, Steps: s.Demo.Steps(),
		Accounts: s.Demo.Accounts, Password: s.Demo.Password, Facts: s.Demo.Facts,
	}))
}

// mailboxes lists every address that mail has reached.
func (s *Server) mailboxes(c echo.Context) error {
	page := views.Inboxes{Page: s.page(c)}
	for _, m := range s.Demo.Box.Mailboxes() {
		row := views.Mailbox{
			Address: string(m.Address), URL: mailboxURL(m.Address), Count: m.Count, Latest: s.speaker(c).mailTime(m.Newest),
		}
		if mails := s.Demo.Box.Mails(m.Address); len(mails) > 0 {
			row.Subject = mails[0].Subject()
		}
		page.Mailboxes = append(page.Mailboxes, row)
	}
	return s.show(c, http.StatusOK, views.InboxesPage(page))
}
