package mx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// A DNS asks recursive servers. It is a client of its own, and not the standard
// library's, because that keeps back how long an answer is good for.
type DNS struct {
	servers []string // host and port
}

const (
	oneTry = time.Second // for one server to answer
	rounds = 2           // through all servers
	udp    = 1232        // bytes that arrive whole everywhere
	alias  = 16          // names that one name stands for, one after the other
)

// NewDNS returns what asks these servers, or, without any, those that the machine asks.
func NewDNS(servers []netip.AddrPort) *DNS {
	d := &DNS{}
	for _, s := range servers {
		d.servers = append(d.servers, s.String())
	}
	if len(d.servers) == 0 {
		d.servers = machines("/etc/resolv.conf")
	}
	return d
}

// machines are the servers that a file of the machine names, as many as the C library
// asks; like it, without any, the machine itself.
func machines(file string) (servers []string) {
	conf, err := dns.ClientConfigFromFile(file)
	if err != nil || len(conf.Servers) == 0 {
		return []string{"127.0.0.1:53"}
	}
	for _, s := range conf.Servers[:min(len(conf.Servers), 3)] {
		servers = append(servers, net.JoinHostPort(s, conf.Port))
	}
	return servers
}

var errUnclear = errors.New("the DNS server's answer is not about what was asked")

// MX implements Resolver. Of several servers the first that knows is believed.
func (d *DNS) MX(ctx context.Context, domain string) (r Records, err error) {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(domain), dns.TypeMX)
	m.SetEdns0(udp, false)
	err = errUnclear
	for range rounds {
		for _, server := range d.servers {
			if ctx.Err() != nil {
				return Records{}, errors.Join(ctx.Err(), err)
			}
			var answer *dns.Msg
			if answer, err = exchange(ctx, m, server); err != nil {
				continue
			}
			if r, err = read(m, answer); err == nil {
				return r, nil
			}
		}
	}
	return Records{}, err
}

// exchange asks one server, once more over TCP if its answer was cut.
func exchange(ctx context.Context, m *dns.Msg, server string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, oneTry)
	defer cancel()
	answer, _, err := (&dns.Client{Net: "udp", UDPSize: udp, Timeout: oneTry}).ExchangeContext(ctx, m, server)
	if err == nil && answer.Truncated {
		answer, _, err = (&dns.Client{Net: "tcp", Timeout: oneTry}).ExchangeContext(ctx, m, server)
	}
	return answer, err
}

// read takes an answer apart. One that is about something else, or that somebody
// who was asked to find out has not, says nothing.
func read(m, answer *dns.Msg) (Records, error) {
	asked := m.Question[0]
	if answer.Id != m.Id || !answer.Response || answer.Truncated || len(answer.Question) != 1 || !sameQuestion(answer.Question[0], asked) {
		return Records{}, errUnclear
	}
	switch answer.Rcode {
	case dns.RcodeSuccess:
	case dns.RcodeNameError:
		return Records{None: true, TTL: negative(answer)}, nil
	default:
		return Records{}, fmt.Errorf("the DNS server says %s", dns.RcodeToString[answer.Rcode])
	}
	r, err := records(answer.Answer, asked.Name)
	if err == nil && len(r.Hosts) == 0 && !r.None {
		r.TTL = negative(answer)
	}
	return r, err
}

func sameQuestion(a, b dns.Question) bool {
	return a.Qtype == b.Qtype && a.Qclass == b.Qclass && dns.CanonicalName(a.Name) == dns.CanonicalName(b.Name)
}

// records finds the MX records of a name, or of the name that it stands for.
func records(list []dns.RR, name string) (r Records, err error) {
	name = dns.CanonicalName(name)
	ttl := uint32(longest / time.Second)
	for range min(len(list), alias) { // one comes before what it stands for, or after it
		next := name
		for _, rr := range list {
			if c, ok := rr.(*dns.CNAME); ok && dns.CanonicalName(c.Hdr.Name) == name {
				next, ttl = dns.CanonicalName(c.Target), min(ttl, c.Hdr.Ttl)
			}
		}
		if next == name {
			break
		}
		name = next
	}
	for _, rr := range list {
		mx, ok := rr.(*dns.MX)
		if !ok {
			continue
		}
		if dns.CanonicalName(mx.Hdr.Name) != name {
			return Records{}, errUnclear // whoever adds to answers is not to be believed at all
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

// negative is how long it is known that there is nothing, RFC 2308 section 5.
func negative(answer *dns.Msg) time.Duration {
	for _, rr := range answer.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return time.Duration(min(soa.Minttl, soa.Hdr.Ttl)) * time.Second
		}
	}
	return shortest
}
