package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
	"letterlock/internal/store"
)

var olga = letterlock.Actor{Kind: letterlock.Staff, Address: "olga@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}

const (
	day  = letterlock.Span(24 * time.Hour)
	week = 7 * day
)

// rules has these rules hold.
func (h *house) rules(list ...rule.Rule) {
	h.t.Helper()
	for i := range list {
		list[i].ID, list[i].Enabled = letterlock.ID(fmt.Sprint("rule", i)), list[i].Name != "off"
	}
	if err := h.db.Write(h.t.Context(), func(tx *store.Tx) error { _, err := tx.PutRules(list); return err }); err != nil {
		h.t.Fatal(err)
	}
	h.intake.RulesNow = func(ctx context.Context, _ int64) (set *rule.Set, err error) {
		err = h.db.Read(ctx, func(tx *store.Tx) error {
			version, list, err := tx.Rules()
			if err == nil {
				set, err = rule.NewSet(version, list)
			}
			return err
		})
		return set, err
	}
}

var (
	everything = rule.Conditions{Senders: []string{"contoso.example"}}
	noCards    = rule.Rule{Name: "no cards", When: rule.Conditions{Data: []rule.Data{rule.Card}}, Then: rule.Actions{Refuse: true, Sentence: "Card numbers are not sent by mail."}}
)

func then(name string, a rule.Actions) rule.Rule {
	return rule.Rule{Name: name, When: everything, Then: a}
}

func TestRulesSetTheFloorAndLowerNothing(t *testing.T) {
	const dnf, open = letterlock.DoNotForward, letterlock.EncryptOnly
	tests := []struct {
		name       string
		header     string
		rule       rule.Actions
		protection letterlock.Protection
		by         string
		expires    letterlock.Span
		portal     bool
		asks       letterlock.Demand
	}{
		{"floor above the default", "", rule.Actions{Protection: dnf}, dnf, "rule r", 0, false, ""},
		{"floor above the wish", "X-Letterlock-Protection: encrypt-only", rule.Actions{Protection: dnf}, dnf, "rule r", 0, false, ""},
		{"wish above the floor", "X-Letterlock-Protection: do-not-forward", rule.Actions{Protection: open}, dnf, "X-Letterlock-Protection header", 0, false, ""},
		{"both alike", "X-Letterlock-Protection: do-not-forward", rule.Actions{Protection: dnf}, dnf, "rule r", 0, false, ""},
		{"an end where there is none", "", rule.Actions{Expiry: week}, open, "rule r", week, false, ""},
		{"an earlier end", "X-Letterlock-Expires: 30d", rule.Actions{Expiry: week}, open, "rule r", week, false, ""},
		{"an end that is earlier already", "X-Letterlock-Expires: 1d", rule.Actions{Expiry: week}, open, "rule r", day, false, ""},
		{"an end where the sender wants none", "X-Letterlock-Expires: never", rule.Actions{Expiry: week}, open, "rule r", week, false, ""},
		{"portal", "", rule.Actions{Portal: true}, open, "rule r", 0, true, ""},
		{"passcode", "", rule.Actions{Asks: letterlock.FreshPasscode}, open, "rule r", 0, true, letterlock.FreshPasscode},
		{"a name beside a passcode", "X-Letterlock-Proof: passcode\r\nX-Letterlock-Ask-Name: Yes", rule.Actions{Protection: open}, open, "rule r", 0, true, "passcode+name"},
		{"a name where the sender wants none", "X-Letterlock-Ask-Name: no", rule.Actions{Asks: letterlock.ByName}, open, "rule r", 0, true, letterlock.ByName},
		{"passcode that is asked for already", "X-Letterlock-Proof: passcode", rule.Actions{Protection: open}, open, "rule r", 0, true, letterlock.FreshPasscode},
	}
	for _, tt := range tests {
		h := newHouse(t, eml.Limits{})
		h.rules(then("off", rule.Actions{Refuse: true, Sentence: "No."}), then("r", tt.rule))
		mail := simple("<1@contoso.example>", "Hi")
		if tt.header != "" {
			mail = tt.header + "\r\n" + mail
		}
		m, all := h.message(h.mustAccept(ada, to(carol), mail).ID)
		var end time.Time
		if tt.expires > 0 {
			end = tt.expires.After(h.now)
		}
		var latest time.Time
		if tt.rule.Expiry > 0 {
			latest = tt.rule.Expiry.After(h.now)
		}
		if !m.LatestEnd.Equal(latest) {
			t.Errorf("%s: the latest end is %v, want %v", tt.name, m.LatestEnd, latest)
		}
		if m.Protection != tt.protection || m.DecidedBy != tt.by || !m.Expires.Equal(end) || m.Portal != tt.portal || m.Asks != tt.asks {
			t.Errorf("%s: %q by %q, until %v, portal %t, asks %q", tt.name, m.Protection, m.DecidedBy, m.Expires, m.Portal, m.Asks)
		}
		if inline := all[0].Experience == letterlock.Inline; inline != (tt.protection == open && !tt.portal) {
			t.Errorf("%s: inline %t", tt.name, inline)
		}
	}
}

func TestWhatARuleRefusesLeavesNothingButAnEntry(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.rules(noCards)
	before, entries := h.rows(), h.refusals()
	for name, mail := range map[string]string{
		"small": simple("<1@contoso.example>", "Pay with 4111 1111 1111 1111."),
		"large": simple("<2@contoso.example>", strings.Repeat("word word\r\n", 300000)+"Pay with 4111 1111 1111 1111."),
	} {
		_, err := h.accept(ada, to(marta), mail)
		r := (*intake.Refusal)(nil)
		if !errors.As(err, &r) || !errors.Is(err, letterlock.Denied) || r.Sentence != noCards.Then.Sentence {
			t.Errorf("%s: %v, want the rule's refusal", name, err)
		}
		h.checkNothingNew(name, before)
	}
	if n := h.refusals() - entries; n != 2 {
		t.Errorf("%d entries for two refusals", n)
	}
	h.read(func(tx *store.Tx) error {
		list, err := tx.Entries("")
		if last := list[len(list)-1]; last.Reason != "rule no cards" || last.Actor.Address != ada.Address {
			t.Errorf("the entry is %+v", last)
		}
		return err
	})
	h.mustAccept(ada, to(marta), simple("<1@contoso.example>", "Pay with 4111 1111 1111 1112."))
}

// TestARetryIsJudgedByWhatItAdds sends a mail again when the rules want more than when
// it was accepted.
func TestARetryIsJudgedByWhatItAdds(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	mail := simple("<1@contoso.example>", "4111 1111 1111 1111")
	first := h.mustAccept(ada, to(marta), mail)
	for name, r := range map[string]rule.Rule{
		"refused": noCards, "protected": then("r", rule.Actions{Protection: letterlock.DoNotForward}), "ended": then("r", rule.Actions{Expiry: day}),
		"portal": then("r", rule.Actions{Portal: true}), "asking": then("r", rule.Actions{Asks: letterlock.FreshPasscode}),
	} {
		h.rules(r)
		before := h.rows()
		if again, err := h.accept(ada, to(marta), mail); err != nil || again.ID != first.ID || !again.Repeated {
			t.Errorf("%s: the same again: %+v, %v", name, again, err)
		}
		if _, err := h.accept(ada, to(marta, jonas), mail); !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != map[bool]string{true: "rule", false: "rules"}[name == "refused"] {
			t.Errorf("%s: with a recipient more: %v, want Denied", name, err)
		}
		h.checkNothingNew(name, before)
	}
	h.rules(then("r", rule.Actions{Protection: letterlock.EncryptOnly}))
	if again := h.mustAccept(ada, to(marta, jonas), mail); again.ID != first.ID {
		t.Errorf("%+v, want a repetition", again)
	}
}

// TestARetryKeepsTheLatestEndAndMakesItEarlier: whom a retry adds gets the message with
// the end that the rules want for them, and so must it stay.
func TestARetryKeepsTheLatestEndAndMakesItEarlier(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	mail := "X-Letterlock-Expires: 12h\r\n" + simple("<1@contoso.example>", "Hi")
	latest := func(id letterlock.ID) time.Time { m, _ := h.message(id); return m.LatestEnd }
	first := h.mustAccept(ada, to(marta), mail)
	if at := latest(first.ID); !at.IsZero() {
		t.Fatalf("without rules the latest end is %v", at)
	}
	sent := h.now
	for _, step := range []struct {
		to   []letterlock.Address
		rule rule.Actions
		want time.Time
	}{
		{[]letterlock.Address{marta}, rule.Actions{Expiry: week}, time.Time{}}, // adds nobody
		{[]letterlock.Address{marta, jonas}, rule.Actions{Expiry: week}, week.After(sent)},
		{[]letterlock.Address{carol}, rule.Actions{Protection: letterlock.EncryptOnly}, week.After(sent)},
		{[]letterlock.Address{"omar@quillfeather.example"}, rule.Actions{Expiry: day}, day.After(sent)},
	} {
		h.rules(then("r", step.rule))
		h.now = h.now.Add(time.Hour)
		if r := h.mustAccept(ada, to(step.to...), mail); !r.Repeated || !latest(r.ID).Equal(step.want) {
			t.Errorf("to %v: the latest end is %v, want %v", step.to, latest(r.ID), step.want)
		}
	}
}

// TestNoMailIsStoredThatWasJudgedByOtherRules changes the rules while a mail is judged.
func TestNoMailIsStoredThatWasJudgedByOtherRules(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.rules(then("old", rule.Actions{Protection: letterlock.EncryptOnly}))
	read, asked := h.intake.RulesNow, 0
	h.intake.RulesNow = func(ctx context.Context, not int64) (*rule.Set, error) {
		set, err := read(ctx, not)
		if asked++; asked == 1 {
			h.rules(then("new", rule.Actions{Protection: letterlock.DoNotForward}))
			h.intake.RulesNow = read
		}
		return set, err
	}
	if m, _ := h.message(h.mustAccept(ada, to(marta), simple("<1@contoso.example>", "Hi")).ID); m.DecidedBy != "rule new" {
		t.Errorf("decided by %q, want the new rule", m.DecidedBy)
	}
	h.intake.RulesNow = func(ctx context.Context, not int64) (*rule.Set, error) {
		set, err := read(ctx, not)
		now := h.intake.RulesNow
		h.rules(then("newer", rule.Actions{Portal: true}))
		h.intake.RulesNow = now
		return set, err
	}
	before := h.rows()
	if _, err := h.accept(ada, to(marta), simple("<2@contoso.example>", "Hi")); letterlock.CodeOf(err) != letterlock.Busy {
		t.Errorf("with rules that never rest: %v, want Busy", err)
	}
	h.checkNothingNew("restless", before)
}

func TestNothingIsAcceptedWhenTheRulesCannotBeRead(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.rules(then("broken", rule.Actions{Refuse: true})) // without a sentence
	before := h.rows()
	if _, err := h.accept(ada, to(marta), simple("<1@contoso.example>", "Hi")); letterlock.CodeOf(err) != letterlock.Internal {
		t.Errorf("%v, want Internal", err)
	}
	h.checkNothingNew("broken", before)
}

func TestOnlyAnAdministratorTriesAMail(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	mail := simple("<1@contoso.example>", "Hi")
	if _, err := h.intake.Try(t.Context(), ada, ada, to(marta), strings.NewReader(mail), int64(len(mail))); !errors.Is(err, letterlock.Denied) {
		t.Errorf("%v, want Denied", err)
	}
}

// fiveRules ask for something of every kind.
func fiveRules() []rule.Rule {
	return []rule.Rule{
		{Name: "partners", When: rule.Conditions{Domains: []string{"quillfeather.example"}, Subject: []string{"re", "offer"}}, Then: rule.Actions{Protection: letterlock.DoNotForward}},
		{Name: "data", When: rule.Conditions{Data: rule.Kinds}, Then: rule.Actions{Refuse: true, Sentence: "No numbers."}},
		{Name: "words", When: rule.Conditions{Body: []string{"confidential", "free", `/un\w+scribe/`}}, Then: rule.Actions{Expiry: week, Portal: true}},
		{Name: "lists", When: rule.Conditions{Header: "Content-Type", Values: []string{"alternative", "mixed"}}, Then: rule.Actions{Asks: letterlock.FreshPasscode}},
		{Name: "large", When: rule.Conditions{LargerThan: 5000}, Then: rule.Actions{Expiry: day}},
		then("off", rule.Actions{Refuse: true, Sentence: "Never."}),
	}
}

// checkTrial tries a mail and then sends it, and requires that what was said came true
// and that trying left nothing. It returns the trial.
func (h *house) checkTrial(name, mail string, list ...letterlock.Address) intake.Trial {
	h.t.Helper()
	e := to(list...)
	before, entries := h.rows(), h.refusals()
	trial, err := h.intake.Try(h.t.Context(), olga, ada, e, strings.NewReader(mail), int64(len(mail)))
	if err != nil {
		h.t.Fatalf("%s: trying: %v", name, err)
	}
	h.checkNothingNew(name+": trying", before)
	if n := h.refusals(); n != entries {
		h.t.Errorf("%s: trying left %d entries", name, n-entries)
	}
	receipt, err := h.accept(ada, e, mail)
	if fmt.Sprint(err) != fmt.Sprint(trial.Err) && letterlock.KeyOf(err) != letterlock.KeyOf(trial.Err) || letterlock.CodeOf(err) != letterlock.CodeOf(trial.Err) {
		h.t.Errorf("%s: tried %v, sent %v", name, trial.Err, err)
	}
	if tried, sent := (*intake.Refusal)(nil), (*intake.Refusal)(nil); errors.As(trial.Err, &tried) && errors.As(err, &sent) && *tried != *sent {
		h.t.Errorf("%s: tried %+v, sent %+v", name, tried, sent)
	}
	if err != nil || receipt.Repeated {
		return trial
	}
	m, all := h.message(receipt.ID)
	d := trial.Decision
	if m.Protection != d.Protection || m.Method != d.Method || m.DecidedBy != d.DecidedBy || m.Subject != d.Subject || m.Asks != trial.Asks || !m.Expires.Equal(trial.Expires) {
		h.t.Errorf("%s: tried %+v asking %q until %v,\nsent %+v", name, d, trial.Asks, trial.Expires, m)
	}
	for i, r := range all {
		if v := trial.Recipients[i]; r.Mailbox.Address != v.Address || r.Experience != v.Experience || r.Why != v.Why || r.Identity != v.Identity {
			h.t.Errorf("%s: tried %+v, sent %+v", name, v, r)
		}
	}
	return trial
}

func TestWhatATrialSaysComesTrue(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.rules(fiveRules()...)
	text := func(lines string) string { return simple("<1@contoso.example>", lines) }
	with := func(field, text string) string { return field + "\r\n" + simple("<1@contoso.example>", text) }
	tests := []struct {
		name, mail string
		to         []letterlock.Address
		want       string // who decides; with - what refuses it
	}{
		{"nothing", text("Hi"), []letterlock.Address{carol}, "submission default"},
		{"partner", text("Hi"), []letterlock.Address{marta, carol}, "rule partners"},
		{"words", text("This is Confidential."), []letterlock.Address{carol, jonas}, "rule words"},
		{"words of a partner", text("This is Confidential."), []letterlock.Address{marta}, "rule partners"},
		{"data", text("DE89 3704 0044 0532 0130 00"), []letterlock.Address{carol}, "- rule"},
		{"header", with("Content-Type: multipart/mixed; boundary=b", "--b\r\n\r\nHi\r\n--b--"), []letterlock.Address{carol}, "rule lists"},
		{"large", text(strings.Repeat("word word\r\n", 1000)), []letterlock.Address{carol}, "rule large"},
		{"beyond the bound", text(strings.Repeat("word word\r\n", 500000)), []letterlock.Address{carol}, "- rule"},
		{"wish", with("Subject: x\r\nX-Letterlock-Protection: do-not-forward", "Hi"), []letterlock.Address{carol}, "X-Letterlock-Protection header"},
		{"end", with("X-Letterlock-Expires: 3d", "free"), []letterlock.Address{carol}, "rule words"},
		{"to be sent open", with("X-Letterlock-Protection: none", "Hi"), []letterlock.Address{carol}, "- unprotected"},
		{"somebody else's", strings.Replace(text("Hi"), "ada@", "eve@", 1), []letterlock.Address{carol}, "- sender"},
		{"end that is over", with("X-Letterlock-Expires: 2020-01-01T00:00:00Z", "Hi"), []letterlock.Address{carol}, "- expires"},
		{"nobody", text("Hi"), nil, "- recipients"},
		{"cut off", "From: ada@contoso.example\r\nwhat", []letterlock.Address{carol}, "- structure"},
	}
	for i, tt := range tests {
		trial := h.checkTrial(tt.name, strings.ReplaceAll(tt.mail, "<1@", fmt.Sprintf("<%d@", i+1)), tt.to...)
		got := trial.Decision.DecidedBy
		if trial.Err != nil {
			got = "- " + letterlock.KeyOf(trial.Err)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestWhatATrialSaysOfRealMailComesTrue tries and sends mail that nobody here wrote, in
// Ada's name.
func TestWhatATrialSaysOfRealMailComesTrue(t *testing.T) {
	var names []string
	for _, p := range []string{"*/*.eml", "*/*/*.eml", "*/*.msg", "*/*.raw", "*/*/*.raw"} {
		found, _ := filepath.Glob(filepath.Join("../../../shared/corpora/mail", p))
		names = append(names, found...)
	}
	if len(names) < 200 {
		t.Skip("the shared corpora of mail are not here")
	}
	h := newHouse(t, eml.Limits{})
	h.rules(fiveRules()...)
	author := regexp.MustCompile(`(?im)^(from |(from|sender|x-letterlock-\S+):).*\n([ \t].*\n)*`)
	matched, refused, why := map[string]int{}, 0, map[string]int{}
	for i, name := range names {
		if testing.Short() && i%10 > 0 {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			continue // a folder
		}
		head, body, _ := strings.Cut(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n\n")
		raw := "From: ada@contoso.example\n" + author.ReplaceAllString(head+"\n", "") + "\n" + body
		if i%5 == 0 {
			raw += "\nDE89 3704 0044 0532 0130 00\n"
		}
		trial := h.checkTrial(filepath.Base(name), strings.ReplaceAll(raw, "\n", "\r\n"), marta, carol)
		for _, o := range trial.Verdict.Outcomes {
			matched[fmt.Sprint(o.Rule.Name, " ", o.Answer == rule.Yes)]++
		}
		if trial.Err != nil {
			refused++
			why[letterlock.KeyOf(trial.Err)]++
		}
	}
	t.Logf("%d mails, %d of them refused: %v %v", len(names), refused, matched, why)
	for _, r := range fiveRules()[:5] {
		if matched[r.Name+" true"] == 0 || matched[r.Name+" false"] == 0 {
			t.Errorf("the rule %q decides nothing here", r.Name)
		}
	}
}

// TestWhatIsWrittenInTheBrowserIsJudgedInALane has all who may judge be busy.
func TestWhatIsWrittenInTheBrowserIsJudgedInALane(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	lanes := lane.New(1)
	under := func(n lane.Name, patience time.Duration) context.Context {
		t.Helper()
		p, err := lanes.Enter(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Leave)
		ctx, cancel := context.WithTimeout(lane.With(t.Context(), p), patience)
		t.Cleanup(cancel)
		return ctx
	}
	var patience time.Duration
	floor := func() error {
		_, err := h.intake.Floor(under(lane.Compose, patience), ada, to(marta), "Hi", "secret")
		return err
	}
	n := 0
	accept := func() error {
		n++
		_, err := h.intake.Accept(under(lane.Compose, patience), ada, to(marta), strings.NewReader(simple(fmt.Sprintf("<%d@contoso.example>", n), "secret")))
		return err
	}
	submits := under(lane.Submit, time.Hour) // holds one of the two shares
	judges, err := lanes.Enter(t.Context(), lane.Judge)
	if err != nil {
		t.Fatal(err)
	}
	h.rules()
	patience = time.Hour
	if err := errors.Join(floor(), accept()); err != nil {
		t.Errorf("without rules: %v", err)
	}
	h.rules(rule.Rule{Name: "r", When: rule.Conditions{Body: []string{"secret"}}, Then: rule.Actions{Protection: letterlock.DoNotForward}})
	patience = 50 * time.Millisecond
	for name, err := range map[string]error{"what the rules ask": floor(), "sending": accept()} {
		if letterlock.CodeOf(err) != letterlock.Busy {
			t.Errorf("%s, while nobody can judge: %v, want Busy", name, err)
		}
	}
	if _, err := h.intake.Accept(submits, ada, to(marta), strings.NewReader(simple("<s@contoso.example>", "secret"))); err != nil {
		t.Errorf("a mail that has its share: %v", err)
	}
	judges.Leave()
	patience = time.Hour
	if err := errors.Join(floor(), accept()); err != nil {
		t.Errorf("with a share: %v", err)
	}
}
