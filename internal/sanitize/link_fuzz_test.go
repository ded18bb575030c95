package sanitize

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
)

// FuzzLink cleans the addresses of links: what is left is one of three schemes, and
// says in one host only where it leads.
func FuzzLink(f *testing.F) {
	for _, s := range []string{"https://bank.example/a?b=c#d", "javascript:alert(1)", "java\nscript:alert(1)", " \x01https://x.example", "https://bank.example@evil.example/", `https:\\evil.example`,
		"//evil.example", "http://%65vil.example", "mailto:a@b.example?bcc=x", "mailto:a%0d%0aBcc:x@b.example", "data:text/html,x", "https://xn--80ak6aa92e.com/", "https://аррӏе.com/",
		"https://x.example:99999/", "https://[::1]/", "https://[fe80::1%25eth0]/", "HTTPS://X.EXAMPLE", "https:x.example", "https://x.example/\u202egpj.exe", "https://a b/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		href, host, ok := cleanLink(s)
		if !ok {
			return
		}
		u, err := url.Parse(href)
		if err != nil {
			t.Fatalf("of %q it makes %q: %v", s, href, err)
		}
		for _, r := range href {
			if unicode.IsControl(r) || unicode.IsSpace(r) || r == '\\' || r == '"' || r == '<' || r == '>' {
				t.Errorf("of %q it makes %q, with %U", s, href, r)
			}
		}
		switch u.Scheme {
		case "http", "https":
			if u.Host == "" || u.User != nil || host == "" || strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }) {
				t.Errorf("of %q it makes %q, host %q", s, href, host)
			}
		case "mailto":
			if !strings.Contains(host, "@") || u.Host != "" {
				t.Errorf("of %q it makes %q, to %q", s, href, host)
			}
		default:
			t.Errorf("of %q it makes %q", s, href)
		}
		if again, _, ok := cleanLink(href); !ok || again != href {
			t.Errorf("of %q it makes %q, and of that %q, %v", s, href, again, ok)
		}
	})
}
