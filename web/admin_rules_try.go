package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/language"
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

var trialFields = formFields{{"sender", "rules.sender"}, {"recipients", "rules.recipients"}, {"mail", "rules.theMailWithItsHeader"}}

func (s *Server) showTrial(c echo.Context, status int, v views.RuleTrial) error {
	v.Page, v.URL = s.page(c), "/rules/try"
	v.Wrong = trialFields.wrong(s.words(c), v.Errors)
	if v.Ways == nil {
		v.Ways = waysIn(s.words(c), letterlock.BySubmission)
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
		v.Mail, v.Errors = "", []views.FieldError{{Field: "mail", Text: s.words(c).Text("rules.aMailToBeTried", "Size", s.words(c).Size(maxPasted))}}
		return s.showTrial(c, http.StatusUnprocessableEntity, v)
	}
	e := intake.Envelope{Via: letterlock.BySubmission}
	if f.Get("way") == string(letterlock.ByGateway) {
		e.Via = letterlock.ByGateway
	}
	v.Ways = waysIn(s.words(c), e.Via)
	p := pastedOf(s.words(c), v)
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
	v.Result = s.speaker(c).trialResult(trial, all)
	return s.showTrial(c, http.StatusOK, v)
}

// waysIn are the ways by which a mail can come, one of them chosen.
func waysIn(say language.Words, chosen letterlock.Via) []views.Option {
	return []views.Option{
		{Value: string(letterlock.BySubmission), Text: say.Text("rules.aMailProgramOrCompose"), Selected: chosen == letterlock.BySubmission},
		{Value: string(letterlock.ByGateway), Text: say.Text("rules.theGateway"), Selected: chosen == letterlock.ByGateway},
	}
}

// pastedOf makes a mail of what was pasted: with the line ends of mail, and with an
// empty header before a text that has none.
func pastedOf(say language.Words, v views.RuleTrial) (p pasted) {
	wrong := func(field, text string) { p.errors = append(p.errors, views.FieldError{Field: field, Text: text}) }
	text := strings.ReplaceAll(strings.ReplaceAll(v.Mail, "\r\n", "\n"), "\n", "\r\n")
	p.raw = strings.TrimLeft(text, "\r\n")
	ix, err := eml.IndexOf([]byte(p.raw))
	if err != nil {
		wrong("mail", say.Text("rules.thisCannotBeReadAs"))
		return p
	}
	h := ix.Header
	if strings.TrimSpace(p.raw) == "" {
		wrong("mail", say.Text("rules.pasteAMailOrA"))
	}
	sender := strings.TrimSpace(v.Sender)
	if sender == "" && len(h.From) > 0 {
		p.sender = h.From[0].Address
	} else if p.sender, err = letterlock.ParseAddress(sender); err != nil {
		wrong("sender", say.Text("rules.typeTheAddressOfAn"))
	}
	good, bad := letterlock.ParseMailboxes(v.Recipients)
	if len(bad) > 0 {
		wrong("recipients", notAddresses(say, bad))
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
		wrong("recipients", say.Text("rules.typeAnAddressAtLeast"))
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
func (s speaker) trialResult(t intake.Trial, all []mailrule.Rule) *views.TrialResult {
	v := &views.TrialResult{Refused: t.Err != nil, Rules: trialRules(s.Words, t.Verdict, all)}
	var refusal *intake.Refusal
	switch {
	case errors.As(t.Err, &refusal):
		v.Lead = s.Text("rules.theMailWouldBeRefused", "Rule", quoted(s.Words, refusal.Rule))
		v.Facts = []views.Fact{{Label: s.Text("rules.theSenderIsTold"), Value: refusal.Sentence}}
	case t.Err != nil:
		v.Lead = s.Text("rules.theMailWouldBeRefusedWhatever")
		v.Facts = []views.Fact{{Label: s.Text("rules.because"), Value: trialRefusal(s.Words, t.Err)}}
	case t.Passed:
		v.Lead = s.Text("rules.theMailWouldBePassed")
		v.Facts = []views.Fact{{Label: s.Text("rules.decidedBy"), Value: decidedBy(s.Words, t.Decision.DecidedBy)}}
	default:
		v.Lead = s.Text("rules.theMailWouldBeSent")
		v.Facts = s.trialFacts(t)
		for _, r := range t.Recipients {
			gets := s.Text("rules.aLinkWhichCanBe")
			if r.Experience == letterlock.Inline {
				gets = s.Text("rules.theMessageItselfWhichCannot")
			}
			v.Recipients = append(v.Recipients, views.TrialRecipient{Address: string(r.Address), Gets: gets, Why: whyOf(s.Words, r)})
		}
	}
	if t.Verdict.Unread {
		v.Unread = s.Text("rules.notAllOfTheText")
	}
	return v
}

func (s speaker) trialFacts(t intake.Trial) []views.Fact {
	protection := s.Text("rules.encryptOnly")
	if t.Decision.Protection == letterlock.DoNotForward {
		protection = s.Text("rules.doNotForward")
	}
	end := s.Text("rules.never")
	if !t.Expires.IsZero() {
		end = s.Text("rules.ifItWereSentNow", "When", s.when(t.Expires).Text)
	}
	list := []views.Fact{{Label: s.Text("rules.protection"), Value: protection}, {Label: s.Text("rules.decidedBy"), Value: decidedBy(s.Words, t.Decision.DecidedBy)}, {Label: s.Text("rules.expires"), Value: end}}
	if t.Asks != letterlock.NoDemand {
		list = append(list, views.Fact{Label: s.Text("rules.asksFor"), Value: demandWords(s.Words, t.Asks)})
	}
	if t.Brand != "" {
		list = append(list, views.Fact{Label: s.Text("rules.brand"), Value: t.Brand})
	}
	return list
}

// trialRefusal is why a mail is refused that no rule refuses.
func trialRefusal(say language.Words, err error) string {
	if without := (*intake.Unprovable)(nil); errors.As(err, &without) {
		return nobodyVouches(say, without)
	}
	key := letterlock.KeyOf(err)
	switch letterlock.CodeOf(err) {
	case letterlock.Denied:
		if key == "unprotected" {
			return say.Text("rules.itAsksToBeSent")
		}
		switch key {
		case "foreign":
			return say.Text("rules.itHasToBeProtected")
		case "account":
			return say.Text("rules.itHasToBeProtectedAnd")
		}
		return say.Text("rules.itsFromIsNotThe")
	case letterlock.TooLarge:
		return say.Text("rules.itIsLargerOrMore")
	}
	texts := map[string]string{
		"from": say.Text("rules.itsFromIsMissingOr"), "protection": say.Text("rules.itsXLetterlockProtectionCannot"),
		"passphrase": say.Text("rules.itHasToHaveA"),
		"brand":      say.Text("rules.itsXLetterlockBrandIs"),
		"portal":     say.Text("rules.itsXLetterlockPortalCan"),
		"ask-name":   say.Text("rules.itsXLetterlockAskNameCan"),
		"expires":    say.Text("rules.itsXLetterlockExpiresIs"), "proof": say.Text("rules.itsXLetterlockProofCan"),
		"loop": say.Text("rules.itHasPassedMoreThan"), "structure": say.Text("rules.itsHeaderIsCutOff"), "bare": say.Text("rules.itHoldsCharactersThatMail"),
	}
	if text := texts[key]; text != "" {
		return text
	}
	return say.Text("rules.itCannotBeRead")
}

// trialRules says what each rule, those that are off included, says to a mail.
func trialRules(say language.Words, v mailrule.Verdict, all []mailrule.Rule) (list []views.TrialRule) {
	if v.Version == 0 {
		return nil // none was asked
	}
	for i, r := range all {
		row := views.TrialRule{Place: strconv.Itoa(i + 1), Name: r.Name, URL: ruleURL(r.ID), Answer: say.Text("rules.off")}
		for _, o := range v.Outcomes {
			if o.Rule.ID != r.ID {
				continue
			}
			switch o.Answer {
			case mailrule.Yes:
				row.Answer, row.Yes = say.Text("rules.matches"), true
			case mailrule.Could:
				row.Answer, row.Yes = say.Text("rules.mayMatchAndCountsAs"), true
				if r.Then.Pass { // what is not certain lets nothing go
					row.Answer, row.Yes = say.Text("rules.mayMatchAndDoesNot"), false
				}
			default:
				row.Answer = say.Text("rules.doesNotMatch")
			}
			for _, reason := range o.Reasons {
				row.Reasons = append(row.Reasons, reasonText(say, reason, o.Rule.When))
			}
		}
		list = append(list, row)
	}
	return list
}
