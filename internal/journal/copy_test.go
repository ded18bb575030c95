package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/seal"
)

func contents(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestACopyIsTheJournalWhateverBecameOfIt(t *testing.T) {
	rows := entries(t, 400) // more than one buffer
	for _, tt := range []struct {
		name  string
		begin func(whole []byte) []byte // what is there
		want  error
	}{
		{"nothing", func([]byte) []byte { return nil }, nil},
		{"the beginning", func(w []byte) []byte { return w[:bytes.IndexByte(w, '\n')+1] }, nil},
		{"a line cut off by a crash", func(w []byte) []byte { return w[:len(w)/2] }, nil},
		{"all", func(w []byte) []byte { return w }, nil},
		{"more than the journal has", func(w []byte) []byte { return append(bytes.Clone(w), w[:100]...) }, ErrOther},
		{"another beginning", func(w []byte) []byte { return append([]byte("x"), w[1:300]...) }, ErrOther},
		{"another end", func(w []byte) []byte { return append(bytes.Clone(w[:len(w)-2]), 'x', '\n') }, ErrOther},
		{"zeros", func([]byte) []byte { return make([]byte, 300) }, ErrOther},
	} {
		path := written(t, ours, rows)
		whole, to := contents(t, path), filepath.Join(t.TempDir(), "copy.jsonl")
		if there := tt.begin(whole); there != nil {
			if err := os.WriteFile(to, there, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		j, err := Open(path, ours)
		if err != nil {
			t.Fatal(err)
		}
		_, err = j.CopyTo(to, 0)
		if got := contents(t, to); !errors.Is(err, tt.want) || tt.want == nil && !bytes.Equal(got, whole) {
			t.Errorf("%s: %v, and %d of %d bytes", tt.name, err, len(got), len(whole))
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestACopyGoesOnWhereItEnded looks only at what is new, unless somebody has put
// another file there.
func TestACopyGoesOnWhereItEnded(t *testing.T) {
	rows := entries(t, 6)
	path, to := written(t, ours, rows[:2]), filepath.Join(t.TempDir(), "copy.jsonl")
	j, err := Open(path, ours)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var end int64
	for i, between := range []func() error{
		func() error { return nil },
		func() error { return j.Append(rows[2:4]) },
		func() error { return errors.Join(os.Remove(to), j.Append(rows[4:5])) },
		func() error { return errors.Join(os.Truncate(to, 30), j.Append(rows[5:])) },
	} {
		if err := between(); err != nil {
			t.Fatal(err)
		}
		if end, err = j.CopyTo(to, end); err != nil || !bytes.Equal(contents(t, to), contents(t, path)) || end != int64(len(contents(t, path))) {
			t.Errorf("after %d: %d bytes of %d, %v", i, len(contents(t, to)), end, err)
		}
	}
}

func TestLinesGoOnWhereTheyEnded(t *testing.T) {
	path := written(t, ours, entries(t, 5))
	j, err := Open(path, ours)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	from, err := j.End(2)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := j.Lines(from, func(line []byte, end int64) error {
		got, from = append(got, string(line)), end
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	all := strings.Split(strings.TrimSpace(string(contents(t, path))), "\n")
	if strings.Join(got, "\n") != strings.Join(all[2:], "\n") || from != int64(len(contents(t, path))) {
		t.Errorf("%d lines up to %d: %q", len(got), from, got)
	}
}

// TestAWitnessFindsWhatIsMissing has a journal of ten entries compared with what
// others saw.
func TestAWitnessFindsWhatIsMissing(t *testing.T) {
	rows := entries(t, 12)
	at := time.Unix(rows[0].At, 0)
	foreign := seal.NewSigner()
	for _, tt := range []struct {
		name  string
		of    string // the copy; empty: there is none
		after func(*testing.T) []Row
		want  string
	}{
		{"no copy", "", nil, ""},
		{"a copy as it is", written(t, ours, rows[:10]), nil, ""},
		{"a copy that is behind", written(t, ours, rows[:4]), nil, ""},
		{"a copy that is ahead", written(t, ours, rows), nil, "its end was lost"},
		{"a copy of another installation", written(t, foreign, rows), nil, ""},
		{"a copy that tells of something else", written(t, ours, others(t, 8)), nil, "says something else"},
		{"a copy that is ahead, and that was accepted", written(t, ours, rows), accepted, ""},
	} {
		mine := rows[:10:10]
		if tt.after != nil {
			mine = append(mine[:9:9], tt.after(t)...)
		}
		j, err := Open(written(t, ours, mine), ours)
		if err != nil {
			t.Fatal(err)
		}
		var w Witness
		if tt.of != "" {
			if w, err = WitnessOf(tt.of, audit.KeysOf(ours.Public())); err != nil {
				t.Fatal(err)
			}
			if w.Seq > 0 && !w.At.Equal(at) {
				t.Errorf("%s: of %v", tt.name, w.At)
			}
		}
		if err := j.Check(w); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// others are n rows that say something else.
func others(t *testing.T, n int) (list []Row) {
	t.Helper()
	var last Row
	for range n {
		r, err := Entry{Seq: last.Seq + 1, At: 1_795_000_000, Act: Destroyed, Message: "other", Previous: last.Hash}.Row()
		if err != nil {
			t.Fatal(err)
		}
		list, last = append(list, r), r
	}
	return list
}

// accepted is the tenth row, in which an operator goes on without what was lost.
func accepted(t *testing.T) []Row {
	t.Helper()
	ninth := entries(t, 9)[8]
	r, err := Entry{Seq: 10, At: ninth.At, Act: Accepted, Previous: ninth.Hash}.Row()
	if err != nil {
		t.Fatal(err)
	}
	return []Row{r}
}
