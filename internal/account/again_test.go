package account_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/internal/passkeytest"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// bind has an account belong to somebody at the provider of single sign-on.
func (h *house) bind(a letterlock.Address) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		return tx.BindStaff(store.StaffBinding{Issuer: "https://login.contoso.example", Subject: "of " + string(a), Account: a})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestWherePasswordsAreNotTakenOneAccountsAloneIs(t *testing.T) {
	h := newHouse(t)
	h.addGrace()
	if err := h.signIn(ada.Address, password, ip); err != nil {
		t.Fatalf("before: %v", err) // and it is known to be right now
	}
	h.accounts.OnlyPassword = grace.Address
	if err := h.signIn(ada.Address, password, ip); !errors.Is(err, letterlock.Denied) {
		t.Errorf("the right password: %v, want Denied", err)
	}
	if err := h.signIn(grace.Address, password, ip); err != nil {
		t.Errorf("the password of the account that has one: %v", err)
	}
	if _, err := (account.MailPrograms{Accounts: h.accounts}).Authenticate(t.Context(), ada.Address, password, ip); !errors.Is(err, letterlock.Denied) {
		t.Errorf("a mail program with the password: %v, want Denied", err)
	}
	_, secret := h.program("phone")
	if _, err := (account.MailPrograms{Accounts: h.accounts}).Authenticate(t.Context(), ada.Address, secret, ip); err != nil {
		t.Errorf("a mail program with an app password: %v", err)
	}
	if until, err := h.accounts.Add(t.Context(), system, bob, letterlock.Sender); err != nil || !until.IsZero() || !h.row(bob.Address).LinkExpires.IsZero() {
		t.Errorf("an invitation: %v, %v; want one without a link", until, err)
	}
	if _, err := h.accounts.Reset(t.Context(), system, ada.Address); letterlock.KeyOf(err) != "no-passwords" {
		t.Errorf("a reset: %v", err)
	}
	if row := h.row(ada.Address); row.PasswordSet {
		t.Error("an account whose password is not taken is listed as one with a password")
	}
	h.accounts.OnlyPassword = ""
	if err := h.signIn(ada.Address, password, ip); err != nil {
		t.Errorf("when passwords are taken again: %v", err)
	}
}

func TestALinkOfBeforeSetsNoPasswordThatIsNotTaken(t *testing.T) {
	h := newHouse(t)
	h.addGrace()
	link := h.reset(ada.Address)
	if err := h.accounts.CheckLink(t.Context(), link); err != nil {
		t.Fatalf("before: %v", err)
	}
	h.accounts.OnlyPassword = grace.Address
	if err := h.accounts.SetPassword(t.Context(), letterlock.Actor{}, link, password, ""); letterlock.KeyOf(err) != "account-link" {
		t.Errorf("afterwards: %v", err)
	}
}

func TestWhoHasNoPasswordProvesThemselvesAgainAtTheProvider(t *testing.T) {
	h := newHouse(t)
	h.accounts.OnlyPassword = "grace@contoso.example"
	by := letterlock.Actor{Kind: letterlock.Staff, Address: ada.Address, Roles: []letterlock.Role{letterlock.Sender}}
	setUp, err := h.accounts.SetUpApp(t.Context(), by, "Contoso")
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(setUp.Key, h.now)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		proof letterlock.Proof
		at    time.Time
		want  string
	}{
		{"not at all", "", h.now, "prove-account"},
		{"signed in as ever", letterlock.BySSO(false, true), h.now, "prove-account"},
		{"ten minutes ago", letterlock.BySSO(true, false), h.now.Add(-10 * time.Minute), "prove-account"},
		{"in a time to come", letterlock.BySSO(true, false), h.now.Add(time.Minute), "prove-account"},
		{"anew", letterlock.BySSO(true, false), h.now.Add(-9 * time.Minute), ""},
	} {
		by.Proof, by.Proved = tt.proof, tt.at
		_, err := h.accounts.ConfirmApp(t.Context(), by, password, code, account.Shown{})
		if letterlock.KeyOf(err) != tt.want {
			t.Errorf("setting up an app, proved %s: %v, want %q", tt.name, err, tt.want)
		}
	}
	h.accounts.OnlyPassword = "" // who has a password proves it, whatever else they have done
	if err := h.accounts.RemoveApp(t.Context(), by, "wrong password", account.Shown{Code: code}); letterlock.KeyOf(err) != "sign-in" {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestAFactorThatTheProviderHasShownIsEnough(t *testing.T) {
	h := newHouse(t)
	h.accounts.FactorRoles = []letterlock.Role{letterlock.Sender}
	by := letterlock.Actor{Kind: letterlock.Staff, Address: ada.Address, Roles: []letterlock.Role{letterlock.Sender}, Proof: letterlock.BySSO(false, true)}
	if lacks, err := h.accounts.LacksFactor(t.Context(), by); err != nil || !lacks {
		t.Fatalf("lacks a factor: %v, %v", lacks, err)
	}
	h.accounts.FactorShown = func(by letterlock.Actor) bool { return by.Proof.Factor() }
	if lacks, err := h.accounts.LacksFactor(t.Context(), by); err != nil || lacks {
		t.Errorf("lacks a factor although the provider has shown it: %v, %v", lacks, err)
	}
	by.Proof = letterlock.BySSO(false, false)
	if lacks, err := h.accounts.LacksFactor(t.Context(), by); err != nil || !lacks {
		t.Errorf("lacks none although nothing shows one: %v, %v", lacks, err)
	}
}

func TestUnbindingEndsTheSessionsAndForgetsWhoItWas(t *testing.T) {
	h := newHouse(t)
	alive := h.session(ada.Address)
	if err := h.accounts.Unbind(t.Context(), system, ada.Address); letterlock.KeyOf(err) != "no-binding" || !alive() {
		t.Errorf("an account that belongs to nobody: %v, its session is there: %v", err, alive())
	}
	h.bind(ada.Address)
	_, secret := h.program("phone")
	if h.row(ada.Address).SSO.IsZero() {
		t.Fatal("the account is not listed as bound: this test would prove nothing")
	}
	if err := h.accounts.Unbind(t.Context(), system, ada.Address); err != nil || alive() || !h.row(ada.Address).SSO.IsZero() {
		t.Errorf("%v, its session is there: %v, %+v", err, alive(), h.row(ada.Address))
	}
	if _, err := h.programs().Authenticate(t.Context(), ada.Address, secret, ip); !errors.Is(err, letterlock.Denied) {
		t.Errorf("an app password of before: %v, want Denied", err)
	}
}

func TestABreakGlassAccountWithoutAPasswordIsNoOtherAdministrator(t *testing.T) {
	h := newHouse(t)
	boss, glass := letterlock.Mailbox{Address: "boss@contoso.example"}, letterlock.Mailbox{Address: "glass@contoso.example"}
	for _, m := range []letterlock.Mailbox{boss, glass} {
		if _, err := h.accounts.Add(t.Context(), system, m, letterlock.Admin); err != nil {
			t.Fatal(err)
		}
	}
	h.accounts.OnlyPassword = glass.Address
	take := func(a letterlock.Address) string {
		return letterlock.KeyOf(h.accounts.SetRoles(t.Context(), system, a, letterlock.Sender))
	}
	if key := take(boss.Address); key != "last-administrator" {
		t.Errorf("where nobody else could come in: %q", key)
	}
	if err := h.accounts.Put(t.Context(), system, glass, password, letterlock.Admin); err != nil {
		t.Fatal(err)
	}
	if key := take(boss.Address); key != "" {
		t.Errorf("where the other has a password: %q", key)
	}
	if key := take(glass.Address); key != "last-administrator" {
		t.Errorf("the last: %q", key)
	}
}

// What keeps an account is changed by its holder, or by somebody who passes for them.
func TestEachChangeOfWhatKeepsAnAccountIsMailedToItsHolder(t *testing.T) {
	h := withPasskeys(t)
	by := signedIn(ada.Address)
	by.IP, by.Agent = "192.0.2.7", "Firefox"
	h.told() // what the set-up has made
	try := func(want letterlock.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if got := h.told(); len(got) != 1 || got[0] != (vault.ChangeMail{What: want, IP: by.IP, Agent: by.Agent}) || h.woken == 0 {
			t.Errorf("%s: told %+v, woken %d times", want, got, h.woken)
		}
		h.woken = 0
	}
	d := passkeytest.New(t, origin)
	id, browser, err := h.accounts.BeginPasskey(t.Context(), by, password, account.Shown{}, "Telephone")
	if err != nil || len(h.told()) > 0 {
		t.Fatalf("beginning: %v", err)
	}
	_, err = h.accounts.FinishPasskey(t.Context(), by, id, d.Make(browser))
	try(letterlock.PasskeyAdded, err)
	if err := h.accounts.RemovePasskey(t.Context(), by, password, account.Shown{}, h.passkeyOf(ada.Address).ID); err == nil || len(h.told()) > 0 {
		t.Errorf("told of what was refused: %v", err)
	}
	_, err = h.accounts.NewRecoveryCodes(t.Context(), by, password, h.asked(d, ada.Address))
	try(letterlock.CodesMade, err)
	setUp, err := h.accounts.SetUpApp(t.Context(), by, "Contoso")
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(setUp.Key, h.now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.accounts.ConfirmApp(t.Context(), by, password, code, h.asked(d, ada.Address))
	try(letterlock.AppSetUp, err)
	_, _, err = h.accounts.MakeAppPassword(t.Context(), by, "phone")
	try(letterlock.AppPasswordMade, err)
	try(letterlock.AppRemoved, h.accounts.RemoveApp(t.Context(), by, password, h.asked(d, ada.Address)))
	try(letterlock.PasskeyRemoved, h.accounts.RemovePasskey(t.Context(), by, password, h.asked(d, ada.Address), h.passkeyOf(ada.Address).ID))
	token := h.reset(ada.Address)
	try(letterlock.PasswordSet, h.accounts.SetPassword(t.Context(), by, token, chosen, ""))
}

// told takes the notices of changes out of the outbox; all are Ada's.
func (h *house) told() (list []vault.ChangeMail) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		for {
			n, err := tx.ClaimIn(store.WholeLane, time.Hour)
			if errors.Is(err, letterlock.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			if n.Kind != store.ChangeNotice {
				continue
			}
			m, err := vault.OpenChange(h.pepper, ada.Address, n.Secret)
			if err != nil || n.Address != ada.Address {
				h.t.Errorf("to %s: %v", n.Address, err)
			}
			list = append(list, m)
		}
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}
