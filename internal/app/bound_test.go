package app

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestConnectionsThatSayNothingHaveABound(t *testing.T) {
	closed := make(chan struct{}, 8)
	hook := bound(2)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		hook(c, state)
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	connect := func() net.Conn {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	served := func(c net.Conn) bool {
		// Either may fail, which is the answer.
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: mail.example\r\n\r\n")
		n, _ := c.Read(make([]byte, 64))
		return n > 0
	}
	first, second := connect(), connect()
	if !served(first) || !served(second) {
		t.Fatal("within the bound, and not served")
	}
	if served(connect()) {
		t.Fatal("a third connection is served")
	}
	<-closed
	second.Close()
	<-closed
	if !served(connect()) {
		t.Error("one has gone, and the next is not served")
	}
}
