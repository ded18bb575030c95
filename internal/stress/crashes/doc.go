// Package crashes holds no code, only tests of one claim: a revocation that was
// answered stands, whatever becomes of the process, the way or the clock.
//
// The server is a process of its own and is killed again and again in the middle of
// its work, at a random moment or at a given step of a revocation, and started
// again. Readers and senders reach it directly by HTTP/1.1, and by HTTP/1.1 and
// HTTP/2 through a proxy that keeps whatever it is allowed to keep. The clock jumps
// by hours. What happened is checked for linearizability against a model of a
// message's access, in which a request that died with the process may have taken
// effect before the next one serves, wholly or not at all.
//
// The tests must fail behind a proxy that keeps what it must not, and for the build
// with the tag "control", whose answers do not wait for the revocation journal.
package crashes
