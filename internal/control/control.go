// Package control lets the operator manage a server from the machine that it runs
// on: it serves the API on a Unix socket in the data folder, and says who asks there.
//
// Whoever can open that folder's files is the operator. The socket lets in the
// user that the server runs as, and root, and asks the kernel who that is; there
// is no password, and the acts are the program's own, with the user's number in
// the audit log.
package control

import (
	"context"
	"net/http"
	"os"
	"strconv"

	"letterlock/internal/letterlock"
)

type userKey struct{}

// withUser notes which user of the operating system asks.
func withUser(ctx context.Context, uid int) context.Context {
	return context.WithValue(ctx, userKey{}, uid)
}

// Who returns who asks, within every scope, or Denied for whoever is no operator of
// this server and where it is not known: only what came over the socket, or through
// [InProcess], is known.
func Who(r *http.Request) (letterlock.Actor, []letterlock.Scope, error) {
	uid, known := r.Context().Value(userKey{}).(int)
	if !known || uid != 0 && uid != os.Geteuid() {
		return letterlock.Actor{}, nil, &letterlock.Error{Code: letterlock.Denied, Key: "not-operator"}
	}
	return letterlock.Actor{Kind: letterlock.Operator, Name: "uid " + strconv.Itoa(uid)}, letterlock.Scopes, nil
}
