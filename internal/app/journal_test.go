package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const reason = "sent to the wrong person"

var (
	sender   = letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
	operator = letterlock.Actor{Kind: letterlock.Operator, Name: "uid 1"}
	marta    = letterlock.Actor{Kind: letterlock.Reader, Address: "marta@quillfeather.example"}
)

// A machine is an installation that is started, stopped, copied and lost.
type machine struct {
	t   *testing.T
	cfg config.Config
	box *inbox.Box
	// late is how far its clock is ahead, in nanoseconds.
	late atomic.Int64
	*app.App
}

func (m *machine) now() time.Time { return time.Now().Add(time.Duration(m.late.Load())) }

func newMachine(t *testing.T) *machine {
	t.Helper()
	dir := t.TempDir()
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "http", Host: "localhost:1"}}
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(dir, "data"), filepath.Join(dir, "master.key")
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "notify@contoso.example"}
	box, err := inbox.Open("", time.Now)
	m := &machine{t: t, cfg: cfg, box: box}
	m.must(err)
	m.start()
	t.Cleanup(m.stop)
	return m
}

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) open() (*app.App, error) {
	return app.New(m.t.Context(), m.cfg, app.Options{Mailer: m.box, Assured: true, Now: m.now, Log: silent})
}

func (m *machine) start() {
	m.t.Helper()
	a, err := m.open()
	m.must(err)
	m.App = a
}

func (m *machine) stop() {
	m.t.Helper()
	if m.App != nil {
		m.must(m.Close())
		m.App = nil
	}
}

func (m *machine) restart() { m.t.Helper(); m.stop(); m.start() }

// send has Ada send a message to Marta.
func (m *machine) send(expires time.Time) letterlock.ID {
	m.t.Helper()
	r, err := m.Intake.Accept(m.t.Context(), sender, intake.Envelope{Recipients: []letterlock.Address{marta.Address}, Via: letterlock.ByCompose,
		Protection: letterlock.EncryptOnly, Expires: expires, Portal: true}, strings.NewReader("From: ada@contoso.example\r\nSubject: Offer\r\n\r\nthe salary is 84000\r\n"))
	m.must(err)
	return r.ID
}

// read reads as Marta, or fails as Open does.
func (m *machine) read(id letterlock.ID) error {
	l, err := m.Access.Open(m.t.Context(), marta, id)
	if err != nil {
		return err
	}
	defer l.Close()
	text, _, err := l.Index.OpenText(l.Raw, l.Index.TextPart(), 1<<20)
	if err == nil && !strings.Contains(text, "84000") {
		m.t.Errorf("the message says %q", text)
	}
	return err
}

// copyTree copies a folder and what is in it.
func (m *machine) copyTree(from, to string) {
	m.t.Helper()
	m.must(os.RemoveAll(to))
	m.must(os.CopyFS(to, os.DirFS(from)))
	m.must(os.Chmod(to, 0o700))
	m.must(filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return errors.Join(err, os.Chmod(path, 0o400|0o200))
	}))
}

// journal is the file of the journal.
func (m *machine) journal() string { return m.cfg.JournalFile() }

// lines are those of the journal.
func (m *machine) lines() [][]byte {
	m.t.Helper()
	text, err := os.ReadFile(m.journal())
	m.must(err)
	return bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

// entries returns what the audit log says of an action.
func (m *machine) entries(action string) string {
	m.t.Helper()
	var out bytes.Buffer
	m.must(m.Audit.Export(m.t.Context(), operator, &out))
	var found []string
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, `"action":"`+action+`"`) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

// fates are what becomes of a message after the backup was made, and what is to be
// seen of it when that was restored.
var fates = []struct {
	name   string
	before func(m *machine, id letterlock.ID) error
	after  func(m *machine, id letterlock.ID) error
	want   error // from reading; nil: it can be read
	backup error // what the backup alone would say
}{
	{name: "nothing"},
	{name: "revoked", after: (*machine).revoke, want: letterlock.Gone},
	{name: "destroyed", after: func(m *machine, id letterlock.ID) error { return m.Access.Destroy(m.t.Context(), operator, id, reason) }, want: letterlock.NotFound},
	{name: "revoked before", before: (*machine).revoke, want: letterlock.Gone, backup: letterlock.Gone},
	{name: "revoked before, restored", before: (*machine).revoke, after: (*machine).restore, backup: letterlock.Gone},
	{name: "revoked and restored", after: func(m *machine, id letterlock.ID) error { return errors.Join(m.revoke(id), m.restore(id)) }},
	{name: "revoked, restored and revoked", after: func(m *machine, id letterlock.ID) error {
		return errors.Join(m.revoke(id), m.restore(id), m.revoke(id))
	}, want: letterlock.Gone},
	{name: "made to expire", after: func(m *machine, id letterlock.ID) error {
		return m.Access.SetExpiry(m.t.Context(), operator, id, m.now().Add(time.Hour))
	}, want: letterlock.Gone},
	{name: "given more time", after: func(m *machine, id letterlock.ID) error {
		return errors.Join(m.Access.SetExpiry(m.t.Context(), operator, id, m.now().Add(time.Hour)), m.Access.SetExpiry(m.t.Context(), operator, id, time.Time{}))
	}},
}

func (m *machine) revoke(id letterlock.ID) error {
	return m.Access.Revoke(m.t.Context(), operator, id, reason)
}

func (m *machine) restore(id letterlock.ID) error {
	return m.Access.Restore(m.t.Context(), operator, id)
}

// fate says whether reading ended as it should.
func fate(t *testing.T, what string, got, want error) {
	t.Helper()
	if want == nil && got != nil || want != nil && !errors.Is(got, want) {
		t.Errorf("%s: reading it: %v, want %v", what, got, want)
	}
}

// TestARestoredBackupBringsNothingBack has the data of before the acts back, under
// the journal of after them.
func TestARestoredBackupBringsNothingBack(t *testing.T) {
	m := newMachine(t)
	var ids []letterlock.ID
	for _, f := range fates {
		id := m.send(time.Time{})
		ids = append(ids, id)
		if f.before != nil {
			m.must(f.before(m, id))
		}
	}
	m.stop()
	backup := m.cfg.DataDir + "-backup"
	m.copyTree(m.cfg.DataDir, backup)
	old := filepath.Join(t.TempDir(), "revocations.jsonl")
	m.must(os.WriteFile(old, bytes.Join(m.lines(), nil), 0o600))
	m.start()
	for i, f := range fates {
		if f.after != nil {
			m.must(f.after(m, ids[i]))
		}
	}
	unknown := m.send(time.Time{})
	m.must(m.revoke(unknown))
	m.stop()

	m.late.Store(int64(2 * time.Hour)) // what was made to expire has
	// With the journal as old as the backup, access is there again: this can fail.
	current := m.journal()
	m.cfg.Revocation.Journal = old
	m.copyTree(backup, m.cfg.DataDir)
	m.start()
	for i, f := range fates {
		fate(t, f.name+", without the journal", m.read(ids[i]), f.backup)
	}
	m.stop()

	m.cfg.Revocation.Journal = current
	m.copyTree(backup, m.cfg.DataDir)
	m.start()
	for range 2 {
		for i, f := range fates {
			fate(t, f.name, m.read(ids[i]), f.want)
		}
		m.restart()
	}
	if n := strings.Count(m.entries("revoke"), "replayed from the journal"); n != 4 {
		t.Errorf("the audit log knows of %d revocations from the journal, want 4", n)
	}
	if m.entries("replay journal") == "" {
		t.Error("the audit log does not know that the journal was replayed")
	}
}

// settle lets batches run until this one has come to its end.
func (m *machine) settle(id letterlock.ID) {
	m.t.Helper()
	ctx, stop := context.WithCancel(m.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Access.RunBatches(ctx) }()
	for {
		b, err := m.Access.Batch(ctx, operator, id)
		if err != nil || b.State != letterlock.BatchRunning && b.State != letterlock.BatchUndoing {
			stop()
			m.must(errors.Join(err, <-ended))
			return
		}
		runtime.Gosched() // nobody is told when it is done: it is looked at again
	}
}

// TestWhatWasRevokedForGoodStaysSoWhenAnOlderBatchIsUndone has the data come back of
// when a batch alone had removed access, which undoing it would give back.
func TestWhatWasRevokedForGoodStaysSoWhenAnOlderBatchIsUndone(t *testing.T) {
	m := newMachine(t)
	id := m.send(time.Time{})
	b, err := m.Access.PlanChosen(t.Context(), operator, []letterlock.Target{{Message: id}}, "")
	m.must(err)
	m.must(m.Access.StartBatch(t.Context(), operator, b.ID))
	m.settle(b.ID)
	m.stop()
	backup := m.cfg.DataDir + "-backup"
	m.copyTree(m.cfg.DataDir, backup)
	m.start()
	m.must(m.revoke(id))
	m.stop()
	m.copyTree(backup, m.cfg.DataDir)
	m.start()
	m.must(m.Access.UndoBatch(t.Context(), operator, b.ID))
	m.settle(b.ID)
	fate(t, "after the batch was undone", m.read(id), letterlock.Gone)
}

// TestABatchThatWasBeingUndoneAtABackupStopsWithTheRestore would otherwise give back
// what was stopped in the time that is lost.
func TestABatchThatWasBeingUndoneAtABackupStopsWithTheRestore(t *testing.T) {
	m := newMachine(t)
	id, other := m.send(time.Time{}), m.send(time.Time{})
	b, err := m.Access.PlanChosen(t.Context(), operator, []letterlock.Target{{Message: id}}, "")
	m.must(err)
	m.must(m.Access.StartBatch(t.Context(), operator, b.ID))
	m.settle(b.ID)
	m.must(m.Access.UndoBatch(t.Context(), operator, b.ID)) // nobody runs it yet
	m.stop()
	backup := m.cfg.DataDir + "-backup"
	m.copyTree(m.cfg.DataDir, backup)
	m.start()
	m.must(m.revoke(other)) // the journal is longer than the backup
	m.stop()
	m.copyTree(backup, m.cfg.DataDir)
	m.start()
	m.settle(b.ID)
	fate(t, "after the restore", m.read(id), letterlock.Gone)
	if !strings.Contains(m.entries("undo batch"), "the database was restored") {
		t.Errorf("the audit log does not say why it was stopped:\n%s", m.entries("undo batch"))
	}
	m.must(m.Access.UndoBatch(t.Context(), operator, b.ID))
	m.settle(b.ID)
	fate(t, "after somebody has undone it again", m.read(id), nil)
}

// refused starts the machine and wants that to be refused with a sentence.
func (m *machine) refused(says string) {
	m.t.Helper()
	a, err := m.open()
	if err == nil {
		m.must(a.Close())
	}
	if !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != "journal-lost" || !strings.Contains(err.Error(), says) {
		m.t.Errorf("starting: %v, want %q", err, says)
	}
}

func TestAJournalThatIsNotTheOneThatWasIsRefusedUntilSomebodyAccepts(t *testing.T) {
	tests := []struct {
		name string
		harm func(m *machine) error
		says string
	}{
		{"missing", func(m *machine) error { return os.Remove(m.journal()) }, "is missing or empty"},
		{"folder missing", func(m *machine) error { return os.RemoveAll(filepath.Dir(m.journal())) }, "is missing or empty"},
		{"empty", func(m *machine) error { return os.Truncate(m.journal(), 0) }, "is missing or empty"},
		{"end removed", func(m *machine) error {
			l := m.lines()
			return os.WriteFile(m.journal(), bytes.Join(l[:len(l)-2], nil), 0o600)
		}, "its end was lost"},
		{"changed", func(m *machine) error {
			text := bytes.Join(m.lines(), nil)
			return os.WriteFile(m.journal(), bytes.Replace(text, []byte(`"act":"revoke"`), []byte(`"act":"revere"`), 1), 0o600)
		}, "does not follow"},
		{"of another installation", func(m *machine) error {
			other := newMachine(m.t)
			for range 9 {
				if err := other.revoke(other.send(time.Time{})); err != nil {
					return err
				}
			}
			return os.WriteFile(m.journal(), bytes.Join(other.lines(), nil), 0o600)
		}, "tells of something else"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			var ids []letterlock.ID
			for range 4 {
				id := m.send(time.Time{})
				m.must(m.revoke(id))
				ids = append(ids, id)
			}
			m.stop()
			m.must(tt.harm(m))
			m.refused(tt.says)
			m.refused(tt.says) // looking at it has changed nothing
			if _, err := app.AcceptLostJournal(t.Context(), m.cfg, m.now, operator, "yes"); !errors.Is(err, letterlock.Invalid) {
				t.Errorf("accepting in other words: %v", err)
			}
			m.refused(tt.says)
			if _, err := app.AcceptLostJournal(t.Context(), m.cfg, m.now, operator, app.AcceptLost); err != nil {
				t.Fatal(err)
			}
			m.start()
			for _, id := range ids {
				fate(t, "revoked", m.read(id), letterlock.Gone)
			}
			if said := m.entries("accept lost journal"); !strings.Contains(said, app.AcceptLost) || !strings.Contains(said, "uid 1") {
				t.Errorf("the audit log says %q", said)
			}
			m.must(m.revoke(m.send(time.Time{})))
			m.restart()
			m.stop()
			if _, err := app.AcceptLostJournal(t.Context(), m.cfg, m.now, operator, app.AcceptLost); letterlock.KeyOf(err) != "nothing-lost" {
				t.Errorf("accepting where nothing is lost: %v", err)
			}
		})
	}
}

// TestACrashBetweenCommitAndJournalIsNoLostJournal cuts off the file what the last
// revocation added, as a crash after its commit would.
func TestACrashBetweenCommitAndJournalIsNoLostJournal(t *testing.T) {
	m := newMachine(t)
	for _, rest := range []int{0, 5, 60} { // bytes that are left of the last line
		id := m.send(time.Time{})
		m.must(m.revoke(id))
		m.stop()
		l := m.lines()
		whole := bytes.Join(l, nil)
		m.must(os.Truncate(m.journal(), int64(len(whole)-len(l[len(l)-1])+rest)))
		m.start()
		if again := bytes.Join(m.lines(), nil); !bytes.Equal(again, whole) {
			t.Errorf("with %d bytes left of its last line, the journal is another one now", rest)
		}
		fate(t, "revoked", m.read(id), letterlock.Gone)
	}
}

// TestTheFirstStartWithAJournalWritesWhatEndedBefore stands for an upgrade from a
// version without one, and a restore of a backup from before the upgrade.
func TestTheFirstStartWithAJournalWritesWhatEndedBefore(t *testing.T) {
	m := newMachine(t)
	revoked, destroyed, live := m.send(time.Time{}), m.send(time.Time{}), m.send(time.Time{})
	forget := func() {
		m.stop()
		db, err := sql.Open("sqlite", filepath.Join(m.cfg.DataDir, store.File))
		m.must(err)
		_, err = db.Exec(`DELETE FROM journal`)
		m.must(errors.Join(err, db.Close()))
	}
	forget()
	backup := m.cfg.DataDir + "-backup"
	m.copyTree(m.cfg.DataDir, backup)
	m.start()
	m.must(errors.Join(m.revoke(revoked), m.Access.Destroy(t.Context(), operator, destroyed, reason)))
	forget()
	m.must(os.Remove(m.journal()))
	m.start()
	m.stop()
	m.copyTree(backup, m.cfg.DataDir)
	m.start()
	fate(t, "revoked", m.read(revoked), letterlock.Gone)
	fate(t, "destroyed", m.read(destroyed), letterlock.NotFound)
	fate(t, "live", m.read(live), nil)
}

// TestARevocationThatTheJournalDoesNotHaveIsNotAnswered has the journal away: access
// ends, and nobody is told that it is safe.
func TestARevocationThatTheJournalDoesNotHaveIsNotAnswered(t *testing.T) {
	m := newMachine(t)
	id := m.send(time.Time{})
	m.must(os.Rename(m.journal(), m.journal()+".away"))
	for range 2 {
		if err := m.revoke(id); !store.Unsettled(err) {
			t.Errorf("revoking: %v", err)
		}
		fate(t, "revoked", m.read(id), letterlock.Gone)
	}
	m.must(os.Rename(m.journal()+".away", m.journal()))
	if err := m.revoke(id); err != nil {
		t.Errorf("revoking again: %v", err)
	}
	if text := string(bytes.Join(m.lines(), nil)); !strings.Contains(text, string(id)) {
		t.Errorf("the journal does not name the message:\n%s", text)
	}
}

func TestAJournalThatOnlyBeganIsMissed(t *testing.T) {
	m := newMachine(t)
	m.stop()
	m.must(os.Remove(m.journal()))
	m.refused("is missing or empty, and had 1 entry")
}
