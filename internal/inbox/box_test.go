package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"letterlock/internal/letterlock"
)

const (
	marta = letterlock.Address("marta@quillfeather.example")
	jon   = letterlock.Address("jon@riverside.example")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSentMailIsInItsMailboxAsItCame(t *testing.T) {
	b := newBox(t)
	raw := "Subject: hello\r\n\r\n\x00\xffbytes\n.\r\n"
	send(t, b, marta, raw)
	mails := b.Mails(marta)
	if len(mails) != 1 {
		t.Fatalf("%d mails, want 1", len(mails))
	}
	m := mails[0]
	if string(m.Raw) != raw {
		t.Errorf("raw = %q, want %q", m.Raw, raw)
	}
	if m.Seq != 1 || m.From != "bounce+1@contoso.example" || m.To != marta || !m.At.Equal(start) {
		t.Errorf("mail = %+v", m)
	}
	if n := len(b.Mails(jon)); n != 0 {
		t.Errorf("another mailbox has %d mails, want 0", n)
	}
}

func TestMailsAreListedNewestFirst(t *testing.T) {
	b := newBox(t)
	for i := range 3 {
		send(t, b, marta, fmt.Sprint(i))
	}
	send(t, b, jon, "x")
	send(t, b, marta, "3")
	if got := contents(b.Mails(marta)); got != "3 2 1 0" {
		t.Errorf("mails = %s, want 3 2 1 0", got)
	}
}

func TestMailboxesAreListedByTheirNewestMail(t *testing.T) {
	b := newBox(t)
	if got := b.Mailboxes(); len(got) != 0 {
		t.Errorf("mailboxes of an empty box = %v", got)
	}
	send(t, b, marta, "1")
	send(t, b, jon, "2")
	send(t, b, marta, "3")
	got := b.Mailboxes()
	want := []Mailbox{{marta, 2, start.Add(2 * time.Minute)}, {jon, 1, start.Add(time.Minute)}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("mailboxes = %v, want %v", got, want)
	}
}

func TestMailIsFoundOnlyInItsOwnMailbox(t *testing.T) {
	b := newBox(t)
	send(t, b, marta, "1")
	if m, err := b.Mail(marta, 1); err != nil || string(m.Raw) != "1" {
		t.Errorf("Mail = %q, %v", m.Raw, err)
	}
	for _, tt := range []struct {
		of  letterlock.Address
		seq int64
	}{{jon, 1}, {marta, 2}, {marta, 0}} {
		if _, err := b.Mail(tt.of, tt.seq); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("Mail(%s, %d): %v, want NotFound", tt.of, tt.seq, err)
		}
	}
}

func TestAMailboxRefusesUntilItIsToldToTakeMail(t *testing.T) {
	b := newBox(t)
	full := errors.New("552 mailbox full")
	b.Refuse(marta, full)
	if err := b.Send(t.Context(), "", marta, strings.NewReader("x")); err != full {
		t.Errorf("Send = %v, want the given error", err)
	}
	send(t, b, jon, "x")
	b.Refuse(marta, nil)
	send(t, b, marta, "y")
	if got := contents(b.Mails(marta)); got != "y" {
		t.Errorf("mails = %q, want y alone", got)
	}
}

func TestADownRelayRefusesEverybody(t *testing.T) {
	b := newBox(t)
	down := errors.New("connection refused")
	b.Refuse(marta, errors.New("552 mailbox full"))
	b.Fail(down)
	for _, to := range []letterlock.Address{marta, jon} {
		if err := b.Send(t.Context(), "", to, strings.NewReader("x")); err != down {
			t.Errorf("Send to %s = %v, want the relay's error", to, err)
		}
	}
	b.Fail(nil)
	send(t, b, jon, "x")
	if err := b.Send(t.Context(), "", marta, strings.NewReader("x")); err == nil || err == down {
		t.Errorf("Send to a refusing mailbox after the relay came back = %v, want its own error", err)
	}
}

func TestMailThatCannotBeDeliveredLeavesNothing(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	tests := []struct {
		name string
		ctx  context.Context
		mail io.Reader
		want error
	}{
		{"sender gave up", ended, strings.NewReader("x"), context.Canceled},
		{"broken reader", t.Context(), iotest.ErrReader(io.ErrUnexpectedEOF), io.ErrUnexpectedEOF},
		{"too large", t.Context(), strings.NewReader(strings.Repeat("x", 101)), letterlock.TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := open(t.TempDir(), clock(), limits{mails: 10, bytes: 1000, aMail: 100})
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Send(tt.ctx, "", marta, tt.mail); !errors.Is(err, tt.want) {
				t.Errorf("Send = %v, want %v", err, tt.want)
			}
			if n := len(b.Mails(marta)); n != 0 {
				t.Errorf("%d mails, want 0", n)
			}
			if files := list(t, string(b.dir)); len(files) != 0 {
				t.Errorf("files = %v, want none", files)
			}
		})
	}
}

func TestTheOldestMailsAreDropped(t *testing.T) {
	tests := []struct {
		name string
		l    limits
		want string
	}{
		{"by number", limits{mails: 3, bytes: 1000, aMail: 100}, "6 5 4"},
		{"by size", limits{mails: 1000, bytes: 2, aMail: 2}, "6 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			b, err := open(dir, clock(), tt.l)
			if err != nil {
				t.Fatal(err)
			}
			send(t, b, jon, "0")
			for i := range 6 {
				send(t, b, marta, fmt.Sprint(i+1))
			}
			if got := contents(b.Mails(marta)); got != tt.want {
				t.Errorf("mails = %s, want %s", got, tt.want)
			}
			if got := b.Mailboxes(); len(got) != 1 || got[0].Address != marta {
				t.Errorf("mailboxes = %v, want marta's alone", got)
			}
			if got, want := len(list(t, dir)), 2*len(strings.Fields(tt.want)); got != want {
				t.Errorf("%d files, want %d", got, want)
			}
		})
	}
}

func TestWaitReturnsWhenTheMailIsThere(t *testing.T) {
	b := newBox(t)
	send(t, b, marta, "1")
	type answer struct {
		mails []Mail
		err   error
	}
	got := make(chan answer)
	go func() {
		mails, err := b.Wait(t.Context(), marta, 2)
		got <- answer{mails, err}
	}()
	send(t, b, jon, "not this one")
	send(t, b, marta, "2")
	if a := <-got; a.err != nil || contents(a.mails) != "2 1" {
		t.Errorf("Wait = %s, %v; want 2 1", contents(a.mails), a.err)
	}
	if mails, err := b.Wait(t.Context(), marta, 1); err != nil || len(mails) != 2 {
		t.Errorf("Wait for what is there = %d mails, %v", len(mails), err)
	}
}

func TestWaitGivesUpWithItsContext(t *testing.T) {
	b := newBox(t)
	send(t, b, marta, "1")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := b.Wait(ctx, marta, 2)
		done <- err
	}()
	cancel()
	err := <-done
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "has 1 of 2") {
		t.Errorf("Wait = %v, want context.Canceled and how many there are", err)
	}
}

func TestManyMaySendAndLookAtOnce(t *testing.T) {
	b, err := open("", time.Now, limits{mails: 50, bytes: 1000, aMail: 100})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		to := letterlock.Address(fmt.Sprintf("r%d@example.com", i%3))
		wg.Go(func() {
			for range 50 {
				if err := b.Send(t.Context(), "", to, strings.NewReader("x")); err != nil {
					t.Error(err)
				}
				b.Mails(to)
				b.Mailboxes()
			}
		})
	}
	wg.Wait()
	n := 0
	for _, m := range b.Mailboxes() {
		n += m.Count
	}
	if n != 50 || b.seq != 400 {
		t.Errorf("%d mails kept of %d, want 50 of 400", n, b.seq)
	}
}

var start = time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)

// clock returns a clock that moves a minute each time it is read.
func clock() func() time.Time {
	next := start
	return func() time.Time {
		at := next
		next = next.Add(time.Minute)
		return at
	}
}

func newBox(t *testing.T) *Box {
	t.Helper()
	b, err := Open("", clock())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func send(t *testing.T, b *Box, to letterlock.Address, raw string) {
	t.Helper()
	if err := b.Send(t.Context(), "bounce+1@contoso.example", to, strings.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
}

func contents(mails []Mail) string {
	var s []string
	for _, m := range mails {
		s = append(s, string(m.Raw))
	}
	return strings.Join(s, " ")
}
