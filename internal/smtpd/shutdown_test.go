package smtpd

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestShutdownWaitsForMailOnItsWay(t *testing.T) {
	for _, how := range []string{"DATA\r\n", "BDAT 5\r\none\r\n"} {
		t.Run(how[:4], func(t *testing.T) {
			b := &books{begun: make(chan struct{}, 1)}
			s := serve(t, "", Options{}, b)
			sending, waiting := s.begun(), s.signedIn()
			sending.expect(how, map[string]string{"DATA": "354 ", "BDAT": "250 "}[how[:4]])
			<-b.begun

			done := make(chan error, 1)
			go func() { done <- s.server.Shutdown(t.Context()) }()
			waiting.expect("", "421 4.3.2 ") // not asked, and told at once
			if got := waiting.line(); got != "(closed)" {
				t.Errorf("then %q, want the connection closed", got)
			}
			if _, err := net.Dial("tcp", s.addr); err == nil {
				t.Error("a new connection was taken")
			}
			if how[:4] == "DATA" {
				sending.expect("one\r\n.\r\n", "250 2.0.0 accepted", "421 4.3.2 ")
			} else {
				sending.expect("BDAT 5 LAST\r\ntwo\r\n", "250 2.0.0 accepted", "421 4.3.2 ")
			}
			if err := <-done; err != nil {
				t.Errorf("Shutdown = %v", err)
			}
			if err := <-s.served; err != nil {
				t.Errorf("Serve = %v, want nil", err)
			}
			if got := len(b.recorded()); got != 1 {
				t.Errorf("%d mails accepted, want 1", got)
			}
		})
	}
}

func TestShutdownCutsOffWhatTakesTooLong(t *testing.T) {
	b := &books{begun: make(chan struct{}, 2), finish: make(chan struct{})}
	s := serve(t, "", Options{}, b)
	stuck, slow := s.begun(), s.begun()
	stuck.expect("DATA\r\n", "354 ")
	stuck.send("one\r\n.\r\n") // all there, and Accept does not return
	slow.expect("DATA\r\n", "354 ")
	slow.send("half")
	<-b.begun
	<-b.begun

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown = %v, want that it was too slow", err)
	}
	for _, c := range []*client{stuck, slow} {
		if got := c.line(); got != "(closed)" && !strings.HasPrefix(got, "4") {
			t.Errorf("a mail that was cut off is answered with %q", got)
		}
	}
	waitFor(t, func() bool { return len(b.recorded()) == 2 })
	got := b.recorded()
	slices.Sort(got)
	want := []string{
		"ada@contoso.example to [bob@fabrikam.example]: cut off",
		"ada@contoso.example to [bob@fabrikam.example]: refused ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Accept was called for %q, want %q", got, want)
	}
}

func TestShutdownEmptiesTheLobby(t *testing.T) {
	s := serve(t, "192.0.2.7", Options{TLS: certificate(t)}, &books{})
	c := s.dial()
	c.expect("EHLO laptop\r\n", "220 ", "250 ")
	go s.stop()
	c.expect("", "421 4.3.2 ")
}

func TestAServerThatWasShutDownServesNoMore(t *testing.T) {
	s := serve(t, "", Options{}, &books{})
	s.stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.server.Serve(l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve = %v, want %v", err, net.ErrClosed)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is still open")
	}
}
