package eml

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

func TestTheHeaderIsDecoded(t *testing.T) {
	h := index(t, sample).Header
	box := func(name, a string) letterlock.Mailbox {
		return letterlock.Mailbox{Name: name, Address: letterlock.Address(a)}
	}
	lists := []struct {
		name string
		got  Mailboxes
		want []letterlock.Mailbox
	}{
		{"From", h.From, []letterlock.Mailbox{box("Ada Lövelace", "ada@contoso.example")}},
		{"To", h.To, []letterlock.Mailbox{box("Hopper, Grace", "grace@example.com"), box("", "bob@example.com"), box("", "carol@example.com")}},
		{"Cc", h.Cc, []letterlock.Mailbox{box("Dave", "dave@example.com")}},
		{"Bcc", h.Bcc, []letterlock.Mailbox{box("", "secret@example.com"), box("", "other@example.com")}},
	}
	for _, l := range lists {
		if !slices.Equal(l.got, l.want) {
			t.Errorf("%s = %v, want %v", l.name, l.got, l.want)
		}
	}
	got := fmt.Sprint(h.FromFields, h.Subject, h.Date, h.MessageID, h.References, h.Protection, h.Protections, h.Received, h.Bad)
	want := "1[secure] Quarterly report ✓2026-03-02 10:00:00 +0000 UTC<one@contoso.example>[<a@x> <b@x>]do-not-forward1 1[]"
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("header = %s, want %s", got, want)
	}
}

func TestAddressesOfRealMailAreRead(t *testing.T) {
	tests := []struct{ in, want string }{
		{`a@b.example`, `<a@b.example>`},
		{`Ada <a@B.Example>`, `Ada<a@b.example>`},
		{`"Ada \"the\" First" <a@b.example>`, `Ada "the" First<a@b.example>`},
		{`'Ada' <a@b.example>; 'b@b.example'`, `Ada<a@b.example> <b@b.example>`},
		{`a@b.example (Ada (the first))`, `Ada (the first)<a@b.example>`},
		{`Pete(A nice \) chap) <pete(his account)@silly.example(his host)>`, `Pete<pete@silly.example>`},
		{`Group: a@b.example, c@b.example;, d@b.example`, `<a@b.example> <c@b.example> <d@b.example>`},
		{`undisclosed-recipients:;`, ``},
		{`<@route.example:a@b.example>`, `<a@b.example>`},
		{`mailto:a@b.example`, `<a@b.example>`},
		{`"john doe"@b.example`, `<"john doe"@b.example>`},
		{`=?utf-8?q?Doe,_Jane?= <a@b.example>`, `Doe, Jane<a@b.example>`},
		{`"=?utf-8?q?J=C3=B6rg?=" <a@b.example>`, `Jörg<a@b.example>`},
		{`=?utf-8?q?x=40evil.example,?= <a@b.example>`, `x@evil.example,<a@b.example>`},
		{`=?utf-8?Q?raw, comma?= <a@b.example>`, `raw, comma<a@b.example>`},
		{`Ada <a@b.example> Bob <b@b.example>`, `Ada<a@b.example> Bob<b@b.example>`},
		{`Ada <a@b.example`, `Ada<a@b.example>`},
		{`"Ada <a@b.example>`, `"Ada<a@b.example>`},
		{`Ada (broken <a@b.example>`, `Ada (broken<a@b.example>`},
		{`a@münchen.example`, `<a@xn--mnchen-3ya.example>`},
		{`用户@例子.example`, `<用户@xn--fsqu00a.example>`},
		{`a@b.example.`, `<a@b.example>`},
		{`a@b.example <a@b.example>`, `<a@b.example>`},
		{"Ada\u202e <a@b.example>", `Ada<a@b.example>`},
		{`nobody, <>, a@b, two words@b.example`, `!nobody !<> !a@b !two words@b.example`},
		{`,,;; `, ``},
	}
	for _, tt := range tests {
		good, bad := parseAddresses(tt.in)
		var got []string
		for _, m := range good {
			got = append(got, m.Name+"<"+string(m.Address)+">")
		}
		for _, b := range bad {
			got = append(got, "!"+b)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.in, s, tt.want)
		}
	}
}

func TestEncodedWordsAreDecodedAsTheyCome(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{"=?utf-8?q?a_b=21?=", "a b!"},
		{"=?UTF-8?B?w7w=?= =?utf-8?b?w7w=?=", "üü"},
		{"=?utf-8?b?ww==?= =?utf-8?b?vA==?=", "ü"}, // a character cut in two
		{"=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"},
		{"=?utf-8?q?a?==?utf-8?q?b?=", "ab"},
		{"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"},
		{"=?utf-8?q?with blanks?=", "with blanks"},
		{"=?utf-8*en?q?a?=", "a"},
		{"=?iso-2022-jp?b?GyRCJCIbKEI=?=", "あ"},
		{"=?gb2312?b?xOO6ww==?=", "你好"},
		{"=?nonsense?q?=C3=BC?=", "ü"},
		{"=?utf-8?x?a?=", "=?utf-8?x?a?="},
		{"=?utf-8?q?open", "=?utf-8?q?open"},
		{"a =? b", "a =? b"},
		{"=?", "=?"},
		{"caf\xe9", "café"},
		{"café", "café"},
	}
	for _, tt := range tests {
		if got := decodeWords(tt.in); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestFileNamesAreReadAndMadeSafe(t *testing.T) {
	tests := []struct{ in, want string }{
		{`; filename=report.pdf`, "report.pdf"},
		{`; filename="a;b.pdf"`, "a;b.pdf"},
		{`; filename=my report.pdf; x=y`, "my report.pdf"},
		{`; filename="C:\dir\report.pdf"`, "report.pdf"},
		{`; filename="../../etc/passwd"`, "passwd"},
		{`; filename="a\"b.pdf"`, "a_b.pdf"},
		{`; filename="open.pdf`, "open.pdf"},
		{`; filename*=utf-8''%e2%82%ac.pdf; filename="EUR.pdf"`, "€.pdf"},
		{`; filename*0="a"; filename*1=".pdf"`, "a.pdf"},
		{`; filename*1*=%20b.pdf; filename*0*=iso-8859-1'en'%FC`, "ü b.pdf"},
		{`; filename*0=a; filename*2=c`, "a"},
		{`; filename="=?utf-8?q?=C3=BC.pdf?="`, "ü.pdf"},
		{"; filename=\"caf\xe9.pdf\"", "café.pdf"},
		{"; filename=\"gpj.\u202eexe\"", "gpj.exe"},
		{"; filename=\"a\u200bb\x00\tc.pdf\"", "abc.pdf"},
		{`; filename=" .hidden. "`, "hidden"},
		{`; filename=".."`, "attachment.pdf"},
		{`; filename=""`, "attachment.pdf"},
		{``, "attachment.pdf"},
		{`; filename="` + strings.Repeat("ü", 300) + `.pdf"`, strings.Repeat("ü", 196) + ".pdf"},
		{`; filename="` + strings.Repeat("a", 300) + `"`, strings.Repeat("a", 200)},
	}
	for _, tt := range tests {
		ix := index(t, mailOf("Content-Type: application/pdf", "Content-Disposition: attachment"+tt.in, "", "x"))
		if got := ix.Parts[0].Name; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestAttachmentsWithoutANameAreNamedForTheirType(t *testing.T) {
	tests := []struct{ kind, want string }{
		{"text/calendar", "invitation.ics"}, {"text/vcard", "attachment.vcf"}, {"image/jpeg", "attachment.jpg"}, {"image/png", "attachment.png"},
		{"image/svg+xml", "attachment.svg"}, {"image/tiff", "attachment.tif"}, {"audio/mpeg", "attachment.mp3"}, {"application/msword", "attachment.doc"},
		{"application/vnd.ms-excel", "attachment.xls"}, {"application/pgp-signature", "signature.asc"}, {"application/pkcs7-mime", "smime.p7m"},
		{"application/pkcs7-signature", "smime.p7s"}, {"message/delivery-status", "attachment.txt"}, {"text/x-odd", "attachment.bin"},
		{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "attachment.docx"},
		{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment.xlsx"},
		{"application/vnd.openxmlformats-officedocument.presentationml.presentation", "attachment.pptx"},
	}
	for _, tt := range tests {
		if got := index(t, mailOf("Content-Type: "+tt.kind, "", "x")).Parts[0].Name; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.kind, got, tt.want)
		}
	}
}

func TestMessageIDsAreTakenWholeOrNotAtAll(t *testing.T) {
	tests := []struct{ in, want string }{
		{"<a@b>", "<a@b>"},
		{" <ü@b> ", "<ü@b>"},
		{"a@b", ""},
		{"<a b@c>", ""},
		{"<a@b> <c@d>", ""},
		{"<>", ""},
		{"<a\x01@b>", ""},
		{"<\xff@b>", ""},
		{"<" + strings.Repeat("a", 248) + ">", "<" + strings.Repeat("a", 248) + ">"},
		{"<" + strings.Repeat("a", 249) + ">", ""},
	}
	for _, tt := range tests {
		if got := index(t, mailOf("Message-ID:"+tt.in, "", "")).Header.MessageID; got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
	many := index(t, mailOf("References: <first@x>"+strings.Repeat(" <a@b>", 500)+" <last@x>", "", "")).Header.References
	if len(many) != references || many[0] != "<first@x>" || many[len(many)-1] != "<last@x>" {
		t.Errorf("kept %d references, %s to %s", len(many), many[0], many[len(many)-1])
	}
}

func TestDatesOfRealMailAreRead(t *testing.T) {
	want := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, s := range []string{
		"Mon, 2 Mar 2026 11:00:00 +0100", "2 Mar 2026 10:00:00 GMT", "Mon, 02 Mar 2026 10:00:00 +0000 (UTC)",
		"Mon,  2 Mar 2026 10:00:00 +0000 (unclosed", "Mon Mar  2 10:00:00 2026", "2026-03-02T10:00:00Z", "Mon, 2 Mar 26 10:00:00 +0000",
	} {
		if got := parseDate(s); !got.Equal(want) {
			t.Errorf("%q: %v", s, got)
		}
	}
	if got := parseDate("tomorrow"); !got.IsZero() {
		t.Errorf("tomorrow is %v", got)
	}
}

func TestTextIsUTF8WhateverItsLabelSays(t *testing.T) {
	tests := []struct{ name, ctype, body, want string }{
		{"no label, UTF-8", "text/plain", "ü", "ü"},
		{"no label, Windows", "text/plain", "\x93\xfc\x94", "“ü”"},
		{"ASCII that is not", "text/plain; charset=us-ascii", "ü", "ü"},
		{"Latin 1", "text/plain; charset=ISO-8859-1", "\xfc", "ü"},
		{"UTF-8 that is not", "text/plain; charset=utf-8", "\xfc", "ü"},
		{"UTF-8 with a fault", "text/plain; charset=utf-8", "ü\xfc", "ü\uFFFD"},
		{"unknown", "text/plain; charset=x-nonsense", "\xfc", "ü"},
		{"byte order mark", "text/plain; charset=utf-8", "\uFEFFa", "a"},
		{"Japanese", "text/plain; charset=iso-2022-jp", "\x1b$B$\"\x1b(B", "あ"},
		{"Chinese", "text/plain; charset=gb2312", "\xc4\xe3", "你"},
		{"Chinese of old", "text/plain; charset=hz-gb-2312", "~{Dc~}", "你"},
		{"Cyrillic", "text/plain; charset=koi8-r", "\xc1", "а"},
		{"UTF-16", "text/plain; charset=utf-16le", "a\x00", "a"},
		{"UTF-16 by another name", "text/plain; charset=unicode", "a\x00", "a"},
		{"mainframe", "text/plain; charset=ibm037", "\x81", "a"},
		{"quoted label", `text/plain; charset="'utf-8'"`, "ü", "ü"},
		{"a page that names its own", "text/html", `<meta charset="koi8-r">` + "\xc1", `<meta charset="koi8-r">а`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := "Content-Type: " + tt.ctype + "\r\n\r\n" + tt.body
			got, cut, err := index(t, []byte(raw)).OpenText(strings.NewReader(raw), 0, 1000)
			if got != tt.want || cut || err != nil {
				t.Errorf("%q, %v, %v, want %q", got, cut, err, tt.want)
			}
		})
	}
}

func TestLongTextIsCutBetweenCharacters(t *testing.T) {
	for _, charset := range []string{"utf-8", "iso-8859-1", "gb2312"} {
		raw := "Content-Type: text/plain; charset=" + charset + "\r\n\r\n" + strings.Repeat("ü", 100)
		ix := index(t, []byte(raw))
		for n := range int64(150) {
			got, cut, err := ix.OpenText(strings.NewReader(raw), 0, n)
			if int64(len(got)) > n || !cut || err != nil || !utf8.ValidString(got) || strings.Contains(got, "\uFFFD") {
				t.Fatalf("%s, %d bytes: %q, %v, %v", charset, n, got, cut, err)
			}
		}
	}
}

func TestTransferEncodingsForgive(t *testing.T) {
	tests := []struct{ encoding, in, want string }{
		{"base64", "aGVs\r\nbG8=", "hello"},
		{"base64", "aGVsbG8", "hello"},
		{"BASE64 (sic)", "a G!V*s\tbG8=", "hello"},
		{"base64", "aGVsbG8=aGVsbG8=", "hellohello"},
		{"base64", "a", ""},
		{"base64", "====", ""},
		{"quoted-printable", "a=20b=\r\nc \t\r\nd", "a bc\r\nd"},
		{"quoted-printable", "=fc=FC=zz=1", "\xfc\xfc=zz=1"},
		{"quoted-printable", "a= \t\r\nb", "ab"},
		{"quoted-printable", "a= b", "a= b"},
		{"quoted-printable", "a==20=", "a= "},
		{"quoted-printable", "a=\nb=\rc", "abc"},
		{"quoted-printable", "a  b  ", "a  b"},
		{"7bit", "=20", "=20"},
		{"8bit; x=y", "=20", "=20"},
		{"x-unknown", "=20", "=20"},
	}
	for _, tt := range tests {
		raw := "Content-Transfer-Encoding: " + tt.encoding + "\r\n\r\n" + tt.in
		ix := index(t, []byte(raw))
		got, _, err := ix.OpenText(strings.NewReader(raw), 0, 1000)
		if want := toUTF8([]byte(tt.want), ""); got != want || err != nil {
			t.Errorf("%s %q: %q, %v, want %q", tt.encoding, tt.in, got, err, want)
		}
		checkIndex(t, tt.in, ix, []byte(raw))
	}
}
