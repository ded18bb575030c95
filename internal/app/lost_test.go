package app

import (
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// TestTheDoctorSaysWhatARestoredBackupCouldNotGiveBack until somebody has given it anew.
func TestTheDoctorSaysWhatARestoredBackupCouldNotGiveBack(t *testing.T) {
	box, err := inbox.Open("", time.Now)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	cfg := settings(t, url.URL{Scheme: "https", Host: "mail.contoso.example"})
	start := func() (a *App) {
		t.Helper()
		a, err = New(t.Context(), cfg, Options{Mailer: box, Assured: true, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		must(err)
		return a
	}
	operator := letterlock.Actor{Kind: letterlock.Operator, Name: "uid 1"}
	by := letterlock.Actor{Kind: letterlock.Staff, Address: ada, Roles: []letterlock.Role{letterlock.Sender}}
	a := start()
	found := func() string {
		t.Helper()
		st, err := a.state(t.Context())
		must(err)
		d := &doctor{checkup: newCheckup(cfg, time.Now())}
		d.lost(st.Lost)
		var lines []string
		for _, f := range d.found {
			lines = append(lines, string(f.Level)+" "+f.About+": "+f.Says+"; "+f.Do)
		}
		return strings.Join(lines, "\n")
	}
	put := func(name, password string) error {
		return a.Accounts.Put(t.Context(), operator, letterlock.Mailbox{Address: letterlock.Address(name + "@contoso.example")}, password, letterlock.Sender)
	}
	passphrase := func(id letterlock.ID) error {
		return a.Access.SetPassphrase(t.Context(), by, id, vault.Passphrase{Hash: "$argon2id$some"})
	}

	for _, name := range []string{"ada", "gone", "mended", "new-phone", "new-word"} {
		must(put(name, password))
	}
	_, err = a.Accounts.Add(t.Context(), operator, letterlock.Mailbox{Address: "invited@contoso.example"}, letterlock.Sender)
	must(err)
	const phone = letterlock.Address("new-phone@contoso.example")
	must(a.DB.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddFactor(store.Factor{Kind: store.TOTP, Handle: []byte(phone), Address: phone, ID: letterlock.NewID(), Sealed: []byte("its key")})
	}))
	r, err := a.Intake.Accept(t.Context(), by, intake.Envelope{Recipients: []letterlock.Address{marta}, Via: letterlock.ByCompose, Protection: letterlock.EncryptOnly, Portal: true},
		strings.NewReader("From: "+string(ada)+"\r\nSubject: Offer\r\n\r\nHello\r\n"))
	must(err)
	must(a.Close())
	database := filepath.Join(cfg.DataDir, store.File)
	backup, err := os.ReadFile(database)
	must(err)

	a = start()
	for _, name := range []string{"gone", "invited", "mended", "new-word"} {
		must(put(name, password+"!"))
	}
	must(a.Accounts.Disable(t.Context(), operator, "gone@contoso.example"))
	must(a.Accounts.ResetFactors(t.Context(), operator, phone))
	must(passphrase(r.ID))
	if got := found(); got != "" {
		t.Errorf("before the restore it says %s", got)
	}
	must(a.Close())
	must(os.WriteFile(database, backup, 0o600))

	a = start()
	defer func() { must(a.Close()) }()
	words, phones, shut := "warn restored backup: no password, for it was changed after the backup: ", "warn restored backup: a second factor is asked for that nobody has, for it was changed after the backup: ",
		"warn restored backup: no recipient can read what had its passphrase changed after the backup: "
	const mail, takeAway, set = "; mail each a link to set one: 'letterlock account reset ", "; take it away, once you know that it is they who ask: 'letterlock account reset-factor ",
		"; ask the sender to set another: at the message in Sent, 'Set a passphrase'"
	want := words + "invited@contoso.example, mended@contoso.example, new-word@contoso.example" + mail + "ADDRESS'\n" +
		phones + string(phone) + takeAway + string(phone) + "'\n" +
		shut + string(r.ID) + " of " + string(ada) + set
	if got := found(); got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
	for _, of := range []letterlock.Address{"invited@contoso.example", "mended@contoso.example"} {
		_, err = a.Accounts.Reset(t.Context(), operator, of)
		must(err)
	}
	if got, want := found(), words+"new-word@contoso.example"+mail+"new-word@contoso.example'\n"; !strings.HasPrefix(got, want) {
		t.Errorf("after two links it says\n%s\nwant\n%s", got, want)
	}
	must(put("new-word", password))
	must(a.Accounts.ResetFactors(t.Context(), operator, phone))
	must(a.DB.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddFactor(store.Factor{Kind: store.Passkey, Handle: []byte("17"), Address: phone, ID: letterlock.NewID(), Sealed: []byte("its key")})
	}))
	must(passphrase(r.ID))
	if got := found(); got != "" {
		t.Errorf("when all is given anew it says %s", got)
	}
}
