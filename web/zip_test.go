package web

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// withFiles is a mail with these attachments.
func withFiles(t *testing.T, subject string, files ...eml.File) string {
	t.Helper()
	var b bytes.Buffer
	d := eml.Draft{From: letterlock.Mailbox{Address: ada}, To: []letterlock.Mailbox{{Address: marta}}, Subject: subject, Text: secretText,
		Date: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
	d.Files = func(yield func(eml.File, error) bool) {
		for _, f := range files {
			if !yield(f, nil) {
				return
			}
		}
	}
	if err := eml.Compose(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func attached(name, kind, content string) eml.File {
	return eml.File{Name: name, Type: kind, Body: strings.NewReader(content)}
}

// unpack returns what a zip file holds: names and contents, in its order.
func unpack(t *testing.T, a answer) (list [][2]string, methods []uint16) {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatalf("%d, and no zip file: %v", a.status, err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		list, methods = append(list, [2]string{f.Name, string(content)}), append(methods, f.Method)
	}
	return list, methods
}

func TestAllAttachmentsComeInOneFileUnderNamesThatDoNoHarm(t *testing.T) {
	w := newWorld(t)
	text := strings.Repeat("figures of the year\n", 500)
	id := w.submit(ada, intakeTo(marta), withFiles(t, `Offer: "final" / 2026`,
		attached("report.pdf", "application/pdf", "one"), attached("Report.pdf", "application/pdf", "two"),
		attached("../../etc/passwd", "text/plain", "three"), attached("invoice\u202egpj.exe", "application/octet-stream", "four"),
		attached("CON.txt", "text/plain", "five"), attached("", "image/png", "six"), attached("figures.csv", "text/csv", text)))
	b := w.browser()
	path := b.prove(marta)
	if page := b.get(path).body; !strings.Contains(page, path+"/attachments.zip") {
		t.Error("the page does not offer all attachments")
	}
	want := [][2]string{{"report.pdf", "one"}, {"Report (2).pdf", "two"}, {"passwd", "three"}, {"invoicegpj.exe", "four"},
		{"_CON.txt", "five"}, {"attachment.png", "six"}, {"figures.csv", text}}
	staff := w.browser().signIn(ada)
	for from, all := range map[string]answer{"reader": b.get(path + "/attachments.zip"), "sender": staff.get("/sent/" + string(id) + "/attachments.zip")} {
		got, methods := unpack(t, all)
		if !slices.Equal(got, want) {
			t.Errorf("%s gets %.400q, want %.400q", from, got, want)
		}
		if methods[0] != zip.Store || methods[6] != zip.Deflate || len(all.body) > len(text)/2 {
			t.Errorf("%s: methods %v, %d bytes; only what can be made smaller is", from, methods, len(all.body))
		}
		for name, value := range map[string]string{
			"Content-Disposition": `attachment; filename="Offer_ _final_ _ 2026.zip"`, "Content-Type": "application/zip",
			"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "no-store", "Accept-Ranges": "", "Etag": "",
		} {
			if got := all.header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", from, name, got, value)
			}
		}
	}
	if page := staff.get("/sent/" + string(id)).body; !strings.Contains(page, "/sent/"+string(id)+"/attachments.zip") || !strings.Contains(texts(page), "Downloaded 7 of 7") {
		t.Errorf("Sent does not offer them, or does not say that they were downloaded:\n%s", texts(page))
	}
}

func TestEachFileOfTheZipIsInTheHistoryAndTheActInTheAuditLog(t *testing.T) {
	w := newWorld(t)
	id := w.submit(ada, intakeTo(marta), withFiles(t, "Two", attached("a.txt", "text/plain", "a"), attached("b.txt", "text/plain", "b")))
	b := w.browser()
	path := b.prove(marta)
	count := func() (parts []int, audited int) {
		w.t.Helper()
		err := w.db.Read(t.Context(), func(tx *store.Tx) error {
			entries, err1 := tx.Entries(id)
			for _, e := range entries {
				if e.Action == "download" && e.Allowed {
					audited++
				}
			}
			all, err2 := tx.Events(id)
			for _, events := range all {
				for _, e := range events {
					if e.Kind == letterlock.Downloaded {
						parts = append(parts, e.Part)
					}
				}
			}
			return errors.Join(err1, err2)
		})
		if err != nil {
			t.Fatal(err)
		}
		return parts, audited
	}
	b.do(http.MethodHead, path+"/attachments.zip", nil, "")
	w.browser().signIn(ada).get("/sent/" + string(id) + "/attachments.zip")
	if parts, audited := count(); len(parts) != 0 || audited != 0 {
		t.Fatalf("HEAD and the sender's own download count: %v, %d", parts, audited)
	}
	b.get(path + "/attachments.zip")
	if parts, audited := count(); !slices.Equal(parts, []int{2, 3}) || audited != 1 {
		t.Errorf("parts %v and %d entries of the audit log, want 2 and 3, and one", parts, audited)
	}
}

func TestZipIsRefusedWhereItsFilesAre(t *testing.T) {
	two := func(t *testing.T) string {
		return withFiles(t, "Two", attached("a.txt", "text/plain", "a"), attached("b.txt", "text/plain", "b"))
	}
	without := func(o *Options) { o.DownloadsUnderDoNotForward, o.Access.DownloadsUnderDoNotForward = false, false }
	tests := []struct {
		name       string
		change     func(*Options)
		protection letterlock.Protection
		raw        func(*testing.T) string
		status     int
		offered    bool
	}{
		{"do not forward", func(*Options) {}, letterlock.DoNotForward, two, 200, true},
		{"do not forward without downloads", without, letterlock.DoNotForward, two, 403, false},
		{"encrypt only", without, letterlock.EncryptOnly, two, 200, true},
		{"no attachments", func(*Options) {}, letterlock.EncryptOnly, func(t *testing.T) string { return withFiles(t, "None") }, 404, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.change)
			w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Protection: tt.protection}, tt.raw(t))
			b := w.browser()
			path := b.prove(marta)
			if got := b.get(path + "/attachments.zip").status; got != tt.status {
				t.Errorf("%d, want %d", got, tt.status)
			}
			if got := strings.Contains(b.get(path).body, "attachments.zip"); got != tt.offered {
				t.Errorf("offered: %t", got)
			}
		})
	}
}

// A zip file whose end is missing cannot be taken for a whole one, and the
// connection is cut as well.
func TestRevocationCutsTheZip(t *testing.T) {
	w := newWorld(t)
	large := strings.Repeat("0123456789abcdef", 60_000)
	id := w.submit(ada, intakeTo(marta), withFiles(t, "Large", attached("a.bin", "application/zip", large), attached("b.bin", "application/zip", large)))
	b := w.browser()
	path := b.prove(marta)
	rec := &cutter{ResponseRecorder: httptest.NewRecorder(), at: 256 << 10}
	answered := 0
	rec.do = func() {
		if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
			t.Error(err)
		}
		answered = rec.Body.Len()
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", path+"/attachments.zip", nil)
	r.Host = b.host
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	aborted := func() (aborted bool) {
		defer func() {
			err, ok := recover().(error)
			aborted = ok && errors.Is(err, http.ErrAbortHandler)
		}()
		w.server.Handler().ServeHTTP(rec, r)
		return false
	}()
	if got := rec.Body.Len(); !aborted || answered < 256<<10 || got != answered {
		t.Errorf("cut: %t, with %d bytes before the answer of Revoke and %d in all", aborted, answered, got)
	}
	if n := w.server.Access.Readers(); n != 0 {
		t.Errorf("%d leases are left", n)
	}
	if a := b.get(path + "/attachments.zip"); a.status != 410 || a.heading() != revoked {
		t.Errorf("afterwards: %d %q", a.status, a.heading())
	}
}

func TestFileOfManyAttachmentsIsMadeInOrder(t *testing.T) {
	w := newWorld(t)
	var files []eml.File
	for i := range 300 {
		files = append(files, attached("page.txt", "text/plain", fmt.Sprint(i)))
	}
	w.submit(ada, intakeTo(marta), withFiles(t, "Many", files...))
	b := w.browser()
	got, _ := unpack(t, b.get(b.prove(marta)+"/attachments.zip"))
	if len(got) != 300 || got[299] != [2]string{"page (300).txt", "299"} {
		t.Errorf("%d files, the last %v", len(got), got[len(got)-1])
	}
}
