package web

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// What one open page may cost, in bytes of memory, and for how many that is
// measured.
const (
	openPages     = 5000
	bytesPerPage  = 60_000 // measured: 43,000, most of it buffers and stack of net/http
	pagesAtOneGo  = maxLiveByOne
	messageReader = marta
)

func TestFiveThousandOpenPagesCostLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("opens 5,000 connections")
	}
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, messageReader)
	path := w.browser().prove(messageReader)
	ts := w.serve()
	var sessions []string
	for range openPages / pagesAtOneGo {
		id, _, err := w.server.Sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: messageReader})
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, id)
	}
	conns := make([]net.Conn, 0, openPages)
	t.Cleanup(func() {
		for _, c := range conns {
			c.Close()
		}
	})
	before := memory()
	for i := range openPages {
		c, err := net.Dial("tcp", ts.Listener.Addr().String())
		if err != nil {
			t.Fatalf("after %d connections: %v", i, err)
		}
		conns = append(conns, c)
		fmt.Fprintf(c, "GET %s/live HTTP/1.1\r\nHost: mail.contoso.example\r\nAccept: text/event-stream\r\n"+
			"User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0\r\nCookie: %s=%s\r\n\r\n",
			path, hostPrefix+readerCookie, sessions[i/pagesAtOneGo])
	}
	for i, c := range conns {
		waitForWord(t, i, c)
	}
	each := (memory() - before) / openPages
	t.Logf("%d open pages cost %d bytes each, the test's own end of the connection included", openPages, each)
	if each > bytesPerPage && !underRace {
		t.Errorf("an open page costs %d bytes, want %d at most", each, bytesPerPage)
	}
	if n := w.server.streams.open(); n != openPages {
		t.Errorf("%d streams are open, want %d: this test measured something else", n, openPages)
	}
}

// waitForWord reads until the first event of a stream. What it reads with is not
// kept.
func waitForWord(t *testing.T, i int, c net.Conn) {
	t.Helper()
	for r := bufio.NewReaderSize(c, 512); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		if strings.HasPrefix(line, "event: "+eventAlive) {
			return
		}
		if strings.HasPrefix(line, "HTTP/1.1") && !strings.Contains(line, " 200 ") {
			t.Fatalf("connection %d: %s", i, line)
		}
	}
}

// memory is how much memory heap and stacks take.
func memory() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}
