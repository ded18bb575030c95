package app_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/internal/passkeytest"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

const (
	password = "correct horse battery"
	at       = "192.0.2.1"
)

// staff adds an account with a password, and returns who holds it.
func (m *machine) staff(name string, roles ...letterlock.Role) letterlock.Actor {
	m.t.Helper()
	a := letterlock.Address(name + "@contoso.example")
	m.must(m.Accounts.Put(m.t.Context(), operator, letterlock.Mailbox{Address: a}, password, roles...))
	by, err := m.Accounts.Actor(m.t.Context(), a)
	m.must(err)
	return by
}

// setsApp has an account ask for the codes of an authenticator app, and returns its key and
// the recovery codes.
func (m *machine) setsApp(by letterlock.Actor) (key string, codes []string) {
	m.t.Helper()
	up, err := m.Accounts.SetUpApp(m.t.Context(), by, "Letterlock")
	m.must(err)
	code, err := totp.GenerateCode(up.Key, m.now())
	m.must(err)
	codes, err = m.Accounts.ConfirmApp(m.t.Context(), by, password, code, account.Shown{})
	m.must(err)
	return up.Key, codes
}

// shows signs in with a password and a second factor.
func (m *machine) shows(by letterlock.Actor, code string) error {
	m.t.Helper()
	if _, err := m.Accounts.Authenticate(m.t.Context(), by.Address, password, at); err != nil {
		return err
	}
	if has, err := m.Accounts.HasSecondFactor(m.t.Context(), by.Address); err != nil || !has {
		return err
	}
	step, err := m.Accounts.BeginStep(m.t.Context(), by.Address, nil)
	m.must(err)
	_, err = m.Accounts.FinishStep(m.t.Context(), step, account.Shown{Code: code}, at)
	return err
}

// passes signs in with a password, and with the app of the key if a second factor is asked for.
func (m *machine) passes(by letterlock.Actor, key string) func() error {
	return func() error {
		if has, err := m.Accounts.HasSecondFactor(m.t.Context(), by.Address); err != nil || !has {
			return err
		}
		return m.shows(by, m.codeOf(key))
	}
}

// codeOf is a code of an app that was not taken yet: the clock goes on for it.
func (m *machine) codeOf(key string) string {
	m.t.Helper()
	m.late.Add(int64(time.Minute))
	code, err := totp.GenerateCode(key, m.now())
	m.must(err)
	return code
}

// A way in is one that somebody has when the backup is made, and that is taken from them
// after it.
type way struct {
	name string
	make func(m *machine) (take, use func() error)
	once bool // it can be used once
	open bool // taken away from somebody who gets in without it
}

var admin = letterlock.Actor{Kind: letterlock.Staff, Address: "grace@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}

var ways = []way{
	{name: "an account", make: func(m *machine) (take, use func() error) {
		by := m.staff("disabled", letterlock.Sender)
		return func() error { return m.Accounts.Disable(m.t.Context(), operator, by.Address) },
			func() error { return m.shows(by, "") }
	}},
	{name: "a role", make: func(m *machine) (take, use func() error) {
		m.staff("administrator", letterlock.Admin)
		by := m.staff("demoted", letterlock.Sender, letterlock.Admin)
		return func() error { return m.Accounts.SetRoles(m.t.Context(), operator, by.Address, letterlock.Sender) },
			func() error {
				now, err := m.Accounts.Actor(m.t.Context(), by.Address)
				if err == nil && !now.Is(letterlock.Admin) {
					err = &letterlock.Error{Code: letterlock.Denied}
				}
				return err
			}
	}},
	{name: "a password that was reset", make: func(m *machine) (take, use func() error) {
		by := m.staff("reset", letterlock.Sender)
		return func() error { _, err := m.Accounts.Reset(m.t.Context(), operator, by.Address); return err },
			func() error { return m.shows(by, "") }
	}},
	{name: "a password that another took the place of", make: func(m *machine) (take, use func() error) {
		by := m.staff("replaced", letterlock.Sender)
		return func() error {
				return m.Accounts.Put(m.t.Context(), operator, letterlock.Mailbox{Address: by.Address}, password+"!", letterlock.Sender)
			},
			func() error { return m.shows(by, "") }
	}},
	{name: "a link with which a password was set", once: true, make: func(m *machine) (take, use func() error) {
		invited := letterlock.Mailbox{Address: "invited@contoso.example"}
		_, err := m.Accounts.Add(m.t.Context(), operator, invited, letterlock.Sender)
		m.must(err)
		m.must(m.Outbox.Flush(m.t.Context()))
		link := regexp.MustCompile(`/password/(\S+)`).FindStringSubmatch(m.box.Mails(invited.Address)[0].Text())[1]
		use = func() error {
			return m.Accounts.SetPassword(m.t.Context(), letterlock.Actor{}, letterlock.Token(link), password, "")
		}
		return use, use
	}},
	{name: "an app password", make: func(m *machine) (take, use func() error) {
		by := m.staff("program", letterlock.Sender)
		p, secret, err := m.Accounts.MakeAppPassword(m.t.Context(), by, "Thunderbird")
		m.must(err)
		return func() error { return m.Accounts.RemoveAppPassword(m.t.Context(), by, by.Address, p.ID) }, m.mails(by, secret)
	}},
	{name: "all app passwords", make: func(m *machine) (take, use func() error) {
		by := m.staff("programs", letterlock.Sender)
		_, secret, err := m.Accounts.MakeAppPassword(m.t.Context(), by, "Thunderbird")
		m.must(err)
		return func() error { return m.Accounts.SignOutEverywhere(m.t.Context(), operator, by.Address) }, m.mails(by, secret)
	}},
	{name: "a token", make: func(m *machine) (take, use func() error) {
		by := m.staff("token", letterlock.Auditor)
		k, secret, err := m.Accounts.IssueToken(m.t.Context(), operator, by.Address, "reports", []letterlock.Scope{letterlock.ScopeTrace}, time.Hour*24)
		m.must(err)
		return func() error { return m.Accounts.EndToken(m.t.Context(), operator, k.ID) },
			func() error { _, _, err := m.Accounts.TokenActor(m.t.Context(), secret.Reveal()); return err }
	}},
	{name: "a second factor that was reset", open: true, make: func(m *machine) (take, use func() error) {
		by := m.staff("lostphone", letterlock.Sender)
		key, _ := m.setsApp(by)
		return func() error { return m.Accounts.ResetFactors(m.t.Context(), operator, by.Address) }, m.passes(by, key)
	}},
	{name: "an app that was removed", open: true, make: func(m *machine) (take, use func() error) {
		by := m.staff("oldphone", letterlock.Sender)
		key, _ := m.setsApp(by)
		return func() error {
			return m.Accounts.RemoveApp(m.t.Context(), by, password, account.Shown{Code: m.codeOf(key)})
		}, m.passes(by, key)
	}},
	{name: "a passkey", make: func(m *machine) (take, use func() error) {
		by := m.staff("lostkey", letterlock.Sender)
		key, _ := m.setsApp(by)
		f := store.Factor{Kind: store.Passkey, Handle: []byte("17"), Address: by.Address, ID: letterlock.NewID(), Name: "Key ring", Sealed: []byte("its key")}
		m.must(m.DB.Write(m.t.Context(), func(tx *store.Tx) error { return tx.AddFactor(f) }))
		return func() error {
				return m.Accounts.RemovePasskey(m.t.Context(), by, password, account.Shown{Code: m.codeOf(key)}, f.ID)
			},
			func() error {
				return m.DB.Read(m.t.Context(), func(tx *store.Tx) error { _, err := tx.Factor(f.Kind, f.Handle); return err })
			}
	}},
	{name: "a password that was enough", make: func(m *machine) (take, use func() error) {
		by := m.staff("newphone", letterlock.Sender)
		return func() error { m.setsApp(by); return nil }, func() error { return m.shows(by, "") }
	}},
	{name: "a password that was enough before a passkey", make: func(m *machine) (take, use func() error) {
		by := m.staff("newkey", letterlock.Sender)
		return func() error {
			id, browser, err := m.Accounts.BeginPasskey(m.t.Context(), by, password, account.Shown{}, "Key ring")
			m.must(err)
			_, err = m.Accounts.FinishPasskey(m.t.Context(), by, id, passkeytest.New(m.t, m.cfg.PublicURL.String()).Make(browser))
			return err
		}, func() error { return m.shows(by, "") }
	}},
	{name: "a recovery code that was used", once: true, make: func(m *machine) (take, use func() error) {
		by := m.staff("recovered", letterlock.Sender)
		_, codes := m.setsApp(by)
		return func() error { return m.shows(by, codes[0]) }, func() error { return m.shows(by, codes[0]) }
	}},
	{name: "recovery codes of before", once: true, make: func(m *machine) (take, use func() error) {
		by := m.staff("newcodes", letterlock.Sender)
		key, codes := m.setsApp(by)
		return func() error {
				_, err := m.Accounts.NewRecoveryCodes(m.t.Context(), by, password, account.Shown{Code: m.codeOf(key)})
				return err
			},
			func() error { return m.shows(by, codes[1]) }
	}},
	{name: "a single sign-on", make: func(m *machine) (take, use func() error) {
		by := m.staff("bound", letterlock.Sender)
		b := store.StaffBinding{Issuer: "https://idp.contoso.example", Subject: "17", Account: by.Address}
		m.must(m.DB.Write(m.t.Context(), func(tx *store.Tx) error { return tx.BindStaff(b) }))
		return func() error { return m.Accounts.Unbind(m.t.Context(), operator, by.Address) },
			func() error {
				return m.DB.Read(m.t.Context(), func(tx *store.Tx) error { _, err := tx.StaffBinding(b.Issuer, b.Subject); return err })
			}
	}},
}

// about are the ways in of those who read.
var about = []way{
	{name: "a binding", make: func(m *machine) (take, use func() error) {
		return func() error { _, err := m.Vouch.Forget(m.t.Context(), admin, marta.Address, ""); return err }, m.binds("quill")
	}},
	{name: "an old passphrase", make: func(m *machine) (take, use func() error) {
		id := m.send(time.Time{})
		m.must(m.asks(id)())
		return m.asks(id), m.readsAs(id)
	}},
	{name: "a message that asked for no passphrase", make: func(m *machine) (take, use func() error) {
		id := m.send(time.Time{})
		return m.asks(id), m.readsAs(id)
	}},
}

// asks has a message ask for a passphrase, or for another one.
func (m *machine) asks(id letterlock.ID) func() error {
	return func() error {
		return m.Access.SetPassphrase(m.t.Context(), sender, id, vault.Passphrase{Hash: "$argon2id$some"})
	}
}

// readsAs reads a message as Marta, who has given the passphrase that it asks for now.
func (m *machine) readsAs(id letterlock.ID) func() error {
	by := marta
	by.Proof = letterlock.ByPasscode
	m.must(m.DB.Read(m.t.Context(), func(tx *store.Tx) error {
		is, err := tx.Message(id)
		by.Gave = is.Passphrase
		return err
	}))
	return func() error {
		by.Told = m.now().Truncate(time.Second)
		l, err := m.Access.Open(m.t.Context(), by, id)
		if err != nil {
			return err
		}
		l.Close()
		return nil
	}
}

// binds binds Marta's address at a provider.
func (m *machine) binds(provider string) func() error {
	b := store.Binding{Address: marta.Address, Issuer: "https://" + provider + ".example", Subject: "17", Provider: provider}
	m.must(m.DB.Write(m.t.Context(), func(tx *store.Tx) error { return tx.Bind(b) }))
	return func() error {
		return m.DB.Read(m.t.Context(), func(tx *store.Tx) error { _, err := tx.Binding(b.Address, b.Issuer); return err })
	}
}

var session = way{name: "a session", make: func(m *machine) (take, use func() error) {
	by := m.staff("open", letterlock.Sender)
	id, _, err := m.Sessions.Start(m.t.Context(), by)
	m.must(err)
	return func() error {
			list, err := m.Sessions.Open(m.t.Context(), by, by.Address, "")
			m.must(err)
			return m.Sessions.EndNamed(m.t.Context(), by, by.Address, list[0].ID)
		},
		func() error { _, err := m.Sessions.Find(m.t.Context(), id); return err }
}}

// mails signs in as a mail program does.
func (m *machine) mails(by letterlock.Actor, secret letterlock.Token) func() error {
	return func() error {
		_, err := account.MailPrograms{Accounts: m.Accounts}.Authenticate(m.t.Context(), by.Address, secret.Reveal(), at)
		return err
	}
}

// TestARestoredBackupGivesBackNoWayIn has the data of before the acts back, under the
// journal of after them.
func TestARestoredBackupGivesBackNoWayIn(t *testing.T) {
	gone := func(list []way) {
		m := newMachine(t)
		var takes, uses []func() error
		for _, w := range list {
			take, use := w.make(m)
			takes, uses = append(takes, take), append(uses, use)
			if !w.once {
				m.must(use())
			}
		}
		backup := m.backup()
		then := m.whole()
		for i, w := range list {
			m.must(takes[i]())
			if err := uses[i](); (err == nil) != w.open {
				t.Fatalf("%s was not taken away: %v", w.name, err)
			}
		}
		m.stop()
		now := m.whole()

		// With the journal of the backup's own moment all is there: this can fail.
		m.must(os.WriteFile(m.journal(), then, 0o600))
		m.copyTree(backup, m.cfg.DataDir)
		m.start()
		for i, w := range list {
			if err := uses[i](); err != nil {
				t.Errorf("%s, with the old journal: %v", w.name, err)
			}
		}
		m.stop()

		m.must(os.WriteFile(m.journal(), now, 0o600))
		m.copyTree(backup, m.cfg.DataDir)
		m.start()
		for range 2 {
			for i, w := range list {
				if err := uses[i](); err == nil {
					t.Errorf("%s: the restored backup gives it back", w.name)
				} else if code := letterlock.CodeOf(err); code == letterlock.Internal || code == "" {
					t.Errorf("%s: it is refused as %v", w.name, err)
				}
			}
			m.restart()
		}
		if said := m.entries("replay journal"); !strings.Contains(said, "visits: 1") && !strings.Contains(said, "passphrase: 2") {
			t.Errorf("the audit log does not say what was done again: %s", said)
		}
	}
	gone(slices.Concat(ways, about))
	gone([]way{session}) // what ends it must not be the entry of another
}

func TestARestoredBackupKeepsNobodyOutWhoWasLetInAgain(t *testing.T) {
	m := newMachine(t)
	by := m.staff("back", letterlock.Sender)
	backup := m.backup()
	m.must(m.Accounts.Disable(t.Context(), operator, by.Address))
	m.must(m.Accounts.Enable(t.Context(), operator, by.Address))
	m.stop()
	m.copyTree(backup, m.cfg.DataDir)
	m.start()
	if err := m.shows(by, ""); err != nil {
		t.Error(err)
	}
	if said := m.entries("replay journal"); !strings.Contains(said, "disable: 1, enable: 1") {
		t.Errorf("nothing was done again: %s", said)
	}
}
