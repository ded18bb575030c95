package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"

	"github.com/labstack/echo/v4"
)

func TestFileNamesAreHarmless(t *testing.T) {
	tests := []struct {
		name, given, want string
	}{
		{"plain", "report.pdf", "report.pdf"},
		{"letters of other scripts", "Überweisung 契約.pdf", "Überweisung 契約.pdf"},
		{"quotes and percent", `a"b%22c.txt`, `a"b%22c.txt`},
		{"path", "../../etc/passwd", "_.._etc_passwd"},
		{"path of Windows", `C:\autoexec.bat`, "C__autoexec.bat"},
		{"header", "a\r\nSet-Cookie: x=1", "aSet-Cookie_ x=1"},
		{"direction turned", "invoice\u202egpj.exe", "invoicegpj.exe"},
		{"invisible", "a\u200b\ufeffb\u2066.txt", "ab.txt"},
		{"only dots", "...", "attachment"},
		{"hidden", ".htaccess", "htaccess"},
		{"empty", "", "attachment"},
		{"not UTF-8", "a\xff\xfeb.txt", "ab.txt"},
		{"escape", "a\x1b[2Jb.txt", "a[2Jb.txt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fileName(tt.given); got != tt.want {
				t.Errorf("fileName(%q) = %q, want %q", tt.given, got, tt.want)
			}
			header := disposition(tt.given)
			if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("the header is not ASCII: %q", header)
			}
			kind, params, err := mime.ParseMediaType(header)
			if err != nil || kind != "attachment" || params["filename"] != tt.want {
				t.Errorf("%q reads as %s %q, %v; want %q", header, kind, params["filename"], err, tt.want)
			}
		})
	}
	long := fileName(strings.Repeat("契", 300) + ".pdf")
	if len(long) > maxName || !strings.HasSuffix(long, ".pdf") || strings.ContainsRune(long, unicode.ReplacementChar) {
		t.Errorf("a long name becomes %q", long)
	}
}

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
