package cuts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// folder is where the programs are that the tests start.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "letterlock-cuts-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder) // what stays is in the way of nobody
	os.Exit(code)
}

var (
	product = sync.OnceValues(func() (string, error) { return build("product", "") })
	control = sync.OnceValues(func() (string, error) { return build("control", "control") })
)

func build(name, tags string) (string, error) {
	file := filepath.Join(folder, name)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-tags", tags, "-o", file, "letterlock/cmd/letterlock")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, out)
	}
	return file, nil
}

// program returns the file of a program, which is built once.
func program(t *testing.T, build func() (string, error)) string {
	t.Helper()
	file, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return file
}
