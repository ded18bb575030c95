package stress

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

// Sizes of a history.
const (
	clients    = 5
	operations = 5               // of each client
	lifetime   = 2 * time.Second // of a message, until it expires; short, for sessions end with the same clock
	fileSize   = 384 << 10       // of the first message's file: more than all buffers between server and client hold
)

// A history is what happened to two messages while everybody acted at once.
type history struct {
	w       *world
	name    string // in the subjects
	keys    []key
	people  map[key]letterlock.Recipient
	cookies map[letterlock.Address]string
	part    int // number of the attachment

	mu    sync.Mutex
	ops   []porcupine.Operation
	wrong []string      // what should not happen at all
	pulse chan struct{} // closed, and made anew, when an operation has ended
	busy  int           // clients that wait for nobody
}

// newHistory sends the messages: one to two people, one to the first of them.
func newHistory(w *world, seed uint64) *history {
	h := &history{w: w, name: fmt.Sprintf("Figures %d", seed), pulse: make(chan struct{}), busy: clients - 1,
		people: map[key]letterlock.Recipient{}, cookies: map[letterlock.Address]string{}}
	first := letterlock.Address(fmt.Sprintf("marta%d@quillfeather.example", seed))
	second := letterlock.Address(fmt.Sprintf("jonas%d@riverside.example", seed))
	expires := w.clock.Now().Add(lifetime)
	for i, to := range [][]letterlock.Address{{first, second}, {first}} {
		id, people := w.send(h.subject(i), fileSize>>(8*i), expires, to...)
		for _, r := range people {
			k := key{id, r.Mailbox.Address}
			h.keys, h.people[k] = append(h.keys, k), r
		}
	}
	h.part = w.filePart(h.keys[0].message)
	for _, a := range []letterlock.Address{first, second} {
		h.cookies[a] = w.reader(a)
	}
	return h
}

func (h *history) subject(i int) string { return fmt.Sprintf("%s, message %d", h.name, i) }

// run has all clients act, and looks once more when they have finished.
func (h *history) run(seed uint64) {
	var all sync.WaitGroup
	start := make(chan struct{})
	roles := [clients]func(*client, *rand.Rand, int){h.read, h.read, h.readSlowly, h.send, h.house}
	for i, act := range roles {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			c := &client{wire: h.w.wire}
			defer c.close()
			defer h.leave(i != 2)
			<-start
			for n := range operations {
				act(c, random, n)
				h.beat()
			}
		})
	}
	close(start)
	all.Wait()
	c := &client{wire: h.w.wire}
	defer c.close()
	for _, k := range h.keys {
		h.look(c, k, "", readAll)
	}
}

// beat says that an operation has ended.
func (h *history) beat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.pulse)
	h.pulse = make(chan struct{})
}

func (h *history) leave(counted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if counted {
		h.busy--
	}
	close(h.pulse)
	h.pulse = make(chan struct{})
}

// await waits until n operations of others have ended, or nobody acts any more.
func (h *history) await(n int) {
	for ; n > 0; n-- {
		h.mu.Lock()
		pulse, busy := h.pulse, h.busy
		h.mu.Unlock()
		if busy == 0 {
			return
		}
		<-pulse
	}
}

func (h *history) add(k key, what kind, out saw, call, back int64, note string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{Input: input{k, what, note}, Output: out, Call: call, Return: back})
}

func (h *history) fault(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong = append(h.wrong, fmt.Sprintf(format, args...))
}

func (h *history) pick(random *rand.Rand) key { return h.keys[random.IntN(len(h.keys))] }

// read is what a recipient does.
func (h *history) read(c *client, random *rand.Rand, _ int) {
	k := h.pick(random)
	switch random.IntN(7) {
	case 0, 1:
		h.look(c, k, "", readAll)
	case 2:
		h.look(c, k, "/body", readAll)
	case 3:
		h.look(c, k, fmt.Sprintf("/part/%d", h.part), readAll)
	case 4:
		h.look(c, k, "/message.eml", readAll)
	case 5:
		h.look(c, k, "/live", readAll)
	default:
		h.list(c, k.address)
	}
}

// readSlowly downloads, and takes the rest only when others have acted.
func (h *history) readSlowly(c *client, random *rand.Rand, _ int) {
	path := fmt.Sprintf("/part/%d", h.part)
	if random.IntN(3) == 0 {
		path = "/message.eml"
	}
	wait := 1 + random.IntN(6)
	h.look(c, h.keys[random.IntN(2)], path, func(body io.Reader) (string, error) {
		begin, err := io.ReadAll(io.LimitReader(body, 4<<10))
		if err != nil {
			return string(begin), err
		}
		h.await(wait)
		rest, err := io.ReadAll(body)
		return string(begin) + string(rest), err
	})
}

// look asks for something of a message and notes what the answer said, and the
// moment in which the last of it was written.
func (h *history) look(c *client, k key, path string, read func(io.Reader) (string, error)) {
	c.cookie = h.cookies[k.address]
	x := c.do(http.MethodGet, "/read/"+string(k.message)+path, read)
	switch {
	case x.status == http.StatusNotFound && path == "/live":
		// This build has no such page.
	case x.status == http.StatusOK:
		h.add(k, looked, content, x.call, x.back, path)
		h.add(k, wrote, "", x.last(), x.last(), path)
	case x.status == http.StatusNoContent && path == "/live":
		h.add(k, looked, content, x.call, x.back, path)
	case x.status == http.StatusGone && strings.Contains(x.body, "The message has been revoked by the sender"):
		h.add(k, looked, sawRevoked, x.call, x.back, path)
	case x.status == http.StatusGone && strings.Contains(x.body, "The message has expired"):
		h.add(k, looked, sawExpired, x.call, x.back, path)
	case x.status == http.StatusServiceUnavailable:
		// Cut before the first byte, and restored since: try again, it says.
	case x.status == 0 && x.err != nil && len(x.writes) > 0:
		// Cut so early that the client did not get the head.
		h.add(k, wrote, "", x.last(), x.last(), path)
	case x.status == 0 && x.err != nil:
		// Cut before the head was written, or the connection was reset with what it
		// had carried before: browsers ask again.
	default:
		h.fault("GET /read/…%s: status %d, %v", path, x.status, x.err)
	}
}

// list looks at My messages.
func (h *history) list(c *client, a letterlock.Address) {
	c.cookie = h.cookies[a]
	x := c.get("/messages")
	switch {
	case x.status == 0 && x.err != nil:
		return // cut, or the connection was reset with what it had carried before
	case x.status == http.StatusServiceUnavailable:
		return // changed each time that it was read: try again, it says
	}
	if x.status != http.StatusOK || x.err != nil {
		h.fault("GET /messages: status %d, %v", x.status, x.err)
		return
	}
	ids := map[letterlock.ID]int{h.keys[0].message: 0, h.keys[len(h.keys)-1].message: 1}
	for _, k := range h.keys {
		if k.address != a {
			continue
		}
		if strings.Contains(x.body, h.subject(ids[k.message])) {
			h.add(k, listed, content, x.call, x.back, "")
			h.add(k, showed, "", x.last(), x.last(), "")
		} else {
			h.add(k, listed, sawRevoked, x.call, x.back, "")
		}
	}
}

// send is what the sender does: take access away, and give it back.
func (h *history) send(c *client, random *rand.Rand, n int) {
	what, path := revoked, "/remove"
	if n%2 == 1 || random.IntN(4) == 0 {
		what, path = restored, "/restore"
	}
	h.change(c, what, path, h.pick(random), random.IntN(4) == 0)
}

// change posts a form of the sender, for one recipient or for all of a message.
func (h *history) change(c *client, what kind, path string, k key, all bool) {
	c.cookie = h.w.ada.cookie
	query := "?recipient=" + string(k.address)
	if all {
		query = ""
	}
	x := c.post("/sent/" + string(k.message) + path + query)
	if x.status != http.StatusSeeOther || x.err != nil {
		h.fault("POST /sent/…%s: status %d, %v", path, x.status, x.err)
		return
	}
	for _, each := range h.keys {
		if each == k || all && each.message == k.message {
			h.add(each, what, "", x.call, x.first(), "")
		}
	}
}

// house is what else happens: notices leave, a second sender's window, and
// perhaps the messages expire.
func (h *history) house(c *client, random *rand.Rand, n int) {
	switch roll := random.IntN(12); {
	case roll < 4:
		if err := h.w.app.Outbox.Flush(h.w.t.Context()); err != nil {
			h.fault("outbox: %v", err)
		}
		h.leftHouse()
	case roll == 4 && n >= 2:
		h.expire()
	case roll < 9:
		h.change(c, revoked, "/remove", h.pick(random), false)
	default:
		h.change(c, restored, "/restore", h.pick(random), false)
	}
}

func (h *history) leftHouse() {
	for k, r := range h.people {
		for _, s := range h.w.post.to(r) {
			h.add(k, notified, "", s.began, s.ended, "")
		}
	}
}

// expire moves the clock to the end of the messages.
func (h *history) expire() {
	call := at()
	h.w.clock.advance(lifetime)
	if err := h.w.app.Sweep(h.w.t.Context()); err != nil {
		h.fault("sweep: %v", err)
	}
	back := at()
	for _, k := range h.keys {
		h.add(k, expired, "", call, back, "")
	}
}
