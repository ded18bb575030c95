package host

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestAFolderIsMadeWithThoseAboveIt(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		dir  string
		want error
	}{
		{"new", "a", nil},
		{"there already", "a", nil},
		{"below others", "b/c/d", nil},
		{"beside others", "b/c/e", nil},
		{"in the place of a file", "file", syscall.ENOTDIR},
		{"below a file", "file/a", syscall.ENOTDIR},
	}
	for _, tt := range tests {
		dir := filepath.Join(root, tt.dir)
		if err := MakeFolder(dir); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		info, err := os.Stat(dir)
		if tt.want == nil && (err != nil || info.Mode() != os.ModeDir|0o700) {
			t.Errorf("%s: %v, %v; want a folder for its owner alone", tt.name, info, err)
		}
	}
}
