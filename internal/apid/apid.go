// Package apid serves the API to programs: what package api says in types, under
// /api/v1, and the document that describes it.
//
// It is served over HTTPS to whoever shows a token, and over the socket in the data
// folder to the operator. Every operation has a scope and a role; what has none
// does not exist. A handler translates, calls one method of a use case and
// translates its answer.
package apid

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"letterlock/internal/access"
	"letterlock/internal/account"
	"letterlock/internal/api"
	"letterlock/internal/auditlog"
	"letterlock/internal/brandbook"
	"letterlock/internal/dkim"
	"letterlock/internal/intake"
	"letterlock/internal/keys"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/once"
	"letterlock/internal/policy"
	"letterlock/internal/ratelimit"
	"letterlock/internal/session"
	"letterlock/internal/track"
	"letterlock/internal/vouch"
)

// Options are what programs can reach.
type Options struct {
	Access   *access.Service
	Track    *track.Service
	Accounts *account.Service
	Vouch    *vouch.Service
	Browsers *session.Browsers
	Audit    *auditlog.Service
	Once     *once.Service
	Brands   *brandbook.Service
	Keys     *keys.Service // nil: not to be reached this way
	DKIM     *dkim.Service // likewise
	// State says how the installation is. It is reached where the keys are.
	State func(context.Context) (api.State, error)
	// Classify says what recipients would get, and what if everybody outside were to read
	// in the portal. It is reached where the keys are.
	Classify func(context.Context, intake.Envelope) (as, forced []policy.Verdict)

	// Who says who asks, and within which scopes, or why nobody does.
	Who func(*http.Request) (letterlock.Actor, []letterlock.Scope, error)
	Now func() time.Time
	Log *slog.Logger
	// PerMinute is how many requests an address, and a token, may send in a minute.
	// 0: any number.
	PerMinute int
	// Lanes are where requests wait for their turn; nil: they never do.
	Lanes *lane.Set
}

// DocumentPath is where the document is that describes the API, open to everybody.
const DocumentPath = "/api/openapi.json"

const (
	maxBody  = 1 << 20          // bytes of a request
	maxBook  = 16 << 20         // of one with brands: each has a picture
	patience = 30 * time.Second // for a request and its answer
	planTime = 4 * time.Minute  // for a plan of 100,000 messages
	bodyTime = 15 * time.Second // for a client to send a body
	spare    = 5 * time.Second  // for the answer to leave after its time is over
	maxKeys  = 10_000           // addresses and tokens that are counted
)

type server struct {
	Options
	api       huma.API
	mux       *http.ServeMux
	all       map[string]operation // by pattern of the mux
	document  []byte
	addresses *ratelimit.Limiter // nil: any number
	programs  *ratelimit.Limiter
	strangers strangers
}

// Handler returns what answers programs.
func Handler(o Options) http.Handler { return newServer(o) }

func newServer(o Options) *server {
	s := &server{Options: o, mux: http.NewServeMux(), all: map[string]operation{}}
	if o.PerMinute > 0 {
		burst := max(o.PerMinute/10, 1)
		s.addresses = ratelimit.New(time.Minute/time.Duration(o.PerMinute), burst, maxKeys, o.Now)
		s.programs = ratelimit.New(time.Minute/time.Duration(o.PerMinute), burst, maxKeys, o.Now)
	}
	s.api = humago.New(s.mux, config())
	s.messages()
	s.batches()
	s.report()
	s.audit()
	s.accounts()
	s.bindings()
	s.tokens()
	s.brands()
	s.keys()
	s.dkim()
	s.document = s.describe()
	return s
}

// An operation is one thing that can be asked for.
type operation struct {
	id      string
	method  string
	path    string // behind api.Prefix
	summary string
	about   string // more than the summary; empty: there is no more to say
	scope   letterlock.Scope
	role    letterlock.Role
	keyless bool          // a change whose answer is not kept
	streams []string      // content types of an answer of any length; none: it is JSON
	time    time.Duration // 0: patience
	body    int64         // bytes that a request may have; 0: maxBody
}

// changes reports whether the operation changes something.
func (o operation) changes() bool { return o.method != http.MethodGet }

func (o operation) pattern() string { return o.method + " " + api.Prefix + o.path }
