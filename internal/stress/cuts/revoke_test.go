package cuts

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"letterlock/internal/app"
	"letterlock/internal/letterlock"
)

// A revoker is the sender at her browser, who removes access to what she has sent.
type revoker struct {
	address string
	session string

	mu       sync.Mutex
	waits    []letterlock.ID        // known to be there, and not asked for
	answered map[letterlock.ID]bool // revocations that the server has confirmed
}

func newRevoker(address, session string) *revoker {
	return &revoker{address: address, session: session, answered: map[letterlock.ID]bool{}}
}

// add has the revoker know of a message.
func (r *revoker) add(id letterlock.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits = append(r.waits, id)
}

// run removes access to one message after another until the server is gone.
func (r *revoker) run() {
	client := &http.Client{
		Timeout: patience, Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	for {
		id, ok := r.next()
		if !ok || !r.revoke(client, id) {
			return
		}
	}
}

func (r *revoker) next() (id letterlock.ID, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waits) == 0 {
		return "", false
	}
	id, r.waits = r.waits[0], r.waits[1:]
	return id, true
}

// revoke removes all access to a message. It returns whether the server lives.
func (r *revoker) revoke(client *http.Client, id letterlock.ID) bool {
	req, err := http.NewRequest(http.MethodPost, "http://"+r.address+"/sent/"+string(id)+"/remove", strings.NewReader(""))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Cookie", "letterlock="+r.session)
	a, err := client.Do(req)
	if err != nil {
		return false
	}
	if err := a.Body.Close(); err != nil {
		return false
	}
	if a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "/sent/") {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.answered[id] = true
	}
	return true
}

// check requires that what was answered is revoked, for the recipient too, and that
// nothing is neither.
func (r *revoker) check(t *testing.T, a *app.App, by letterlock.Actor) (live int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.answered {
		d, err := a.Track.SentMessage(t.Context(), by, id)
		if err != nil {
			t.Errorf("message %s, whose revocation was answered: %v", id, err)
			continue
		}
		for _, p := range d.Recipients {
			reader := letterlock.Actor{Kind: letterlock.Reader, Address: p.Mailbox.Address}
			l, err := a.Access.Open(t.Context(), reader, id)
			if err == nil {
				l.Close()
			}
			if !p.Revocation.Revoked() || !errors.Is(err, letterlock.Gone) {
				live++
			}
		}
	}
	return live
}

// begin lets a revoker act beside everybody else, and returns a channel that is
// closed when it has ended.
func (r *revoker) begin() chan struct{} {
	gone := make(chan struct{})
	go func() { r.run(); close(gone) }()
	return gone
}
