package main

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/auditlog"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// papers are what leaves a house for its audit log to be checked: in a folder of
// their own, where nothing else is.
func papers(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	db, err := store.Open(t.Context(), t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := &auditlog.Service{DB: db, Signer: seal.NewSigner(), Host: "mail.contoso.example", Organization: "Contoso",
		File: filepath.Join(dir, "checkpoints"), Log: slog.New(slog.DiscardHandler)}
	auditor := letterlock.Actor{Kind: letterlock.Staff, Address: "audit@contoso.example", Roles: []letterlock.Role{letterlock.Auditor}}
	m := letterlock.Message{ID: letterlock.NewID(), MessageID: "<1@contoso.example>"}
	r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Address: "marta@quillfeather.example"}, Experience: letterlock.Link}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.AddMessage(m, nil, store.Sealed{}), tx.AddRecipient(r, 0, []byte("token")),
			tx.Audit(letterlock.Entry{Actor: auditor, Action: "revoke", Target: "marta", Allowed: true}))
	})
	proof, err1 := s.ProveNonAccess(t.Context(), auditor, m.ID, r.Mailbox.Address)
	export, err2 := os.Create(filepath.Join(dir, "export"))
	err = errors.Join(err, err1, err2, s.Checkpoint(t.Context()), s.Export(t.Context(), auditor, export), export.Close(),
		os.WriteFile(filepath.Join(dir, "proof"), proof, 0o600),
		os.WriteFile(filepath.Join(dir, "key"), []byte(s.PublicKey()), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// verify runs the command where nothing but the papers is, and returns what it
// printed and its exit code.
func verify(t *testing.T, dir string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"audit", "verify"}, args...)...)
	cmd.Dir, cmd.Env = dir, []string{"HOME=/nonexistent"}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestALogAndAProofAreCheckedWithTheirFilesAlone(t *testing.T) {
	t.Parallel()
	change := func(file, from, to string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, file)
			b, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(b), from) {
				t.Fatalf("%s has no %q, %v: nothing would change", file, from, err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(b), from, to, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	log := []string{"export", "--checkpoints", "checkpoints", "--public-key", "key"}
	proof := []string{"--proof", "proof", "--public-key", "key"}
	all := append([]string{"--proof", "proof"}, log...)
	tests := []struct {
		name   string
		args   []string
		change func(t *testing.T, dir string)
		want   string
		exit   int
	}{
		{"a log", log, nil, "The log fits its 1 checkpoints: no row up to 2 was changed, removed, added or moved since 2026-11-20 09:00:00 UTC.\n1 more came after the last checkpoint.", 0},
		{"a proof", proof, nil, "The proof is genuine. \"mail.contoso.example\" (\"Contoso\") states on 2026-11-20 09:00:00 UTC:\n  This recipient has not opened the message", 0},
		{"both", all, nil, "The log has the row that the proof was made of, and nothing against it.", 0},
		{"JSON", append([]string{"--json"}, all...), nil, "\"fits\": true", 0},
		{"a changed column", log, change("export", `"allowed":1`, `"allowed":0`), `error: row 1: the column "allowed" was changed`, exitUnfit},
		{"a changed row in JSON", append([]string{"--json"}, log...), change("export", `marta`, `peter`), `"fault": "row 1: it was changed`, exitUnfit},
		{"a changed checkpoint", log, change("checkpoints", `"seq":2`, `"seq":1`), "error: checkpoints, line 1: it was changed or forged", exitUnfit},
		{"a changed proof", all, change("proof", "marta@", "peter@"), "error: statement: it was changed or forged", exitUnfit},
		{"no checkpoints", []string{"export", "--public-key", "key"}, nil, "give an export and its checkpoints, or a proof", exitUsage},
		{"nothing", []string{"--public-key", "key"}, nil, "give an export and its checkpoints, or a proof", exitUsage},
		{"no key", []string{"--proof", "proof"}, nil, "missing flags: --public-key=FILE", exitUsage},
		{"no key in the file", []string{"--proof", "proof", "--public-key", "proof"}, nil, "there is no public key (PEM) in it", exitUsage},
		{"a file that is not there", []string{"none", "--checkpoints", "checkpoints", "--public-key", "key"}, nil, "no such file", exitUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := papers(t)
			if tt.change != nil {
				tt.change(t, dir)
			}
			if got, exit := verify(t, dir, tt.args...); exit != tt.exit || !strings.Contains(got, tt.want) {
				t.Errorf("exit code %d, want %d:\n%s\nwant %s", exit, tt.exit, got, tt.want)
			}
		})
	}
}
