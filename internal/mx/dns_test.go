package mx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"letterlock/internal/mailtest"
	"letterlock/internal/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server is a DNS server on loopback, over UDP and TCP, that answers as reply says.
type server struct {
	address netip.AddrPort
	asked   atomic.Int64
	tcp     atomic.Int64
}

// newServer starts one. A reply of nil is none.
func newServer(t *testing.T, reply func(q *dns.Msg, tcp bool) *dns.Msg) *server {
	t.Helper()
	s := &server{address: netip.MustParseAddrPort(mailtest.FreeAddress(t))}
	udp, err1 := net.ListenPacket("udp", s.address.String())
	tcp, err2 := net.Listen("tcp", s.address.String())
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	handle := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		s.asked.Add(1)
		_, overTCP := w.RemoteAddr().(*net.TCPAddr)
		if overTCP {
			s.tcp.Add(1)
		}
		if a := reply(q, overTCP); a != nil {
			w.WriteMsg(a)
		}
	})
	for _, d := range []*dns.Server{{PacketConn: udp, Handler: handle}, {Listener: tcp, Handler: handle}} {
		up := make(chan struct{})
		d.NotifyStartedFunc = func() { close(up) }
		done := make(chan error, 1)
		go func() { done <- d.ActivateAndServe() }()
		<-up
		t.Cleanup(func() { d.Shutdown(); <-done })
	}
	return s
}

// saying answers a question with records in the form of a zone file.
func saying(q *dns.Msg, records ...string) *dns.Msg {
	a := new(dns.Msg)
	a.SetReply(q)
	a.RecursionAvailable = true
	for _, text := range records {
		rr, err := dns.NewRR(text)
		if err != nil {
			panic(err)
		}
		if rr.Header().Rrtype == dns.TypeSOA {
			a.Ns = append(a.Ns, rr)
		} else {
			a.Answer = append(a.Answer, rr)
		}
	}
	return a
}

const soa = "example. 900 IN SOA ns.example. root.example. 1 2 3 4 120"

func TestAnswersAreReadAsTheyAreMeant(t *testing.T) {
	refused := func(q *dns.Msg) *dns.Msg { a := saying(q); a.Rcode = dns.RcodeServerFailure; return a }
	missing := func(q *dns.Msg) *dns.Msg { a := saying(q, soa); a.Rcode = dns.RcodeNameError; return a }
	tests := []struct {
		name  string
		reply func(q *dns.Msg) *dns.Msg
		want  Records
		err   bool
	}{
		{"records", func(q *dns.Msg) *dns.Msg {
			return saying(q, "a.example. 600 IN MX 5 one.example.", "a.example. 300 IN MX 10 two.example.")
		}, Records{Hosts: []string{"one.example.", "two.example."}, TTL: 300 * time.Second}, false},
		{"an alias", func(q *dns.Msg) *dns.Msg {
			return saying(q, "b.example. 600 IN MX 5 one.example.", "a.example. 60 IN CNAME b.example.")
		}, Records{Hosts: []string{"one.example."}, TTL: time.Minute}, false},
		{"an alias of itself", func(q *dns.Msg) *dns.Msg {
			return saying(q, "a.example. 60 IN CNAME b.example.", "b.example. 60 IN CNAME a.example.", soa)
		}, Records{TTL: 2 * time.Minute}, false},
		{"no records", func(q *dns.Msg) *dns.Msg { return saying(q, soa) }, Records{TTL: 2 * time.Minute}, false},
		{"no domain", missing, Records{None: true, TTL: 2 * time.Minute}, false},
		{"null MX", func(q *dns.Msg) *dns.Msg { return saying(q, "a.example. 600 IN MX 0 .") }, Records{None: true, TTL: 10 * time.Minute}, false},
		{"null MX among others", func(q *dns.Msg) *dns.Msg {
			return saying(q, "a.example. 600 IN MX 0 .", "a.example. 600 IN MX 5 a.mail.protection.outlook.com.")
		}, Records{}, true},
		{"refused", refused, Records{}, true},
		{"records of another domain", func(q *dns.Msg) *dns.Msg {
			return saying(q, "b.example. 600 IN MX 5 a.mail.protection.outlook.com.")
		}, Records{}, true},
		{"an answer to another question", func(q *dns.Msg) *dns.Msg {
			a := saying(q, "a.example. 600 IN MX 5 a.mail.protection.outlook.com.")
			a.Question[0].Name = "b.example."
			return a
		}, Records{}, true},
		{"an answer to another asker", func(q *dns.Msg) *dns.Msg {
			a := saying(q, "a.example. 600 IN MX 5 a.mail.protection.outlook.com.")
			a.Id++
			return a
		}, Records{}, true},
		{"a question in place of an answer", func(q *dns.Msg) *dns.Msg {
			a := saying(q, "a.example. 600 IN MX 5 a.mail.protection.outlook.com.")
			a.Response = false
			return a
		}, Records{}, true},
		{"silence", func(*dns.Msg) *dns.Msg { return nil }, Records{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(q *dns.Msg, _ bool) *dns.Msg { return tt.reply(q) })
			ctx, cancel := context.WithTimeout(t.Context(), lookUp)
			defer cancel()
			got, err := NewDNS([]netip.AddrPort{s.address}).MX(ctx, "a.example")
			if (err != nil) != tt.err || !slices.Equal(got.Hosts, tt.want.Hosts) || got.None != tt.want.None || got.TTL != tt.want.TTL {
				t.Errorf("MX = %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestAnotherServerIsAskedWhereOneFails(t *testing.T) {
	good := newServer(t, func(q *dns.Msg, _ bool) *dns.Msg { return saying(q, "a.example. 600 IN MX 5 one.example.") })
	bad := newServer(t, func(q *dns.Msg, _ bool) *dns.Msg { a := saying(q); a.Rcode = dns.RcodeRefused; return a })
	mute := newServer(t, func(*dns.Msg, bool) *dns.Msg { return nil })
	for name, first := range map[string]*server{"refuses": bad, "is mute": mute} {
		got, err := NewDNS([]netip.AddrPort{first.address, good.address}).MX(t.Context(), "a.example")
		if err != nil || len(got.Hosts) != 1 || first.asked.Load() != 1 {
			t.Errorf("where the first %s: %+v, %v, and it was asked %d times", name, got, err, first.asked.Load())
		}
	}
}

func TestAnAnswerThatWasCutIsAskedForOverTCP(t *testing.T) {
	s := newServer(t, func(q *dns.Msg, tcp bool) *dns.Msg {
		if tcp {
			return saying(q, "a.example. 600 IN MX 5 one.example.")
		}
		a := saying(q, "a.example. 600 IN MX 5 a.mail.protection.outlook.com.")
		a.Truncated = true // who believes the half of it takes the domain for Microsoft's
		return a
	})
	got, err := NewDNS([]netip.AddrPort{s.address}).MX(t.Context(), "a.example")
	if err != nil || fmt.Sprint(got.Hosts) != "[one.example.]" || s.tcp.Load() != 1 {
		t.Errorf("MX = %+v, %v after %d questions over TCP", got, err, s.tcp.Load())
	}
}

// TestFromTheQuestionToTheVerdict asks a real server through everything.
func TestFromTheQuestionToTheVerdict(t *testing.T) {
	zone := map[string][]string{
		"work.example.":           {"work.example. 600 IN MX 0 work-example.mail.protection.outlook.com."},
		"new.example.":            {"new.example. 600 IN MX 0 new-example.a-v1.mx.microsoft."},
		"capitals.example.":       {"capitals.example. 600 IN MX 0 C.Mail.Protection.OUTLOOK.com."},
		"xn--mnchen-3ya.example.": {"xn--mnchen-3ya.example. 600 IN MX 0 m.mail.protection.outlook.com."},
		"filtered.example.":       {"filtered.example. 600 IN MX 0 f.mail.protection.outlook.com.", "filtered.example. 600 IN MX 9 mx.filter.example."},
		"google.example.":         {"google.example. 600 IN MX 1 smtp.google.com."},
		"evil.example.":           {"evil.example. 600 IN MX 1 mail.protection.outlook.com.evil.example."},
		"near.example.":           {"near.example. 600 IN MX 1 xmail.protection.outlook.com."},
		"bare.example.":           {"bare.example. 600 IN MX 1 mx.microsoft."},
		"none.example.":           {"none.example. 600 IN MX 0 ."},
		"onlyhost.example.":       {soa},
	}
	s := newServer(t, func(q *dns.Msg, _ bool) *dns.Msg {
		records, ok := zone[dns.CanonicalName(q.Question[0].Name)]
		a := saying(q, records...)
		if !ok {
			a.Rcode = dns.RcodeNameError
		}
		return a
	})
	f := New(NewDNS([]netip.AddrPort{s.address}), time.Now, quiet)
	defer f.Close()
	want := policy.Hostings{
		"work.example": policy.AtMicrosoft365, "new.example": policy.AtMicrosoft365, "capitals.example": policy.AtMicrosoft365,
		"xn--mnchen-3ya.example": policy.AtMicrosoft365, "filtered.example": policy.PartlyThere, "google.example": policy.Elsewhere,
		"evil.example": policy.Elsewhere, "near.example": policy.Elsewhere, "bare.example": policy.Elsewhere,
		"none.example": policy.NoMail, "onlyhost.example": policy.Elsewhere, "missing.example": policy.NoMail,
	}
	var domains []string
	for d := range want {
		domains = append(domains, d)
	}
	got := f.Find(t.Context(), domains)
	for d, h := range want {
		if got[d] != h {
			t.Errorf("%s: %q, want %q", d, got[d], h)
		}
	}
}

var errDown = errors.New("the DNS is down")

// long is a domain as long as one may be.
var long = strings.Repeat("abcdefghi.", 24) + "example"
