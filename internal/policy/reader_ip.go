package policy

import "net/netip"

// A ReaderIP says how much is kept of where a recipient, or a visitor of a link,
// comes from.
type ReaderIP string

const (
	FullIP    ReaderIP = "full"
	NetworkIP ReaderIP = "network" // a /24 of IPv4, a /48 of IPv6; what anything else is taken for
	NoIP      ReaderIP = "none"
)

// Of returns what is kept of an address. What is no address is not kept.
func (k ReaderIP) Of(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || k == NoIP {
		return ""
	}
	a = a.Unmap().WithZone("")
	if k == FullIP {
		return a.String()
	}
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return "" // never: every address has that many bits
	}
	return p.String()
}
