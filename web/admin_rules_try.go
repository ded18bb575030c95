package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	mailrule "letterlock/internal/rule"
	"letterlock/views"
)

// maxPasted is how large a mail may be that is pasted to be tried.
const maxPasted = 1 << 20

// pastes is for a form with a whole mail in it, of which each byte may take three.
func pastes(_ *Server, e *entry) { e.limit = 4 * maxPasted }

// tryPage is the empty form.
func (s *Server) tryPage(c echo.Context) error {
	return s.showTrial(c, http.StatusOK, views.RuleTrial{})
}

func (s *Server) showTrial(c echo.Context, status int, v views.RuleTrial) error {
	v.Page, v.URL = s.page(c), "/rules/try"
	if v.Ways == nil {
		v.Ways = waysIn(letterlock.BySubmission)
	}
	return s.show(c, status, views.RuleTrialPage(v))
}

// A pasted is a mail to be tried, as it was pasted.
type pasted struct {
	raw    string
	sender letterlock.Address
	to     []letterlock.Address
	errors []views.FieldError
}

// tryMail says what would become of a mail. Nothing of it is kept.
func (s *Server) tryMail(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	v := views.RuleTrial{Sender: bounded(f.Get("sender"), 400), Recipients: bounded(f.Get("recipients"), 32<<10), Mail: strings.ToValidUTF8(f.Get("mail"), "\uFFFD")}
	if len(v.Mail) > maxPasted {
		v.Mail, v.Errors = "", []views.FieldError{{Field: "mail", Text: "A mail to be tried may have " + size(maxPasted) + "; take its files out"}}
		return s.showTrial(c, http.StatusUnprocessableEntity, v)
	}
	e := intake.Envelope{Via: letterlock.BySubmission}
	if f.Get("way") == string(letterlock.ByGateway) {
		e.Via = letterlock.ByGateway
	}
	v.Ways = waysIn(e.Via)
	p := pastedOf(v)
	if v.Errors = p.errors; len(v.Errors) > 0 {
		return s.showTrial(c, http.StatusUnprocessableEntity, v)
	}
	e.Recipients = p.to
	as := letterlock.Actor{Kind: letterlock.Staff, Address: p.sender, Roles: []letterlock.Role{letterlock.Sender}}
	if e.Via == letterlock.ByGateway {
		as = letterlock.Actor{Kind: letterlock.MailServer}
	}
	trial, err := s.Intake.Try(c.Request().Context(), actor(c), as, e, strings.NewReader(p.raw), int64(len(p.raw)))
	if err != nil {
		return err
	}
	all, err := s.Rules.List(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	v.Result = s.trialResult(trial, all)
	return s.showTrial(c, http.StatusOK, v)
}

// waysIn are the ways by which a mail can come, one of them chosen.
func waysIn(chosen letterlock.Via) []views.Option {
	return []views.Option{
		{Value: string(letterlock.BySubmission), Text: "A mail program or Compose", Selected: chosen == letterlock.BySubmission},
		{Value: string(letterlock.ByGateway), Text: "The gateway", Selected: chosen == letterlock.ByGateway},
	}
}

// pastedOf makes a mail of what was pasted: with the line ends of mail, and with an
// empty header before a text that has none.
func pastedOf(v views.RuleTrial) (p pasted) {
	wrong := func(field, text string) { p.errors = append(p.errors, views.FieldError{Field: field, Text: text}) }
	text := strings.ReplaceAll(strings.ReplaceAll(v.Mail, "\r\n", "\n"), "\n", "\r\n")
	p.raw = strings.TrimLeft(text, "\r\n")
	ix, err := eml.IndexOf([]byte(p.raw))
	if err != nil {
		wrong("mail", "This cannot be read as a mail: it is too complicated")
		return p
	}
	h := ix.Header
	if strings.TrimSpace(p.raw) == "" {
		wrong("mail", "Paste a mail, or a text")
	}
	sender := strings.TrimSpace(v.Sender)
	if sender == "" && len(h.From) > 0 {
		p.sender = h.From[0].Address
	} else if p.sender, err = letterlock.ParseAddress(sender); err != nil {
		wrong("sender", "Type the address of an account; the mail names none")
	}
	good, bad := letterlock.ParseMailboxes(v.Recipients)
	if len(bad) > 0 {
		wrong("recipients", notAddresses(bad))
	}
	if strings.TrimSpace(v.Recipients) == "" {
		for _, list := range []eml.Mailboxes{h.To, h.Cc, h.Bcc} {
			good = append(good, list...)
		}
	}
	for _, m := range good {
		p.to = append(p.to, m.Address)
	}
	if len(p.to) == 0 && len(bad) == 0 {
		wrong("recipients", "Type an address at least; the mail names none")
	}
	if h.FromFields == 0 && len(p.errors) == 0 { // headers without an author, or a text
		p.raw = authored(p, ix.Header.MessageID == "" && h.Subject == "" && len(h.To) == 0 && h.Date.IsZero())
	}
	return p
}

// authored puts the author before what was pasted, and an empty line between if that
// is a text alone.
func authored(p pasted, text bool) string {
	from := "From: <" + string(p.sender) + ">\r\n"
	if text {
		from += "\r\n"
	}
	return from + p.raw
}

// trialResult says in words what would become of a mail.
func (s *Server) trialResult(t intake.Trial, all []mailrule.Rule) *views.TrialResult {
	v := &views.TrialResult{Refused: t.Err != nil, Rules: trialRules(t.Verdict, all)}
	var refusal *intake.Refusal
	switch {
	case errors.As(t.Err, &refusal):
		v.Lead = "The mail would be refused, by the rule " + quoted(refusal.Rule) + "."
		v.Facts = []views.Fact{{Label: "The sender is told", Value: refusal.Sentence}}
	case t.Err != nil:
		v.Lead = "The mail would be refused, whatever the rules say."
		v.Facts = []views.Fact{{Label: "Because", Value: trialRefusal(t.Err)}}
	case t.Passed:
		v.Lead = "The mail would be passed on as it came."
		v.Facts = []views.Fact{{Label: "Decided by", Value: t.Decision.DecidedBy}}
	default:
		v.Lead = "The mail would be sent, protected."
		v.Facts = s.trialFacts(t)
		for _, r := range t.Recipients {
			gets := "a link, which can be taken back"
			if r.Experience == letterlock.Inline {
				gets = "the message itself, which cannot be taken back"
			}
			_, why, _ := strings.Cut(r.Reason(), ", ")
			v.Recipients = append(v.Recipients, views.TrialRecipient{Address: string(r.Address), Gets: gets, Why: why})
		}
	}
	if t.Verdict.Unread {
		v.Unread = "Not all of the text could be looked at: it is too long, or lies in an attached mail that is encoded. Rules that look for words or data count the rest as if they were there."
	}
	return v
}

func (s *Server) trialFacts(t intake.Trial) []views.Fact {
	protection := "Encrypt only"
	if t.Decision.Protection == letterlock.DoNotForward {
		protection = "Do not forward"
	}
	end := "Never"
	if !t.Expires.IsZero() {
		end = s.when(t.Expires).Text + ", if it were sent now"
	}
	list := []views.Fact{{Label: "Protection", Value: protection}, {Label: "Decided by", Value: t.Decision.DecidedBy}, {Label: "Expires", Value: end}}
	if t.Asks != letterlock.NoDemand {
		list = append(list, views.Fact{Label: "Asks for", Value: demandWords(t.Asks)})
	}
	if t.Brand != "" {
		list = append(list, views.Fact{Label: "Brand", Value: t.Brand})
	}
	return list
}

// trialRefusal is why a mail is refused that no rule refuses.
func trialRefusal(err error) string {
	if without := (*intake.Unprovable)(nil); errors.As(err, &without) {
		return nobodyVouches(without)
	}
	key := letterlock.KeyOf(err)
	switch letterlock.CodeOf(err) {
	case letterlock.Denied:
		if key == "unprotected" {
			return "It asks to be sent without protection, by X-Letterlock-Protection: none."
		}
		switch key {
		case "foreign":
			return "It has to be protected, and its From is no address of the organisation."
		case "account":
			return "It has to be protected, and the account of its From may not send."
		}
		return "Its From is not the address of the sender."
	case letterlock.TooLarge:
		return "It is larger, or more complicated, than a mail may be, or has too many recipients."
	}
	texts := map[string]string{
		"from": "Its From is missing, or is not one address.", "protection": "Its X-Letterlock-Protection cannot be understood.",
		"passphrase": "It has to have a passphrase, which only Compose can give it.",
		"brand":      "Its X-Letterlock-Brand is not the name of one brand.",
		"portal":     "Its X-Letterlock-Portal can only be yes or no.",
		"expires":    "Its X-Letterlock-Expires is neither a time to come nor a span like 12h or 7d.", "proof": "Its X-Letterlock-Proof can only be passcode or openid.",
		"loop": "It has passed more than 50 mail servers, and goes round.", "structure": "Its header is cut off.", "bare": "It holds characters that mail servers read differently.",
	}
	if text := texts[key]; text != "" {
		return text
	}
	return "It cannot be read."
}

// trialRules says what each rule, those that are off included, says to a mail.
func trialRules(v mailrule.Verdict, all []mailrule.Rule) (list []views.TrialRule) {
	if v.Version == 0 {
		return nil // none was asked
	}
	for i, r := range all {
		row := views.TrialRule{Place: strconv.Itoa(i + 1), Name: r.Name, URL: ruleURL(r.ID), Answer: "Off"}
		for _, o := range v.Outcomes {
			if o.Rule.ID != r.ID {
				continue
			}
			switch o.Answer {
			case mailrule.Yes:
				row.Answer, row.Yes = "Matches", true
			case mailrule.Could:
				row.Answer, row.Yes = "May match, and counts as if it did", true
				if r.Then.Pass { // what is not certain lets nothing go
					row.Answer, row.Yes = "May match, and does not count", false
				}
			default:
				row.Answer = "Does not match"
			}
			for _, reason := range o.Reasons {
				row.Reasons = append(row.Reasons, reasonText(reason, o.Rule.When))
			}
		}
		list = append(list, row)
	}
	return list
}
