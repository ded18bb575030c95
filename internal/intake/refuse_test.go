package intake_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

func TestRefusedMailLeavesNothing(t *testing.T) {
	const id = "<1@contoso.example>"
	good := simple(id, "Hi")
	with := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	from := "From: Ada <ada@contoso.example>\r\n"
	auditor := letterlock.Actor{Kind: letterlock.Staff, Address: ada.Address, Roles: []letterlock.Role{letterlock.Admin}}
	reader := letterlock.Actor{Kind: letterlock.Reader, Address: ada.Address}
	tests := []struct {
		name string
		by   letterlock.Actor
		to   []letterlock.Address
		mail string
		want letterlock.Code
		key  string
	}{
		{"nobody", letterlock.Actor{}, many(1), good, letterlock.Denied, "sender"},
		{"an account that may not send", auditor, many(1), good, letterlock.Denied, "sender"},
		{"a reader", reader, many(1), good, letterlock.Denied, "sender"},
		{"no recipients", ada, nil, good, letterlock.Invalid, "recipients"},
		{"101 recipients", ada, many(101), good, letterlock.TooLarge, "recipients"},
		{"foreign From", ada, many(1), with("ada@", "eve@"), letterlock.Denied, "sender"},
		{"From that differs in case", ada, many(1), with("ada@", "Ada@"), letterlock.Denied, "sender"},
		{"no From", ada, many(1), with(from, ""), letterlock.Invalid, "from"},
		{"two From fields", ada, many(1), from + good, letterlock.Invalid, "from"},
		{"two addresses in From", ada, many(1), with("<ada@contoso.example>", "<ada@contoso.example>, eve@contoso.example"), letterlock.Invalid, "from"},
		{"a second, unreadable address in From", ada, many(1), with("<ada@contoso.example>", "<ada@contoso.example>, CEO <ceo@contoso>"), letterlock.Invalid, "from"},
		{"foreign Sender", ada, many(1), "Sender: eve@contoso.example\r\n" + good, letterlock.Denied, "sender"},
		{"unreadable From", ada, many(1), with("ada@contoso.example", "ada"), letterlock.Invalid, "from"},
		{"bare LF", ada, many(1), with("Hi\r\n", "Hi\n"), letterlock.Invalid, "bare"},
		{"bare LF in the header", ada, many(1), with("Offer\r\n", "Offer\n"), letterlock.Invalid, "bare"},
		{"bare CR", ada, many(1), with("Hi\r\n", "H\ri\r\n"), letterlock.Invalid, "bare"},
		{"CR at the end", ada, many(1), good + "\r", letterlock.Invalid, "bare"},
		{"NUL", ada, many(1), with("Hi", "H\x00i"), letterlock.Invalid, "bare"},
		{"a header that breaks off", ada, many(1), with("Subject: Offer", "what is this"), letterlock.Invalid, "structure"},
		{"asks to be sent open", ada, many(1), "X-Letterlock-Protection: none\r\n" + good, letterlock.Denied, "unprotected"},
		{"unknown protection", ada, many(1), "X-Letterlock-Protection: some\r\n" + good, letterlock.Invalid, "protection"},
		{"unknown expiry", ada, many(1), "X-Letterlock-Expires: soon\r\n" + good, letterlock.Invalid, "expires"},
		{"expiry that is over", ada, many(1), "X-Letterlock-Expires: 2026-11-20T09:59:59Z\r\n" + good, letterlock.Invalid, "expires"},
		{"unknown proof", ada, many(1), "X-Letterlock-Proof: blood\r\n" + good, letterlock.Invalid, "proof"},
		{"unknown name", ada, many(1), "X-Letterlock-Ask-Name: Anna\r\n" + good, letterlock.Invalid, "ask-name"},
		{"two of it", ada, many(1), "X-Letterlock-Ask-Name: yes\r\nX-Letterlock-Ask-Name: yes\r\n" + good, letterlock.Invalid, "ask-name"},
		{"unknown portal", ada, many(1), "X-Letterlock-Portal: perhaps\r\n" + good, letterlock.Invalid, "portal"},
		{"two portals", ada, many(1), "X-Letterlock-Portal: yes\r\nX-Letterlock-Portal: yes\r\n" + good, letterlock.Invalid, "portal"},
		{"two proofs", ada, many(1), "X-Letterlock-Proof: passcode\r\nX-Letterlock-Proof: passcode\r\n" + good, letterlock.Invalid, "proof"},
		{"two expiries", ada, many(1), "X-Letterlock-Expires: 7d\r\nX-Letterlock-Expires: 7d\r\n" + good, letterlock.Invalid, "expires"},
		{"empty mail", ada, many(1), "", letterlock.Invalid, "from"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, eml.Limits{})
			before := h.rows()
			r, err := h.accept(tt.by, to(tt.to...), tt.mail)
			if !errors.Is(err, tt.want) || letterlock.KeyOf(err) != tt.key || r.ID != "" || r.MessageID != "" || r.Repeated || r.Passed {
				t.Errorf("Accept = %+v, %v; want %v %q", r, err, tt.want, tt.key)
			}
			h.checkNothingNew(tt.name, before)
			// An account that tries what it may not is noted; a malformed mail is not.
			noted := 0
			if tt.want == letterlock.Denied && tt.by.Kind != letterlock.Nobody {
				noted = 1
			}
			if n := h.refusals(); n != noted {
				t.Errorf("%d refusals in the audit log, want %d", n, noted)
			}
			if h.woken.Load() != 0 {
				t.Error("the outbox was woken")
			}
		})
	}
}

// A fill is a mail without an end, which calls every now and then.
type fill struct {
	left  int
	every int
	call  func(sent int)
	sent  int
}

func (f *fill) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, io.EOF
	}
	const line = "0123456789012345678901234567890123456789012345678901234567890123456789012345\r\n"
	n := 0
	for n+len(line) <= len(p) && f.left > 0 {
		n += copy(p[n:], line)
		f.left -= len(line)
	}
	if f.call != nil && (f.sent+n)/f.every != f.sent/f.every {
		f.call(f.sent + n)
	}
	f.sent += n
	return n, nil
}

func header() io.Reader { return strings.NewReader(simple("<1@contoso.example>", "Hi")) }

func TestALargeMailThatFailsHalfwayLeavesNothing(t *testing.T) {
	tests := []struct {
		name string
		code letterlock.Code
		key  string
		end  func(h *house, cancel func()) io.Reader // what comes after some megabytes
	}{
		{"over the size", letterlock.TooLarge, "size", func(*house, func()) io.Reader { return &fill{left: 4 << 20} }},
		{"the sender breaks off", letterlock.Internal, "", func(*house, func()) io.Reader { return iotest.ErrReader(io.ErrUnexpectedEOF) }},
		{"bare LF at the end", letterlock.Invalid, "bare", func(*house, func()) io.Reader { return strings.NewReader("\n") }},
		{"cancelled", letterlock.Busy, "", func(_ *house, cancel func()) io.Reader {
			return &fill{left: 2 << 20, every: 1 << 16, call: func(int) { cancel() }}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, eml.Limits{Size: 6 << 20})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			before, during := h.rows(), ""
			some := &fill{left: 4 << 20, every: 3 << 20, call: func(int) { during = h.rows() }}
			_, err := h.intake.Accept(ctx, ada, to(marta), io.MultiReader(header(), some, tt.end(h, cancel)))
			if letterlock.CodeOf(err) != tt.code || letterlock.KeyOf(err) != tt.key {
				t.Errorf("Accept: %v, want %v %q", err, tt.code, tt.key)
			}
			if during == before {
				t.Fatal("nothing was stored on the way: this test would prove nothing")
			}
			h.checkNothingNew(tt.name, before)
		})
	}
}

func TestAnIncomingMailIsSeenByNobody(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	look := func(int) {
		h.read(func(tx *store.Tx) error {
			list, err := tx.Sent(store.SentQuery{Sender: ada.Address, Limit: 10})
			if _, found := tx.MessageByMessageID("<1@contoso.example>"); len(list) > 0 || !errors.Is(found, letterlock.NotFound) {
				t.Errorf("%d messages are seen while one comes in, by Message-ID %v", len(list), found)
			}
			return err
		})
	}
	h.intake.Accept(t.Context(), ada, to(marta), io.MultiReader(header(), &fill{left: 4 << 20, every: 3 << 20, call: look}))
	if got := h.rows(); !strings.HasPrefix(got, "messages 1 chunks 6") {
		t.Errorf("rows afterwards %s, want the message", got)
	}
}

func TestMemoryStaysFlatForLargeMail(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	inUse := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	base, most, looks := inUse(), int64(0), 0
	look := func(int) { most, looks = max(most, inUse()-base), looks+1 }
	mail := io.MultiReader(header(), &fill{left: 20 << 20, every: 2 << 20, call: look})
	r, err := h.intake.Accept(t.Context(), ada, to(marta), mail)
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := h.message(r.ID); m.Size < 20<<20 || looks < 9 {
		t.Fatalf("%d bytes, %d looks: this test would prove nothing", m.Size, looks)
	}
	if most > 6<<20 {
		t.Errorf("a mail of 20 MiB took %d KiB of memory, want less than 6 MiB", most>>10)
	}
}

func TestAcceptFailsBusyWhenTheDatabaseIsClosed(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.db.Close()
	if _, err := h.accept(ada, to(marta), simple("<1@contoso.example>", "Hi")); !errors.Is(err, letterlock.Busy) {
		t.Errorf("Accept: %v, want Busy", err)
	}
}

func TestAMessageCannotBeBornExpired(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	for name, at := range map[string]time.Time{"an hour ago": h.now.Add(-time.Hour), "now": h.now} {
		e := to(marta)
		e.Expires = at
		if _, err := h.accept(ada, e, simple("<1@contoso.example>", "Hi")); letterlock.KeyOf(err) != "expires" {
			t.Errorf("expires %s: %v, want Invalid", name, err)
		}
	}
}

func TestARetryDoesNotWidenAMessageThatHasEnded(t *testing.T) {
	mail := simple("<1@contoso.example>", "Hi")
	tests := []struct {
		name string
		end  func(h *house, id letterlock.ID)
		via  letterlock.Via
	}{
		{"expired", func(h *house, _ letterlock.ID) { h.now = h.now.Add(2 * time.Hour) }, letterlock.BySubmission},
		{"revoked", func(h *house, id letterlock.ID) {
			err := h.db.Write(context.Background(), func(tx *store.Tx) error {
				r, err := tx.RecipientByAddress(id, marta)
				return errors.Join(err, tx.Revoke(r.ID, letterlock.Revocation{At: h.now}))
			})
			if err != nil {
				t.Fatal(err)
			}
		}, letterlock.BySubmission},
		{"came another way", func(*house, letterlock.ID) {}, letterlock.ByCompose},
	}
	for _, tt := range tests {
		h := newHouse(t, eml.Limits{})
		e := to(marta)
		e.Expires = h.now.Add(time.Hour)
		first := h.mustAccept(ada, e, mail)
		tt.end(h, first.ID)
		e = to(marta, jonas)
		e.Via = tt.via
		if _, err := h.accept(ada, e, mail); letterlock.KeyOf(err) != "ended" {
			t.Errorf("%s: a retry with another recipient: %v, want Denied", tt.name, err)
		}
		if _, all := h.message(first.ID); len(all) != 1 {
			t.Errorf("%s: %d recipients, want the first alone", tt.name, len(all))
		}
	}
}
