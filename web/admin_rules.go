package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	mailrule "letterlock/internal/rule"
	"letterlock/internal/rulebook"
	"letterlock/views"
)

// ruleRoutes are the pages on which administrators say what mails must be protected.
func (s *Server) ruleRoutes() {
	s.get(admin, "/rules", s.rulesPage)
	s.post(admin, "/rules", s.addRule)
	s.get(admin, "/rules/new", s.newRule)
	s.get(admin, "/rules/try", s.tryPage)
	s.post(admin, "/rules/try", s.tryMail, pastes)
	s.get(admin, "/rules/:id", s.editRule)
	s.post(admin, "/rules/:id", s.changeRule)
	for what := range ruleActs {
		s.post(admin, "/rules/:id/"+what, s.actOnRule)
	}
	s.get(admin, "/rules/:id/delete", s.askRule)
	s.post(admin, "/rules/:id/delete", s.deleteRule)
}

// ruleActs are what a button in the list does, by the last word of its path.
var ruleActs = map[string]func(s *rulebook.Service, ctx context.Context, by letterlock.Actor, id letterlock.ID, seen int64) error{
	"up": (*rulebook.Service).Up, "down": (*rulebook.Service).Down,
	"enable": (*rulebook.Service).Enable, "disable": (*rulebook.Service).Disable,
}

// ruleNotes say above the list what was just done.
var ruleNotes = map[string]string{
	"added": "rules.theRuleIsAddedBehind", "changed": "rules.theRuleIsSaved", "deleted": "rules.theRuleIsDeleted",
	"up": "rules.theRuleHasMovedUp", "down": "rules.theRuleHasMovedDown",
	"enable": "rules.theRuleIsOnFrom", "disable": "rules.theRuleIsOffFrom",
}

// rulesPage lists all rules.
func (s *Server) rulesPage(c echo.Context) error {
	return s.showRules(c, http.StatusOK, "")
}

func (s *Server) showRules(c echo.Context, status int, problem string) error {
	say := s.words(c)
	version, list, err := s.Rules.Now(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	v := views.Rules{Page: s.page(c), Version: versionField(version), Problem: problem, Room: roomFor(say, list), NewURL: "/rules/new", TryURL: "/rules/try"}
	if len(list) >= mailrule.MaxRules {
		v.NewURL = ""
	}
	if problem == "" {
		v.Note = sayText(s.words(c), ruleNotes[c.QueryParam("done")])
	}
	for i, r := range list {
		to := ruleURL(r.ID)
		row := views.RuleRow{Place: strconv.Itoa(i + 1), Name: r.Name, URL: to, When: whenOf(say, r.When), Then: thenOf(say, r.Then), Off: !r.Enabled, Version: versionField(r.Version)}
		if i > 0 {
			row.UpURL = to + "/up"
		}
		if i < len(list)-1 {
			row.DownURL = to + "/down"
		}
		if r.Enabled {
			row.OffURL = to + "/disable"
		} else {
			row.OnURL = to + "/enable"
		}
		v.Rows = append(v.Rows, row)
	}
	return s.show(c, status, views.RulesPage(v))
}

// roomFor says how many rules there are beside the number of them, and may be.
func roomFor(say language.Words, list []mailrule.Rule) string {
	off := 0
	for _, r := range list {
		if !r.Enabled {
			off++
		}
	}
	text := say.Text("rules.thereMayBe", "MaxRules", strconv.Itoa(mailrule.MaxRules))
	if len(list) >= mailrule.MaxRules {
		text = say.Text("rules.asManyAsThereMay")
	}
	switch {
	case len(list) == 0:
		return ""
	case off == 0:
		return text + "."
	}
	return say.Text("rules.offB", "Text", text, "Off", strconv.Itoa(off))
}

func ruleURL(id letterlock.ID) string { return "/rules/" + string(id) }

// ruleID returns the ID of the rule that the path names. What can be none names none.
func ruleID(c echo.Context) (letterlock.ID, error) {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return "", &letterlock.Error{Code: letterlock.NotFound, Err: err}
	}
	return id, nil
}

// actOnRule does what a button in the list says.
func (s *Server) actOnRule(c echo.Context) error {
	id, err := ruleID(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	what := lastWord(c.Path())
	if err := ruleActs[what](s.Rules, c.Request().Context(), actor(c), id, versionIn(f)); err != nil {
		return s.ruleRefused(c, err)
	}
	return c.Redirect(http.StatusSeeOther, "/rules?done="+what)
}

// ruleProblems say above the list why nothing was done, by the key of the refusal.
var ruleProblems = map[string]string{
	"rule-at-end":   "rules.theRuleStandsThereAlready",
	"rule":          "rules.theRuleCannotBeApplied",
	"rule-changed":  "rules.somebodyHasChangedThisRule",
	"rules-changed": "rules.somebodyHasChangedTheRules",
	"no-rule":       "rules.somebodyHasDeletedThisRule",
}

// ruleRefused shows the rules as they are now, and why nothing was done.
func (s *Server) ruleRefused(c echo.Context, err error) error {
	problem := sayText(s.words(c), ruleProblems[letterlock.KeyOf(err)])
	switch {
	case problem == "":
		return err
	case errors.Is(err, letterlock.NotFound):
		return s.showRules(c, http.StatusNotFound, problem)
	}
	return s.showRules(c, http.StatusUnprocessableEntity, problem)
}

// versionField is a version as forms post it, and versionIn reads it; 0 is that of
// nothing.
func versionField(n int64) string { return strconv.FormatInt(n, 10) }

func versionIn(f url.Values) int64 {
	n, err := strconv.ParseInt(f.Get("version"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// askRule asks before a rule is deleted.
func (s *Server) askRule(c echo.Context) error {
	say := s.words(c)
	r, err := s.namedRule(c)
	if err != nil {
		return err
	}
	effects := []string{say.Text("rules.messagesThatItHasDecided"), say.Text("rules.itCannotBeBroughtBack")}
	if r.Enabled {
		effects = append([]string{say.Text("rules.fromTheNextMailOn")}, effects...)
	}
	return s.show(c, http.StatusOK, views.AskPage(views.Ask{
		Page: s.page(c), Heading: say.Text("rules.deleteRuleB"), What: say.Text("rules.theRuleIsDeletedB", "Name", quoted(say, r.Name)), Effects: effects,
		Version: versionField(r.Version), Button: say.Text("rules.deleteRule"), URL: ruleURL(r.ID) + "/delete", KeepURL: ruleURL(r.ID), Keep: say.Text("rules.keepRule"), Current: "rules", Back: say.Text("rules.rules"),
	}))
}

func (s *Server) namedRule(c echo.Context) (mailrule.Rule, error) {
	id, err := ruleID(c)
	if err != nil {
		return mailrule.Rule{}, err
	}
	return s.Rules.Rule(c.Request().Context(), actor(c), id)
}

func (s *Server) deleteRule(c echo.Context) error {
	id, err := ruleID(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	if err := s.Rules.Delete(c.Request().Context(), actor(c), id, versionIn(f)); err != nil {
		return s.ruleRefused(c, err)
	}
	return c.Redirect(http.StatusSeeOther, "/rules?done=deleted")
}
