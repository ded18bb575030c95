package policy

import (
	"slices"
	"strings"

	"letterlock/internal/letterlock"
)

// A Scope says how far a sender may revoke.
type Scope string

const (
	SingleRecipient Scope = "single-recipient" // messages with one recipient, who got the link
	EveryLink       Scope = "every-link"       // each link recipient of any message
)

// Settings are the organisation's decisions.
type Settings struct {
	Domains       []string                  // the organisation's own, canonical
	InlineTypes   []letterlock.IdentityType // who receives the message itself, where that is assured
	InlineDomains []string                  // who receives the message itself, whatever the type; canonical
	LinkDomains   []string                  // who reads in the portal, whatever the type; canonical, and none of InlineDomains
	InlineAssured bool                      // the way out is declared to keep TLS to the end
	SenderScope   Scope
	Notices       Notices
	Expiry        *letterlock.Span // how long a mail can be read whose sender has not said; nil: for ever
}

// DefaultInlineTypes are the identity types that receive the message itself.
var DefaultInlineTypes = []letterlock.IdentityType{letterlock.Organization, letterlock.Microsoft365, letterlock.MicrosoftAccount}

// A Way is what decides on one recipient beside their address and the settings.
type Way struct {
	Protection letterlock.Protection
	Portal     bool    // the sender wants everybody outside in the portal
	Promised   bool    // the sender was told that this recipient can be taken back
	Hosting    Hosting // who takes the mail of the recipient's domain
	// Assured says that the way out keeps TLS to the end, as far as is known now,
	// where the settings do not declare it.
	Assured bool
}

// A Verdict says what one recipient gets, and why.
type Verdict struct {
	Address    letterlock.Address
	Identity   letterlock.IdentityType
	Experience letterlock.Experience
	Why        string // one of the Why constants
}

// Reasons for a verdict. S/MIME will be one more for inline: encrypted to the
// recipient, a message needs no TLS.
const (
	WhyOrganization = "organization"   // inline: the organisation's own mail system
	WhyInlineType   = "inline-type"    // inline: that type receives the message itself
	WhyInlineDomain = "inline-domain"  // inline: that domain receives the message itself
	WhyPortal       = "portal"         // link: this type reads in the portal
	WhyLinkDomain   = "link-domain"    // link: that domain reads in the portal
	WhyForced       = "forced"         // link: the sender wants everybody in the portal
	WhyPromised     = "promised"       // link: the sender was told so in Compose
	WhyDoNotForward = "do-not-forward" // link: nothing could hold it inline
	WhyNoTLS        = "no-tls"         // link: the way out does not assure TLS
	WhyFellBack     = "fell-back"      // link: when it was to leave, the way out did not assure TLS
	WhyNoAnswer     = "no-answer"      // link: the DNS did not say who takes the domain's mail
	WhyRouted       = "routed"         // link: the address may lead on to another mailbox
)

// Recipient decides how one recipient gets a message. When anything is unknown
// the answer is the link, because a link can be taken back.
func (s Settings) Recipient(a letterlock.Address, w Way) Verdict {
	v := Verdict{Address: a, Identity: s.Type(a, w.Hosting), Experience: letterlock.Link}
	inline := ""
	if v.Why, inline = s.usual(v, w.Hosting); inline == "" {
		return v
	}
	switch {
	case inline == WhyOrganization: // through the relay, which is the organisation's own
		v.Experience, v.Why = letterlock.Inline, inline
	case !s.InlineAssured && !w.Assured:
		v.Why = WhyNoTLS
	case w.Portal:
		v.Why = WhyForced
	case w.Protection == letterlock.DoNotForward:
		v.Why = WhyDoNotForward
	case w.Promised:
		v.Why = WhyPromised
	default:
		v.Experience, v.Why = letterlock.Inline, inline
	}
	return v
}

// usual says what the settings mean for a recipient, of whatever message: why they
// read in the portal, or why they receive the message itself.
func (s Settings) usual(v Verdict, h Hosting) (link, inline string) {
	domain, listed := v.Address.Domain(), slices.Contains(s.InlineTypes, v.Identity)
	switch {
	case routed(v.Address):
		return WhyRouted, ""
	case v.Identity == letterlock.Organization && listed:
		return "", WhyOrganization
	case slices.Contains(s.LinkDomains, domain):
		return WhyLinkDomain, ""
	case slices.Contains(s.InlineDomains, domain):
		return "", WhyInlineDomain
	case listed:
		return "", WhyInlineType
	case h == NoAnswer && slices.Contains(s.InlineTypes, letterlock.Microsoft365):
		return WhyNoAnswer, ""
	}
	return WhyPortal, ""
}

// A Decision says how a message is protected, and what decided it.
type Decision struct {
	Protection letterlock.Protection
	Method     letterlock.Method
	DecidedBy  string
	Subject    string // without the tag that asked for protection
}

// A Request is what a mail says about its own protection.
type Request struct {
	Asked       letterlock.Protection // by Compose; empty for mail by SMTP
	Header      string                // X-Letterlock-Protection
	Headers     int                   // how many of it there were
	Sensitivity string
	Subject     string
	Needs       string // a header field that only what is protected can fulfil; empty: none

	Gateway bool                  // it came by the gateway, where mail may be sent open
	Default letterlock.Protection // of the gateway, for mail that says nothing; empty: it is open
}

// Protect decides on a message's protection. Of several wishes the strictest
// holds. A wish that cannot be understood is refused, and so is one that would send
// the mail open where no mail is: nothing that is unclear leaves unprotected. A mail
// of the gateway can be open, which is a Decision without a Protection.
func Protect(r Request) (Decision, error) {
	d := Decision{Protection: letterlock.EncryptOnly, Method: letterlock.ByPolicy, DecidedBy: "submission default", Subject: r.Subject}
	least := letterlock.EncryptOnly // for a wish that does not say how much it wants
	if r.Gateway {
		d.Protection, d.DecidedBy = r.Default, gatewayDefault
		if r.Default != "" {
			least = r.Default
		}
	}
	raise := func(p letterlock.Protection, by string) {
		if d.Method == letterlock.ByPolicy || p == letterlock.DoNotForward && d.Protection != p {
			d.Protection, d.Method, d.DecidedBy = p, letterlock.ByUser, by
		}
	}
	switch r.Asked {
	case "":
	case letterlock.EncryptOnly, letterlock.DoNotForward:
		raise(r.Asked, "Compose")
	default:
		return Decision{}, &letterlock.Error{Code: letterlock.Invalid, Key: "protection"}
	}
	if r.Headers > 0 {
		p, err := headerProtection(r)
		switch {
		case r.Gateway && letterlock.KeyOf(err) == unprotected:
			d.Protection, d.DecidedBy, least = "", headerName, letterlock.EncryptOnly
		case err != nil:
			return Decision{}, err
		default:
			raise(p, headerName)
			least = letterlock.EncryptOnly // it says how much
		}
	}
	if subject, tag := cutTag(r.Subject); tag != "" {
		d.Subject = subject
		raise(least, "subject tag "+tag)
	}
	if strings.EqualFold(strings.TrimSpace(r.Sensitivity), "Company-Confidential") {
		raise(least, "Sensitivity header")
	}
	if r.Gateway && r.Needs != "" {
		raise(least, r.Needs+" header")
	}
	return d, nil
}

const (
	headerName  = "X-Letterlock-Protection header"
	unprotected = "unprotected"

	gatewayDefault = "gateway default"
)

// Opened returns the decision where a rule lets a mail of the gateway go on as it came:
// it takes the place of the gateway's default, and of nothing else.
func (d Decision) Opened(by string) Decision {
	if d.DecidedBy == gatewayDefault {
		d.Protection, d.DecidedBy = "", by
	}
	return d
}

// Asks decides what a message asks of its readers beyond their mailbox: what Compose has
// chosen or the X-Letterlock-Proof header says, of which there may be one. A wish that
// cannot be understood is Invalid "proof": nothing is sent with less than was meant.
func Asks(chosen letterlock.Demand, header string, headers int) (letterlock.Demand, error) {
	switch {
	case headers == 0:
		return letterlock.ParseDemand(string(chosen))
	case headers == 1:
		switch d := letterlock.Demand(lowerASCII(strings.TrimSpace(header))); d {
		case letterlock.FreshPasscode, letterlock.ByProvider, letterlock.ByPassphrase:
			return d, nil
		}
	}
	return "", &letterlock.Error{Code: letterlock.Invalid, Key: "proof"}
}

// ForcesPortal says whether a mail's X-Letterlock-Portal wants everybody outside in the
// portal: yes, or no, and there may be one. A wish that cannot be understood is Invalid
// "portal": what was to be taken back would leave for good.
func ForcesPortal(header string, headers int) (bool, error) {
	return wished(header, headers, "portal")
}

// AsksName says whether a mail's X-Letterlock-Ask-Name wants the name of each reader: yes,
// or no, and there may be one. A wish that cannot be understood is Invalid "ask-name".
func AsksName(header string, headers int) (bool, error) {
	return wished(header, headers, "ask-name")
}

// wished reads a header that says yes or no, once; all else is Invalid with that key.
func wished(header string, headers int, key string) (bool, error) {
	word := lowerASCII(strings.TrimSpace(header))
	switch {
	case headers == 0, headers == 1 && word == "no":
		return false, nil
	case headers == 1 && word == "yes":
		return true, nil
	}
	return false, &letterlock.Error{Code: letterlock.Invalid, Key: key}
}

func headerProtection(r Request) (letterlock.Protection, error) {
	if r.Headers > 1 {
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "protection"}
	}
	if strings.EqualFold(strings.TrimSpace(r.Header), "none") {
		return "", &letterlock.Error{Code: letterlock.Denied, Key: unprotected}
	}
	return letterlock.ParseProtection(r.Header)
}

// Tagged reports whether a subject asks for protection.
func Tagged(subject string) bool {
	_, tag := cutTag(subject)
	return tag != ""
}

// cutTag removes the first [encrypt] or [secure] from a subject, in any case,
// and returns which it was.
func cutTag(subject string) (rest, tag string) {
	// Byte by byte, so that every byte keeps its place also in a subject that is
	// not UTF-8: a tag that is there must not be missed.
	lower := []byte(subject)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	for _, t := range []string{"[encrypt]", "[secure]"} {
		if i := strings.Index(string(lower), t); i >= 0 {
			before, after := strings.TrimSpace(subject[:i]), strings.TrimSpace(subject[i+len(t):])
			if before == "" || after == "" {
				return before + after, t
			}
			return before + " " + after, t
		}
	}
	return subject, ""
}
