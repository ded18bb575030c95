// Package resolve asks recursive DNS servers.
//
// It is a client of its own, and not the standard library's, because that keeps back how
// long an answer is good for, believes the file /etc/hosts before it asks anybody, and
// asks none but the servers of the machine.
package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	rounds = 2    // through all servers
	udp    = 1232 // bytes that arrive whole everywhere
)

// A Client asks servers, in their order.
type Client struct {
	servers []string // host and port
	try     time.Duration
}

// New returns a Client of these servers, or, without any, of those that the machine asks.
// try is how long one may take to answer.
func New(servers []netip.AddrPort, try time.Duration) *Client {
	c := &Client{try: try}
	for _, s := range servers {
		c.servers = append(c.servers, s.String())
	}
	if len(c.servers) == 0 {
		c.servers = machines("/etc/resolv.conf")
	}
	return c
}

// Servers are those that are asked, each with its port.
func (c *Client) Servers() []string { return c.servers }

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

// ErrUnclear is that an answer is not about what was asked.
var ErrUnclear = errors.New("the DNS server's answer is not about what was asked")

// Ask asks for the records of a name, which needs no dot at its end. Of several servers the
// first is believed whose answer read accepts: one to the question, that there are such
// records, or none, or no such name. An error is a *net.DNSError: that nothing is known.
func (c *Client) Ask(ctx context.Context, name string, kind uint16, read func(*dns.Msg) error) error {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), kind)
	m.SetEdns0(udp, false)
	last := error(ErrUnclear)
	for range rounds {
		for _, server := range c.servers {
			if ctx.Err() != nil {
				return c.failed(name, ctx.Err())
			}
			answer, err := c.exchange(ctx, m, server)
			if err == nil {
				err = fits(m, answer)
			}
			if err == nil {
				err = read(answer)
			}
			if err == nil {
				return nil
			}
			last = err
		}
	}
	return c.failed(name, last)
}

func (c *Client) failed(name string, err error) error {
	var wire net.Error
	late := errors.Is(err, context.DeadlineExceeded) || errors.As(err, &wire) && wire.Timeout()
	e := &net.DNSError{UnwrapErr: err, Err: err.Error(), Name: strings.TrimSuffix(name, "."), IsTimeout: late, IsTemporary: true}
	if late {
		e.Err = "no answer from " + strings.Join(c.servers, ", ")
	}
	return e
}

// exchange asks one server, once more over TCP if its answer was cut.
func (c *Client) exchange(ctx context.Context, m *dns.Msg, server string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, c.try)
	defer cancel()
	answer, _, err := (&dns.Client{Net: "udp", UDPSize: udp, Timeout: c.try}).ExchangeContext(ctx, m, server)
	if err == nil && answer.Truncated {
		answer, _, err = (&dns.Client{Net: "tcp", Timeout: c.try}).ExchangeContext(ctx, m, server)
	}
	return answer, err
}

// fits refuses an answer that is about something else, or that somebody who was asked to
// find out has not: it says nothing.
func fits(m, answer *dns.Msg) error {
	asked := m.Question[0]
	if answer.Id != m.Id || !answer.Response || answer.Truncated || len(answer.Question) != 1 || !sameQuestion(answer.Question[0], asked) {
		return ErrUnclear
	}
	if answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
		return fmt.Errorf("the DNS server says %s", dns.RcodeToString[answer.Rcode])
	}
	return nil
}

func sameQuestion(a, b dns.Question) bool {
	return a.Qtype == b.Qtype && a.Qclass == b.Qclass && dns.CanonicalName(a.Name) == dns.CanonicalName(b.Name)
}
