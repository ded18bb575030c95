package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// The look-ups are those of a [net.Resolver], but that no search list adds to a name. That
// there is no such record, or no such name, is a *net.DNSError with IsNotFound.

// LookupTXT returns the texts of a name, each in one piece.
func (c *Client) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return records(ctx, c, name, dns.TypeTXT, func(t *dns.TXT) string { return plain(strings.Join(t.Txt, "")) })
}

// LookupMX returns who takes the mail of a domain, whom to try first before others.
func (c *Client) LookupMX(ctx context.Context, domain string) ([]*net.MX, error) {
	list, err := records(ctx, c, domain, dns.TypeMX, func(m *dns.MX) *net.MX { return &net.MX{Host: m.Mx, Pref: m.Preference} })
	slices.SortStableFunc(list, func(a, b *net.MX) int { return int(a.Pref) - int(b.Pref) })
	return list, err
}

// LookupAddr returns the names of an address.
func (c *Client) LookupAddr(ctx context.Context, address string) ([]string, error) {
	name, err := dns.ReverseAddr(address)
	if err != nil {
		return nil, missing(address)
	}
	return records(ctx, c, name, dns.TypePTR, func(p *dns.PTR) string { return p.Ptr })
}

// LookupHost returns the addresses of a host.
func (c *Client) LookupHost(ctx context.Context, host string) (list []string, err error) {
	found, err := c.LookupIPAddr(ctx, host)
	for _, a := range found {
		list = append(list, a.String())
	}
	return list, err
}

// LookupIPAddr is LookupHost in another form.
func (c *Client) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []net.IPAddr{{IP: a.AsSlice(), Zone: a.Zone()}}, nil
	}
	list, err4 := records(ctx, c, host, dns.TypeA, func(a *dns.A) net.IPAddr { return net.IPAddr{IP: a.A} })
	more, err6 := records(ctx, c, host, dns.TypeAAAA, func(a *dns.AAAA) net.IPAddr { return net.IPAddr{IP: a.AAAA} })
	list = append(list, more...)
	switch {
	case len(list) > 0:
		return list, nil
	case !isMissing(err4):
		return nil, err4
	}
	return nil, err6
}

// records asks for the records of one type, and makes of each what take does.
func records[R dns.RR, T any](ctx context.Context, c *Client, name string, kind uint16, take func(R) T) (list []T, err error) {
	if _, ok := dns.IsDomainName(name); !ok {
		return nil, missing(name)
	}
	err = c.Ask(ctx, name, kind, func(answer *dns.Msg) error {
		list = nil
		for _, rr := range answer.Answer {
			if r, ok := rr.(R); ok { // an alias has those of what it stands for
				list = append(list, take(r))
			}
		}
		return nil
	})
	if err == nil && len(list) == 0 {
		err = missing(name)
	}
	return list, err
}

func missing(name string) error {
	return &net.DNSError{Err: "no such record", Name: strings.TrimSuffix(name, "."), IsNotFound: true}
}

func isMissing(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

// plain takes off a text what the library puts before bytes that a zone file would not
// take as they are.
func plain(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\' || i+1 == len(s):
			b = append(b, s[i])
		case i+3 < len(s) && isDigit(s[i+1]) && isDigit(s[i+2]) && isDigit(s[i+3]):
			b = append(b, (s[i+1]-'0')*100+(s[i+2]-'0')*10+s[i+3]-'0')
			i += 3
		default:
			b = append(b, s[i+1])
			i++
		}
	}
	return string(b)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
