package eml

import (
	"bytes"
	"io"
	"io/fs"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
)

// eachMail calls f with every mail of the shared corpora.
func eachMail(t *testing.T, f func(name string, raw []byte)) {
	t.Helper()
	root := filepath.FromSlash("../../../shared/corpora/mail")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared corpora of real mail are not here: " + err.Error())
	}
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		f(strings.TrimPrefix(path, root), raw)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 500 {
		t.Fatalf("only %d files in the corpora: this test would prove little", n)
	}
}

func TestRealMailIsReadWholly(t *testing.T) {
	eachMail(t, func(name string, raw []byte) {
		ix := index(t, raw)
		checkIndex(t, name, ix, raw)
	})
}

// checkIndex fails the test where an index breaks a promise, whatever the mail.
func checkIndex(t *testing.T, name string, ix *Index, raw []byte) {
	t.Helper()
	r := bytes.NewReader(raw)
	for i, p := range ix.Parts {
		if p.Start > p.Body || p.Body > p.End || p.End > ix.Size || i > 0 && (p.Parent >= i || p.Depth != ix.Parts[p.Parent].Depth+1) {
			t.Errorf("%s: part %d lies wrong: %+v", name, i, p)
		}
		b, err := io.ReadAll(ix.Open(r, i))
		if err != nil {
			t.Errorf("%s: part %d: %v", name, i, err)
		}
		if int64(len(b)) != p.Size {
			t.Errorf("%s: part %d (%s, %s): size %d, decoded %d", name, i, p.Type, p.Encoding, p.Size, len(b))
		}
		text, _, err := ix.OpenText(r, i, 1<<20)
		if err != nil || !utf8.ValidString(text) {
			t.Errorf("%s: part %d: text is not valid UTF-8 or failed: %v", name, i, err)
		}
	}
	for _, i := range ix.Attachments() {
		if n := ix.Parts[i].Name; n == "" || strings.ContainsAny(n, "/\\\r\n\x00") {
			t.Errorf("%s: attachment %d is named %q", name, i, n)
		}
	}
	for _, s := range []string{ix.Header.Subject, ix.Header.FromRaw, ix.Header.MessageID} {
		if !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00\x1b") {
			t.Errorf("%s: header value %q", name, s)
		}
	}
	rest, err := io.ReadAll(ix.WithoutHidden(r))
	hidden := int64(0)
	for _, h := range ix.Hidden {
		hidden += h[1] - h[0]
	}
	if err != nil || int64(len(rest)) != ix.Size-hidden {
		t.Errorf("%s: %d bytes without %d hidden ones of %d, %v", name, len(rest), hidden, ix.Size, err)
	}
}

// TestWeReadMailAsEnmimeDoes compares with another reader of mail. Where the
// two differ, it is not always we who are wrong, hence a floor.
func TestWeReadMailAsEnmimeDoes(t *testing.T) {
	var mails, files, texts int
	eachMail(t, func(name string, raw []byte) {
		// The oracle takes exponential time for some mails; these are left out.
		if bytes.Count(raw, []byte("\n--")) > 2000 || !bytes.Contains(raw, []byte(":")) || strings.Contains(name, "decoded") || strings.HasSuffix(name, ".xml") {
			return
		}
		theirs, err := enmime.NewParser(
			enmime.DisableCharacterDetection(true),
			enmime.SetCustomParseMediaType(fewMultiparts()),
		).ReadEnvelope(bytes.NewReader(raw))
		if err != nil {
			return
		}
		mails++
		ix := index(t, raw)
		if got, want := len(ix.Attachments()), len(theirs.Attachments)+len(theirs.OtherParts)+len(looseInlines(theirs)); got == want {
			files++
		} else if testing.Verbose() && os.Getenv("EML_DIFF") != "" {
			t.Logf("%s: %d attachments, enmime has %d", name, got, want)
		}
		text := ""
		if i := ix.TextPart(); i >= 0 {
			text, _, _ = ix.OpenText(bytes.NewReader(raw), i, 1<<20)
		}
		if squeeze(text) == squeeze(theirs.Text) || text == "" && ix.HTMLPart() >= 0 {
			texts++
		} else if testing.Verbose() && os.Getenv("EML_DIFF") != "" {
			t.Logf("%s: text %.80q, enmime has %.80q", name, squeeze(text), squeeze(theirs.Text))
		}
	})
	t.Logf("of %d mails, enmime finds as many attachments in %d and the same text in %d", mails, files, texts)
	if files*100 < mails*93 || texts*100 < mails*88 {
		t.Errorf("we agree with enmime on too few mails: the figures are in the log")
	}
}

// looseInlines are the inline parts of enmime that we call attachments.
func looseInlines(e *enmime.Envelope) []*enmime.Part {
	var loose []*enmime.Part
	for _, p := range e.Inlines {
		if strings.HasPrefix(p.ContentType, "text/") && p.FileName == "" {
			continue // a body that says so
		}
		if p.ContentID == "" || p.Parent == nil || p.Parent.ContentType != "multipart/related" {
			loose = append(loose, p)
		}
	}
	return loose
}

// fewMultiparts keeps the oracle from nesting for ever.
func fewMultiparts() enmime.CustomParseMediaType {
	n := 0
	return func(ctype string) (string, map[string]string, []string, error) {
		mtype, params, err := mime.ParseMediaType(ctype)
		if strings.HasPrefix(mtype, "multipart/") {
			if n++; n > 12 {
				return "text/plain", nil, nil, nil
			}
		}
		return mtype, params, nil, err
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
