package web

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// scanners open links in mails before people do.
var scanners = []string{
	"Mozilla/5.0 (compatible; BarracudaCentral)", "Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36", "curl/8.5.0", "",
}

func TestLinkScannersChangeNothing(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	before := w.history(id)
	mails := len(w.box.Mails(marta))
	for i := range 50 {
		b := w.browser()
		b.header.Set("User-Agent", scanners[i%len(scanners)])
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			for _, path := range []string{link, link + "/passcode", link + "/verify", link + "/passcode/again"} {
				b.do(method, path, nil, "")
			}
		}
		if len(b.cookies) > 0 {
			t.Fatalf("a scanner got cookies: %v", b.cookies)
		}
	}
	w.deliver()
	if got := len(w.box.Mails(marta)); got != mails {
		t.Errorf("%d mails after the scanners, want %d", got, mails)
	}
	if got := w.history(id); got != before {
		t.Errorf("history after the scanners: %q, want %q", got, before)
	}
	b := w.browser()
	b.post(link+"/passcode", nil)
	if w.deliver(); len(w.box.Mails(marta)) == mails || len(b.cookies) == 0 {
		t.Error("a person's POST mails no passcode either: this test proves nothing")
	}
}

// history is what has happened to a message, in words.
func (w *world) history(id letterlock.ID) string {
	w.t.Helper()
	d, err := w.server.Track.SentMessage(w.t.Context(), w.actors[ada], id)
	if err != nil {
		w.t.Fatal(err)
	}
	var words []string
	for _, r := range d.Recipients {
		for _, e := range d.Events[r.ID] {
			words = append(words, string(e.Kind))
		}
	}
	return strings.Join(words, " ")
}

func TestLinkAloneShowsNothingOfTheMessage(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	b := w.browser()
	pages := map[string]string{
		"gate":         b.get(link).body,
		"ask":          b.post(link+"/passcode", nil).body,
		"passcode":     b.get(link + "/passcode").body,
		"wrong":        b.post(link+"/verify", map[string][]string{"code": {"00000000"}}).body,
		"message":      b.get("/read/" + string(id)).body,
		"body":         b.get("/read/" + string(id) + "/body").body,
		"whole":        b.get("/read/" + string(id) + "/message.eml").body,
		"My messages":  b.get("/messages").body,
		"sign in":      b.get("/sign-in").body,
		"of the staff": b.get("/sent/" + string(id)).body,
	}
	if !strings.Contains(pages["gate"], "m••••@quillfeather.example") {
		t.Error("the gate does not show the masked address: this test may prove nothing")
	}
	for name, body := range pages {
		for _, secret := range []string{secretSubject, secretText, secretFile, "Lovelace", string(ada), string(marta), "marta", "Settlement", "4.2 million"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s: shows %q to somebody who has only the link", name, secret)
			}
		}
	}
}

func TestWrongLinksAllEndAlike(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	token := strings.TrimPrefix(link, "/m/")
	links := []string{
		"/m/x", "/m/" + token[:42], "/m/" + token + "A", "/m/" + token + "=", "/m/" + token[:42] + "!",
		"/m/" + strings.Repeat("A", 43), "/m/" + strings.Repeat("a", 5000), "/m/" + token[:20] + "%00" + token[21:],
		"/m/" + token[:40] + "%2e%2e%2f", "/m/%F0%9F%94%91", "/m/' OR 1=1 --", "/m/" + swapCase(token),
	}
	for i := range token { // every character altered once
		altered := []byte(token)
		altered[i] = 'A' + (altered[i]+1)%26
		if string(altered) != token {
			links = append(links, "/m/"+string(altered))
		}
	}
	for range 200 {
		var b [32]byte
		rand.Read(b[:])
		links = append(links, "/m/"+base64.RawURLEncoding.EncodeToString(b[:]))
	}
	want := w.browser().get("/m/" + strings.Repeat("A", 43))
	if want.status != 404 || want.heading() != "This message is not available" {
		t.Fatalf("unknown link: %d %q", want.status, want.heading())
	}
	for _, l := range links {
		l = strings.ReplaceAll(l, " ", "%20")
		for _, a := range []answer{w.browser().get(l), w.browser().post(l+"/passcode", nil), w.browser().get(l + "/passcode"), w.browser().post(l+"/verify", nil)} {
			if a.status != want.status || a.body != want.body {
				t.Errorf("%.60s: %d %q, want the same as any unknown link", l, a.status, a.heading())
			}
		}
	}
	if a := w.browser().get(link); a.status != 200 {
		t.Errorf("the true link: %d, want 200", a.status)
	}
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 32
		case 'A' <= r && r <= 'Z':
			return r + 32
		}
		return r
	}, s)
}

// The last character of a token carries two bits that mean nothing; a link with
// other ones there is another link.
func TestLinkHasOneSpelling(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, link[len(link)-1])
	for bits := 1; bits < 4; bits++ {
		other := link[:len(link)-1] + string(alphabet[last^bits])
		if a := w.browser().get(other); a.status != 404 {
			t.Errorf("link with other last bits: %d, want 404", a.status)
		}
	}
}
