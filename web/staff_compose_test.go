package web

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// A filled is a compose form as a browser posts it: fields, files, and the
// button that was pressed.
type filled struct {
	fields [][2]string
	files  [][2]string // name, content
	last   [][2]string // behind the files: the button that sends
}

func (f filled) post(b *browser, path string) answer {
	b.w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for _, field := range f.fields {
		_ = m.WriteField(field[0], field[1]) // a buffer takes everything
	}
	if len(f.files) == 0 {
		f.files = [][2]string{{"", ""}} // as browsers do
	}
	for _, file := range f.files {
		p, _ := m.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="files"; filename="%s"`, file[0])},
			"Content-Type":        {"application/octet-stream"},
		})
		_, _ = io.WriteString(p, file[1])
	}
	for _, field := range f.last {
		_ = m.WriteField(field[0], field[1])
	}
	m.Close()
	return b.do(http.MethodPost, path, &body, m.FormDataContentType())
}

// sending is the form of a message that can be sent.
func sending(fields ...[2]string) filled {
	return filled{fields: fields, last: [][2]string{{"do", "send"}}}
}

func TestComposedMessageArrivesWhole(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	f := sending([2]string{"to", "Marta Lind <" + string(marta) + ">"}, [2]string{"subject", "Grüße, and a draft"},
		[2]string{"text", "First line\r\n.\r\nDear Märta\r\n"}, [2]string{"protection", "do-not-forward"},
		[2]string{"expiry", "date"}, [2]string{"expiry-date", "2026-12-04"})
	f.files = [][2]string{{"draft.txt", "one"}, {"Über.pdf", "%PDF-two"}}
	a := f.post(b, "/compose")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), "/sent/") {
		t.Fatalf("send: %d %s %q", a.status, a.location(), a.heading())
	}
	page := b.get(a.location())
	for _, want := range []string{"Grüße, and a draft", "Marta Lind", "Do not forward", "4 December 2026, 23:59 UTC", "draft.txt", "Über.pdf", "You can take it back", "Compose"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the sent message does not say %q", want)
		}
	}
	w.deliver()
	r := w.browser()
	path := r.prove(marta)
	body := r.get(path + "/body").body
	for _, want := range []string{"First line", "Dear Märta"} {
		if !strings.Contains(body, want) {
			t.Errorf("the recipient does not read %q", want)
		}
	}
	var got []string
	for _, part := range regexp.MustCompile(path+`/part/\d+`).FindAllString(r.get(path).body, -1) {
		got = append(got, r.get(part).body)
	}
	if strings.Join(got, "|") != "one|%PDF-two" {
		t.Errorf("attachments: %q", got)
	}
}

func TestBccIsNamedToNobodyElse(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	a := sending([2]string{"to", string(marta)}, [2]string{"bcc", string(jonas)}, [2]string{"subject", "s"}).post(b, "/compose")
	if a.status != http.StatusSeeOther {
		t.Fatalf("send: %d", a.status)
	}
	if page := b.get(a.location()); !strings.Contains(page.body, "jonas.okafor") || !strings.Contains(page.body, "Bcc") {
		t.Error("the sender does not see the Bcc")
	}
	w.deliver()
	r := w.browser()
	path := r.prove(marta)
	for _, p := range []string{path, path + "/body", path + "/message.eml"} {
		if strings.Contains(r.get(p).body, "jonas") {
			t.Errorf("%s names the Bcc", p)
		}
	}
	if len(w.box.Mails(jonas)) != 1 {
		t.Error("the Bcc got no notification")
	}
}

func TestTypedRecipientsNeedNoButton(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	f := sending([2]string{"to", string(marta)}, [2]string{"to-add", string(jonas) + "; " + string(marta)}, [2]string{"subject", "s"})
	a := f.post(b, "/compose")
	if a.status != http.StatusSeeOther {
		t.Fatalf("send: %d", a.status)
	}
	if page := b.get(a.location()); !strings.Contains(page.body, "2 recipients") {
		t.Error("the message has not both recipients, each once")
	}
}

func TestAddAndRemoveShowTheFormAgain(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	add := filled{fields: [][2]string{
		{"to", string(marta)}, {"to-add", "carol@outlook.com"}, {"do", "add"},
		{"subject", "Kept subject"}, {"text", "Kept text"}, {"expiry", "30"}, {"protection", "encrypt-only"},
	}}
	a := add.post(b, "/compose")
	if a.status != http.StatusOK || a.heading() != "Compose" {
		t.Fatalf("add: %d %q", a.status, a.heading())
	}
	for _, want := range []string{"Kept subject", "Kept text", "can be taken back", "because outlook.com receives the message itself",
		"1 of 2 recipients can be taken back,", "by an administrator, because there is more than one recipient. carol@outlook.com cannot",
		"Every recipient gets a link, carol@outlook.com too", `<option value="30" selected`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("after adding, the form does not say %q", want)
		}
	}
	remove := filled{fields: [][2]string{{"to", string(marta)}, {"to", "carol@outlook.com"}, {"remove", "carol@outlook.com"}}}
	a = remove.post(b, "/compose")
	if a.status != http.StatusOK || strings.Contains(a.body, "carol") || !strings.Contains(a.body, "The message can be taken back,") {
		t.Errorf("remove: %d, and carol there: %v", a.status, strings.Contains(a.body, "carol"))
	}
	if n := len(w.box.Mailboxes()); n != 0 {
		t.Errorf("%d mailboxes got mail", n)
	}
}

func TestRecipientsFragmentIsTheSameCode(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	fields := url.Values{"to": {string(marta)}, "cc-add": {"eve@contoso.example, nonsense"}, "do": {"add"}, "text": {"x"}}
	a := b.post("/compose/recipients", fields)
	if a.status != http.StatusOK || strings.Contains(a.body, "<html") {
		t.Fatalf("fragment: %d", a.status)
	}
	for _, want := range []string{`id="recipients"`, `id="send-summary"`, "contoso.example is your own organisation", "“nonsense” is not a mail address", `value="nonsense"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the fragment does not hold %q", want)
		}
	}
	parts := filled{fields: [][2]string{{"to", string(marta)}, {"cc-add", "eve@contoso.example, nonsense"}, {"do", "add"}, {"text", "x"}}}
	if p := parts.post(b, "/compose/recipients"); p.body != a.body {
		t.Error("the same form as multipart gives another fragment")
	}
}

func TestWrongFormKeepsWhatWasTyped(t *testing.T) {
	many := make([][2]string, 0, 101)
	for i := range 101 {
		many = append(many, [2]string{"to", fmt.Sprintf("r%d@riverside.example", i)})
	}
	tests := []struct {
		name   string
		fields [][2]string
		want   string
	}{
		{"nobody", [][2]string{{"to", ""}}, "Add at least one recipient"},
		{"no address", [][2]string{{"to-add", "someone at nowhere"}}, "“someone at nowhere” is not a mail address"},
		{"several", [][2]string{{"to-add", "a, b"}}, "“a” and “b” are not mail addresses"},
		{"101 recipients", many, "A message may have 100 recipients; these are 101"},
		{"past", [][2]string{{"to", string(marta)}, {"expiry", "date"}, {"expiry-date", "2026-11-19"}}, "must not be in the past"},
		{"no date", [][2]string{{"to", string(marta)}, {"expiry", "date"}}, "Choose the last day"},
		{"odd date", [][2]string{{"to", string(marta)}, {"expiry", "date"}, {"expiry-date", "soon"}}, "is not a date"},
		{"odd expiry", [][2]string{{"to", string(marta)}, {"expiry", "1000"}}, "Choose when the message expires"},
		{"odd protection", [][2]string{{"to", string(marta)}, {"protection", "none"}}, "Choose a protection"},
		{"long text", [][2]string{{"to", string(marta)}, {"text", strings.Repeat("x", maxText+1)}}, "of text; attach the rest as a file"},
	}
	w := newWorld(t, func(o *Options) { o.MaxUpload = 8 << 20 })
	b := w.browser().signIn(ada)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := sending(append(tt.fields, [2]string{"subject", "Kept subject"})...)
			f.files = [][2]string{{"a.txt", strings.Repeat("a", 200_000)}}
			a := f.post(b, "/compose")
			if a.status != http.StatusUnprocessableEntity || a.heading() != "Compose" {
				t.Fatalf("status %d %q", a.status, a.heading())
			}
			for _, want := range []string{tt.want, "Kept subject", "Choose the files again", "Error: Compose"} {
				if !strings.Contains(a.body, want) {
					t.Errorf("the form does not say %q", want)
				}
			}
		})
	}
	if list := b.get("/sent"); !strings.Contains(list.body, "Nothing sent yet.") {
		t.Error("something was sent")
	}
}

func TestHostileFormsAreRefused(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	tests := []struct {
		name, kind, body string
		want             int
	}{
		{"no type", "", "x", 422},
		{"text", "text/plain", "x", 422},
		{"no boundary", "multipart/form-data", "x", 422},
		{"cut short", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nmarta", 422},
		{"long field", "application/x-www-form-urlencoded", "to=" + strings.Repeat("a", maxField+1), 422},
		{"many fields", "application/x-www-form-urlencoded", strings.Repeat("to=a&", maxFields+1), 422},
	}
	for _, tt := range tests {
		if a := b.do(http.MethodPost, "/compose", strings.NewReader(tt.body), tt.kind); a.status != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, a.status, tt.want)
		}
	}
	f := sending([2]string{"to", string(marta)}, [2]string{"subject", "a\r\nBcc: " + string(jonas)})
	if a := f.post(b, "/compose"); a.status != 422 || !strings.Contains(a.body, "characters that a mail cannot carry") {
		t.Errorf("subject of two lines: %d", a.status)
	}
}

func TestMessageOverTheLimitIsNotSent(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	f := sending([2]string{"to", string(marta)}, [2]string{"subject", "Kept subject"})
	f.files = [][2]string{{"a.bin", strings.Repeat("a", 800_000)}}
	a := f.post(b, "/compose")
	if a.status != http.StatusRequestEntityTooLarge || !strings.Contains(a.body, "The files are larger than 766 KB together") || !strings.Contains(a.body, "Kept subject") {
		t.Errorf("800 KB: %d %q", a.status, a.heading())
	}
	f.files = [][2]string{{"a.bin", strings.Repeat("a", 3<<20)}}
	if a := f.post(b, "/compose"); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("3 MB: %d, want 413", a.status)
	}
	if list := b.get("/sent"); !strings.Contains(list.body, "Nothing sent yet.") {
		t.Error("something was sent")
	}
	f.files = [][2]string{{"a.bin", strings.Repeat("a", 760_000)}}
	if a := f.post(b, "/compose"); a.status != http.StatusSeeOther {
		t.Errorf("what the page promises: %d, want 303", a.status)
	}
}

// A slowFile gives n bytes and looks at the memory in use on the way.
type slowFile struct {
	left  int
	since int
	peak  *uint64
}

func (f *slowFile) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), f.left)
	for i := range p[:n] {
		p[i] = 'a'
	}
	f.left -= n
	if f.since += n; f.since > 2<<20 {
		f.since = 0
		*f.peak = max(*f.peak, inUse())
	}
	return n, nil
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestLargeFileStreamsThrough(t *testing.T) {
	const large = 20 << 20
	w := newWorld(t, func(o *Options) { o.MaxUpload = 40 << 20 })
	b := w.browser().signIn(ada)
	before := inUse()
	peak := before
	head := "--x\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n" + string(marta) +
		"\r\n--x\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nLarge" +
		"\r\n--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"large.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
	body := io.MultiReader(strings.NewReader(head), &slowFile{left: large, peak: &peak}, strings.NewReader("\r\n--x--\r\n"))
	a := b.do(http.MethodPost, "/compose", body, "multipart/form-data; boundary=x")
	if a.status != http.StatusSeeOther {
		t.Fatalf("send: %d %q", a.status, a.heading())
	}
	if grown := int64(peak) - int64(before); grown > 12<<20 {
		t.Errorf("sending 20 MB held %d bytes in memory", grown)
	}
	id := letterlock.ID(strings.TrimPrefix(a.location(), "/sent/"))
	l, err := w.server.Access.Open(t.Context(), w.actors[ada], id)
	if err != nil {
		t.Fatal(err)
	}
	if files := l.Attachments(); len(files) != 1 || files[0].Size != large {
		t.Errorf("attachments: %v", files)
	}
}

func TestComposeStartsEmpty(t *testing.T) {
	w := newWorld(t)
	a := w.browser().signIn(ada).get("/compose")
	if a.status != 200 || a.heading() != "Compose" || strings.Contains(a.body, `class="error"`) {
		t.Errorf("compose: %d %q", a.status, a.heading())
	}
	for _, want := range []string{"In 14 days, 4 December 2026", "The notification does not show it.", `name="files"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the form does not say %q", want)
		}
	}
	if strings.LastIndex(a.body, `name="files"`) < strings.LastIndex(a.body, `name="text"`) {
		t.Error("the files do not come last")
	}
}

func TestSendersChooseInComposeWhatTheyAreTold(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	rules := &w.server.Intake.Rules.Notices
	shown := regexp.MustCompile(`name="notice" value="(\w+)"( checked)?`)
	ticks := func(page string) string {
		var list []string
		for _, m := range shown.FindAllStringSubmatch(page, -1) {
			list = append(list, m[1]+m[2])
		}
		return strings.Join(list, ", ")
	}
	if got := ticks(b.get("/compose").body); got != "read" {
		t.Errorf("without settings Compose offers %q, want the first reading alone", got)
	}
	*rules = policy.Notices{AsSet: true}
	if page := b.get("/compose").body; strings.Contains(page, `name="notice`) || strings.Contains(page, "Tell me by mail") {
		t.Error("Compose offers notices where the settings have none")
	}
	*rules = policy.Notices{FirstRead: true, UnreadAfter: letterlock.Span(72 * time.Hour), Expiring: letterlock.Span(24 * time.Hour)}
	page := b.get("/compose").body
	if got := ticks(page); got != "read checked, unread checked, expiring checked" {
		t.Errorf("with all settings Compose offers %q", got)
	}
	for _, want := range []string{"Who has not read it after 3 days", "24 hours before it expires"} {
		if !strings.Contains(page, want) {
			t.Errorf("Compose does not say %q", want)
		}
	}
	f := sending([2]string{"notices", "shown"}, [2]string{"notice", "unread"}, [2]string{"notice", "everything"}, [2]string{"subject", "x"})
	if a := f.post(b, "/compose"); a.status != 422 || ticks(a.body) != "read, unread checked, expiring" {
		t.Errorf("after a mistake: %d, %q; want what was chosen", a.status, ticks(a.body))
	}
	f.fields = append(f.fields, [2]string{"to", string(marta)}, [2]string{"expiry", "7"})
	a := f.post(b, "/compose")
	if a.status != http.StatusSeeOther {
		t.Fatalf("send: %d %q", a.status, a.heading())
	}
	id := letterlock.ID(strings.TrimPrefix(a.location(), "/sent/"))
	err := w.server.Intake.DB.Read(t.Context(), func(tx *store.Tx) error {
		for kind, want := range map[policy.ReminderKind]bool{policy.OnRead: false, policy.Unread: true, policy.Expiring: false} {
			if has, err := tx.HasReminder(id, kind); err != nil || has != want {
				t.Errorf("to be told %s: %t, %v; want %t", kind, has, err, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
