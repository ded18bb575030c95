//go:build control

package store

// synchronous leaves it to chance when a commit comes to the disk. This build
// exists to be caught: the tests that cut the power must fail for it.
var synchronous = pragma{"synchronous", "NORMAL", "1"}
