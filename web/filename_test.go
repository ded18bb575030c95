package web

import (
	"fmt"
	"mime"
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestFileNamesAreHarmless(t *testing.T) {
	tests := []struct {
		name, given, want string
	}{
		{"plain", "report.pdf", "report.pdf"},
		{"letters of other scripts", "Überweisung 契約.pdf", "Überweisung 契約.pdf"},
		{"quotes and percent", `a"b%22c.txt`, `a_b%22c.txt`},
		{"path", "../../etc/passwd", "_.._etc_passwd"},
		{"path of Windows", `C:\autoexec.bat`, "C__autoexec.bat"},
		{"header", "a\r\nSet-Cookie: x=1", "aSet-Cookie_ x=1"},
		{"direction turned", "invoice\u202egpj.exe", "invoicegpj.exe"},
		{"invisible", "a\u200b\ufeffb\u2066.txt", "ab.txt"},
		{"only dots", "...", "attachment"},
		{"hidden", ".htaccess", "htaccess"},
		{"empty", "", "attachment"},
		{"not UTF-8", "a\xff\xfeb.txt", "ab.txt"},
		{"direction marked", "\u061ca\u200e\u200f\u202a\u2067b.txt", "ab.txt"},
		{"lines", "a\u2028b\u2029\u0085c.txt", "abc.txt"},
		{"device", "CON", "_CON"},
		{"device with an ending", "nul.tar.gz", "_nul.tar.gz"},
		{"device with a blank", "Com1 .txt", "_Com1 .txt"},
		{"device with a raised digit", "lpt².txt", "_lpt².txt"},
		{"no device", "console.txt", "console.txt"},
		{"end that Windows leaves out", "a.exe. . ", "a.exe"},
		{"stream", "a.txt::$DATA", "a.txt__$DATA"},
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
	for _, given := range []string{strings.Repeat("契", 300) + ".pdf", strings.Repeat("a. ", 300) + ".pdf"} {
		long := fileName(given)
		if len(long) > maxName || len(long) < maxName-8 || !strings.HasSuffix(long, ".pdf") || strings.ContainsRune(long, unicode.ReplacementChar) {
			t.Errorf("a long name becomes %q", long)
		}
	}
	if got := fileName(strings.Repeat("a", 300)); len(got) != maxName {
		t.Errorf("a long name without an ending has %d bytes", len(got))
	}
}

func TestNamesInOneFolderDiffer(t *testing.T) {
	long := strings.Repeat("a", maxName-4) + ".pdf"
	tests := []struct{ given, want string }{
		{"report.pdf", "report.pdf"},
		{"report.pdf", "report (2).pdf"},
		{"Report.PDF", "Report (3).PDF"},
		{"report (2).pdf", "report (2) (2).pdf"},
		{"caf\u00e9", "caf\u00e9"},
		{"cafe\u0301", "cafe\u0301 (2)"},
		{"attachment", "attachment"},
		{long, long},
		{long, strings.Repeat("a", maxName-8) + " (2).pdf"},
	}
	names := unique{}
	for _, tt := range tests {
		if got := names.name(tt.given); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.given, got, tt.want)
		}
	}
}

func TestManyFilesOfOneNameTakeLittleTime(t *testing.T) {
	names, start := unique{}, time.Now()
	for i := range 20_000 {
		if got, want := names.name("attachment.bin"), fmt.Sprintf("attachment (%d).bin", i+1); i > 0 && got != want {
			t.Fatalf("file %d is %q, want %q", i, got, want)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
