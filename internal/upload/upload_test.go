package upload_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/upload"
)

var (
	ada = letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
	eve = letterlock.Actor{Kind: letterlock.Staff, Address: "eve@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
)

// A house is the service on a real database with a clock that stands still.
type house struct {
	t    *testing.T
	dir  string
	now  time.Time
	keys *seal.Keyring
	*upload.Service
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
	keys, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: h.dir}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	h.keys = keys.Ring
	h.open()
	t.Cleanup(func() { h.DB.Close() })
	return h
}

// open opens the database, as a start of the program does.
func (h *house) open() {
	h.t.Helper()
	db, err := store.Open(h.t.Context(), h.dir, func() time.Time { return h.now })
	if err != nil {
		h.t.Fatal(err)
	}
	h.Service = &upload.Service{DB: db, Keys: h.keys, Most: 1 << 20}
}

func (h *house) begin(size int) upload.File {
	h.t.Helper()
	f, err := h.Begin(h.t.Context(), ada, "scan.pdf", "application/pdf", int64(size))
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

// whole is what an upload holds.
func (h *house) whole(id letterlock.ID) []byte {
	h.t.Helper()
	_, r, err := h.Open(h.t.Context(), ada, id)
	if err != nil {
		h.t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		h.t.Fatal(err)
	}
	return content
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

const piece = 64 << 10

func TestFileArrivesWholeInPiecesOfAnySize(t *testing.T) {
	h := newHouse(t)
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, 3*piece + 5, 20 * piece} {
		for _, step := range []int{7000, piece, 2*piece + 1, 1 << 20} {
			content := random(size)
			h.Most = 64 << 20
			f := h.begin(size)
			for at := 0; at < size; at += step {
				got, err := h.Append(t.Context(), ada, f.ID, int64(at), bytes.NewReader(content[at:min(at+step, size)]))
				if want := int64(min(at+step, size)); err != nil || got != want {
					t.Fatalf("%d bytes by %d: Append at %d = %d, %v; want %d", size, step, at, got, err, want)
				}
			}
			if found, err := h.Find(t.Context(), ada, f.ID); err != nil || !found.Whole() || found.Name != "scan.pdf" || found.Type != "application/pdf" {
				t.Errorf("%d bytes by %d: %+v, %v", size, step, found, err)
			}
			if !bytes.Equal(h.whole(f.ID), content) {
				t.Errorf("%d bytes by %d: what is read is not what was sent", size, step)
			}
			if err := h.Discard(t.Context(), ada, f.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestBrokenLineCostsOnlyWhatWasUnderWay(t *testing.T) {
	h := newHouse(t)
	content := random(5*piece + 100)
	f := h.begin(len(content))
	broken := errors.New("connection reset")
	at := int64(0)
	for i, n := range []int{3*piece + 17, 1, 40, piece, 0} {
		body := io.MultiReader(bytes.NewReader(content[at:at+int64(n)]), iotest.ErrReader(broken))
		ctx, cancel := context.WithCancel(t.Context())
		got, err := h.Append(ctx, ada, f.ID, at, cancelling{body, cancel})
		if !errors.Is(err, broken) || got != at+int64(n) {
			t.Fatalf("break %d: %d, %v; want all %d bytes kept", i, got, err, n)
		}
		at = got
	}
	// The program starts anew, and the rest comes.
	if err := h.DB.Close(); err != nil {
		t.Fatal(err)
	}
	h.open()
	found, err := h.Find(t.Context(), ada, f.ID)
	if err != nil || found.Received != at {
		t.Fatalf("after a start: %+v, %v; want %d bytes", found, err, at)
	}
	if _, _, err := h.Open(t.Context(), ada, f.ID); letterlock.KeyOf(err) != "upload" {
		t.Errorf("opening half a file: %v, want Invalid upload", err)
	}
	if _, err := h.Append(t.Context(), ada, f.ID, at, bytes.NewReader(content[at:])); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(h.whole(f.ID), content) {
		t.Error("what is read is not what was sent")
	}
}

// cancelling ends the request's context when its body fails, as a server does
// whose client has gone.
type cancelling struct {
	io.Reader
	cancel func()
}

func (c cancelling) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err != nil {
		c.cancel()
	}
	return n, err
}

func TestPiecesThatDoNotFitAreRefused(t *testing.T) {
	h := newHouse(t)
	f := h.begin(100)
	if _, err := h.Append(t.Context(), ada, f.ID, 0, strings.NewReader(strings.Repeat("a", 40))); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		offset int64
		length int
		key    string
	}{
		{"overlap", 39, 10, "offset"},
		{"gap", 41, 10, "offset"},
		{"again from the beginning", 0, 40, "offset"},
		{"negative", -1, 10, "offset"},
		{"far away", 1 << 60, 10, "offset"},
		{"more than announced", 40, 61, "announced"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := h.Append(t.Context(), ada, f.ID, tt.offset, strings.NewReader(strings.Repeat("b", tt.length)))
			if letterlock.KeyOf(err) != tt.key || got != 40 {
				t.Errorf("%d, %v; want %q, and 40 bytes as before", got, err, tt.key)
			}
		})
	}
	if _, err := h.Append(t.Context(), ada, f.ID, 40, strings.NewReader(strings.Repeat("a", 60))); err != nil {
		t.Fatal(err)
	}
	if got := h.whole(f.ID); string(got) != strings.Repeat("a", 100) {
		t.Errorf("%q", got)
	}
}

func TestOfTwoWhoAddAtOnceOneIsRefused(t *testing.T) {
	h := newHouse(t)
	content := random(4 * piece)
	f := h.begin(len(content))
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() { _, errs[i] = h.Append(t.Context(), ada, f.ID, 0, bytes.NewReader(content)) })
	}
	all.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
		} else if letterlock.KeyOf(err) != "offset" {
			t.Errorf("refused with %v, want offset", err)
		}
	}
	if good != 1 || !bytes.Equal(h.whole(f.ID), content) {
		t.Errorf("%d were taken, want one", good)
	}
}

func TestUploadIsItsAccountsAlone(t *testing.T) {
	h := newHouse(t)
	f := h.begin(3)
	auditor := letterlock.Actor{Kind: letterlock.Staff, Address: ada.Address, Roles: []letterlock.Role{letterlock.Auditor}}
	tests := []struct {
		name string
		by   letterlock.Actor
		want error
	}{
		{"another sender", eve, letterlock.NotFound},
		{"nobody", letterlock.Actor{}, letterlock.Denied},
		{"a sender without an address", letterlock.Actor{Kind: letterlock.Staff, Roles: ada.Roles}, letterlock.Denied},
		{"no sender any more", auditor, letterlock.Denied},
		{"a reader", letterlock.Actor{Kind: letterlock.Reader, Address: ada.Address}, letterlock.Denied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := h.Find(t.Context(), tt.by, f.ID); !errors.Is(err, tt.want) {
				t.Errorf("Find: %v, want %v", err, tt.want)
			}
			if _, err := h.Append(t.Context(), tt.by, f.ID, 0, strings.NewReader("abc")); !errors.Is(err, tt.want) {
				t.Errorf("Append: %v, want %v", err, tt.want)
			}
			if _, _, err := h.Open(t.Context(), tt.by, f.ID); !errors.Is(err, tt.want) {
				t.Errorf("Open: %v, want %v", err, tt.want)
			}
			if err := h.Discard(t.Context(), tt.by, f.ID); err != nil && !errors.Is(err, tt.want) {
				t.Errorf("Discard: %v", err)
			}
		})
	}
	if _, err := h.Find(t.Context(), ada, f.ID); err != nil {
		t.Errorf("others have discarded it: %v", err)
	}
	if _, err := h.Find(t.Context(), ada, letterlock.NewID()); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("one that never was: %v", err)
	}
}

func TestUploadOfARecipientIsForOneMessage(t *testing.T) {
	h := newHouse(t)
	h.Most = 10
	one, other := letterlock.NewID(), letterlock.NewID()
	marta := letterlock.Actor{Kind: letterlock.Reader, Address: "marta@quillfeather.example"}
	f, err := h.About(one).Begin(t.Context(), marta, "a.txt", "", 3)
	if err != nil {
		t.Fatal(err)
	}
	sends := letterlock.Actor{Kind: letterlock.Staff, Address: marta.Address, Roles: ada.Roles}
	tests := []struct {
		name string
		in   *upload.Service
		by   letterlock.Actor
		want error
	}{
		{"for another message", h.About(other), marta, letterlock.NotFound},
		{"for a message being composed", h.Service, marta, letterlock.Denied},
		{"another recipient", h.About(one), letterlock.Actor{Kind: letterlock.Reader, Address: "jonas@riverside.example"}, letterlock.NotFound},
		{"an account of the same address", h.About(one), sends, letterlock.Denied},
		{"the same, composing", h.Service, sends, letterlock.NotFound},
		{"an account", h.About(one), ada, letterlock.Denied},
		{"nobody", h.About(one), letterlock.Actor{}, letterlock.Denied},
		{"a recipient without an address", h.About(one), letterlock.Actor{Kind: letterlock.Reader}, letterlock.Denied},
	}
	for _, tt := range tests {
		if _, err := tt.in.Find(t.Context(), tt.by, f.ID); !errors.Is(err, tt.want) {
			t.Errorf("%s: Find = %v, want %v", tt.name, err, tt.want)
		}
		if _, err := tt.in.Append(t.Context(), tt.by, f.ID, 0, strings.NewReader("abc")); !errors.Is(err, tt.want) {
			t.Errorf("%s: Append = %v, want %v", tt.name, err, tt.want)
		}
		if _, _, err := tt.in.Open(t.Context(), tt.by, f.ID); !errors.Is(err, tt.want) {
			t.Errorf("%s: Open = %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := h.About(one).Append(t.Context(), marta, f.ID, 0, strings.NewReader("abc")); err != nil {
		t.Errorf("the recipient: %v", err)
	}
	// What a recipient has under way is bounded whatever it is for.
	if _, err := h.About(other).Begin(t.Context(), marta, "b.txt", "", 8); !errors.Is(err, letterlock.TooLarge) {
		t.Errorf("11 bytes of 10: %v, want TooLarge", err)
	}
}

func TestUploadsOfAnAccountAreBounded(t *testing.T) {
	h := newHouse(t)
	h.Most = 100
	f := h.begin(60)
	if _, err := h.Begin(t.Context(), ada, "a", "", 41); !errors.Is(err, letterlock.TooLarge) {
		t.Errorf("101 bytes: %v, want TooLarge", err)
	}
	if _, err := h.Begin(t.Context(), eve, "a", "", 100); err != nil {
		t.Errorf("another account's: %v", err)
	}
	for _, tt := range []struct {
		name string
		size int64
	}{{"", 1}, {strings.Repeat("a", 1001), 1}, {"a", -1}} {
		if _, err := h.Begin(t.Context(), ada, tt.name, "", tt.size); !errors.Is(err, letterlock.Invalid) {
			t.Errorf("%.10q, %d bytes: %v, want Invalid", tt.name, tt.size, err)
		}
	}
	h.now = h.now.Add(time.Hour + time.Second)
	if _, err := h.Begin(t.Context(), ada, "a", "", 41); err != nil {
		t.Errorf("after an hour the idle one makes room: %v", err)
	}
	if _, err := h.Find(t.Context(), ada, f.ID); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("the idle one: %v", err)
	}
	for range upload.MaxFiles - 1 {
		if _, err := h.Begin(t.Context(), ada, "a", "", 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Begin(t.Context(), ada, "a", "", 0); !errors.Is(err, letterlock.TooLarge) {
		t.Errorf("one file too many: %v", err)
	}
	full := &letterlock.Error{Code: letterlock.Busy, Key: "disk"}
	h.Room = func() error { return full }
	if _, err := h.Begin(t.Context(), eve, "a", "", 0); !errors.Is(err, full) {
		t.Errorf("without room: %v", err)
	}
}

func TestWhatWasLetGoIsRemovedBeforeMoreComes(t *testing.T) {
	h := newHouse(t)
	const size = 400_000
	var totals []int64
	for range 6 {
		f := h.begin(size)
		if _, err := h.Append(t.Context(), ada, f.ID, 0, bytes.NewReader(random(size))); err != nil {
			t.Fatal(err)
		}
		if err := h.Discard(t.Context(), ada, f.ID); err != nil {
			t.Fatal(err)
		}
		var bytes int64
		if err := h.DB.Read(t.Context(), func(tx *store.Tx) (err error) { _, bytes, err = tx.UploadTotals(""); return err }); err != nil {
			t.Fatal(err)
		}
		totals = append(totals, bytes)
	}
	if n := slices.Max(totals); n <= h.Most || n > h.Most+size {
		t.Errorf("bytes that were let go came to %v, want a little more than %d at most", totals, h.Most)
	}
}
