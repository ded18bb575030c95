package app

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"blitiri.com.ar/go/spf"

	"letterlock/internal/eml"
)

// spf looks at who may send for the domain, RFC 7208.
func (d *doctor) spf(ctx context.Context, domain string) {
	all, err := within(ctx, d.resolver.LookupTXT, domain)
	var list []string
	for _, t := range all {
		if rest, ok := strings.CutPrefix(strings.ToLower(t), "v=spf1"); ok && (rest == "" || rest[0] == ' ') {
			list = append(list, t)
		}
	}
	publish := "publish one TXT record at " + domain + " that names from where your relay sends, like \"v=spf1 a:relay." + domain + " -all\""
	switch {
	case err != nil && !none(err):
		d.silent("spf", domain, err)
	case len(list) == 0:
		d.advise(Warn, "spf", publish, "%s has no SPF record: other mail servers cannot tell your relay from anybody else", domain)
	case len(list) > 1:
		d.advise(Wrong, "spf", "leave one of them", "%s has %d SPF records, which counts as an error everywhere", domain, len(list))
	default:
		ctx, cancel := context.WithTimeout(ctx, spfWithin)
		defer cancel()
		d.spfRecord(ctx, domain, eml.Line(list[0], maxRecord))
	}
}

// spfWithin is how long it may take to find out all that a record refers to.
const spfWithin = 20 * time.Second

// nobody is an address from which no mail can come, RFC 1112 section 4. A record is asked
// about it to see all of the record: one that lets somebody send is read no further.
var nobody = netip.MustParseAddr("240.0.0.1")

// spfRecord looks whether a record can be understood, what it says of those whom it does
// not name, and what of the relay.
func (d *doctor) spfRecord(ctx context.Context, domain, record string) {
	end := "let it end in -all, or in ~all while you try it"
	switch result, err := d.mayBe(ctx, nobody, domain); result {
	case spf.PermError:
		says, do := spfFault(err)
		d.advise(Wrong, "spf", do, "the record of %s counts as an error everywhere: %s: %s", domain, says, record)
	case spf.TempError:
		d.silent("spf", nameOr(err, domain), err)
	case spf.Pass:
		d.advise(Wrong, "spf", end, "the record of %s lets everybody send in its name: %s", domain, record)
	case spf.Neutral, spf.None:
		d.advise(Warn, "spf", end, "the record of %s says nothing of those who may not send for it: %s", domain, record)
		d.spfRelay(ctx, domain, record)
	default:
		d.spfRelay(ctx, domain, record)
	}
}

// mayBe asks the DNS whether mail from an address may be in the name of a domain.
func (d *doctor) mayBe(ctx context.Context, a netip.Addr, domain string) (spf.Result, error) {
	return spf.CheckHostWithSender(net.IP(a.AsSlice()), d.cfg.MailName(), string(d.cfg.Organization.Notify),
		spf.WithContext(ctx), spf.WithResolver(d.resolver))
}

// spfRelay looks whether a record that can be understood lets the relay send. A provider
// may take mail at one address and send it from another, so that what is refused is no
// proof of a fault.
func (d *doctor) spfRelay(ctx context.Context, domain, record string) {
	addresses, err := d.public(ctx, d.relayHosts())
	if err != nil {
		d.silent("spf", nameOr(err, domain), err)
		return
	}
	if len(addresses) == 0 {
		d.say(Fine, "spf", "well-formed: %s; the relay has no public address here, so whether it may send cannot be seen: compare the record with the address from which the relay sends to the world", record)
		return
	}
	var well []string
	for _, a := range addresses {
		switch result, err := d.mayBe(ctx, a, domain); result {
		case spf.Pass:
			well = append(well, a.String())
		case spf.TempError:
			d.silent("spf", nameOr(err, domain), err)
			return
		case spf.PermError:
			says, do := spfFault(err)
			d.advise(Wrong, "spf", do, "the record of %s counts as an error for the relay's address %s: %s: %s", domain, a, says, record)
		default:
			d.advise(Warn, "spf", "if the relay sends from "+a.String()+", add "+spfTerm(a)+" to the record; if it is a provider's and sends from others, add the include: that the provider names",
				"the record of %s %s the relay's address %s: %s", domain, spfSays[result], a, record)
		}
	}
	if len(well) > 0 {
		d.say(Fine, "spf", "lets %s send, where the relay is: %s", strings.Join(well, ", "), record)
	}
}

// spfSays are what a record does with an address.
var spfSays = map[spf.Result]string{
	spf.Fail:     "refuses (fail)",
	spf.SoftFail: "distrusts (softfail)",
	spf.Neutral:  "says nothing (neutral) of",
	spf.None:     "says nothing (none) of",
}

func spfTerm(a netip.Addr) string {
	if a.Is4() {
		return "ip4:" + a.String()
	}
	return "ip6:" + a.String()
}

// spfFaults are why a record counts as an error, and what to do other than to correct it.
var spfFaults = []struct {
	err      error
	says, do string
}{
	{spf.ErrLookupLimitReached, "it takes more than 10 questions to the DNS", "name networks with ip4: and ip6: in place of some include:, a, mx, exists: or redirect=, those of included records counted"},
	{spf.ErrVoidLookupLimitReached, "more than two of its terms lead to names that are not there", "take out what leads nowhere"},
	{spf.ErrTooManyMXRecords, "an mx term leads to more than 10 mail servers", "name their networks with ip4: and ip6:"},
	{spf.ErrNoResult, "an include: or redirect= leads to a domain without an SPF record", "correct its name, or take it out"},
	{spf.ErrMultipleRecords, "an include: or redirect= leads to a domain with several SPF records", "ask whoever has that domain to leave one, or take it out"},
	{spf.ErrUnknownField, "it has a term that is none of SPF's", ""},
	{spf.ErrInvalidIP, "an ip4: or ip6: is followed by no address", ""},
	{spf.ErrInvalidMask, "a network has no length that there is", ""},
	{spf.ErrInvalidMacro, "a macro is not well-formed", ""},
	{spf.ErrInvalidDomain, "a term has no domain, or redirect= is there twice", ""},
}

// spfFault says why a record counts as an error, and what to do about it.
func spfFault(err error) (says, do string) {
	for _, f := range spfFaults {
		if errors.Is(err, f.err) {
			if f.do == "" {
				f.do = "correct the record, or the one that it includes"
			}
			return f.says, f.do
		}
	}
	return "it is not well-formed", "correct the record, or the one that it includes"
}
