package letterlock

import "time"

// A Demand is what a message asks of its readers beyond the proof that the mailbox is
// theirs.
type Demand string

const (
	NoDemand      Demand = ""                // any proof will do
	FreshPasscode Demand = "passcode"        // a passcode that was typed, or a new sign-in at an OpenID provider, for this very message, not long ago
	ByProvider    Demand = "openid"          // the word of an OpenID provider: no passcode is enough, nor a remembered browser
	FreshProvider Demand = "openid+passcode" // both: a new sign-in at an OpenID provider, for this very message; a rule has made the one of the other
	ByPassphrase  Demand = "passphrase"      // one that the sender tells the recipients by another way than mail, beside a passcode or a provider

	FreshPassphrase         Demand = "passcode+passphrase" // what rules and senders make together
	ProviderPassphrase      Demand = "openid+passphrase"
	FreshProviderPassphrase Demand = "openid+passcode+passphrase"
)

// A need is what a demand consists of.
type need struct{ fresh, vouched, told bool }

// needs are all demands there are. There is one for each that two of them make together.
var needs = map[Demand]need{
	NoDemand:      {},
	FreshPasscode: {fresh: true},
	ByProvider:    {vouched: true},
	FreshProvider: {fresh: true, vouched: true},
	ByPassphrase:  {told: true},

	FreshPassphrase:         {fresh: true, told: true},
	ProviderPassphrase:      {vouched: true, told: true},
	FreshProviderPassphrase: {fresh: true, vouched: true, told: true},
}

// FreshFor is how long a passcode counts as fresh, and a passphrase that was given.
const FreshFor = 30 * time.Minute

// Keys of the errors of [Message.Met].
const (
	ProveAgain     = "prove-again"
	ProveVouched   = "prove-openid"
	GivePassphrase = "passphrase"
	UnknownDemand  = "unknown-demand"
)

// ParseDemand returns the demand that s names, or Invalid "proof".
func ParseDemand(s string) (Demand, error) {
	if _, ok := needs[Demand(s)]; ok {
		return Demand(s), nil
	}
	return "", &Error{Code: Invalid, Key: "proof"}
}

// Fresh reports whether a demand is met by a proof for the very message only.
func (d Demand) Fresh() bool { return needs[d].fresh }

// Vouched reports whether a demand is met by the word of an OpenID provider only.
func (d Demand) Vouched() bool { return needs[d].vouched }

// Told reports whether a demand asks for a passphrase.
func (d Demand) Told() bool { return needs[d].told }

// And is the demand that asks for what both ask for. What is not known stays so: nothing
// that is added makes it a proof that can be given.
func (d Demand) And(other Demand) Demand {
	a, ok := needs[d]
	if !ok {
		return d
	}
	b, ok := needs[other]
	if !ok {
		return other
	}
	both := need{a.fresh || b.fresh, a.vouched || b.vouched, a.told || b.told}
	for e, n := range needs {
		if n == both {
			return e
		}
	}
	panic("letterlock: internal error: no demand is both " + string(d) + " and " + string(other))
}

// Untold is the demand without the passphrase that it may ask for. What is not known
// stays so.
func (d Demand) Untold() Demand {
	n, ok := needs[d]
	if !ok {
		return d
	}
	n.told = false
	for e, is := range needs {
		if is == n {
			return e
		}
	}
	panic("letterlock: internal error: no demand is " + string(d) + " without a passphrase")
}

// Covers reports whether a message that asks for d asks for all of other.
func (d Demand) Covers(other Demand) bool { return d.And(other) == d }

// Met returns nil if a reader's proof is what is asked of those who read the message. A
// release code takes the place of a passcode, for its own message, and of nothing else.
// Denied [ProveAgain]: they have to prove the mailbox anew, and [ProveVouched]: to a
// provider; and [GivePassphrase]: that they have, and are to give the passphrase. Denied [UnknownDemand]: nobody can, for this program does not know what is
// asked.
func (m Message) Met(by Actor, now time.Time) error {
	n, ok := needs[m.Asks]
	if !ok {
		return &Error{Code: Denied, Key: UnknownDemand}
	}
	_, vouched := by.Proof.Provider()
	switch {
	case !by.Within(m.ID):
		return &Error{Code: Denied, Key: ProveAgain}
	case n.vouched && !vouched, n.vouched && n.fresh && !fresh(by, vouched, m.ID, now):
		return &Error{Code: Denied, Key: ProveVouched}
	case n.fresh && !fresh(by, vouched, m.ID, now):
		return &Error{Code: Denied, Key: ProveAgain}
	case n.told && !byCode(by) && !vouched:
		return &Error{Code: Denied, Key: ProveAgain} // a passphrase takes the place of no proof
	case n.told && !given(by, m.Passphrase, now):
		return &Error{Code: Denied, Key: GivePassphrase}
	}
	return nil
}

// given reports whether a reader has given a passphrase, not long ago. One that has taken
// its place since has another ID.
func given(by Actor, passphrase ID, now time.Time) bool {
	age := now.Sub(by.Told)
	return passphrase != "" && by.Gave == passphrase && age >= 0 && age < FreshFor
}

// AsksMore reports whether an error is that of [Message.Met] to somebody who can prove what is
// asked.
func AsksMore(err error) bool {
	switch KeyOf(err) {
	case ProveAgain, ProveVouched, GivePassphrase:
		return true
	}
	return false
}

// byCode reports whether a reader has typed a code: one that was mailed, or in its place one
// that the sender has read out.
func byCode(by Actor) bool { return by.Proof == ByPasscode || by.Proof == ByRelease }

func fresh(by Actor, vouched bool, message ID, now time.Time) bool {
	age := now.Sub(by.Proved)
	return (byCode(by) || vouched) && message != "" && by.ProvedFor == message && age >= 0 && age < FreshFor
}
