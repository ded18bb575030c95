package dkim_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"letterlock/internal/dkim"
	"letterlock/internal/mailtest"
)

const mail = "From: Contoso <portal@mail.contoso.example>\r\nTo: marta@quillfeather.example\r\nSubject: A protected\r\n message\r\n" +
	"Date: Fri, 27 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@mail.contoso.example>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\nAuto-Submitted: auto-generated\r\n\r\nRead it  here.\r\n\r\nContoso\r\n\r\n\r\n"

// signed signs a mail.
func (h *house) signed(mail string) string {
	h.t.Helper()
	fields, err := h.Sign(strings.NewReader(mail))
	if err != nil {
		h.t.Fatal(err)
	}
	return fields + mail
}

// verdicts is what two verifiers say of the signatures of a mail: how many there are,
// and whether each of them holds. Where the two do not agree the test fails.
func (h *house) verdicts(mail string) (holds []bool) {
	h.t.Helper()
	list, err := msgauth.VerifyWithOptions(strings.NewReader(mail), &msgauth.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) { return h.Lookup(h.t.Context(), name) },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	other := mailtest.VerifyDKIM(h.t, []byte(mail), h.records())
	if len(other) != len(list) {
		h.t.Fatalf("go-msgauth sees %d signatures, dkimpy %d", len(list), len(other))
	}
	for i, v := range list {
		if (v.Err == nil) != (other[i] == "") {
			h.t.Errorf("signature %d: go-msgauth says %v, dkimpy %q", i, v.Err, other[i])
		}
		holds = append(holds, v.Err == nil && v.Domain == domain)
	}
	return holds
}

func (h *house) check(what, mail string, want ...bool) {
	h.t.Helper()
	if got := h.verdicts(mail); !slices.Equal(got, want) {
		h.t.Errorf("%s: signatures hold %v, want %v\n%.1500s", what, got, want, mail)
	}
}

func TestTwoVerifiersAcceptWhatIsSignedAndNothingElse(t *testing.T) {
	h := newHouse(t)
	h.activate(h.add(dkim.RSA, "one"))
	h.activate(h.add(dkim.Ed25519, "two"))
	s := h.signed(mail)
	h.check("as it left", s, true, true)
	h.check("white space changed by a relay", strings.Replace(s, "it  here.", "it here. ", 1), true, true)
	h.check("a field of the relay in front", "Received: from mail.contoso.example\r\n"+s, true, true)
	h.check("another word", strings.Replace(s, "here", "there", 1), false, false)
	h.check("more at the end", s+"More.\r\n", false, false)
	h.check("another subject", strings.Replace(s, "A protected", "Another", 1), false, false)
	h.check("answered by machines", strings.Replace(s, "auto-generated", "no", 1), false, false)
	for _, name := range []string{"From", "Subject", "Date", "To", "Message-ID", "MIME-Version", "Content-Type", "Reply-To", "Cc"} {
		more := name + ": eve@elsewhere.example\r\n"
		h.check("a second "+name, more+s, false, false)
	}
}

func TestASignatureThatIsThereStaysGood(t *testing.T) {
	h := newHouse(t)
	k := h.add(dkim.RSA, "one")
	h.activate(k)
	h.check("signed twice", h.signed(h.signed(mail)), true, true)
}

func TestMailsOfEveryShapeAreSigned(t *testing.T) {
	h := newHouse(t)
	h.activate(h.add(dkim.RSA, "one"))
	const head = "From: Ada <ada@contoso.example>\r\nSubject: =?utf-8?q?=C3=9Cber?=\r\n"
	for name, mail := range map[string]string{
		"no body":                  head + "\r\n",
		"a header and no more":     head,
		"blank lines only":         head + "\r\n\r\n\r\n\r\n",
		"no line end at the end":   head + "\r\nand so on",
		"the last line has blanks": head + "\r\nand so on \t \r\n  \r\n",
		"bytes above 127":          head + "\r\nGr\xfc\xdfe, \xc3\x9c\r\n",
		"a long line":              head + "\r\n" + strings.Repeat("long ", 10_000) + "\r\n",
		"a field of several lines": head + "References: <1@a.example>\r\n\t<2@a.example>\r\n <3@a.example>\r\n\r\nx\r\n",
	} {
		s := h.signed(mail)
		if !strings.Contains(s, "\r\n\r\n") {
			s += "\r\n" // as the next server writes it, and go-msgauth wants it
		}
		h.check(name, s, true)
	}
}

// TestWhatARelayCompletesStaysSigned adds what a mail lacks, as Postfix does.
func TestWhatARelayCompletesStaysSigned(t *testing.T) {
	h := newHouse(t)
	h.activate(h.add(dkim.RSA, "one"))
	s := h.signed("From: Ada <ada@contoso.example>\r\nSubject: x\r\n\r\nDate: in the body\r\n")
	h.check("completed", "Date: Fri, 27 Nov 2026 10:00:00 +0000\r\nTo: undisclosed-recipients:;\r\nMessage-ID: <1@relay.example>\r\n"+s, true)
	h.check("a second subject", "Subject: y\r\n"+s, false)
	h.check("passed on by a list", "Sender: list@relay.example\r\nReferences: <0@relay.example>\r\nAuto-Submitted: no\r\nContent-Transfer-Encoding: 7bit\r\n"+s, true)
}

// A long is a mail of n lines that no memory holds.
type long struct {
	lines int
	rest  []byte
}

func (l *long) Read(b []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.lines == 0 {
			return 0, io.EOF
		}
		l.lines--
		l.rest = []byte(strings.Repeat("0123456789abcdef", 64) + "\r\n")
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func TestALargeMailIsNotHeldInMemory(t *testing.T) {
	h := newHouse(t)
	h.activate(h.add(dkim.RSA, "one"))
	var most uint64
	watch := readerFunc(func() {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	})
	before := func() uint64 { most = 0; watch(); return most }()
	const mib = 1000 // lines
	head := strings.NewReader("From: Ada <ada@contoso.example>\r\n\r\n")
	if _, err := h.Sign(io.MultiReader(head, &long{lines: 75 * mib}, watch, &long{lines: 75 * mib}, watch)); err != nil {
		t.Fatal(err)
	}
	if more := int64(most) - int64(before); more > 4<<20 {
		t.Errorf("signing 150 MiB takes %d bytes of memory", more)
	}
}

// A readerFunc is run where it stands between readers.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) { f(); return 0, io.EOF }

var errDisk = errors.New("a chunk is damaged")

func TestAMailThatCannotBeReadIsNotSigned(t *testing.T) {
	h := newHouse(t)
	h.activate(h.add(dkim.RSA, "one"))
	h.activate(h.add(dkim.Ed25519, "two"))
	broken := io.MultiReader(strings.NewReader(mail), failing{})
	if fields, err := h.Sign(broken); !errors.Is(err, errDisk) || fields != "" {
		t.Errorf("%q, %v", fields, err)
	}
	// The mail is read; what cannot be made a header of is refused and not signed.
	if fields, err := h.Sign(bytes.NewReader(nil)); err == nil && !strings.HasPrefix(fields, "DKIM-Signature:") {
		t.Errorf("an empty mail: %q", fields)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }
