package web

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// Words of the mail that is passed on, and of the one that is attached to it.
const (
	innerSubject   = "Offer of the buyer"
	innerText      = "They would pay in two parts"
	innerFile      = "terms.csv"
	deeperSubject  = "Minutes of the first meeting"
	deeperText     = "Nobody from the bank came"
	encodedSubject = "Wrapped by a gateway"
)

// forwarded is a mail with another attached as a file, which has one attached in
// turn, and a third that some program has encoded.
func forwarded() string {
	return enclosing("attachment")
}

func enclosing(disposition string) string {
	deeper := "From: Lena Voss <lena@bank.example>\nTo: buyer@bank.example\nSubject: " + deeperSubject + "\n\n" + deeperText + ".\n"
	encoded := "RnJvbTogaW5mb0BnYXRld2F5LmV4YW1wbGUKU3ViamVjdDogV3JhcHBlZCBieSBhIGdhdGV3YXkKCkl0IGlzIGEgdGVzdC4K"
	return strings.ReplaceAll(fmt.Sprintf(`From: Ada Lovelace <ada@contoso.example>
To: marta.lind@quillfeather.example
Subject: Fwd: %[1]s
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: text/plain

Read this before we talk.

--outer
Content-Type: message/rfc822
Content-Disposition: %[8]s

From: Buyer <buyer@bank.example>
To: Ada Lovelace <ada@contoso.example>, Paul <paul@contoso.example>
Date: Thu, 19 Nov 2026 08:00:00 +0000
Subject: %[1]s
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=inner

--inner
Content-Type: text/html

<p>%[2]s.</p><img src="https://tracker.example/a.png"><img src="https://tracker.example/b.png"><script>alert(1)</script>

--inner
Content-Type: text/csv; name=%[3]s
Content-Disposition: attachment

a,b

--inner
Content-Type: message/rfc822

%[4]s
--inner--

--outer
Content-Type: message/rfc822; name="%[6]s.eml"
Content-Transfer-Encoding: base64
Content-Disposition: attachment

%[7]s

--outer--
`, innerSubject, innerText, innerFile, deeper, deeperText, encodedSubject, encoded, disposition), "\n", "\r\n")
}

func TestAttachedMailIsShownAsMail(t *testing.T) {
	w := newWorld(t)
	id := string(w.submit(ada, intakeTo(marta), forwarded()))
	b := w.browser()
	url := b.prove(marta)
	sender := w.browser().signIn(ada)
	for _, v := range []struct {
		name string
		b    *browser
		url  string
	}{{"recipient", b, url}, {"sender", sender, "/sent/" + id}} {
		t.Run(v.name, func(t *testing.T) {
			page := v.b.get(v.url)
			links := hrefs(page.body, "/mail")
			if len(links) != 2 || !strings.Contains(page.body, innerSubject+".eml") {
				t.Fatalf("the message leads to attached mails at %q:\n%s", links, texts(page.body))
			}
			inner := v.b.get(links[0])
			said := texts(inner.body)
			if inner.heading() != innerSubject {
				t.Errorf("the attached mail is headed %q", inner.heading())
			}
			for _, want := range []string{"Buyer", "buyer@bank.example", "paul@contoso.example", "Thursday 19 November 2026", innerFile, "2 remote images were left out", "has not checked who wrote it"} {
				if !strings.Contains(said, want) {
					t.Errorf("the page of the attached mail does not say %q:\n%s", want, said)
				}
			}
			body := v.b.get(links[0] + "/body")
			if !strings.Contains(body.body, innerText) || strings.Contains(body.body, "<script") || body.header.Get("Content-Security-Policy") != string(policyBody) {
				t.Errorf("the text of the attached mail: %d\n%s", body.status, body.body)
			}
			if a := v.b.get(partsOf(inner.body, innerFile)); a.body != "a,b\r\n" {
				t.Errorf("the file of the attached mail is %q", a.body)
			}
			deeper := hrefs(inner.body, "/mail")
			if len(deeper) != 1 {
				t.Fatalf("the attached mail leads to attached mails at %q", deeper)
			}
			if a := v.b.get(deeper[0]); a.heading() != deeperSubject || !strings.Contains(v.b.get(deeper[0]+"/body").body, deeperText) {
				t.Errorf("the mail attached to the attached mail: %d %q", a.status, a.heading())
			}
			if a := v.b.get(links[1]); a.heading() != encodedSubject || !strings.Contains(v.b.get(links[1]+"/body").body, "It is a test.") {
				t.Errorf("the encoded mail: %d %q", a.status, a.heading())
			}
		})
	}
}

func TestAttachedMailStandsUnderTheWordsOfWhoPassedItOn(t *testing.T) {
	w := newWorld(t)
	w.submit(ada, intakeTo(marta), enclosing("inline"))
	b := w.browser()
	page := b.get(b.prove(marta))
	frames := srcs(page.body)
	if len(frames) != 2 || !strings.Contains(b.get(frames[1]).body, innerText) {
		t.Fatalf("frames at %q", frames)
	}
	if said := texts(page.body); !strings.Contains(said, "Buyer") || strings.Index(said, "Protected message") > strings.Index(said, "Buyer") {
		t.Errorf("the attached mail is not under the message:\n%s", said)
	}
}

func TestAttachedMailIsKeptAsTheMessageIs(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Access.DownloadsUnderDoNotForward, o.DownloadsUnderDoNotForward = false, false })
	id := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Protection: letterlock.DoNotForward}, forwarded())
	b := w.browser()
	page := b.get(b.prove(marta))
	links := hrefs(page.body, "/mail")
	if len(links) != 2 {
		t.Fatalf("attached mails at %q: this test would prove nothing", links)
	}
	inner := b.get(links[0])
	if strings.Contains(inner.body, `/body" target`) || partsOf(inner.body, innerFile) != "" {
		t.Error("the attached mail may be opened alone or its file saved, and the message may not")
	}
	b.header.Set("Sec-Fetch-Dest", "document")
	if a := b.get(links[0] + "/body"); a.status != http.StatusForbidden {
		t.Errorf("the text of the attached mail on a page of its own: %d", a.status)
	}
	b.header.Del("Sec-Fetch-Dest")
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{links[0], links[0] + "/body", links[1]} {
		if a := b.get(path); a.status != http.StatusGone || strings.Contains(a.body, innerText) {
			t.Errorf("GET %s of a revoked message: %d", path, a.status)
		}
	}
}

func TestNothingButAMailIsShownAsMail(t *testing.T) {
	w := newWorld(t)
	id := string(w.submit(ada, intakeTo(marta), forwarded()))
	b := w.browser()
	url := b.prove(marta)
	for _, n := range []string{"0", "1", "3", "99", "-1", "10000", "10002", "20008", "x", "02", "999999999999"} {
		if a := b.get(url + "/part/" + n + "/mail"); a.status != http.StatusNotFound {
			t.Errorf("part %s as a mail: %d", n, a.status)
		}
	}
	if a := w.browser().signIn(eve).get("/sent/" + id + "/part/2/mail"); a.status != http.StatusNotFound {
		t.Errorf("another sender gets %d", a.status)
	}
}

func TestTextOfHTMLIsShownWhenAskedFor(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	url := b.prove(marta)
	page := b.get(url)
	if !strings.Contains(page.body, url+`?as=text`) || !strings.Contains(texts(page.body), "1 remote image was left out.") {
		t.Fatalf("no way to the text:\n%s", texts(page.body))
	}
	plain := b.get(url + "?as=text")
	if frames := srcs(plain.body); len(frames) != 1 || frames[0] != url+"/body?as=text" {
		t.Fatalf("frames at %q", frames)
	}
	if body := b.get(url + "/body?as=text"); !strings.Contains(body.body, `class="letterlock-plain"`) || !strings.Contains(body.body, secretText) {
		t.Errorf("the text:\n%s", body.body)
	}
	if body := b.get(url + "/body"); strings.Contains(body.body, `class="letterlock-plain"`) {
		t.Error("the HTML is shown as text without being asked for: this test proves nothing")
	}
}

func TestTextOfHTMLPassedOnIsShownWhenAskedFor(t *testing.T) {
	w := newWorld(t)
	id := string(w.submit(ada, intakeTo(marta), enclosing("inline")))
	reader := w.browser()
	read := reader.prove(marta)
	for url, b := range map[string]*browser{read: reader, "/sent/" + id: w.browser().signIn(ada)} {
		page := b.get(url)
		if frames := srcs(page.body); len(frames) != 2 || strings.Contains(b.get(frames[1]).body, `class="letterlock-plain"`) {
			t.Fatalf("%s: frames at %q: this test would prove nothing", url, frames)
		}
		if links := hrefs(page.body, "?as=text"); !slices.Contains(links, url+"?as=text") {
			t.Fatalf("%s: ways to the text at %q", url, links)
		}
		plain := b.get(url + "?as=text")
		frames := srcs(plain.body)
		if len(frames) != 2 {
			t.Fatalf("%s: frames at %q", url, frames)
		}
		if body := b.get(frames[1]).body; !strings.Contains(body, `class="letterlock-plain"`) || !strings.Contains(body, innerText) {
			t.Errorf("%s: the text:\n%s", url, body)
		}
		if !slices.Contains(hrefs(plain.body, url), url) || !strings.Contains(texts(plain.body), "Show as the sender wrote it") {
			t.Errorf("%s: no way back from the text:\n%s", url, texts(plain.body))
		}
	}
}

// hrefs are the links of a page with these words in their address and at its end.
func hrefs(page, end string) (list []string) {
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if strings.HasSuffix(m[1], end) {
			list = append(list, m[1])
		}
	}
	return list
}

// srcs are the addresses of the frames of a page.
func srcs(page string) (list []string) {
	for _, m := range regexp.MustCompile(`<iframe [^>]*src="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		list = append(list, m[1])
	}
	return list
}

// partsOf is the link that saves the file of that name; "" if there is none.
func partsOf(page, name string) string {
	m := regexp.MustCompile(`<a class="file" href="([^"]*)"[^>]*>(?:[^a]|a[^ ])*?` + regexp.QuoteMeta(name)).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return m[1]
}

func TestSenderSeesWhatWasTakenOutOfAnAttachedMail(t *testing.T) {
	w := newWorld(t)
	id := string(w.submit(ada, intakeTo(marta), forwarded()))
	b := w.browser()
	page := b.get(b.prove(marta))
	file := partsOf(b.get(hrefs(page.body, "/mail")[0]).body, innerFile)
	if a := b.get(file); a.status != http.StatusOK {
		t.Fatalf("downloading: %d", a.status)
	}
	for _, url := range []string{"/sent/" + id, "/sent/" + id + "/remove"} {
		said := texts(w.browser().signIn(ada).get(url).body)
		if !strings.Contains(said, "1 of 4") && !strings.Contains(said, "downloaded "+innerFile) {
			t.Errorf("%s does not say what was downloaded:\n%s", url, said)
		}
	}
}
