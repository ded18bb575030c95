package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// A logbook is a log with its checkpoints, to be changed line by line.
type logbook struct {
	t       testing.TB
	signer  seal.Signer
	records []Record
	points  [][]byte
}

// newLogbook has ten rows, and checkpoints of the third, the sixth and the ninth.
func newLogbook(t testing.TB) *logbook {
	t.Helper()
	b := &logbook{t: t, signer: sameSigner(t)}
	for i := range 10 {
		b.add(letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", IP: "192.0.2.1"},
			Action: "revoke", Message: letterlock.ID(fmt.Sprint("m", i)), Target: "marta@quillfeather.example", Reason: `<"wrong" & \ zoë>`, Allowed: i%2 == 0})
		if i == 2 || i == 5 || i == 8 {
			b.checkpoint()
		}
	}
	return b
}

// sameSigner has the same key always, so that what a fuzzer has found is found again.
func sameSigner(t testing.TB) seal.Signer {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "audit.key"), []byte(strings.Repeat("k", 32)), 0o400); err != nil {
		t.Fatal(err)
	}
	s, err := seal.Files{Data: dir}.Signer(true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *logbook) add(e letterlock.Entry) {
	b.t.Helper()
	n := int64(len(b.records)) + 1
	c, err := NewRow(n, start.Unix()+n, e).Record(b.head())
	if err != nil {
		b.t.Fatal(err)
	}
	b.records = append(b.records, c)
}

func (b *logbook) head() []byte {
	if len(b.records) == 0 {
		return nil
	}
	return b.records[len(b.records)-1].Hash
}

func (b *logbook) checkpoint() {
	b.t.Helper()
	var previous []byte
	if len(b.points) > 0 {
		previous = b.points[len(b.points)-1]
	}
	p, err := NewCheckpoint(b.signer, Checkpoint{Seq: int64(len(b.records)), Hash: b.head(), At: start.Add(time.Hour * time.Duration(len(b.points))).Unix()}, previous)
	if err != nil {
		b.t.Fatal(err)
	}
	b.points = append(b.points, p)
}

// remake makes the chain anew from row n on, as somebody would who can write the
// database.
func (b *logbook) remake(n int) {
	for i := n - 1; i < len(b.records); i++ {
		var prev []byte
		if i > 0 {
			prev = b.records[i-1].Hash
		}
		b.records[i].Hash = Chain(prev, []byte(b.records[i].Entry))
	}
}

func (b *logbook) export() string {
	b.t.Helper()
	var s strings.Builder
	for _, c := range b.records {
		l, err := c.Line()
		if err != nil {
			b.t.Fatal(err)
		}
		s.Write(l)
	}
	return s.String()
}

func (b *logbook) verify() (Report, error) {
	b.t.Helper()
	points := bytes.Join(append(b.points, nil), []byte("\n"))
	return Verify(strings.NewReader(b.export()), bytes.NewReader(points), KeysOf(b.signer.Public()), nil)
}

func TestALogThatNobodyTouchedFits(t *testing.T) {
	b := newLogbook(t)
	want := Report{Rows: 10, Checkpoints: 3, Covered: 9, CoveredAt: start.Add(2 * time.Hour)}
	if got, err := b.verify(); err != nil || got != want {
		t.Errorf("Verify = %+v, %v, want %+v", got, err, want)
	}
}

func TestEveryKindOfChangeIsFoundAndNamed(t *testing.T) {
	tests := []struct {
		name   string
		change func(b *logbook)
		want   string
	}{
		{"time", func(b *logbook) { b.records[3].At++ }, `row 4: the column "at" was changed`},
		{"action", func(b *logbook) { b.records[3].Action = "restore" }, `row 4: the column "action" was changed`},
		{"actor", func(b *logbook) { b.records[3].Actor = "eve@contoso.example" }, `row 4: the column "actor" was changed`},
		{"message", func(b *logbook) { b.records[3].Message = "" }, `row 4: the column "message" was changed`},
		{"allowed", func(b *logbook) { b.records[3].Allowed = 1 }, `row 4: the column "allowed" was changed`},
		{"a truth beyond", func(b *logbook) { b.records[4].Allowed = 2 }, `row 5: the column "allowed" was changed`},
		{"entry", func(b *logbook) { b.records[3].Entry = strings.Replace(b.records[3].Entry, "ada", "eve", 1) }, "row 4: it was changed, or the row before it was"},
		{"rubbish for an entry", func(b *logbook) { b.records[3].Entry = "{" }, "row 4: its entry was changed: it cannot be read"},
		{"hash", func(b *logbook) { b.records[3].Hash = Hash{1} }, "row 4: it was changed, or the row before it was"},
		{"a row removed", func(b *logbook) { b.records = slices.Delete(b.records, 3, 4) }, "row 4: it is missing"},
		{"rows removed", func(b *logbook) { b.records = slices.Delete(b.records, 3, 6) }, "row 4: it is missing, and so are all up to row 6"},
		{"the beginning removed", func(b *logbook) { b.records = b.records[2:] }, "row 1: it is missing, and so are all up to row 2"},
		{"a row twice", func(b *logbook) { b.records = slices.Insert(b.records, 4, b.records[3]) }, "row 4: it is not in its place: row 5 should be there"},
		{"rows swapped", func(b *logbook) { b.records[3], b.records[4] = b.records[4], b.records[3] }, "row 4: it is missing"},
		{"rows swapped with their numbers", func(b *logbook) {
			b.records[3], b.records[4] = b.records[4], b.records[3]
			b.records[3].Seq, b.records[4].Seq = 4, 5
		}, "row 4: it was changed, or the row before it was"},
		{"the end cut off", func(b *logbook) { b.records = b.records[:7] }, "row 8: the log ends before it, and the checkpoint of 2026-11-20 11:00:00 UTC covers row 9"},
		{"everything gone", func(b *logbook) { b.records = nil }, "row 1: the log ends before it, and the checkpoint of 2026-11-20 09:00:00 UTC covers row 3"},
		{"a row changed and the chain made anew", func(b *logbook) {
			b.records[3].Entry = strings.Replace(b.records[3].Entry, "marta", "peter", 1)
			b.remake(4)
		}, "row 6: the checkpoint of 2026-11-20 10:00:00 UTC was made of another one"},
		{"a checkpoint changed", func(b *logbook) { b.points[1] = bytes.Replace(b.points[1], []byte(`"seq":6`), []byte(`"seq":5`), 1) },
			"checkpoints, line 2: it was changed or forged: its signature does not fit"},
		{"the first checkpoint left out", func(b *logbook) { b.points = b.points[1:] }, "checkpoints, line 1: it is the first one here, and there was one before it"},
		{"a checkpoint left out", func(b *logbook) { b.points = slices.Delete(b.points, 1, 2) }, "checkpoints, line 2: it does not follow the one before it"},
		{"checkpoints swapped", func(b *logbook) { b.points[1], b.points[2] = b.points[2], b.points[1] }, "checkpoints, line 2: it does not follow the one before it"},
		{"no checkpoint", func(b *logbook) { b.points = nil }, "checkpoints: there is none"},
		{"checkpoints of another key", func(b *logbook) { b.signer = seal.NewSigner() }, "checkpoints, line 1: it was signed with another key than the one given"},
		{"a checkpoint forged with another key", func(b *logbook) {
			id := pointOf(b.t, b.points[2]).Key
			forger := seal.NewSigner()
			p, _ := NewCheckpoint(forger, Checkpoint{Seq: 9, Hash: b.records[8].Hash, At: start.Unix()}, b.points[1])
			b.points[2] = bytes.Replace(p, []byte(IDOf(forger.Public())), []byte(id), 1)
		}, "checkpoints, line 3: it was changed or forged"},
		{"a checkpoint that goes back", func(b *logbook) {
			p, _ := NewCheckpoint(b.signer, Checkpoint{Seq: 5, Hash: b.records[4].Hash, At: start.Unix()}, b.points[2])
			b.points = append(b.points, p)
		}, "checkpoints, line 4: it covers no more than the one before it"},
		{"rubbish for a checkpoint", func(b *logbook) { b.points[1] = []byte("{}") }, "checkpoints, line 2: it is no checkpoint"},
		{"an endless line", func(b *logbook) { b.points[1] = bytes.Repeat([]byte("x"), maxLine+1) }, "checkpoints, line 2: it is longer than any"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newLogbook(t)
			tt.change(b)
			_, err := b.verify()
			var f *Fault
			if !errors.As(err, &f) || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("Verify = %v, want %s", err, tt.want)
			}
		})
	}
}

func pointOf(t testing.TB, text []byte) Checkpoint {
	t.Helper()
	c, err := ParseCheckpoint(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestALineThatPeopleWouldReadOtherwiseIsRefused(t *testing.T) {
	b := newLogbook(t)
	var points bytes.Buffer
	points.Write(bytes.Join(append(b.points, nil), []byte("\n")))
	for name, change := range map[string][2]string{
		"a field twice":       {`{"seq":1,`, `{"seq":1,"action":"nothing","seq":1,`},
		"an unknown field":    {`{"seq":1,`, `{"note":"all is well","seq":1,`},
		"a field in capitals": {`"actor"`, `"ACTOR"`},
	} {
		export := strings.Replace(b.export(), change[0], change[1], 1)
		_, err := Verify(strings.NewReader(export), bytes.NewReader(points.Bytes()), KeysOf(b.signer.Public()), nil)
		if err == nil || !strings.HasPrefix(err.Error(), "export, line 1: it is not as an export writes it") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatCameAfterTheLastCheckpointHasItsChainOnly(t *testing.T) {
	b := newLogbook(t)
	b.records = b.records[:9]
	if got, err := b.verify(); err != nil || got.Rows != 9 || got.Covered != 9 {
		t.Errorf("Verify = %+v, %v: the last row was never vouched for", got, err)
	}
}

func TestAKeyIsReadAsItWasPrinted(t *testing.T) {
	one, two := seal.NewSigner().Public(), seal.NewSigner().Public()
	keys, err := ParseKeys([]byte(PEM(one) + PEM(two)))
	if err != nil || len(keys) != 2 || !keys[IDOf(one)].Equal(one) || !keys[IDOf(two)].Equal(two) {
		t.Errorf("ParseKeys = %v, %v", keys, err)
	}
	for name, text := range map[string]string{
		"nothing":       "",
		"a private key": strings.ReplaceAll(PEM(one), "PUBLIC", "PRIVATE"),
		"rubbish":       "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	} {
		if _, err := ParseKeys([]byte(text)); err == nil {
			t.Errorf("%s is taken for a key", name)
		}
	}
}

func TestAnEndlessReasonIsCutAndStillFits(t *testing.T) {
	b := newLogbook(t)
	b.add(letterlock.Entry{Action: "revoke", Reason: strings.Repeat("ö", 1<<20), Target: "\xff"})
	if _, err := b.verify(); err != nil {
		t.Error(err)
	}
	if n := len(b.records[10].Entry); n > maxField+1000 {
		t.Errorf("the entry has %d bytes", n)
	}
}

func FuzzVerify(f *testing.F) {
	b := newLogbook(f)
	keys := KeysOf(b.signer.Public())
	f.Add([]byte(b.export()), bytes.Join(b.points, []byte("\n")))
	f.Add([]byte("{}\n"), []byte("{}"))
	f.Fuzz(func(t *testing.T, export, points []byte) {
		_, err := Verify(bytes.NewReader(export), bytes.NewReader(points), keys, nil)
		var fault *Fault
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("Verify = %v, want a fault", err)
		}
		_, _ = ParseStatement(export, keys) // must not panic
	})
}
