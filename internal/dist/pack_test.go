package dist

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// root is the project's.
const root = "../.."

// sources are what tools/dist/pack reads.
var sources = []string{"tools/dist", "docs", "README.md", "LICENSE", "internal/config/letterlock.toml"}

// copyTo copies the sources, as a clone made at another time would have them.
func copyTo(t *testing.T, dir string, age time.Time, umask string) {
	t.Helper()
	for _, s := range sources {
		to := filepath.Join(dir, filepath.Dir(s))
		out, err := exec.Command("sh", "-c", `umask "$1"; mkdir -p "$3" && cp -r "$2" "$3/" && find "$3" -exec touch -d "$4" {} +`,
			"sh", umask, filepath.Join(root, s), to, age.Format(time.RFC3339)).CombinedOutput()
		if err != nil {
			t.Fatalf("copying %s: %v\n%s", s, err, out)
		}
	}
}

// program stands for the built program: how it is packed does not depend on it.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "letterlock")
	if err := os.WriteFile(file, bytes.Repeat([]byte("a program\n"), 50_000), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// pack packs it from a copy of the project and returns the folder with what came
// out.
func pack(t *testing.T, project, program, umask string, environ ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command("sh", "-c", `umask "$1"; shift; exec "$@"`, "sh", umask,
		filepath.Join(project, "tools/dist/pack"), program, "amd64", "1.2.3", filepath.Join(project, "LICENSE"), out)
	cmd.Env = append(append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000"), environ...)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tools/dist/pack: %v (it needs dpkg-deb and GNU tar)\n%s", err, b)
	}
	return out
}

var packed = []string{"letterlock-1.2.3-linux-amd64.tar.gz", "letterlock_1.2.3_amd64.deb"}

func TestPackagesDependOnTheirFilesAlone(t *testing.T) {
	one, another := t.TempDir(), filepath.Join(t.TempDir(), "another", "folder")
	copyTo(t, one, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "022")
	copyTo(t, another, time.Date(2020, 2, 2, 2, 2, 2, 0, time.UTC), "077")
	p := program(t)
	first := pack(t, one, p, "022", "TZ=UTC", "LANG=C.UTF-8")
	second := pack(t, another, p, "077", "TZ=Pacific/Chatham", "LANG=de_DE.UTF-8", "TMPDIR="+t.TempDir())
	for _, name := range packed {
		if !bytes.Equal(read(t, filepath.Join(first, name)), read(t, filepath.Join(second, name))) {
			t.Errorf("%s differs between two folders", name)
		}
	}
	// Were everything the same whatever is packed, the above would show nothing.
	if err := os.WriteFile(filepath.Join(another, "README.md"), []byte("other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	third := pack(t, another, p, "022")
	for _, name := range packed {
		if bytes.Equal(read(t, filepath.Join(first, name)), read(t, filepath.Join(third, name))) {
			t.Errorf("%s is the same with another README", name)
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inside lists what is in an archive: mode, owner and name of each.
func inside(t *testing.T, command ...string) []string {
	t.Helper()
	out, err := exec.Command(command[0], command[1:]...).Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	var list []string
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		list = append(list, f[0]+" "+f[1]+" "+f[len(f)-1])
	}
	return list
}

func TestPackagesHoldWhatAnOperatorNeeds(t *testing.T) {
	project := t.TempDir()
	copyTo(t, project, time.Now(), "077")
	out := pack(t, project, program(t), "077")
	tests := []struct {
		name string
		list []string
		want []string
	}{
		{
			name: "tar.gz", list: inside(t, "tar", "--numeric-owner", "-tvzf", filepath.Join(out, packed[0])),
			want: []string{"-rwxr-xr-x 0/0 .../letterlock", "-rw-r--r-- 0/0 .../LICENSE", "-rw-r--r-- 0/0 .../licences.txt", "-rw-r--r-- 0/0 .../README.md",
				"-rw-r--r-- 0/0 .../letterlock.toml", "-rw-r--r-- 0/0 .../letterlock.service", "-rw-r--r-- 0/0 .../Containerfile",
				"drwxr-xr-x 0/0 .../docs/", "-rw-r--r-- 0/0 .../docs/operate.md", "-rw-r--r-- 0/0 .../docs/mail-programs.md"},
		},
		{
			name: "deb", list: inside(t, "dpkg-deb", "-c", filepath.Join(out, packed[1])),
			want: []string{"-rwxr-xr-x root/root ./usr/bin/letterlock", "-rw-r--r-- root/root ./lib/systemd/system/letterlock.service",
				"-rw-r--r-- root/root ./etc/letterlock/letterlock.toml", "-rw-r--r-- root/root ./usr/share/man/man1/letterlock.1.gz",
				"-rw-r--r-- root/root ./usr/share/doc/letterlock/operate.md", "-rw-r--r-- root/root ./usr/share/doc/letterlock/licences.txt.gz"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, want := range tt.want {
				want = strings.ReplaceAll(want, "...", "letterlock-1.2.3-linux-amd64")
				if !slices.Contains(tt.list, want) {
					t.Errorf("there is no %q in\n%s", want, strings.Join(tt.list, "\n"))
				}
			}
		})
	}
	fields, err := exec.Command("dpkg-deb", "-f", filepath.Join(out, packed[1])).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Version: 1.2.3\n", "Architecture: amd64\n"} {
		if !strings.Contains(string(fields), want) {
			t.Errorf("no %q among the fields of the package:\n%s", want, fields)
		}
	}
	if m := regexp.MustCompile(`@[A-Z]+@`).Find(fields); m != nil {
		t.Errorf("%s was not filled in", m)
	}
}

// value returns what a line like "key = value" says, without quotes.
func value(t *testing.T, file, key string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + key + ` ?= ?"?-?([^"\n]*)`).FindSubmatch(read(t, filepath.Join(root, file)))
	if m == nil {
		t.Fatalf("%s does not say %s", file, key)
	}
	return string(m[1])
}

func TestUnitAndSettingsAgreeOnTheFolders(t *testing.T) {
	const unit, settings = "tools/dist/letterlock.service", "internal/config/letterlock.toml"
	if got, want := value(t, settings, "data_dir"), "/var/lib/"+strings.Fields(value(t, unit, "StateDirectory"))[0]; got != want {
		t.Errorf("the settings keep the data in %s, and the unit lets it be written in %s", got, want)
	}
	if got, want := filepath.Dir(value(t, settings, "master_key_file")), value(t, unit, "ReadWritePaths"); got != want {
		t.Errorf("the settings keep the master key in %s, and the unit lets it be made in %s", got, want)
	}
	if got, want := value(t, unit, "ExecStart"), "/usr/bin/letterlock serve --config /etc/letterlock/letterlock.toml"; got != want {
		t.Errorf("the unit starts %q, and the package installs what %q needs", got, want)
	}
}
