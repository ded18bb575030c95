package eml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// index returns the Index of raw, which must not pass a limit.
func index(t testing.TB, raw []byte) *Index {
	t.Helper()
	ix, err := indexBy(raw, len(raw), Limits{})
	if err != nil {
		t.Fatalf("indexing: %v", err)
	}
	return ix
}

// indexBy indexes raw in writes of size bytes.
func indexBy(raw []byte, size int, limits Limits) (*Index, error) {
	x := NewIndexer(limits)
	for chunk := range slices.Chunk(raw, max(size, 1)) {
		if _, err := x.Write(chunk); err != nil {
			return nil, err
		}
	}
	return x.Close()
}

// mailOf makes a raw mail of lines.
func mailOf(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// sample is a mail with everything in it.
var sample = mailOf(
	`Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0000`,
	`From: =?utf-8?q?Ada_L=C3=B6velace?= <ada@contoso.example>`,
	`To: "Hopper, Grace" <grace@example.com>, Team: bob@example.com, carol@example.com;`,
	`Cc: dave@example.com (Dave)`,
	`BCC : secret@example.com,`,
	`	other@example.com`,
	`Subject: [secure] =?utf-8?b?UXVhcnRlcmx5IHJlcG9ydCDinJM=?=`,
	`Date: Mon, 2 Mar 2026 11:00:00 +0100`,
	`Message-ID: <one@contoso.example>`,
	`References: <a@x> junk <b@x>`,
	`X-Letterlock-Protection: do-not-forward`,
	`MIME-Version: 1.0`,
	`Content-Type: multipart/mixed; boundary="outer"`,
	``,
	`preamble`,
	`--outer`,
	`Content-Type: multipart/alternative; boundary=alt`,
	``,
	`--alt`,
	`Content-Type: text/plain; charset=iso-8859-1; format=flowed; delsp=yes`,
	`Content-Transfer-Encoding: quoted-printable`,
	``,
	`Gr=FC=DFe =20=`,
	`x`,
	`--alt`,
	`Content-Type: multipart/related; boundary=rel; start="<root>"`,
	``,
	`--rel`,
	`Content-Type: image/png`,
	`Content-ID: <logo@x>`,
	`Content-Disposition: inline; filename=logo.png`,
	`Content-Transfer-Encoding: base64`,
	``,
	`aGVs!bG8=`,
	`--rel`,
	`Content-Type: text/html`,
	`Content-ID: <root>`,
	``,
	`<p>Grüße</p>`,
	`--rel--`,
	`--alt--`,
	`--outer`,
	`Content-Type: message/rfc822`,
	``,
	`Subject: inner`,
	`Bcc: kept@example.com`,
	`Content-Type: multipart/mixed; boundary=inner`,
	``,
	`--inner`,
	``,
	`inner text`,
	`--inner`,
	`Content-Type: application/pdf`,
	``,
	`x`,
	`--outer`,
	`Content-Type: application/pdf; name="ignored.pdf"`,
	`Content-Disposition: attachment;`,
	` filename*0*=utf-8''Bericht%20;`,
	` filename*1*=%E2%9C%93;`,
	` filename*2=".pdf"`,
	`Content-Transfer-Encoding: base64`,
	``,
	`AAECAw==`,
	``,
	`--outer--`,
	`epilogue`,
)

func TestEveryPartIsFound(t *testing.T) {
	ix := index(t, sample)
	var got []string
	for i, p := range ix.Parts {
		line := fmt.Sprintf("%d in %d: %s %q", i, p.Parent, p.Type, p.Name)
		if b, _ := io.ReadAll(ix.Open(bytes.NewReader(sample), i)); !p.multipart() && !p.message() {
			line += fmt.Sprintf(" %q", b)
		}
		got = append(got, line)
	}
	want := []string{
		`0 in -1: multipart/mixed ""`,
		`1 in 0: multipart/alternative ""`,
		`2 in 1: text/plain "" "Gr\xfc\xdfe  x"`,
		`3 in 1: multipart/related ""`,
		`4 in 3: image/png "logo.png" "hello"`,
		`5 in 3: text/html "" "<p>Grüße</p>"`,
		`6 in 0: message/rfc822 "message.eml"`,
		`7 in 6: multipart/mixed ""`,
		`8 in 7: text/plain "" "inner text"`,
		`9 in 7: application/pdf "" "x"`,
		`10 in 0: application/pdf "Bericht ✓.pdf" "\x00\x01\x02\x03"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("parts:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if text := ix.Parts[2]; text.Charset != "iso-8859-1" || !text.Flowed || !text.DelSp {
		t.Errorf("text part: %+v", text)
	}
	checkIndex(t, "sample", ix, sample)
}

func TestTheReaderSeesOneBodyAndTheRestAsAttachments(t *testing.T) {
	const text, html = "Content-Type: text/plain\n\nwords", "Content-Type: text/html\n\n<p>"
	const pdf, image = "Content-Type: application/pdf\n\nx", "Content-Type: image/png\nContent-ID: <i>\n\nx"
	attached := func(s string) string { return "Content-Disposition: attachment\n" + s }
	multi := func(kind string, parts ...string) string {
		b := fmt.Sprintf("b%d", len(kind)*1000+len(strings.Join(parts, "")))
		return "Content-Type: multipart/" + kind + "; boundary=" + b + "\n\n--" + b + "\n" + strings.Join(parts, "\n--"+b+"\n") + "\n--" + b + "--"
	}
	tests := []struct {
		name       string
		mail       string
		text, html int
		files      []int
		inline     map[string]int
	}{
		{"plain text", text, 0, -1, nil, nil},
		{"a page", html, -1, 0, nil, nil},
		{"a file as the whole mail", pdf, -1, -1, []int{0}, nil},
		{"a text file as the whole mail", attached(text), -1, -1, []int{0}, nil},
		{"alternatives", multi("alternative", text, html), 1, 2, nil, nil},
		{"the richest page last", multi("alternative", text, html, html), 1, 3, nil, nil},
		{"an invitation", multi("alternative", text, "Content-Type: text/calendar; method=request\n\nx"), 1, -1, []int{2}, nil},
		{"an unknown alternative", multi("alternative", "Content-Type: text/enriched\n\nx", text), 2, -1, nil, nil},
		{"related", multi("related", html, image), -1, 1, nil, map[string]int{"i": 2}},
		{"related with an image it also attaches", multi("related", html, attached(image)), -1, 1, []int{2}, map[string]int{"i": 2}},
		{"related without HTML", multi("related", text, image), 1, -1, []int{2}, nil},
		{"alternatives in related", multi("related", multi("alternative", text, html), image), 2, 3, nil, map[string]int{"i": 4}},
		{"related in alternatives in mixed", multi("mixed", multi("alternative", text, multi("related", html, image)), pdf), 2, 4, []int{6}, map[string]int{"i": 5}},
		{"mixed in alternatives", multi("alternative", text, multi("mixed", html, pdf)), 1, 3, []int{4}, nil},
		{"several pages", multi("mixed", html, html), -1, 1, []int{2}, nil},
		{"a page after a text", multi("mixed", text, html), 1, -1, []int{2}, nil},
		{"a page after an empty text", multi("mixed", "Content-Type: text/plain\n\n", html), -1, 2, nil, nil},
		{"an image beside a page", multi("mixed", html, image), -1, 1, []int{2}, nil},
		{"an attached text only", multi("mixed", attached(text)), -1, -1, []int{1}, nil},
		{"a message with files of its own", multi("mixed", text, "Content-Type: message/rfc822\n\n"+multi("mixed", text, pdf)), 1, -1, []int{2}, nil},
		{"a digest", multi("digest", "\nSubject: a\n\nx", "\nSubject: b\n\ny"), -1, -1, []int{1, 3}, nil},
		{"a signed mail", multi("signed", multi("alternative", text, html), "Content-Type: application/pgp-signature\n\nx"), 2, 3, []int{4}, nil},
		{"a report", multi("report", text, "Content-Type: message/delivery-status\n\nx"), 1, -1, []int{2}, nil},
		{"no boundary", "Content-Type: multipart/mixed\n\nwords", 0, -1, nil, nil},
		{"a boundary that never comes", "Content-Type: multipart/mixed; boundary=x\n\nwords", 0, -1, nil, nil},
		{"no type that anybody knows", "Content-Type: nonsense\n\nwords", -1, -1, []int{0}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := []byte(strings.ReplaceAll("Subject: s\n"+tt.mail, "\n", "\r\n"))
			ix := index(t, raw)
			if ix.TextPart() != tt.text || ix.HTMLPart() != tt.html {
				t.Errorf("text, html = %d, %d, want %d, %d", ix.TextPart(), ix.HTMLPart(), tt.text, tt.html)
			}
			if got := ix.Attachments(); !slices.Equal(got, tt.files) {
				t.Errorf("Attachments = %v, want %v", got, tt.files)
			}
			if got := ix.Inline(); len(got)+len(tt.inline) > 0 && !reflect.DeepEqual(got, tt.inline) {
				t.Errorf("Inline = %v, want %v", got, tt.inline)
			}
			if p, ok := ix.Text(); ok != (tt.text >= 0) || ok && p != ix.Parts[tt.text] {
				t.Errorf("Text = %+v, %v", p, ok)
			}
			if p, ok := ix.HTML(); ok != (tt.html >= 0) || ok && p != ix.Parts[tt.html] {
				t.Errorf("HTML = %+v, %v", p, ok)
			}
			checkIndex(t, tt.name, ix, raw)
		})
	}
}

func TestBrokenStructureLosesNothing(t *testing.T) {
	tests := []struct {
		name  string
		mail  string
		want  []string // bodies of all parts that are no container
		wrong Defects
	}{
		{"no header", "\r\nwords\r\n", []string{"words\r\n"}, 0},
		{"no empty line", "Subject: s\r\nnot a field\r\nmore\r\n", []string{"not a field\r\nmore\r\n"}, HeaderCut | MailCut},
		{"nothing at all", "", []string{""}, 0},
		{"only a header", "Subject: s", []string{""}, 0},
		{"mailbox line", "From a Mon Jan 1\r\nSubject: s\r\n\r\nx", []string{"x"}, 0},
		{"no boundary", "Content-Type: multipart/mixed\r\n\r\nx\r\n", []string{"x\r\n"}, NoBoundary},
		{"no parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\nx\r\n", []string{"x\r\n"}, NoParts | Unclosed},
		{"no end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n", []string{"x\r\n"}, Unclosed},
		{"boundary without line end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--", []string{"x"}, 0},
		{"blanks after the boundary", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b \t\r\n\r\nx\r\n--b-- \r\n", []string{"x"}, 0},
		{"empty part", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n\r\n--b--\r\n", []string{"", ""}, 0},
		{"part with a header only", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n--b--\r\n", []string{""}, 0},
		{"inner end missing", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--a\r\n\r\ny\r\n--a--\r\n", []string{"x", "y"}, Unclosed},
		{"part after the end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n--b--\r\n", []string{"x", "y"}, 0},
		{"one boundary twice", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n--b--\r\n", []string{"x", "y"}, 0},
		{"one boundary is the start of another", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n--b\r\n\r\ny\r\n--b--\r\n", []string{"x", "y"}, 0},
		{"dashes that are no boundary", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n-\r\n--\r\n--c\r\n---b\r\n--b--\r\n", []string{"-\r\n--\r\n--c\r\n---b"}, 0},
		{"lone line feeds", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n\n--b--\n", []string{"x\n"}, 0},
		{"a message without an empty line", "Content-Type: message/rfc822\r\n\r\nwords\r\n", []string{"words\r\n"}, HeaderCut},
		{"an encoded message", "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n", []string{"x"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ix := index(t, []byte(tt.mail))
			var got []string
			for i, p := range ix.Parts {
				if !p.multipart() && !p.message() {
					b, _ := io.ReadAll(ix.Open(strings.NewReader(tt.mail), i))
					got = append(got, string(b))
				}
			}
			if !slices.Equal(got, tt.want) || ix.Defects != tt.wrong {
				t.Errorf("bodies %q, defects %b, want %q, %b", got, ix.Defects, tt.want, tt.wrong)
			}
			checkIndex(t, tt.name, ix, []byte(tt.mail))
		})
	}
}

func TestTheIndexDoesNotDependOnHowTheMailArrives(t *testing.T) {
	long := strings.Repeat("--x", 400) + "\r\n" + strings.Repeat("y= \t", 300)
	mails := [][]byte{
		sample, bytes.ReplaceAll(sample, []byte("\r\n"), []byte("\n")), bytes.ReplaceAll(sample, []byte("\r\n"), []byte("\r\r\n")),
		mailOf("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Transfer-Encoding: quoted-printable", "", long, "a=\r", "b =", "--x", "", "--"),
	}
	if !testing.Short() {
		r := rand.New(rand.NewPCG(1, 2))
		for range 50 {
			mails = append(mails, shuffled(r))
		}
	}
	for _, raw := range mails {
		want := index(t, raw)
		for size := 1; size <= 7; size++ {
			got, err := indexBy(raw, size, Limits{})
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("in writes of %d: %v\n%+v\nat once:\n%+v\nmail:\n%q", size, err, got, want, raw)
			}
		}
		checkIndex(t, "mail", want, raw)
	}
}

// shuffled is the sample with its lines in disorder.
func shuffled(r *rand.Rand) []byte {
	lines := bytes.SplitAfter(sample, []byte("\n"))
	for range 20 {
		i, j := 1+r.IntN(len(lines)-1), 1+r.IntN(len(lines)-1)
		lines[i], lines[j] = lines[j], lines[i]
	}
	return bytes.Join(lines, nil)
}

func TestTheIndexSurvivesStorage(t *testing.T) {
	ix := index(t, sample)
	stored, err := json.Marshal(ix)
	if err != nil {
		t.Fatal(err)
	}
	var back Index
	if err := json.Unmarshal(stored, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&back, ix) {
		t.Errorf("stored and read again:\n%+v\nwant\n%+v", &back, ix)
	}
	if len(stored) > 2500 {
		t.Errorf("an index takes %d bytes", len(stored))
	}
}

func TestHiddenFieldsNeverLeave(t *testing.T) {
	ix := index(t, sample)
	tests := []struct {
		name    string
		r       io.Reader
		subject string
	}{
		{"WithoutHidden", ix.WithoutHidden(bytes.NewReader(sample)), "Subject: [secure] =?utf-8?b?UXVhcnRlcmx5IHJlcG9ydCDinJM=?="},
		{"Clean", ix.Clean(bytes.NewReader(sample), letterlock.Mailbox{Name: "Ada", Address: "ada@contoso.example"}, "Quarterly report"), "Subject: Quarterly report"},
		{"Clean with a line end", ix.Clean(bytes.NewReader(sample), letterlock.Mailbox{Name: "Ada", Address: "ada@contoso.example"}, "a\r\nBcc: b"), "Subject: a Bcc: b"},
	}
	for _, tt := range tests {
		b, err := io.ReadAll(tt.r)
		if err != nil {
			t.Fatal(err)
		}
		got := string(b)
		for _, gone := range []string{"secret@", "other@", "X-Letterlock"} {
			if !strings.Contains(string(sample), gone) || strings.Contains(got, gone) {
				t.Errorf("%s: %q is there", tt.name, gone)
			}
		}
		for _, kept := range []string{"\r\n" + tt.subject + "\r\nDate:", "kept@example.com", "dave@example.com", "\r\nepilogue\r\n"} {
			if !strings.Contains(got, kept) {
				t.Errorf("%s: %q is not there", tt.name, kept)
			}
		}
	}
}

func TestACleanMailHasTheAuthorWeKnow(t *testing.T) {
	ada := letterlock.Mailbox{Name: "Ada Löv", Address: "ada@contoso.example"}
	for name, from := range map[string]string{
		"an honest one":     "Ada <ada@contoso.example>",
		"a name like one":   "ceo@bank.example <ada@contoso.example",
		"a group":           "Board: ada@contoso.example;",
		"a route":           "<@bank.example:ada@contoso.example>",
		"folded over lines": "ceo@bank.example\r\n <ada@contoso.example>",
	} {
		mail := "To: x@example.com\r\nFrom: " + from + "\r\nSubject: s\r\n\r\nbody\r\n"
		ix := index(t, []byte(mail))
		b, err := io.ReadAll(ix.Clean(strings.NewReader(mail), ada, "s"))
		if err != nil {
			t.Fatal(err)
		}
		want := "To: x@example.com\r\nFrom: =?utf-8?q?Ada_L=C3=B6v?= <ada@contoso.example>\r\nSubject: s\r\n\r\nbody\r\n"
		if string(b) != want {
			t.Errorf("%s: cleaned to %q, want %q", name, b, want)
		}
	}
}

func TestBytesThatMailMayNotHoldAreSeen(t *testing.T) {
	tests := []struct {
		mail        string
		cr, lf, nul bool
	}{
		{"A: b\r\n\r\nx\r\n", false, false, false},
		{"A: b\r\n\r\nx\n", false, true, false},
		{"A: b\r\n\r\nx\ry\r\n", true, false, false},
		{"A: b\r\n\r\nx\r\r\n", true, false, false},
		{"A: b\r\n\r\nx\r", true, false, false},
		{"A: b\n\nx", false, true, false},
		{"A: b\r\n\r\nx\x00\r\n", false, false, true},
	}
	for _, tt := range tests {
		for size := 1; size < len(tt.mail); size++ {
			ix, _ := indexBy([]byte(tt.mail), size, Limits{})
			if ix.BareCR != tt.cr || ix.BareLF != tt.lf || ix.NUL != tt.nul {
				t.Errorf("%q by %d: CR %v, LF %v, NUL %v", tt.mail, size, ix.BareCR, ix.BareLF, ix.NUL)
			}
		}
	}
}
