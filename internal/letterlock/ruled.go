package letterlock

import "time"

// A PastRule is the refusal of an end that is later than the rules of the
// administrators let this actor set. It is Denied "rule-end".
type PastRule struct{ Latest time.Time }

// RuleEnd is the Key of a PastRule.
const RuleEnd = "rule-end"

func (*PastRule) Error() string { return "an end that is later than a rule allows" }

// Unwrap yields Denied.
func (*PastRule) Unwrap() error { return &Error{Code: Denied, Key: RuleEnd} }
