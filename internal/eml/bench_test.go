package eml

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// small is a mail as most are.
var small = mailOf(
	"Received: from client.contoso.example (client.contoso.example [192.0.2.1])", "	by mail.contoso.example with ESMTPSA id 123;", "	Mon, 2 Mar 2026 11:00:01 +0100",
	"From: Ada Lovelace <ada@contoso.example>", "To: Grace Hopper <grace@example.com>", "Subject: Quarterly report", "Date: Mon, 2 Mar 2026 11:00:00 +0100",
	"Message-ID: <one@contoso.example>", "MIME-Version: 1.0", "User-Agent: Mail/1.0", `Content-Type: multipart/alternative; boundary="=_alternative_1"`, "",
	"--=_alternative_1", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", strings.Repeat("Here it is, as promised last week.\r\n", 20),
	"--=_alternative_1", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", strings.Repeat("<p>Here it is, as promised last week.</p>\r\n", 30),
	"--=_alternative_1--")

func BenchmarkIndexSmall(b *testing.B) { benchIndex(b, small) }

func BenchmarkIndexBase64(b *testing.B) { benchIndex(b, big(b, "")) }

func BenchmarkIndexQuoted(b *testing.B) {
	benchIndex(b, big(b, strings.Repeat("Grüße, here it is, as promised last week. ", 25_000)))
}

func BenchmarkIndexPlain(b *testing.B) {
	benchIndex(b, []byte("Subject: plain\r\n\r\n"+strings.Repeat(strings.Repeat("plain ", 12)+"\r\n", 14_000)))
}

func benchIndex(b *testing.B, raw []byte) {
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := indexBy(raw, 32<<10, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// big is a mail of about a megabyte: of text, or of a file.
func big(b *testing.B, text string) []byte {
	d := Draft{From: ada, Date: noon, Text: text}
	if text == "" {
		d.Files = seq(nil, File{Name: "a.bin", Body: io.LimitReader(zeros{}, 750_000)})
	}
	return compose(b, d)
}

func BenchmarkOpenBase64(b *testing.B) {
	raw := big(b, "")
	ix := index(b, raw)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, ix.Open(bytes.NewReader(raw), 2)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompose(b *testing.B) {
	for b.Loop() {
		big(b, "")
	}
}
