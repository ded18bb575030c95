package letterlock

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// A Role is what an account of the organisation may do beside sending.
type Role string

const (
	Sender  Role = "sender"
	Auditor Role = "auditor" // reads trace, report and audit log
	Revoker Role = "revoker" // auditor, and revokes and restores
	Admin   Role = "admin"   // revoker, and accounts, brands, rules, settings, destroy
)

// ParseRole returns the role that s names, or Invalid.
func ParseRole(s string) (Role, error) {
	switch r := Role(s); r {
	case Sender, Auditor, Revoker, Admin:
		return r, nil
	}
	return "", &Error{Code: Invalid, Key: "role", Err: errors.New("unknown role")}
}

// SpellRoles names roles as the audit log does: "auditor revoker", or "none".
func SpellRoles(roles []Role) string {
	if len(roles) == 0 {
		return "none"
	}
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, " ")
}

// SpellChange names the roles of an account before and after a change as the audit
// log does: "auditor -> auditor revoker".
func SpellChange(before, after []Role) string { return SpellRoles(before) + " -> " + SpellRoles(after) }

// A Kind says in what way an actor has shown who they are.
type Kind string

const (
	Nobody Kind = ""       // has shown nothing; may do nothing
	Staff  Kind = "staff"  // signed in to an account of the organisation
	Reader Kind = "reader" // has proved a mailbox
	System Kind = "system" // a job of the program itself
	// Operator is whoever may open the data folder's files, and asks from that
	// machine. They hold every role but that of a sender.
	Operator Kind = "operator"
	// MailServer is one of a trusted network, by the gateway. It holds no role: it hands
	// over mail of whoever its From names, which it has checked, and that is their Address.
	MailServer Kind = "mail-server"
)

// An Actor is who asks for something. The zero Actor may do nothing.
type Actor struct {
	Kind    Kind
	Address Address
	Name    string // display name of an account; of an Operator, which user of the machine
	Roles   []Role // accounts only
	IP      string // where from, for the audit log; empty for System
	Proof   Proof  // how a Reader has shown that the mailbox is theirs; of Staff, whether by single sign-on
	// ProvedFor is the message whose passcode or release code a Reader has typed to sign in, or
	// for which they have signed in anew at an OpenID provider, and Proved when; zero: another proof.
	// Of Staff, Proved is when the session began.
	ProvedFor ID
	Proved    time.Time
	// Gave is the passphrase that a Reader has given, as [Message] names it, and Told when.
	Gave ID
	Told time.Time
	// Called is how a Reader wants to be known to senders who ask who reads. Nobody has
	// shown that it is so. Empty: they have not said.
	Called string
	Agent  string // browser family or program, for the audit log
	Token  ID     // that a program has shown, for the audit log; empty: no program
}

// Is reports whether the actor holds role, itself or by a greater one.
func (a Actor) Is(role Role) bool {
	if a.Kind == Operator {
		return role == Auditor || role == Revoker || role == Admin
	}
	if a.Kind != Staff {
		return false
	}
	has := func(r Role) bool { return slices.Contains(a.Roles, r) }
	switch role {
	case Sender:
		return has(Sender)
	case Auditor:
		return has(Auditor) || has(Revoker) || has(Admin)
	case Revoker:
		return has(Revoker) || has(Admin)
	case Admin:
		return has(Admin)
	}
	return false
}

// Within reports whether what a reader has shown counts for a message. A release code
// counts for the one that it was given for, and for nothing else that the address has:
// nobody has shown that the mailbox is theirs. No message is all that the address has.
func (a Actor) Within(message ID) bool {
	return a.Proof != ByRelease || message != "" && a.ProvedFor == message
}

// OnlyReleased is the key of Denied where whoever was let in by a release code asks for
// more than to read its message.
const OnlyReleased = "only-released"

// A Scope is what a program with a token may do of what its account may do.
type Scope string

const (
	ScopeTrace    Scope = "trace"    // status and search
	ScopeReport   Scope = "report"   // encryption report
	ScopeAudit    Scope = "audit"    // audit log and proofs
	ScopeRevoke   Scope = "revoke"   // revoke and restore, one or many
	ScopeDestroy  Scope = "destroy"  // destroy
	ScopeAccounts Scope = "accounts" // accounts and tokens
	ScopeBrands   Scope = "brands"   // brands
)

// Scopes are all of them.
var Scopes = []Scope{ScopeTrace, ScopeReport, ScopeAudit, ScopeRevoke, ScopeDestroy, ScopeAccounts, ScopeBrands}

// An Entry is one row of the audit log. It is written in the transaction of the
// act that it records.
type Entry struct {
	Actor   Actor
	Action  string // what was tried: "accept", "read", "download", "revoke", ...
	Message ID     // empty when the act concerns no message
	Target  string // recipient or account address the act concerns
	Reason  string // what the actor said, or why it was refused
	Allowed bool
	Batch   ID // the revocation of many that the act concerns or is part of; empty: none
}
