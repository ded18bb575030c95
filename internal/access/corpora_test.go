package access_test

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

// eachMail calls f with every mail of our own and of the shared corpora.
func eachMail(t *testing.T, f func(name string, raw []byte)) {
	t.Helper()
	if n := mailsIn(t, "testdata", ".eml", f); n < 18 {
		t.Fatalf("only %d mails of our own", n)
	}
	root := filepath.FromSlash("../../../shared/corpora/mail")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared corpora of real mail are not here: " + err.Error())
	}
	if n := mailsIn(t, root, "", f); n < 500 {
		t.Fatalf("only %d files in the corpora: this test would prove little", n)
	}
}

// mailsIn calls f with the files of a folder whose names end so, and returns how many
// those are.
func mailsIn(t *testing.T, root, ending string, f func(name string, raw []byte)) (n int) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ending) {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		f(path, raw)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// patience is how long showing one mail may take.
const patience = 5 * time.Second

func TestEveryRealMailIsShown(t *testing.T) {
	inner := 0
	eachMail(t, func(name string, raw []byte) {
		ix, err := eml.IndexOf(raw)
		if err != nil {
			if letterlock.CodeOf(err) != letterlock.TooLarge {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		start := time.Now()
		l := &access.Letter{Index: ix, Raw: readerOf(raw)}
		inner += show(t, name, l, l.Own(), 0)
		if took := time.Since(start); took > patience {
			t.Errorf("%s: took %v", name, took)
		}
	})
	t.Logf("with %d mails attached to others", inner)
}

// TestEveryRealMailIsKeptAsItCame takes real mail the whole way: in, sealed into the
// database, out of it again as documents and as the original.
func TestEveryRealMailIsKeptAsItCame(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	accepted, refused := 0, map[string]int{}
	eachMail(t, func(name string, raw []byte) {
		raw = sentByAda(t, raw)
		start := time.Now()
		r, err := h.intake.Accept(t.Context(), ada, intake.Envelope{Recipients: []letterlock.Address{marta.Address}, Via: letterlock.BySubmission, Protection: letterlock.EncryptOnly}, bytes.NewReader(raw))
		if err != nil {
			switch letterlock.CodeOf(err) {
			case letterlock.Invalid, letterlock.Denied, letterlock.TooLarge:
				refused[err.Error()]++
			default:
				t.Errorf("%s: neither accepted nor refused: %v", name, err)
			}
			return
		}
		accepted++
		h.checkKept(r.ID, name, raw)
		if took := time.Since(start); took > patience {
			t.Errorf("%s: took %v", name, took)
		}
	})
	t.Logf("%d accepted, refused %v", accepted, refused)
	if accepted < 200 {
		t.Errorf("only %d mails were accepted: this test would prove little", accepted)
	}
}

// sentByAda is a mail as Ada's program might have sent it: by her, with whole lines.
func sentByAda(t *testing.T, raw []byte) []byte {
	t.Helper()
	raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r"), nil), []byte("\n"), []byte("\r\n"))
	raw = bytes.ReplaceAll(raw, []byte{0}, []byte{' '})
	if bytes.HasPrefix(raw, []byte("From ")) { // of the mailbox file that it was in
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	ix, err := eml.IndexOf(raw)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte("From: Ada <"+string(ada.Address)+">\r\n"), without(raw, ix.From)...)
}

// checkKept shows a stored message and compares the original, which its sender
// gets back without the fields that were between their program and us.
func (h *house) checkKept(id letterlock.ID, name string, raw []byte) {
	h.t.Helper()
	l, err := h.access.Open(h.t.Context(), marta, id)
	if err != nil {
		h.t.Errorf("%s: %v", name, err)
		return
	}
	defer l.Close()
	show(h.t, name, l, l.Own(), 0)
	own, _, original, err := h.access.Download(h.t.Context(), ada, id, access.WholeMail)
	if err != nil {
		h.t.Errorf("%s: %v", name, err)
		return
	}
	defer own.Close()
	got, err := io.ReadAll(original)
	if want := without(raw, l.Index.Hidden); err != nil || !bytes.Equal(got, want) {
		h.t.Errorf("%s: %d bytes come back of %d, %v", name, len(got), len(raw), err)
	}
}

// without is a mail without some ranges of it, which lie in order.
func without(raw []byte, ranges []eml.Range) []byte {
	left, at := []byte{}, int64(0)
	for _, r := range ranges {
		left, at = append(left, raw[at:r[0]]...), r[1]
	}
	return append(left, raw[at:]...)
}

// show makes every document of a mail and reads every file of it, and of the mails
// attached to it, and returns how many those are.
func show(t *testing.T, name string, l *access.Letter, m *access.Mail, depth int) (inner int) {
	t.Helper()
	for _, plain := range []bool{false, true} {
		if _, err := m.Document(access.Showing{Plain: plain}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	files(t, l, m)
	for _, a := range m.Attachments() {
		if !a.Mail || depth > 20 {
			continue
		}
		in, err := l.Mail(a.Part)
		if err != nil {
			t.Errorf("%s: part %d: %v", name, a.Part, err)
			continue
		}
		inner += 1 + show(t, name, l, in, depth+1)
	}
	return inner
}
