package outbox_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"letterlock/internal/dkim"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
	"letterlock/internal/seal"
	"letterlock/internal/smtpout"
)

// signing has whatever leaves be signed with two keys, and returns their records.
func (h *house) signing() map[string]string {
	h.t.Helper()
	operator := letterlock.Actor{Kind: letterlock.Operator}
	s, err := dkim.Open(seal.Files{Data: h.dir}, h.db)
	if err != nil {
		h.t.Fatal(err)
	}
	s.Domain = h.outbox.Notifier.From.Domain()
	records := map[string]string{}
	for selector, a := range map[string]dkim.Algorithm{"a-rsa": dkim.RSA, "b-ed": dkim.Ed25519} {
		k, err := s.Add(h.t.Context(), operator, a, selector)
		if err != nil {
			h.t.Fatal(err)
		}
		records[k.Name(s.Domain)] = k.Record()
	}
	for _, selector := range []string{"a-rsa", "b-ed"} {
		if _, err := s.Activate(h.t.Context(), operator, selector, true); err != nil {
			h.t.Fatal(err)
		}
	}
	h.outbox.Sign = s.Sign
	return records
}

// checkSigned requires that two verifiers accept both signatures of a mail, and that
// they are of the domain that it is from.
func checkSigned(t *testing.T, name string, raw []byte, records map[string]string) {
	t.Helper()
	list, err := msgauth.VerifyWithOptions(bytes.NewReader(raw), &msgauth.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) { return []string{records[name]}, nil },
	})
	if err != nil || len(list) != 2 {
		t.Fatalf("%s: %d signatures, %v, want two\n%.2000s", name, len(list), err, raw)
	}
	for _, v := range list {
		if v.Err != nil || v.Domain != "contoso.example" {
			t.Errorf("%s: go-msgauth says of %s: %v", name, v.Domain, v.Err)
		}
	}
	for _, why := range mailtest.VerifyDKIM(t, raw, records) {
		if why != "" {
			t.Errorf("%s: dkimpy says %s", name, why)
		}
	}
	if !bytes.Contains(raw, []byte("\nFrom:")) || !bytes.Contains(raw, []byte("@contoso.example>")) {
		t.Errorf("%s: it is not from the domain that has signed it\n%.2000s", name, raw)
	}
}

// postfixed makes the outbox send through a real Postfix, which adds fields of its own
// and hands everything to the Sink.
func (h *house) postfixed() *mailtest.Sink {
	h.t.Helper()
	ca := mailtest.NewCA(h.t)
	sink := mailtest.NewSink(h.t, mailtest.SinkOptions{})
	p := mailtest.StartPostfix(h.t, mailtest.PostfixOptions{Onward: sink.Address, Certificate: ca.Issue("127.0.0.1")})
	c, err := smtpout.New(smtpout.Options{
		Relays: []smtpout.Relay{{Address: p.Address, TLS: smtpout.StartTLS, RootCAs: ca.Pool()}}, Hello: "mail.contoso.example",
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	h.mailBy(c)
	return sink
}

func TestWhateverLeavesThroughPostfixIsSigned(t *testing.T) {
	h := newHouse(t)
	records := h.signing()
	sink := h.postfixed()
	h.outbox.Admin = grace.Address
	id := h.send(intake.Envelope{Expires: h.now.Load().Add(72 * time.Hour)}, marta, carol)
	h.flush()
	got := sink.Wait(string(marta))
	checkSigned(t, "a notification", got.Raw, records)
	if !bytes.HasPrefix(got.Raw, []byte("Received: ")) {
		t.Errorf("Postfix has added nothing: this test proves little\n%.1000s", got.Raw)
	}
	checkSigned(t, "a mail that goes inline", sink.Wait(string(carol)).Raw, records)

	if _, err := h.codes.Ask(t.Context(), h.recipient(id, marta).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	h.flush()
	checkSigned(t, "a passcode", sink.Wait(string(marta)).Raw, records)

	if err := h.access.Revoke(t.Context(), grace, id, ""); err != nil {
		t.Fatal(err)
	}
	if err := h.access.Ask(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta}, id, ""); err != nil {
		t.Fatal(err)
	}
	h.flush()
	checkSigned(t, "what an administrator is told", sink.Wait(string(grace.Address)).Raw, records)

	h.invite()
	h.flush()
	checkSigned(t, "an invitation", sink.Wait(string(bob.Address)).Raw, records)
}

// TestWhatIsSignedAlreadyGetsOneMore sends a mail inline that has a signature of
// its sender's own program.
func TestWhatIsSignedAlreadyGetsOneMore(t *testing.T) {
	h := newHouse(t)
	records := h.signing()
	mail := "From: Ada Lovell <ada@contoso.example>\r\nDKIM-Signature: v=1; a=rsa-sha256; d=elsewhere.example; s=x; h=from; bh=eA==; b=eA==\r\n" +
		"To: carol@outlook.com\r\nSubject: Offer\r\nX-Letterlock-Protection: encrypt-only\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
	if _, err := h.intake.Accept(t.Context(), ada, intake.Envelope{Recipients: []letterlock.Address{carol}}, strings.NewReader(mail)); err != nil {
		t.Fatal(err)
	}
	mails := h.flush()
	if len(mails) != 1 || strings.Count(mails[0].raw, "DKIM-Signature:") != 3 || !strings.Contains(mails[0].raw, "d=elsewhere.example; s=x; h=from; bh=eA==; b=eA==\r\n") {
		t.Fatalf("mails %v", mails)
	}
	got := mailtest.VerifyDKIM(t, []byte(mails[0].raw), records)
	if len(got) != 3 || got[0] != "" || got[1] != "" || got[2] == "" {
		t.Errorf("dkimpy says %q, want ours good and the invented one not", got)
	}
}

func TestWhatCannotBeSignedWaits(t *testing.T) {
	h := newHouse(t)
	h.outbox.Sign = func(io.Reader) (string, error) { return "", errors.New("no entropy") }
	id := h.send(intake.Envelope{}, marta, carol)
	if mails := h.flush(); len(mails) > 0 {
		t.Fatalf("mails left unsigned: %v", mails)
	}
	h.checkHistory(id, marta, "signing the mail: no entropy", letterlock.Accepted, letterlock.Deferred)
	h.outbox.Sign = nil
	h.pass(2 * time.Minute)
	if mails := h.flush(); len(mails) != 2 {
		t.Errorf("%d mails, want both", len(mails))
	}
}
