package web

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

func TestTypesThatABrowserWouldRunAreNotPassedOn(t *testing.T) {
	for _, kind := range []string{"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript", "", "application/pdf; x=y", "x"} {
		if got := safeType(kind); got != "application/octet-stream" {
			t.Errorf("safeType(%q) = %q", kind, got)
		}
	}
	if got := safeType("application/pdf"); got != "application/pdf" {
		t.Errorf("safeType of a PDF = %q", got)
	}
}

func TestFileThatFailsLaterIsCutAndOneThatFailsAtOnceIsAnError(t *testing.T) {
	broken := errors.New("broken")
	try := func(length int) (rec *httptest.ResponseRecorder, err error, aborted bool) {
		rec = httptest.NewRecorder()
		c := echo.New().NewContext(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), rec)
		defer func() {
			if p, ok := recover().(error); ok {
				aborted = errors.Is(p, http.ErrAbortHandler)
			}
		}()
		content := io.MultiReader(strings.NewReader(strings.Repeat("x", length)), failing{broken})
		err = send(c, file{name: "a.txt", kind: "text/plain", size: int64(length)}, content, freely)
		return rec, err, aborted
	}
	if rec, err, _ := try(100); !errors.Is(err, broken) || rec.Body.Len() > 0 || rec.Header().Get("Content-Disposition") != "" {
		t.Errorf("failing in the first chunk: %v after %d bytes, want the error and nothing sent", err, rec.Body.Len())
	}
	if rec, _, aborted := try(3*chunk + 5); !aborted || rec.Body.Len() > 3*chunk+5 {
		t.Errorf("failing later: aborted %t after %d bytes", aborted, rec.Body.Len())
	}
}

// TestAFileThatEndsTooEarlyTakesBackWhatHasNotLeft has a file's content fail in the middle,
// as it does when access to it ends: what was written and lies in the connection must not
// go on its way as an orderly end would send it.
func TestAFileThatEndsTooEarlyTakesBackWhatHasNotLeft(t *testing.T) {
	wrote := make(chan struct{})
	ended := readerFunc(func([]byte) (int, error) {
		close(wrote)
		return 0, errors.New("access has ended")
	})
	e := echo.New()
	e.GET("/", func(c echo.Context) error {
		half := io.MultiReader(bytes.NewReader(make([]byte, chunk)), ended)
		return send(c, file{name: "a", size: 10 * chunk}, half, freely)
	})
	s := httptest.NewUnstartedServer(e)
	s.Config.ConnContext = ConnContext
	s.Start()
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-wrote
	if _, err := io.Copy(io.Discard, conn); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the file ended with %v, want a reset connection", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
