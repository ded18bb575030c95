package host

// Room is how much garbage may lie about before it is collected, in bytes, beside as much
// again as is in use.
const Room = 12 << 20

// reserved is counted by the garbage collector as in use. Nobody touches it, so it takes
// no memory of the machine.
var reserved []byte

// LeaveRoom has the garbage collector run only when [Room] more has become garbage than
// it would wait for by itself. A server that uses little would have it run every few
// megabytes, which is every forty pages of the trace, and whoever asks then waits. A
// higher GOGC would do the same for one that uses little, but let one that uses much grow
// to many times of that.
func LeaveRoom() {
	if reserved == nil {
		reserved = make([]byte, Room)
	}
}
