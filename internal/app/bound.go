package app

import (
	"net"
	"net/http"
	"sync/atomic"
)

// moreConnections is how many connections to the pages there may be beside those of
// the pages that stay open.
const moreConnections = 2_000

// bound returns a hook of a server that closes a new connection at once when there
// are so many already. Each takes memory, however little its client says, and who
// is closed at once knows to come back; who waited in a queue would not.
func bound(most int) func(net.Conn, http.ConnState) {
	var open atomic.Int64
	return func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			if open.Add(1) > int64(most) {
				_ = c.Close() // the server finds it closed, and says so here
			}
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
}
