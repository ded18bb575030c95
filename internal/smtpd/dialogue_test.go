package smtpd

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDialogues plays the files in testdata. In each line, before the first colon:
//
//	C  the client says this; in quotes, byte for byte, without a line end of ours.
//	   Lines that follow each other are sent at once.
//	S  the server answers exactly this; "(closed)": it has closed the connection
//	T  "handshake": the client sets up TLS; "close": it hangs up
//	A  Accept was called for this
//	O  an option: "tls", "remote ADDRESS", "size BYTES", "recipients NUMBER", "full",
//	   "gateway NETWORK"
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { play(t, file) })
	}
}

// A step is one line of a dialogue.
type step struct {
	number     int
	kind, text string
}

func play(t *testing.T, file string) {
	steps := readSteps(t, file)
	s := serveFor(t, steps)
	c := s.dial()
	var said strings.Builder
	var accepted []string
	for _, st := range steps {
		if st.kind != "C" && said.Len() > 0 {
			c.send(said.String())
			said.Reset()
		}
		switch st.kind {
		case "C":
			said.WriteString(st.text)
		case "S":
			if got := c.line(); got != st.text {
				t.Fatalf("%s:%d: the server says %q, want %q", file, st.number, got, st.text)
			}
		case "T":
			if st.text == "handshake" {
				c.handshake()
			} else {
				c.conn.Close()
			}
		case "A":
			accepted = append(accepted, st.text)
		}
	}
	c.conn.Close()
	s.stop()
	if got := s.books.recorded(); !slices.Equal(got, accepted) {
		t.Errorf("%s: Accept was called for\n\t%s\nwant\n\t%s", file, strings.Join(got, "\n\t"), strings.Join(accepted, "\n\t"))
	}
	if strings.Contains(s.log.String(), "panic") && !strings.Contains(file, "panic") {
		t.Errorf("a panic:\n%s", s.log)
	}
}

func readSteps(t *testing.T, file string) []step {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		kind, rest, ok := strings.Cut(line, ": ")
		switch {
		case line == "" || line[0] == '#':
			continue
		case !ok || !strings.Contains("CSTAO", kind):
			t.Fatalf("%s:%d: what is %q?", file, i+1, line)
		case kind == "C" && strings.HasPrefix(rest, `"`):
			if rest, err = strconv.Unquote(rest); err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
		case kind == "C":
			rest += "\r\n"
		}
		steps = append(steps, step{i + 1, kind, rest})
	}
	return steps
}

func serveFor(t *testing.T, steps []step) *site {
	t.Helper()
	var o Options
	remote := ""
	for _, st := range steps {
		if st.kind != "O" {
			continue
		}
		name, value, _ := strings.Cut(st.text, " ")
		number, _ := strconv.Atoi(value) // 0 for what is none
		switch name {
		case "tls":
			o.TLS = certificate(t)
		case "remote":
			remote = value
		case "size":
			o.MaxBytes = int64(number)
		case "gateway":
			o.Gateway = &Gateway{Networks: []netip.Prefix{netip.MustParsePrefix(value)}}
		case "full":
			o.Room = func() error { return failures["disk"] }
		case "recipients":
			o.MaxRecipients = number
		}
	}
	b := &books{}
	if o.Gateway != nil {
		o.Gateway.Bounces = b
	}
	return serve(t, remote, o, b)
}
