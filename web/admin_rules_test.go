package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
	mailrule "letterlock/internal/rule"
)

// rules adds rules of these names, each for mail with its own name as subject.
func (w *world) rules(names ...string) (ids []letterlock.ID) {
	w.t.Helper()
	for _, n := range names {
		ids = append(ids, w.rule(mailrule.Rule{Name: n, Enabled: true, When: mailrule.Conditions{Subject: []string{n}}, Then: mailrule.Actions{Protection: letterlock.DoNotForward}}))
	}
	return ids
}

func (w *world) rule(r mailrule.Rule) letterlock.ID {
	w.t.Helper()
	id, err := w.server.Rules.Add(w.t.Context(), w.actors[olga], r)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// ruleBetween is a rule that can be moved up and down.
func (w *world) ruleBetween() letterlock.ID {
	w.t.Helper()
	list, err := w.server.Rules.List(w.t.Context(), w.actors[olga])
	if err != nil {
		w.t.Fatal(err)
	}
	for range 3 - len(list) {
		w.rules(string(letterlock.NewID()))
	}
	if list, err = w.server.Rules.List(w.t.Context(), w.actors[olga]); err != nil {
		w.t.Fatal(err)
	}
	return list[1].ID
}

// typed is a rule as it is typed into the form.
func typed(change ...string) url.Values {
	f := url.Values{"name": {"Board papers"}, "senders": {"ada@contoso.example\r\ncontoso.example"}, "recipients": {""}, "domains": {"*.riverside.example"}, "subject": {"minutes\r\n\r\n/bp-\\d+/"},
		"body": {"strictly internal"}, "data": {"iban"}, "header": {"X-Class:"}, "values": {"secret"}, "size": {"2 KB"}, "protection": {"do-not-forward"}, "expiry": {"7D"},
		"portal": {"yes"}, "asks": {"passcode"}, "sentence": {""}, "enabled": {"yes"}, "version": {"0"}}
	for i := 0; i < len(change); i += 2 {
		f.Set(change[i], change[i+1])
	}
	return f
}

func TestARuleIsAddedShownChangedAndDeleted(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	if said := texts(b.get("/rules").body); !strings.Contains(said, "No rule yet.") {
		t.Errorf("without rules the page says:\n%s", said)
	}
	a := b.post("/rules", typed())
	if a.status != http.StatusSeeOther {
		t.Fatalf("adding: %d\n%s", a.status, texts(a.body))
	}
	said := texts(b.get(a.location()).body)
	for _, want := range []string{"The rule is added, behind all others.", "1 rule", "1. Board papers", "Sender: ada@contoso.example or contoso.example", "Recipient at *.riverside.example",
		`Subject: minutes or /bp-\d+/`, "Message: strictly internal", "Header field X-Class: secret", "Larger than 2 KB", "IBAN account numbers",
		"Do not forward Expires after 7 days at most Everyone outside reads in the portal Each opening asks for a new passcode", "On Turn off"} {
		if !strings.Contains(said, want) {
			t.Errorf("the list does not say %q:\n%s", want, said)
		}
	}
	list, err := w.server.Rules.List(t.Context(), w.actors[olga])
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	to := ruleURL(list[0].ID)
	form := b.get(to).body
	for _, want := range []string{`value="Board papers"`, ">\nada@contoso.example\ncontoso.example</textarea>", `value="2 KB"`, `value="7d"`, `value="iban" checked`, `value="do-not-forward" selected`, `name="portal" value="yes" checked`,
		`value="passcode" selected`, `name="enabled" value="yes" checked`} {
		if !strings.Contains(form, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	change := typed("name", "Papers of the board", "version", fmt.Sprint(list[0].Version), "portal", "")
	if a := b.post(to, change); a.status != http.StatusSeeOther || !strings.Contains(texts(b.get(a.location()).body), "The rule is saved. Add a rule") {
		t.Errorf("changing: %d", a.status)
	}
	if a := b.post(to, change); a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), "Somebody has changed this rule since you opened it.") {
		t.Errorf("changing what somebody has changed: %d", a.status)
	}
	if a := b.get(to + "/delete"); a.heading() != "Delete rule?" || !strings.Contains(texts(a.body), "The rule “Papers of the board” is deleted.") {
		t.Errorf("asking: %q", a.heading())
	}
	if a := b.post(to+"/delete", url.Values{"version": {fmt.Sprint(list[0].Version)}}); a.status != http.StatusUnprocessableEntity || a.heading() != "Rules" {
		t.Errorf("deleting what somebody has changed: %d %q", a.status, a.heading())
	}
	if a := b.post(to+"/delete", versionOn(t, b.get(to+"/delete").body, to+"/delete")); a.status != http.StatusSeeOther || !strings.Contains(texts(b.get(a.location()).body), "No rule yet.") {
		t.Errorf("deleting: %d", a.status)
	}
	if a := b.get(to); a.status != http.StatusNotFound {
		t.Errorf("afterwards: %d", a.status)
	}
	if got := w.entries("delete rule"); !slices.Equal(got, []string{"olga@contoso.example  allowed"}) {
		t.Errorf("the audit log says %q", got)
	}
	if said := texts(b.get("/audit-log").body); !strings.Contains(said, "Papers of the board") {
		t.Error("the page of the audit log does not name the rule")
	}
}

var versionPosted = regexp.MustCompile(`<form[^>]* action="([^"]*)"[^>]*>\s*<input type="hidden" name="version" value="([^"]*)"`)

// versionOn is what the form on a page that posts to a URL says of what was seen.
func versionOn(t *testing.T, page, to string) url.Values {
	t.Helper()
	for _, m := range versionPosted.FindAllStringSubmatch(page, -1) {
		if m[1] == to {
			return url.Values{"version": {m[2]}}
		}
	}
	t.Fatalf("no form posts to %s:\n%s", to, texts(page))
	return nil
}

// TestAButtonOfAnOldListDoesNothing has another administrator change the rules behind
// a page that is open.
func TestAButtonOfAnOldListDoesNothing(t *testing.T) {
	w := newWorld(t)
	ids := w.rules("one", "two", "three")
	b := w.browser().signIn(olga)
	old, asked := b.get("/rules").body, b.get(ruleURL(ids[1])+"/delete").body
	two, _ := w.server.Rules.Rule(t.Context(), w.actors[olga], ids[1])
	two.Name = "Two, for others"
	if err := w.server.Rules.Change(t.Context(), w.actors[olga], two); err != nil {
		t.Fatal(err)
	}
	for what, tt := range map[string]struct{ page, said string }{
		"disable": {old, "Somebody has changed this rule since you saw it, and nothing was done."}, "delete": {asked, "Somebody has changed this rule since you saw it, and nothing was done."},
		"up": {old, "Somebody has changed the rules since you saw them, and nothing was moved."}, "down": {old, "Somebody has changed the rules since you saw them, and nothing was moved."},
	} {
		to := ruleURL(ids[1]) + "/" + what
		a := b.post(to, versionOn(t, tt.page, to))
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d, want 422", what, a.status)
		}
		says(t, what, a, tt.said, "1. one", "2. Two, for others", "On Turn off", "3. three")
		if again := versionOn(t, a.body, ruleURL(ids[1])+"/up"); again.Get("version") == versionOn(t, old, ruleURL(ids[1])+"/up").Get("version") {
			t.Errorf("%s: the page that refuses shows the old list", what)
		}
	}
	gone := ruleURL(ids[2]) + "/disable"
	was := versionOn(t, old, gone)
	if err := w.server.Rules.Delete(t.Context(), w.actors[olga], ids[2], 4); err != nil {
		t.Fatal(err)
	}
	if a := b.post(gone, was); a.status != http.StatusNotFound {
		t.Errorf("of a rule that is gone: %d", a.status)
	} else {
		says(t, "of a rule that is gone", a, "Somebody has deleted this rule.", "2 rules")
	}
}

func TestRulesAreMovedAndTurnedOffInTheList(t *testing.T) {
	w := newWorld(t)
	ids := w.rules("one", "two", "three")
	b := w.browser().signIn(olga)
	order := func() string {
		list, _ := w.server.Rules.List(t.Context(), w.actors[olga])
		var names []string
		for _, r := range list {
			names = append(names, fmt.Sprint(r.Name, " ", r.Enabled))
		}
		return strings.Join(names, ", ")
	}
	for _, st := range []struct {
		id         letterlock.ID
		what, want string
		said       string
	}{
		{ids[2], "up", "one true, three true, two true", "The rule has moved up."},
		{ids[0], "down", "three true, one true, two true", "The rule has moved down."},
		{ids[0], "disable", "three true, one false, two true", "The rule is off, from the next mail on."},
		{ids[0], "enable", "three true, one true, two true", "The rule is on, from the next mail on."},
	} {
		to := ruleURL(st.id) + "/" + st.what
		a := b.post(to, versionOn(t, b.get("/rules").body, to))
		if got := order(); a.status != http.StatusSeeOther || got != st.want || !strings.Contains(texts(b.get(a.location()).body), st.said) {
			t.Errorf("%s: %d, %q, want %q and %q", st.what, a.status, got, st.want, st.said)
		}
	}
	top := versionOn(t, b.get("/rules").body, ruleURL(ids[1])+"/up")
	if a := b.post(ruleURL(ids[2])+"/up", top); a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), "The rule stands there already.") {
		t.Errorf("up from the top: %d", a.status)
	}
	page := b.get("/rules").body
	if strings.Contains(page, ruleURL(ids[2])+"/up") || strings.Contains(page, ruleURL(ids[1])+"/down") || !strings.Contains(page, ruleURL(ids[1])+"/up") {
		t.Error("the first can be moved up, or the last down, or the last not up")
	}
}

func TestTheFormOfARuleSaysWhatIsWrongAndKeepsWhatWasTyped(t *testing.T) {
	w := newWorld(t)
	w.rules("taken")
	b := w.browser().signIn(olga)
	empty := []string{"senders", "", "domains", "", "subject", "", "body", "", "header", "", "values", "", "size", "", "data", ""}
	tests := []struct {
		name   string
		change []string
		want   string
		not    string
	}{
		{"no name", []string{"name", " "}, "Give the rule a name", ""},
		{"another's name", []string{"name", "Taken"}, "Another rule has this name", ""},
		{"no address", []string{"recipients", "marta"}, "“marta” is no mail address", ""},
		{"no domain", []string{"domains", "riverside..example"}, "“riverside..example” is no domain", ""},
		{"broken pattern", []string{"body", "/(a/"}, "“/(a/” is no regular expression of RE2", ""},
		{"pattern of another kind", []string{"body", `/(a)\1/`}, `“/(a)\1/” is no regular expression of RE2`, ""},
		{"large pattern", []string{"body", `/(a{1,30}b){30}/`}, "would take too long to look for", ""},
		{"contradiction", []string{"refuse", "yes", "sentence", "No."}, "A mail that is refused is not sent", ""},
		{"passed on and more", []string{"pass", "yes"}, "one that is passed on stays as it came", ""},
		{"refused without a word", []string{"refuse", "yes"}, "Tell the sender in a sentence why it is refused", ""},
		{"sentence for nobody", []string{"sentence", "No."}, "Only the sender of a refused mail is told.", ""},
		{"no size", []string{"size", "large"}, "Type a size, as 500 KB or 10 MB", ""},
		{"larger than any mail", []string{"size", "2 MB"}, "No mail may be as large as that", ""},
		{"no end", []string{"expiry", "soon"}, "Type a number with m, h or d", ""},
		{"unknown data", []string{"data", "passport"}, "Choose among what there is", ""},
		{"values of no field", []string{"header", ""}, "Name the header field in which to look", ""},
		{"nothing to meet", empty, "Fill in a condition at least", ""},
		{"size alone, and wrong", append(slices.Clone(empty), "size", "large"), "Type a size", "Fill in a condition at least"},
		{"nothing to do", []string{"protection", "", "expiry", "", "portal", "", "asks", ""}, "Choose what is to happen", ""},
		{"end alone, and wrong", []string{"protection", "", "expiry", "soon", "portal", "", "asks", ""}, "Type a number with m, h or d", "Choose what is to happen"},
		{"text that turns", []string{"subject", "a\u202eb"}, "It holds characters that nobody can see", ""},
	}
	for _, tt := range tests {
		f := typed(tt.change...)
		if f.Get("data") == "" {
			f.Del("data")
		}
		a := b.post("/rules", f)
		said := texts(a.body)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(said, tt.want) || tt.not != "" && strings.Contains(said, tt.not) {
			t.Errorf("%s: %d, want 422 and %q:\n%s", tt.name, a.status, tt.want, said)
		}
		if !strings.Contains(a.body, "<title>Error: ") {
			t.Errorf("%s: the title does not say so", tt.name)
		}
		for _, kept := range []string{f.Get("name"), f.Get("size"), f.Get("expiry")} {
			if kept = strings.TrimSpace(kept); kept != "" && !strings.Contains(a.body, `value="`+kept+`"`) && !strings.Contains(strings.ToLower(a.body), `value="`+strings.ToLower(kept)+`"`) {
				t.Errorf("%s: %q is lost", tt.name, kept)
			}
		}
	}
	if list, _ := w.server.Rules.List(t.Context(), w.actors[olga]); len(list) != 1 {
		t.Errorf("%d rules are kept, want the one that was there", len(list))
	}
}

// TestWhatIsWrongStandsAtItsField looks for each reason beside what it is about.
func TestWhatIsWrongStandsAtItsField(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	for _, tt := range []struct {
		field, said string
		change      []string
	}{
		{"refuse", "A mail that is refused is not sent", []string{"refuse", "yes", "sentence", "No."}},
		{"pass", "one that is passed on stays as it came", []string{"pass", "yes"}},
		{"senders", "“a b” is no domain", []string{"senders", "a b"}},
		{"recipients", "“marta” is no mail address; 1 more line is wrong", []string{"recipients", "marta\nmarta@quillfeather.example\njonas"}},
		{"domains", "“a..b” is no domain; 2 more lines are wrong", []string{"domains", "a..b\nc..d\ne..f"}},
		{"body", "“/(/” is no regular expression of RE2", []string{"body", "/(/"}},
		{"values", "“...” has no letter and no digit", []string{"values", "..."}},
		{"size", "Type a size", []string{"size", "large"}},
		{"sentence", "Tell the sender in a sentence", []string{"refuse", "yes", "protection", "", "expiry", "", "portal", "", "asks", ""}},
	} {
		a := b.post("/rules", typed(tt.change...))
		at := regexp.MustCompile(`(?s)name="` + tt.field + `"[^>]*aria-describedby="(?:` + tt.field + `-hint )?` + tt.field + `-error"`)
		_, said, _ := strings.Cut(a.body, `id="`+tt.field+`-error"`)
		said, _, _ = strings.Cut(said, "</p>")
		if !at.MatchString(a.body) || !strings.Contains(texts(said), tt.said) {
			t.Errorf("%s: %d, its error says %q, and the field names it: %t", tt.field, a.status, texts(said), at.MatchString(a.body))
		}
	}
}

func TestTheListSaysHowManyRulesThereMayBe(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	if a := b.get("/rules"); strings.Contains(texts(a.body), "There may be") {
		t.Error("it counts what is not there")
	}
	w.rules("one", "two")
	w.rule(mailrule.Rule{Name: "three", When: mailrule.Conditions{LargerThan: 5}, Then: mailrule.Actions{Portal: true}})
	says(t, "three rules", b.get("/rules"), "3 rules There may be 200. 1 off.", "Add a rule")
	for i := range mailrule.MaxRules - 3 {
		w.rules(fmt.Sprint("rule ", i))
	}
	a := b.get("/rules")
	says(t, "all rules", a, "200 rules As many as there may be; delete one to add another. 1 off.")
	if strings.Contains(a.body, "/rules/new") {
		t.Error("one more is offered")
	}
	if a := b.post("/rules", typed()); a.status != http.StatusUnprocessableEntity {
		t.Errorf("one more: %d", a.status)
	}
}

func TestSizesAreReadAsTheyAreWritten(t *testing.T) {
	for typed, want := range map[string]int64{"": 0, "1": 1, "1234 bytes": 1234, "500 KB": 500_000, "10mb": 10_000_000, " 2 gb ": 2_000_000_000, "0": -1, "-1": -1, "x": -1, "1.5 MB": -1, "9223372036854775807 GB": -1, "99999999999999": 99999999999999} {
		got, ok := sizeOf(typed)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", typed, got, want)
		}
		if again, _ := sizeOf(sizeField(got)); ok && again != got {
			t.Errorf("%d is written %q", got, sizeField(got))
		}
	}
}

// hold has three rules hold: one that raises, one that refuses, and one that is off.
func (w *world) hold() {
	w.t.Helper()
	w.rule(mailrule.Rule{Name: "Partners", Enabled: true, When: mailrule.Conditions{Domains: []string{"quillfeather.example"}}, Then: mailrule.Actions{Protection: letterlock.DoNotForward, Expiry: letterlock.Span(7 * 24 * 3600e9)}})
	w.rule(mailrule.Rule{Name: "Cards", Enabled: true, When: mailrule.Conditions{Data: []mailrule.Data{mailrule.Card}}, Then: mailrule.Actions{Refuse: true, Sentence: "Use the payment portal."}})
	w.rule(mailrule.Rule{Name: "Idle", When: mailrule.Conditions{LargerThan: 1}, Then: mailrule.Actions{Refuse: true, Sentence: "No."}})
}

func TestComposeSaysWhatTheRulesAsk(t *testing.T) {
	w := newWorld(t)
	w.hold()
	b := w.browser().signIn(ada)
	a := filled{fields: [][2]string{{"to-add", "carol@outlook.com"}, {"do", "add"}}}.post(b, "/compose")
	if said := texts(a.body); strings.Contains(said, "Rules of your organisation") || !strings.Contains(said, "cannot be taken back") {
		t.Fatalf("with a recipient that no rule is about:\n%s", said)
	}
	a = filled{fields: [][2]string{{"to", "carol@outlook.com"}, {"cc-add", string(marta)}, {"subject", "Offer"}, {"do", "add"}}}.post(b, "/compose")
	said := texts(a.body)
	for _, want := range []string{"Rules of your organisation hold for this message:", "“Partners”: Do not forward", "“Partners”: Expires after 7 days at most"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "cannot be taken back, because") {
		t.Errorf("a recipient would get the message itself:\n%s", said)
	}
	refusal := sending([2]string{"to", string(jonas)}, [2]string{"subject", "Offer"}, [2]string{"text", "Pay with 4111 1111 1111 1111."})
	a = refusal.post(b, "/compose")
	if said := texts(a.body); a.status != http.StatusUnprocessableEntity || !strings.Contains(said, "A rule of your organisation refuses this message, and nothing was sent. Use the payment portal.") || !strings.Contains(a.body, "Pay with 4111") {
		t.Errorf("what a rule refuses: %d\n%s", a.status, said)
	}
	a = sending([2]string{"to", string(marta)}, [2]string{"subject", "Offer"}, [2]string{"text", "Hello"}, [2]string{"expiry", "never"}).post(b, "/compose")
	said = texts(b.get(a.location()).body)
	if !strings.Contains(said, "policy: rule Partners") || !strings.Contains(said, "Do not forward") || !strings.Contains(said, "27 November 2026") {
		t.Errorf("Sent says:\n%s", said)
	}
}

// TestAllThatIsWrongWithAFormOfAnAdministratorIsListedAboveIt has the list lead to the fields
// in the order of the form, whatever found them wrong.
func TestAllThatIsWrongWithAFormOfAnAdministratorIsListedAboveIt(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	nothing := url.Values{"version": {"0"}}
	for _, tt := range []struct {
		name, to string
		fields   url.Values
		wrong    []string // fields that the list leads to
		cursor   string
	}{
		{"a rule with two faults", "/rules", typed("size", "large", "name", ""), nil, "name"},
		{"a rule", "/rules", typed("expiry", "soon", "size", "large", "name", "", "recipients", "marta", "data", "passport", "refuse", "yes"),
			[]string{"name", "recipients", "data", "size", "expiry", "refuse", "sentence"}, "name"},
		{"an empty rule", "/rules", nothing, []string{"name", "conditions", "actions"}, "name"},
		{"a token", "/tokens", nothing, []string{"name", "account", "days", "scope"}, "name"},
		{"a trial", "/rules/try", nothing, []string{"sender", "recipients", "mail"}, "sender"},
	} {
		a := b.post(tt.to, tt.fields)
		var got []string
		for _, m := range regexp.MustCompile(`<li><a href="#([^"]+)">[^:<]+: `).FindAllStringSubmatch(a.body, -1) {
			got = append(got, m[1])
			if strings.Count(a.body, `id="`+m[1]+`"`) != 1 || !strings.Contains(a.body, `id="`+m[1]+`-error"`) {
				t.Errorf("%s: nothing is called %s, or no reason is there", tt.name, m[1])
			}
		}
		if a.status != http.StatusUnprocessableEntity || !slices.Equal(got, tt.wrong) {
			t.Errorf("%s: %d, the list leads to %q, want %q", tt.name, a.status, got, tt.wrong)
		}
		if cursor := regexp.MustCompile(`<(?:input|textarea)[^>]* id="([^"]+)"[^>]* autofocus`).FindStringSubmatch(a.body); cursor == nil || cursor[1] != tt.cursor {
			t.Errorf("%s: the cursor goes to %q, want %s", tt.name, cursor, tt.cursor)
		}
	}
}
