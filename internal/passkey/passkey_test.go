package passkey_test

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/passkey"
	"letterlock/internal/passkeytest"
)

const origin = "https://mail.contoso.example"

var handle = bytes.Repeat([]byte{7}, 32)

func party(t *testing.T, at string) *passkey.Party {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	return passkey.New(u, "Contoso")
}

func must(t *testing.T) func(browser, keep []byte, err error) ([]byte, []byte) {
	return func(browser, keep []byte, err error) ([]byte, []byte) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return browser, keep
	}
}

// made is a device with a passkey, and what is kept of that.
func made(t *testing.T, p *passkey.Party) (*passkeytest.Device, passkey.Key) {
	t.Helper()
	d := passkeytest.New(t, origin)
	browser, keep := must(t)(p.Make(passkey.Holder{Handle: handle, Name: "ada@contoso.example"}))
	k, err := p.Made(keep, d.Make(browser))
	if err != nil {
		t.Fatal(err)
	}
	return d, k
}

// check asks for a passkey and judges the answer.
func check(t *testing.T, p *passkey.Party, d *passkeytest.Device, k passkey.Key, keys ...passkey.Key) (passkey.Key, error) {
	t.Helper()
	browser, keep := must(t)(p.Ask(keys))
	a, err := passkey.Read(d.AnswerWith(d.Newest(), browser))
	if err != nil {
		t.Fatal(err)
	}
	return p.Check(keep, a, k)
}

func TestAPasskeyAnswersForItsHolder(t *testing.T) {
	p := party(t, origin)
	d, k := made(t, p)
	if !bytes.Equal(k.ID, d.Newest()) || !bytes.Equal(k.Holder, handle) || !bytes.Equal(d.Holder(), handle) || k.Count != 1 || k.Flags&0x18 != 0 {
		t.Errorf("what is kept: %+v", k)
	}
	for i, keys := range [][]passkey.Key{nil, {k}} {
		now, err := check(t, p, d, k, keys...)
		if err != nil || now.Count != uint32(2+i) {
			t.Errorf("asked for %d passkeys: count %d, %v", len(keys), now.Count, err)
		}
	}
	d.NoHandle = true // it may leave that out when it was asked for by name, section 5.1.4 of WebAuthn, and only then
	if _, err := check(t, p, d, k, k); err != nil {
		t.Errorf("without a handle: %v", err)
	}
	if _, err := check(t, p, d, k); letterlock.KeyOf(err) != passkey.Malformed {
		t.Errorf("without a handle and asked for anybody: %v", err)
	}
}

func TestAnswersThatDoNotCount(t *testing.T) {
	p := party(t, origin)
	_, others := made(t, p)
	for name, tt := range map[string]struct {
		lie  func(*passkeytest.Device, *passkey.Key)
		want string
	}{
		"to another question":           {func(d *passkeytest.Device, _ *passkey.Key) { d.Challenge = "c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlcg" }, passkey.Stale},
		"to none":                       {func(d *passkeytest.Device, _ *passkey.Key) { d.Challenge = " " }, passkey.Stale},
		"at another host":               {func(d *passkeytest.Device, _ *passkey.Key) { d.Origin = "https://mail.contoso.example.evil.example" }, passkey.OtherSite},
		"at a host below":               {func(d *passkeytest.Device, _ *passkey.Key) { d.Origin = "https://x.mail.contoso.example" }, passkey.OtherSite},
		"without https":                 {func(d *passkeytest.Device, _ *passkey.Key) { d.Origin = "http://mail.contoso.example" }, passkey.OtherSite},
		"at another port":               {func(d *passkeytest.Device, _ *passkey.Key) { d.Origin = origin + ":8443" }, passkey.OtherSite},
		"for the domain above":          {func(d *passkeytest.Device, _ *passkey.Key) { d.Party = "contoso.example" }, passkey.OtherSite},
		"of a holder nobody looked for": {func(d *passkeytest.Device, _ *passkey.Key) { d.Unverified = true }, passkey.Unverified},
		"counted twice":                 {func(d *passkeytest.Device, k *passkey.Key) { k.Count = d.Count + 1 }, passkey.Copied},
		"not counted any more":          {func(d *passkeytest.Device, _ *passkey.Key) { d.Still, d.Count = true, 0 }, passkey.Copied},
		"signed by another":             {func(_ *passkeytest.Device, k *passkey.Key) { k.Public = others.Public }, passkey.Malformed},
		"of another holder":             {func(_ *passkeytest.Device, k *passkey.Key) { k.Holder = bytes.Repeat([]byte{8}, 32) }, passkey.Malformed},
		"of a passkey that moved":       {func(d *passkeytest.Device, _ *passkey.Key) { d.BackedUp = true }, passkey.Malformed},
	} {
		d, k := made(t, p)
		tt.lie(d, &k)
		if _, err := check(t, p, d, k); letterlock.KeyOf(err) != tt.want || letterlock.CodeOf(err) != letterlock.Invalid {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

func TestPasskeysThatAreNotKept(t *testing.T) {
	p := party(t, origin)
	for name, tt := range map[string]struct {
		lie  func(*passkeytest.Device)
		want string
	}{
		"to another question":           {func(d *passkeytest.Device) { d.Challenge = "c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlcg" }, passkey.Stale},
		"at another host":               {func(d *passkeytest.Device) { d.Origin = "https://evil.example" }, passkey.OtherSite},
		"for another host":              {func(d *passkeytest.Device) { d.Party = "evil.example" }, passkey.OtherSite},
		"of a holder nobody looked for": {func(d *passkeytest.Device) { d.Unverified = true }, passkey.Unverified},
	} {
		browser, keep := must(t)(p.Make(passkey.Holder{Handle: handle, Name: "ada@contoso.example"}))
		d := passkeytest.New(t, origin)
		tt.lie(d)
		if _, err := p.Made(keep, d.Make(browser)); letterlock.KeyOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

// An answer for making a passkey is none for showing one, and the other way round.
func TestNothingElseIsAnAnswer(t *testing.T) {
	p := party(t, origin)
	d, k := made(t, p)
	browser, keep := must(t)(p.Ask(nil))
	good := d.Answer(browser)
	for name, sent := range map[string]string{
		"nothing": "", "no JSON": "x", "empty": "{}", "null": "null", "cut": string(good[:len(good)/2]), "twice": string(good) + string(good),
		"too long": string(good) + strings.Repeat(" ", passkey.MaxAnswer), "no CBOR": strings.Replace(string(good), `"type":"public-key"`, `"type":"password"`, 1),
	} {
		if _, err := passkey.Read([]byte(sent)); letterlock.KeyOf(err) != passkey.Malformed {
			t.Errorf("%s: %v, want it refused", name, err)
		}
		if _, err := p.Made(keep, []byte(sent)); letterlock.KeyOf(err) != passkey.Malformed {
			t.Errorf("%s, as a passkey that was made: %v, want it refused", name, err)
		}
	}
	if _, err := p.Made(keep, good); letterlock.KeyOf(err) != passkey.Malformed {
		t.Errorf("an answer as a passkey that was made: %v", err)
	}
	a, err := passkey.Read(good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Check([]byte(`{}`), a, k); letterlock.KeyOf(err) != passkey.Stale {
		t.Errorf("no question was kept: %v", err)
	}
	if _, err := p.Check(keep, a, k); err != nil {
		t.Errorf("the good answer: %v", err)
	}
}

func TestBrowsersAreToldTheLeast(t *testing.T) {
	p := party(t, origin)
	_, k := made(t, p)
	for name, asked := range map[string]func() ([]byte, []byte, error){
		"for anybody": func() ([]byte, []byte, error) { return p.Ask(nil) },
		"for one":     func() ([]byte, []byte, error) { return p.Ask([]passkey.Key{k}) },
		"for another": func() ([]byte, []byte, error) {
			return p.Make(passkey.Holder{Handle: handle, Name: "ada@contoso.example", Keys: []passkey.Key{k}})
		},
	} {
		browser, _, err := asked()
		said, id := string(browser), base64.RawURLEncoding.EncodeToString(k.ID)
		if err != nil || strings.Contains(said, id) != (name != "for anybody") || !strings.Contains(said, `"mail.contoso.example"`) {
			t.Errorf("%s: %v, %s", name, err, said)
		}
		if name == "for another" && (!strings.Contains(said, `"attestation":"none"`) || !strings.Contains(said, `"excludeCredentials":[`)) {
			t.Errorf("%s: %s", name, said)
		}
	}
}

func TestOnlySomePlacesHavePasskeys(t *testing.T) {
	for at, want := range map[string]bool{
		origin: true, "https://mail.contoso.example:8443": true, "https://MAIL.contoso.example:443": true, "http://localhost:8025": true,
		"http://mail.contoso.example": false, "https://192.0.2.7": false, "http://127.0.0.1:8025": false, "https://[2001:db8::7]": false,
	} {
		if got := party(t, at) != nil; got != want {
			t.Errorf("%s: %v, want %v", at, got, want)
		}
	}
	p := party(t, "https://MAIL.contoso.example:443")
	d, k := made(t, p)
	if _, err := check(t, p, d, k); err != nil {
		t.Errorf("a URL that a browser writes otherwise: %v", err)
	}
}

// What a browser sends is a stranger's: whatever it is, it is an answer or none.
func FuzzAnswers(f *testing.F) {
	u := &url.URL{Scheme: "https", Host: "mail.contoso.example"}
	p := passkey.New(u, "Contoso")
	_, keep, err := p.Make(passkey.Holder{Handle: handle, Name: "ada@contoso.example"})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{}`,
		`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"` + strings.Repeat("A", 50) + `","signature":"AA","userHandle":"AA"}}`,
		`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		if a, err := passkey.Read(sent); err == nil {
			if _, err := p.Check(keep, a, passkey.Key{ID: a.ID(), Holder: handle}); letterlock.CodeOf(err) != letterlock.Invalid {
				t.Errorf("%q: %v", sent, err)
			}
		} else if letterlock.KeyOf(err) != passkey.Malformed {
			t.Errorf("%q: %v", sent, err)
		}
		if _, err := p.Made(keep, sent); letterlock.CodeOf(err) != letterlock.Invalid {
			t.Errorf("%q: %v", sent, err)
		}
	})
}
