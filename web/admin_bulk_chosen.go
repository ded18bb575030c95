package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// maxChosen is how many rows may be chosen one by one.
const maxChosen = 1000

// bulkChosen plans a revocation of the rows that were ticked in the report: each
// is a message and one of its recipients. First it asks why.
func (s *Server) bulkChosen(c echo.Context) error {
	say := s.words(c)
	f, err := form(c)
	if err != nil {
		return err
	}
	rows := f["row"]
	v := views.BulkPlan{PlanURL: "/bulk/chosen", BackURL: "/report", Hidden: []views.Hidden{{Name: "asked", Value: "yes"}}}
	for _, row := range rows[:min(len(rows), maxChosen)] {
		v.Hidden = append(v.Hidden, views.Hidden{Name: "row", Value: row})
	}
	targets, left, problem, err := s.targetsOf(c, rows)
	if err != nil {
		return err
	}
	if problem != "" {
		v.PlanURL, v.Hidden = "", nil
		return s.showPlan(c, http.StatusUnprocessableEntity, v, say.Text("bulk.nothingWasPlannedB", "Problem", problem))
	}
	v.LeftOut = left.text(say)
	v.Chosen = say.Text("bulk.with", "Messages", say.Count("count.message", len(targets)), "Recipients", say.Count("count.recipient", recipientsIn(targets)))
	if f.Get("asked") == "" {
		if len(rows) == 1 {
			return c.Redirect(http.StatusSeeOther, tracedURL(targets[0].Message, "revoke", lookup{}, targets[0].Recipients[0]))
		}
		return s.showPlan(c, http.StatusOK, v, "")
	}
	if v.Reason, v.Error = reasonOf(say, f); v.Error != "" {
		return s.showPlan(c, http.StatusUnprocessableEntity, v, "")
	}
	b, err := s.Access.PlanChosen(c.Request().Context(), actor(c), targets, v.Reason)
	if err != nil {
		return s.planRefused(c, v, err)
	}
	return c.Redirect(http.StatusSeeOther, "/bulk/"+string(b.ID))
}

func recipientsIn(targets []letterlock.Target) (n int) {
	for _, t := range targets {
		n += len(t.Recipients)
	}
	return n
}

// targetsOf finds out which messages and recipients rows name, each of the form
// "<message>:<recipient>", which of them it leaves out, or what is wrong with them.
func (s *Server) targetsOf(c echo.Context, rows []string) (targets []letterlock.Target, left leftOut, problem string, err error) {
	say := s.words(c)
	switch {
	case len(rows) == 0:
		return nil, left, say.Text("bulk.noRowWasChosenTick"), nil
	case len(rows) > maxChosen:
		return nil, left, say.Text("bulk.moreThanRowsWereChosen", "MaxChosen", grouped(maxChosen)), nil
	}
	chosen := map[letterlock.ID]map[letterlock.ID]bool{}
	var order []letterlock.ID
	for _, row := range rows {
		m, r, _ := strings.Cut(row, ":")
		message, wrongMessage := letterlock.ParseID(m)
		recipient, wrongRecipient := letterlock.ParseID(r)
		if wrongMessage != nil || wrongRecipient != nil {
			return nil, left, say.Text("bulk.oneOfTheChosenRowsNames"), nil
		}
		if chosen[message] == nil {
			chosen[message] = map[letterlock.ID]bool{}
			order = append(order, message)
		}
		chosen[message][recipient] = true
	}
	for _, id := range order {
		d, err := s.Track.Traced(c.Request().Context(), actor(c), id)
		if letterlock.CodeOf(err) == letterlock.NotFound {
			return nil, left, say.Text("bulk.oneOfTheChosenRowsNames"), nil
		}
		if err != nil {
			return nil, left, "", err
		}
		t, known := targetOf(d, chosen[id], &left)
		if known < len(chosen[id]) {
			return nil, left, say.Text("bulk.oneOfTheChosenRowsIs"), nil
		}
		if len(t.Recipients) > 0 {
			targets = append(targets, t)
		}
	}
	if len(targets) == 0 {
		problem = left.text(say)
	}
	return targets, left, problem, nil
}

// targetOf is a message with those of the recipients who can lose access, and how many
// of them it knows. The others are counted in left.
func targetOf(d track.Detail, recipients map[letterlock.ID]bool, left *leftOut) (t letterlock.Target, known int) {
	t.Message = d.Message.ID
	for _, r := range d.Recipients {
		if !recipients[r.ID] {
			continue
		}
		known++
		switch {
		case d.Message.Destroyed:
			left.destroyed++
		case r.Experience != letterlock.Link:
			left.inline++
		case r.Revocation.Revoked():
			left.revoked++
		default:
			t.Recipients = append(t.Recipients, r.Mailbox.Address)
		}
	}
	return t, known
}

// leftOut counts the chosen rows of which nobody can lose access.
type leftOut struct{ inline, revoked, destroyed int }

func (n leftOut) text(say language.Words) string {
	var why []string
	for _, kind := range []struct {
		key string
		n   int
	}{{"bulk.leftOutInline", n.inline}, {"bulk.leftOutRevoked", n.revoked}, {"bulk.leftOutDestroyed", n.destroyed}} {
		if kind.n > 0 {
			why = append(why, say.Text(kind.key, "N", grouped(kind.n)))
		}
	}
	if why == nil {
		return ""
	}
	return say.Text("bulk.selectionLeftOut", "Why", strings.Join(why, ", "))
}

// planOf is the form of a plan for all that a search finds.
func planOf(say language.Words, l lookup) views.BulkPlan {
	v := views.BulkPlan{Conditions: l.facts(say), BackURL: l.url("/trace", ""), PlanURL: "/bulk"}
	v.Narrows = letterlock.Search{
		Recipient: l.typed[fieldRecipient], State: letterlock.Condition(l.typed[fieldState]), Identity: letterlock.IdentityType(l.typed[fieldIdentity]),
	}.Narrows()
	if len(l.typed) == 0 {
		v.Problem = say.Text("bulk.aSearchWithoutAnyConditionWould")
		v.PlanURL, v.BackURL = "", "/trace"
	}
	for _, f := range lookupFields {
		if text := l.typed[f.name]; text != "" {
			v.Hidden = append(v.Hidden, views.Hidden{Name: f.name, Value: text})
		}
	}
	return v
}
