package dsn

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

const marta = letterlock.Address("marta@quillfeather.example")

// sample returns a mail of testdata with the line ends that it has on its way.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
}

func TestEveryFormatOfABounceIsRead(t *testing.T) {
	for name, want := range map[string]Report{
		"postfix":       {Fate: Failed, Reply: "550 5.1.1 <marta@quillfeather.example>: Recipient address rejected: User unknown"},
		"postfix-delay": {Fate: Delayed, Reply: "connect to mx.quillfeather.example[192.0.2.25]:25: Connection timed out"},
		"exim":          {Fate: Failed, Reply: "550 No such person at this address"},
		"exim-text":     {Fate: Failed, Reply: "550 5.1.1 User unknown"},
		"exim-delay":    {Fate: Delayed},
		"sendmail":      {Fate: Failed, Reply: "553 5.3.0 <marta@quillfeather.example>... Unknown E-Mail Address"},
		"sendmail-text": {Fate: Failed, Reply: "550 <marta@quillfeather.example>... User unknown"},
		"qmail":         {Fate: Failed, Reply: "Sorry, no mailbox here by that name. (#5.1.1)"},
		"qmail-remote":  {Fate: Failed, Reply: "550 <marta@quillfeather.example>: mailbox unavailable"},
		"exchange":      {Fate: Failed, Reply: "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"},
		"exchange-2003": {Fate: Failed, Reply: "5.1.1"},
		"gmail": {Fate: Failed, Reply: "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. " +
			"https://support.google.com/mail/?p=NoSuchUser a1 - gsmtp"},
		"gmail-text": {Fate: Failed, Reply: "550 5.1.1 User unknown (state 14)."},
		"yahoo":      {Fate: Failed, Reply: "554 delivery error: dd This user doesn't have a yahoo.com account (marta@yahoo.com) [-5] - mta1.mail.bf1.yahoo.com [RCPT_TO]"},
		"domino":     {Fate: Failed, Reply: "User marta (marta@quillfeather.example) not listed i n Domino Directory"},
		"ses":        {Fate: Failed, Reply: "554 5.4.7 Message expired"},
		"plain":      {Fate: Failed, Reply: "550 5.2.1 The account of this person is closed"},
		"delivered":  {Fate: Delivered, Reply: "250 2.0.0 Ok: queued as 1"},
		"list":       {Fate: Relayed, Reply: "2.1.9"},
	} {
		raw := sample(t, name)
		for how, raw := range map[string][]byte{"": raw, ", bare LF": bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))} {
			m := Read(raw, true)
			got := m.About(marta)
			if m.Kind != Bounce || got.Fate != want.Fate || got.Reply != want.Reply {
				t.Errorf("%s%s: %s, %s %q\nwant %s %q", name, how, m.Kind, got.Fate, got.Reply, want.Fate, want.Reply)
			}
		}
		if m := Read(raw, false); m.Kind != Bounce {
			t.Errorf("%s with a sender on its envelope is %s", name, m.Kind)
		}
	}
}

func TestWhatIsNoBounceIsTakenForNone(t *testing.T) {
	for name, want := range map[string][2]Kind{ // with a sender on its envelope, and without
		"vacation":      {Automatic, Automatic},
		"receipt":       {Receipt, Receipt},
		"challenge":     {Automatic, Automatic},
		"person":        {Other, Bounce}, // a person's mail has a sender; a mail server's does not
		"bounce-inside": {Other, Automatic},
		"loop":          {Loop, Loop},
	} {
		raw := sample(t, "no-"+name)
		if got := [2]Kind{Read(raw, false).Kind, Read(raw, true).Kind}; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestTheReportThatNamesTheRecipientCounts(t *testing.T) {
	raw := []byte("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; jonas@riverside.example\r\nAction: delivered\r\n\r\n" +
		"Original-Recipient: rfc822; marta@quillfeather.example\r\nFinal-Recipient: rfc822; m.lind@elsewhere.example\r\n\r\nAction: failed (for good)\r\nStatus: 5.2.2\r\n")
	m := Read(raw, true)
	for to, want := range map[letterlock.Address]Fate{marta: Failed, "jonas@riverside.example": Delivered, "Marta@quillfeather.example": Delivered} {
		if got := m.About(to).Fate; got != want {
			t.Errorf("of %s it says %s, want %s", to, got, want)
		}
	}
}

func TestNothingOfAReportIsLongOrHasControlCharacters(t *testing.T) {
	raw := []byte("Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\n" +
		"Diagnostic-Code: smtp; 550 \x1b[31m\u202ered\xff <script>\r\n \x00x" + strings.Repeat("long ", 1000) + "\r\n")
	checkReport(t, Read(raw, true).About(marta))
	if got := Read(raw, true).About(marta).Reply; !strings.Contains(got, "red") {
		t.Fatalf("nothing came through: %q", got)
	}
}

func checkReport(t *testing.T, r Report) {
	t.Helper()
	if utf8.RuneCountInString(r.Reply) > maxReply || !utf8.ValidString(r.Reply) ||
		strings.ContainsFunc(r.Reply, func(c rune) bool { return unicode.IsControl(c) || c == '\u202e' }) {
		t.Errorf("a reply of %d bytes: %q", len(r.Reply), r.Reply)
	}
}

func TestTheCorpusIsReadAsItIs(t *testing.T) {
	const dir = "../../../shared/corpora/mail/mikel-mail/multipart_report_emails"
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(files) == 0 {
		t.Skip("the corpora are not here")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := Failed
		if strings.Contains(file, "422") {
			want = Delayed
		}
		if m := Read(raw, false); m.Kind != Bounce || m.About("").Fate != want || m.About("").Reply == "" {
			t.Errorf("%s: %+v, want %s", filepath.Base(file), m, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds")
	}
	for i, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, i%2 == 0)
	}
	f.Add([]byte("Content-Type: message/delivery-status\n\nAction:failed\nAction:x\n\n\nStatus:4.0.0\n:\n"), false)
	f.Fuzz(func(t *testing.T, raw []byte, fromNobody bool) {
		m := Read(raw, fromNobody)
		if (m.Kind == Bounce) != (len(m.reports) > 0) || len(m.reports) > maxReports {
			t.Errorf("%s with %d reports", m.Kind, len(m.reports))
		}
		for _, r := range m.reports {
			if r.Fate == "" {
				t.Errorf("a report that says nothing: %+v", r)
			}
			checkReport(t, r)
		}
		if r := m.About(marta); (r.Fate != "") != (m.Kind == Bounce) {
			t.Errorf("%s, about one of them %+v", m.Kind, r)
		}
	})
}
