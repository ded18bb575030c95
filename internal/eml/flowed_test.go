package eml

import (
	"strings"
	"testing"
	"time"
)

func TestFlowedLinesArePutTogether(t *testing.T) {
	tests := []struct {
		name, in, want string
		delsp          bool
	}{
		{"a paragraph", "one \r\ntwo \r\nthree\r\nfour", "one two three\nfour\n", false},
		{"without the blanks", "on \ne\ntw \no\n", "one\ntwo\n", true},
		{"quotes", "> one \n> two\n>> deep \n>> er\nanswer\n", "> one two\n>> deep er\nanswer\n", false},
		{"a quote that does not go on", "> one \nanswer\n", "> one \nanswer\n", false},
		{"what was stuffed", " From here\n >not a quote\n", "From here\n>not a quote\n", false},
		{"a signature", "bye \n-- \nAda\n", "bye \n-- \nAda\n", false},
		{"nothing", "", "", false},
	}
	for _, tt := range tests {
		if got := Unflow(tt.in, tt.delsp); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestUnflowingTakesLinearTime(t *testing.T) {
	start := time.Now()
	for _, s := range []string{" \n", ">", "> \n", "-- \n"} {
		Unflow(strings.Repeat(s, 4<<20/len(s)), true)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzUnflow(f *testing.F) {
	f.Add("> one \n> two\n-- \nx", true)
	f.Fuzz(func(t *testing.T, s string, delsp bool) {
		if got := Unflow(s, delsp); len(got) > 2*len(s)+2 {
			t.Errorf("%q became %q", s, got)
		}
	})
}
