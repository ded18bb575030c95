package account_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/internal/passkey"
	"letterlock/internal/passkeytest"
	"letterlock/internal/store"
)

const origin = "https://mail.contoso.example"

// withPasskeys is a house whose portal knows passkeys, with a second account, Eve's.
func withPasskeys(t *testing.T) *house {
	h := newHouse(t)
	h.accounts.Passkeys = passkey.New(&url.URL{Scheme: "https", Host: "mail.contoso.example"}, "Contoso")
	if err := h.accounts.Put(t.Context(), system, letterlock.Mailbox{Name: "Eve", Address: eve.Address}, password, letterlock.Sender); err != nil {
		t.Fatal(err)
	}
	return h
}

func signedIn(a letterlock.Address) letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.Staff, Address: a, IP: ip, Roles: []letterlock.Role{letterlock.Sender}}
}

// addPasskey adds one to an account with what is shown, and returns recovery codes if
// there are any.
func (h *house) addPasskey(d *passkeytest.Device, a letterlock.Address, name string, shown account.Shown) []string {
	h.t.Helper()
	id, browser, err := h.accounts.BeginPasskey(h.t.Context(), signedIn(a), password, shown, name)
	if err != nil {
		h.t.Fatal(err)
	}
	codes, err := h.accounts.FinishPasskey(h.t.Context(), signedIn(a), id, d.Make(browser))
	if err != nil {
		h.t.Fatal(err)
	}
	return codes
}

// device is one with a passkey of an account.
func (h *house) device(a letterlock.Address) *passkeytest.Device {
	h.t.Helper()
	d := passkeytest.New(h.t, origin)
	h.addPasskey(d, a, "Telephone", account.Shown{})
	return d
}

// asked asks for a passkey of an account, or for anybody's, and has the device answer.
func (h *house) asked(d *passkeytest.Device, a letterlock.Address) account.Shown {
	h.t.Helper()
	id, browser, err := h.accounts.AskPasskey(h.t.Context(), a, ip)
	if err != nil {
		h.t.Fatal(err)
	}
	return account.Shown{Question: id, Answer: d.AnswerWith(d.Newest(), browser)}
}

// alone signs in with the device and nothing else.
func (h *house) alone(d *passkeytest.Device) error {
	h.t.Helper()
	shown := h.asked(d, "")
	by, err := h.accounts.SignInByPasskey(h.t.Context(), shown.Question, shown.Answer, ip)
	if (by.Address != "") != (err == nil) {
		h.t.Errorf("signed in as %q with %v", by.Address, err)
	}
	return err
}

// beside signs in with the password, and the device as the second step.
func (h *house) beside(d *passkeytest.Device, a letterlock.Address) error {
	h.t.Helper()
	step, err := h.accounts.BeginStep(h.t.Context(), a, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = h.accounts.FinishStep(h.t.Context(), step, h.asked(d, a), ip)
	return err
}

func (h *house) passkeyOf(a letterlock.Address) account.Passkey {
	h.t.Helper()
	f, err := h.accounts.Factors(h.t.Context(), a)
	if err != nil || len(f.Passkeys) != 1 {
		h.t.Fatalf("passkeys of %s: %v, %v", a, f.Passkeys, err)
	}
	return f.Passkeys[0]
}

func TestAPasskeyLetsInAloneAndBesideThePassword(t *testing.T) {
	h := withPasskeys(t)
	d := passkeytest.New(t, origin)
	if codes := h.addPasskey(d, ada.Address, " Telephone ", account.Shown{}); len(codes) != 10 {
		t.Errorf("%d recovery codes with the first factor", len(codes))
	}
	if has, err := h.accounts.HasSecondFactor(t.Context(), ada.Address); err != nil || !has {
		t.Errorf("a passkey is no second factor: %v", err)
	}
	if p := h.passkeyOf(ada.Address); p.Name != "Telephone" || !p.Added.Equal(h.now) || !p.Used.IsZero() {
		t.Errorf("the passkey is %+v", p)
	}
	if s := string(d.Holder()); strings.Contains(s, "ada") || len(s) != 32 {
		t.Errorf("its device is told %q of the holder", s)
	}
	h.now = h.now.Add(time.Hour)
	shown := h.asked(d, "")
	by, err := h.accounts.SignInByPasskey(t.Context(), shown.Question, shown.Answer, ip)
	if err != nil || by.Address != ada.Address || !by.Is(letterlock.Sender) || by.IP != ip {
		t.Errorf("alone: %+v, %v", by, err)
	}
	if err := h.beside(d, ada.Address); err != nil {
		t.Errorf("beside the password: %v", err)
	}
	if p := h.passkeyOf(ada.Address); !p.Used.Equal(h.now) {
		t.Errorf("last used %v, want %v", p.Used, h.now)
	}
}

// Each answer is to one question, put to one browser for one account, and taken once
// within five minutes.
func TestAnswersThatComeTooLateOrTwiceOrForSomebodyElse(t *testing.T) {
	h := withPasskeys(t)
	d, other := h.device(ada.Address), h.device(eve.Address)
	signIn := func(shown account.Shown) string {
		_, err := h.accounts.SignInByPasskey(t.Context(), shown.Question, shown.Answer, ip)
		return letterlock.KeyOf(err)
	}
	shown := h.asked(d, "")
	if key := signIn(shown); key != "" {
		t.Fatalf("a good answer: %s", key)
	}
	if key := signIn(shown); key != passkey.Stale {
		t.Errorf("once more: %q", key)
	}
	late := h.asked(d, "")
	h.now = h.now.Add(passkey.Lasts)
	if key := signIn(late); key != passkey.Stale {
		t.Errorf("too late: %q", key)
	}
	one, two := h.asked(d, ""), h.asked(d, "")
	if key := signIn(account.Shown{Question: one.Question, Answer: two.Answer}); key != passkey.Stale {
		t.Errorf("to the question of another browser: %q", key)
	}
	if key := signIn(one); key != passkey.Stale {
		t.Errorf("after another answer to the same question: %q", key)
	}
	if key := signIn(h.asked(d, ada.Address)); key != passkey.Stale {
		t.Errorf("to a question beside the password: %q", key)
	}
	stranger := passkeytest.New(t, origin)
	id, browser, err := h.accounts.BeginPasskey(t.Context(), signedIn(eve.Address), password, h.asked(other, eve.Address), "Never added")
	if err != nil {
		t.Fatal(err)
	}
	made := stranger.Make(browser)
	if key := signIn(h.asked(stranger, "")); key != "passkey-unknown" {
		t.Errorf("one that was never added: %q", key)
	}
	if key := signIn(account.Shown{Question: id, Answer: made}); key != passkey.Stale {
		t.Errorf("to a question that makes one: %q", key)
	}
	// In the name of Ada, whose password is known, with the passkey of Eve.
	step, err := h.accounts.BeginStep(t.Context(), ada.Address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, shown := range map[string]account.Shown{"passkey-unknown": h.asked(other, ada.Address), passkey.Stale: h.asked(other, eve.Address)} {
		if by, err := h.accounts.FinishStep(t.Context(), step, shown, ip); letterlock.KeyOf(err) != name || by.Address != "" {
			t.Errorf("the passkey of somebody else: %v, want %s", err, name)
		}
	}
	if _, err := h.accounts.FinishPasskey(t.Context(), signedIn(ada.Address), id, made); letterlock.KeyOf(err) != passkey.Stale {
		t.Errorf("a passkey that was begun for somebody else: %v", err)
	}
}

// wrong are lies of a device, and how they are refused.
var wrong = map[string]func(*passkeytest.Device){
	passkey.OtherSite:  func(d *passkeytest.Device) { d.Origin = "https://evil.example" },
	passkey.Unverified: func(d *passkeytest.Device) { d.Unverified = true },
	passkey.Copied:     func(d *passkeytest.Device) { d.Count = 0 },
	passkey.Stale:      func(d *passkeytest.Device) { d.Challenge = "c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlcg" },
}

func TestWrongAnswersAreRefusedAuditedAndThrottled(t *testing.T) {
	h := withPasskeys(t)
	d := h.device(ada.Address)
	for range 3 {
		if err := h.alone(d); err != nil {
			t.Fatal(err)
		}
	}
	was := *d
	for want, lie := range wrong {
		lie(d)
		if err := h.alone(d); letterlock.KeyOf(err) != want {
			t.Errorf("alone: %v, want %s", err, want)
		}
		if err := h.beside(d, ada.Address); letterlock.KeyOf(err) != want {
			t.Errorf("beside the password: %v, want %s", err, want)
		}
		*d = was
		d.Count = 100
	}
	said := fmt.Sprint(h.audited())
	for want := range wrong {
		if strings.Count(said, want) != 2 {
			t.Errorf("the audit log says %q %d times, want 2", want, strings.Count(said, want))
		}
	}
	h.now = h.now.Add(25 * time.Hour)
	d.Unverified = true
	for i := range 5 {
		if err := h.beside(d, ada.Address); letterlock.KeyOf(err) != passkey.Unverified {
			t.Fatalf("wrong answer %d: %v", i+1, err)
		}
	}
	d.Unverified = false
	if err := h.beside(d, ada.Address); !errors.Is(err, letterlock.Throttled) {
		t.Errorf("a good answer after five wrong ones: %v, want to wait", err)
	}
	for range 50 {
		_, _ = h.accounts.SignInByPasskey(t.Context(), "no question", []byte("no answer"), ip)
	}
	if err := h.alone(d); !errors.Is(err, letterlock.Throttled) {
		t.Errorf("after fifty wrong answers from a network: %v, want to wait", err)
	}
	h.now = h.now.Add(time.Hour)
	if err := errors.Join(h.alone(d), h.beside(d, ada.Address)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestAskingIsThrottled(t *testing.T) {
	h := withPasskeys(t)
	for range 300 {
		if _, _, err := h.accounts.AskPasskey(t.Context(), "", ip); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := h.accounts.AskPasskey(t.Context(), "", ip); !errors.Is(err, letterlock.Throttled) {
		t.Errorf("asking for the 301st time: %v", err)
	}
	if _, _, err := h.accounts.AskPasskey(t.Context(), "", "198.51.100.9"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
}

// What keeps the holder of an account out keeps their passkeys out, too.
func TestPasskeysOfAccountsThatAreNotToBeUsed(t *testing.T) {
	h := withPasskeys(t)
	d := h.device(ada.Address)
	if err := h.alone(d); err != nil {
		t.Fatal(err)
	}
	h.accounts.OnlyPassword = "grace@contoso.example"
	if err := h.alone(d); letterlock.KeyOf(err) != "passkey-unknown" {
		t.Errorf("where single sign-on takes no passwords: %v", err)
	}
	if err := h.beside(d, ada.Address); err != nil {
		t.Errorf("beside single sign-on: %v", err)
	}
	h.accounts.OnlyPassword = ""
	shown := h.asked(d, "")
	h.disable(ada.Address)
	if _, err := h.accounts.SignInByPasskey(t.Context(), shown.Question, shown.Answer, ip); letterlock.KeyOf(err) != "passkey-unknown" {
		t.Errorf("disabled: %v", err)
	}
	if err := h.accounts.Enable(t.Context(), system, ada.Address); err != nil {
		t.Fatal(err)
	}
	if err := h.alone(d); letterlock.KeyOf(err) != "passkey-password" {
		t.Errorf("enabled again: %v, want the password asked for once", err)
	}
	if err := errors.Join(h.beside(d, ada.Address), h.alone(d)); err != nil {
		t.Errorf("after it was shown beside the password: %v", err)
	}
	if _, err := h.accounts.Reset(t.Context(), system, ada.Address); err != nil {
		t.Fatal(err)
	}
	if err := h.alone(d); letterlock.KeyOf(err) != "passkey-unknown" {
		t.Errorf("without a password: %v", err)
	}
	// Whoever knew the password may have added it.
	if err := h.accounts.Put(t.Context(), system, ada, "another password", letterlock.Sender); err != nil {
		t.Fatal(err)
	}
	if err := h.alone(d); letterlock.KeyOf(err) != "passkey-password" {
		t.Errorf("with another password: %v", err)
	}
	if err := h.accounts.ResetFactors(t.Context(), system, ada.Address); err != nil {
		t.Fatal(err)
	}
	if err := h.alone(d); letterlock.KeyOf(err) != "passkey-unknown" {
		t.Errorf("after a reset of the second factor: %v", err)
	}
}

func TestPasskeysAreAddedAndRemovedByTheirHolderAlone(t *testing.T) {
	h := withPasskeys(t)
	d := passkeytest.New(t, origin)
	codes := h.addPasskey(d, ada.Address, "Telephone", account.Shown{})
	id := h.passkeyOf(ada.Address).ID
	for name, tt := range map[string]struct {
		password string
		shown    account.Shown
	}{
		"a wrong password": {"wrong password", h.asked(d, ada.Address)}, "the password alone": {password, account.Shown{}},
		"a wrong code": {password, account.Shown{Code: "000000"}}, "an old answer": {password, account.Shown{Question: "x", Answer: []byte("{}")}},
	} {
		if err := h.accounts.RemovePasskey(t.Context(), signedIn(ada.Address), tt.password, tt.shown, id); err == nil {
			t.Errorf("removed with %s", name)
		}
		if _, _, err := h.accounts.BeginPasskey(t.Context(), signedIn(ada.Address), tt.password, tt.shown, "Another"); err == nil {
			t.Errorf("begun with %s", name)
		}
		if _, err := h.accounts.NewRecoveryCodes(t.Context(), signedIn(ada.Address), tt.password, tt.shown); err == nil {
			t.Errorf("new codes with %s", name)
		}
		h.now = h.now.Add(25 * time.Hour)
	}
	other := h.device(eve.Address)
	if err := h.accounts.RemovePasskey(t.Context(), signedIn(eve.Address), password, h.asked(other, eve.Address), id); letterlock.KeyOf(err) != "no-passkey" {
		t.Errorf("removed by somebody else: %v", err)
	}
	if err := h.alone(d); err != nil {
		t.Fatalf("after all that: %v", err)
	}
	second := passkeytest.New(t, origin)
	if more := h.addPasskey(second, ada.Address, "Key ring", h.asked(d, ada.Address)); more != nil {
		t.Error("the second factor made other recovery codes")
	}
	if string(second.Holder()) != string(d.Holder()) {
		t.Error("the two devices are told of two holders")
	}
	if err := h.accounts.RemovePasskey(t.Context(), signedIn(ada.Address), password, account.Shown{Code: codes[0]}, id); err != nil {
		t.Errorf("removing with a recovery code: %v", err)
	}
	if err := h.alone(d); letterlock.KeyOf(err) != "passkey-unknown" {
		t.Errorf("the removed one: %v", err)
	}
	if err := h.accounts.RemovePasskey(t.Context(), signedIn(ada.Address), password, h.asked(second, ada.Address), h.passkeyOf(ada.Address).ID); err != nil {
		t.Errorf("removing the last one with itself: %v", err)
	}
	if f, err := h.accounts.Factors(t.Context(), ada.Address); err != nil || f.Any() || f.CodesLeft != 0 {
		t.Errorf("left are %+v, %v", f, err)
	}
}

func TestPasskeysThatAreNotAdded(t *testing.T) {
	h := withPasskeys(t)
	begin := func(name string, shown account.Shown) (string, []byte, string) {
		id, browser, err := h.accounts.BeginPasskey(t.Context(), signedIn(ada.Address), password, shown, name)
		return id, browser, letterlock.KeyOf(err)
	}
	for _, name := range []string{"", " ", "a\x00b", "a\u202eb", strings.Repeat("x", 65)} {
		if _, _, key := begin(name, account.Shown{}); key != "passkey-name" {
			t.Errorf("the name %q: %q", name, key)
		}
	}
	for want, lie := range wrong {
		if want == passkey.Copied {
			continue
		}
		id, browser, _ := begin("Telephone", account.Shown{})
		d := passkeytest.New(t, origin)
		lie(d)
		if _, err := h.accounts.FinishPasskey(t.Context(), signedIn(ada.Address), id, d.Make(browser)); letterlock.KeyOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	id, browser, _ := begin("Telephone", account.Shown{})
	h.now = h.now.Add(passkey.Lasts)
	if _, err := h.accounts.FinishPasskey(t.Context(), signedIn(ada.Address), id, passkeytest.New(t, origin).Make(browser)); letterlock.KeyOf(err) != passkey.Stale {
		t.Errorf("too late: %v", err)
	}
	d := h.device(ada.Address)
	if _, _, key := begin("Telephone", h.asked(d, ada.Address)); key != "passkey-name" {
		t.Errorf("a name that another has: %q", key)
	}
	for i := range 9 {
		h.now = h.now.Add(time.Minute)
		h.addPasskey(passkeytest.New(t, origin), ada.Address, fmt.Sprint(i), h.asked(d, ada.Address))
	}
	if _, _, key := begin("One too many", h.asked(d, ada.Address)); key != "passkey-many" {
		t.Errorf("the eleventh: %q", key)
	}
	h.accounts.Passkeys = nil
	if _, _, key := begin("Nowhere", account.Shown{}); key != "passkeys" {
		t.Errorf("where there are none: %q", key)
	}
}

// What single sign-on has kept of whoever came is settled when the factor is right, and
// what it refuses then lets nobody in.
func TestAStepOfSingleSignOnIsSettledWithTheFactorAlone(t *testing.T) {
	h := withPasskeys(t)
	d := passkeytest.New(t, origin)
	h.addPasskey(d, ada.Address, "Telephone", account.Shown{})
	var settled []string
	var refusal error
	settle := func(_ *store.Tx, by letterlock.Actor, keep []byte) (letterlock.Proof, error) {
		settled = append(settled, string(by.Address)+"|"+string(keep))
		return "sso", refusal
	}
	finish := func(shown account.Shown) (letterlock.Actor, string) {
		step, err := h.accounts.BeginStep(t.Context(), ada.Address, []byte("kept"))
		if err != nil {
			t.Fatal(err)
		}
		by, err := h.accounts.FinishStep(t.Context(), step, shown, ip)
		return by, letterlock.KeyOf(err)
	}
	if by, key := finish(h.asked(d, ada.Address)); key != "sign-in" || by.Address != "" {
		t.Errorf("where nothing settles it: %q (%s)", by.Address, key)
	}
	h.accounts.Complete = settle
	if by, key := finish(account.Shown{Code: "000000"}); key != "second-factor" || by.Address != "" || len(settled) > 0 {
		t.Errorf("a wrong code: %q (%s), settled %q", by.Address, key, settled)
	}
	if by, key := finish(h.asked(d, ada.Address)); key != "" || by.Proof != "sso" || by.Address != ada.Address || fmt.Sprint(settled) != "[ada@contoso.example|kept]" {
		t.Errorf("the passkey: %+v (%s), settled %q", by, key, settled)
	}
	refusal = &letterlock.Error{Code: letterlock.Denied, Key: "sso-bound"}
	if by, key := finish(h.asked(d, ada.Address)); key != "sso-bound" || by.Address != "" {
		t.Errorf("refused: %q (%s)", by.Address, key)
	}
}

func TestAPasskeyIsRenamedByItsHolderWhoProvesThatItIsThey(t *testing.T) {
	h := withPasskeys(t)
	d := h.device(ada.Address)
	h.addPasskey(passkeytest.New(t, origin), ada.Address, "Key ring", h.asked(d, ada.Address))
	f, err := h.accounts.Factors(t.Context(), ada.Address)
	if err != nil || len(f.Passkeys) != 2 {
		t.Fatal(f, err)
	}
	first := f.Passkeys[0]
	for _, tt := range []struct {
		what, password, name string
		by                   letterlock.Address
		id                   letterlock.ID
		shown                account.Shown
		want                 string
	}{
		{"a wrong password", "wrong password", "Phone", ada.Address, first.ID, h.asked(d, ada.Address), "sign-in"},
		{"without the second factor", password, "Phone", ada.Address, first.ID, account.Shown{}, "second-factor"},
		{"the name of another", password, "Key ring", ada.Address, first.ID, h.asked(d, ada.Address), "passkey-name"},
		{"no name", password, " ", ada.Address, first.ID, account.Shown{}, "passkey-name"},
		{"a name that is turned about", password, "a\u202eb", ada.Address, first.ID, account.Shown{}, "passkey-name"},
		{"a name in two lines", password, "a\nb", ada.Address, first.ID, account.Shown{}, "passkey-name"},
		{"a name that is too long", password, strings.Repeat("é", 65), ada.Address, first.ID, account.Shown{}, "passkey-name"},
		{"by somebody else", password, "Mine", eve.Address, first.ID, account.Shown{}, "no-passkey"},
		{"none such", password, "Phone", ada.Address, letterlock.NewID(), h.asked(d, ada.Address), "no-passkey"},
	} {
		err := h.accounts.RenamePasskey(t.Context(), signedIn(tt.by), tt.password, tt.shown, tt.id, tt.name)
		if letterlock.KeyOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", tt.what, err, tt.want)
		}
	}
	if f, _ := h.accounts.Factors(t.Context(), ada.Address); f.Passkeys[0].Name != first.Name {
		t.Fatalf("it is called %q", f.Passkeys[0].Name)
	}
	longest := strings.Repeat("é", 64)
	for _, name := range []string{" " + longest + " ", longest} { // the same name again is no error
		if err := h.accounts.RenamePasskey(t.Context(), signedIn(ada.Address), password, h.asked(d, ada.Address), first.ID, name); err != nil {
			t.Fatal(err)
		}
	}
	if f, _ := h.accounts.Factors(t.Context(), ada.Address); f.Passkeys[0].Name != longest || f.Passkeys[1].Name != "Key ring" {
		t.Errorf("they are called %q and %q", f.Passkeys[0].Name, f.Passkeys[1].Name)
	}
	if e := h.last(); e.Action != "rename passkey" || !e.Allowed || e.Reason != longest+": "+longest || e.Target != string(ada.Address) {
		t.Errorf("audit log: %+v", e)
	}
	if err := h.alone(d); err != nil {
		t.Errorf("it lets nobody in any more: %v", err)
	}
}
