package cutfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mount shows a disk for as long as the test runs. Where FUSE is missing there is
// nothing to test, which make stress does not let pass.
func mount(t *testing.T, d *Disk) string {
	t.Helper()
	if err := Missing(); err != nil {
		if os.Getenv("LETTERLOCK_STRESS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	m, err := d.Mount(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// steps does one thing after another in a folder and panics when one fails.
type steps struct{ dir string }

func (s steps) must(err error) {
	if err != nil {
		panic(err)
	}
}

func (s steps) open(name string, flags int) *os.File {
	f, err := os.OpenFile(filepath.Join(s.dir, name), flags, 0o600)
	s.must(err)
	return f
}

func (s steps) write(name, text string) {
	s.must(os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
}

func (s steps) sync(name string) {
	f := s.open(name, os.O_RDONLY)
	s.must(errors.Join(f.Sync(), f.Close()))
}

func (s steps) mkdir(name string) { s.must(os.Mkdir(filepath.Join(s.dir, name), 0o700)) }

func (s steps) rename(from, to string) {
	s.must(os.Rename(filepath.Join(s.dir, from), filepath.Join(s.dir, to)))
}

func (s steps) remove(name string) { s.must(os.Remove(filepath.Join(s.dir, name))) }

func (s steps) truncate(name string, size int64) {
	s.must(os.Truncate(filepath.Join(s.dir, name), size))
}

// files reads everything below a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name := strings.TrimPrefix(path, dir+"/")
		if e.IsDir() {
			got[name] = "folder"
			return nil
		}
		b, err := os.ReadFile(path)
		got[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestACutTakesWhatWasNotSynced(t *testing.T) {
	tests := []struct {
		name string
		do   func(s steps)
		want map[string]string // after a cut that leaves nothing else
		all  map[string]string // after the end of the program alone
	}{
		{"nothing synced",
			func(s steps) { s.write("a", "x") },
			map[string]string{}, map[string]string{"a": "x"}},
		{"a name without its bytes",
			func(s steps) { s.write("a", "x"); s.sync("") },
			map[string]string{"a": ""}, map[string]string{"a": "x"}},
		{"bytes without their name",
			func(s steps) { s.write("a", "x"); s.sync("a") },
			map[string]string{}, map[string]string{"a": "x"}},
		{"both",
			func(s steps) { s.write("a", "x"); s.sync("a"); s.sync("") },
			map[string]string{"a": "x"}, map[string]string{"a": "x"}},
		{"a change after the sync",
			func(s steps) { s.write("a", "x"); s.sync("a"); s.sync(""); s.write("a", "yy") },
			map[string]string{"a": "x"}, map[string]string{"a": "yy"}},
		{"a shorter file",
			func(s steps) { s.write("a", "xyz"); s.sync("a"); s.sync(""); s.truncate("a", 1) },
			map[string]string{"a": "xyz"}, map[string]string{"a": "x"}},
		{"a rename over another",
			func(s steps) {
				s.write("a", "old")
				s.write("b", "new")
				s.sync("a")
				s.sync("b")
				s.sync("")
				s.rename("b", "a")
			},
			map[string]string{"a": "old", "b": "new"}, map[string]string{"a": "new"}},
		{"a synced rename of what was not",
			func(s steps) { s.write("b", "new"); s.rename("b", "a"); s.sync("") },
			map[string]string{"a": ""}, map[string]string{"a": "new"}},
		{"a removed file",
			func(s steps) { s.write("a", "x"); s.sync("a"); s.sync(""); s.remove("a") },
			map[string]string{"a": "x"}, map[string]string{}},
		{"a file in a folder that was not kept",
			func(s steps) { s.mkdir("f"); s.write("f/a", "x"); s.sync("f/a"); s.sync("f") },
			map[string]string{}, map[string]string{"f": "folder", "f/a": "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for how, want := range map[How]map[string]string{Lost: tt.want, Whole: tt.all} {
				d := New(Plenty)
				tt.do(steps{mount(t, d)})
				after := d.Cut(how, 1)
				if got := files(t, mount(t, after)); !maps.Equal(got, want) {
					t.Errorf("%s: after the cut %q, want %q", how, got, want)
				}
			}
		})
	}
}

func TestATornCutLeavesPartsOfBoth(t *testing.T) {
	old, new := bytes.Repeat([]byte("o"), 8*pageSize), bytes.Repeat([]byte("n"), 8*pageSize)
	d := New(Plenty)
	s := steps{mount(t, d)}
	s.write("a", string(old))
	s.sync("a")
	s.sync("")
	f := s.open("a", os.O_WRONLY)
	_, err := f.WriteAt(new, 0)
	s.must(errors.Join(err, f.Close()))
	seen := map[string]bool{}
	for seed := range uint64(4) {
		got := files(t, mount(t, d.Cut(Torn, seed)))["a"]
		if !strings.Contains(got, "o") || !strings.Contains(got, "n") || len(got) != len(old) {
			t.Errorf("seed %d: %d old and %d new of %d bytes", seed, strings.Count(got, "o"), strings.Count(got, "n"), len(old))
		}
		for at := 0; at < len(got); at += sectorSize {
			if n := strings.Count(got[at:at+sectorSize], "n"); n != 0 && n != sectorSize {
				t.Fatalf("seed %d: a sector has %d new bytes", seed, n)
			}
		}
		if again := files(t, mount(t, d.Cut(Torn, seed)))["a"]; again != got {
			t.Errorf("seed %d leaves another file the second time", seed)
		}
		seen[got] = true
	}
	if len(seen) != 4 {
		t.Errorf("4 seeds leave %d files", len(seen))
	}
}

func TestACutDiskDoesNothingMore(t *testing.T) {
	d := New(Plenty)
	dir := mount(t, d)
	f, err := os.Create(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // of a disk without power
	d.Off()
	if _, err := f.WriteString("x"); !errors.Is(err, syscall.EIO) {
		t.Errorf("a write after the cut: %v, want EIO", err)
	}
	if err := f.Sync(); !errors.Is(err, syscall.EIO) {
		t.Errorf("a sync after the cut: %v, want EIO", err)
	}
	if _, err := os.Create(filepath.Join(dir, "b")); !errors.Is(err, syscall.EIO) {
		t.Errorf("a new file after the cut: %v, want EIO", err)
	}
}

func TestACallThatIsRefusedDoesNothing(t *testing.T) {
	for _, kind := range []Kind{Write, Sync, SyncFolder, Create, MakeFolder, Rename, Remove, Truncate} {
		t.Run(string(kind), func(t *testing.T) {
			d := New(Plenty)
			s := steps{mount(t, d)}
			s.write("a", "x")
			s.sync("")
			before := files(t, s.dir)
			d.Refuse(func(c Call) syscall.Errno {
				if c.Kind == kind {
					return syscall.EIO
				}
				return 0
			})
			err := try(func() {
				s.sync("a")
				s.mkdir("f")
				s.truncate("a", 0)
				s.write("b", "y")
				s.sync("")
				s.rename("a", "c")
				s.remove("b")
			})
			if !errors.Is(err, syscall.EIO) {
				t.Errorf("with every %s refused: %v, want EIO", kind, err)
			}
			d.Refuse(func(Call) syscall.Errno { return 0 })
			if kind == Sync && !maps.Equal(files(t, mount(t, d.Cut(Lost, 1))), map[string]string{"a": ""}) {
				t.Errorf("a refused sync kept something of %q", before)
			}
		})
	}
}

// try returns what steps panic with.
func try(do func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w", p.(error))
		}
	}()
	do()
	return nil
}

func TestAFullDiskTakesNoMore(t *testing.T) {
	d := New(10 * pageSize)
	dir := mount(t, d)
	err := os.WriteFile(filepath.Join(dir, "a"), make([]byte, 11*pageSize), 0o600)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("writing more than fits: %v, want ENOSPC", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), make([]byte, 9*pageSize), 0o600); err != nil {
		t.Errorf("writing what fits: %v", err)
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || s.Bavail != 1 || d.Used() != 9*pageSize {
		t.Errorf("%d pages free, %d bytes used, %v; want 1 and %d", s.Bavail, d.Used(), err, 9*pageSize)
	}
}

func TestADiskIsLoadedAndSaved(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	s := steps{from}
	s.mkdir("f")
	s.write("f/a", "x")
	s.write("b", "y")
	d, err := Load(from, Plenty)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Cut(Lost, 1).Save(to); err != nil {
		t.Fatal(err)
	}
	if got, want := files(t, to), files(t, from); !maps.Equal(got, want) {
		t.Errorf("after loading and saving %q, want %q", got, want)
	}
}

func TestWhoOnlyPassesByIsWaitedFor(t *testing.T) {
	dir := mount(t, New(Plenty)) // it is unmounted when all else has ended
	passing, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Second, func() { passing.Close() })
}
