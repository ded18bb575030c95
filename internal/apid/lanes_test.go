package apid

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"letterlock/internal/api"
	"letterlock/internal/dkim"
	"letterlock/internal/keys"
	"letterlock/internal/lane"
)

func TestEveryOperationHasALane(t *testing.T) {
	s := newServer(Options{Keys: &keys.Service{}, DKIM: &dkim.Service{}})
	seen := map[string]bool{}
	for _, o := range s.all {
		seen[o.id] = true
		if inLane[o.id] == "" {
			t.Errorf("%s is in no lane: give it one in lanes.go", o.id)
		}
	}
	for id := range inLane {
		if !seen[id] {
			t.Errorf("%s has a lane and is no operation", id)
		}
	}
}

// A line looks how many places are taken while it is waited for.
type line struct {
	*httptest.ResponseRecorder
	body          io.Reader
	taken         func() int
	reads, writes []int
}

func (l *line) Read(p []byte) (int, error) {
	l.reads = append(l.reads, l.taken())
	return l.body.Read(p)
}

func (l *line) Write(p []byte) (int, error) {
	l.writes = append(l.writes, l.taken())
	return l.ResponseRecorder.Write(p)
}

// TestASlowLineHoldsNoPlace: who may do no more than look at a message could keep
// everybody from taking access away, by sending a body slowly that nobody wants.
func TestASlowLineHoldsNoPlace(t *testing.T) {
	h := newHouse(t)
	h.options.Lanes = lane.New(1)
	h.server = newServer(h.options)
	id, token := h.send("Offer", marta), h.token(rita)
	taken := func() (n int) {
		for _, c := range h.options.Lanes.Counts() {
			n += c.InFlight
		}
		return n
	}
	for _, tt := range []struct{ method, path string }{
		{http.MethodGet, "/messages/" + id}, {http.MethodPost, "/messages/" + id + "/revoke"},
	} {
		l := &line{ResponseRecorder: httptest.NewRecorder(), body: strings.NewReader("{}"), taken: taken}
		r := httptest.NewRequestWithContext(t.Context(), tt.method, api.Prefix+tt.path, l)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		h.server.ServeHTTP(l, r)
		if l.Code != http.StatusOK || len(l.reads) == 0 || len(l.writes) == 0 {
			t.Fatalf("%s: %d, read %d times, written %d times: this test would prove nothing", tt.method, l.Code, len(l.reads), len(l.writes))
		}
		if l.reads[0] != 0 || l.writes[0] != 0 || taken() != 0 {
			t.Errorf("%s: places taken while it sends %v, while it takes the answer %v, afterwards %d", tt.method, l.reads, l.writes, taken())
		}
	}
}
