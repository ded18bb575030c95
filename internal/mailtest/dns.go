package mailtest

import (
	"errors"
	"io"
	"log"
	"net/netip"
	"syscall"
	"testing"

	"github.com/foxcpp/go-mockdns"
)

// DNS serves zones over UDP and TCP until the test ends, and returns the server's
// address. The test may change the zones while nobody asks.
func DNS(t testing.TB, zones map[string]mockdns.Zone) netip.AddrPort {
	t.Helper()
	for range 10 {
		s, err := mockdns.NewServerWithLogger(zones, log.New(io.Discard, "", 0), false)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue // it takes the number of a TCP port for UDP, too, which somebody may have
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return netip.MustParseAddrPort(s.LocalAddr().String())
	}
	t.Fatal("no port of the loopback is free for DNS")
	return netip.AddrPort{}
}
