package eml

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// inner is a mail that can be attached to others.
var inner = crlf(`Received: from here
From: Buyer <buyer@bank.example>
Bcc: hidden@bank.example
Subject: =?utf-8?q?Caf=C3=A9?=
Content-Type: multipart/mixed; boundary=in

--in
Content-Type: multipart/alternative; boundary=alt

--alt

text
--alt
Content-Type: text/html

<p>html
--alt--
--in
Content-Type: message/rfc822

Subject: deeper

x
--in
Content-Type: application/pdf

%PDF
--in--
`)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func attaching(mail, encoding string) []byte {
	return []byte(crlf("Subject: outer\nContent-Type: multipart/mixed; boundary=out\n\n--out\n\nwords\n--out\nContent-Type: message/rfc822\nContent-Transfer-Encoding: "+
		encoding+"\n\n") + mail + crlf("\n--out--\n"))
}

func TestAttachedMailIsReadAsIfItHadComeByItself(t *testing.T) {
	raw := attaching(inner, "8bit")
	ix := index(t, raw)
	got, r, err := ix.Mail(bytes.NewReader(raw), 2)
	if err != nil {
		t.Fatal(err)
	}
	want := index(t, []byte(inner))
	want.Defects = got.Defects // of the whole mail
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	b, err := io.ReadAll(io.NewSectionReader(r, 0, got.Size))
	if err != nil || string(b) != inner {
		t.Errorf("its bytes: %q, %v", b, err)
	}
	deeper, r, err := got.Mail(r, 4)
	if err != nil || deeper.Header.Subject != "deeper" {
		t.Fatalf("the mail attached to it: %+v, %v", deeper, err)
	}
	if text, _, err := deeper.OpenText(r, 0, 10); text != "x" || err != nil {
		t.Errorf("its text: %q, %v", text, err)
	}
}

func TestEncodedMailIsReadToo(t *testing.T) {
	raw := attaching("U3ViamVjdDogYQ0KDQpi", "base64")
	in, r, err := index(t, raw).Mail(bytes.NewReader(raw), 2)
	if err != nil || in.Header.Subject != "a" {
		t.Fatalf("%+v, %v", in, err)
	}
	if text, _, err := in.OpenText(r, 0, 10); text != "b" || err != nil {
		t.Errorf("its text: %q, %v", text, err)
	}
}

func TestNothingElseIsAMail(t *testing.T) {
	raw := attaching(inner, "8bit")
	for _, part := range []int{-1, 0, 1, 3, 99} {
		if _, _, err := index(t, raw).Mail(bytes.NewReader(raw), part); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("part %d: %v", part, err)
		}
	}
}

func TestEveryAttachedMailOfTheCorporaIsReadAsByItself(t *testing.T) {
	n := 0
	eachMail(t, func(name string, raw []byte) {
		ix := index(t, raw)
		for i := range ix.Parts {
			if !ix.Parts[i].IsMail() {
				continue
			}
			in, r, err := ix.Mail(bytes.NewReader(raw), i)
			if err != nil {
				t.Errorf("%s: part %d: %v", name, i, err)
				continue
			}
			n++
			b, err := io.ReadAll(io.NewSectionReader(r, 0, in.Size))
			if err != nil {
				t.Fatal(err)
			}
			checkIndex(t, name, in, b)
		}
	})
	if n < 40 {
		t.Errorf("only %d attached mails in the corpora: this test would prove little", n)
	}
}
