package intake_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

func TestAcceptedMailComesBackByteForByte(t *testing.T) {
	for name, body := range map[string]string{
		"small":               "Hello",
		"eight bits":          "gr\xfc\xdfe \xff\xfe",
		"no line end":         "",
		"a chunk's length":    strings.Repeat("x", 64<<10),
		"several megabytes":   strings.Repeat(strings.Repeat("y", 76)+"\r\n", 40_000),
		"a line of megabytes": strings.Repeat("z", 3<<20),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, eml.Limits{})
			mail := strings.TrimSuffix(simple("<1@contoso.example>", body), "\r\n")
			r := h.mustAccept(ada, to(marta), mail)
			_, all := h.message(r.ID)
			for _, holder := range []string{store.SenderCopy, string(all[0].ID)} {
				if got, err := h.raw(r.ID, holder); err != nil || got != mail {
					t.Errorf("%s has %d bytes, %v; want the %d that came", holder, len(got), err, len(mail))
				}
			}
			if got, err := h.raw(r.ID, "somebody else"); !errors.Is(err, letterlock.NotFound) {
				t.Errorf("another holder: %d bytes, %v; want NotFound", len(got), err)
			}
		})
	}
}

func TestAcceptNotesWhatTheMailSays(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	expires := h.now.Add(24 * time.Hour)
	e := intake.Envelope{Recipients: []letterlock.Address{marta, jonas, carol, "zoe@quillfeather.example"}, Via: letterlock.ByCompose, Expires: expires}
	r := h.mustAccept(ada, e, simple("<1@contoso.example>", "Hi"))
	m, all := h.message(r.ID)
	want := letterlock.Message{
		ID: r.ID, Seq: h.now.Unix() << 20, MessageID: "<1@contoso.example>", Sender: letterlock.Mailbox{Name: "Ada Lovell", Address: ada.Address}, Subject: "Offer",
		Protection: letterlock.EncryptOnly, Method: letterlock.ByPolicy, DecidedBy: "submission default", Via: letterlock.ByCompose,
		Accepted: h.now, Expires: expires, Size: int64(len(simple("<1@contoso.example>", "Hi"))),
	}
	if m != want {
		t.Errorf("message = %+v, want %+v", m, want)
	}
	var got []string
	for _, r := range all {
		got = append(got, fmt.Sprintf("%s %s %q %s", r.Mailbox.Address, r.Field, r.Mailbox.Name, r.Experience))
	}
	wantRecipients := []string{`marta@quillfeather.example to "Marta" link`, `jonas@riverside.example cc "" link`,
		`carol@outlook.com bcc "" inline`, `zoe@quillfeather.example bcc "" link`}
	if !slices.Equal(got, wantRecipients) {
		t.Errorf("recipients = %q, want %q", got, wantRecipients)
	}
	if h.woken.Load() != 1 {
		t.Errorf("the outbox was woken %d times, want once", h.woken.Load())
	}
	if got, want := h.rows(), "messages 1 chunks 1 recipients 4 wraps 4 events 4 outbox 4 "; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	preview, _ := h.intake.Preview(t.Context(), e)
	for i, v := range preview {
		if v.Experience != all[i].Experience || v.Address != all[i].Mailbox.Address {
			t.Errorf("Preview said %+v of %s, who got the %s", v, all[i].Mailbox.Address, all[i].Experience)
		}
	}
}

func TestWishesOfTheMailAreKept(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	mail := lines("From: ada@contoso.example", "Bcc: Zoe <zoe@quillfeather.example>", "Subject: [secure] Offer",
		"X-Letterlock-Protection: do-not-forward", "", "Hi")
	r := h.mustAccept(ada, to("zoe@quillfeather.example", carol), mail)
	m, all := h.message(r.ID)
	if m.Protection != letterlock.DoNotForward || m.Method != letterlock.ByUser || m.Subject != "Offer" || m.Sender.Name != ada.Name {
		t.Errorf("message = %+v, want do-not-forward by its user, without the tag, in the account's name", m)
	}
	if r.MessageID == "" || m.MessageID != r.MessageID || !strings.HasSuffix(m.MessageID, "@contoso.example>") {
		t.Errorf("Message-ID = %q, receipt %q; want a new one in our domain", m.MessageID, r.MessageID)
	}
	if all[0].Mailbox.Name != "Zoe" || all[0].Field != letterlock.Bcc {
		t.Errorf("recipient = %+v, want Zoe as Bcc", all[0])
	}
	if all[1].Experience != letterlock.Link || all[1].Why != policy.WhyDoNotForward {
		t.Errorf("Microsoft recipient under do-not-forward = %+v, want the link", all[1])
	}
}

func TestDuplicateRecipientsAreOne(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	r := h.mustAccept(ada, to(marta, jonas, marta, marta), simple("<1@contoso.example>", "Hi"))
	if _, all := h.message(r.ID); len(all) != 2 || all[0].Mailbox.Address != marta || all[1].Mailbox.Address != jonas {
		t.Errorf("recipients = %v, want Marta and Jonas", all)
	}
}

func TestARetryIsTheSameMessage(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	large := simple("<1@contoso.example>", strings.Repeat("x", 3<<20))
	first := h.mustAccept(ada, to(marta), large)
	before := h.rows()
	h.now = h.now.Add(time.Hour)
	again := h.mustAccept(ada, to(marta), large)
	if again.ID != first.ID || again.MessageID != first.MessageID || !again.Repeated || first.Repeated {
		t.Errorf("retry = %+v, want %+v, repeated", again, first)
	}
	h.checkNothingNew("retry", before)
}

func TestARetryAddsTheRecipientsItNames(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	mail := simple("<1@contoso.example>", "Hi")
	first := h.mustAccept(ada, to(marta), mail)
	again := h.mustAccept(ada, to(marta, jonas, carol, jonas), mail)
	if again.ID != first.ID || !again.Repeated {
		t.Fatalf("retry = %+v, want %+v, repeated", again, first)
	}
	_, all := h.message(first.ID)
	if len(all) != 3 || all[1].Mailbox.Address != jonas || all[1].Field != letterlock.Cc || all[2].Experience != letterlock.Inline {
		t.Fatalf("recipients = %+v, want Marta, Jonas and Carol", all)
	}
	if got, err := h.raw(first.ID, string(all[1].ID)); err != nil || got != mail {
		t.Errorf("the added recipient reads %q, %v; want the mail", got, err)
	}
	if _, err := h.raw(first.ID, string(all[2].ID)); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("the added inline recipient's key: %v, want none", err)
	}
	if got, want := h.rows(), "messages 1 chunks 1 recipients 3 wraps 3 events 3 outbox 3 "; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
}

func TestARetryDoesNotPassTheLimitOfRecipients(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	mail := simple("<1@contoso.example>", "Hi")
	h.mustAccept(ada, to(many(intake.MaxRecipients)...), mail)
	before := h.rows()
	if _, err := h.accept(ada, to(marta), mail); !errors.Is(err, letterlock.TooLarge) || letterlock.KeyOf(err) != "recipients" {
		t.Errorf("the 101st recipient by a retry: %v, want TooLarge", err)
	}
	h.checkNothingNew("the 101st recipient by a retry", before)
}

func many(n int) (list []letterlock.Address) {
	for i := range n {
		list = append(list, letterlock.Address(fmt.Sprintf("r%d@quillfeather.example", i)))
	}
	return list
}

func TestATakenMessageIDIsReplaced(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	mail := simple("<1@contoso.example>", "Hi")
	first := h.mustAccept(ada, to(marta), mail)
	tests := []struct {
		name string
		by   letterlock.Actor
		mail string
	}{
		{"other bytes", ada, simple("<1@contoso.example>", "Ho")},
		{"another sender", eve, strings.Replace(mail, "ada@", "eve@", 1)},
	}
	for _, tt := range tests {
		r := h.mustAccept(tt.by, to(jonas), tt.mail)
		m, _ := h.message(r.ID)
		if r.Repeated || r.ID == first.ID || m.MessageID == first.MessageID || m.MessageID != r.MessageID || m.Reference != "<1@contoso.example>" {
			t.Errorf("%s: %+v with reference %q, want a new Message-ID and the old one as reference", tt.name, r, m.Reference)
		}
		if again := h.mustAccept(tt.by, to(jonas), tt.mail); !again.Repeated || again.ID != r.ID {
			t.Errorf("%s: its retry is %+v, want the same message %s", tt.name, again, r.ID)
		}
		if got, err := h.raw(r.ID, store.SenderCopy); err != nil || got != tt.mail {
			t.Errorf("%s: %q, %v; want the mail as it came", tt.name, got, err)
		}
	}
	if _, all := h.message(first.ID); len(all) != 1 {
		t.Errorf("the first message has %d recipients, want its own alone", len(all))
	}
}

func TestConcurrentAcceptsLoseNothing(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	const n = 20
	receipts := make([]intake.Receipt, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			// Each mail comes twice at the same time, the second time for another recipient.
			mail := simple(fmt.Sprintf("<%d@contoso.example>", i/2), strings.Repeat(fmt.Sprint(i/2), 2<<20/(1+i/2)))
			var err error
			receipts[i], err = h.accept(ada, to([]letterlock.Address{marta, jonas}[i%2]), mail)
			if err != nil {
				t.Errorf("Accept %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	for i := 0; i < n; i += 2 {
		a, b := receipts[i], receipts[i+1]
		if a.ID != b.ID || a.Repeated == b.Repeated {
			t.Errorf("mail %d: receipts %+v and %+v, want one message and one retry", i/2, a, b)
		}
		_, all := h.message(a.ID)
		for _, r := range all {
			if raw, err := h.raw(a.ID, string(r.ID)); err != nil || !strings.Contains(raw, fmt.Sprintf("<%d@", i/2)) {
				t.Errorf("mail %d: its recipient %s reads %d bytes, %v", i/2, r.Mailbox.Address, len(raw), err)
			}
		}
		if len(all) != 2 {
			t.Errorf("mail %d: %d recipients, want 2", i/2, len(all))
		}
	}
}

func TestNothingReadableIsInTheDataFolder(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	const marker, name = "tungsten-walrus-4711", "salaries-of-otters.txt"
	encoded := base64.StdEncoding.EncodeToString([]byte("file " + marker))
	var mail bytes.Buffer
	for i := range 3 { // small, and large enough for transactions of their own
		mail.Reset()
		d := eml.Draft{From: letterlock.Mailbox{Address: ada.Address}, To: []letterlock.Mailbox{{Address: marta}}, Subject: "Findable subject",
			Date: h.now, Text: marker + strings.Repeat(" filler", i*400_000), Files: func(yield func(eml.File, error) bool) {
				yield(eml.File{Name: name, Type: "text/plain", Body: strings.NewReader("file " + marker)}, nil)
			}}
		if err := eml.Compose(&mail, d); err != nil {
			t.Fatal(err)
		}
		if s := mail.String(); !strings.Contains(s, marker) || !strings.Contains(s, name) || !strings.Contains(s, encoded) {
			t.Fatal("the mail does not hold the markers: this test would prove nothing")
		}
		h.mustAccept(ada, to(marta, carol), mail.String())
	}
	if files := h.holding("Findable subject"); len(files) == 0 {
		t.Fatal("the subject is not found, though it is stored in the clear: this test would prove nothing")
	}
	for _, s := range []string{marker, name, encoded} {
		if files := h.holding(s); len(files) > 0 {
			t.Errorf("%q is readable in %v", s, files)
		}
	}
	h.checkTokensAreSealed()
}

// checkTokensAreSealed requires that no link's token is readable on disk, though
// its keyed hash is there.
func (h *house) checkTokensAreSealed() {
	h.t.Helper()
	links := 0
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		for {
			n, err := tx.Claim(time.Minute)
			if err != nil {
				return nil
			}
			if n.Kind != store.LinkNotice {
				continue
			}
			links++
			token, err := vault.OpenToken(h.pepper, n.Recipient, n.Secret)
			if err != nil || len(token) != 43 {
				h.t.Errorf("token of %d characters, %v; want 43", len(token), err)
			}
			r, err := tx.RecipientByToken(vault.TokenHash(h.pepper, token))
			if err != nil || r.ID != n.Recipient {
				h.t.Errorf("the token leads to %q, %v; want %q", r.ID, err, n.Recipient)
			}
			if _, err := vault.OpenToken(h.pepper, "another", n.Secret); err == nil {
				h.t.Error("a sealed token opens for another recipient")
			}
			if files := h.holding(token.Reveal()); len(files) > 0 {
				h.t.Errorf("a token is readable in %v", files)
			}
		}
	})
	if err != nil || links == 0 {
		h.t.Fatalf("%d link notices, %v", links, err)
	}
}
