package eml

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A seen is what a reader of mail finds in one, in a form that can be compared.
type seen struct {
	Error   string     `json:"error"`
	Subject string     `json:"subject"`
	Parts   []seenPart `json:"parts"` // those that hold no others, in order
}

type seenPart struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Bytes string `json:"bytes"` // hash of what is decoded, without line ends at its end
	Text  string `json:"text"`  // hash of the words of a text
	Size  int    `json:"size"`

	part Part
	data []byte
}

func hashOf(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// seenByUs is what this package finds in a mail.
func seenByUs(t *testing.T, raw []byte) seen {
	t.Helper()
	ix := index(t, raw)
	s := seen{Subject: ix.Header.Subject}
	for i, p := range ix.Parts {
		if p.multipart() && len(ix.children(i)) > 0 || p.message() {
			continue
		}
		data, err := io.ReadAll(ix.Open(bytes.NewReader(raw), i))
		if err != nil {
			t.Fatal(err)
		}
		one := seenPart{Type: p.Type, Name: p.Name, Bytes: hashOf(withoutBlanks(data)), part: p, data: data, Size: len(data)}
		if strings.HasPrefix(p.Type, "text/") {
			text, _, err := ix.OpenText(bytes.NewReader(raw), i, 10<<20)
			if err != nil {
				t.Fatal(err)
			}
			one.Text = hashOf([]byte(squeeze(text)))
		}
		s.Parts = append(s.Parts, one)
	}
	return s
}

// withoutBlanks leaves out what servers add to lines and take from them: blanks at
// their ends, and empty lines at the end of all.
func withoutBlanks(data []byte) []byte {
	lines := bytes.Split(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " \t")
	}
	return bytes.TrimRight(bytes.Join(lines, []byte("\n")), "\n")
}

// python answers what Python's email package finds in mails, one after the other.
type python struct {
	t   *testing.T
	in  *bufio.Writer
	out *bufio.Scanner
}

func startPython(t *testing.T) *python {
	t.Helper()
	program, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is missing: run 'make programs'")
	}
	cmd := exec.Command(program, "testdata/read.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // which ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("python3 ended with %v", err)
		}
	})
	p := &python{t: t, in: bufio.NewWriter(in), out: bufio.NewScanner(out)}
	p.out.Buffer(nil, 16<<20)
	return p
}

func (p *python) read(file string) (s seen) {
	p.t.Helper()
	fmt.Fprintln(p.in, file)
	if err := p.in.Flush(); err != nil {
		p.t.Fatal(err)
	}
	if !p.out.Scan() {
		p.t.Fatalf("python3 has no answer for %s: %v", file, p.out.Err())
	}
	if err := json.Unmarshal(p.out.Bytes(), &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// A difference is what two readers do not agree in.
type difference struct {
	mail, what string // "subject", "parts", "type", "bytes", "text", "name"
	ours       seenPart
	theirs     seenPart
	got, want  string
}

// An allowance is a difference that is as it should be.
type allowance struct {
	name string
	most int // mails and parts in which it is met
	fits func(difference) bool
}

// allowances are all differences that there are, the first that fits counts. More of
// them than now would mean that something has changed.
var allowances = []allowance{
	{"a delivery report is a file to us, and to Python one mail for each of its paragraphs", 6, func(d difference) bool {
		return d.what == "parts" && strings.Contains(d.got, "message/delivery-status")
	}},
	{"a multipart whose boundary never comes is text to us, and nothing to Python", 30, func(d difference) bool {
		return strings.HasPrefix(d.theirs.Type, "multipart/") || d.what == "parts" && strings.Contains(d.want, "multipart/")
	}},
	{"a mail in base64 is decoded by us, and left alone by Python", 8, func(d difference) bool {
		return d.ours.Type == "message/rfc822" && d.ours.part.Encoding != "" || d.got == "[message/rfc822]" && d.want == "[text/plain]"
	}},
	{"a header of more than ASCII is read by us, and left alone by Python", 13, func(d difference) bool {
		return d.what == "subject" && strings.Contains(d.want, "\uFFFD") || d.what == "name" && !isASCII([]byte(d.got))
	}},
	{"a text without a label, or with that of ASCII, is UTF-8 or Windows-1252 to us", 30, func(d difference) bool {
		return d.what == "text" && !isASCII(d.ours.data) && slices.Contains([]string{"", "us-ascii"}, d.ours.part.Charset)
	}},
	{"Latin-1 is Windows-1252 to us, as to every browser, or UTF-8 where it is that", 30, func(d difference) bool {
		return d.what == "text" && !isASCII(d.ours.data) && d.ours.part.Charset == "iso-8859-1"
	}},
	{"Big5 is that of the web to us, which has more characters", 2, func(d difference) bool {
		return d.what == "text" && d.ours.part.Charset == "big5"
	}},
	{"base64 in which characters are missing is decoded by us, and left alone by Python", 8, func(d difference) bool {
		return d.what == "bytes" && d.ours.part.Encoding == "base64" && d.theirs.Size > d.ours.Size
	}},
	{"each has reasons of its own", len(peculiar), func(d difference) bool { return peculiar[d.mail+" "+d.what] != "" }},
}

// peculiar are single mails, with what is peculiar about each.
var peculiar = map[string]string{
	"/enmime/low-quality/bad-header-start.raw subject": "its header begins with a folded line, which ends the header to us",
	"/enmime/low-quality/bad-header-start.raw parts":   "likewise",
	"/enmime/mail/epilogue-sample.raw bytes":           "words follow its base64, which we take for more of it",
	"/enmime/mail/mime-bad-content-type.raw parts":     "Python has a name in the type",
	"/enmime/mail/mime-blank-media-name.raw parts":     "Python has a name in the type",
	"/enmime/parts/ctype-invalid-characters.raw parts": "Python has a bracket in the type",
	"/enmime/parts/empty-ctype-bad-content.raw parts":  "a type that cannot be read is bytes to us, and text to Python",
	"/james-mime4j/multipartemptypart.msg bytes":       "nothing stands between its boundaries, and Python takes what follows them",
	"/james-mime4j/obsolete.msg subject":               "blanks before a colon end the header to Python",
	"/james-mime4j/obsolete.msg bytes":                 "likewise",
	"/james-mime4j/very-long-boundary.msg parts":       "a boundary of such a length is none to us",
	"/james-mime4j/very-very-long-boundary.msg parts":  "likewise",
	"/mikel-mail/rfc2822/example13.eml bytes":          "blanks before a colon end the header to Python",
	"/mikel-mail/rfc2822/example14.eml subject":        "Python loses the blank between words and encoded words",
	"/mimetools/2002_06_12_doublebound.msg parts":      "the same boundary twice, one inside the other",
	"/mimetools/double-bound.msg parts":                "likewise",
}

// TestWeReadMailAsPythonDoes compares what two readers find in each real mail: its
// subject, its parts, and of each part type, bytes, words and name.
func TestWeReadMailAsPythonDoes(t *testing.T) {
	var p *python
	mails, counts := 0, make([]int, len(allowances))
	eachMail(t, func(name string, raw []byte) {
		if p == nil {
			p = startPython(t)
		}
		if !bytes.Contains(raw, []byte(":")) || slices.Contains([]string{".xml", ".out", ".golden"}, filepath.Ext(name)) || strings.Contains(name, "decoded") {
			return // no mail
		}
		theirs := p.read("../../../shared/corpora/mail" + name)
		if theirs.Error != "" {
			t.Errorf("%s: Python gives up: %s", name, theirs.Error)
			return
		}
		mails++
		for _, d := range differences(name, seenByUs(t, raw), theirs) {
			i := slices.IndexFunc(allowances, func(a allowance) bool { return a.fits(d) })
			if i < 0 {
				t.Errorf("%s: %s: %q, Python has %q (%s, %s)", name, d.what, d.got, d.want, d.ours.part.Charset, d.ours.part.Encoding)
				continue
			}
			counts[i]++
		}
	})
	for i, a := range allowances {
		t.Logf("%d times: %s", counts[i], a.name)
		if counts[i] > a.most {
			t.Errorf("%d times, not %d at most: %s", counts[i], a.most, a.name)
		}
	}
	if t.Logf("%d mails", mails); mails > 0 && mails < 600 {
		t.Errorf("only %d mails were compared", mails)
	}
}

// differences are all between what we and others find in a mail.
func differences(mail string, ours, theirs seen) (list []difference) {
	compare := func(what string, a, b seenPart, got, want string) bool {
		if got != want {
			list = append(list, difference{mail, what, a, b, got, want})
		}
		return got == want
	}
	compare("subject", seenPart{}, seenPart{}, squeeze(ours.Subject), squeeze(theirs.Subject))
	if !compare("parts", seenPart{}, seenPart{}, fmt.Sprint(ours.types()), fmt.Sprint(theirs.types())) && len(ours.Parts) != len(theirs.Parts) {
		return list
	}
	for i, a := range ours.Parts {
		b := theirs.Parts[i]
		if compare("bytes", a, b, a.Bytes, b.Bytes) && a.Text != "" {
			compare("text", a, b, a.Text, b.Text)
		}
		if b.Name != "" {
			compare("name", a, b, a.Name, FileName(b.Name))
		}
	}
	return list
}

func (s seen) types() (list []string) {
	for _, p := range s.Parts {
		list = append(list, p.Type)
	}
	return list
}
