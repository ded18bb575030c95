package host

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test program be the other process of its own tests.
func TestMain(m *testing.M) {
	switch os.Getenv("LETTERLOCK_TEST_HOST") {
	case "lock":
		holdLock(os.Getenv("LETTERLOCK_TEST_DIR"))
	case "abort":
		if err := NoCoreDumps(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		abort()
	case "abort with core":
		abort()
	}
	os.Exit(m.Run())
}

// abort crashes as a bug would, after saying whether the kernel takes this
// process for one that may be dumped.
func abort() {
	fmt.Println("dumpable:", dumpable())
	syscall.Kill(os.Getpid(), syscall.SIGABRT) // it cannot fail for oneself
	select {}
}

// holdLock locks dir, says how that went and waits until its input ends.
func holdLock(dir string) {
	_, err := LockFolder(dir)
	fmt.Println("locked:", err)
	io.Copy(io.Discard, os.Stdin) // ends with the test at the latest
	os.Exit(0)
}

// other starts a second process that does what is asked.
func other(t *testing.T, what string, env ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "LETTERLOCK_TEST_HOST="+what, "GOTRACEBACK=crash")...)
	cmd.Dir = t.TempDir()
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() }) // it may have ended before
	return cmd, bufio.NewReader(out)
}

func TestOneProcessHasADataFolder(t *testing.T) {
	dir := t.TempDir()
	cmd, out := other(t, "lock", "LETTERLOCK_TEST_DIR="+dir)
	if line, err := out.ReadString('\n'); err != nil || line != "locked: <nil>\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	_, err := LockFolder(dir)
	want := fmt.Sprintf("data folder %s is in use by process %d", dir, cmd.Process.Pid)
	if err == nil || err.Error() != want {
		t.Errorf("Lock while another has it = %v, want %q", err, want)
	}
	if err := cmd.Process.Kill(); err != nil { // as kill -9 does
		t.Fatal(err)
	}
	cmd.Wait() // its error says that it was killed
	l, err := LockFolder(dir)
	if err != nil {
		t.Fatalf("Lock after the other was killed = %v", err)
	}
	_, out = other(t, "lock", "LETTERLOCK_TEST_DIR="+dir)
	if line, _ := out.ReadString('\n'); !strings.Contains(line, fmt.Sprintf("in use by process %d", os.Getpid())) {
		t.Errorf("the other process says %q, want who has the folder", line)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if l, err = LockFolder(dir); err != nil {
		t.Fatalf("Lock after Release = %v", err)
	}
	l.Release()
}

func TestALockIsRefusedWhereItCannotBeHeld(t *testing.T) {
	linked := t.TempDir()
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), filepath.Join(linked, lockFile)); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, dir string }{
		{"no such folder", filepath.Join(t.TempDir(), "missing")},
		{"symbolic link", linked},
	}
	for _, tt := range tests {
		if _, err := LockFolder(tt.dir); err == nil || !strings.Contains(err.Error(), tt.dir) {
			t.Errorf("%s: %v, want an error that names the folder", tt.name, err)
		}
	}
}

func TestAnUnsignedLockIsStillALock(t *testing.T) {
	dir := t.TempDir()
	l, err := LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	for _, content := range []string{"", "no number", "-1", strings.Repeat("9", 40)} {
		if err := os.WriteFile(filepath.Join(dir, lockFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LockFolder(dir); err == nil || !strings.Contains(err.Error(), "in use by another process") {
			t.Errorf("%q in the lock: %v", content, err)
		}
	}
}

func TestLookingWhetherAFolderIsInUseLeavesNothingAndKeepsNobodyOut(t *testing.T) {
	dir := t.TempDir()
	if by, err := FolderInUse(dir); by != "" || err != nil {
		t.Errorf("a new folder is in use: %q, %v", by, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("looking leaves %v, %v", left, err)
	}
	l, err := LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("data folder %s is in use by process %d", dir, os.Getpid())
	if by, err := FolderInUse(dir); by != want || err != nil {
		t.Errorf("a folder in use: %q, %v; want %q", by, err, want)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if by, err := FolderInUse(dir); by != "" || err != nil {
		t.Errorf("a folder that was let go of: %q, %v", by, err)
	}
	if by, err := FolderInUse(filepath.Join(dir, lockFile)); by != "" || err == nil {
		t.Errorf("what is no folder: %q, %v", by, err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				if _, err := FolderInUse(dir); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	for range 200 {
		l, err := LockFolder(dir)
		if err != nil {
			t.Fatalf("while somebody looks: %v", err)
		}
		if err := l.Release(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-done
}

func TestThereIsFreeSpaceWhereThereIsAFolder(t *testing.T) {
	dir := t.TempDir()
	free, err := Free(dir)
	if err != nil || free <= 0 {
		t.Fatalf("Free = %d, %v", free, err)
	}
	if _, err := Free(filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing folder has free space")
	}
}

func TestOpenFilesGoUpToWhatIsAllowed(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Setrlimit(unix.RLIMIT_NOFILE, &old) }) // what was allowed is still
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 128, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	n, err := OpenFiles()
	if err != nil || uint64(n) != old.Max {
		t.Errorf("OpenFiles = %d, %v, want %d", n, err, old.Max)
	}
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &now); err != nil || now.Cur != old.Max {
		t.Errorf("the limit is %d, %v, want %d", now.Cur, err, old.Max)
	}
}
