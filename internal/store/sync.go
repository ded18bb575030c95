//go:build !control

package store

// synchronous has every commit on the disk before it is answered.
var synchronous = pragma{"synchronous", "FULL", "2"}

// journalFirst has the revocation journal's file hold what is answered.
const journalFirst = true
