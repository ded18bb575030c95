package demo

import (
	"net"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

func TestListenSaysWhatIsWrongWithAnAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String(): "is in use by another program; choose other addresses, as in make run ARGS=",
		"0.0.0.0:0":           "loopback only",
		"nonsense":            `address "nonsense"`,
	} {
		l, err := listen(address)
		if err == nil {
			l.Close()
			t.Errorf("%s: no error", address)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}

func TestSeedsAskForProtectionAsComposeDoes(t *testing.T) {
	bySMTP := 0
	for _, s := range seeds() {
		e := envelope(s)
		if e.Via == letterlock.BySubmission {
			bySMTP++
		} else if e.Protection == "" {
			t.Errorf("%q names no protection", s.subject)
		}
	}
	if bySMTP == 0 || bySMTP > 5 {
		t.Errorf("%d seeds came from a mail program, want a few", bySMTP)
	}
}
