package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

var (
	operator = letterlock.Actor{Kind: letterlock.Operator, Name: "uid 1"}
	ada      = letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
)

// A site is a database with keys and messages, and who can open its backups.
type site struct {
	*Service
	t    *testing.T
	dir  string
	keys seal.Keys
	id   *age.X25519Identity
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	var err error
	files := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: s.dir}
	s.keys, _, err = files.Start(false)
	s.must(err)
	s.keys.Audit, err = files.Signer(false)
	s.must(err)
	db, err := store.Open(t.Context(), s.dir, time.Now)
	s.must(err)
	t.Cleanup(func() { db.Close() })
	s.must(db.Write(t.Context(), func(tx *store.Tx) error { return tx.AddAuditKey(s.keys.Audit.Public()) }))
	s.id, err = age.GenerateX25519Identity()
	s.must(err)
	s.Service = &Service{DB: db, Signer: s.keys.Audit, Version: "test", Host: "mail.contoso.example"}
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// send has Ada send a message.
func (s *site) send() {
	s.t.Helper()
	in := &intake.Service{DB: s.DB, Vault: &vault.Vault{DB: s.DB, Keys: s.keys.Ring}, Pepper: s.keys.Pepper,
		Rules: policy.Settings{Domains: []string{"contoso.example"}}, Domain: "contoso.example", Wake: func() {}}
	_, err := in.Accept(s.t.Context(), ada, intake.Envelope{Recipients: []letterlock.Address{"marta@quillfeather.example"}, Via: letterlock.ByCompose,
		Protection: letterlock.EncryptOnly}, strings.NewReader("From: ada@contoso.example\r\nSubject: Salary\r\n\r\n"+strings.Repeat("84000\r\n", 20_000)))
	s.must(err)
}

// make makes a backup.
func (s *site) make() []byte {
	s.t.Helper()
	write, err := s.Begin(s.t.Context(), operator, []string{s.id.Recipient().String()})
	s.must(err)
	var out bytes.Buffer
	s.must(write(&out))
	return out.Bytes()
}

func (s *site) restore(b []byte) (Manifest, string, error) {
	dir := filepath.Join(s.t.TempDir(), "data")
	m, err := Restore(s.t.Context(), dir, bytes.NewReader(b), []age.Identity{s.id})
	return m, dir, err
}

func TestABackupHoldsTheDatabaseAndNoKey(t *testing.T) {
	s := newSite(t)
	s.send()
	b := s.make()
	plain, err := age.Decrypt(bytes.NewReader(b), s.id)
	s.must(err)
	text, err := io.ReadAll(plain)
	s.must(err)
	if !bytes.Contains(text, []byte("Salary")) || bytes.Contains(b, []byte("Salary")) {
		t.Error("the subject is not in the backup, or can be read without the identity")
	}
	keys := 0
	s.must(filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".key") {
			return err
		}
		keys++
		secret, err := os.ReadFile(path)
		if bytes.Contains(text, secret) {
			t.Errorf("%s is in the backup", path)
		}
		return err
	}))
	if keys < 3 {
		t.Errorf("%d keys were looked for: this test would prove nothing", keys)
	}
	m, dir, err := s.restore(b)
	s.must(err)
	if m.Facts.Messages != 1 || m.Facts.Keys != 2 || m.Version != "test" || m.Host != "mail.contoso.example" {
		t.Errorf("the manifest says %+v", m)
	}
	info, err := os.Stat(filepath.Join(dir, store.File))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database: %v, %v", info, err)
	}
}

func TestABackupIsOfOneMomentWhileMailComesIn(t *testing.T) {
	s := newSite(t)
	s.send()
	more, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stop)
		for {
			select {
			case <-more:
				return
			default:
				s.send()
			}
		}
	}()
	var made [][]byte
	for range 5 {
		made = append(made, s.make())
	}
	close(more)
	<-stop
	last := int64(0)
	for _, b := range made {
		m, _, err := s.restore(b)
		if err != nil {
			t.Fatal(err)
		}
		if m.Facts.Messages < last || m.Facts.Keys != 2*m.Facts.Messages || m.Facts.Recipients != m.Facts.Messages {
			t.Errorf("a backup has %+v", m.Facts)
		}
		last = m.Facts.Messages
	}
}

func TestVerifyOpensMessagesAndLeavesNothing(t *testing.T) {
	s := newSite(t)
	for range 5 {
		s.send()
	}
	b, in := s.make(), t.TempDir()
	verify := func(b []byte, keys seal.Keys) (Report, error) {
		return Verify(t.Context(), in, 0, bytes.NewReader(b), []age.Identity{s.id}, keys)
	}
	if r, err := verify(b, s.keys); err != nil || r.Opened != 5 || r.Rows == 0 {
		t.Errorf("Verify = %+v, %v, want 5 messages opened", r, err)
	}
	other := newSite(t)
	if _, err := verify(b, other.keys); letterlock.KeyOf(err) != "backup-broken" {
		t.Errorf("with the keys of another installation: %v", err)
	}
	foreign := s.keys
	foreign.Ring = other.keys.Ring
	if r, err := verify(b, foreign); letterlock.KeyOf(err) != "backup-keys" || r.Opened != 0 {
		t.Errorf("with a keyring that opens nothing: %+v, %v", r, err)
	}
	if _, err := verify(b[:len(b)-1], s.keys); letterlock.KeyOf(err) != "backup-broken" {
		t.Errorf("of a backup that was cut off: %v", err)
	}
	if list, err := os.ReadDir(in); err != nil || len(list) > 0 {
		t.Errorf("%v is left, %v", list, err)
	}
}

// TestAnyDamageIsFoundAndNothingStays cuts a backup off and changes it, in many places.
func TestAnyDamageIsFoundAndNothingStays(t *testing.T) {
	s := newSite(t)
	s.send()
	b := s.make()
	if _, _, err := s.restore(b); err != nil {
		t.Fatal(err)
	}
	try := func(what string, at int, b []byte) {
		_, dir, err := s.restore(b)
		if letterlock.KeyOf(err) != "backup-broken" {
			t.Errorf("%s at %d of %d: %v", what, at, len(b), err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s at %d: the folder stays", what, at)
		}
	}
	step := len(b) / 25
	for at := 0; at < len(b); at += step {
		try("cut off", at, b[:at])
		changed := bytes.Clone(b)
		changed[at] ^= 1
		try("changed", at, changed)
	}
	try("cut off", len(b)-1, b[:len(b)-1])
	try("added to", len(b), append(bytes.Clone(b), 0))
}

// TestAnArchiveThatIsNotOursWritesNothingElsewhere: whoever knows the recipient can
// encrypt to it.
func TestAnArchiveThatIsNotOursWritesNothingElsewhere(t *testing.T) {
	s := newSite(t)
	s.send()
	database := s.plain()
	manifest := func(change func(*Manifest)) []byte {
		m := Manifest{Format: format}
		piece, err := put(tar.NewWriter(io.Discard), databaseName, int64(len(database)), bytes.NewReader(database))
		s.must(err)
		m.Pieces = []Piece{piece}
		change(&m)
		text, err := json.Marshal(m)
		s.must(err)
		return text
	}
	same := func(*Manifest) {}
	type file struct {
		name string
		kind byte
		text []byte
	}
	tests := []struct {
		name  string
		files []file
	}{
		{"nothing", nil},
		{"a way up", []file{{"../letterlock.db", tar.TypeReg, database}, {manifestName, tar.TypeReg, manifest(same)}}},
		{"a whole path", []file{{filepath.Join(t.TempDir(), "x"), tar.TypeReg, database}}},
		{"a link", []file{{databaseName, tar.TypeSymlink, nil}, {manifestName, tar.TypeReg, manifest(same)}}},
		{"a key beside it", []file{{databaseName, tar.TypeReg, database}, {"pepper.key", tar.TypeReg, []byte("x")}}},
		{"something behind it", []file{{databaseName, tar.TypeReg, database}, {manifestName, tar.TypeReg, manifest(same)}, {"x", tar.TypeReg, []byte("x")}}},
		{"no manifest", []file{{databaseName, tar.TypeReg, database}}},
		{"a manifest that is none", []file{{databaseName, tar.TypeReg, database}, {manifestName, tar.TypeReg, []byte("{")}}},
		{"a manifest of other facts", []file{{databaseName, tar.TypeReg, database}, {manifestName, tar.TypeReg, manifest(same)}}},
		{"a manifest of another database", []file{{databaseName, tar.TypeReg, database}, {manifestName, tar.TypeReg, manifest(func(m *Manifest) { m.Pieces[0].SHA256[0] ^= 1 })}}},
		{"another form", []file{{databaseName, tar.TypeReg, database}, {manifestName, tar.TypeReg, manifest(func(m *Manifest) { m.Format = 9 })}}},
		{"no database", []file{{databaseName, tar.TypeReg, []byte("SQLite format 3")}, {manifestName, tar.TypeReg, manifest(same)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			secret, err := age.Encrypt(&b, s.id.Recipient())
			s.must(err)
			out := tar.NewWriter(secret)
			for _, f := range tt.files {
				s.must(out.WriteHeader(&tar.Header{Typeflag: f.kind, Name: f.name, Size: int64(len(f.text)), Linkname: "/etc/passwd", Mode: 0o600}))
				_, err := out.Write(f.text)
				s.must(err)
			}
			s.must(errors.Join(out.Close(), secret.Close()))
			_, dir, err := s.restore(b.Bytes())
			if letterlock.KeyOf(err) != "backup-broken" {
				t.Errorf("Restore = %v", err)
			}
			if list, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(list) > 0 {
				t.Errorf("%v is left, %v", list, err)
			}
		})
	}
}

// plain is the database inside a backup.
func (s *site) plain() (text []byte) {
	s.t.Helper()
	_, err := unpack(bytes.NewReader(s.make()), []age.Identity{s.id}, func(_ int64, r io.Reader) (err error) { text, err = io.ReadAll(r); return err })
	s.must(err)
	return text
}

// TestNoCopyStays has the backup end in its middle, for several reasons.
func TestNoCopyStays(t *testing.T) {
	s := newSite(t)
	s.send()
	to := []string{s.id.Recipient().String()}
	tests := []struct {
		name string
		w    func(cancel func()) io.Writer
	}{
		{"nobody reads", func(func()) io.Writer { return &short{left: 2000} }},
		{"given up", func(cancel func()) io.Writer { cancel(); return io.Discard }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			write, err := s.Begin(ctx, operator, to)
			s.must(err)
			if _, err := s.Begin(ctx, operator, to); letterlock.KeyOf(err) != "backup" {
				t.Errorf("a second at the same time: %v", err)
			}
			if err := write(tt.w(cancel)); err == nil {
				t.Error("it did not fail")
			}
			if left, err := filepath.Glob(filepath.Join(s.dir, "*backup*")); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
	s.make() // and the next one may begin
}

// A short takes so many bytes.
type short struct{ left int }

func (s *short) Write(p []byte) (int, error) {
	if s.left -= len(p); s.left < 0 {
		return 0, errors.New("nobody reads any more")
	}
	return len(p), nil
}

func TestOnlyAnAdministratorMakesABackup(t *testing.T) {
	s := newSite(t)
	to := []string{s.id.Recipient().String()}
	for _, by := range []letterlock.Actor{{}, ada, {Kind: letterlock.Staff, Address: "a@contoso.example", Roles: []letterlock.Role{letterlock.Revoker}}} {
		if _, err := s.Begin(t.Context(), by, to); !errors.Is(err, letterlock.Denied) {
			t.Errorf("Begin by %v = %v", by, err)
		}
	}
}

func TestARestoreWantsAFolderOfItsOwn(t *testing.T) {
	s := newSite(t)
	s.send()
	b := s.make()
	if err := os.WriteFile(filepath.Join(t.TempDir(), "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	full := t.TempDir()
	s.must(os.WriteFile(filepath.Join(full, "x"), nil, 0o600))
	ids := []age.Identity{s.id}
	for _, dir := range []string{full, filepath.Join(full, "x"), filepath.Join(full, "no", "way")} {
		if _, err := Restore(t.Context(), dir, bytes.NewReader(b), ids); letterlock.KeyOf(err) != "restore-folder" {
			t.Errorf("into %s: %v", dir, err)
		}
	}
	if list, err := os.ReadDir(full); err != nil || len(list) != 1 {
		t.Errorf("the full folder has %v, %v", list, err)
	}
	if _, err := Restore(t.Context(), t.TempDir(), bytes.NewReader(b), ids); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
}
