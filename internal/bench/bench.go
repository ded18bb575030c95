// Package bench holds no code, only the measurement behind `make bench`: the
// product against the limit of its own stack.
//
// The limit is a bare prototype in limit_test.go and the files beside it: Echo,
// templ, SQLite, go-smtp and AES-256-GCM doing the same work with no product
// around it. Product and limit run as processes of their own, the load comes
// from a third, over loopback, and the two are measured in turns: machines
// change speed without notice, so only the ratio within one run counts.
package bench
