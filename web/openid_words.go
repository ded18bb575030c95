package web

import (
	"strings"

	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/vouch"
)

// passcodeInstead is what everybody can do whom a provider could not help.
const passcodeInstead = " Sign in with a one-time passcode instead."

// openIDWords say why a provider's word proves nothing. PROVIDER is its name, EMAIL the
// address that it named, TO the one of the message, masked.
var openIDWords = map[string]string{
	oidc.Unreachable:  "PROVIDER does not answer right now.",
	oidc.Discovery:    "What PROVIDER says of itself is not right, so nothing it says is believed.",
	oidc.Cancelled:    "You have not signed in at PROVIDER.",
	oidc.ProviderSays: "PROVIDER reported an error.",
	oidc.WrongSender:  "The answer did not come from PROVIDER.",
	oidc.NoCode:       "PROVIDER sent you back without an answer.",
	oidc.Client:       "PROVIDER does not know this portal: it is not set up right.",
	oidc.Exchange:     "PROVIDER did not stand by its answer, or gave it before.",
	oidc.NoToken:      "PROVIDER did not say who has signed in.",
	oidc.Malformed:    "What PROVIDER said could not be read.",
	oidc.Unsigned:     "What PROVIDER said is not signed as it has to be.",
	oidc.Signature:    "The signature is not one of PROVIDER.",
	oidc.WrongIssuer:  "The answer was issued by somebody other than PROVIDER.",
	oidc.Audience:     "The answer of PROVIDER is meant for another site.",
	oidc.Nonce:        "The answer of PROVIDER belongs to another sign-in.",
	oidc.Expired:      "The answer of PROVIDER has expired.",
	oidc.NotYet:       "The answer of PROVIDER is from a time to come: its clock or ours is wrong.",
	oidc.NoAddress:    "PROVIDER did not say which mail address is yours.",
	oidc.Unverified:   "PROVIDER has not verified that EMAIL is yours.",
	oidc.Domain:       "PROVIDER is not believed here for EMAIL.",
	oidc.Hosted:       "EMAIL is not a mailbox that Google runs, so Google cannot vouch for it.",
	oidc.EmailAlone:   "Microsoft does not say that the domain of EMAIL belongs to your organisation, so it cannot vouch for it.",
	oidc.Tenant:       "Microsoft did not say for which organisation you have signed in.",
	oidc.NotFresh:     "PROVIDER did not ask you to sign in anew, and this message asks for that.",
	oidc.NoSignInTime: "PROVIDER did not say when you have signed in, and this message asks for a new sign-in.",
	oidc.UserInfo:     "PROVIDER spoke of two different people.",
	vouch.Used:        "The answer of PROVIDER was used already.",
	vouch.Late:        "It took more than 10 minutes at PROVIDER.",
	vouch.Another:     "You have proved EMAIL at PROVIDER. This message was sent to TO.",
	vouch.Subject:     "EMAIL was proved before by another account at PROVIDER. If yours is new, ask the sender's organisation to let it be proved again.",
}

// openIDSays is the sentence for what came of a sign-in at a provider, to whoever was
// to prove an address; "" if it proved it.
func openIDSays(o vouch.Outcome, to string) string {
	words, ok := openIDWords[o.Key]
	if !ok {
		return ""
	}
	return openIDFill(words, o.Provider, o.Email, to) + passcodeInstead
}

func openIDFill(words, provider, said, to string) string {
	email := "the address"
	// What a provider writes there may be anything: only what is an address is shown.
	if a, err := letterlock.ParseAddress(said); err == nil {
		email = string(a)
	}
	text := strings.NewReplacer("PROVIDER", provider, "EMAIL", email, "TO", to).Replace(words)
	return strings.ToUpper(text[:1]) + text[1:]
}
