package stress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"letterlock/internal/app"
	"letterlock/internal/backup"
	"letterlock/internal/config"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const secretOfMail = "What nobody else may read."

// A fate is what becomes of a message after the backup.
type fate int

const (
	isLeft fate = iota
	isRevoked
	isDestroyed
	isGivenBack
	fates
)

// A disk is an installation that can be lost.
type disk struct {
	t     *testing.T
	cfg   config.Config
	site  string
	app   *app.App
	stop  func()
	id    *age.X25519Identity
	mails []letterlock.ID
	links []letterlock.ID // the recipient of each
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	dir := t.TempDir()
	cfg := config.Default()
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(dir, "data"), filepath.Join(dir, "master.key")
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "notify@" + notifyDomain}
	id, err := age.GenerateX25519Identity()
	d := &disk{t: t, cfg: cfg, id: id}
	d.must(err)
	t.Cleanup(func() { d.end() })
	return d
}

func (d *disk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// start serves the installation over HTTP.
func (d *disk) start() {
	d.t.Helper()
	on, err := net.Listen("tcp", "127.0.0.1:0")
	d.must(err)
	d.site = "http://" + on.Addr().String()
	d.cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "http", Host: on.Addr().String()}}
	box, err := inbox.Open("", time.Now)
	d.must(err)
	d.app, err = app.New(d.t.Context(), d.cfg, app.Options{Mailer: box, Assured: true, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	d.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- d.app.Run(ctx, app.Listeners{HTTP: on}) }()
	d.stop = func() {
		cancel()
		d.must(errors.Join(<-ended, d.app.Close()))
	}
}

func (d *disk) end() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

// reader is the one recipient of message i.
func readerOf(i int) letterlock.Address {
	return letterlock.Address(fmt.Sprintf("reader%d@quillfeather.example", i))
}

func (d *disk) send(n int) {
	by := letterlock.Actor{Kind: letterlock.Staff, Address: ada.Address, Roles: []letterlock.Role{letterlock.Sender}}
	for i := range n {
		r, err := d.app.Intake.Accept(d.t.Context(), by, intake.Envelope{Recipients: []letterlock.Address{readerOf(i)}, Via: letterlock.ByCompose,
			Protection: letterlock.EncryptOnly, Portal: true}, strings.NewReader("From: "+string(ada.Address)+"\r\nSubject: Offer\r\n\r\n"+secretOfMail+"\r\n"))
		d.must(err)
		d.mails = append(d.mails, r.ID)
		d.must(d.app.DB.Read(d.t.Context(), func(tx *store.Tx) error {
			to, err := tx.Recipients(r.ID)
			d.links = append(d.links, to[0].ID)
			return err
		}))
	}
}

// decide has each message meet its fate.
func (d *disk) decide() {
	by := letterlock.Actor{Kind: letterlock.Operator, Name: "uid 1"}
	for i, id := range d.mails {
		switch fate(i) % fates {
		case isRevoked:
			d.must(d.app.Access.Revoke(d.t.Context(), by, id, ""))
		case isDestroyed:
			d.must(d.app.Access.Destroy(d.t.Context(), by, id, ""))
		case isGivenBack:
			d.must(errors.Join(d.app.Access.Revoke(d.t.Context(), by, id, ""), d.app.Access.Restore(d.t.Context(), by, id)))
		}
	}
}

// get asks for the text of message i as its recipient.
func (d *disk) get(i int) (status int, readable bool) {
	d.t.Helper()
	session, _, err := d.app.Sessions.Start(d.t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: readerOf(i)})
	d.must(err)
	for _, path := range []string{"/read/" + string(d.mails[i]), "/read/" + string(d.mails[i]) + "/body"} {
		r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.site+path, nil)
		d.must(err)
		r.Header.Set("Cookie", "letterlock-reader="+session)
		answer, err := http.DefaultClient.Do(r)
		d.must(err)
		text, err := io.ReadAll(answer.Body)
		d.must(errors.Join(err, answer.Body.Close()))
		readable = readable || bytes.Contains(text, []byte(secretOfMail))
		if status == 0 {
			status = answer.StatusCode
		}
	}
	return status, readable
}

// hasKey reports whether there is a wrapped key for the recipient of message i.
func (d *disk) hasKey(i int) bool {
	d.t.Helper()
	err := d.app.DB.Read(d.t.Context(), func(tx *store.Tx) error {
		_, err := tx.Wrapped(d.mails[i], string(d.links[i]))
		return err
	})
	if err != nil && !errors.Is(err, letterlock.NotFound) {
		d.t.Fatal(err)
	}
	return err == nil
}

// backup makes one, and a copy of the keys beside it.
func (d *disk) backup() (file, keys string) {
	d.t.Helper()
	file, keys = filepath.Join(d.t.TempDir(), "backup.age"), filepath.Join(d.t.TempDir(), "keys")
	write, err := d.app.Backups.Begin(d.t.Context(), letterlock.Actor{Kind: letterlock.Operator}, []string{d.id.Recipient().String()})
	d.must(err)
	f, err := os.Create(file)
	d.must(err)
	d.must(errors.Join(write(f), f.Close()))
	d.copyKeys(d.cfg.DataDir, keys)
	return file, keys
}

func (d *disk) copyKeys(from, to string) {
	d.t.Helper()
	d.must(filepath.WalkDir(from, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".key") {
			return err
		}
		rel, err1 := filepath.Rel(from, path)
		text, err2 := os.ReadFile(path)
		return errors.Join(err1, err2, os.MkdirAll(filepath.Dir(filepath.Join(to, rel)), 0o700), os.WriteFile(filepath.Join(to, rel), text, 0o400))
	}))
}

// lose loses the data folder, and restores it from the backup and the keys.
func (d *disk) lose(file, keys string) {
	d.t.Helper()
	d.must(os.RemoveAll(d.cfg.DataDir))
	f, err := os.Open(file)
	d.must(err)
	_, err = backup.Restore(d.t.Context(), d.cfg.DataDir, f, []age.Identity{d.id})
	d.must(errors.Join(err, f.Close()))
	d.copyKeys(keys, d.cfg.DataDir)
}

// count says how many messages of each fate can be read by HTTP, and by trial.
func (d *disk) count() (byHTTP, byKey [fates]int) {
	for i := range d.mails {
		f := fate(i) % fates
		status, readable := d.get(i)
		want := map[fate]int{isLeft: 200, isRevoked: 410, isDestroyed: 404, isGivenBack: 200}[f]
		if readable {
			byHTTP[f]++
		} else if status != want {
			d.t.Errorf("message %d of fate %d: status %d, want %d", i, f, status, want)
		}
		if d.hasKey(i) {
			byKey[f]++
		}
	}
	return byHTTP, byKey
}

// TestARestoredBackupServesNothingThatWasRevoked makes a backup, revokes, destroys and
// gives back, loses the disk, restores, and reads everything by HTTP and by trial.
func TestARestoredBackupServesNothingThatWasRevoked(t *testing.T) {
	each := 4
	if os.Getenv("LETTERLOCK_STRESS") == "1" {
		each = 50
	}
	began := time.Now()
	d := newDisk(t)
	d.start()
	d.send(each * int(fates))
	file, keys := d.backup()
	journal := d.cfg.JournalFile()
	asItWas, err := os.ReadFile(journal)
	d.must(err)
	d.decide()
	d.end()

	// The control: with the journal of the backup's own moment everything is back.
	old := filepath.Join(t.TempDir(), "revocations.jsonl")
	d.must(os.WriteFile(old, asItWas, 0o600))
	d.cfg.Revocation.Journal = old
	d.lose(file, keys)
	d.start()
	byHTTP, byKey := d.count()
	all := [fates]int{each, each, each, each}
	if byHTTP != all || byKey != all {
		t.Fatalf("without the journal %v are readable by HTTP and %v have keys, want all of %v: this test would prove nothing", byHTTP, byKey, all)
	}
	d.end()

	d.cfg.Revocation.Journal = journal
	d.lose(file, keys)
	d.start()
	byHTTP, byKey = d.count()
	if want := [fates]int{isLeft: each, isGivenBack: each}; byHTTP != want || byKey != want {
		t.Errorf("after the restore %v are readable by HTTP and %v have keys, want %v", byHTTP, byKey, want)
	}
	t.Logf("restore: %d messages, %d of %d revoked readable, %d of %d destroyed readable, %d of %d live readable; without the journal %d of %d revoked; %v",
		len(d.mails), byHTTP[isRevoked], each, byHTTP[isDestroyed], each, byHTTP[isLeft]+byHTTP[isGivenBack], 2*each, each, each, time.Since(began).Round(time.Millisecond))
}
