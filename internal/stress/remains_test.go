package stress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	"letterlock/internal/track"
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
	words   map[string]string // by part
	holders []string          // of its keys, and what was wrapped for each
	to      []letterlock.Address
	revoked string          // a holder who lost access
	ends    []letterlock.ID // what has to be destroyed with it, for it is of somebody else: the reply
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

// clear are the parts that the database has in the clear while the mail is live.
var clear = []string{"subject", "person"}

// words are one for each part of the n-th mail, all of one length. They differ in
// their first letters, by which they are looked for.
func words(n int, parts ...string) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		all[part] = fmt.Sprintf("%05d%.3s%s", n, part, letterlock.NewID())[:24]
	}
	return all
}

// send has Ada send a mail to two recipients, with a word of its own in each part.
func (e *estate) send(n int) *mail {
	e.t.Helper()
	m := &mail{to: []letterlock.Address{"marta@kovacs.example", letterlock.Address(fmt.Sprintf("jonas.%d@brandt.example", n))},
		words: words(n, "subject", "sender", "person", "plain", "markup", "header", "naming", "inside", "large")}
	w := m.words
	d := eml.Draft{From: letterlock.Mailbox{Name: w["sender"], Address: ada.Address}, Subject: w["subject"], Date: time.Now(),
		MessageID: eml.NewMessageID("contoso.example"), Text: w["plain"], HTML: "<p>" + w["markup"] + "</p>", Header: [][2]string{{"X-Note", w["header"]}},
		Files: func(yield func(eml.File, error) bool) {
			_ = yield(eml.File{Name: w["naming"] + ".txt", Type: "text/plain", Body: strings.NewReader(w["inside"])}, nil) &&
				yield(eml.File{Name: "large.bin", Type: "application/octet-stream", Body: strings.NewReader(strings.Repeat(w["large"], 3000))}, nil)
		},
	}
	for _, a := range m.to {
		d.To = append(d.To, letterlock.Mailbox{Name: w["person"], Address: a})
	}
	out, in := io.Pipe()
	go func() { in.CloseWithError(eml.Compose(in, d)) }()
	r, err := e.app.Intake.Accept(e.t.Context(), e.ada(), intake.Envelope{Via: letterlock.ByCompose, Protection: letterlock.EncryptOnly, Portal: true, Recipients: m.to}, out)
	e.check(errors.Join(err, out.Close()))
	e.add(m, r.ID)
	return m
}

func (e *estate) ada() letterlock.Actor {
	e.t.Helper()
	by, err := e.app.Accounts.Actor(e.t.Context(), ada.Address)
	e.check(err)
	return by
}

// add notes a message that was made of a mail.
func (e *estate) add(m *mail, id letterlock.ID) {
	e.t.Helper()
	m.id, m.holders, m.to = id, []string{store.SenderCopy}, nil
	e.check(e.app.DB.Read(e.t.Context(), func(tx *store.Tx) error {
		all, err := tx.Recipients(id)
		for _, r := range all {
			m.holders, m.to = append(m.holders, string(r.ID)), append(m.to, r.Mailbox.Address)
		}
		return err
	}))
	e.mails = append(e.mails, m)
}

// answer has the second recipient of a mail reply with a file, forward it, and leave a file of
// an answer that is never sent.
func (e *estate) answer(n int, m *mail) {
	e.t.Helper()
	by := letterlock.Actor{Kind: letterlock.Reader, Address: m.to[1], Proof: letterlock.ByPasscode}
	reply := &mail{words: words(n, "reply", "filing", "enclosed")}
	w := reply.words
	r, err := e.app.Intake.Reply(e.t.Context(), by, m.id, intake.Writing{Form: fmt.Sprint("reply", n), Text: w["reply"], Files: func(yield func(eml.File, error) bool) {
		yield(eml.File{Name: w["filing"] + ".txt", Type: "text/plain", Body: strings.NewReader(w["enclosed"])}, nil)
	}}, false)
	e.check(err)
	e.add(reply, r.ID)
	reply.holders = reply.holders[:1] // it reached its recipient as a mail
	m.ends = append(m.ends, r.ID)

	l, err := e.app.Access.Open(e.t.Context(), by, m.id)
	e.check(err)
	defer l.Close()
	passed := &mail{words: words(n, "passing", "friend")}
	f, err := e.app.Intake.Forward(e.t.Context(), by, m.id, intake.Writing{Form: fmt.Sprint("forward", n), Text: passed.words["passing"]},
		[]letterlock.Mailbox{{Name: passed.words["friend"], Address: "zoe@elsewhere.example"}}, l.Copy())
	e.check(err)
	e.add(passed, f.ID)

	uploads := e.app.Uploads.About(m.id)
	text := strings.Repeat(m.words["large"], 100)
	u, err := uploads.Begin(e.t.Context(), by, m.words["naming"], "text/plain", int64(2*len(text)))
	e.check(err)
	_, err = uploads.Append(e.t.Context(), by, u.ID, 0, strings.NewReader(text))
	e.check(err)
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
	e.check(e.app.Track.TraceEach(e.t.Context(), grace, letterlock.Search{}, func(m track.Sent) error { // what CSV and JSON are made of
		_, err := fmt.Fprintf(&export, "%+v\n", m)
		return err
	}))
	return append(append(all, export.Bytes()...), e.backup()...)
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
	for part, w := range m.words {
		if inside := !slices.Contains(clear, part) && part != "friend"; inside && len(holding(b, []*mail{{words: map[string]string{part: w}}})) == 0 {
			e.t.Logf("a mail does not have its %s", part)
			return false
		}
	}
	return err == nil
}

// remainsMails is how many mails there are.
func remainsMails() int {
	if os.Getenv("LETTERLOCK_STRESS") == "1" {
		return 1000
	}
	return 40
}

// TestNothingRemainsOfWhatWasDestroyed destroys half of many mails, with what was
// forwarded and answered of them, revokes a recipient of some of the others, and
// rotates the keys. Then it looks through every byte that is left, and through copies
// of all that was there before they were destroyed and before the rotation, with
// every key that is left.
//
// It is its own control: before the rotation, and after it with the key of the old
// epoch, it must find keys.
func TestNothingRemainsOfWhatWasDestroyed(t *testing.T) {
	e := newEstate(t)
	for n := range remainsMails() {
		if m := e.send(n); n%10 == 0 {
			e.answer(n, m)
		}
	}
	half := len(e.mails) / 2
	gone, live := e.mails[:half], e.mails[half:]
	if n := e.readable(e.mails); n != len(e.mails) {
		t.Fatalf("%d of %d mails can be read at first", n, len(e.mails))
	}
	former := e.keys()
	before := e.raw() // as a backup or a snapshot has it
	e.showsClear(before, gone)
	e.showsClear(e.backup(), gone)
	copied := candidates(before, former.Epoch())
	for _, m := range gone {
		for _, id := range append(m.ends, m.id) {
			if err := e.app.Access.Destroy(t.Context(), grace, id, ""); err != nil && !errors.Is(err, letterlock.Gone) { // a copy went with its original
				t.Fatal(err)
			}
		}
	}
	var revoked []*mail
	for i := 0; i < len(live); i += 4 {
		if m := live[i]; m.words["subject"] != "" {
			e.check(e.app.Access.Revoke(t.Context(), grace, m.id, "", m.to[0]))
			m.revoked = m.holders[1]
			revoked = append(revoked, m)
		}
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
	if parts := holding(now, gone); len(parts) > 0 {
		t.Errorf("words of destroyed mails are on the disk: %v", parts)
	}
	n = e.readable(live)
	t.Logf("%d of %d live mails can be read", n, len(live))
	if n != len(live) {
		t.Error("not all of them")
	}
}

// showsClear requires that what is in the clear of the mails is found, and nothing
// else: a search that finds nothing proves nothing.
func (e *estate) showsClear(raw []byte, mails []*mail) {
	e.t.Helper()
	want := map[string]int{}
	for _, m := range mails {
		for _, part := range append(clear, "friend") {
			if m.words[part] != "" {
				want[part]++
			}
		}
	}
	if parts := holding(raw, mails); !maps.Equal(parts, want) || len(want) != len(clear)+1 {
		e.t.Fatalf("words are found of %v at first, want %v", parts, want)
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
