package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/session"
)

// Names of our cookies. Under https the prefix __Host- stands before them: no
// other host, and no page without https, can set one for us.
const (
	staffCookie   = "letterlock"
	readerCookie  = "letterlock-reader"
	browserCookie = "letterlock-browser" // which browser asked for a passcode, or was sent to a provider
	hostPrefix    = "__Host-"

	rememberedCookie = "letterlock-remembered" // which browser is remembered
)

// cookieNames says in which cookie a session of a kind is kept.
var cookieNames = map[letterlock.Kind]string{
	letterlock.Staff:  staffCookie,
	letterlock.Reader: readerCookie,
}

// Keys of sessions.Session.Values.
const (
	kindValue    = "kind"
	addressValue = "address"
	proofValue   = "proof"
	forValue     = "for"    // message whose passcode was typed, or for which somebody signed in anew at a provider
	provedValue  = "proved" // and when
	gaveValue    = "gave"   // passphrase that was given
	toldValue    = "told"   // and when
	calledValue  = "called" // how a reader wants to be known
	ipValue      = "ip"     // where a sign-in comes from, for the audit log
	agentValue   = "agent"  // with which browser
)

// A sessionStore keeps sessions in the database; the cookie holds a random id
// and nothing else. It is a sessions.Store.
type sessionStore struct {
	service *session.Service
	secure  bool
}

// Get returns the session of the request, read from the database once.
func (st *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New returns the session that the request's cookie names, or a new one when
// there is none that still counts. A session is never nil.
func (st *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	sess := sessions.NewSession(st, name)
	sess.Options = st.options()
	sess.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil {
		return sess, nil
	}
	sess.ID = cookie.Value // kept even if it no longer counts, so that signing out deletes the row
	find := st.service.Find
	if askedByItself(r.Context()) {
		find = st.service.Peek
	}
	by, err := find(r.Context(), cookie.Value)
	if letterlock.CodeOf(err) == letterlock.NotFound && err != nil {
		return sess, nil
	}
	if err != nil {
		return sess, err
	}
	sess.IsNew = false
	sess.Values[kindValue], sess.Values[addressValue], sess.Values[proofValue] = by.Kind, by.Address, by.Proof
	sess.Values[forValue], sess.Values[provedValue] = by.ProvedFor, by.Proved
	sess.Values[gaveValue], sess.Values[toldValue], sess.Values[calledValue] = by.Gave, by.Told, by.Called
	return sess, nil
}

// Save stores the session under a new id and deletes the row of the old one: it
// is called when rights change, and an id from before must not gain them. A
// negative MaxAge ends the session.
func (st *sessionStore) Save(r *http.Request, w http.ResponseWriter, sess *sessions.Session) error {
	if sess.ID != "" {
		if err := st.service.End(r.Context(), sess.ID); err != nil {
			return err
		}
	}
	sess.ID = ""
	if sess.Options.MaxAge >= 0 {
		kind, _ := sess.Values[kindValue].(letterlock.Kind)
		a, _ := sess.Values[addressValue].(letterlock.Address)
		proof, _ := sess.Values[proofValue].(letterlock.Proof)
		ip, _ := sess.Values[ipValue].(string)
		browser, _ := sess.Values[agentValue].(string)
		message, _ := sess.Values[forValue].(letterlock.ID)
		id, _, err := st.service.Start(r.Context(), letterlock.Actor{Kind: kind, Address: a, Proof: proof, ProvedFor: message, IP: ip, Agent: browser})
		if err != nil {
			return err
		}
		sess.ID, sess.IsNew = id, false
	}
	http.SetCookie(w, sessions.NewCookie(sess.Name(), sess.ID, sess.Options))
	return nil
}

// options are those of all our cookies. They last as long as the browser is
// open; how long a session lasts is the database's to say.
func (st *sessionStore) options() *sessions.Options {
	return &sessions.Options{Path: "/", HttpOnly: true, Secure: st.secure, SameSite: http.SameSiteLaxMode}
}

// name returns a cookie's name as the browser knows it.
func (st *sessionStore) name(cookie string) string {
	if st.secure {
		return hostPrefix + cookie
	}
	return cookie
}

// signedIn returns whose session of that kind the request bears, and what a reader has
// proved, or NotFound.
func (s *Server) signedIn(c echo.Context, kind letterlock.Kind) (by letterlock.Actor, err error) {
	sess, err := s.sessions.Get(c.Request(), s.sessions.name(cookieNames[kind]))
	if err != nil {
		return by, err
	}
	// A reader's id in the cookie of the staff is no session of the staff.
	if k, _ := sess.Values[kindValue].(letterlock.Kind); sess.IsNew || k != kind {
		return by, &letterlock.Error{Code: letterlock.NotFound}
	}
	by.Kind = kind
	by.Address, _ = sess.Values[addressValue].(letterlock.Address)
	by.Proof, _ = sess.Values[proofValue].(letterlock.Proof)
	by.ProvedFor, _ = sess.Values[forValue].(letterlock.ID)
	by.Proved, _ = sess.Values[provedValue].(time.Time)
	by.Gave, _ = sess.Values[gaveValue].(letterlock.ID)
	by.Told, _ = sess.Values[toldValue].(time.Time)
	by.Called, _ = sess.Values[calledValue].(string)
	return by, nil
}

// startSession signs the browser in under a new id. Of by it keeps the kind, the address,
// and how a reader has shown that the mailbox is theirs.
func (s *Server) startSession(c echo.Context, by letterlock.Actor) error {
	sess, err := s.sessions.Get(c.Request(), s.sessions.name(cookieNames[by.Kind]))
	if err != nil {
		return err
	}
	ip := c.RealIP()
	if by.Kind == letterlock.Reader {
		ip = s.ReaderIP.Of(ip)
	}
	sess.Values[kindValue], sess.Values[addressValue], sess.Values[ipValue] = by.Kind, by.Address, ip
	sess.Values[proofValue], sess.Values[forValue] = by.Proof, by.ProvedFor
	sess.Values[agentValue] = agent(c.Request().UserAgent())
	if err := sess.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	return s.adoptLanguage(c, by)
}

// endSession signs the browser out: the row goes, and the cookie. It works as
// well for a session that has ended by itself.
func (s *Server) endSession(c echo.Context, kind letterlock.Kind) error {
	sess, err := s.sessions.Get(c.Request(), s.sessions.name(cookieNames[kind]))
	if err != nil {
		return err
	}
	sess.Options.MaxAge = -1
	return sess.Save(c.Request(), c.Response())
}

// secretLength is the length of 256 bits in base64url: a browser's name, a
// session's id, the token of a link.
const secretLength = 43

// isSecret reports whether s has the form of 256 bits in base64url.
func isSecret(s string) bool {
	if len(s) != secretLength {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == 32
}

// browser returns the name by which a passcode knows the browser that asked for
// it, or "" when it never did.
func (s *Server) browser(c echo.Context) string {
	cookie, err := c.Cookie(s.sessions.name(browserCookie))
	if err != nil || !isSecret(cookie.Value) {
		return ""
	}
	return cookie.Value
}

// nameBrowser gives the browser that name, if it has none.
func (s *Server) nameBrowser(c echo.Context) string {
	if name := s.browser(c); name != "" {
		return name
	}
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	name := base64.RawURLEncoding.EncodeToString(b[:])
	c.SetCookie(sessions.NewCookie(s.sessions.name(browserCookie), name, s.sessions.options()))
	return name
}
