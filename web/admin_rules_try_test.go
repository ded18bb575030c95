package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

func TestATrialSaysWhatWouldHappenAndKeepsNothing(t *testing.T) {
	w := newWorld(t)
	w.hold()
	b := w.browser().signIn(olga)
	head := "From: Ada <ada@contoso.example>\nTo: marta@quillfeather.example, carol@outlook.com\nSubject: Offer\n"
	tests := []struct {
		name string
		form url.Values
		want []string
	}{
		{"a mail", url.Values{"mail": {head + "\nHello\n"}}, []string{
			"The mail would be sent, protected.", "Protection Do not forward", "Decided by rule Partners", "Expires 27 November 2026", "if it were sent now",
			"marta@quillfeather.example a link, which can be taken back as everybody of this type does", "carol@outlook.com a link, which can be taken back because the message must not be forwarded",
			"1. Partners Matches Domain of a recipient: “quillfeather.example” is met", "2. Cards Does not match Sensitive data: nothing of it is there", "3. Idle Off"}},
		{"to others", url.Values{"mail": {head + "\nHello\n"}, "recipients": {"carol@outlook.com"}}, []string{
			"Protection Encrypt only", "Decided by submission default", "Expires Never", "carol@outlook.com the message itself, which cannot be taken back", "1. Partners Does not match Domain of a recipient: none of these"}},
		{"what is refused", url.Values{"mail": {head + "\n4111 1111 1111 1111\n"}}, []string{
			"The mail would be refused, by the rule “Cards”.", "The sender is told Use the payment portal.", "2. Cards Matches Sensitive data: a card number is there"}},
		{"a text", url.Values{"mail": {"Dear Marta,\n\n4111 1111 1111 1111"}, "sender": {string(ada)}, "recipients": {string(marta)}}, []string{"The mail would be refused, by the rule “Cards”."}},
		{"a header without an author", url.Values{"mail": {"Subject: Offer\n\nHi"}, "sender": {string(ada)}, "recipients": {string(marta)}}, []string{"The mail would be sent, protected.", "Decided by rule Partners"}},
		{"somebody else's", url.Values{"mail": {head + "\nHello\n"}, "sender": {"eve@contoso.example"}}, []string{
			"The mail would be refused, whatever the rules say.", "Because Its From is not the address of the sender.", "No rule was asked."}},
		{"to be sent open", url.Values{"mail": {"X-Letterlock-Protection: none\n" + head + "\nHello\n"}}, []string{"It asks to be sent without protection"}},
		{"by the gateway", url.Values{"mail": {head + "\nHello\n"}, "way": {"gateway"}}, []string{"The mail would be sent, protected.", "Decided by rule Partners"}},
		{"by the gateway, to others", url.Values{"mail": {head + "\nHello\n"}, "recipients": {"carol@outlook.com"}, "way": {"gateway"}}, []string{
			"The mail would be passed on as it came.", "Decided by gateway default", "1. Partners Does not match"}},
		{"by the gateway, a stranger's", url.Values{"mail": {"From: eve@elsewhere.example\nTo: marta@quillfeather.example\n\nHello\n"}, "way": {"gateway"}}, []string{
			"It has to be protected, and its From is no address of the organisation."}},
		{"by the gateway, to be sent open", url.Values{"mail": {"X-Letterlock-Protection: none\n" + head + "\nHello\n"}, "recipients": {"carol@outlook.com"}, "way": {"gateway"}}, []string{
			"The mail would be passed on as it came.", "Decided by X-Letterlock-Protection header"}},
		{"more than can be looked at", url.Values{"mail": {head + "\n" + strings.Repeat("word ", 200_000)}, "sender": {string(ada)}}, []string{"The mail would be sent, protected."}},
	}
	before := len(w.audit())
	for _, tt := range tests {
		a := b.post("/rules/try", tt.form)
		said := texts(a.body)
		for _, want := range tt.want {
			if a.status != http.StatusOK || !strings.Contains(said, want) {
				t.Errorf("%s: %d, want %q:\n%.1500s", tt.name, a.status, want, said)
			}
		}
	}
	if after := len(w.audit()); after != before {
		t.Errorf("%d entries in the audit log", after-before)
	}
	w.deliver()
	if n := len(w.box.Mails(marta)) + len(w.box.Mails("carol@outlook.com")); n > 0 {
		t.Errorf("%d mails left", n)
	}
}

func TestATrialSaysWhatCannotBeTried(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	tests := []struct {
		name string
		form url.Values
		want string
	}{
		{"nothing", url.Values{}, "Paste a mail, or a text"},
		{"no sender", url.Values{"mail": {"Hi"}, "recipients": {string(marta)}}, "Type the address of an account; the mail names none"},
		{"no recipient", url.Values{"mail": {"Hi"}, "sender": {string(ada)}}, "Type an address at least; the mail names none"},
		{"no address", url.Values{"mail": {"Hi"}, "sender": {string(ada)}, "recipients": {"nonsense"}}, "nonsense"},
		{"too large", url.Values{"mail": {strings.Repeat("x", maxPasted+1)}}, "A mail to be tried may have"},
	}
	for _, tt := range tests {
		a := b.post("/rules/try", tt.form)
		if said := texts(a.body); a.status != http.StatusUnprocessableEntity || !strings.Contains(said, tt.want) {
			t.Errorf("%s: %d, want 422 and %q:\n%.1500s", tt.name, a.status, tt.want, said)
		}
	}
	hostile := `From: <ada@contoso.example>` + "\n" + `Subject: "><script>alert(1)</script></textarea><b>` + "\n\nHi"
	if a := b.post("/rules/try", url.Values{"mail": {hostile}, "recipients": {string(marta)}}); strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "</textarea><b>") {
		t.Error("what was pasted is not escaped")
	}
}

// TestAPastedMailIsTriedAsItWouldBeSent pastes what a mail program sends, and then sends it.
func TestAPastedMailIsTriedAsItWouldBeSent(t *testing.T) {
	w := newWorld(t)
	w.hold()
	b := w.browser().signIn(olga)
	for name, raw := range map[string]string{
		"plain": mail(ada, marta), "elsewhere": mail(ada, jonas), "8 bits": "From: ada@contoso.example\r\nTo: marta@quillfeather.example\r\nSubject: Größe\r\n\r\nnaïve\r\n",
		"data": "From: ada@contoso.example\r\nTo: jonas.okafor@riverside.example\r\nContent-Transfer-Encoding: base64\r\n\r\nNDExMTExMTExMTExMTExMQ==\r\n",
	} {
		to := marta
		if strings.Contains(raw, "To: "+string(jonas)) {
			to = jonas
		}
		a := b.post("/rules/try", url.Values{"mail": {strings.ReplaceAll(raw, "\r\n", "\n")}})
		_, err := w.server.Intake.Accept(t.Context(), w.actors[ada], intake.Envelope{Recipients: []letterlock.Address{to}, Via: letterlock.BySubmission}, strings.NewReader(raw))
		said := texts(a.body)
		if (err == nil) != strings.Contains(said, "The mail would be sent, protected.") || slices.Contains([]string{"plain", "8 bits"}, name) != strings.Contains(said, "Decided by rule Partners") {
			t.Errorf("%s: sent %v, and tried:\n%.1500s", name, err, said)
		}
	}
}
