package letterlock

import "strings"

// Sentences are all that is wrong with what somebody has handed in, a sentence each, for
// whoever has: unlike other causes they are shown.
type Sentences []string

func (s Sentences) Error() string { return strings.Join(s, "\n") }

// A Place says where in what somebody has handed in something is not right, for whoever
// has: unlike other causes it is shown, behind the sentence that tells of it.
type Place string

func (p Place) Error() string { return string(p) }
