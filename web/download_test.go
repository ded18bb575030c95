package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
