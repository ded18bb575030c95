package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// bulkRoutes are the pages on which administrators revoke many messages: a plan
// first, which touches nothing, then the run, and its undoing.
func (s *Server) bulkRoutes() {
	s.get(auditor, "/bulk", s.bulkList)
	s.get(revoker, "/bulk/new", s.bulkNew)
	s.post(revoker, "/bulk", s.bulkPlan)
	s.post(revoker, "/bulk/chosen", s.bulkChosen)
	s.get(auditor, "/bulk/:id", s.bulk)
	s.get(auditor, "/bulk/:id/progress", s.bulkProgress)
	s.get(auditor, "/bulk/:id/export.csv", s.bulkCSV, streams)
	s.get(auditor, "/bulk/:id/export.json", s.bulkJSON, streams)
	s.post(revoker, "/bulk/:id/start", s.bulkStart)
	s.post(revoker, "/bulk/:id/approve", s.bulkApprove)
	s.post(revoker, "/bulk/:id/discard", s.bulkDiscard)
	s.post(revoker, "/bulk/:id/undo", s.bulkUndo)
}

// bulkPage is how many messages or batches one page lists.
const bulkPage = 50

// bulkList is every batch, newest first.
func (s *Server) bulkList(c echo.Context) error {
	say := s.words(c)
	by, before := actor(c), c.QueryParam("before")
	list, more, err := s.Access.Batches(c.Request().Context(), by, before, bulkPage)
	if err != nil {
		return err
	}
	v := views.BulkList{Page: s.page(c), May: by.Is(letterlock.Revoker), Shown: say.Text("bulk.showing", "Bulkrevocations", say.Count("count.bulkRevocation", len(list)))}
	if more != "" {
		v.OlderURL = withQuery("/bulk", url.Values{"before": {more}})
	}
	if before != "" {
		v.NewestURL = "/bulk"
	}
	for _, b := range list {
		v.Rows = append(v.Rows, s.speaker(c).bulkRow(b))
	}
	return s.show(c, http.StatusOK, views.BulkListPage(v))
}

// bulkNew shows a search once more, to be planned as a revocation of all it finds.
func (s *Server) bulkNew(c echo.Context) error {
	return s.showPlan(c, http.StatusOK, planOf(s.words(c), lookupOf(c.QueryParams())), "")
}

// bulkPlan plans a revocation of all that a search finds.
func (s *Server) bulkPlan(c echo.Context) error {
	say := s.words(c)
	f, err := form(c)
	if err != nil {
		return err
	}
	l := lookupOf(f)
	search, wrong := l.search(say, s.Location)
	v := planOf(say, l)
	v.Everybody = v.Narrows && f.Get("everybody") != ""
	if v.Reason, v.Error = reasonOf(say, f); v.Error != "" {
		return s.showPlan(c, http.StatusUnprocessableEntity, v, "")
	}
	if len(wrong) > 0 {
		return s.showPlan(c, http.StatusUnprocessableEntity, v, say.Text("bulk.nothingWasPlanned", "Wrong", wrong[0].Text))
	}
	b, err := s.Access.PlanBatch(c.Request().Context(), actor(c), search, v.Everybody, v.Reason)
	if err != nil {
		if wrong := l.refused(say, err); len(wrong) > 0 {
			return s.showPlan(c, http.StatusUnprocessableEntity, v, say.Text("bulk.nothingWasPlanned", "Wrong", wrong[0].Text))
		}
		return s.planRefused(c, v, err)
	}
	return c.Redirect(http.StatusSeeOther, "/bulk/"+string(b.ID))
}

// planRefused shows the form of a plan with the reason why there is none.
func (s *Server) planRefused(c echo.Context, v views.BulkPlan, err error) error {
	say := s.words(c)
	sentence := map[string]string{
		"batch-everything": say.Text("bulk.aSearchWithoutAnyCondition"),
		"batch-nothing":    say.Text("bulk.nothingThatWasFoundCan"),
		"batch-size":       say.Text("bulk.thisFindsMoreThanMessages"),
		"recipient":        say.Text("bulk.oneOfTheChosenRows"),
	}[letterlock.KeyOf(err)]
	if sentence == "" {
		return err
	}
	status, _ := s.ending(err, c)
	return s.showPlan(c, status, v, sentence)
}

func (s *Server) showPlan(c echo.Context, status int, v views.BulkPlan, problem string) error {
	v.Page = s.page(c)
	if problem != "" {
		v.Problem = problem
	}
	return s.show(c, status, views.BulkPlanPage(v))
}

// bulk is one batch: what it would touch, does or has done.
func (s *Server) bulk(c echo.Context) error {
	b, err := s.batch(c)
	if err != nil {
		return err
	}
	return s.showBatch(c, http.StatusOK, b, views.Bulk{})
}

func (s *Server) batch(c echo.Context) (letterlock.Batch, error) {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return letterlock.Batch{}, err
	}
	return s.Access.Batch(c.Request().Context(), actor(c), id)
}

// showBatch shows a batch, and what of it was refused just now.
func (s *Server) showBatch(c echo.Context, status int, b letterlock.Batch, refused views.Bulk) error {
	before, err := strconv.ParseInt(c.QueryParam("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0 // from the newest
	}
	p := bulkPlace{result: letterlock.BatchResult(c.QueryParam("result")), before: before}
	items, err := s.Access.BatchItems(c.Request().Context(), actor(c), b.ID, p.result, before, bulkPage+1)
	if err != nil {
		return err
	}
	v := s.speaker(c).bulkView(actor(c), b, items, p)
	v.Page, v.Problem, v.Typed, v.TypedError = s.page(c), refused.Problem, refused.Typed, refused.TypedError
	if v.LiveURL != "" {
		v.Refresh = again("/bulk/" + string(b.ID))
	}
	return s.show(c, status, views.BulkPage(v))
}

// bulkProgress is how far a batch is, for an open page. When it is through, the
// page asks for all of itself.
func (s *Server) bulkProgress(c echo.Context) error {
	b, err := s.batch(c)
	if err != nil {
		return err
	}
	if !atWork(b) {
		c.Response().Header().Set("HX-Refresh", "true")
	}
	v := s.speaker(c).bulkView(actor(c), b, nil, bulkPlace{})
	v.Page = s.page(c)
	return s.show(c, http.StatusOK, views.BulkProgress(v))
}

func (s *Server) bulkStart(c echo.Context) error   { return s.bulkRun(c, s.Access.StartBatch) }
func (s *Server) bulkApprove(c echo.Context) error { return s.bulkRun(c, s.Access.ApproveBatch) }
func (s *Server) bulkDiscard(c echo.Context) error { return s.bulkAct(c, s.Access.DiscardBatch) }
func (s *Server) bulkUndo(c echo.Context) error    { return s.bulkAct(c, s.Access.UndoBatch) }

// bulkRun has a batch run whose number of messages was typed. One that has run and is
// tried once more takes nothing away that was not agreed to.
func (s *Server) bulkRun(c echo.Context, act batchAct) error {
	say := s.words(c)
	b, err := s.batch(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	var v views.Bulk
	if offer(&v, actor(c), b, ""); v.RunURL == "" {
		return s.bulkAct(c, act)
	}
	typed := strings.TrimSpace(strings.ToValidUTF8(f.Get("messages"), "\uFFFD"))
	switch bareNumber(typed) {
	case strconv.Itoa(b.Messages):
		return s.bulkAct(c, act)
	case "":
		v.TypedError = say.Text("bulk.typeTheNumberSoThat")
	default:
		v.TypedError = say.Text("bulk.thisIsNotTheNumber")
	}
	v.Typed = bounded(typed, maxReason)
	return s.showBatch(c, http.StatusUnprocessableEntity, b, v)
}

// bareNumber is a number without what people put between its thousands.
func bareNumber(typed string) string {
	return strings.NewReplacer(",", "", ".", "", "'", "", "’", "", " ", "", "\u00A0", "", "\u202F", "").Replace(typed)
}

// bulkAct does something with a batch, and shows the batch as it then is.
func (s *Server) bulkAct(c echo.Context, act batchAct) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), actor(c)
	err = act(ctx, by, id)
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/bulk/"+string(id))
	}
	sentence := batchRefusal(s.words(c), err)
	if sentence == "" {
		return err
	}
	b, lookErr := s.Access.Batch(ctx, by, id)
	if lookErr != nil {
		return errors.Join(err, lookErr)
	}
	status, _ := s.ending(err, c)
	return s.showBatch(c, status, b, views.Bulk{Problem: sentence})
}

// batchRefusal is the sentence for something that cannot be done with a batch.
func batchRefusal(say language.Words, err error) string {
	switch letterlock.KeyOf(err) {
	case "second-person":
		return say.Text("bulk.youPlannedOrStartedThis")
	case "batch-state":
		return say.Text("bulk.thisCannotBeDoneWith")
	}
	return ""
}
