package web

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/language"
)

// acting finds, in source, what acts and refusals of them are called.
var (
	acting = regexp.MustCompile(`Action:\s*"([^"]+)"` +
		`|\.(?:act|admit|record|may|moveBatch|change|changeOne|changeSeen|write|proved|preview)\(ctx, by, (?:id, |password, shown, )?"([^"]+)"` +
		`|\bact[A-Z]\w*\s*=\s*"([^"]+)"|\baction\s*:?=\s*"([^"]+)"|did\("([^"]+)"|endBatch\(tx, st, "([^"]+)"`)
	denying = regexp.MustCompile(`letterlock\.Denied, Key: "([^"]+)"`)
)

// TestAuditLogHasWordsForEveryActAndRefusal looks for them in the source of what writes
// entries.
func TestAuditLogHasWordsForEveryActAndRefusal(t *testing.T) {
	acts, whys := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir("../internal", func(name string, d fs.DirEntry, err error) error {
		if d.IsDir() && (d.Name() == "browsertest" || d.Name() == "oidctest") {
			return fs.SkipDir // they act on pages, and write no entries
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := os.ReadFile(name)
		for _, found := range acting.FindAllStringSubmatch(string(source), -1) {
			acts[strings.Join(found[1:], "")] = true
		}
		for _, found := range denying.FindAllStringSubmatch(string(source), -1) {
			whys[found[1]] = true
		}
		return err
	})
	if err != nil || len(acts) < 90 || len(whys) < 15 {
		t.Fatalf("%d acts and %d refusals, %v: this test would prove nothing", len(acts), len(whys), err)
	}
	var words language.Words
	for act := range acts {
		if !words.Has("act." + act) {
			t.Errorf("the act %q has no words", act)
		}
	}
	for why := range whys {
		if !words.Has("actReason." + why) {
			t.Errorf("the refusal %q has no words", why)
		}
	}
}

func TestAuditLogIsInWordsOfItsReader(t *testing.T) {
	w, german := inGerman(t)
	w.employ("new@contoso.example")
	b := w.browser().signIn(grace)
	b.post("/accounts/new@contoso.example/roles", url.Values{"role": {"auditor", "revoker"}})
	w.browser().signIn(nora).get("/accounts")
	says(t, "the log", b.get("/audit-log"), "Set roles Sender → Auditor, Revoker new@contoso.example",
		"Open the page /accounts Refused the account has no role for this")
	german.signIn(grace)
	says(t, "the log in German", german.get("/audit-log"), "Rollen geändert Absender → Prüfer, Widerrufer new@contoso.example",
		"Seite /accounts geöffnet Abgelehnt das Konto hat keine Rolle dafür")
}
