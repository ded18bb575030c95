// Package stress holds no code, only tests of what the product promises.
//
// Nothing is served: from the moment a revocation is answered, nothing of the
// content reaches its recipient by any way, whatever else is going on. The whole
// assembly answers real connections. Readers, senders, the outbox and the clock act
// at the same time, every connection of the server keeps the time of each write, and
// what happened is checked for linearizability against a model of one recipient's
// access. The same tests must fail for a build that looks at access only when a
// request begins, the one with the tag "control".
//
// Nothing remains: of destroyed mail nothing can be read with all that is on the
// disk, once the keys have been rotated. Nothing comes back: a restored backup serves
// nothing that was revoked or destroyed after it was made.
package stress
