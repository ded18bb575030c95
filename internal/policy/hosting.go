package policy

import "strings"

// A Hosting says who takes the mail of a domain, as its MX records tell.
type Hosting string

// What the MX records of a domain can tell. Only AtMicrosoft365 changes what anybody
// gets; the others say why it did not.
const (
	NotLookedUp    Hosting = ""              // nobody has asked, or the domain's name says all
	AtMicrosoft365 Hosting = "microsoft-365" // every MX is one of Microsoft 365
	PartlyThere    Hosting = "mixed"         // some are, and some are somebody else's
	Elsewhere      Hosting = "elsewhere"     // none is
	NoMail         Hosting = "no-mail"       // there is no such domain, or it takes no mail
	NoAnswer       Hosting = "no-answer"     // the DNS did not answer in time, or not sensibly
)

// Hostings are who takes the mail of domains, by domain.
type Hostings map[string]Hosting

// microsoft365 are the domains that the names of Microsoft 365's mail servers end in.
var microsoft365 = []string{"mail.protection.outlook.com", "mx.microsoft"}

// HostingOf says who takes the mail of a domain with these MX hosts. One that is not
// Microsoft's is enough to be somewhere else: it may be the one that takes the mail.
func HostingOf(hosts []string) Hosting {
	there := 0
	for _, h := range hosts {
		if isMicrosoft365(h) {
			there++
		}
	}
	switch there {
	case 0:
		return Elsewhere
	case len(hosts):
		return AtMicrosoft365
	}
	return PartlyThere
}

// isMicrosoft365 compares label by label: outlook.com.evil.example and
// xmx.microsoft are somebody else's, and nobody's host is the suffix itself. A
// backslash is how a dot within a label is written, which no host's name has.
func isMicrosoft365(host string) bool {
	host = lowerASCII(strings.TrimSuffix(host, "."))
	for _, domain := range microsoft365 {
		if labels, ok := strings.CutSuffix(host, "."+domain); ok && labels != "" && !strings.HasPrefix(labels, ".") && !strings.Contains(host, `\`) {
			return true
		}
	}
	return false
}

// lowerASCII leaves everything else as it is: a Kelvin sign is no k in the DNS.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
