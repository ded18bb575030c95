package letterlock

import (
	"strings"
	"time"
)

// A Demand is what a message asks of its readers beyond the proof that the mailbox is
// theirs. Rules, brands and senders make others of these together, as "openid+passcode".
type Demand string

const (
	NoDemand      Demand = ""           // any proof will do
	FreshPasscode Demand = "passcode"   // a passcode that was typed, or a new sign-in at an OpenID provider, for this very message, not long ago
	ByProvider    Demand = "openid"     // the word of an OpenID provider: no passcode is enough, nor a remembered browser
	ByPassphrase  Demand = "passphrase" // one that the sender tells the recipients by another way than mail, beside a passcode or a provider
	ByName        Demand = "name"       // no proof: by what name each reader wants to be known; several may read one mailbox
)

// needs are what a demand consists of.
type needs uint8

const (
	needsProvider needs = 1 << iota
	needsFresh
	needsPassphrase
	needsName
)

// spelled are the demands of which all others are made, in the order of the needs.
var spelled = [...]Demand{ByProvider, FreshPasscode, ByPassphrase, ByName}

// needs are what a demand consists of, if it is one of those that there are. Each is
// spelled in one way.
func (d Demand) needs() (n needs, known bool) {
	rest := string(d)
	for i, word := range spelled {
		after, ok := strings.CutPrefix(rest, string(word))
		if !ok {
			continue
		}
		if more, ok := strings.CutPrefix(after, "+"); ok && more != "" {
			after = more
		} else if after != "" {
			return 0, false
		}
		n, rest = n|1<<i, after
	}
	return n, rest == ""
}

func (n needs) demand() (d Demand) {
	for i, word := range spelled {
		switch {
		case n&(1<<i) == 0:
		case d == NoDemand:
			d = word
		default:
			d += "+" + word
		}
	}
	return d
}

// has reports whether a demand that is known consists of what is asked about, or of more.
func (d Demand) has(n needs) bool {
	all, known := d.needs()
	return known && all&n != 0
}

// FreshFor is how long a passcode counts as fresh, and a passphrase that was given.
const FreshFor = 30 * time.Minute

// Keys of the errors of [Message.Met].
const (
	ProveAgain     = "prove-again"
	ProveVouched   = "prove-openid"
	GivePassphrase = "passphrase"
	GiveName       = "name"
	UnknownDemand  = "unknown-demand"
	LostPassphrase = "lost-passphrase"
)

// ParseDemand returns the demand that s names, or Invalid "proof".
func ParseDemand(s string) (Demand, error) {
	if _, known := Demand(s).needs(); known {
		return Demand(s), nil
	}
	return "", &Error{Code: Invalid, Key: "proof"}
}

// Fresh reports whether a demand is met by a proof for the very message only.
func (d Demand) Fresh() bool { return d.has(needsFresh) }

// Vouched reports whether a demand is met by the word of an OpenID provider only.
func (d Demand) Vouched() bool { return d.has(needsProvider) }

// Told reports whether a demand asks for a passphrase.
func (d Demand) Told() bool { return d.has(needsPassphrase) }

// Named reports whether a demand asks for the name of each reader.
func (d Demand) Named() bool { return d.has(needsName) }

// And is the demand that asks for what both ask for. What is not known stays so: nothing
// that is added makes it a proof that can be given.
func (d Demand) And(other Demand) Demand {
	a, known := d.needs()
	if !known {
		return d
	}
	b, known := other.needs()
	if !known {
		return other
	}
	return (a | b).demand()
}

// Untold is the demand without the passphrase that it may ask for. What is not known
// stays so.
func (d Demand) Untold() Demand { return d.without(needsPassphrase) }

// Proofs is the demand without the name that it may ask for, which proves nothing. What is
// not known stays so.
func (d Demand) Proofs() Demand { return d.without(needsName) }

func (d Demand) without(n needs) Demand {
	all, known := d.needs()
	if !known {
		return d
	}
	return (all &^ n).demand()
}

// Covers reports whether a message that asks for d asks for all of other.
func (d Demand) Covers(other Demand) bool { return d.And(other) == d }

// Met returns nil if a reader's proof is what is asked of those who read the message. A
// release code takes the place of a passcode, for its own message, and of nothing else.
// Denied [ProveAgain]: they have to prove the mailbox anew, and [ProveVouched]: to a
// provider; [GivePassphrase]: that they have, and are to give the passphrase; and
// [GiveName]: nothing is to be proved any more, and they have not said who they are.
// Denied [UnknownDemand]: nobody can, for this program does not know what is asked; and
// [LostPassphrase]: nobody can until the sender sets a passphrase, for it was changed after
// the backup that the data are from. That is told after the mailbox is proved, too.
func (m Message) Met(by Actor, now time.Time) error {
	n, known := m.Asks.needs()
	if !known {
		return &Error{Code: Denied, Key: UnknownDemand}
	}
	_, vouched := by.Proof.Provider()
	newly := n&needsFresh == 0 || fresh(by, vouched, m.ID, now)
	switch {
	case !by.Within(m.ID):
		return &Error{Code: Denied, Key: ProveAgain}
	case n&needsProvider != 0 && !(vouched && newly):
		return &Error{Code: Denied, Key: ProveVouched}
	case !newly:
		return &Error{Code: Denied, Key: ProveAgain}
	case n&needsPassphrase != 0 && !byCode(by) && !vouched:
		return &Error{Code: Denied, Key: ProveAgain} // a passphrase takes the place of no proof
	case n&needsPassphrase != 0 && m.Passphrase == "":
		return &Error{Code: Denied, Key: LostPassphrase}
	case n&needsPassphrase != 0 && !given(by, m.Passphrase, now):
		return &Error{Code: Denied, Key: GivePassphrase}
	case n&needsName != 0 && by.Called == "":
		return &Error{Code: Denied, Key: GiveName}
	}
	return nil
}

// given reports whether a reader has given a passphrase, not long ago. One that has taken
// its place since has another ID.
func given(by Actor, passphrase ID, now time.Time) bool {
	age := now.Sub(by.Told)
	return by.Gave == passphrase && age >= 0 && age < FreshFor
}

// AsksMore reports whether an error is that of [Message.Met] to somebody who can give what is
// asked.
func AsksMore(err error) bool {
	switch KeyOf(err) {
	case ProveAgain, ProveVouched, GivePassphrase, GiveName:
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
