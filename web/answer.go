package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/upload"
	"letterlock/views"
)

// answerRoutes are for recipients who write: each page is a form, and works
// without a script.
func (s *Server) answerRoutes() {
	for _, kind := range []views.AnswerKind{views.AnswerReply, views.AnswerReplyAll, views.AnswerForward} {
		path := "/read/:id/" + string(kind)
		s.get(reader, path, func(c echo.Context) error { return s.answerPage(c, kind) })
		s.post(reader, path, func(c echo.Context) error { return s.answer(c, kind) }, uploads)
	}
}

// An answering is what a recipient writes, as far as the form says.
type answering struct {
	kind   views.AnswerKind
	letter *access.Letter
	form   *composeForm
	files  []upload.File        // came ahead of the form
	lost   bool                 // a file that should have come is not here
	to     []letterlock.Mailbox // of a copy
	errors []views.FieldError
}

// about is what decides whom a reply reaches.
func about(l *access.Letter) policy.Answerable {
	return policy.Answerable{Message: l.Message, Recipients: l.Recipients, Reader: l.Recipient}
}

// answerPage is an empty form.
func (s *Server) answerPage(c echo.Context, kind views.AnswerKind) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	if kind == views.AnswerForward {
		if err := s.Intake.MayForward(c.Request().Context(), actor(c), id); err != nil {
			return err
		}
	}
	l, err := s.openToAnswer(c, id)
	if err != nil {
		return err
	}
	defer l.Close()
	wear(c, l.Message)
	return s.showAnswer(c, http.StatusOK, answering{kind: kind, letter: l, form: &composeForm{}})
}

// openToAnswer opens a message for whoever may write about it: not for whom a release code
// has let in, for what they write bears the name of the mailbox.
func (s *Server) openToAnswer(c echo.Context, id letterlock.ID) (*access.Letter, error) {
	l, err := s.Access.Open(c.Request().Context(), actor(c), id)
	if err == nil && !actor(c).Within("") {
		l.Close()
		return nil, &letterlock.Error{Code: letterlock.Denied, Key: letterlock.OnlyReleased}
	}
	return l, err
}

// answer sends what was written, or shows the form again with what is wrong. Files
// are read on their way into the message and kept nowhere, but for those that script
// has sent ahead.
func (s *Server) answer(c echo.Context, kind views.AnswerKind) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	f, err := readCompose(c.Request())
	if err != nil {
		return err
	}
	c.Set(unsentKey, unsent(f.get("text")))
	l, err := s.openToAnswer(c, id)
	if err != nil {
		return err
	}
	defer l.Close()
	wear(c, l.Message)
	a := answering{kind: kind, letter: l, form: f}
	if a.files, a.lost, err = s.answerDesk(id).take(c, f); err != nil {
		return err
	}
	if f.get("drop") != "" {
		return s.answerAgain(c, http.StatusOK, a)
	}
	a.understand(s.speaker(c))
	if kind == views.AnswerForward && len(a.errors) > 0 {
		if err := s.Intake.MayForward(c.Request().Context(), actor(c), id); err != nil {
			return err // there is no form to be shown again
		}
	}
	if len(a.errors) > 0 {
		return s.answerAgain(c, http.StatusUnprocessableEntity, a)
	}
	receipt, err := s.sendAnswer(c, a)
	if err == nil {
		s.answerDesk(id).sent(c.Request().Context(), actor(c), a.files)
		if receipt.Repeated {
			_, _ = io.Copy(io.Discard, c.Request().Body) // for a browser that is still sending its files
		}
		return c.Redirect(http.StatusSeeOther, "/read/"+string(id)+"?"+sentQuery+"="+string(receipt.ID))
	}
	return s.answerRefused(c, a, err)
}

// answerRefused shows the form again with why the answer was not taken, where that is
// the writer's to mend.
func (s *Server) answerRefused(c echo.Context, a answering, err error) error {
	status, problem := s.speaker(c).whatIsWrongWithAnswer(err)
	if status == 0 {
		return err
	}
	if wait := letterlock.RetryAfterOf(err); wait > 0 {
		setRetryAfter(c, wait)
	} else if status == http.StatusServiceUnavailable {
		setRetryAfter(c, tryAgain)
	}
	a.errors = append(a.errors, problem)
	return s.answerAgain(c, status, a)
}

// unsentKey is where what somebody wrote is kept for the page that says that it was
// not sent.
const unsentKey = "unsent"

// maxUnsent is how much of it that page gives back, in bytes.
const maxUnsent = 100_000

func unsent(text string) string {
	if len(text) > maxUnsent {
		text = strings.ToValidUTF8(text[:maxUnsent], "")
	}
	return text
}

func (s *Server) sendAnswer(c echo.Context, a answering) (intake.Receipt, error) {
	ctx, by, id := c.Request().Context(), actor(c), a.letter.Message.ID
	w := intake.Writing{Form: a.form.get("form"), Text: a.form.get("text")}
	if a.form.files != nil || len(a.files) > 0 || a.lost {
		w.Files = func(yield func(eml.File, error) bool) {
			switch {
			case a.lost: // only now: what is sent twice is no mistake
				yield(eml.File{}, &letterlock.Error{Code: letterlock.Invalid, Key: uploadField})
			case s.answerDesk(id).ahead(ctx, by, a.files, yield) && a.form.files != nil:
				a.form.files.all()(yield)
			}
		}
	}
	if a.kind == views.AnswerForward {
		return s.Intake.Forward(ctx, by, id, w, a.to, a.letter.Copy())
	}
	return s.Intake.Reply(ctx, by, id, w, a.kind == views.AnswerReplyAll)
}

// understand makes sense of the form.
func (a *answering) understand(p speaker) {
	wrong := func(field, text string) {
		a.errors = append(a.errors, views.FieldError{Field: field, Text: text})
	}
	if a.kind == views.AnswerForward {
		good, bad := letterlock.ParseMailboxes(a.form.get("to"))
		switch a.to = eachOnce(good); {
		case len(bad) > 0:
			wrong("to", p.notAddresses(bad))
		case len(a.to) == 0:
			wrong("to", p.Text("answer.toWhom"))
		case len(a.to) > intake.MaxForwardTo:
			wrong("to", p.Text("answer.tooMany", "Most", strconv.Itoa(intake.MaxForwardTo), "Number", strconv.Itoa(len(a.to))))
		}
	} else if strings.TrimSpace(a.form.get("text")) == "" && a.form.files == nil && len(a.files) == 0 && !a.lost {
		wrong("text", p.Text("answer.empty"))
	}
	if a.form.longText {
		wrong("text", p.Text("answer.long", "Size", p.Size(maxText)))
	}
}

// eachOnce leaves out whom a list names a second time.
func eachOnce(list []letterlock.Mailbox) (out []letterlock.Mailbox) {
	seen := map[letterlock.Address]bool{}
	for _, m := range list {
		if !seen[m.Address] {
			seen[m.Address] = true
			out = append(out, m)
		}
	}
	return out
}

// whatIsWrongWithAnswer is whatIsWrong with what recipients alone can meet.
func (p speaker) whatIsWrongWithAnswer(err error) (int, views.FieldError) {
	var barred *intake.Barred
	if errors.As(err, &barred) {
		return http.StatusUnprocessableEntity, views.FieldError{Field: "to", Text: p.Text("answer.barred", "Who", p.addresses(barred.To))}
	}
	if without := (*intake.Unprovable)(nil); errors.As(err, &without) {
		text := "answer.unprovable"
		if without.Brand {
			text = "answer.unprovableBrand"
		}
		return http.StatusUnprocessableEntity, views.FieldError{Field: "to", Text: p.Text(text, "Who", p.addresses(without.To))}
	}
	if !errors.Is(err, letterlock.Throttled) {
		return p.whatIsWrong(err)
	}
	wait := p.wait(letterlock.RetryAfterOf(err))
	if letterlock.KeyOf(err) == "forwards" {
		return http.StatusTooManyRequests, views.FieldError{
			Text: p.Text("answer.forwards", "Number", strconv.Itoa(intake.MaxForwards), "Wait", wait)}
	}
	return http.StatusTooManyRequests, views.FieldError{Text: p.Text("answer.much", "Wait", wait)}
}

// addresses names some, and says how many more there are.
func (p speaker) addresses(list []letterlock.Address) string {
	var names []string
	for _, a := range list[:min(len(list), mostUnprovable)] {
		names = append(names, string(a))
	}
	if more := len(list) - mostUnprovable; more > 0 {
		names = append(names, p.Count("list.more", more))
	}
	return p.listed(names)
}

// answerAgain shows the form once more. The rest of the body is read first: a
// browser that is still sending files would not read the answer.
func (s *Server) answerAgain(c echo.Context, status int, a answering) error {
	_, _ = io.Copy(io.Discard, c.Request().Body) // what goes wrong now changes nothing for the reader of the page
	return s.showAnswer(c, status, a)
}

// showAnswer shows the form. It holds nothing of the message but who has it.
func (s *Server) showAnswer(c echo.Context, status int, a answering) error {
	l, url := a.letter, "/read/"+string(a.letter.Message.ID)
	p := s.speaker(c)
	v := views.Answer{
		Page: s.page(c), Kind: a.kind, Sender: personOf(l.Message.Sender),
		ToTyped: a.form.get("to"), URL: url + "/" + string(a.kind), BackURL: url, Form: formName(a.form),
		Text: a.form.get("text"), MaxSize: p.Size(s.maxFiles()), MaxBytes: strconv.FormatInt(s.maxFiles(), 10), MaxTo: intake.MaxForwardTo,
		Files: p.composeFiles(a.files), UploadURL: s.answerDesk(l.Message.ID).url,
		Quotes: !kept(l), Errors: a.errors, FilesLost: a.form.files != nil,
	}
	v.Choice = views.LanguageChoice{} // what is typed would be lost
	if a.kind == views.AnswerForward {
		left, err := s.Intake.ForwardsLeft(c.Request().Context(), l.Message)
		if err != nil {
			return err
		}
		v.Left = left
	} else {
		to, cc := about(l).ReplyTo(a.kind == views.AnswerReplyAll)
		v.To, v.Cc = peopleOf(to), peopleOf(cc)
	}
	return s.showUnderStatus(c, l.Lease, status, views.AnswerPage(v))
}

// formName names a page that somebody writes on: as it did before, if it is shown
// again, and anew if it never had a name of ours.
func formName(f *composeForm) string {
	if id, err := letterlock.ParseID(f.get("form")); err == nil {
		return string(id)
	}
	return string(letterlock.NewID())
}

func peopleOf(list []letterlock.Mailbox) (out []views.Person) {
	for _, m := range list {
		out = append(out, personOf(m))
	}
	return out
}
