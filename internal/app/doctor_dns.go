package app

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// lookUpWithin is how long one answer of the DNS may take.
const lookUpWithin = 5 * time.Second

// dns looks at what others find in the DNS about the domain that our mail is from.
func (d *doctor) dns(ctx context.Context) {
	for _, look := range []struct {
		about string
		at    func(context.Context, string)
	}{{aboutPortal, d.portal}, {"spf", d.spf}, {"dmarc", d.dmarc}, {"mx", d.mx}, {"ptr", d.ptr}} {
		if d.deaf != "" { // it would only take as long again
			d.advise(Warn, look.about, d.askAgain(), "not looked at, because the DNS did not answer about %s", d.deaf)
			continue
		}
		look.at(ctx, d.cfg.Organization.Notify.Domain())
	}
}

const aboutPortal = "dns public_url"

// silent notes that the DNS did not answer, which says nothing of the record.
func (d *doctor) silent(about, name string, err error) {
	d.advise(Warn, about, d.askAgain(), "%s could not be looked up: %s", name, words(err))
	var e *net.DNSError
	if errors.As(err, &e) && e.IsTimeout {
		d.deaf = name
	}
}

// askAgain is what to do where nobody has answered.
func (d *doctor) askAgain() string {
	servers := strings.Join(d.resolver.Servers(), ", ")
	if len(d.cfg.DNS.Servers) > 0 {
		return "look whether " + servers + ", as servers in [dns] has it, answers this machine, and run this again"
	}
	return "look whether " + servers + ", as /etc/resolv.conf has it, answers this machine, or name others with servers in [dns], and run this again"
}

// nameOr is what could not be looked up, or else a name.
func nameOr(err error, name string) string {
	var e *net.DNSError
	if errors.As(err, &e) && e.Name != "" {
		return e.Name
	}
	return name
}

func words(err error) string {
	var e *net.DNSError
	if errors.As(err, &e) {
		return e.Err
	}
	return inOneLine(err)
}

// none reports whether an answer is that there is no such record.
func none(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

func within[T any](ctx context.Context, f func(context.Context, string) (T, error), name string) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	return f(ctx, name)
}

// portal looks for the host that links lead to.
func (d *doctor) portal(ctx context.Context, _ string) {
	host := d.cfg.PublicURL.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" {
		d.say(Fine, aboutPortal, "%s needs no DNS", host)
		return
	}
	list, err := within(ctx, d.resolver.LookupHost, host)
	switch {
	case none(err):
		d.advise(Wrong, aboutPortal, "publish an A or AAAA record for "+host+", or correct public_url", "%s has no address: the links in notifications lead nowhere", host)
	case err != nil:
		d.silent(aboutPortal, host, err)
	default:
		d.say(Fine, aboutPortal, "%s is at %s", host, strings.Join(list, ", "))
	}
}

// mx looks whether bounces can come back.
func (d *doctor) mx(ctx context.Context, domain string) {
	do := "publish an MX record for " + domain + " that leads to the mail server which takes its bounces, or choose another organization.notify"
	list, err := within(ctx, d.resolver.LookupMX, domain)
	switch {
	case none(err):
		switch _, err := within(ctx, d.resolver.LookupHost, domain); {
		case none(err):
			d.advise(Wrong, "mx", do, "%s has no MX record and no address: bounces cannot come back, and some servers refuse mail from it", domain)
		case err != nil:
			d.silent("mx", domain, err)
		default:
			d.advise(Warn, "mx", do, "%s has no MX record, only an address: bounces go there", domain)
		}
	case err != nil:
		d.silent("mx", domain, err)
	case len(list) == 1 && list[0].Host == ".":
		d.advise(Wrong, "mx", do, "%s says that it takes no mail: bounces cannot come back", domain)
	default:
		d.mxHosts(ctx, domain, list)
	}
}

func (d *doctor) mxHosts(ctx context.Context, domain string, list []*net.MX) {
	var names []string
	for _, m := range list {
		name := strings.TrimSuffix(m.Host, ".")
		names = append(names, name)
		switch _, err := within(ctx, d.resolver.LookupHost, name); {
		case none(err):
			d.advise(Wrong, "mx", "publish an address for "+name+", or take it out of the MX records", "the MX record of %s leads to %s, which has no address", domain, name)
			return
		case err != nil:
			d.silent("mx", name, err)
			return
		}
	}
	d.say(Fine, "mx", "%s takes mail at %s", domain, strings.Join(names, ", "))
}

// ptr looks whether the addresses that mail may come from have names that lead back.
// They are those of the relays; where none of them is public, a relay on this side of a
// router sends, and the portal's own address is the best guess.
func (d *doctor) ptr(ctx context.Context, _ string) {
	addresses, err := d.public(ctx, d.relayHosts())
	guess := err == nil && len(addresses) == 0
	if guess {
		addresses, err = d.public(ctx, []string{d.cfg.PublicURL.Hostname()})
	}
	switch {
	case err != nil:
		d.silent("ptr", nameOr(err, "the relay"), err)
	case len(addresses) == 0:
		d.say(Fine, "ptr", "neither the relay nor the portal has a public address here: ask whoever operates the relay from where it sends")
	}
	for _, a := range addresses {
		d.namedBack(ctx, a, guess)
	}
}

func (d *doctor) relayHosts() (hosts []string) {
	for _, r := range d.cfg.Relays() {
		if host, _, err := net.SplitHostPort(r.Address); err == nil {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// public are the addresses of some hosts that the world can see. A host that is not in the
// DNS has none; that it cannot be found at all is said by the probe of the relay.
func (d *doctor) public(ctx context.Context, hosts []string) (list []netip.Addr, err error) {
	for _, host := range hosts {
		found, err := within(ctx, d.resolver.LookupHost, host)
		if err != nil && !none(err) {
			return nil, err
		}
		for _, text := range found {
			a, err := netip.ParseAddr(text)
			if err == nil && a.IsGlobalUnicast() && !a.IsPrivate() && !slices.Contains(list, a.Unmap()) {
				list = append(list, a.Unmap())
			}
		}
	}
	return list, nil
}

// namedBack looks whether an address has a name that has that address.
func (d *doctor) namedBack(ctx context.Context, a netip.Addr, guess bool) {
	who := "the relay's address " + a.String()
	if guess {
		who = "the portal's address " + a.String() + " (a relay that is not public may send from it)"
	}
	do := "have whoever gave you " + a.String() + " set its reverse name to the host that sends mail, and publish that host's address"
	names, err := within(ctx, d.resolver.LookupAddr, a.String())
	switch {
	case none(err):
		d.advise(Warn, "ptr", do, "%s has no name: large providers refuse mail from such", who)
		return
	case err != nil:
		d.silent("ptr", a.String(), err)
		return
	}
	for _, name := range names {
		back, err := within(ctx, d.resolver.LookupHost, name)
		if err != nil && !none(err) {
			d.silent("ptr", strings.TrimSuffix(name, "."), err)
			return
		}
		for _, text := range back {
			if b, err := netip.ParseAddr(text); err == nil && b.Unmap() == a {
				d.say(Fine, "ptr", "%s is %s, and back", who, strings.TrimSuffix(name, "."))
				return
			}
		}
	}
	d.advise(Warn, "ptr", do, "%s has the name %s, which does not have that address", who, strings.TrimSuffix(names[0], "."))
}
