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
	InlineAssured bool                      // the way out keeps TLS to the end; without it only links leave the organisation
	SenderScope   Scope
	Notices       Notices
	Expiry        *letterlock.Span // how long a mail can be read whose sender has not said; nil: for ever
}

// DefaultInlineTypes are the identity types that receive the message itself.
var DefaultInlineTypes = []letterlock.IdentityType{letterlock.Organization, letterlock.Microsoft365, letterlock.MicrosoftAccount}

// A Verdict says what one recipient gets, and why.
type Verdict struct {
	Address    letterlock.Address
	Identity   letterlock.IdentityType
	Experience letterlock.Experience
	Why        string // one of the Why constants
}

// Reasons for a verdict.
const (
	WhyOrganization = "organization"   // inline: the organisation's own mail system
	WhyInlineType   = "inline-type"    // inline: that provider receives the message itself
	WhyPortal       = "portal"         // link: this type reads in the portal
	WhyForced       = "forced"         // link: the sender wants everybody in the portal
	WhyDoNotForward = "do-not-forward" // link: nothing could hold it inline
	WhyNoTLS        = "no-tls"         // link: the way out does not assure TLS
)

// Recipient decides how one recipient gets a message. When anything is unknown
// the answer is the link, because a link can be taken back.
func (s Settings) Recipient(a letterlock.Address, p letterlock.Protection, portal bool) Verdict {
	v := Verdict{Address: a, Identity: s.Identity(a), Experience: letterlock.Link, Why: WhyPortal}
	if !slices.Contains(s.InlineTypes, v.Identity) {
		return v
	}
	switch {
	case v.Identity == letterlock.Organization: // through the relay, which is the organisation's own
		v.Experience, v.Why = letterlock.Inline, WhyOrganization
	case !s.InlineAssured:
		v.Why = WhyNoTLS
	case portal:
		v.Why = WhyForced
	case p == letterlock.DoNotForward:
		v.Why = WhyDoNotForward
	default:
		v.Experience, v.Why = letterlock.Inline, WhyInlineType
	}
	return v
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
}

// Protect decides on a message's protection. Of several wishes the strictest
// holds. A wish that cannot be understood, or that would send the mail open, is
// refused: nothing that is unclear leaves unprotected.
func Protect(r Request) (Decision, error) {
	d := Decision{Protection: letterlock.EncryptOnly, Method: letterlock.ByPolicy, DecidedBy: "submission default", Subject: r.Subject}
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
		if err != nil {
			return Decision{}, err
		}
		raise(p, "X-Letterlock-Protection header")
	}
	if subject, tag := cutTag(r.Subject); tag != "" {
		d.Subject = subject
		raise(letterlock.EncryptOnly, "subject tag "+tag)
	}
	if strings.EqualFold(strings.TrimSpace(r.Sensitivity), "Company-Confidential") {
		raise(letterlock.EncryptOnly, "Sensitivity header")
	}
	return d, nil
}

// Asks decides what a message asks of its readers beyond their mailbox: what Compose has
// chosen or the X-Letterlock-Proof header says, of which there may be one. A wish that
// cannot be understood is Invalid "proof": nothing is sent with less than was meant.
func Asks(chosen letterlock.Demand, header string, headers int) (letterlock.Demand, error) {
	switch {
	case headers == 0:
		return letterlock.ParseDemand(string(chosen))
	case headers == 1 && strings.EqualFold(strings.TrimSpace(header), string(letterlock.FreshPasscode)):
		return letterlock.FreshPasscode, nil
	}
	return "", &letterlock.Error{Code: letterlock.Invalid, Key: "proof"}
}

func headerProtection(r Request) (letterlock.Protection, error) {
	if r.Headers > 1 {
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "protection"}
	}
	if strings.EqualFold(strings.TrimSpace(r.Header), "none") {
		return "", &letterlock.Error{Code: letterlock.Denied, Key: "unprotected"}
	}
	return letterlock.ParseProtection(r.Header)
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
