// Package overload holds no code, only the test of one claim: under ten times the
// load that it can bear, the server still does nearly all that it could, access is
// taken away within a second, nothing that was accepted is lost, nobody is told
// that a message was revoked which was not, and when the load is over everything
// is as before.
//
// The server is a process of its own, held to a share of one core so that the
// load, which comes from this one, has room. The load is open: requests come when
// their time has come, whether or not those before have been answered, and a
// request's time counts from when it was to come.
package overload
