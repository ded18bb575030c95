package stress

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"letterlock/internal/app"
	"letterlock/internal/backup"
	"letterlock/internal/config"
	"letterlock/internal/eml"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

var grace = letterlock.Actor{Kind: letterlock.Operator, Name: "uid 0"}

// An estate is an installation with many mails, of which nothing is to remain but
// what is alive.
type estate struct {
	t     *testing.T
	app   *app.App
	files seal.Files
	root  string // everything that it writes: data, temporary files, log
	log   *os.File
	mails []*mail
}

// A mail is a message with words of its own in every part.
type mail struct {
	id      letterlock.ID
	words   []string
	holders []string // of its keys, and what was wrapped for each
	to      []letterlock.Address
	revoked string // a holder who lost access
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{t: t, root: t.TempDir()}
	temp := filepath.Join(e.root, "tmp")
	e.check(os.Mkdir(temp, 0o700))
	t.Setenv("TMPDIR", temp)
	var err error
	e.log, err = os.Create(filepath.Join(e.root, "log"))
	e.check(err)
	t.Cleanup(func() { e.log.Close() })
	box, err := inbox.Open("", time.Now)
	e.check(err)
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}}
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(e.root, "data"), filepath.Join(t.TempDir(), "master.key")
	cfg.TimeZone = config.Zone{Location: time.UTC}
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "notify@" + notifyDomain}
	e.files = seal.Files{Master: cfg.MasterKeyFile, Data: cfg.DataDir}
	e.app, err = app.New(t.Context(), cfg, app.Options{Mailer: box, Assured: true, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	e.check(err)
	t.Cleanup(func() { e.check(e.app.Close()) })
	e.check(e.app.Accounts.Put(t.Context(), letterlock.Actor{Kind: letterlock.System}, ada, "correct horse battery", letterlock.Sender))
	return e
}

func (e *estate) check(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// send has Ada send a mail to two recipients, with a word of its own in each part.
func (e *estate) send(n int) {
	e.t.Helper()
	word := func(part string) string { return fmt.Sprintf("%s-%06d-%s", part, n, letterlock.NewID()[:10])[:24] }
	m := &mail{to: []letterlock.Address{"marta@kovacs.example", "jonas@brandt.example"}}
	for _, part := range []string{"subject", "plains", "markup", "header", "naming", "inside", "second"} {
		m.words = append(m.words, word(part))
	}
	w := m.words
	d := eml.Draft{From: ada, Subject: w[0], Date: time.Now(), MessageID: eml.NewMessageID("contoso.example"), Text: w[1], HTML: "<p>" + w[2] + "</p>",
		Header: [][2]string{{"X-Note", w[3]}},
		Files: func(yield func(eml.File, error) bool) {
			_ = yield(eml.File{Name: w[4] + ".txt", Type: "text/plain", Body: strings.NewReader(w[5])}, nil) &&
				yield(eml.File{Name: "large.bin", Type: "application/octet-stream", Body: strings.NewReader(strings.Repeat(w[6], 3000))}, nil)
		},
	}
	for _, a := range m.to {
		d.To = append(d.To, letterlock.Mailbox{Address: a})
	}
	out, in := io.Pipe()
	go func() { in.CloseWithError(eml.Compose(in, d)) }()
	by, err := e.app.Accounts.Actor(e.t.Context(), ada.Address)
	e.check(err)
	r, err := e.app.Intake.Accept(e.t.Context(), by, intake.Envelope{Via: letterlock.ByCompose, Protection: letterlock.EncryptOnly, Portal: true, Recipients: m.to}, out)
	e.check(errors.Join(err, out.Close()))
	m.id, m.holders = r.ID, []string{store.SenderCopy}
	e.check(e.app.DB.Read(e.t.Context(), func(tx *store.Tx) error {
		all, err := tx.Recipients(m.id)
		for _, r := range all {
			m.holders = append(m.holders, string(r.ID))
		}
		return err
	}))
	e.mails = append(e.mails, m)
}

// raw returns every byte that the installation has on the disk, but for its keys,
// what it exports, and what a backup of it holds once it is opened.
func (e *estate) raw() (all []byte) {
	e.t.Helper()
	e.check(filepath.WalkDir(e.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(filepath.Dir(path)) == "keyring" {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, b...)
		return err
	}))
	var export bytes.Buffer
	e.check(e.app.Audit.Export(e.t.Context(), grace, &export))
	all = append(all, export.Bytes()...)
	if remainsMails() < 1000 { // many mails make it too large to look for each word
		all = append(all, e.backup()...)
	}
	return all
}

// backup makes a backup, and returns the database that is in it.
func (e *estate) backup() []byte {
	e.t.Helper()
	id, err := age.GenerateX25519Identity()
	e.check(err)
	write, err := e.app.Backups.Begin(e.t.Context(), grace, []string{id.Recipient().String()})
	e.check(err)
	var made bytes.Buffer
	e.check(write(&made))
	dir := filepath.Join(e.t.TempDir(), "restored")
	_, err = backup.Restore(e.t.Context(), dir, bytes.NewReader(made.Bytes()), []age.Identity{id})
	e.check(err)
	database, err := os.ReadFile(filepath.Join(dir, store.File))
	e.check(err)
	if len(database) == 0 {
		e.t.Fatal("the backup is empty: this test would prove nothing")
	}
	return database
}

// keys returns the keys that are on the disk now.
func (e *estate) keys() *seal.Keyring {
	e.t.Helper()
	k, _, err := e.files.Start(true)
	e.check(err)
	return k.Ring
}

// wrapLength is that of a wrapped key: epoch, salt, suite, nonce, key and tag.
const wrapLength, suiteAt = 4 + 16 + 1 + 12 + 16 + 16, 4 + 16

// candidates returns every place in raw bytes that might be a wrapped key.
func candidates(raw []byte, newest uint32) (list [][]byte) {
	seen := map[string]bool{}
	for i := 0; i+wrapLength <= len(raw); i++ {
		if raw[i] != 0 || raw[i+suiteAt] != 1 {
			continue
		}
		if epoch := binary.BigEndian.Uint32(raw[i:]); epoch == 0 || epoch > newest {
			continue
		}
		if w := raw[i : i+wrapLength]; !seen[string(w)] {
			seen[string(w)] = true
			list = append(list, bytes.Clone(w))
		}
	}
	return list
}

// opened counts the mails of which one of these holders' keys is among what was
// found, and can be opened.
func opened(found [][]byte, ring *seal.Keyring, mails []*mail, holders func(*mail) []string) int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	n := 0
	for half := range 2 {
		wg.Go(func() {
			for i := half; i < len(mails); i += 2 {
				if opens(found, ring, mails[i].id, holders(mails[i])) {
					mu.Lock()
					n++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return n
}

func opens(found [][]byte, ring *seal.Keyring, id letterlock.ID, holders []string) bool {
	for _, w := range found {
		for _, h := range holders {
			if _, err := ring.Unwrap(w, id, h); err == nil {
				return true
			}
		}
	}
	return false
}

func anyHolder(m *mail) []string { return m.holders }
func whoLost(m *mail) []string   { return []string{m.revoked} }

// holding counts the mails of which a word is found among raw bytes, as it is or as
// mails encode it.
func holding(raw []byte, mails []*mail) (n int) {
	for _, m := range mails {
		for _, w := range m.words {
			if bytes.Contains(raw, []byte(w)) || bytes.Contains(raw, []byte(base64.StdEncoding.EncodeToString([]byte(w)))) {
				n++
				break
			}
		}
	}
	return n
}

// readable counts the mails that their sender, and the recipients who have access,
// can read to the end.
func (e *estate) readable(mails []*mail) (n int) {
	e.t.Helper()
	sender, err := e.app.Accounts.Actor(e.t.Context(), ada.Address)
	e.check(err)
	for _, m := range mails {
		good := true
		for i, h := range m.holders {
			by := sender
			if i > 0 {
				by = letterlock.Actor{Kind: letterlock.Reader, Address: m.to[i-1], Proof: letterlock.ByPasscode}
			}
			if h != m.revoked && !e.reads(by, m) {
				good = false
			}
		}
		if good {
			n++
		}
	}
	return n
}

func (e *estate) reads(by letterlock.Actor, m *mail) bool {
	l, err := e.app.Access.Open(e.t.Context(), by, m.id)
	if err != nil {
		e.t.Logf("%s: %v", by.Kind, err)
		return false
	}
	defer l.Close()
	b, err := io.ReadAll(io.NewSectionReader(l.Raw, 0, l.Index.Size))
	return err == nil && bytes.Contains(b, []byte(m.words[1])) && bytes.Contains(b, []byte(base64.StdEncoding.EncodeToString([]byte(m.words[5]))))
}

// remainsMails is how many mails there are.
func remainsMails() int {
	if os.Getenv("LETTERLOCK_STRESS") == "1" {
		return 1000
	}
	return 40
}

// TestNothingRemainsOfWhatWasDestroyed destroys half of many mails, revokes a
// recipient of some of the others, and rotates the keys. Then it looks through every
// byte that is left, and through copies of all that was there before they were
// destroyed and before the rotation, with every key that is left.
//
// It is its own control: before the rotation, and after it with the key of the old
// epoch, it must find keys.
func TestNothingRemainsOfWhatWasDestroyed(t *testing.T) {
	e := newEstate(t)
	for n := range remainsMails() {
		e.send(n)
	}
	half := len(e.mails) / 2
	gone, live := e.mails[:half], e.mails[half:]
	if n := e.readable(e.mails); n != len(e.mails) {
		t.Fatalf("%d of %d mails can be read at first", n, len(e.mails))
	}
	former := e.keys()
	before := e.raw()                          // as a backup or a snapshot has it
	if n := holding(before, gone); n != half { // the subjects, which are in the clear
		t.Fatalf("words of %d of %d mails are found at first: this test would prove nothing", n, half)
	}
	if n := holding(e.backup(), gone); n != half {
		t.Fatalf("words of %d of %d mails are found in a backup: this test would prove nothing", n, half)
	}
	copied := candidates(before, former.Epoch())
	for _, m := range gone {
		e.check(e.app.Access.Destroy(t.Context(), grace, m.id, ""))
	}
	var revoked []*mail
	for i := 0; i < len(live); i += 4 {
		m := live[i]
		e.check(e.app.Access.Revoke(t.Context(), grace, m.id, "", m.to[0]))
		m.revoked = m.holders[1]
		revoked = append(revoked, m)
	}
	left := candidates(e.raw(), former.Epoch())
	t.Logf("control: before the rotation, keys of %d of %d destroyed mails and %d of %d revoked recipients are still on the disk",
		opened(left, e.keys(), gone, anyHolder), half, opened(left, e.keys(), revoked, whoLost), len(revoked))
	all := append(copied, left...)
	if found, lost := opened(all, e.keys(), gone, anyHolder), opened(all, e.keys(), revoked, whoLost); found != half || lost != len(revoked) {
		t.Fatalf("control: with a copy of before, keys of %d of %d and %d of %d can be opened: this test would prove nothing", found, half, lost, len(revoked))
	}
	e.rotate()
	now := e.raw()
	e.remains(append(all, candidates(now, e.keys().Epoch())...), gone, revoked)
	n := opened(all, former, gone, anyHolder)
	t.Logf("control: with the key of the old epoch, keys of %d of %d destroyed mails can be opened", n, half)
	if n != half {
		t.Error("not all of them: the search does not find what is there")
	}
	if n := holding(now, gone); n > 0 {
		t.Errorf("words of %d of %d destroyed mails are on the disk", n, half)
	}
	n = e.readable(live)
	t.Logf("%d of %d live mails can be read", n, len(live))
	if n != len(live) {
		t.Error("not all of them")
	}
}

// rotate rotates the keys to the end.
func (e *estate) rotate() {
	e.t.Helper()
	p, err := e.app.Keys.Rotate(e.t.Context(), grace, time.Minute)
	for err == nil && p.Waits != "" {
		p, err = e.app.Keys.Continue(e.t.Context(), grace, time.Minute)
	}
	e.check(err)
}

// remains looks for keys among everything that is, and was, on the disk.
func (e *estate) remains(found [][]byte, gone, revoked []*mail) {
	e.t.Helper()
	ring := e.keys()
	n, lost := opened(found, ring, gone, anyHolder), opened(found, ring, revoked, whoLost)
	e.t.Logf("after the rotation keys of %d of %d destroyed mails can be opened, and of %d of %d revoked recipients; %d places looked at",
		n, len(gone), lost, len(revoked), len(found))
	if n > 0 || lost > 0 {
		e.t.Error("something remains")
	}
}
