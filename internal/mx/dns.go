package mx

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"letterlock/internal/resolve"
)

// A DNS asks recursive servers.
type DNS struct{ client *resolve.Client }

const (
	oneTry = time.Second // for one server to answer
	alias  = 16          // names that one name stands for, one after the other
)

// NewDNS returns what asks these servers, or, without any, those that the machine asks.
func NewDNS(servers []netip.AddrPort) *DNS { return &DNS{resolve.New(servers, oneTry)} }

// MX implements Resolver. Of several servers the first that knows is believed.
func (d *DNS) MX(ctx context.Context, domain string) (r Records, err error) {
	err = d.client.Ask(ctx, domain, dns.TypeMX, func(answer *dns.Msg) (err error) {
		r, err = read(answer)
		return err
	})
	if err != nil {
		return Records{}, err
	}
	return r, nil
}

// read takes an answer apart.
func read(answer *dns.Msg) (Records, error) {
	if answer.Rcode == dns.RcodeNameError {
		return Records{None: true, TTL: negative(answer)}, nil
	}
	r, err := records(answer)
	if err == nil && len(r.Hosts) == 0 && !r.None {
		r.TTL = negative(answer)
	}
	return r, err
}

// records finds the MX records of a name, or of the name that it stands for.
func records(answer *dns.Msg) (r Records, err error) {
	name, ttl := end(answer, uint32(longest/time.Second))
	for _, rr := range answer.Answer {
		mx, ok := rr.(*dns.MX)
		if !ok {
			continue
		}
		if dns.CanonicalName(mx.Hdr.Name) != name {
			return Records{}, resolve.ErrUnclear // whoever adds to answers is not to be believed at all
		}
		ttl = min(ttl, mx.Hdr.Ttl)
		if mx.Mx == "." { // RFC 7505: it takes no mail
			r.None = true
			continue
		}
		r.Hosts = append(r.Hosts, mx.Mx)
	}
	if r.None && len(r.Hosts) > 0 {
		return Records{}, errors.New("the domain says that it takes no mail, and who takes it")
	}
	r.TTL = time.Duration(ttl) * time.Second
	return r, nil
}

// end is the name that the name which an answer is about stands for, itself where it is no
// alias, and for how many seconds it does, most at most.
func end(answer *dns.Msg, most uint32) (name string, ttl uint32) {
	name, ttl = dns.CanonicalName(answer.Question[0].Name), most
	for range min(len(answer.Answer), alias) { // one comes before what it stands for, or after it
		next := name
		for _, rr := range answer.Answer {
			if c, ok := rr.(*dns.CNAME); ok && dns.CanonicalName(c.Hdr.Name) == name {
				next, ttl = dns.CanonicalName(c.Target), min(ttl, c.Hdr.Ttl)
			}
		}
		if next == name {
			break
		}
		name = next
	}
	return name, ttl
}

// negative is how long it is known that there is nothing, RFC 2308 section 5.
func negative(answer *dns.Msg) time.Duration {
	for _, rr := range answer.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return time.Duration(min(soa.Minttl, soa.Hdr.Ttl)) * time.Second
		}
	}
	return shortest
}
