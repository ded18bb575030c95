package web

import (
	"github.com/labstack/echo/v4"

	"letterlock/internal/intake"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	mailrule "letterlock/internal/rule"
)

// ruledEnvelope is the envelope of a message in the writing with what the rules ask
// of it as far as it has come, and says what that is. A rule that cannot be asked now
// is asked when the message is sent: what stands here promises less, never more.
func (s *Server) ruledEnvelope(c echo.Context, w writing) (intake.Envelope, []string) {
	e, f := w.envelope(), w.form
	v, err := s.Intake.Floor(c.Request().Context(), actor(c), e, f.get("subject"), f.get("text"))
	if err != nil {
		return e, nil
	}
	return e.Under(v), floorOf(s.words(c), v)
}

// floorOf says what the rules ask of a message that is being written.
func floorOf(say language.Words, v mailrule.Verdict) (list []string) {
	if v.Refused {
		return []string{say.Text("rules.theRuleRefusesThisMessage", "RefusedBy", quoted(say, v.RefusedBy), "Sentence", v.Sentence)}
	}
	for _, o := range v.Outcomes {
		if o.Answer == mailrule.No || o.Rule.Then == (mailrule.Actions{Protection: letterlock.EncryptOnly}) {
			continue // what is written here is protected in any case
		}
		for _, asks := range thenOf(say, o.Rule.Then) {
			list = append(list, quoted(say, o.Rule.Name)+": "+asks)
		}
	}
	return list
}
