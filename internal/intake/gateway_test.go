package intake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// front is the mail server in front of the gateway.
var front = letterlock.Actor{Kind: letterlock.MailServer, IP: "192.0.2.25"}

// byGateway is an envelope of the gateway; passed gets what is passed on.
func byGateway(passed *[]string, list ...letterlock.Address) intake.Envelope {
	return intake.Envelope{Recipients: list, Via: letterlock.ByGateway, Pass: func(_ context.Context, mail io.Reader) error {
		b, err := io.ReadAll(mail)
		*passed = append(*passed, string(b))
		return err
	}}
}

// people are accounts for whom the gateway has mail.
func (h *house) people() {
	h.t.Helper()
	sender := []letterlock.Role{letterlock.Sender}
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		return errors.Join(
			tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Name: "Ada Lovell", Address: ada.Address}, Roles: sender}),
			tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Address: "gone@contoso.example"}, Roles: sender, Disabled: h.now}),
			tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Address: "audit@contoso.example"}, Roles: []letterlock.Role{letterlock.Auditor}}))
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func gatewayRules() []rule.Rule {
	return []rule.Rule{
		{Name: "partners", When: rule.Conditions{Domains: []string{"quillfeather.example"}}, Then: rule.Actions{Protection: letterlock.DoNotForward}},
		{Name: "alerts", When: rule.Conditions{Senders: []string{"alerts@contoso.example"}}, Then: rule.Actions{Protection: letterlock.EncryptOnly}},
		{Name: "news", When: rule.Conditions{Senders: []string{"news@contoso.example"}}, Then: rule.Actions{Pass: true}},
		{Name: "free", When: rule.Conditions{Subject: []string{"newsletter"}}, Then: rule.Actions{Pass: true}},
		{Name: "riverside", When: rule.Conditions{Domains: []string{"riverside.example"}, Subject: []string{"minutes"}}, Then: rule.Actions{Pass: true}},
		noCards,
	}
}

// TestAMailOfTheGatewayIsProtectedPassedOnOrRefused is the table of mails and verdicts, by
// each setting of the default: what the dry run says, and what becomes of the mail.
func TestAMailOfTheGatewayIsProtectedPassedOnOrRefused(t *testing.T) {
	const eo, dnf = "encrypt-only", "do-not-forward"
	from := func(who string, more ...string) string {
		return lines(append(append([]string{"From: " + who, "To: carol@outlook.com", "Message-ID: <%@contoso.example>"}, more...), "", "Hi")...)
	}
	adas := func(more ...string) string { return from("Ada <ada@contoso.example>", more...) }
	tests := []struct {
		name, mail string
		to         letterlock.Address
		none       string // what becomes of it where the default is none: protection and who decided, "passed on" and who, or "- " and the refusal
		eo, dnf    string // "": as with none
	}{
		{"nothing said", adas(), carol, "passed on, gateway default", eo + ", gateway default", dnf + ", gateway default"},
		{"tag", adas("Subject: [encrypt] Hi"), carol, eo + ", subject tag [encrypt]", "", dnf + ", subject tag [encrypt]"},
		{"another tag", adas("Subject: Re: [SECURE] Hi"), carol, eo + ", subject tag [secure]", "", dnf + ", subject tag [secure]"},
		{"header", adas("X-Letterlock-Protection: do-not-forward"), carol, dnf + ", X-Letterlock-Protection header", "", ""},
		{"header below the default", adas("X-Letterlock-Protection: encrypt-only"), carol, eo + ", X-Letterlock-Protection header", "", ""},
		{"header none", adas("X-Letterlock-Protection: none"), carol, "passed on, X-Letterlock-Protection header", "", ""},
		{"header none below a rule", adas("X-Letterlock-Protection: none"), marta, dnf + ", rule partners", "", ""},
		{"header none and a tag", adas("X-Letterlock-Protection: none", "Subject: [encrypt]"), carol, eo + ", subject tag [encrypt]", "", ""},
		{"header that means nothing", adas("X-Letterlock-Protection: perhaps"), carol, "- protection", "", ""},
		{"two headers", adas("X-Letterlock-Protection: none", "X-Letterlock-Protection: none"), carol, "- protection", "", ""},
		{"sensitivity", adas("Sensitivity: Company-Confidential"), carol, eo + ", Sensitivity header", "", dnf + ", Sensitivity header"},
		{"an end", adas("X-Letterlock-Expires: 7d"), carol, eo + ", X-Letterlock-Expires header", "", dnf + ", X-Letterlock-Expires header"},
		{"an end that means nothing", adas("X-Letterlock-Expires: soon"), carol, "- expires", "", ""},
		{"a proof", adas("X-Letterlock-Proof: passcode"), carol, eo + ", X-Letterlock-Proof header", "", dnf + ", X-Letterlock-Proof header"},
		{"a brand", adas("X-Letterlock-Brand: legal"), carol, eo + ", X-Letterlock-Brand header", "", dnf + ", X-Letterlock-Brand header"},
		{"a brand that nobody has", adas("X-Letterlock-Brand: acme"), carol, "- brand", "", ""},
		{"a name", adas("X-Letterlock-Ask-Name: yes"), carol, eo + ", X-Letterlock-Ask-Name header", "", dnf + ", X-Letterlock-Ask-Name header"},
		{"no name", adas("X-Letterlock-Ask-Name: no"), carol, "passed on, gateway default", eo + ", gateway default", dnf + ", gateway default"},
		{"in the portal", adas("X-Letterlock-Portal: yes"), carol, eo + ", X-Letterlock-Portal header", "", dnf + ", X-Letterlock-Portal header"},
		{"not in the portal", adas("X-Letterlock-Portal: no"), carol, "passed on, gateway default", eo + ", gateway default", dnf + ", gateway default"},
		{"rule", adas(), marta, dnf + ", rule partners", "", ""},
		{"rule that refuses", adas("Subject: 4111 1111 1111 1111"), carol, "- rule", "", ""},
		{"rule that refuses a stranger's", from("eve@elsewhere.example", "Subject: 4111 1111 1111 1111"), carol, "- rule", "", ""},
		{"pass rule", adas("Subject: Newsletter"), carol, "passed on, rule free", "", ""},
		{"pass rule and another", adas("Subject: Newsletter"), marta, dnf + ", rule partners", "", ""},
		{"pass rule and a tag", adas("Subject: Newsletter [secure]"), carol, eo + ", subject tag [secure]", "", dnf + ", subject tag [secure]"},
		{"pass rule by the sender", from("news@contoso.example"), carol, "passed on, rule news", "", ""},
		{"no account", from("Alerts <alerts@contoso.example>"), carol, eo + ", rule alerts", "", dnf + ", gateway default"},
		{"account that is disabled", from("gone@contoso.example", "Subject: [encrypt]"), carol, "- account", "", ""},
		{"account that is disabled, nothing said", from("gone@contoso.example"), carol, "passed on, gateway default", "- account", "- account"},
		{"account that may not send", from("audit@contoso.example", "Subject: [encrypt]"), carol, "- account", "", ""},
		{"a stranger", from("eve@elsewhere.example"), carol, "passed on, gateway default", "- foreign", "- foreign"},
		{"a stranger below ours", from("eve@sub.contoso.example", "Subject: [encrypt]"), carol, "- foreign", "", ""},
		{"a stranger, by a rule", from("eve@elsewhere.example"), marta, "- foreign", "", ""},
		{"a stranger, by header", from("eve@elsewhere.example", "X-Letterlock-Protection: encrypt-only"), carol, "- foreign", "", ""},
		{"a stranger, let go", from("eve@elsewhere.example", "X-Letterlock-Protection: none"), carol, "passed on, X-Letterlock-Protection header", "", ""},
		{"two From", adas("From: eve@contoso.example"), carol, "passed on, gateway default", "- from", "- from"},
		{"two From, and a rule for the second", adas("From: alerts@contoso.example"), carol, "- from", "", ""},
		{"two From, and a pass rule for one", from("news@contoso.example", "From: eve@contoso.example"), carol, "passed on, gateway default", "- from", "- from"},
		{"two addresses", from("ada@contoso.example, alerts@contoso.example"), carol, "- from", "", ""},
		{"a From that cannot be read", from("root"), carol, "- from", "", ""}, // the rule for alerts may be meant
		{"no From", lines("To: carol@outlook.com", "", "Hi"), carol, "passed on, gateway default", "- from", "- from"},
		{"another Sender", adas("Sender: secretary@contoso.example", "Subject: [encrypt]"), carol, eo + ", subject tag [encrypt]", "", dnf + ", subject tag [encrypt]"},
		{"cut off", "From: ada@contoso.example\r\nwhat\r\n", carol, "- structure", "", ""}, // whether it is from alerts, too, nobody knows
		{"a tag in a second Subject", adas("Subject: Hi", "Subject: =?utf-8?q?=5Bencrypt=5D?="), carol, eo + ", Subject header", "", dnf + ", Subject header"},
		{"two Subjects", adas("Subject: Hi", "Subject: Ho"), carol, "passed on, gateway default", eo + ", gateway default", dnf + ", gateway default"},
		{"two sensitivities", adas("Sensitivity: Company-Confidential", "Sensitivity: Personal"), carol, eo + ", Sensitivity header", "", dnf + ", Sensitivity header"},
		{"bare LF", adas("X: y\nz"), carol, "- bare", "", ""},
		{"50 servers", adas(many50("Received: from a by b", 50)...), carol, "passed on, gateway default", eo + ", gateway default", dnf + ", gateway default"},
		{"51 servers", adas(many50("Received: from a by b", 51)...), carol, "- loop", "", ""},
		{"51 servers, protected", adas(many50("Received: from a by b", 51)...), marta, "- loop", "", ""},
		{"nobody gets it", adas(), "", "- recipients", "", ""},
	}
	for _, usual := range []letterlock.Protection{"", letterlock.EncryptOnly, letterlock.DoNotForward} {
		h := newHouse(t, eml.Limits{})
		h.people()
		h.brands()
		h.rules(gatewayRules()...)
		h.intake.Gateway = usual
		for i, tt := range tests {
			want := map[letterlock.Protection]string{"": tt.none, letterlock.EncryptOnly: tt.eo, letterlock.DoNotForward: tt.dnf}[usual]
			if want == "" {
				want = tt.none
			}
			var list []letterlock.Address
			if tt.to != "" {
				list = append(list, tt.to)
			}
			if got := h.throughGateway(strings.ReplaceAll(tt.mail, "%", fmt.Sprint(i)), list...); got != want {
				t.Errorf("%s, default %q: %s; want %s", tt.name, usual, got, want)
			}
		}
	}
}

// TestWhatAsksBehindABrokenHeaderIsNotSentOpen has no rules, which would count such a
// mail as theirs.
func TestWhatAsksBehindABrokenHeaderIsNotSentOpen(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	for behind, want := range map[string]string{
		"Hi":                                    "passed on, gateway default",
		"Subject: Hi":                           "passed on, gateway default",
		"Subject: [Encrypt] Hi":                 "- structure",
		"X-LETTERLOCK-Protection: encrypt-only": "- structure",
		"Sensitivity: Company-Confidential":     "- structure",
		"Subject: =?utf-8?q?=5Bencrypt=5D?= Hi": "- structure",
		"x\r\n\r\n[encrypt] in the text":        "passed on, gateway default",
	} {
		if got := h.throughGateway("From: ada@contoso.example\r\nnot a field\r\n"+behind+"\r\n\r\nHi\r\n", carol); got != want {
			t.Errorf("%q: %s, want %s", behind, got, want)
		}
	}
}

func many50(line string, n int) (list []string) {
	for range n {
		list = append(list, line)
	}
	return list
}

// throughGateway tries a mail and hands it over, and says what became of it, which must
// be what the trial said.
func (h *house) throughGateway(mail string, list ...letterlock.Address) string {
	h.t.Helper()
	var passed []string
	e := byGateway(&passed, list...)
	before := h.rows()
	trial, err := h.intake.Try(h.t.Context(), olga, front, intake.Envelope{Recipients: list, Via: letterlock.ByGateway}, strings.NewReader(mail), int64(len(mail)))
	if err != nil {
		h.t.Fatal(err)
	}
	tried := string(trial.Decision.Protection) + ", " + trial.Decision.DecidedBy
	switch {
	case trial.Err != nil:
		tried = "- " + letterlock.KeyOf(trial.Err)
	case trial.Passed:
		tried = "passed on, " + trial.Decision.DecidedBy
	}
	receipt, err := h.accept(front, e, mail)
	var became string
	switch {
	case err != nil:
		became = "- " + letterlock.KeyOf(err)
	case receipt.Passed:
		became = "passed on, " + receipt.DecidedBy
		if len(passed) != 1 || passed[0] != mail {
			h.t.Errorf("passed on as %q, want %q", passed, mail)
		}
	default:
		m, _ := h.message(receipt.ID)
		became = string(m.Protection) + ", " + m.DecidedBy
		if m.Via != letterlock.ByGateway || m.Sender.Address == "" {
			h.t.Errorf("it became %+v", m)
		}
	}
	if became != tried {
		h.t.Errorf("tried %s, became %s", tried, became)
	}
	if !receipt.Passed && len(passed) > 0 {
		h.t.Errorf("it became %s and was passed on: %q", became, passed)
	}
	if err != nil || receipt.Passed {
		h.checkNothingNew("gateway", before)
	}
	return became
}

func TestWhoeverIsNoMailServerSendsNothingByTheGateway(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.people()
	for name, by := range map[string]letterlock.Actor{
		"nobody": {}, "a reader": {Kind: letterlock.Reader, Address: ada.Address}, "an address alone": {Address: ada.Address},
	} {
		var passed []string
		if _, err := h.accept(by, byGateway(&passed, carol), simple("<1@contoso.example>", "Hi")); !errors.Is(err, letterlock.Denied) || len(passed) > 0 {
			t.Errorf("%s: %v, passed %q", name, err, passed)
		}
	}
	// And a mail server nothing by another way, nor open where nobody takes it.
	for name, e := range map[string]intake.Envelope{"submission": to(carol), "Compose": {Recipients: []letterlock.Address{carol}, Via: letterlock.ByCompose, Protection: letterlock.EncryptOnly},
		"nobody to take it": {Recipients: []letterlock.Address{carol}, Via: letterlock.ByGateway}} {
		if _, err := h.accept(front, e, simple("<1@contoso.example>", "Hi")); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if front.Is(letterlock.Sender) || front.Is(letterlock.Auditor) || front.Is(letterlock.Admin) {
		t.Error("a mail server holds a role")
	}
}

func TestAMailThatWasProtectedIsNeverPassedOnAfterwards(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.people()
	h.intake.Gateway = letterlock.DoNotForward
	mail := simple("<1@contoso.example>", "Hi")
	var passed []string
	first := h.mustAccept(front, byGateway(&passed, marta), mail)
	h.intake.Gateway = ""
	again := h.mustAccept(front, byGateway(&passed, marta, jonas), mail)
	m, all := h.message(first.ID)
	if !again.Repeated || again.ID != first.ID || len(passed) > 0 || len(all) != 2 || m.Protection != letterlock.DoNotForward || m.Sender.Name != "Ada Lovell" {
		t.Errorf("%+v after %+v, passed %q; %+v to %+v", again, first, passed, m, all)
	}
	if h.mustAccept(front, byGateway(&passed, marta), simple("<2@contoso.example>", "Hi")); len(passed) != 1 {
		t.Error("another mail is not passed on: this test proves nothing")
	}
	passed = nil
	unnamed := lines("From: ada@contoso.example", "", "Hi")
	h.intake.Gateway = letterlock.DoNotForward
	h.mustAccept(front, byGateway(&passed, marta), unnamed)
	h.intake.Gateway = ""
	if again = h.mustAccept(front, byGateway(&passed, marta), unnamed); again.Passed || len(passed) > 0 {
		t.Errorf("one without a Message-ID: %+v, passed %q", again, passed)
	}
}

func TestWhatLetterlockItselfSentIsPassedOnAndNothingThatOnlySaysSo(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.people()
	h.rules(gatewayRules()...)
	h.intake.Gateway = letterlock.DoNotForward
	const id, from, own = "<own@contoso.example>", letterlock.Address("portal@contoso.example"), "passed on, X-Letterlock-Own header"
	right := vault.OwnTag(h.pepper, id, from, marta)
	mail := func(id, from string, more ...string) string {
		return lines(append(append([]string{"From: " + from, "To: marta@quillfeather.example", "Message-ID: " + id}, more...), "", "4111 1111 1111 1111")...)
	}
	field := "X-Letterlock-Own: " + right
	loop := many50("Received: from a by b", 51)
	tests := []struct {
		name, mail string
		to         []letterlock.Address
		want       string
	}{
		{"our own", mail(id, string(from), field), []letterlock.Address{marta}, own},
		{"our own with a name", mail(id, "Contoso <portal@contoso.example>", field), []letterlock.Address{marta}, own},
		{"without the field", mail(id, string(from)), []letterlock.Address{marta}, "- rule"},
		{"to somebody else", mail(id, string(from), field), []letterlock.Address{jonas}, "- rule"},
		{"to somebody else as well", mail(id, string(from), field), []letterlock.Address{marta, jonas}, "- rule"},
		{"another mail", mail("<other@contoso.example>", string(from), field), []letterlock.Address{marta}, "- rule"},
		{"another author", mail(id, "ada@contoso.example", field), []letterlock.Address{marta}, "- rule"},
		{"two authors", mail(id, string(from), "From: ada@contoso.example", field), []letterlock.Address{marta}, "- rule"},
		{"two fields", mail(id, string(from), field, field), []letterlock.Address{marta}, "- rule"},
		{"a guess", mail(id, string(from), "X-Letterlock-Own: "+strings.Repeat("a", len(right))), []letterlock.Address{marta}, "- rule"},
		{"an empty one", mail(id, string(from), "X-Letterlock-Own:"), []letterlock.Address{marta}, "- rule"},
		{"of a mail without a name", lines("From: portal@contoso.example", "X-Letterlock-Own: "+vault.OwnTag(h.pepper, "", from, marta), "", "4111 1111 1111 1111"), []letterlock.Address{marta}, "- rule"},
		{"a header that is cut off", "From: portal@contoso.example\r\nMessage-ID: " + id + "\r\n" + field + "\r\nwhat\r\n4111 1111 1111 1111\r\n", []letterlock.Address{marta}, "- rule"},
		{"our own that goes round", mail(id, string(from), append(loop, field)...), []letterlock.Address{marta}, "- loop"},
	}
	for _, tt := range tests {
		if got := h.throughGateway(tt.mail, tt.to...); got != tt.want {
			t.Errorf("%s: %s; want %s", tt.name, got, tt.want)
		}
	}
	h.intake.RulesNow = nil
	if _, err := h.accept(ada, to(marta), mail(id, "ada@contoso.example", "X-Letterlock-Own: "+vault.OwnTag(h.pepper, id, ada.Address, marta))); err != nil {
		t.Errorf("the field means something to submission: %v", err)
	}
}

func TestWhatCannotBePassedOnLeavesNothing(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	down := errors.New("the next server is down")
	e := byGateway(new([]string), carol)
	e.Pass = func(context.Context, io.Reader) error { return down }
	large := simple("<1@contoso.example>", strings.Repeat("a line of text\r\n", 200_000))
	before := h.rows()
	if r, err := h.accept(front, e, large); !errors.Is(err, down) || r.Passed {
		t.Errorf("%+v, %v", r, err)
	}
	h.checkNothingNew("next server down", before)
	var passed []string
	h.mustAccept(front, byGateway(&passed, carol), large)
	if len(passed) != 1 || passed[0] != large {
		t.Error("a large mail is not passed on as it came")
	}
	h.checkNothingNew("passed on", before)
	h.intake.Room = func() error { return &letterlock.Error{Code: letterlock.Busy, Key: "disk"} }
	if _, err := h.accept(front, byGateway(&passed, carol), large); letterlock.KeyOf(err) != "disk" || len(passed) != 1 {
		t.Errorf("full disk: %v, passed %d", err, len(passed))
	}
	h.checkNothingNew("full disk", before)
}

func TestRulesThatChangeMeanwhileHoldForWhatIsPassedOn(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.people()
	h.rules(then("off", rule.Actions{Protection: letterlock.EncryptOnly}))
	now, asked := h.intake.RulesNow, 0
	h.intake.RulesNow = func(ctx context.Context, not int64) (*rule.Set, error) {
		set, err := now(ctx, not)
		if asked++; asked == 1 { // the mail is judged by what held a moment ago
			h.rules(then("on", rule.Actions{Protection: letterlock.DoNotForward}))
			h.intake.RulesNow = now
		}
		return set, err
	}
	var passed []string
	r := h.mustAccept(front, byGateway(&passed, carol), simple("<1@contoso.example>", "Hi"))
	if m, _ := h.message(r.ID); m.DecidedBy != "rule on" || len(passed) > 0 {
		t.Errorf("decided by %q, passed on %d times", m.DecidedBy, len(passed))
	}
}

func TestRealMailIsPassedOnByteForByte(t *testing.T) {
	root := filepath.FromSlash("../../../shared/corpora/mail")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared corpora of real mail are not here: " + err.Error())
	}
	h := newHouse(t, eml.Limits{})
	n, refused := 0, map[string]int{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		mail := strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n", "\r\n")
		n++
		var passed []string
		r, err := h.accept(front, byGateway(&passed, carol), mail)
		switch {
		case err != nil && letterlock.CodeOf(err) != letterlock.Invalid && letterlock.CodeOf(err) != letterlock.TooLarge && letterlock.KeyOf(err) != "foreign":
			t.Errorf("%s: %v", path, err)
		case err != nil:
			refused[letterlock.KeyOf(err)]++
		case !r.Passed || len(passed) != 1 || passed[0] != mail:
			t.Errorf("%s: %+v, changed on its way", path, r)
		}
		return nil
	})
	t.Logf("%d mails, refused %v", n, refused)
	if err != nil || n < 500 || len(refused) > n/10 {
		t.Fatalf("%d mails, refused %v, %v", n, refused, err)
	}
}
