// Package policy decides what a mail's recipients get and who may take it back.
// Its functions are pure: the same question has the same answer.
package policy

import (
	"strings"

	"letterlock/internal/letterlock"
)

// familyDomains are providers under which any top-level domain counts:
// outlook.com, outlook.de, hotmail.co.uk, yahoo.co.jp.
var familyDomains = map[string]letterlock.IdentityType{
	"outlook": letterlock.MicrosoftAccount,
	"hotmail": letterlock.MicrosoftAccount,
	"live":    letterlock.MicrosoftAccount,
	"yahoo":   letterlock.Yahoo,
}

var singleDomains = map[string]letterlock.IdentityType{
	"msn.com":        letterlock.MicrosoftAccount,
	"passport.com":   letterlock.MicrosoftAccount,
	"gmail.com":      letterlock.Google,
	"googlemail.com": letterlock.Google,
	"ymail.com":      letterlock.Yahoo,
	"rocketmail.com": letterlock.Yahoo,
	"myyahoo.com":    letterlock.Yahoo,
}

// secondLevels are the parts before a country code under which providers register:
// the "co" of hotmail.co.uk. Without this list outlook.evil.example would be taken
// for Microsoft's.
var secondLevels = map[string]bool{"co": true, "com": true, "ne": true, "net": true, "or": true}

// Type says what an address is, by its domain and by who takes the mail of that. MX
// records are looked at last: what a name says, nobody can change by a record.
func (s Settings) Type(a letterlock.Address, h Hosting) letterlock.IdentityType {
	t := s.Identity(a)
	if !routed(a) && t == letterlock.Other && h == AtMicrosoft365 {
		return letterlock.Microsoft365
	}
	return t
}

// ToLookUp are the domains of addresses that say nothing by their name, each once: who
// takes their mail decides.
func (s Settings) ToLookUp(list []letterlock.Address) (domains []string) {
	seen := make(map[string]bool)
	for _, a := range list {
		if d := a.Domain(); !seen[d] && !routed(a) && s.Identity(a) == letterlock.Other {
			seen[d] = true
			domains = append(domains, d)
		}
	}
	return domains
}

// routed reports whether an address may name the way to another mailbox, as
// user%domain@here and domain!user@here do: Postfix and others send mail for their own
// domain on like that, so that the domain says nothing of who gets it.
func routed(a letterlock.Address) bool { return strings.ContainsAny(a.Local(), "%!@") }

// Identity says what an address is, by its domain alone, if that is where it ends.
func (s Settings) Identity(a letterlock.Address) letterlock.IdentityType {
	if routed(a) {
		return letterlock.Other
	}
	domain := a.Domain()
	for _, own := range s.Domains {
		if domain == own {
			return letterlock.Organization
		}
	}
	if t, ok := singleDomains[domain]; ok {
		return t
	}
	labels := strings.Split(domain, ".")
	t, ok := familyDomains[labels[0]]
	if !ok {
		return letterlock.Other
	}
	top := labels[len(labels)-1]
	switch {
	case len(labels) == 2 && (top == "com" || len(top) == 2):
		return t
	case len(labels) == 3 && secondLevels[labels[1]] && len(top) == 2:
		return t
	}
	return letterlock.Other
}
