package policy

import "letterlock/internal/letterlock"

// reasons are what decided on a verdict, as the rest of a sentence that begins with
// what the recipient gets. Half a sentence ends where the domain belongs.
var reasons = map[string]string{
	WhyOrganization: "through your own mail system",
	WhyInlineType:   "as everybody of this type does",
	WhyInlineDomain: "as the settings say for ",
	WhyPortal:       "as everybody of this type does",
	WhyLinkDomain:   "as the settings say for ",
	WhyForced:       "because everybody outside does with this message",
	WhyPromised:     "because Compose said so when it was sent",
	WhyDoNotForward: "because the message must not be forwarded",
	WhyNoTLS:        "because encryption all the way to the mailbox is not assured",
	WhyFellBack:     "because encryption all the way to the mailbox was not assured when it was to leave",
	WhyRouted:       "because its % or ! may lead to a mailbox elsewhere",
	WhyNoAnswer:     "because the DNS does not say who takes the mail of ",
}

// Reason says what a recipient gets and what decided that, in words: "reads in the
// portal, because the message must not be forwarded".
func (v Verdict) Reason() string {
	text, why := "receives the message itself", reasons[v.Why]
	if v.Experience == letterlock.Link {
		text = "reads in the portal"
	}
	if why == "" {
		return text
	}
	if why[len(why)-1] == ' ' {
		why += v.Address.Domain()
	}
	return text + ", " + why
}
