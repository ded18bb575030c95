package app

import (
	"context"
	"slices"
	"strings"

	"letterlock/internal/dmarc"
	"letterlock/internal/eml"
)

// A dmarcRecord is what the DNS has for a domain.
type dmarcRecord struct {
	at   string // of which domain it is: the one looked for, or the one that was registered
	text string
	many int // records there; other than 1, none counts
	dmarc.Record
}

// findDMARC looks for the record of a domain, or where it has none, of the organisation's.
// An error is about the name at.
func (d *doctor) findDMARC(ctx context.Context, domain string) (r dmarcRecord, err error) {
	places := []string{domain, dmarc.Organization(domain)}
	for _, r.at = range slices.Compact(places) {
		all, err := within(ctx, d.resolver.LookupTXT, "_dmarc."+r.at)
		if err != nil && !none(err) {
			return r, err
		}
		for _, text := range all {
			if dmarc.Is(text) {
				r.text, r.many = text, r.many+1
			}
		}
		if r.many > 0 {
			break
		}
	}
	r.Record = dmarc.Read(r.text)
	r.text = eml.Line(r.text, maxRecord)
	return r, nil
}

// maxRecord is how much of a record is shown, in characters.
const maxRecord = 300

// policy is what a record asks for with a domain.
func (r dmarcRecord) policy(domain string) (policy, tag string) {
	if r.at != domain && r.Below != r.Policy {
		return r.Below, "sp"
	}
	return r.Policy, "p"
}

// dmarc looks at what receivers are asked to do with forged mail, and whether ours would
// pass for that.
func (d *doctor) dmarc(ctx context.Context, domain string) {
	r, err := d.findDMARC(ctx, domain)
	switch {
	case err != nil:
		d.silent("dmarc", "_dmarc."+r.at, err)
		return
	case r.many == 0:
		d.advise(Warn, "dmarc", "publish a TXT record at _dmarc."+domain+", to begin with \"v=DMARC1; p=none; rua=mailto:postmaster@"+domain+"\"",
			"%s has no DMARC record: large providers trust its mail less, and anybody can write in its name", domain)
	default:
		d.dmarcSays(domain, r)
	}
	if len(d.cfg.Recipients.Inline)+len(d.cfg.Recipients.InlineDomains) == 0 {
		return // no mail leaves in the name of another domain
	}
	for _, from := range d.cfg.Organization.Domains {
		if from != domain && d.deaf == "" {
			d.vouched(ctx, from, domain)
		}
	}
}

// dmarcSays looks at the record that counts for the domain of our notifications, of which
// From, signature and return path are all of the very domain.
func (d *doctor) dmarcSays(domain string, r dmarcRecord) {
	policy, tag := r.policy(domain)
	switch {
	case r.many > 1:
		d.advise(Wrong, "dmarc", "leave one of them", "_dmarc.%s has %d DMARC records, which counts as none", r.at, r.many)
	case policy == "":
		d.advise(Wrong, "dmarc", "let it say p=none, p=quarantine or p=reject", "the record of _dmarc.%s has no policy%s: %s", r.at, listedAfter(r.Faults), r.text)
	case len(r.Faults) > 0:
		d.advise(Warn, "dmarc", "correct it: servers make of it what they like", "the record of _dmarc.%s is not well-formed%s: %s", r.at, listedAfter(r.Faults), r.text)
	case policy == "none" && tag == "sp":
		d.say(Fine, "dmarc", "_dmarc.%s: %s; by its sp=none it only watches %s, and quarantine or reject would keep forged mail out", r.at, r.text, domain)
	case policy == "none":
		d.say(Fine, "dmarc", "_dmarc.%s: %s; it only watches, and quarantine or reject would keep forged mail out", r.at, r.text)
	case !d.signs:
		d.say(Fine, "dmarc", "_dmarc.%s: %s; mail is not signed here, so that it passes by SPF alone, and not where it is forwarded", r.at, r.text)
	default:
		d.say(Fine, "dmarc", "_dmarc.%s: %s; notifications come from %s, return there and are signed by it, which is aligned", r.at, r.text, domain)
	}
}

func listedAfter(faults []string) string {
	if len(faults) == 0 {
		return ""
	}
	return " (" + strings.Join(faults, ", ") + ")"
}

// vouched looks whether a message that leaves whole, and is from its sender's address,
// passes for mail of that domain, though another one signs it and is where it returns.
func (d *doctor) vouched(ctx context.Context, from, by string) {
	about := "dmarc " + from
	r, err := d.findDMARC(ctx, from)
	if err != nil {
		d.silent(about, "_dmarc."+r.at, err)
		return
	}
	policy, _ := r.policy(from)
	signed := d.signs && dmarc.Aligned(from, by, r.StrictDKIM)
	returns := dmarc.Aligned(from, by, r.StrictSPF)
	switch {
	case r.many != 1 || policy == "":
		d.say(Fine, about, "%s has no DMARC policy, and so asks nothing of messages that leave inline from its addresses", from)
	case signed:
		d.say(Fine, about, "messages that leave inline from %s are signed by %s, which is aligned", from, by)
	case returns:
		d.say(Fine, about, "messages that leave inline from %s return to %s, which is aligned; no signature is, so that they pass by SPF alone, and not where they are forwarded", from, by)
	default:
		do := "have the relay sign for " + from + ", or choose an organization.notify of the same organisation"
		if dmarc.Aligned(from, by, false) {
			do = "have the relay sign for " + from + ", or let the record say adkim=r"
			if !d.signs {
				do = "sign mail ('letterlock dkim new'), and let the record say adkim=r; or have the relay sign for " + from
			}
		}
		d.advise(Warn, about, do, "messages that leave inline from %s are neither signed by it nor return to it, but to %s: by its policy, %s, others may treat them as forged unless the relay signs for it", from, by, policy)
	}
}
