package dkim_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foxcpp/go-mockdns"
	"go.uber.org/goleak"

	"letterlock/internal/dkim"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// database/sql keeps one for each open database; Close ends it a moment later.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

var (
	olga = letterlock.Actor{Kind: letterlock.Operator, Name: "uid 0"}
	ada  = letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
)

const domain = "mail.contoso.example"

// A house is a Service on real files and a real database, with a clock that stands
// still and a DNS of its own.
type house struct {
	*dkim.Service
	t     *testing.T
	now   atomic.Pointer[time.Time]
	files seal.Files
	db    *store.DB
	zones map[string]mockdns.Zone
	down  bool // the DNS does not answer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, files: seal.Files{Data: t.TempDir()}, zones: map[string]mockdns.Zone{}}
	start := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	h.now.Store(&start)
	var err error
	h.db, err = store.Open(t.Context(), h.files.Data, func() time.Time { return *h.now.Load() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	h.open()
	return h
}

// open opens the keys, as a start of the program does.
func (h *house) open() {
	h.t.Helper()
	s, err := dkim.Open(h.files, h.db)
	if err != nil {
		h.t.Fatal(err)
	}
	s.Domain, s.Lookup = domain, func(ctx context.Context, name string) ([]string, error) {
		if h.down {
			return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
		}
		return (&mockdns.Resolver{Zones: h.zones}).LookupTXT(ctx, name)
	}
	h.Service = s
}

func (h *house) pass(d time.Duration) {
	now := h.now.Load().Add(d)
	h.now.Store(&now)
}

// add makes a key and publishes its record.
func (h *house) add(a dkim.Algorithm, selector string) dkim.Key {
	h.t.Helper()
	k, err := h.Add(h.t.Context(), olga, a, selector)
	if err != nil {
		h.t.Fatal(err)
	}
	h.publish(k, k.Record())
	return k
}

func (h *house) publish(k dkim.Key, records ...string) {
	h.zones[k.Name(domain)+"."] = mockdns.Zone{TXT: records}
}

func (h *house) activate(k dkim.Key) {
	h.t.Helper()
	if _, err := h.Activate(h.t.Context(), olga, k.Selector, false); err != nil {
		h.t.Fatal(err)
	}
}

// records is the DNS as verifiers are told of it.
func (h *house) records() map[string]string {
	all := map[string]string{}
	for name, zone := range h.zones {
		all[name[:len(name)-1]] = zone.TXT[0]
	}
	return all
}

// states are the keys with what they are used for.
func (h *house) states() map[string]dkim.State {
	h.t.Helper()
	keys, err := h.List(olga)
	if err != nil {
		h.t.Fatal(err)
	}
	all := map[string]dkim.State{}
	for _, k := range keys {
		all[k.Selector] = k.State()
	}
	return all
}

// entries are the actions of the audit log, those that were refused with the reason.
func (h *house) entries() (list []string) {
	h.t.Helper()
	err := h.db.Read(context.Background(), func(tx *store.Tx) error {
		got, err := tx.AuditPage(store.AuditQuery{Limit: 100})
		for _, e := range got {
			list = append(list, strings.Join(strings.Fields(e.Action+" "+e.Target+" "+e.Reason), " "))
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}
