package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

var (
	ours  = seal.NewSigner()
	known = audit.KeysOf(ours.Public())
)

// entries are n rows that follow each other.
func entries(t testing.TB, n int) (list []Row) {
	t.Helper()
	var last Row
	for i := range n {
		e := Entry{Seq: last.Seq + 1, At: 1_795_000_000, Act: Revoked, Message: "m" + letterlock.ID(fmt.Sprint(i)), Recipient: "r",
			Name: "Zoë <z>", Standing: letterlock.BySender, Previous: last.Hash}
		r, err := e.Row()
		if err != nil {
			t.Fatal(err)
		}
		list, last = append(list, r), r
	}
	return list
}

// written is the path of a journal with these rows.
func written(t testing.TB, by seal.Signer, rows []Row) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal", "revocations.jsonl")
	j, err := Open(path, by)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Append(rows), j.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// read is what a start reads: how many entries, or what is wrong.
func read(path string) (n int, err error) {
	j, err := Open(path, ours)
	if err != nil {
		return 0, err
	}
	defer j.Close()
	err = j.Each(0, known, func(Row) error { n++; return nil })
	return n, err
}

func TestWhatIsAppendedIsReadAgain(t *testing.T) {
	rows := entries(t, 5)
	path := written(t, ours, rows[:3])
	j, err := Open(path, ours)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.Append(rows[3:]); err != nil {
		t.Fatal(err)
	}
	n := 0
	err = j.Each(2, known, func(r Row) error {
		if want := rows[2+n]; !bytes.Equal(r.Text, want.Text) || r.Name != want.Name {
			t.Errorf("entry %d came back as %s", want.Seq, r.Text)
		}
		n++
		return nil
	})
	if err != nil || n != 3 {
		t.Errorf("Each behind 2 gave %d entries, %v, want 3", n, err)
	}
	if hash, err := j.HashAt(4); err != nil || !bytes.Equal(hash, rows[3].Hash) {
		t.Errorf("HashAt(4) = %x, %v", hash, err)
	}
	if err := j.Append(rows[:1]); err == nil {
		t.Error("an entry that does not follow was added")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the journal is for others: %v, %v", info.Mode(), err)
	}
}

// lines changes the lines of a journal.
func lines(change func(l [][]byte) [][]byte) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Join(change(bytes.SplitAfter(b, []byte("\n"))), nil) }
}

func TestWhatWasDoneToAJournalIsFound(t *testing.T) {
	tests := []struct {
		name   string
		change func([]byte) []byte
		want   string // in the sentence; empty: not to be seen from here
	}{
		{name: "nothing", change: func(b []byte) []byte { return b }},
		{name: "changed word", change: func(b []byte) []byte { return bytes.Replace(b, []byte(`"m2"`), []byte(`"m9"`), 1) }, want: "does not follow"},
		{name: "changed last word", change: func(b []byte) []byte { return bytes.Replace(b, []byte(`"m4"`), []byte(`"m9"`), 1) }, want: "was not signed"},
		{name: "missing line", change: lines(func(l [][]byte) [][]byte { return append(l[:2:2], l[3:]...) }), want: "does not follow"},
		{name: "missing first line", change: lines(func(l [][]byte) [][]byte { return l[1:] }), want: "does not follow"},
		{name: "moved line", change: lines(func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l }), want: "does not follow"},
		{name: "line twice", change: lines(func(l [][]byte) [][]byte { return append(l[:2:2], l[1:]...) }), want: "does not follow"},
		{name: "line cut in its middle", change: lines(func(l [][]byte) [][]byte { l[2] = append(l[2][:40:40], '\n'); return l }), want: "cannot be read"},
		{name: "empty line", change: lines(func(l [][]byte) [][]byte { l[2] = []byte("\n"); return l }), want: "cannot be read"},
		{name: "field twice", change: func(b []byte) []byte { return bytes.Replace(b, []byte(`"act":`), []byte(`"act":"begin","act":`), 1) }, want: "cannot be read"},
		{name: "long line", change: func(b []byte) []byte { return append(bytes.Repeat([]byte("x"), maxLine), b...) }, want: "longer"},
		{name: "end removed", change: lines(func(l [][]byte) [][]byte { return l[:3] })}, // for the database to know
		{name: "last line cut off", change: func(b []byte) []byte { return b[:len(b)-9] }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := written(t, ours, entries(t, 5))
			text, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, tt.change(text), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = read(path)
			var unfit *Fault
			if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &unfit) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("reading it: %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAJournalOfAnotherInstallationIsFound(t *testing.T) {
	path := written(t, seal.NewSigner(), entries(t, 2))
	if _, err := read(path); err == nil || !strings.Contains(err.Error(), "not signed by this installation") {
		t.Errorf("reading it: %v", err)
	}
}

// TestALineThatACrashHasCutOffIsWrittenAnew stands for a crash in the middle of an
// Append, of which nobody was told.
func TestALineThatACrashHasCutOffIsWrittenAnew(t *testing.T) {
	rows := entries(t, 3)
	path := written(t, ours, rows)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	third := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for cut := third; cut < len(whole); cut += 7 {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := Open(path, ours)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if seq, _ := j.Head(); seq != 2 {
			t.Fatalf("cut at %d it has %d entries", cut, seq)
		}
		if err := errors.Join(j.Append(rows[2:]), j.Close()); err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, whole) {
			t.Fatalf("cut at %d, it is another file now, %v", cut, err)
		}
	}
}

func TestAJournalThatWasMovedAwayIsNotWritten(t *testing.T) {
	rows := entries(t, 3)
	path := written(t, ours, rows[:1])
	j, err := Open(path, ours)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(rows[1:]); err == nil || j.Fault() == nil {
		t.Errorf("Append = %v, Fault = %v", err, j.Fault())
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(rows[1:]); err != nil || j.Fault() != nil {
		t.Errorf("back in its place: Append = %v, Fault = %v", err, j.Fault())
	}
}

func TestWhatIsNoFileIsNoJournal(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(written(t, ours, entries(t, 1)), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, dir} {
		if _, err := Open(path, ours); err == nil {
			t.Errorf("%s was opened", path)
		}
	}
}

func TestMovingAsideKeepsWhatIsThere(t *testing.T) {
	path := written(t, ours, entries(t, 1))
	kept, err := MoveAside(path, ".lost")
	if err != nil || kept != path+".lost" {
		t.Fatalf("MoveAside = %q, %v", kept, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it is still there")
	}
	if n, err := read(kept); n != 1 || err != nil {
		t.Errorf("what was kept has %d entries, %v", n, err)
	}
	if kept, err := MoveAside(path, ".lost"); kept != "" || err != nil {
		t.Errorf("MoveAside of nothing = %q, %v", kept, err)
	}
}

// FuzzJournal reads any bytes as a journal: it never panics, and never takes for
// ours what we did not sign.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("\n"))
	f.Add([]byte(`{"entry":{"seq":1,"at":0,"act":"begin","previous":""},"key":"0","signature":"AA=="}` + "\n"))
	f.Add([]byte(`{"entry":{"seq":1,"at":0,"act":"revoke","message":"m","recipient":"r","previous":""},"key":"0","signature":""}` + "\n{"))
	f.Add([]byte(`{"entry":null,"key":null,"signature":null}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "j")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if n, err := read(path); err == nil && n > 0 {
			t.Errorf("%d entries that nobody signed", n)
		}
	})
}
