package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"letterlock/internal/letterlock"
)

func files(t *testing.T) Files {
	t.Helper()
	return Files{Master: filepath.Join(t.TempDir(), "safe", "master.key"), Data: t.TempDir()}
}

func firstStart(t *testing.T, f Files) Keys {
	t.Helper()
	k, first, err := f.Start(false)
	if err != nil || !first {
		t.Fatalf("first start: first = %v, %v", first, err)
	}
	if err := f.Started(); err != nil {
		t.Fatal(err)
	}
	return k
}

// listing names everything below the folders of an installation, with modes.
func listing(t *testing.T, f Files) (list []string) {
	t.Helper()
	for _, dir := range []string{filepath.Dir(f.Master), f.Data} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil && path != dir {
				list = append(list, info.Mode().String()+" "+strings.TrimPrefix(path, dir+"/"))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func TestAFirstStartMakesEveryKeyForItsOwnerOnly(t *testing.T) {
	f := files(t)
	k := firstStart(t, f)
	want := []string{"-r-------- master.key", "drwx------ keyring", "-r-------- keyring/epoch-1.key", "-r-------- pepper.key"}
	if got := listing(t, f); !slices.Equal(got, want) {
		t.Errorf("it made %q, want %q", got, want)
	}
	if info, err := os.Stat(filepath.Dir(f.Master)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the master key: %v, %v, want mode 0700", info.Mode(), err)
	}
	_, key := sealed(t, nil)
	id := letterlock.NewID()
	w := k.Ring.Wrap(key, id, "h")
	again, first, err := f.Start(true)
	if err != nil || first {
		t.Fatalf("second start: first = %v, %v", first, err)
	}
	if got, err := again.Ring.Unwrap(w, id, "h"); err != nil || got != key {
		t.Errorf("after the second start: %v, want the key itself", err)
	}
	if !slices.Equal(again.Pepper.Hash("link", "x"), k.Pepper.Hash("link", "x")) {
		t.Error("the pepper is another one after the second start")
	}
}

func TestAFirstStartUsesTheOperatorsMasterKey(t *testing.T) {
	f := files(t)
	if err := os.Mkdir(filepath.Dir(f.Master), 0o700); err != nil {
		t.Fatal(err)
	}
	made := strings.Repeat("k", 32)
	if err := os.WriteFile(f.Master, []byte(made), 0o600); err != nil {
		t.Fatal(err)
	}
	firstStart(t, f)
	if b, err := os.ReadFile(f.Master); err != nil || string(b) != made {
		t.Errorf("the master key is %q, %v", b, err)
	}
}

func TestALostKeyIsNeverReplaced(t *testing.T) {
	tests := []struct {
		name     string
		lose     func(f Files) []string
		database bool
		want     string
	}{
		{"master key", func(f Files) []string { return []string{f.Master} }, true, "restore it from where you keep its copy"},
		{"keyring", func(f Files) []string { return []string{f.ring()} }, true, "no key in the keyring"},
		{"epoch key", func(f Files) []string { return []string{f.ring() + "/epoch-1.key"} }, true, "no key in the keyring"},
		{"pepper", func(f Files) []string { return []string{f.pepper()} }, true, "pepper.key is missing: restore it"},
		{"every key", func(f Files) []string { return []string{f.Master, f.ring(), f.pepper()} }, true, "master key file"},
		{"database", func(f Files) []string { return nil }, false, "the database is missing"},
		{"database and pepper", func(f Files) []string { return []string{f.pepper()} }, false, "the database is missing"},
		{"database and keyring", func(f Files) []string { return []string{f.ring()} }, false, "the database is missing"},
		{"database and master key", func(f Files) []string { return []string{f.Master} }, false, "the database is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := files(t)
			firstStart(t, f)
			for _, path := range tt.lose(f) {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
			}
			before := listing(t, f)
			if _, _, err := f.Start(tt.database); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Start = %v, want %q", err, tt.want)
			}
			if after := listing(t, f); !slices.Equal(after, before) {
				t.Errorf("it changed %q to %q", before, after)
			}
		})
	}
}

func TestAKeyFileThatCannotBeTrustedIsRefused(t *testing.T) {
	replace := func(path string, content []byte, mode os.FileMode) error {
		return errors.Join(os.Remove(path), os.WriteFile(path, content, mode), os.Chmod(path, mode))
	}
	tests := []struct {
		name  string
		spoil func(path string) error
		want  string
	}{
		{"readable by the group", func(p string) error { return os.Chmod(p, 0o440) }, "may be read by others"},
		{"readable by everybody", func(p string) error { return os.Chmod(p, 0o404) }, "may be read by others"},
		{"writable by others", func(p string) error { return os.Chmod(p, 0o602) }, "may be read by others"},
		{"empty", func(p string) error { return replace(p, nil, 0o400) }, ""},
		{"one byte short", func(p string) error { return replace(p, make([]byte, 31), 0o400) }, ""},
		{"one byte more", func(p string) error { return replace(p, make([]byte, 33), 0o400) }, ""},
		{"a gigabyte", func(p string) error {
			return errors.Join(replace(p, nil, 0o600), os.Truncate(p, 1<<30))
		}, ""},
		{"another key", func(p string) error { return replace(p, make([]byte, 32), 0o400) }, "cannot be opened"},
		{"symbolic link", func(p string) error {
			return errors.Join(os.Rename(p, p+".real"), os.Symlink(p+".real", p))
		}, "is a symbolic link"},
		{"link to nothing", func(p string) error { return errors.Join(os.Remove(p), os.Symlink(p+".gone", p)) }, "is a symbolic link"},
		{"folder", func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }, "is not a file"},
		{"pipe", func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o400)) }, "is not a file"},
	}
	for _, tt := range tests {
		for _, which := range []string{"master", "epoch", "pepper"} {
			if tt.name == "another key" && which == "pepper" {
				continue // nothing shows that it is another
			}
			t.Run(tt.name+"/"+which, func(t *testing.T) {
				f := files(t)
				firstStart(t, f)
				path := map[string]string{"master": f.Master, "epoch": f.ring() + "/epoch-1.key", "pepper": f.pepper()}[which]
				if err := tt.spoil(path); err != nil {
					t.Fatal(err)
				}
				if _, _, err := f.Start(true); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Start = %v, want %q", err, tt.want)
				}
			})
		}
	}
}

func TestAKeyringThatOthersMayEnterIsRefused(t *testing.T) {
	f := files(t)
	firstStart(t, f)
	if err := os.Chmod(f.ring(), 0o770); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Start(true); err == nil || !strings.Contains(err.Error(), "set its mode to 0700") {
		t.Errorf("Start = %v", err)
	}
}

func TestTheMasterKeyOfAnotherInstallationOpensNothing(t *testing.T) {
	f, other := files(t), files(t)
	firstStart(t, f)
	firstStart(t, other)
	f.Master = other.Master
	if _, _, err := f.Start(true); !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "right master key") {
		t.Errorf("Start = %v, want ErrTampered and a hint", err)
	}
}

func TestKeyFilesBelongToUsOrToRoot(t *testing.T) {
	const us, them = 997, 1001
	tests := []struct {
		name     string
		mode     uint32
		uid, gid uint32
		fit      bool
	}{
		{"ours", 0o400, us, us, true},
		{"ours, writable", 0o600, us, us, true},
		{"root's, which we can read all the same", 0o400, 0, 0, true},
		{"a credential from systemd", 0o440, 0, 0, true},
		{"a credential that the group may change", 0o460, 0, 0, false},
		{"root's, readable by a group", 0o440, 0, us, false},
		{"root's, readable by everybody", 0o444, 0, 0, false},
		{"ours, readable by a group", 0o440, us, 0, false},
		{"somebody else's", 0o400, them, us, false},
	}
	for _, tt := range tests {
		st := unix.Stat_t{Mode: unix.S_IFREG | tt.mode, Uid: tt.uid, Gid: tt.gid}
		if why := unfit(&st, us); (why == "") != tt.fit {
			t.Errorf("%s: %q, want fit = %v", tt.name, why, tt.fit)
		}
	}
	if why := unfit(&unix.Stat_t{Mode: unix.S_IFREG | 0o440}, 0); why == "" {
		t.Error("as root: a key that a group may read was accepted")
	}
}

func TestAFirstStartThatWasCutShortGoesOn(t *testing.T) {
	steps := func(f Files) []string { return []string{f.Master, f.ring(), f.ring() + "/epoch-1.key", f.pepper()} }
	for done := range len(steps(Files{})) + 1 {
		f := files(t)
		if _, _, err := f.Start(false); err != nil {
			t.Fatal(err)
		}
		for _, path := range slices.Backward(steps(f)[done:]) { // what a cut left undone
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		kept := map[string]string{}
		for _, path := range steps(f)[:done] {
			b, _ := os.ReadFile(path) // nothing for the folder
			kept[path] = string(b)
		}
		if _, first, err := f.Start(false); err != nil || !first {
			t.Errorf("cut after %d steps: first = %v, %v", done, first, err)
		}
		for path, want := range kept {
			if got, _ := os.ReadFile(path); string(got) != want {
				t.Errorf("cut after %d steps: %s was made anew", done, path)
			}
		}
		// The database may have been made just before the cut.
		if _, first, err := f.Start(true); err != nil || !first {
			t.Errorf("cut after %d steps and the database: first = %v, %v", done, first, err)
		}
		if err := f.Started(); err != nil {
			t.Fatal(err)
		}
		if _, first, err := f.Start(true); err != nil || first {
			t.Errorf("after the first start: first = %v, %v", first, err)
		}
	}
}

func TestACutFirstStartDoesNotExcuseALostKey(t *testing.T) {
	for _, database := range []bool{false, true} {
		f := files(t)
		if _, _, err := f.Start(false); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(f.Master); err != nil {
			t.Fatal(err)
		}
		before := listing(t, f)
		if _, _, err := f.Start(database); err == nil || !strings.Contains(err.Error(), "master key file") {
			t.Errorf("database %v: Start = %v", database, err)
		}
		if after := listing(t, f); !slices.Equal(after, before) {
			t.Errorf("database %v: it changed %q to %q", database, before, after)
		}
	}
}
