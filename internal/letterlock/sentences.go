package letterlock

import "strings"

// Sentences are all that is wrong with what somebody has handed in, a sentence each, for
// whoever has: unlike other causes they are shown.
type Sentences []string

func (s Sentences) Error() string { return strings.Join(s, "\n") }
