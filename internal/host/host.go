// Package host asks the machine for what a server needs to run safely: its data
// folder for itself alone, room on the disk, no core dumps, enough open files, a
// clock that somebody keeps right.
//
// It decides nothing: what the machine answers is for the caller to refuse or to
// warn about.
package host
