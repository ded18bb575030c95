package crashes

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"letterlock/internal/letterlock"
)

// acts is how much each client of a history does before the process dies, and how
// much after.
const acts = 4

// A history is what happened to one message while everybody acted and the process
// died.
type history struct {
	w       *world
	round   *round
	subject string
	id      letterlock.ID
	part    string // of its file
	people  [readers]letterlock.Address

	mu      sync.Mutex
	cookies [readers]string
	sender  string
	ops     []porcupine.Operation
	wrong   []string // what should not happen at all
}

// newHistory sends the message.
func newHistory(r *round, seed uint64, lasts time.Duration) *history {
	h := &history{w: r.w, round: r, subject: fmt.Sprintf("Figures of %d.", seed), sender: r.w.sender}
	for i, name := range []string{"marta", "jonas"} {
		h.people[i] = letterlock.Address(fmt.Sprintf("%s%d@quillfeather.example", name, seed))
	}
	h.id, h.part = r.w.message(h.subject, lasts, h.people[:]...)
	for i, a := range h.people {
		h.cookies[i] = r.w.session(letterlock.Reader, a)
	}
	return h
}

func (h *history) add(in input, out saw, call, back int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{Input: in, Output: out, Call: call, Return: back})
}

func (h *history) fault(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong = append(h.wrong, fmt.Sprintf(format, args...))
}

// died has what was not answered end with its process.
func (h *history) died(at int64) {
	for i := range h.ops {
		if op := &h.ops[i]; op.Return == never {
			op.Return = max(op.Call, at)
		}
	}
}

// never is when something has ended of which that is not known.
const never = int64(-1)

// client acts until the process is gone.
func (h *history) client(random *rand.Rand, act func(*rand.Rand, int) bool) {
	for n := range acts {
		if !act(random, n) {
			return
		}
		h.round.beat()
	}
}

// read is what the recipients do.
func (h *history) read(random *rand.Rand, _ int) bool {
	who, way := random.IntN(readers), h.w.ways[random.IntN(len(h.w.ways))]
	switch random.IntN(6) {
	case 0, 1:
		return h.look(way, who, "")
	case 2:
		return h.look(way, who, "/body")
	case 3:
		return h.look(way, who, "/part/"+h.part)
	case 4:
		return h.look(way, who, "/message.eml")
	}
	return h.list(way, who)
}

// change is what the sender does: take access away, and give it back.
func (h *history) change(random *rand.Rand, n int) bool {
	in := input{kind: revoked}
	if n%2 == 1 || random.IntN(4) == 0 {
		in.kind = restored
	}
	in.who[random.IntN(readers)] = true
	if random.IntN(2) == 0 {
		in.who = [readers]bool{true, true}
	}
	return h.post(h.w.ways[random.IntN(len(h.w.ways))], in)
}

// An exchange is a request and what came of it.
type exchange struct {
	call, back int64
	status     int  // 0: no answer, or one of the proxy that there is none
	cut        bool // the answer ended before its end: what is not in it says nothing
	to         string
	body       string
}

// sessions is how many sessions a request may need: the clock has jumped before it, and
// does so once more beside it.
const sessions = 3

// do sends a request. Where the session has ended, as with a clock that jumps, it is
// sent again with a new one.
func (h *history) do(w way, method, path string, kind letterlock.Kind, a letterlock.Address, cookie *string) exchange {
	for try := 1; ; try++ {
		h.mu.Lock()
		with := *cookie
		h.mu.Unlock()
		x := h.once(w, method, path, with)
		ended := x.status == http.StatusForbidden || x.status == http.StatusSeeOther && !strings.HasPrefix(x.to, "/sent/")
		if !ended || try == sessions {
			return x
		}
		with, err := h.w.signIn(kind, a)
		if err != nil {
			return exchange{} // the process is gone
		}
		h.mu.Lock()
		*cookie = with
		h.mu.Unlock()
	}
}

func (h *history) once(w way, method, path, cookie string) (x exchange) {
	q, err := http.NewRequest(method, w.base+path, http.NoBody)
	if err != nil {
		h.fault("%v", err)
		return x
	}
	q.Host = w.host
	q.Header.Set("Cookie", cookie)
	if method == http.MethodPost {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	x.call = at()
	defer func() { x.back = at() }()
	a, err := w.client.Do(q)
	if err != nil {
		return x
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body) // cut short, it still says what it began with
	if a.ProtoMajor != w.proto {
		h.fault("%s was HTTP/%d", w.name, a.ProtoMajor)
	}
	if a.StatusCode == http.StatusBadGateway || a.StatusCode == http.StatusGatewayTimeout {
		return x
	}
	x.status, x.to, x.body, x.cut = a.StatusCode, a.Header.Get("Location"), string(body), err != nil
	return x
}

// look asks for something of the message. It returns whether the process lives.
func (h *history) look(w way, who int, path string) bool {
	x := h.do(w, http.MethodGet, "/read/"+string(h.id)+path, letterlock.Reader, h.people[who], &h.cookies[who])
	in := input{kind: looked, note: w.name + " " + path}
	in.who[who] = true
	switch {
	case x.status == 0:
		return false
	case x.status == http.StatusOK:
		h.add(in, content, x.call, x.back)
	case x.status == http.StatusGone && strings.Contains(x.body, "The message has been revoked by the sender"):
		h.add(in, sawRevoked, x.call, x.back)
	case x.status == http.StatusGone && strings.Contains(x.body, "The message has expired"):
		h.add(in, sawExpired, x.call, x.back)
	case x.status == http.StatusServiceUnavailable:
		// Cut before the first byte, and restored since: try again, it says.
	case x.cut:
		return false
	default:
		h.fault("GET /read/…%s, %s: status %d to %q", path, w.name, x.status, x.to)
	}
	return true
}

// list looks at My messages.
func (h *history) list(w way, who int) bool {
	x := h.do(w, http.MethodGet, "/messages", letterlock.Reader, h.people[who], &h.cookies[who])
	in := input{kind: listed, note: w.name}
	in.who[who] = true
	switch {
	case x.status == 0:
		return false
	case x.status == http.StatusServiceUnavailable: // likewise
	case x.status != http.StatusOK:
		h.fault("GET /messages, %s: status %d to %q", w.name, x.status, x.to)
	case strings.Contains(x.body, h.subject):
		h.add(in, content, x.call, x.back)
	case x.cut:
		return false
	default:
		h.add(in, sawRevoked, x.call, x.back)
	}
	return true
}

// post posts a form of the sender.
func (h *history) post(w way, in input) bool {
	path, query := "/remove", ""
	if in.kind == restored {
		path = "/restore"
	}
	for i, meant := range in.who {
		if meant && in.who != [readers]bool{true, true} {
			query = "?recipient=" + string(h.people[i])
		}
	}
	in.note = w.name
	x := h.do(w, http.MethodPost, "/sent/"+string(h.id)+path+query, letterlock.Staff, ada.Address, &h.sender)
	switch {
	case x.status == 0 && x.call == 0: // it was not even asked
		return false
	case x.status == 0:
		h.add(in, unanswered, x.call, never)
		return false
	case x.status == http.StatusSeeOther && strings.HasPrefix(x.to, "/sent/"):
		h.add(in, "", x.call, x.back)
	default:
		h.fault("POST /sent/…%s, %s: status %d to %q: %.300s", path, w.name, x.status, x.to, x.body)
	}
	return true
}
