package outbox_test

import (
	"errors"
	"strings"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// answering lets readers answer, as the whole program does.
func (h *house) answering() {
	h.intake.Answerable = h.access.Answerable
	h.intake.Portal = letterlock.Mailbox{Name: "Contoso", Address: "portal@contoso.example"}
}

func (h *house) reply(id letterlock.ID, text string) letterlock.ID {
	h.t.Helper()
	by := letterlock.Actor{Kind: letterlock.Reader, Address: marta}
	r, err := h.intake.Reply(h.t.Context(), by, id, intake.Writing{Text: text}, true)
	if err != nil {
		h.t.Fatal(err)
	}
	return r.ID
}

func TestAReplyQuotesItsOriginalForTheSenderAlone(t *testing.T) {
	destroy := func(h *house, id letterlock.ID) {
		if err := h.access.Destroy(t.Context(), grace, id, ""); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(*house, letterlock.ID) {}
	tests := []struct {
		name   string
		e      intake.Envelope
		before func(*house, letterlock.ID) // it leaves
		quoted bool
	}{
		{"encrypt only", intake.Envelope{}, nothing, true},
		{"do not forward", intake.Envelope{Protection: letterlock.DoNotForward}, nothing, false},
		{"destroyed", intake.Envelope{}, destroy, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.answering()
			id := h.send(tt.e, marta, "bert@contoso.example")
			h.flush()
			reply := h.reply(id, "Agreed, ümläute and all.\r\n\r\nMarta")
			tt.before(h, id)
			mails := h.flush()
			if len(mails) != 1 || mails[0].to != ada.Address {
				t.Fatalf("mails = %v, want one to Ada", mails)
			}
			p := parse(t, mails[0])
			if got := p.header.Get("From"); got != `"`+string(marta)+` via Contoso" <portal@contoso.example>` {
				t.Errorf("From: %s", got)
			}
			if p.header.Get("Reply-To") != string(marta) || p.header.Get("Auto-Submitted") != "" || p.header.Get("In-Reply-To") == "" {
				t.Errorf("the header is %v", p.header)
			}
			if !strings.HasPrefix(strings.ReplaceAll(p.text, "\r\n", "\n"), "Agreed, ümläute and all.\n\nMarta\n") {
				t.Errorf("the text is %q", p.text)
			}
			if got := strings.Contains(p.text, "> "+secret); got != tt.quoted {
				t.Errorf("quotes its original: %t, want %t:\n%s", got, tt.quoted, p.text)
			}
			if kinds, _ := h.history(reply, ada.Address); len(kinds) != 2 || kinds[1] != letterlock.Delivered {
				t.Errorf("its history is %v, want delivered", kinds)
			}
		})
	}
}

func TestAReplyThatCannotBeDeliveredIsNoMailToWhereItCouldNotGo(t *testing.T) {
	h := newHouse(t)
	h.answering()
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	reply := h.reply(id, "Agreed")
	h.world.answer = func(letterlock.Address) error {
		return &letterlock.Error{Code: letterlock.Denied, Err: errors.New("550 no such mailbox")}
	}
	h.flush()
	h.world.answer = nil
	if mails := h.flush(); len(mails) != 0 {
		t.Errorf("mails = %v, want none", mails)
	}
	if kinds, _ := h.history(reply, ada.Address); kinds[len(kinds)-1] != letterlock.Bounced {
		t.Errorf("its history is %v, want bounced", kinds)
	}
}

func TestANotificationSaysWhoRepliedAndWhoForwarded(t *testing.T) {
	h := newHouse(t)
	h.answering()
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	by := letterlock.Actor{Kind: letterlock.Reader, Address: marta}
	l, err := h.access.Open(t.Context(), by, id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.intake.Forward(t.Context(), by, id, intake.Writing{Text: "for you"}, []letterlock.Mailbox{{Address: jonas}}, l.Copy())
	l.Close()
	if err != nil {
		t.Fatal(err)
	}
	mails := h.flush()
	if len(mails) != 1 || mails[0].to != jonas {
		t.Fatalf("mails = %v, want one to Jonas", mails)
	}
	p := parse(t, mails[0])
	checkSystemMail(t, mails[0], p)
	want := string(marta) + " has forwarded you a protected message from Ada Lovell"
	if p.header.Get("Subject") != want || !strings.Contains(strings.Join(strings.Fields(p.text), " "), want+".") {
		t.Errorf("Subject %q and text %q, want %q in both", p.header.Get("Subject"), p.text, want)
	}
}
