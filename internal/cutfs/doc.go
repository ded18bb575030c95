// Package cutfs is a disk for tests whose power can be cut: a file system in
// memory that knows, for each byte and each name, whether it was synced.
//
// A program that says "kept" before an fsync has returned is right on every
// machine until the power fails. Killing the program does not show that, because
// the kernel goes on to write what it was given. Here the cut takes away what was
// not synced, all of it or, as a real disk does, any part of it, down to single
// sectors. The same disk can refuse any call, and be full.
//
// It is as strict as POSIX allows: an fsync of a file keeps what is in the file,
// not its name, which the fsync of the folder keeps.
package cutfs
