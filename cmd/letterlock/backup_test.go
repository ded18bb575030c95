package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// agePair writes an identity into a file, and returns its name and the recipient.
func agePair(t *testing.T) (file, recipient string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(file, []byte("# for tests\n"+id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, id.Recipient().String()
}

// TestABackupIsMadeVerifiedAndRestored types what an operator types on the day when
// the disk is lost.
func TestABackupIsMadeVerifiedAndRestored(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	c.serve()
	ada := letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
	for range 3 {
		_, err := c.app.Intake.Accept(t.Context(), ada, intake.Envelope{Recipients: []letterlock.Address{"marta@quillfeather.example"}, Via: letterlock.ByCompose,
			Protection: letterlock.EncryptOnly, Portal: true}, strings.NewReader("From: ada@contoso.example\r\nSubject: Salary\r\n\r\n84000\r\n"))
		if err != nil {
			t.Fatal(err)
		}
	}
	identity, recipient := agePair(t)
	other, _ := agePair(t)
	file, into := filepath.Join(t.TempDir(), "b.age"), filepath.Join(t.TempDir(), "data")
	steps := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"for nobody", []string{"backup", "--to", file}, 2, "age-keygen"},
		{"for whoever is no recipient", []string{"backup", "--to", file, "--recipient", "age1x"}, 2, "age-keygen"},
		{"while the server runs", []string{"backup", "--to", file, "--recipient", recipient}, 0, "is written"},
		{"over another", []string{"backup", "--to", file, "--recipient", recipient}, 2, "is there already"},
		{"verified", []string{"backup", "verify", file, "--identity", identity}, 0, "3 messages opened to the last byte"},
		{"verified with another identity", []string{"backup", "verify", file, "--identity", other}, 2, "cannot be used"},
		{"restored", []string{"restore", "--into", into, "--from", file, "--identity", identity}, 0, "keyring (with epoch 1)"},
		{"restored again", []string{"restore", "--into", into, "--from", file, "--identity", identity}, 2, "is not empty"},
		{"restored by halves", []string{"restore", "--into", into, "--from", file}, 2, "--identity"},
		{"restored with a message", []string{"restore", "<x@y>", "--into", into, "--from", file, "--identity", identity}, 2, "nothing about a message"},
		{"restore of nothing", []string{"restore"}, 2, "Message-ID"},
	}
	for _, s := range steps {
		out, errs, code := c.run("", s.args...)
		if code != s.code || !strings.Contains(out+errs, s.want) {
			t.Errorf("%s: ended with %d: %s%s, want %d and %q", s.name, code, out, errs, s.code, s.want)
		}
	}
	list, err := os.ReadDir(into)
	if err != nil || len(list) != 1 || list[0].Name() != "letterlock.db" {
		t.Errorf("the restored folder has %v, %v", list, err)
	}
	left, err := filepath.Glob(filepath.Join(c.cfg.DataDir, "*restored*"))
	more, err2 := filepath.Glob(filepath.Join(c.cfg.DataDir, "*.backup*"))
	if err != nil || err2 != nil || len(left)+len(more) > 0 {
		t.Errorf("in the data folder are left %v %v", left, more)
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(text), "quillfeather") {
		t.Errorf("the backup can be read as it is, or not at all: %v", err)
	}
	out, _, _ := c.run("", "audit", "list", "--action", "make backup", "--json")
	var page struct{ Entries []json.RawMessage }
	if err := json.Unmarshal([]byte(out), &page); err != nil || len(page.Entries) != 3 {
		t.Errorf("the audit log has %d entries of backups, %v, want one and two refusals", len(page.Entries), err)
	}
}
