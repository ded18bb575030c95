package inbox

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestMailsAreThereAgainAfterARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "inbox")
	b := reopen(t, dir)
	send(t, b, marta, "Subject: one\r\n\r\n1")
	send(t, b, jon, "Subject: two\r\n\r\n2\x00\xff")
	send(t, b, marta, "Subject: three\r\n\r\n3")
	again := reopen(t, dir)
	if got, want := again.Mailboxes(), b.Mailboxes(); !reflect.DeepEqual(got, want) {
		t.Errorf("mailboxes = %v, want %v", got, want)
	}
	if got, want := again.Mails(marta), b.Mails(marta); !reflect.DeepEqual(got, want) {
		t.Errorf("mails of marta = %v, want %v", got, want)
	}
	if got, want := again.Mails(jon), b.Mails(jon); !reflect.DeepEqual(got, want) {
		t.Errorf("mails of jon = %v, want %v", got, want)
	}
	send(t, again, jon, "x")
	if got := again.Mails(jon)[0].Seq; got != 4 {
		t.Errorf("next mail has number %d, want 4", got)
	}
}

func TestOnlyTheOwnerMayReadTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inbox")
	send(t, reopen(t, dir), marta, "x")
	for _, name := range append(list(t, dir), ".") {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, st.Mode())
		}
	}
}

func TestAMailWithoutEnvelopeWasNeverDelivered(t *testing.T) {
	dir := t.TempDir()
	send(t, reopen(t, dir), marta, "1")
	for _, name := range []string{"00000002.eml", "00000002.json.tmp", "00000003.eml"} {
		write(t, dir, name, "half")
	}
	for _, name := range []string{"notes.eml", "7.eml", "00000004.eml.bak", "-0000001.eml", "README"} {
		write(t, dir, name, "somebody else's")
	}
	if got := contents(reopen(t, dir).Mails(marta)); got != "1" {
		t.Errorf("mails = %q, want 1", got)
	}
	want := "-0000001.eml 00000001.eml 00000001.json 00000004.eml.bak 7.eml README notes.eml"
	if got := strings.Join(list(t, dir), " "); got != want {
		t.Errorf("files = %s, want %s", got, want)
	}
}

func TestADamagedFolderIsNotOpened(t *testing.T) {
	tests := []struct{ name, envelope, says string }{
		{"no JSON", "{", "envelope 1"},
		{"no address", `{"to":"nobody","at":"2026-11-03T09:00:00Z"}`, "not a mail address"},
		{"no mail", `{"to":"marta@quillfeather.example","at":"2026-11-03T09:00:00Z"}`, "00000001.eml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "00000001.json", tt.envelope)
			if _, err := Open(dir, clock()); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Open = %v, want an error that says %q", err, tt.says)
			}
		})
	}
}

func TestAMailThatCannotBeKeptIsNotDelivered(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inbox")
	b := reopen(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := b.Send(t.Context(), "", marta, strings.NewReader("x")); err == nil {
		t.Error("Send = nil, want an error")
	}
	if n := len(b.Mails(marta)); n != 0 {
		t.Errorf("%d mails, want 0", n)
	}
}

func reopen(t *testing.T, dir string) *Box {
	t.Helper()
	b, err := Open(dir, clock())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// list returns the names of the files in dir, in order.
func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
