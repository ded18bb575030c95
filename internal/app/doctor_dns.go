package app

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"
)

// lookUpWithin is how long one answer of the DNS may take.
const lookUpWithin = 5 * time.Second

// dns looks at what others find in the DNS about the domain that our mail is from. From
// which address the relay hands mail to the world cannot be seen from here, so it does
// not say whether SPF lets that one through.
func (d *doctor) dns(ctx context.Context) {
	for _, look := range []func(context.Context, string){d.portal, d.spf, d.dmarc, d.mx, d.ptr} {
		if look(ctx, d.cfg.Organization.Notify.Domain()); d.deaf {
			return // the DNS does not answer; the rest would only say so again
		}
	}
}

// silent notes that the DNS did not answer, which says nothing of the record.
func (d *doctor) silent(about, name string, err error) {
	d.advise(Warn, about, "look at the resolver of this machine (/etc/resolv.conf), and run this again", "%s could not be looked up: %s", name, words(err))
	var e *net.DNSError
	d.deaf = errors.As(err, &e) && e.IsTimeout
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

// rooted makes a name one that no search list of the machine adds to.
func rooted(name string) string { return strings.TrimSuffix(name, ".") + "." }

// portal looks for the host that links lead to.
func (d *doctor) portal(ctx context.Context, _ string) {
	host := d.cfg.PublicURL.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" {
		d.say(Fine, "dns public_url", "%s needs no DNS", host)
		return
	}
	list, err := within(ctx, d.resolver.LookupHost, rooted(host))
	switch {
	case none(err):
		d.advise(Wrong, "dns public_url", "publish an A or AAAA record for "+host+", or correct public_url", "%s has no address: the links in notifications lead nowhere", host)
	case err != nil:
		d.silent("dns public_url", host, err)
	default:
		d.say(Fine, "dns public_url", "%s is at %s", host, strings.Join(list, ", "))
	}
}

// texts returns the TXT records of a name that begin so, as a word.
func (d *doctor) texts(ctx context.Context, name, version string) (list []string, err error) {
	all, err := within(ctx, d.resolver.LookupTXT, rooted(name))
	for _, t := range all {
		if rest, ok := strings.CutPrefix(strings.ToLower(t), version); ok && (rest == "" || strings.ContainsAny(rest[:1], " ;")) {
			list = append(list, t)
		}
	}
	if none(err) {
		err = nil
	}
	return list, err
}

// spf looks at who may send for the domain, RFC 7208.
func (d *doctor) spf(ctx context.Context, domain string) {
	list, err := d.texts(ctx, domain, "v=spf1")
	publish := "publish one TXT record at " + domain + " that names from where your relay sends, like \"v=spf1 a:relay." + domain + " -all\""
	switch {
	case err != nil:
		d.silent("spf", domain, err)
	case len(list) == 0:
		d.advise(Warn, "spf", publish, "%s has no SPF record: other mail servers cannot tell your relay from anybody else", domain)
	case len(list) > 1:
		d.advise(Wrong, "spf", "leave one of them", "%s has %d SPF records, which counts as an error everywhere", domain, len(list))
	default:
		d.spfEnds(domain, list[0])
	}
}

// spfEnds looks at what a record says of everybody who is not named.
func (d *doctor) spfEnds(domain, record string) {
	last := ""
	for _, term := range strings.Fields(strings.ToLower(record))[1:] {
		switch {
		case term == "all" || len(term) == 4 && term[1:] == "all" && strings.ContainsAny(term[:1], "+-~?"):
			last = term
		case strings.HasPrefix(term, "redirect="):
			last = term
		}
	}
	end := "let it end in -all, or in ~all while you try it"
	switch last {
	case "all", "+all":
		d.advise(Wrong, "spf", end, "the record of %s ends in %s: it lets everybody send in its name", domain, last)
	case "", "?all":
		d.advise(Warn, "spf", end, "the record of %s says nothing of those who may not send for it", domain)
	default:
		d.say(Fine, "spf", "%s", record)
	}
}

// dmarc looks for the policy of the domain or of one above it, RFC 7489.
func (d *doctor) dmarc(ctx context.Context, domain string) {
	for at := domain; strings.Contains(at, "."); _, at, _ = strings.Cut(at, ".") {
		list, err := d.texts(ctx, "_dmarc."+at, "v=dmarc1")
		switch {
		case err != nil:
			d.silent("dmarc", "_dmarc."+at, err)
			return
		case len(list) > 1:
			d.advise(Wrong, "dmarc", "leave one of them", "_dmarc.%s has %d DMARC records, which counts as none", at, len(list))
			return
		case len(list) == 1:
			d.dmarcSays(at, list[0])
			return
		}
	}
	d.advise(Warn, "dmarc", "publish a TXT record at _dmarc."+domain+", to begin with \"v=DMARC1; p=none; rua=mailto:postmaster@"+domain+"\"",
		"%s has no DMARC record: large providers trust its mail less, and anybody can write in its name", domain)
}

func (d *doctor) dmarcSays(at, record string) {
	for tag := range strings.SplitSeq(record, ";") {
		name, value, _ := strings.Cut(tag, "=")
		if strings.TrimSpace(strings.ToLower(name)) != "p" {
			continue
		}
		switch strings.TrimSpace(strings.ToLower(value)) {
		case "quarantine", "reject":
			d.say(Fine, "dmarc", "_dmarc.%s: %s", at, record)
			return
		case "none":
			d.say(Fine, "dmarc", "_dmarc.%s: %s; it only watches, and quarantine or reject would keep forged mail out", at, record)
			return
		}
	}
	d.advise(Wrong, "dmarc", "let it say p=none, p=quarantine or p=reject", "the record of _dmarc.%s has no policy: %s", at, record)
}

// mx looks whether bounces can come back.
func (d *doctor) mx(ctx context.Context, domain string) {
	do := "publish an MX record for " + domain + " that leads to the mail server which takes its bounces, or choose another organization.notify"
	list, err := within(ctx, d.resolver.LookupMX, rooted(domain))
	switch {
	case none(err):
		if _, err := within(ctx, d.resolver.LookupHost, rooted(domain)); none(err) {
			d.advise(Wrong, "mx", do, "%s has no MX record and no address: bounces cannot come back, and some servers refuse mail from it", domain)
			return
		}
		d.advise(Warn, "mx", do, "%s has no MX record, only an address: bounces go there", domain)
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
		if _, err := within(ctx, d.resolver.LookupHost, rooted(name)); none(err) {
			d.advise(Wrong, "mx", "publish an address for "+name+", or take it out of the MX records", "the MX record of %s leads to %s, which has no address", domain, name)
			return
		}
	}
	d.say(Fine, "mx", "%s takes mail at %s", domain, strings.Join(names, ", "))
}

// ptr looks whether the addresses that mail may come from have names that lead back.
// They are those of the relays; where none of them is public, a relay on this side of a
// router sends, and the portal's own address is the best guess.
func (d *doctor) ptr(ctx context.Context, _ string) {
	guess := false
	addresses := d.public(ctx, d.relayHosts())
	if len(addresses) == 0 {
		guess, addresses = true, d.public(ctx, []string{d.cfg.PublicURL.Hostname()})
	}
	if len(addresses) == 0 {
		d.say(Fine, "ptr", "neither the relay nor the portal has a public address here: ask whoever operates the relay from where it sends")
		return
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

// public are the addresses of some hosts that the world can see.
func (d *doctor) public(ctx context.Context, hosts []string) (list []netip.Addr) {
	for _, host := range hosts {
		found := []string{host}
		if _, err := netip.ParseAddr(host); err != nil {
			if found, err = within(ctx, d.resolver.LookupHost, rooted(host)); err != nil {
				continue // whoever cannot be found is reported by the probe of the relay
			}
		}
		for _, text := range found {
			a, err := netip.ParseAddr(text)
			if err == nil && a.IsGlobalUnicast() && !a.IsPrivate() {
				list = append(list, a.Unmap())
			}
		}
	}
	return list
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
		back, err := within(ctx, d.resolver.LookupHost, rooted(name))
		if err != nil {
			continue
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
