package vault_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// A house is a vault on a real database.
type house struct {
	t     *testing.T
	dir   string
	db    *store.DB
	vault *vault.Vault
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	now := func() time.Time { return time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC) }
	var err error
	if h.db, err = store.Open(t.Context(), h.dir, now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	h.vault = &vault.Vault{DB: h.db, Keys: keyring(t, h.dir)}
	return h
}

func keyring(t *testing.T, dir string) *seal.Keyring {
	t.Helper()
	return keys(t, dir).Ring
}

func keys(t *testing.T, dir string) seal.Keys {
	t.Helper()
	k, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: dir}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// put stores a mail for its sender and for the holder "marta".
func (h *house) put(mail []byte) letterlock.ID {
	h.t.Helper()
	in, err := h.vault.Receive(h.t.Context(), bytes.NewReader(mail))
	if err != nil {
		h.t.Fatal(err)
	}
	err = h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		return errors.Join(in.Accept(tx, letterlock.Message{MessageID: "<" + string(in.ID) + "@contoso.example>"}), in.Grant(tx, "marta"))
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return in.ID
}

func (h *house) find(id letterlock.ID, holder string) (k vault.Key, err error) {
	err = h.db.Read(h.t.Context(), func(tx *store.Tx) error { k, err = h.vault.Find(tx, id, holder); return err })
	return k, err
}

// open opens a mail for a holder, or fails the test.
func (h *house) open(ctx context.Context, id letterlock.ID, holder string) *vault.Mail {
	h.t.Helper()
	k, err := h.find(id, holder)
	if err != nil {
		h.t.Fatal(err)
	}
	m, err := h.vault.Open(ctx, k)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

func mailOf(size int) []byte {
	head := "From: ada@contoso.example\r\nSubject: Offer\r\n\r\n"
	r := rand.New(rand.NewPCG(1, uint64(size)))
	b := []byte(head)
	for len(b) < size {
		b = append(b, "abcdefghijklmnopqrstuvwxyz"[r.IntN(26)])
	}
	return b
}

func TestAnyPieceOfAMailCanBeRead(t *testing.T) {
	const chunk = 64 << 10
	h := newHouse(t)
	for _, size := range []int{100, chunk - 1, chunk, chunk + 1, 3*chunk + 17, 2 << 20} {
		mail := mailOf(size)
		m := h.open(t.Context(), h.put(mail), "marta")
		if m.Index.Size != int64(size) {
			t.Errorf("index of %d bytes says %d", size, m.Index.Size)
		}
		r := rand.New(rand.NewPCG(2, uint64(size)))
		for range 30 {
			from := r.IntN(size)
			p := make([]byte, 1+r.IntN(min(size-from, 2*chunk)))
			if n, err := m.Raw.ReadAt(p, int64(from)); n != len(p) || err != nil && err != io.EOF || !bytes.Equal(p, mail[from:from+n]) {
				t.Fatalf("%d bytes at %d of %d: %d, %v, or other bytes", len(p), from, size, n, err)
			}
		}
		if n, err := m.Raw.ReadAt(make([]byte, 10), int64(size)); n != 0 || err != io.EOF {
			t.Errorf("beyond the end of %d: %d bytes, %v; want EOF", size, n, err)
		}
	}
}

func TestReadingEndsWhenTheKeyGoes(t *testing.T) {
	h := newHouse(t)
	id := h.put(mailOf(1 << 20))
	marta, sender := h.open(t.Context(), id, "marta"), h.open(t.Context(), id, store.SenderCopy)
	if _, err := marta.Raw.ReadAt(make([]byte, 10), 0); err != nil {
		t.Fatal(err)
	}
	if err := h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Shred(id, "marta") }); err != nil {
		t.Fatal(err)
	}
	if n, err := marta.Raw.ReadAt(make([]byte, 10), 500_000); n != 0 || !errors.Is(err, letterlock.NotFound) {
		t.Errorf("after the key went: %d bytes, %v; want NotFound", n, err)
	}
	if _, err := h.find(id, "marta"); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("finding the key: %v, want NotFound", err)
	}
	if _, err := sender.Raw.ReadAt(make([]byte, 10), 500_000); err != nil {
		t.Errorf("the sender's copy: %v", err)
	}
	if err := h.db.Write(t.Context(), func(tx *store.Tx) error { return h.vault.Regrant(tx, id, "marta") }); err != nil {
		t.Fatal(err)
	}
	if _, err := h.open(t.Context(), id, "marta").Raw.ReadAt(make([]byte, 10), 500_000); err != nil {
		t.Errorf("after the key was given again: %v", err)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	m := h.open(ctx, h.put(mailOf(1<<20)), "marta")
	cancel()
	for range 20 { // once might be chance
		if n, err := m.Raw.ReadAt(make([]byte, 10), 500_000); n != 0 || !errors.Is(err, letterlock.Busy) {
			t.Fatalf("after the context ended: %d bytes, %v; want Busy", n, err)
		}
	}
}

func TestDamageIsFoundAndNeverShown(t *testing.T) {
	tests := map[string]string{
		"a chunk of zeros":     `UPDATE chunks SET data = zeroblob(length(data)) WHERE seq = 3`,
		"a shorter chunk":      `UPDATE chunks SET data = substr(data, 1, 1000) WHERE seq = 3`,
		"a missing chunk":      `DELETE FROM chunks WHERE seq = 3`,
		"two chunks exchanged": `UPDATE chunks SET seq = CASE seq WHEN 3 THEN -4 ELSE -3 END WHERE seq IN (3, 4); UPDATE chunks SET seq = -seq WHERE seq < 0`,
		"another mail's chunk": `UPDATE chunks SET data = (SELECT c.data FROM chunks c WHERE c.seq = 3 AND c.message <> chunks.message) WHERE seq = 3`,
		"a shorter mail":       `DELETE FROM chunks WHERE seq > 3; UPDATE messages SET sealed_size = length(sealed_head) + 4 * 65552`,
		"another mail's wrap": `CREATE TEMP TABLE old AS SELECT * FROM wraps;
			UPDATE wraps SET wrapped = (SELECT o.wrapped FROM old o WHERE o.holder = wraps.holder AND o.message <> wraps.message)`,
		"another's wrap":       `UPDATE wraps SET wrapped = (SELECT w.wrapped FROM wraps w WHERE w.holder = 'sender' AND w.message = wraps.message) WHERE holder = 'marta'`,
		"another mail's index": `UPDATE messages SET sealed_index = (SELECT m.sealed_index FROM messages m WHERE m.id <> messages.id)`,
		"no index":             `UPDATE messages SET sealed_index = x''`,
		"another mail's head":  `UPDATE messages SET sealed_head = (SELECT m.sealed_head FROM messages m WHERE m.id <> messages.id)`,
		"no head":              `UPDATE messages SET sealed_head = x''`,
		"a negative size":      `UPDATE messages SET sealed_size = -1`,
		"too large a size":     `UPDATE messages SET sealed_size = sealed_size + 1000000`,
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			mail := mailOf(1 << 20)
			id := h.put(mail)
			h.put(mailOf(900_000))
			db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, store.File)+"?_pragma=busy_timeout(5000)")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(damage); err != nil {
				t.Fatal(err)
			}
			got, err := h.readAll(id)
			if err == nil {
				t.Errorf("%d bytes were read without an error", len(got))
			}
			if !bytes.HasPrefix(mail, got) {
				t.Errorf("%d bytes were shown that are not the mail's", len(got))
			}
		})
	}
}

// readAll reads a mail as Marta, as far as it can be read.
func (h *house) readAll(id letterlock.ID) ([]byte, error) {
	k, err := h.find(id, "marta")
	if err != nil {
		return nil, err
	}
	m, err := h.vault.Open(h.t.Context(), k)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(m.Raw, 0, 1<<20))
}

func TestAnotherKeyringOpensNothing(t *testing.T) {
	h := newHouse(t)
	id := h.put(mailOf(1000))
	h.vault.Keys = keyring(t, t.TempDir())
	if _, err := h.find(id, "marta"); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("finding the key with another keyring: %v, want ErrTampered", err)
	}
}

func TestLimitsHoldWhileAMailComesIn(t *testing.T) {
	h := newHouse(t)
	h.vault.Limits = eml.Limits{Size: 1000}
	if in, err := h.vault.Receive(t.Context(), bytes.NewReader(mailOf(1000))); err != nil || in.Index.Size != 1000 {
		t.Errorf("a mail of the largest size: %v", err)
	}
	endless := io.MultiReader(bytes.NewReader(mailOf(1000)), strings.NewReader("x"), panics{})
	if _, err := h.vault.Receive(t.Context(), endless); letterlock.KeyOf(err) != "size" {
		t.Errorf("a byte more: %v, want TooLarge at once", err)
	}
}

func TestNothingIsLeftOfAMailThatIsRefusedOnItsWay(t *testing.T) {
	h := newHouse(t)
	h.vault.Limits = eml.Limits{Size: 4 << 20}
	left := func() (n int) {
		t.Helper()
		rows, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, store.File)+"?_pragma=busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if err := rows.QueryRow(`SELECT (SELECT count(*) FROM chunks) + (SELECT count(*) FROM messages)`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var most int
	watched := look(func() { most = left() })
	if _, err := h.vault.Receive(t.Context(), io.MultiReader(bytes.NewReader(mailOf(4<<20)), watched, strings.NewReader("x"))); letterlock.KeyOf(err) != "size" {
		t.Fatalf("a byte more: %v, want TooLarge", err)
	}
	if most < 33 || left() != 0 {
		t.Errorf("of %d rows %d are left, want none of more than one step removes", most, left())
	}
}

// look is a reader of nothing that does something when it is read.
type look func()

func (l look) Read([]byte) (int, error) { l(); return 0, io.EOF }

// panics is what must not be read any more.
type panics struct{}

func (panics) Read([]byte) (int, error) { panic("read on after the limit") }

func TestLinkSecretsAreBoundToTheirRecipient(t *testing.T) {
	pepper := keys(t, t.TempDir()).Pepper
	token := vault.NewToken()
	if len(token) != 43 || token == vault.NewToken() {
		t.Errorf("token of %d characters, or twice the same", len(token))
	}
	sealed := vault.SealToken(pepper, "a", token)
	code := vault.SealPasscode(pepper, "a", vault.PasscodeMail{Code: "12345678", Reference: "B7M"})
	if bytes.Contains(sealed, []byte(token.Reveal())) || bytes.Contains(code, []byte("12345678")) {
		t.Error("a secret is readable where it is sealed")
	}
	if got, err := vault.OpenToken(pepper, "a", sealed); err != nil || got != token {
		t.Errorf("OpenToken: %v", err)
	}
	if got, err := vault.OpenPasscode(pepper, "a", code); err != nil || got.Code != "12345678" || got.Reference != "B7M" {
		t.Errorf("OpenPasscode: %v", err)
	}
	for name, b := range map[string][]byte{"nothing": nil, "a passcode": code, "half of it": sealed[:20]} {
		if got, err := vault.OpenToken(pepper, "a", b); err == nil || got != "" {
			t.Errorf("OpenToken of %s: %v", name, err)
		}
	}
	if _, err := vault.OpenToken(pepper, "b", sealed); err == nil {
		t.Error("a token opens for another recipient")
	}
	if _, err := vault.OpenPasscode(pepper, "b", code); err == nil {
		t.Error("a passcode opens for another recipient")
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", token, vault.PasscodeMail{Code: "12345678"}, vault.PasscodeMail{Code: "12345678"}), "12345678") {
		t.Error("a passcode mail prints its passcode")
	}
}

func TestReferencesHaveNoLookAlikes(t *testing.T) {
	seen := make(map[rune]bool)
	for range 1000 {
		s := vault.NewReference(3)
		if len(s) != 3 {
			t.Fatalf("reference %q", s)
		}
		for _, r := range s {
			seen[r] = true
			if strings.ContainsRune("0O1IL2Z5S", r) {
				t.Fatalf("reference %q holds a look-alike", s)
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d different characters in a thousand references", len(seen))
	}
}

// TestAMailCanBeReadWhileItComesIn reads one before it is accepted: what waits to be
// stored, and what is stored already.
func TestAMailCanBeReadWhileItComesIn(t *testing.T) {
	h := newHouse(t)
	for _, size := range []int{100, 70_000, 3 << 20} {
		mail := mailOf(size)
		in, err := h.vault.Receive(t.Context(), bytes.NewReader(mail))
		if err != nil {
			t.Fatal(err)
		}
		m := in.Mail(t.Context())
		if got, err := io.ReadAll(io.NewSectionReader(m.Raw, 0, m.Index.Size)); err != nil || !bytes.Equal(got, mail) {
			t.Errorf("%d bytes: %d came back, or others: %v", size, len(got), err)
		}
		in.Abandon(t.Context())
		if n, err := in.Mail(t.Context()).Raw.ReadAt(make([]byte, 10), 0); size > 1<<20 && err == nil {
			t.Errorf("%d bytes: %d can be read after it was abandoned", size, n)
		}
	}
}
