package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// as of a browser that somebody uses.
var used = http.Header{
	"User-Agent":      {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
	"Accept-Language": {"en"}, "Sec-Fetch-Mode": {"navigate"},
}

// happened reads the history of a message with one recipient.
func (w *world) happened(id letterlock.ID) (list []letterlock.Event) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) error {
		all, err := tx.Events(id)
		for _, events := range all {
			list = append(list, events...)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// visited is how often the link of a message with one recipient was visited.
func (w *world) visited(id letterlock.ID) map[letterlock.Visitor]int {
	w.t.Helper()
	if err := w.server.Visits.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	counts := map[letterlock.Visitor]int{}
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) error {
		list, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		visits, err := tx.VisitCounts(list[0].ID)
		for _, v := range visits {
			counts[v.Guess] += v.Count
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return counts
}

func TestVisitsToALinkAreNotedApartFromItsHistory(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	before := w.happened(id)
	w.clock.advance(60e9)
	for _, agent := range scanners {
		b := w.browser()
		b.header.Set("User-Agent", agent)
		b.get(link)
		b.do(http.MethodHead, link, nil, "")
	}
	b := w.browser()
	b.header = used
	b.get(link)
	w.browser().get("/m/" + strings.Repeat("A", 43)) // no link of anybody
	got := w.visited(id)
	if got[letterlock.Scanner] != 2*len(scanners) || got[letterlock.Person] != 1 {
		t.Errorf("noted %v, want %d scanners and a person", got, 2*len(scanners))
	}
	if after := w.happened(id); !slices.Equal(before, after) {
		t.Errorf("the history says %v, and before it said %v", after, before)
	}
	if d, err := w.server.Track.SentMessage(t.Context(), w.actors[ada], id); err != nil || !d.Recipients[0].FirstRead.IsZero() {
		t.Errorf("a visit counts as reading: %+v, %v", d.Recipients, err)
	}
}

func TestWhoHasProvedTheMailboxIsNoVisitor(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	b.prove(marta)
	b.get(w.link(marta))
	if got := w.visited(id); len(got) > 0 {
		t.Errorf("noted %v", got)
	}
}

// What is kept of a reader says how they proved the mailbox, with what and, as far
// as the settings allow, from where.
func TestHistoryAndAuditLogKeepOfReadersWhatTheSettingsSay(t *testing.T) {
	for keep, ip := range map[policy.ReaderIP]string{policy.FullIP: "192.0.2.7", "": "192.0.2.0/24", policy.NoIP: ""} {
		w := newWorld(t, func(o *Options) { o.ReaderIP = keep })
		id := w.send(ada, letterlock.EncryptOnly, marta)
		b := w.browser()
		b.header = used
		b.post(w.link(marta)+"/passcode", nil)
		code := w.passcode(marta)
		b.post(w.link(marta)+"/verify", url.Values{"code": {"0000000x"}})
		b.post(w.link(marta)+"/verify", url.Values{"code": {code}})
		b.get("/read/" + string(id))
		b.get("/read/" + string(id) + "/message.eml")
		want := map[letterlock.EventKind]letterlock.Event{
			letterlock.PasscodeWrong: {Agent: "Firefox", IP: ip},
			letterlock.Read:          {Agent: "Firefox", IP: ip, Proof: letterlock.ByPasscode},
			letterlock.Downloaded:    {Agent: "Firefox", IP: ip, Proof: letterlock.ByPasscode},
		}
		for _, e := range w.happened(id) {
			w, ok := want[e.Kind]
			if ok && (e.Agent != w.Agent || e.IP != w.IP || e.Proof != w.Proof) {
				t.Errorf("%q: %s is %+v, want %+v", keep, e.Kind, e, w)
			}
			delete(want, e.Kind)
		}
		if len(want) > 0 {
			t.Errorf("%q: the history lacks %v", keep, want)
		}
		for _, e := range w.audit() {
			if e.Actor.Kind != letterlock.Staff && e.Actor.Kind != letterlock.System && e.Actor.IP != ip {
				t.Errorf("%q: the audit log has %q of %q", keep, e.Actor.IP, e.Action)
			}
		}
	}
}
