package keys

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

func TestOnlyAdministratorsRotate(t *testing.T) {
	h := newHouse(t)
	for name, by := range map[string]letterlock.Actor{
		"nobody": {}, "reader": {Kind: letterlock.Reader}, "sender": {Kind: letterlock.Staff, Roles: []letterlock.Role{letterlock.Sender}},
		"revoker": {Kind: letterlock.Staff, Roles: []letterlock.Role{letterlock.Revoker}},
	} {
		_, err1 := h.keys.Rotate(t.Context(), by, time.Minute)
		_, err2 := h.keys.Continue(t.Context(), by, time.Minute)
		_, err3 := h.keys.List(t.Context(), by, 10)
		for _, err := range []error{err1, err2, err3} {
			if !errors.Is(err, letterlock.Denied) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if got := h.keys.Ring.Epoch(); got != 1 {
		t.Errorf("epoch %d", got)
	}
}

func TestAReaderOfBeforeIsWaitedFor(t *testing.T) {
	h := newHouse(t)
	id, reader, err := h.put("text")
	if err != nil {
		t.Fatal(err)
	}
	err = h.db.Read(t.Context(), func(tx *store.Tx) error {
		wrapped, err := tx.Wrapped(id, string(reader))
		if err != nil {
			return err
		}
		if p := h.rotate(t); p.Waits != "readers" || p.Ended != 0 {
			t.Errorf("beside a reader: %+v", p)
		}
		_, err = h.keys.Ring.Unwrap(wrapped, id, string(reader))
		return err
	})
	if err != nil {
		t.Errorf("the reader: %v", err)
	}
	if p, err := h.keys.Continue(t.Context(), operator, time.Minute); err != nil || p.Waits != "" || p.Ended != 1 || p.Rewrapped != 0 {
		t.Errorf("after it: %+v, %v", p, err)
	}
}

func TestAWriteThatBeganUnderTheOldEpochIsWrappedAnew(t *testing.T) {
	h := newHouse(t)
	id, reader, err := h.put("text")
	if err != nil {
		t.Fatal(err)
	}
	wrapped, turned, wrote := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		wrote <- h.db.Write(context.Background(), func(tx *store.Tx) error {
			if err := tx.Shred(id, string(reader)); err != nil {
				return err
			}
			sender, err := tx.Wrapped(id, store.SenderCopy)
			if err != nil {
				return err
			}
			key, err := h.keys.Ring.Unwrap(sender, id, store.SenderCopy)
			if err != nil {
				return err
			}
			b := h.keys.Ring.Wrap(key, id, string(reader))
			close(wrapped)
			<-turned
			return tx.Grant(id, string(reader), seal.EpochOf(b), b)
		})
	}()
	<-wrapped
	h.keys.Files.Step = func(name string) {
		if name == "note the new epoch" {
			close(turned)
		}
	}
	if p := h.rotate(t); p.Waits != "" || p.Ended != 1 {
		t.Errorf("%+v", p)
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if text, err := h.read(id, string(reader)); err != nil || text != "text" {
		t.Errorf("afterwards: %q, %v", text, err)
	}
}

func TestARotationOfManyKeysGoesOnWhereItWas(t *testing.T) {
	h := newHouse(t)
	for range 10 {
		if _, _, err := h.put("text"); err != nil {
			t.Fatal(err)
		}
	}
	p, err := h.keys.Rotate(t.Context(), operator, 0)
	if err != nil || p.Waits != "keys" || p.Rewrapped == 0 || p.Rewrapped > 3 {
		t.Fatalf("without time: %+v, %v", p, err)
	}
	total, calls := p.Rewrapped, 1
	for ; p.Waits != ""; calls++ {
		if p, err = h.keys.Continue(t.Context(), operator, 0); err != nil {
			t.Fatal(err)
		}
		total += p.Rewrapped
	}
	if total != 20 || calls < 7 {
		t.Errorf("%d keys in %d calls", total, calls)
	}
}

func TestAnEpochEndsByItselfWhenItIsOldEnough(t *testing.T) {
	tests := []struct {
		name  string
		every time.Duration
		after time.Duration
		want  uint32
	}{
		{"a day", 24 * time.Hour, 24 * time.Hour, 2},
		{"not yet", 24 * time.Hour, 24*time.Hour - time.Second, 1},
		{"by hand only", 0, 1000 * time.Hour, 1},
	}
	for _, tt := range tests {
		h := newHouse(t)
		h.keys.Every = tt.every
		h.now = h.now.Add(tt.after)
		for range 2 {
			if err := h.keys.Due(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := h.keys.Ring.Epoch(); got != tt.want {
			t.Errorf("%s: epoch %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestAKeyThatCannotBeOpenedHoldsUpNothing(t *testing.T) {
	h := newHouse(t)
	id, reader, err := h.put("text")
	if err != nil {
		t.Fatal(err)
	}
	err = h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Grant(id, string(reader), 1, []byte{0, 0, 0, 1, 9}) })
	if err != nil {
		t.Fatal(err)
	}
	if p := h.rotate(t); p.Waits != "" || p.Ended != 1 || p.Rewrapped != 1 {
		t.Errorf("%+v", p)
	}
	if text, err := h.read(id, store.SenderCopy); err != nil || text != "text" {
		t.Errorf("the sender's copy: %q, %v", text, err)
	}
}

func TestAnEpochLivesUntilItsSuccessorIsBackedUp(t *testing.T) {
	h := newHouse(t)
	h.keys.Backup = filepath.Join(h.dir, "nowhere")
	if p, err := h.keys.Rotate(t.Context(), operator, time.Minute); err == nil || p.Ended != 0 {
		t.Fatalf("without the folder of the backup: %+v, %v", p, err)
	}
	if got := len(h.keys.Ring.Epochs()); got != 2 {
		t.Fatalf("%d epochs are alive", got)
	}
	if err := h.keys.Due(t.Context()); err == nil {
		t.Fatal("going on without the folder is no failure")
	}
	if st, err := h.keys.State(t.Context()); err != nil || st.Failure == nil || st.Epoch != 2 || st.Ending != 1 {
		t.Errorf("the state is %+v, %v; want a failure of epoch 2 with one that is ending", st, err)
	}
	h.keys.Backup = h.backup()
	if p, err := h.keys.Continue(t.Context(), operator, time.Minute); err != nil || p.Ended != 1 {
		t.Fatalf("with the folder: %+v, %v", p, err)
	}
	if got, want := folder(t, h.backup()), "epoch-1.key epoch-2.key pepper.key"; got != want {
		t.Errorf("the backup has %s, want %s", got, want)
	}
	h.now = h.now.Add(h.keys.Keep)
	if err := h.keys.Due(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, err := h.keys.State(t.Context()); err != nil || st.Failure != nil || st.Epoch != 3 || !st.Rotated.Equal(h.now) || !st.Next.Equal(h.now.Add(h.keys.Every)) {
		t.Errorf("the state is %+v, %v; want epoch 3 from now, and no failure", st, err)
	}
	if got, want := folder(t, h.backup()), "epoch-2.key epoch-3.key pepper.key"; got != want {
		t.Errorf("a month later it has %s, want %s", got, want)
	}
}

func TestTheStateOfAKeySaysWhenItIsGone(t *testing.T) {
	h := newHouse(t)
	id, reader, err := h.put("text")
	if err != nil {
		t.Fatal(err)
	}
	state := func() store.KeyState {
		t.Helper()
		var list []store.KeyState
		if err := h.db.Read(t.Context(), func(tx *store.Tx) (err error) { list, err = tx.KeyStates(id); return err }); err != nil {
			t.Fatal(err)
		}
		if len(list) != 2 || list[0].Holder != store.SenderCopy || !list[0].Live {
			t.Fatalf("%+v", list)
		}
		return list[1]
	}
	h.rotate(t)
	if got := state(); !got.Live || got.Epoch != 2 || !got.Destroyed.IsZero() {
		t.Errorf("live: %+v", got)
	}
	if err := h.shred(id, reader); err != nil {
		t.Fatal(err)
	}
	if got := state(); got.Live || got.Epoch != 2 || !got.Destroyed.IsZero() {
		t.Errorf("deleted: %+v", got)
	}
	h.now = h.now.Add(time.Hour)
	h.rotate(t)
	h.rotate(t)
	if got := state(); got.Live || got.Epoch != 2 || !got.Destroyed.Equal(h.now) {
		t.Errorf("destroyed: %+v", got)
	}
}

func TestNothingIsGrantedUnderAnEpochThatIsOver(t *testing.T) {
	h := newHouse(t)
	id, reader, err := h.put("text")
	if err != nil {
		t.Fatal(err)
	}
	old := h.wrapped(t, id, string(reader))
	h.rotate(t)
	err = h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Grant(id, string(reader), seal.EpochOf(old), old) })
	if !errors.Is(err, letterlock.Busy) {
		t.Errorf("granting: %v", err)
	}
	if text, err := h.read(id, string(reader)); err != nil || text != "text" {
		t.Errorf("afterwards: %q, %v", text, err)
	}
}

func TestNoNumberIsGivenToTwoEpochs(t *testing.T) {
	h := newHouse(t)
	if err := h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.AddEpoch(7, start) }); err != nil {
		t.Fatal(err)
	}
	if p := h.rotate(t); p.Epoch != 8 {
		t.Errorf("epoch %d, and the database knows of 7", p.Epoch)
	}
}

func TestWhatAnInterruptedCopyHasLeftDoesNotOutliveItsEpoch(t *testing.T) {
	h := newHouse(t)
	name := func(s ...string) string { return filepath.Join(append([]string{h.dir}, s...)...) }
	key, err := os.ReadFile(name("data", "keyring", "epoch-1.key"))
	if err != nil {
		t.Fatal(err)
	}
	// A copy gets its name when it is whole: one was killed before, one just after.
	left := []string{name("backup", ".new-1"), name("backup", "epoch-1.key.next")}
	for _, path := range left {
		if err := os.WriteFile(path, key, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(name("data", "keyring", "epoch-1.key"), name("data", "keyring", ".new-1")); err != nil {
		t.Fatal(err)
	}
	held, err := os.Open(left[0])
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close() // it was only read
	id, reader, err := h.put("text")
	if err != nil {
		t.Fatal(err)
	}
	h.rotate(t)
	h.now = h.now.Add(h.keys.Keep)
	if _, err := h.keys.Continue(t.Context(), system, time.Minute); err != nil {
		t.Fatal(err)
	}
	if names := folder(t, h.backup()); names != "epoch-2.key pepper.key" {
		t.Errorf("the backup of the keys has %s", names)
	}
	if rest, err := io.ReadAll(held); err != nil || bytes.Equal(rest, key) {
		t.Errorf("what was left still has the key, %v", err)
	}
	if text, err := h.read(id, string(reader)); err != nil || text != "text" {
		t.Errorf("a live message: %q, %v", text, err)
	}
}
