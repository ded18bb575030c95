package bench

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// progress is where a run says how far it is.
var progress io.Writer = os.Stderr

// A bench is one run.
type bench struct {
	t     *testing.T
	sizes sizes
	table *report
}

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// measure runs one section, or all.
func (b *bench) measure(only string) {
	for _, section := range []struct {
		name string
		run  func()
	}{{"intake", b.intake}, {"fsync", b.fsync}, {"portal", b.portal}, {"files", b.files}, {"weight", b.weight}, {"memory", b.memory}, {"trace", b.trace}} {
		if only == "" || only == section.name {
			section.run()
		}
	}
}

// dir makes a folder for a server's data, where they are measured.
func (b *bench) dir() string {
	b.t.Helper()
	dir, err := os.MkdirTemp(b.sizes.folder, "letterlock-bench-")
	b.check(err)
	b.t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// both starts both sides on new folders.
func (b *bench) both(how tracing) (product, limit *side) {
	b.t.Helper()
	return b.start("product", b.dir(), how), b.start("limit", b.dir(), how)
}

// profile records where the product spends its time with a task.
func (b *bench) profile(s *side, name string, workers int, do task) {
	b.t.Helper()
	if b.sizes.profile == "" {
		return
	}
	b.check(os.MkdirAll(b.sizes.profile, 0o755))
	dir, err := filepath.Abs(b.sizes.profile)
	b.check(err)
	s.ask("profile", filepath.Join(dir, name+".prof"))
	f := load(s, workers, 4*time.Second, do)
	s.ask("profile", "")
	b.median([]figure{f})
}

// conditions say under which the figures were measured.
func (b *bench) conditions() []string {
	b.t.Helper()
	dir := b.dir()
	var fs syscall.Statfs_t
	b.check(syscall.Statfs(dir, &fs))
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // a fact that may be missing
	model := "unknown processor"
	info, _ := os.ReadFile("/proc/cpuinfo")
	if _, rest, ok := strings.Cut(string(info), "model name\t: "); ok {
		model, _, _ = strings.Cut(rest, "\n")
	}
	trace := "strace counts and slows fsyncs"
	if !canTrace() {
		trace = "strace is missing or may not trace: no rows about fsyncs"
	}
	p50, p99 := b.syncTime()
	return []string{
		fmt.Sprintf("%d cores, %s, Linux %s, %s", runtime.NumCPU(), model, strings.TrimSpace(string(kernel)), runtime.Version()),
		fmt.Sprintf("disk: file system %#x, an fsync of 4 KiB in place takes %s, p99 %s; %s", fs.Type, span(p50), span(p99), trace),
		"durability, both sides: WAL, synchronous=FULL, every answer after its own commit, writes that wait share one",
		fmt.Sprintf("medians of %d pairs, %s each side; product, limit and load generator share the cores", b.sizes.pairs, b.sizes.round),
	}
}

// syncTime measures what one fsync takes on the disk of the data.
func (b *bench) syncTime() (p50, p99 time.Duration) {
	b.t.Helper()
	f, err := os.CreateTemp(b.dir(), "sync")
	b.check(err)
	defer f.Close()
	page := make([]byte, 4096)
	var took []time.Duration
	for range 200 {
		_, err := f.WriteAt(page, 0)
		b.check(err)
		began := time.Now()
		b.check(f.Sync())
		took = append(took, time.Since(began))
	}
	took = took[1:] // the first one makes the file longer
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}

func canTrace() bool {
	return exec.Command("strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync", "true").Run() == nil
}
