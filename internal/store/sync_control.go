//go:build control

package store

// synchronous leaves it to chance when a commit comes to the disk. This build
// exists to be caught: the tests that cut the power must fail for it.
var synchronous = pragma{"synchronous", "NORMAL", "1"}

// journalFirst lets answers leave before the revocation journal's file holds what
// they say: the tests that kill the process in between must find that out.
const journalFirst = false
