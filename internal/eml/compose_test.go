package eml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/mail"
	"runtime"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

var (
	ada   = letterlock.Mailbox{Name: "Ada Lovelace", Address: "ada@contoso.example"}
	grace = letterlock.Mailbox{Name: `Hopper, "Amazing" Grace`, Address: "grace@example.com"}
	jorg  = letterlock.Mailbox{Name: "Jörg Müller-Lüdenscheidt von und zu Hohenlohe-Langenburg, genannt Jörg der Große", Address: "jörg@example.com"}
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("", 3600))
)

// seq yields files, and err at the end if there is one.
func seq(err error, files ...File) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for _, f := range files {
			if !yield(f, nil) {
				return
			}
		}
		if err != nil {
			yield(File{}, err)
		}
	}
}

func compose(t testing.TB, d Draft) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Compose(&b, d); err != nil {
		t.Fatalf("Compose: %v", err)
	}
	return b.Bytes()
}

func TestWhatIsComposedIsReadAgain(t *testing.T) {
	pdf := bytes.Repeat([]byte{0, 1, 2, 0xff, '\r', '\n'}, 30_000)
	longName := strings.Repeat("Vierteljahresbericht ü ", 8) + ".pdf"
	d := Draft{
		From: ada, Sender: grace, ReplyTo: []letterlock.Mailbox{jorg}, To: []letterlock.Mailbox{grace, jorg}, Cc: []letterlock.Mailbox{ada},
		Subject: strings.Repeat("Der große Bericht ✓ ", 20) + "Ende", MessageID: "<one@contoso.example>", InReplyTo: "<zero@x>",
		References: []string{"<zero@x>", "<" + strings.Repeat("r", 100) + "@x>"}, Date: noon,
		Header: [][2]string{{"Auto-Submitted", "auto-generated"}, {"X-Letterlock-Protection", "encrypt-only"}},
		Text:   "Grüße\n\n.\nFrom here = " + strings.Repeat("long ", 300) + "\n--\n", HTML: `<p>Grüße <img src="cid:logo@x">`,
		Inline: []File{{Name: "logo.png", Type: "image/png", ContentID: "logo@x", Body: strings.NewReader("png")}},
		Files: seq(nil, File{Name: longName, Type: "application/pdf", Body: bytes.NewReader(pdf)},
			File{Name: `a "b".eml`, Type: "message/rfc822", Body: strings.NewReader("Subject: x\n")}, File{Type: "nonsense"}),
	}
	raw := compose(t, d)
	ix := index(t, raw)
	checkIndex(t, "composed", ix, raw)
	h := ix.Header
	got := fmt.Sprint(h.From, h.Sender, h.ReplyTo, h.To, h.Cc, h.Bcc, h.Subject, h.MessageID, h.InReplyTo, h.References, h.Date.Equal(noon), h.Protection, h.AutoSubmitted, h.Bad)
	want := fmt.Sprint(Mailboxes{ada}, Mailboxes{grace}, d.ReplyTo, d.To, d.Cc, Mailboxes{}, d.Subject, d.MessageID, d.InReplyTo, d.References, true, "encrypt-only", "auto-generated", []string{})
	if got != want {
		t.Errorf("read\n%s\nwritten\n%s", got, want)
	}
	if ix.Defects != 0 || ix.BareCR || ix.BareLF || ix.NUL {
		t.Errorf("the mail is odd: %+v", ix)
	}
	body := func(i int) string {
		b, _ := io.ReadAll(ix.Open(bytes.NewReader(raw), i))
		return string(b)
	}
	if got := body(ix.TextPart()); got != strings.ReplaceAll(d.Text, "\n", "\r\n") {
		t.Errorf("text %q", got)
	}
	if got := body(ix.HTMLPart()); got != d.HTML+"\r\n" {
		t.Errorf("HTML %q", got)
	}
	if got := body(ix.Inline()["logo@x"]); got != "png" {
		t.Errorf("image %q", got)
	}
	files := ix.Attachments()
	if len(files) != 3 || ix.Parts[files[0]].Name != longName || body(files[0]) != string(pdf) || ix.Parts[files[1]].Name != "a _b_.eml" || ix.Parts[files[2]].Name != "attachment.bin" {
		t.Errorf("attachments %v of %+v", files, ix.Parts)
	}
}

func TestEveryServerTakesWhatIsComposed(t *testing.T) {
	raw := compose(t, Draft{
		From: jorg, To: []letterlock.Mailbox{grace, jorg, ada, grace, jorg, ada}, Date: noon, Subject: strings.Repeat("word ", 50) + "ünd", Text: strings.Repeat("x", 5000),
		Files: seq(nil, File{Name: strings.Repeat("界", 200), Type: "image/png", Body: strings.NewReader(strings.Repeat("y", 1000))}),
	})
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		t.Error("the last line does not end")
	}
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 78 {
			t.Errorf("line of %d: %q", len(line), line)
		}
		if strings.TrimSpace(line) == "" && line != "" {
			t.Error("a line of blanks, which ends a header for some")
		}
	}
	// The standard library is a stricter reader than ours.
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != strings.Repeat("word ", 50)+"ünd" {
		t.Errorf("subject %q, %v", subject, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 6 || to[1].Name != jorg.Name {
		t.Errorf("to %v, %v", to, err)
	}
}

func TestNothingAddsALineToTheHeader(t *testing.T) {
	const evil = "x\r\nBcc: eve@example.com"
	tests := map[string]func(*Draft){
		"subject":     func(d *Draft) { d.Subject = evil },
		"from":        func(d *Draft) { d.From.Name = evil },
		"sender":      func(d *Draft) { d.Sender = letterlock.Mailbox{Name: "a\x00", Address: ada.Address} },
		"to":          func(d *Draft) { d.To = []letterlock.Mailbox{{Address: "a@b.example\n"}} },
		"cc":          func(d *Draft) { d.Cc = []letterlock.Mailbox{{Address: "a@b.example>, <c@d.example"}} },
		"message-id":  func(d *Draft) { d.MessageID = "<a@b>\r\nX: y" },
		"in-reply-to": func(d *Draft) { d.InReplyTo = "none" },
		"references":  func(d *Draft) { d.References = []string{"<a@b>", "<a\n@b>"} },
		"date":        func(d *Draft) { d.Date = time.Time{} },
		"header":      func(d *Draft) { d.Header = [][2]string{{"X-A", evil}} },
		"header ":     func(d *Draft) { d.Header = [][2]string{{"X-A: b\r\nX-B", "c"}} },
		"header  ":    func(d *Draft) { d.Header = [][2]string{{"Bcc", "eve@example.com"}} },
		"header   ":   func(d *Draft) { d.Header = [][2]string{{"Content-Type", "text/html"}} },
		"header    ":  func(d *Draft) { d.Header = [][2]string{{"X-A", strings.Repeat("x", 2000)}} },
	}
	for key, spoil := range tests {
		d := Draft{From: ada, Date: noon, Text: "x"}
		compose(t, d) // or the refusal below would prove nothing
		spoil(&d)
		var b bytes.Buffer
		err := Compose(&b, d)
		if !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != strings.TrimSpace(key) || b.Len() > 0 {
			t.Errorf("%s: %v after %d bytes", key, err, b.Len())
		}
	}
	d := Draft{From: ada, Date: noon, HTML: "x", Inline: []File{{ContentID: evil}}}
	if err := Compose(io.Discard, d); letterlock.KeyOf(err) != "content-id" {
		t.Errorf("content-id: %v", err)
	}
}

func TestAMailWithoutVisibleRecipientsSaysSo(t *testing.T) {
	if raw := compose(t, Draft{From: ada, Date: noon}); !bytes.Contains(raw, []byte("\r\nTo: undisclosed-recipients:;\r\n")) {
		t.Errorf("mail:\n%s", raw)
	}
}

func TestAFailureWhileWritingIsReported(t *testing.T) {
	broken := errors.New("broken")
	drafts := map[string]Draft{
		"files": {From: ada, Date: noon, Files: seq(broken, File{Name: "a"})},
		"body":  {From: ada, Date: noon, Files: seq(nil, File{Body: io.MultiReader(strings.NewReader("x"), failing{broken})})},
	}
	for name, d := range drafts {
		if err := Compose(io.Discard, d); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range 20 {
		d := Draft{From: ada, Date: noon, Text: strings.Repeat("x", 9000), HTML: "y", Inline: []File{{ContentID: "a"}}, Files: seq(nil, File{Body: strings.NewReader(strings.Repeat("z", 50000))})}
		if err := Compose(&full{left: n * 4096, err: broken}, d); !errors.Is(err, broken) {
			t.Errorf("writer full after %d bytes: %v", n*4096, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A full takes so many bytes and no more.
type full struct {
	left int
	err  error
}

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, f.err
	}
	return len(p), nil
}

func TestFilesAreNeverHeldInMemory(t *testing.T) {
	// A file through a composer and an indexer, with nothing between.
	const size = 16 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x := NewIndexer(Limits{})
	err := Compose(x, Draft{From: ada, Date: noon, Files: seq(nil, File{Name: "big.bin", Body: io.LimitReader(zeros{}, size)})})
	if err != nil {
		t.Fatal(err)
	}
	ix, err := x.Close()
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	got, used := ix.Parts[len(ix.Parts)-1].Size, after.TotalAlloc-before.TotalAlloc
	if got != size || used > 1<<20 {
		t.Errorf("a file of %d bytes (%d noted) took %d of memory", size, got, used)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestMessageIDsAreUnique(t *testing.T) {
	a, b := NewMessageID("contoso.example"), NewMessageID("contoso.example")
	if a == b || wholeID(a) != a || !strings.HasSuffix(a, "@contoso.example>") {
		t.Errorf("%s, %s", a, b)
	}
}
