package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// memory is a Sink and the io.ReaderAt that belongs to it.
type memory struct {
	head   []byte
	chunks [][]byte
}

func (m *memory) Head(p []byte) error  { m.head = bytes.Clone(p); return nil }
func (m *memory) Chunk(p []byte) error { m.chunks = append(m.chunks, bytes.Clone(p)); return nil }

func (m *memory) all() []byte {
	return append(bytes.Clone(m.head), bytes.Join(m.chunks, nil)...)
}

func sealed(t *testing.T, mail []byte) (*memory, DataKey) {
	t.Helper()
	m := &memory{}
	w, err := NewMailWriter(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(mail); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return m, w.Key()
}

func open(d DataKey, b []byte) ([]byte, error) {
	r, n, err := OpenMail(d, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(r, 0, n))
}

func keyring(t *testing.T) *Keyring {
	t.Helper()
	return firstStart(t, Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: t.TempDir()}).Ring
}

func TestSealedMailOpensWhole(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 65535, 65536, 65537, 200_000} {
		mail := bytes.Repeat([]byte("letterlock "), n/11+1)[:n]
		m, key := sealed(t, mail)
		got, err := open(key, m.all())
		if err != nil || !bytes.Equal(got, mail) {
			t.Errorf("%d bytes: opened %d bytes, %v", n, len(got), err)
		}
		for i, c := range m.chunks[:len(m.chunks)-1] {
			if len(c) != ChunkSize {
				t.Errorf("%d bytes: chunk %d has %d bytes, want %d", n, i, len(c), ChunkSize)
			}
		}
	}
}

func TestDamagedMailDoesNotOpen(t *testing.T) {
	mail := bytes.Repeat([]byte("x"), 200_000)
	m, key := sealed(t, mail)
	other, otherKey := sealed(t, mail)
	if _, err := open(key, m.all()); err != nil {
		t.Fatal(err)
	}
	swapped := &memory{m.head, [][]byte{m.chunks[1], m.chunks[0], m.chunks[2], m.chunks[3]}}
	cut := &memory{m.head, m.chunks[:len(m.chunks)-1]}
	foreign := &memory{m.head, [][]byte{other.chunks[0], m.chunks[1], m.chunks[2], m.chunks[3]}}
	flipped := bytes.Clone(m.all())
	flipped[len(flipped)/2] ^= 1
	tests := []struct {
		name string
		key  DataKey
		b    []byte
	}{
		{"another key", otherKey, m.all()},
		{"chunks swapped", key, swapped.all()},
		{"end missing", key, cut.all()},
		{"chunk of another mail", key, foreign.all()},
		{"one bit flipped", key, flipped},
		{"head only", key, m.head},
		{"nothing", key, nil},
	}
	for _, tt := range tests {
		if _, err := open(tt.key, tt.b); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v, want ErrTampered", tt.name, err)
		}
	}
}

func TestErrorsOfTheSourceAreNotTakenForDamage(t *testing.T) {
	m, key := sealed(t, bytes.Repeat([]byte("x"), 200_000))
	gone := &letterlock.Error{Code: letterlock.NotFound}
	src := &failing{bytes.NewReader(m.all()), nil}
	r, n, err := OpenMail(key, src, int64(len(m.all())))
	if err != nil {
		t.Fatal(err)
	}
	src.err = gone
	_, err = io.ReadAll(io.NewSectionReader(r, 0, n))
	if !errors.Is(err, letterlock.NotFound) || errors.Is(err, ErrTampered) {
		t.Errorf("reading: %v, want the source's own error", err)
	}
}

type failing struct {
	io.ReaderAt
	err error
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(p, off)
}

func TestWrapIsForOneMessageAndOneHolder(t *testing.T) {
	k, other := keyring(t), keyring(t)
	_, key := sealed(t, []byte("mail"))
	m1, m2 := letterlock.NewID(), letterlock.NewID()
	w := k.Wrap(key, m1, "marta")
	if got, err := k.Unwrap(w, m1, "marta"); err != nil || got != key {
		t.Fatalf("Unwrap = %v, want the key itself", err)
	}
	changed := bytes.Clone(w)
	changed[len(changed)-1] ^= 1
	oldEpoch := bytes.Clone(w)
	oldEpoch[3] = 9
	tests := []struct {
		name    string
		ring    *Keyring
		wrapped []byte
		message letterlock.ID
		holder  string
	}{
		{"another message", k, w, m2, "marta"},
		{"another holder", k, w, m1, "yuki"},
		{"another keyring", other, w, m1, "marta"},
		{"a changed byte", k, changed, m1, "marta"},
		{"an epoch whose key is gone", k, oldEpoch, m1, "marta"},
		{"too short", k, w[:10], m1, "marta"},
	}
	for _, tt := range tests {
		if _, err := tt.ring.Unwrap(tt.wrapped, tt.message, tt.holder); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v, want ErrTampered", tt.name, err)
		}
	}
	if a, b := k.Wrap(key, m1, "x"), k.Wrap(key, m1, "x"); bytes.Equal(a, b) {
		t.Error("two wraps of one key are equal")
	}
}

func TestIndexIsBoundToItsMessage(t *testing.T) {
	_, key := sealed(t, nil)
	_, otherKey := sealed(t, nil)
	id := letterlock.NewID()
	s := key.SealIndex(id, []byte("parts"))
	if got, err := key.OpenIndex(id, s); err != nil || string(got) != "parts" {
		t.Fatalf("OpenIndex = %q, %v", got, err)
	}
	if _, err := key.OpenIndex(letterlock.NewID(), s); !errors.Is(err, ErrTampered) {
		t.Errorf("another message: %v, want ErrTampered", err)
	}
	if _, err := otherKey.OpenIndex(id, s); !errors.Is(err, ErrTampered) {
		t.Errorf("another key: %v, want ErrTampered", err)
	}
}

func TestKeysPrintAsMasks(t *testing.T) {
	_, key := sealed(t, nil)
	s := newSecret()
	for _, text := range []string{fmt.Sprint(key), fmt.Sprintf("%#v", key), fmt.Sprint(s), fmt.Sprintf("%#v", s), fmt.Sprintf("%+v %#v", Master{s}, Pepper{s})} {
		if strings.ContainsAny(text, "0123456789") {
			t.Errorf("a key prints as %q", text)
		}
	}
}

func TestPepperKeepsPurposesApart(t *testing.T) {
	p := firstStart(t, Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: t.TempDir()}).Pepper
	if bytes.Equal(p.Hash("link", "x"), p.Hash("browser", "x")) || bytes.Equal(p.Hash("link", "x"), p.Hash("link", "y")) ||
		bytes.Equal(p.Hash("link", "x"), p.Hash("link", "x\x00")) {
		t.Error("two purposes or two values have one hash")
	}
	s := p.Seal("passcode", "marta", []byte("12345678"))
	if got, err := p.Open("passcode", "marta", s); err != nil || string(got) != "12345678" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	if _, err := p.Open("passcode", "yuki", s); !errors.Is(err, ErrTampered) {
		t.Errorf("bound to another: %v, want ErrTampered", err)
	}
	if _, err := p.Open("token", "marta", s); !errors.Is(err, ErrTampered) {
		t.Errorf("another purpose: %v, want ErrTampered", err)
	}
}
