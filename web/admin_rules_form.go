package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	mailrule "letterlock/internal/rule"
	"letterlock/internal/rulebook"
	"letterlock/views"
)

// dataNames say what is found of each kind of sensitive data.
var dataNames = map[mailrule.Data][2]string{
	mailrule.Card: {"rules.cardNumbers", "rules.ofTheKnownIssuersWhose"},
	mailrule.IBAN: {"rules.ibanAccountNumbers", "rules.ofACountrysLengthWhose"},
	mailrule.SSN:  {"rules.usSocialSecurityNumbers", "rules.writtenWithDashesOrNamed"},
}

// newRule is an empty form.
func (s *Server) newRule(c echo.Context) error {
	return s.showRuleForm(c, http.StatusOK, s.ruleForm(c, mailrule.Rule{Enabled: true}))
}

// editRule is the form of a rule.
func (s *Server) editRule(c echo.Context) error {
	r, err := s.namedRule(c)
	if err != nil {
		return err
	}
	return s.showRuleForm(c, http.StatusOK, s.ruleForm(c, r))
}

func (s *Server) showRuleForm(c echo.Context, status int, v views.RuleForm) error {
	return s.show(c, status, views.RuleFormPage(v))
}

// ruleForm shows a rule as it can be changed.
func (s *Server) ruleForm(c echo.Context, r mailrule.Rule) views.RuleForm {
	say := s.words(c)
	w, a := r.When, r.Then
	v := views.RuleForm{
		Page: s.page(c), Heading: say.Text("rules.addARule"), Button: say.Text("rules.addRule"), URL: "/rules", Name: r.Name,
		Senders: lines(w.Senders), Recipients: lines(w.Recipients), Domains: lines(w.Domains), Subject: lines(w.Subject), Body: lines(w.Body),
		Header: w.Header, Values: lines(w.Values), Size: sizeField(w.LargerThan), Data: dataChoices(say, w.Data),
		Protection: protectionOptions(say, a.Protection), Brands: s.ruleBrands(say, a.Brand), Portal: a.Portal, Asks: demandOptions(say, a.Asks, say.Text("rules.nothingMoreThanTheSender")), AskName: a.Asks.Named(), Refuse: a.Refuse, Pass: a.Pass, Sentence: a.Sentence,
		Enabled: r.Enabled, Version: versionField(r.Version),
	}
	v.Choice = views.LanguageChoice{} // what is typed would be lost
	if a.Expiry > 0 {
		v.Expiry = a.Expiry.String()
	}
	if r.ID != "" {
		v.Heading, v.Button, v.URL, v.DeleteURL = say.Text("rules.changeRule"), say.Text("rules.saveRule"), ruleURL(r.ID), ruleURL(r.ID)+"/delete"
	}
	return v
}

func lines(list []string) string { return strings.Join(list, "\n") }

func dataChoices(say language.Words, ticked []mailrule.Data) (list []views.RoleChoice) {
	for _, k := range mailrule.Kinds {
		list = append(list, views.RoleChoice{Value: string(k), Text: sayText(say, dataNames[k][0]), What: say.Text(dataNames[k][1]), Ticked: slices.Contains(ticked, k)})
	}
	return list
}

func protectionOptions(say language.Words, chosen letterlock.Protection) []views.Option {
	list := []views.Option{{Text: say.Text("rules.asTheSenderSays")}, {Value: string(letterlock.EncryptOnly), Text: say.Text("rules.encryptOnlyAtLeast")}, {Value: string(letterlock.DoNotForward), Text: say.Text("rules.doNotForward")}}
	for i := range list {
		list[i].Selected = list[i].Value == string(chosen)
	}
	return list
}

// A typedRule is a rule as it was typed, with what cannot even be read of it.
type typedRule struct {
	rule mailrule.Rule
	view views.RuleForm // what was typed and is to be shown again as it was
	bad  []views.FieldError
}

// typedRuleOf reads the form of a rule.
func typedRuleOf(say language.Words, f url.Values) typedRule {
	t := typedRule{rule: mailrule.Rule{Name: strings.TrimSpace(bounded(f.Get("name"), 1000)), Enabled: f.Get("enabled") != ""}}
	w, a := &t.rule.When, &t.rule.Then
	w.Senders, w.Recipients, w.Domains = valuesIn(f, "senders"), valuesIn(f, "recipients"), valuesIn(f, "domains")
	w.Subject, w.Body, w.Values = valuesIn(f, "subject"), valuesIn(f, "body"), valuesIn(f, "values")
	w.Header = strings.TrimSuffix(strings.TrimSpace(bounded(f.Get("header"), 200)), ":")
	for _, v := range f["data"] {
		w.Data = append(w.Data, mailrule.Data(bounded(v, 40)))
	}
	wrong := func(field, text string) { t.bad = append(t.bad, views.FieldError{Field: field, Text: text}) }
	t.view.Size, t.view.Expiry = bounded(f.Get("size"), 40), bounded(f.Get("expiry"), 40)
	var ok bool
	if w.LargerThan, ok = sizeOf(t.view.Size); !ok {
		wrong("size", say.Text("rules.typeASizeAsKb"))
	}
	a.Protection = letterlock.Protection(bounded(f.Get("protection"), 40))
	if typed := strings.ToLower(strings.TrimSpace(t.view.Expiry)); typed != "" {
		span, err := letterlock.ParseSpan(typed)
		if err != nil || span == 0 {
			wrong("expiry", say.Text("rules.typeANumberWithM"))
		}
		a.Expiry = span
	}
	a.Brand = bounded(f.Get("brand"), 80)
	a.Portal, a.Refuse, a.Pass = f.Get("portal") != "", f.Get("refuse") != "", f.Get("pass") != ""
	a.Asks = askingName(letterlock.Demand(bounded(f.Get("asks"), 40)), f.Get(askNameField))
	a.Sentence = strings.TrimSpace(bounded(f.Get("sentence"), 2000))
	if !a.Refuse && a.Sentence != "" && *a != (mailrule.Actions{Sentence: a.Sentence}) {
		wrong("sentence", say.Text("rules.onlyTheSenderOfA"))
	}
	t.rule.Version = versionIn(f)
	return t
}

// valuesIn are the lines of a field, without those that say nothing. However many there
// are, none is left out: a rule with fewer would let more go.
func valuesIn(f url.Values, name string) (list []string) {
	for line := range strings.Lines(f.Get(name)) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	return list
}

// sizeUnits are written as people read them: 10 MB are ten million bytes.
var sizeUnits = []struct {
	name  string
	bytes int64
}{{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"bytes", 1}, {"", 1}}

// sizeOf reads a size; nothing is 0.
func sizeOf(s string) (int64, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" {
		return 0, true
	}
	for _, u := range sizeUnits {
		if digits, is := strings.CutSuffix(s, strings.ToLower(u.name)); is {
			n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
			return n * u.bytes, err == nil && n > 0 && n < 1<<50/u.bytes
		}
	}
	return 0, false
}

// sizeField writes a size as sizeOf reads it.
func sizeField(n int64) string {
	for _, u := range sizeUnits {
		if n > 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + " " + u.name
		}
	}
	return ""
}

// addRule saves a new rule.
func (s *Server) addRule(c echo.Context) error {
	return s.saveRule(c, "", "added", func(r mailrule.Rule) error {
		_, err := s.Rules.Add(c.Request().Context(), actor(c), r)
		return err
	})
}

// changeRule saves a rule that was there.
func (s *Server) changeRule(c echo.Context) error {
	id, err := ruleID(c)
	if err != nil {
		return err
	}
	return s.saveRule(c, id, "changed", func(r mailrule.Rule) error { return s.Rules.Change(c.Request().Context(), actor(c), r) })
}

func (s *Server) saveRule(c echo.Context, id letterlock.ID, done string, save func(mailrule.Rule) error) error {
	say := s.words(c)
	f, err := form(c)
	if err != nil {
		return err
	}
	t := typedRuleOf(say, f)
	t.rule.ID = id
	if len(t.bad) == 0 {
		err = save(t.rule)
		if err == nil {
			return c.Redirect(http.StatusSeeOther, "/rules?done="+done)
		}
		if t.bad = ruleErrors(say, err, t.rule.Then); len(t.bad) == 0 {
			return err
		}
	} else {
		t.bad = append(t.bad, t.alsoBad(say)...)
	}
	v := s.ruleForm(c, t.rule)
	v.Size, v.Expiry, v.Errors = t.view.Size, t.view.Expiry, t.bad
	v.Wrong = ruleFields.wrong(say, v.Errors)
	return s.showRuleForm(c, http.StatusUnprocessableEntity, v)
}

// ruleFields are those of the form of a rule.
var ruleFields = formFields{
	{"name", "rules.name"},
	{"conditions", "rules.when"},
	{"senders", "rules.sender"},
	{"recipients", "rules.recipient"},
	{"domains", "rules.domainOfARecipient"},
	{"subject", "rules.wordsInTheSubject"},
	{"body", "rules.wordsInTheMessage"},
	{"data", "rules.sensitiveDataInTheSubject"},
	{"header", "rules.headerField"},
	{"values", "rules.wordsInThatField"},
	{"size", "rules.largerThan"},
	{"actions", "rules.then"},
	{"protection", "rules.protection"},
	{"brand", "rules.brand"},
	{"expiry", "rules.expiresAfterAtMost"},
	{"asks", "rules.askReadersFor"},
	{"refuse", "rules.refuseIt"},
	{"pass", "rules.passItOn"},
	{"sentence", "rules.whatTheSenderIsTold"},
}

// alsoBad is what is wrong with a rule beside what cannot even be read of it. A size
// or an end that was typed wrong is a condition or an action all the same.
func (t typedRule) alsoBad(say language.Words) []views.FieldError {
	return slices.DeleteFunc(ruleErrors(say, &rulebook.Faulty{Problems: mailrule.Check(t.rule)}, t.rule.Then), func(e views.FieldError) bool {
		return e.Field == "conditions" && t.view.Size != "" || e.Field == "actions" && t.view.Expiry != ""
	})
}

// ruleErrors says why a rule that asks for a was not saved; nothing for what is not the
// form's to say.
func ruleErrors(say language.Words, err error, a mailrule.Actions) (list []views.FieldError) {
	switch letterlock.KeyOf(err) {
	case "rule-name":
		return []views.FieldError{{Field: "name", Text: say.Text("rules.anotherRuleHasThisName")}}
	case "rule-changed":
		return []views.FieldError{{Field: "form", Text: say.Text("rules.somebodyHasChangedThisRuleSince")}}
	case "rules":
		return []views.FieldError{{Field: "form", Text: say.Text("rules.thereAreRulesAsMany", "MaxRules", strconv.Itoa(mailrule.MaxRules))}}
	}
	var faulty *rulebook.Faulty
	if !errors.As(err, &faulty) {
		return nil
	}
	others := map[string]int{} // lines of a field that are wrong, beside the first
	for _, p := range faulty.Problems {
		field := fieldOf(p, a)
		if !slices.ContainsFunc(list, func(e views.FieldError) bool { return e.Field == field }) {
			list = append(list, views.FieldError{Field: field, Text: problemText(say, p)})
		} else if p.Value != "" {
			others[field]++
		}
	}
	for i, e := range list {
		if n := others[e.Field]; n > 0 {
			list[i].Text += "; " + say.Count("count.moreLine", n) + map[bool]string{true: " " + say.Text("rules.isWrong"), false: " " + say.Text("rules.areWrong")}[n == 1]
		}
	}
	return list
}

// fieldOf is the field of the form that a problem is shown at. What excludes all other
// actions is to blame where there are some.
func fieldOf(p mailrule.Problem, a mailrule.Actions) string {
	switch {
	case p.Field == "actions" && p.Key == mailrule.Contradiction && a.Refuse:
		return "refuse"
	case p.Field == "actions" && p.Key == mailrule.Contradiction && a.Pass:
		return "pass"
	}
	return p.Field
}
