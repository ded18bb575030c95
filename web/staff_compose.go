package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/upload"
	"letterlock/internal/vault"
	"letterlock/views"
)

// promisedField names the recipients of whom the page has said that they can be taken
// back. It holds when the message is sent, whatever was found out meanwhile.
const promisedField = "promised"

// A writing is a message being written, as far as the form says.
type writing struct {
	form       *composeForm
	who        addressees
	protection letterlock.Protection
	expires    time.Time
	errors     []views.FieldError
	passphrase vault.Passphrase
	files      []upload.File // came ahead of the form
	adding     bool          // a button of recipients or files was pressed, and nothing is to be sent
}

// composePage is an empty form: as if nothing but a button had been pressed,
// which is no mistake yet.
func (s *Server) composePage(c echo.Context) error {
	f := &composeForm{fields: map[string][]string{"do": {"add"}}}
	if c.QueryParam(answerQuery) != "" {
		if err := s.answering(c, f); err != nil {
			return err
		}
	}
	return s.showCompose(c, http.StatusOK, s.speaker(c).understand(actor(c), f), false)
}

// compose sends the message, or shows the form again with what has been added or
// is wrong. The files are read on their way into the message and kept nowhere.
func (s *Server) compose(c echo.Context) error {
	f, err := readCompose(c.Request())
	if err != nil {
		return err
	}
	w := s.speaker(c).understand(actor(c), f)
	if err := s.takeUploads(c, &w); err != nil {
		return err
	}
	if err := s.choosePassphrase(c, &w); err != nil {
		return err
	}
	switch {
	case w.adding && len(w.errors) == 0:
		return s.composeAgain(c, http.StatusOK, w)
	case len(w.errors) > 0:
		return s.composeAgain(c, http.StatusUnprocessableEntity, w)
	}
	receipt, err := s.sendMail(c, w)
	if err == nil {
		desk{Service: s.Uploads}.sent(c.Request().Context(), actor(c), w.files)
		return c.Redirect(http.StatusSeeOther, "/sent/"+string(receipt.ID))
	}
	status, problem := s.speaker(c).whatIsWrong(err)
	if status == 0 {
		return err
	}
	if status == http.StatusServiceUnavailable {
		setRetryAfter(c, tryAgain)
	}
	w.errors = append(w.errors, problem)
	return s.composeAgain(c, status, w)
}

// composeRecipients answers with the part of the form that an added or removed
// recipient changes. It is never an error: what was typed wrong says so.
func (s *Server) composeRecipients(c echo.Context) error {
	f, err := readCompose(c.Request())
	if err != nil {
		return err
	}
	w := s.speaker(c).understand(actor(c), f)
	w.errors = w.who.errors
	return s.show(c, http.StatusOK, views.ComposeRecipients(s.composeView(c, w)))
}

// composeAgain shows the form once more. The rest of the body is read first: a
// browser that is still sending files would not read the answer.
func (s *Server) composeAgain(c echo.Context, status int, w writing) error {
	_, _ = io.Copy(io.Discard, c.Request().Body) // what goes wrong now changes nothing for the reader of the page
	return s.showCompose(c, status, w, w.form.files != nil)
}

func (s *Server) showCompose(c echo.Context, status int, w writing, lost bool) error {
	v := s.composeView(c, w)
	v.FilesLost = lost
	return s.show(c, status, views.ComposePage(v))
}

// understand makes sense of the form.
func (s speaker) understand(by letterlock.Actor, f *composeForm) writing {
	now := s.Now().In(s.Location)
	w := writing{form: f, who: addresseesOf(s.Words, f), adding: f.get("do") == "add" || f.get("remove") != "" || f.get("drop") != ""}
	w.errors = w.who.errors
	var err error
	w.protection = letterlock.EncryptOnly
	if p := f.get("protection"); p != "" {
		if w.protection, err = letterlock.ParseProtection(p); err != nil {
			w.protection = letterlock.EncryptOnly
			w.errors = append(w.errors, views.FieldError{Text: s.Text("compose.chooseProtection")})
		}
	}
	var wrong *views.FieldError
	if w.expires, wrong = expiryOf(s.Words, f.get("expiry"), f.get("expiry-date"), now, s.usualExpiry(by, f)); wrong != nil && !w.adding {
		w.errors = append(w.errors, *wrong)
	}
	if w.adding {
		return w
	}
	if len(w.who.all()) == 0 && len(w.who.errors) == 0 {
		w.errors = append([]views.FieldError{{Field: "to", Text: s.Text("compose.addARecipient")}}, w.errors...)
	}
	if strings.TrimSpace(f.get("subject")) == "" && strings.TrimSpace(f.get("text")) == "" {
		w.errors = append(w.errors, views.FieldError{Field: "subject", Text: s.Text("compose.writeSomething")})
	}
	if f.longText {
		w.errors = append(w.errors, views.FieldError{Field: "text", Text: s.Text("compose.longText", "Size", s.Size(maxText))})
	}
	return w
}

// envelope is what the policy and the intake need to know.
func (w writing) envelope() intake.Envelope {
	promised, _ := letterlock.ParseMailboxes(w.form.get(promisedField)) // what we wrote can be read
	return intake.Envelope{
		Promised:   mailboxAddresses(promised),
		Recipients: w.who.all(), Via: letterlock.ByCompose, Protection: w.protection,
		Expires: w.expires, Portal: w.form.get("portal") != "", Asks: asksOf(w.form), Passphrase: w.passphrase, Brand: w.form.get("brand"), Notices: noticesOf(w.form),
	}
}

// composeView fills the form with what was typed and what the policy says of it.
func (s *Server) composeView(c echo.Context, w writing) views.Compose {
	say := s.words(c)
	e, f := w.envelope(), w.form
	asked, floor := s.ruledEnvelope(c, w)
	asked.Promised = nil // what was said before is said anew now
	asked.Portal = asked.Portal || s.choiceOf(actor(c), asked.Brand).ForcePortal
	list, forced := s.Intake.Preview(c.Request().Context(), asked)
	by := verdictsOf(list)
	now := s.Now().In(s.Location)
	v := views.Compose{
		Page:         s.page(c),
		To:           by.tokens(say, w.who.to),
		Cc:           by.tokens(say, w.who.cc),
		Bcc:          by.tokens(say, w.who.bcc),
		ToAdd:        w.who.typed[letterlock.To],
		CcAdd:        w.who.typed[letterlock.Cc],
		BccAdd:       w.who.typed[letterlock.Bcc],
		Portal:       e.Portal,
		Promised:     promises(list),
		Verdicts:     decided(say, list),
		Passphrase:   f.get(passphraseField),
		Hint:         f.get(hintField),
		Asks:         demandOptions(say, e.Asks, say.Text("compose.nothingMore")),
		AskName:      f.get(askNameField) != "",
		Subject:      f.get("subject"),
		SubjectHint:  say.Text("compose.subjectHint"),
		Text:         f.get("text"),
		DoNotForward: w.protection == letterlock.DoNotForward,
		Brands:       s.brandOptions(s.brandFor(actor(c), f).ID, ""),
		Expiries:     expiryOptions(say, f.get("expiry"), now, s.usualExpiry(actor(c), f)),
		ExpiryDate:   f.get("expiry-date"),
		ExpiryMin:    now.Format(dateForm),
		ExpiryMax:    now.AddDate(policy.LongestYears, 0, 0).Format(dateForm),
		Notices:      noticeOptions(say, s.Intake.Rules.Notices, e.Notices),
		MaxSize:      say.Size(s.maxFiles()),
		MaxBytes:     strconv.FormatInt(s.maxFiles(), 10),
		Files:        s.speaker(c).composeFiles(w.files),
		UploadURL:    uploadURL,
		Errors:       w.errors,
		Answer:       f.get(answerQuery),
		Rules:        floor,
	}
	v.Choice = views.LanguageChoice{} // what is typed would be lost
	if !e.Portal {
		v.PortalHint = portalHint(say, list, forced)
	}
	v.SummaryLead, v.Summary = reckoning(say, list, s.mayTakeBack(actor(c), list))
	return v
}

// mayTakeBack asks, before there is a message, whether its sender will be able
// to take it back.
func (s *Server) mayTakeBack(by letterlock.Actor, list []policy.Verdict) error {
	all := make([]letterlock.Recipient, len(list))
	for i, v := range list {
		all[i] = letterlock.Recipient{Mailbox: letterlock.Mailbox{Address: v.Address}, Experience: v.Experience}
	}
	return s.Access.MayRevoke(by, letterlock.Message{Sender: letterlock.Mailbox{Address: by.Address}}, all)
}

// whatIsWrong translates what the message was refused for into a status and a
// reason that stands in the form. The status is 0 for what is not the writer's
// to mend.
func (p speaker) whatIsWrong(err error) (int, views.FieldError) {
	const large, wrong = http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity
	key := letterlock.KeyOf(err)
	if r := (*intake.Refusal)(nil); errors.As(err, &r) {
		return wrong, views.FieldError{Text: p.Text("answer.rule", "Sentence", r.Sentence)}
	}
	if without := (*intake.Unprovable)(nil); errors.As(err, &without) {
		return wrong, views.FieldError{Field: "asks", Text: nobodyVouches(p.Words, without)}
	}
	switch letterlock.CodeOf(err) {
	case letterlock.TooLarge:
		switch key {
		case "size":
			return large, views.FieldError{Field: "files", Text: p.Text("answer.large", "Size", p.Size(p.maxFiles()))}
		case "parts":
			return large, views.FieldError{Field: "files", Text: p.Text("answer.manyFiles")}
		}
		return large, views.FieldError{Text: p.Text("answer.largeMail")}
	case letterlock.Invalid:
		switch key {
		case letterlock.GivePassphrase:
			return wrong, views.FieldError{Field: passphraseField, Text: p.Text("compose.choosePassphrase")}
		case "brand":
			return wrong, views.FieldError{Field: key, Text: p.Text("compose.noSuchBrand")}
		case "subject":
			return wrong, views.FieldError{Field: key, Text: p.Text("compose.badSubject")}
		case uploadField:
			return wrong, views.FieldError{Field: "files", Text: p.Text("answer.missing")}
		case "to", "cc":
			return wrong, views.FieldError{Field: key, Text: p.Text("answer.badName")}
		}
	case letterlock.Busy:
		if key == "disk" {
			return http.StatusServiceUnavailable, views.FieldError{Text: p.Text("answer.disk")}
		}
		return http.StatusServiceUnavailable, views.FieldError{Text: p.Text("answer.busy", "Wait", p.Length(tryAgain))}
	}
	return 0, views.FieldError{}
}
