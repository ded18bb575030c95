package journal

import (
	"bytes"
	"os"
	"testing"
)

func TestOnlyWhatAPowerCutHasTornIsCutOff(t *testing.T) {
	rows := entries(t, 6)
	var lines [][]byte
	for _, r := range rows {
		lines = append(lines, line(ours, r))
	}
	zeros := func(line []byte, from, to int) []byte { b := bytes.Clone(line); clear(b[from:to]); return b }
	tests := []struct {
		name string
		tail [][]byte // behind the first two lines
		want int      // entries afterwards; 0: it is left as it is
	}{
		{"first sector", [][]byte{zeros(lines[2], 0, 90)}, 2},
		{"sector in the middle", [][]byte{zeros(lines[2], 90, 180)}, 2},
		{"line before whole ones", [][]byte{zeros(lines[2], 0, 90), lines[3], lines[4]}, 2},
		{"line behind a whole one", [][]byte{lines[2], zeros(lines[3], 10, 90), lines[4][:50]}, 3},
		{"nothing but zeros", [][]byte{zeros(lines[2], 0, len(lines[2])-1)}, 2},
		{"no line torn", [][]byte{lines[2], lines[3][:50]}, 0},
		{"letter changed", [][]byte{bytes.Replace(lines[2], []byte("revoke"), []byte("revere"), 1)}, 0},
		{"letter changed behind a torn line", [][]byte{zeros(lines[2], 0, 90), bytes.Replace(lines[3], []byte("revoke"), []byte("revere"), 1)}, 0},
		{"line that the database does not know", [][]byte{zeros(lines[2], 0, 90), lines[3], lines[4], lines[5]}, 0},
		{"line missing", [][]byte{lines[3]}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := written(t, ours, rows[:2])
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, bytes.Join(tt.tail, nil)...)
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			mended, err := MendTorn(path, ours, rows[:5]) // the database knows five
			if err != nil || mended != (tt.want > 0) {
				t.Errorf("MendTorn = %v, %v", mended, err)
			}
			if mended {
				if n, err := read(path); err != nil || n != tt.want {
					t.Errorf("afterwards %d entries, %v, want %d", n, err, tt.want)
				}
			} else if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, text) {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
}
