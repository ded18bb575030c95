package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// The folder of an installation, and the step at which its rotation is to be killed.
const folderVar, stepVar, actVar = "KEYS_TEST_FOLDER", "KEYS_TEST_STEP", "KEYS_TEST_ACT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(folderVar); dir != "" {
		if err := actAndDie(dir, os.Getenv(actVar), os.Getenv(stepVar)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// actAndDie changes the keys of an installation, prints each step, and is killed
// when it comes to the one with that number.
func actAndDie(dir, act, at string) error {
	last, err := strconv.Atoi(at)
	if err != nil {
		return err
	}
	n := 0
	step := func(name string) {
		fmt.Println(name)
		if n == last {
			syscall.Kill(os.Getpid(), syscall.SIGKILL) // it cannot fail for oneself
			select {}
		}
		n++
	}
	if act == "rekey" {
		f := filesOf(dir)
		f.Step = step
		_, err := f.Rekey(filepath.Join(dir, "backup"))
		return err
	}
	h, err := openHouse(dir)
	if err != nil {
		return err
	}
	h.keys.Files.Step = step
	if p, err := h.keys.Rotate(context.Background(), operator, time.Minute); err != nil || p.Waits != "" {
		return fmt.Errorf("%+v: %w", p, err)
	}
	return h.db.Close()
}

// killed runs an act in a process of its own, which is killed at a step; -1:
// at none. It returns the steps that it came to.
func killed(t *testing.T, dir, act string, at int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), folderVar+"="+dir, actVar+"="+act, stepVar+"="+strconv.Itoa(at))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && at >= 0 {
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signal() == syscall.SIGKILL {
			err = nil
		}
	}
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// A furnished is an installation with messages, and what is known of them.
type furnished struct {
	*house
	live    [][2]letterlock.ID // message and recipient
	revoked [2]letterlock.ID
	left    []byte // the key that was deleted, as a page of the database might still have it
}

func furnish(t *testing.T) *furnished {
	t.Helper()
	f := &furnished{house: newHouse(t)}
	for range 5 {
		id, reader, err := f.put("text")
		if err != nil {
			t.Fatal(err)
		}
		f.live = append(f.live, [2]letterlock.ID{id, reader})
	}
	f.revoked = f.live[4]
	f.live = f.live[:4]
	f.left = f.wrapped(t, f.revoked[0], string(f.revoked[1]))
	if err := f.shred(f.revoked[0], f.revoked[1]); err != nil {
		t.Fatal(err)
	}
	return f
}

// check makes sure that live messages are readable and the revoked one is not.
func (f *furnished) check(t *testing.T) {
	t.Helper()
	for _, m := range f.live {
		for _, holder := range []string{store.SenderCopy, string(m[1])} {
			if text, err := f.read(m[0], holder); err != nil || text != "text" {
				t.Errorf("a live message: %q, %v", text, err)
			}
		}
	}
	if _, err := f.read(f.revoked[0], string(f.revoked[1])); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("the revoked message: %v", err)
	}
	if text, err := f.read(f.revoked[0], store.SenderCopy); err != nil || text != "text" {
		t.Errorf("its sender's copy: %q, %v", text, err)
	}
}

// opens reports whether what is left of the deleted key can be opened.
func (f *furnished) opens() bool {
	_, err := f.keys.Ring.Unwrap(f.left, f.revoked[0], string(f.revoked[1]))
	return err == nil
}

// copied returns a copy of the installation, as it is on the disk.
func (f *furnished) copied(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "house")
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := dir + strings.TrimPrefix(path, f.dir)
		if d.IsDir() {
			return os.Mkdir(to, 0o700)
		}
		info, err1 := d.Info()
		b, err2 := os.ReadFile(path)
		return errors.Join(err1, err2, os.WriteFile(to, b, info.Mode()))
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestARotationThatIsKilledIsFinishedAndLosesNothing(t *testing.T) {
	f := furnish(t)
	if !f.opens() {
		t.Fatal("the deleted key cannot be opened before the rotation: this test would prove nothing")
	}
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	steps := killed(t, f.copied(t), "rotate", -1)
	if len(steps) < 14 {
		t.Fatalf("steps %q: this test would prove little", steps)
	}
	for i, step := range steps {
		t.Run(fmt.Sprintf("%d %s", i, step), func(t *testing.T) {
			dir := f.copied(t)
			killed(t, dir, "rotate", i)
			f.reopened(t, dir)
		})
	}
}

// reopened opens an installation after a crash, and finishes what was begun.
func (f *furnished) reopened(t *testing.T, dir string) {
	h, err := openHouse(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer h.db.Close()
	again := *f
	again.house = h
	again.check(t)
	begun := h.keys.Ring.Epoch() > 1
	if p, err := h.keys.Continue(t.Context(), system, time.Minute); err != nil || p.Waits != "" {
		t.Fatalf("going on: %+v, %v", p, err)
	}
	if !begun {
		h.rotate(t)
	}
	again.check(t)
	if again.opens() {
		t.Error("the deleted key can still be opened")
	}
	if names := folder(t, h.keys.Files.Data, "keyring"); names != "epoch-2.key" {
		t.Errorf("the keyring has %s", names)
	}
	if names := folder(t, h.backup(), "."); names != "epoch-1.key epoch-2.key pepper.key" && names != "epoch-2.key pepper.key" {
		t.Errorf("the backup of the keys has %s", names)
	}
	list, err := h.keys.List(t.Context(), operator, 10)
	if err != nil || len(list) != 2 || list[1].Destroyed.IsZero() || list[1].Keys != 0 || !list[0].Destroyed.IsZero() || list[0].Keys != 9 {
		t.Errorf("epochs %+v, %v", list, err)
	}
}

func folder(t *testing.T, path ...string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestAChangeOfTheMasterKeyThatIsKilledIsFinished(t *testing.T) {
	f := furnish(t)
	f.rotate(t) // so that there are copies
	if _, err := f.keys.Files.AddEpoch(f.keys.Ring, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(f.keys.Files.Master)
	if err != nil {
		t.Fatal(err)
	}
	steps := killed(t, f.copied(t), "rekey", -1)
	if len(steps) < 8 {
		t.Fatalf("steps %q: this test would prove little", steps)
	}
	for i, step := range steps {
		t.Run(fmt.Sprintf("%d %s", i, step), func(t *testing.T) {
			dir := f.copied(t)
			killed(t, dir, "rekey", i)
			half := strings.Contains(folder(t, dir, "safe"), ".next")
			if h, err := openHouse(dir); half != (err != nil) {
				t.Fatalf("half a change: %v, and it starts with %v", half, err)
			} else if err == nil {
				h.db.Close()
			}
			former, err := filesOf(dir).Rekey(filepath.Join(dir, "backup"))
			done := step == "sync the master key"
			if done != (err != nil) {
				t.Fatalf("done before it was killed: %v, and the next call: %v", done, err)
			}
			now, err := os.ReadFile(filesOf(dir).Master)
			if err != nil || bytes.Equal(now, before) {
				t.Errorf("the master key is the one of before, %v", err)
			}
			if done {
				former = filesOf(dir).Master + ".old"
			}
			if was, err := os.ReadFile(former); (half || done) && (err != nil || !bytes.Equal(was, before)) {
				t.Errorf("the former one is not kept, %v", err)
			}
			f.rekeyed(t, dir)
		})
	}
}

// TestNoMasterKeyIsLostToAnotherChange has one from an earlier time beside it, for
// which exports wait, and then the disk of the copies missing.
func TestNoMasterKeyIsLostToAnotherChange(t *testing.T) {
	f := furnish(t)
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	files, copies := filesOf(f.copied(t)), filepath.Join(t.TempDir(), "copies")
	if err := os.Mkdir(copies, 0o700); err != nil {
		t.Fatal(err)
	}
	read := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := read(files.Master)
	former, err := files.Rekey(copies)
	if err != nil {
		t.Fatal(err)
	}
	second := read(files.Master)
	if _, err := files.Rekey(copies); err == nil || read(former) != first || read(files.Master) != second {
		t.Errorf("with the former one still there: %v", err)
	}
	if err := errors.Join(os.Remove(former), os.Remove(copies)); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Rekey(copies); err == nil || read(files.Master) != second {
		t.Errorf("without the folder of the copies: %v", err)
	}
	if _, err := files.Rekey(""); err != nil || read(former) != second {
		t.Errorf("once both are right: %v", err)
	}
}

// rekeyed makes sure that an installation works under a new master key.
func (f *furnished) rekeyed(t *testing.T, dir string) {
	h, err := openHouse(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer h.db.Close()
	again := *f
	again.house = h
	again.check(t)
	if p := h.rotate(t); p.Waits != "" || p.Ended != 2 {
		t.Errorf("rotating: %+v", p)
	}
	again.check(t)
}
