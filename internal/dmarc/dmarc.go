// Package dmarc reads what a domain asks receivers to do with mail in its name that is
// neither signed by it nor sent from where it sends, RFC 7489.
//
// It only reads: whoever looks into the DNS hands over what is there.
package dmarc

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// A Record is one that was read.
type Record struct {
	Policy     string   // "none", "quarantine" or "reject"; empty: none that is valid
	Below      string   // likewise, for the domains below the record's that have none of their own
	StrictDKIM bool     // only a signature of the very domain counts
	StrictSPF  bool     // only a return path of the very domain counts
	Faults     []string // what is not well-formed, a phrase each: "pct is not a number up to 100"
}

// Is reports whether a TXT record at _dmarc is meant to be a DMARC record.
func Is(text string) bool {
	first, _, _ := strings.Cut(text, ";")
	name, value, _ := strings.Cut(first, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	return strings.EqualFold(name, "v") && (strings.EqualFold(value, "DMARC1") || strings.HasPrefix(strings.ToUpper(value), "DMARC1 "))
}

// Read reads a record.
func Read(text string) (r Record) {
	fault := func(words string) { r.Faults = append(r.Faults, words) }
	seen := map[string]bool{}
	for i, tag := range strings.Split(strings.TrimRight(text, "; \t"), ";") {
		name, value, found := strings.Cut(tag, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case !found || name == "" || strings.ContainsAny(name, " \t"):
			fault(strconv.Quote(strings.TrimSpace(tag)) + " is no tag with a value")
			continue
		case seen[name]:
			fault(name + " is there twice")
			continue
		case i == 0 && (name != "v" || value != "DMARC1"):
			fault("it must begin with v=DMARC1, in capitals")
		}
		seen[name] = true
		r.tag(name, value, fault)
	}
	if r.Below == "" {
		r.Below = r.Policy
	}
	return r
}

// tag takes one tag. Those that nobody has agreed on are ignored, as receivers do.
func (r *Record) tag(name, value string, fault func(string)) {
	low := strings.ToLower(value)
	switch name {
	case "p", "sp":
		if low != "none" && low != "quarantine" && low != "reject" {
			fault(name + " is neither none, quarantine nor reject")
			return
		}
		if name == "p" {
			r.Policy = low
		} else {
			r.Below = low
		}
	case "adkim", "aspf":
		if low != "r" && low != "s" {
			fault(name + " is neither r nor s")
		}
		if name == "adkim" {
			r.StrictDKIM = low == "s"
		} else {
			r.StrictSPF = low == "s"
		}
	case "pct":
		if n, err := strconv.Atoi(value); err != nil || n < 0 || n > 100 {
			fault("pct is not a number up to 100")
		}
	case "ri":
		if _, err := strconv.ParseUint(value, 10, 32); err != nil {
			fault("ri is not a number of seconds")
		}
	case "fo":
		for one := range strings.SplitSeq(low, ":") {
			if one = strings.TrimSpace(one); one != "0" && one != "1" && one != "d" && one != "s" {
				fault("fo has other than 0, 1, d and s")
				return
			}
		}
	case "rua", "ruf":
		for one := range strings.SplitSeq(value, ",") {
			if !reports(strings.TrimSpace(one)) {
				fault(name + " has what is no address like mailto:dmarc@example.org")
				return
			}
		}
	}
}

// reports reports whether s is where reports can be sent: a URI, after which a size may
// stand, "!10m".
func reports(s string) bool {
	s, _, _ = strings.Cut(s, "!")
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return false
	}
	return u.Scheme != "mailto" || strings.Contains(u.Opaque, "@")
}

// Organization returns the domain that somebody has registered and a domain is, or is below
// of; the domain itself where there is none.
func Organization(domain string) string {
	if o, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return o
	}
	return domain
}

// Aligned reports whether mail from an address of one domain counts as vouched for by
// another: strictly only by itself, else by whoever belongs to the same organisation.
func Aligned(from, by string, strict bool) bool {
	return from == by || !strict && Organization(from) == Organization(by)
}
