package letterlock

import "time"

// A Demand is what a message asks of its readers beyond the proof that the mailbox is
// theirs.
type Demand string

const (
	NoDemand      Demand = ""         // any proof will do
	FreshPasscode Demand = "passcode" // a passcode that was typed, or a new sign-in at an OpenID provider, for this very message, not long ago
)

// FreshFor is how long a passcode counts as fresh.
const FreshFor = 30 * time.Minute

// Keys of the errors of Met.
const (
	ProveAgain    = "prove-again"
	UnknownDemand = "unknown-demand"
)

// ParseDemand returns the demand that s names, or Invalid "proof".
func ParseDemand(s string) (Demand, error) {
	switch d := Demand(s); d {
	case NoDemand, FreshPasscode:
		return d, nil
	}
	return "", &Error{Code: Invalid, Key: "proof"}
}

// Met returns nil if a reader's proof is what is asked of those who read the message.
// Denied [ProveAgain]: they have to prove more. Denied [UnknownDemand]: nobody can, for
// this program does not know what is asked.
func (d Demand) Met(by Actor, message ID, now time.Time) error {
	switch d {
	case NoDemand:
		return nil
	case FreshPasscode:
		age := now.Sub(by.Proved)
		_, vouched := by.Proof.Provider()
		if (by.Proof == ByPasscode || vouched) && message != "" && by.ProvedFor == message && age >= 0 && age < FreshFor {
			return nil
		}
		return &Error{Code: Denied, Key: ProveAgain}
	}
	return &Error{Code: Denied, Key: UnknownDemand}
}
