package resolve

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foxcpp/go-mockdns"
	"go.uber.org/goleak"

	"letterlock/internal/mailtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var zones = map[string]mockdns.Zone{
	"a.example.":              {A: []string{"192.0.2.1"}, AAAA: []string{"2001:db8::1"}, TXT: []string{`v=spf1 "x\\y" ä`, "b"}, MX: []net.MX{{Host: "two.example.", Pref: 20}, {Host: "one.example.", Pref: 10}}},
	"alias.example.":          {CNAME: "a.example."},
	"six.example.":            {AAAA: []string{"2001:db8::6"}},
	"empty.example.":          {TXT: []string{"x"}},
	"broken.example.":         {Err: errors.New("planted")},
	"1.2.0.192.in-addr.arpa.": {PTR: []string{"a.example."}},
	"localhost.":              {A: []string{"192.0.2.80"}},
}

// mute is a server that never answers.
func mute(t *testing.T) netip.AddrPort {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return netip.MustParseAddrPort(c.LocalAddr().String())
}

func TestEveryKindOfRecordIsFound(t *testing.T) {
	c := New([]netip.AddrPort{mailtest.DNS(t, zones)}, 2*time.Second)
	ctx := t.Context()
	mx := func(name string) (list []string, err error) {
		found, err := c.LookupMX(ctx, name)
		for _, m := range found {
			list = append(list, fmt.Sprintf("%d %s", m.Pref, m.Host))
		}
		return list, err
	}
	host := func(name string) ([]string, error) { return c.LookupHost(ctx, name) }
	txt := func(name string) ([]string, error) { return c.LookupTXT(ctx, name) }
	ptr := func(name string) ([]string, error) { return c.LookupAddr(ctx, name) }
	for _, tt := range []struct {
		name string
		ask  func(string) ([]string, error)
		of   string
		want string // or "missing", "unknown"
	}{
		{"addresses", host, "a.example", "192.0.2.1, 2001:db8::1"},
		{"an address itself", host, "192.0.2.9", "192.0.2.9"},
		{"an alias", host, "alias.example.", "192.0.2.1, 2001:db8::1"},
		{"one that the machine believes to know", host, "localhost", "192.0.2.80"},
		{"IPv6 alone", host, "six.example", "2001:db8::6"},
		{"no address", host, "empty.example", "missing"},
		{"no name", host, "none.example", "missing"},
		{"a name that can be none", host, strings.Repeat("a", 64) + ".example", "missing"},
		{"a server in trouble", host, "broken.example", "unknown"},
		{"texts", txt, "a.example", `b, v=spf1 "x\y" ä`},
		{"texts of an alias", txt, "alias.example", `b, v=spf1 "x\y" ä`},
		{"no text", txt, "six.example", "missing"},
		{"mail servers", mx, "a.example", "10 one.example., 20 two.example."},
		{"no mail server", mx, "six.example", "missing"},
		{"names of an address", ptr, "192.0.2.1", "a.example."},
		{"no name of an address", ptr, "192.0.2.2", "missing"},
		{"of what is no address", ptr, "a.example", "missing"},
	} {
		list, err := tt.ask(tt.of)
		slices.Sort(list)
		got := strings.Join(list, ", ")
		var e *net.DNSError
		switch {
		case errors.As(err, &e) && e.IsNotFound:
			got = "missing"
		case errors.As(err, &e) && e.IsTemporary && !e.IsTimeout:
			got = "unknown"
		case err != nil:
			t.Errorf("%s: %v", tt.name, err)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWhoIsMuteIsNamedAndTheNextIsAsked(t *testing.T) {
	silent := mute(t)
	const try = 20 * time.Millisecond
	_, err := New([]netip.AddrPort{silent}, try).LookupTXT(t.Context(), "a.example")
	var e *net.DNSError
	if !errors.As(err, &e) || !e.IsTimeout || e.IsNotFound || !strings.Contains(e.Err, silent.String()) {
		t.Errorf("nobody answers: %#v", err)
	}
	list, err := New([]netip.AddrPort{silent, mailtest.DNS(t, zones)}, time.Second).LookupTXT(t.Context(), "a.example")
	if err != nil || len(list) != 2 {
		t.Errorf("the second answers: %q, %v", list, err)
	}
}

func TestTheMachinesServersAreThoseOfItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if got := machines(file); fmt.Sprint(got) != "[127.0.0.1:53]" {
		t.Errorf("without a file: %v", got)
	}
	text := "search corp.example\nnameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := machines(file); fmt.Sprint(got) != "[192.0.2.1:53 [2001:db8::1]:53 192.0.2.3:53]" {
		t.Errorf("of the file: %v", got)
	}
}
