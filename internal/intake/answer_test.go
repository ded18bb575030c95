package intake_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

func TestAReplyIsForTheSenderAlone(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{})
	receipt, err := p.reply(marta, id, intake.Writing{Form: "a", Text: "Agreed", Files: files(func() {}, "signed.pdf")}, false)
	if err != nil {
		t.Fatal(err)
	}
	m, all := p.message(receipt.ID)
	if m.Sender.Address != ada.Address || m.Author.Address != marta || m.Original != id || m.Act != letterlock.ActReply || m.Subject != "Re: Offer" || m.Attachments != 1 {
		t.Errorf("the reply is %+v", m)
	}
	if len(all) != 1 || all[0].Mailbox.Address != ada.Address || all[0].Experience != letterlock.Inline {
		t.Errorf("its recipients are %+v, want Ada, inline", all)
	}
	raw := p.own(receipt.ID)
	for _, want := range []string{"From: Marta Lind via Contoso <portal@contoso.example>", "Reply-To: Marta Lind <" + string(marta) + ">", "In-Reply-To: <", "Agreed"} {
		if !strings.Contains(raw, want) {
			t.Errorf("the reply lacks %q:\n%.600s", want, raw)
		}
	}
	if strings.Contains(raw, words) {
		t.Error("the stored reply quotes its original, and would outlive it")
	}
	if kinds := p.kinds(id, marta); !slices.Contains(kinds, letterlock.Replied) {
		t.Errorf("Marta's history is %v, want a reply in it", kinds)
	}
	if p.audited("reply", id, true) != 1 || p.audited("accept", receipt.ID, true) != 1 {
		t.Error("the reply is not in the audit log")
	}
}

func TestAReplyToAllNeverReachesHiddenRecipients(t *testing.T) {
	tests := []struct {
		name string
		by   letterlock.Address
		want []letterlock.Address
	}{
		{"named", marta, []letterlock.Address{ada.Address, jonas}},
		{"copied", jonas, []letterlock.Address{ada.Address, marta}},
		{"hidden", nina, []letterlock.Address{ada.Address, marta, jonas}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPortal(t)
			id := p.send(intake.Envelope{})
			receipt, err := p.reply(tt.by, id, intake.Writing{Text: "Agreed"}, true)
			if err != nil {
				t.Fatal(err)
			}
			var got []letterlock.Address
			_, all := p.message(receipt.ID)
			for _, r := range all {
				got = append(got, r.Mailbox.Address)
				if (r.Experience == letterlock.Inline) != (r.Mailbox.Address == ada.Address) {
					t.Errorf("%s gets it as %s", r.Mailbox.Address, r.Experience)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("it went to %v, want %v", got, tt.want)
			}
			if raw := p.own(receipt.ID); tt.by != nina && strings.Contains(raw, string(nina)) {
				t.Error("the reply names the hidden recipient")
			}
		})
	}
}

func TestAReplyToWhatARecipientWroteReachesThem(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{})
	first, err := p.reply(marta, id, intake.Writing{Text: "Agreed"}, true)
	if err != nil {
		t.Fatal(err)
	}
	second, err := p.reply(jonas, first.ID, intake.Writing{Text: "So do I"}, false)
	if err != nil {
		t.Fatal(err)
	}
	m, all := p.message(second.ID)
	if m.Original != id || len(all) != 2 || all[0].Mailbox.Address != ada.Address || all[1].Mailbox.Address != marta || all[1].Experience != letterlock.Link {
		t.Errorf("it belongs to %s and went to %+v", m.Original, all)
	}
}

func TestOnlyWhoMayReadAnswers(t *testing.T) {
	revoked := func(p *portal, id letterlock.ID) { p.must(p.access.Revoke(t.Context(), grace, id, "")) }
	expired := func(p *portal, _ letterlock.ID) { p.now = p.now.Add(2 * time.Hour) }
	destroyed := func(p *portal, id letterlock.ID) { p.must(p.access.Destroy(t.Context(), grace, id, "")) }
	nothing := func(*portal, letterlock.ID) {}
	tests := []struct {
		name   string
		by     letterlock.Actor
		before func(*portal, letterlock.ID)
		want   error
	}{
		{"another reader", reader(omar), nothing, letterlock.Denied},
		{"inline", reader(carol), nothing, letterlock.NotFound},
		{"nobody", letterlock.Actor{}, nothing, letterlock.Denied},
		{"link alone", letterlock.Actor{Address: marta}, nothing, letterlock.Denied},
		{"sender", ada, nothing, letterlock.Denied},
		{"auditor", letterlock.Actor{Kind: letterlock.Staff, Address: "n@contoso.example", Roles: []letterlock.Role{letterlock.Auditor}}, nothing, letterlock.Denied},
		{"admin", grace, nothing, letterlock.Denied},
		{"revoked", reader(marta), revoked, letterlock.Gone},
		{"expired", reader(marta), expired, letterlock.Gone},
		{"destroyed", reader(marta), destroyed, letterlock.NotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPortal(t)
			id := p.send(intake.Envelope{Recipients: []letterlock.Address{marta, carol}, Expires: p.now.Add(time.Hour)})
			tt.before(p, id)
			before := p.rows()
			_, err := p.intake.Reply(t.Context(), tt.by, id, intake.Writing{Text: "x"}, true)
			if !errors.Is(err, tt.want) {
				t.Errorf("Reply = %v, want %v", err, tt.want)
			}
			_, err = p.intake.Forward(t.Context(), tt.by, id, intake.Writing{Text: "x"}, []letterlock.Mailbox{{Address: omar}}, strings.NewReader("x"))
			if !errors.Is(err, tt.want) {
				t.Errorf("Forward = %v, want %v", err, tt.want)
			}
			p.checkNothingNew(tt.name, before)
		})
	}
}

func TestAReplyEndsWithTheAccessUnderWhichItIsWritten(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{})
	before := p.rows()
	var once sync.Once
	revoke := func() { once.Do(func() { p.must(p.access.Revoke(t.Context(), grace, id, "", marta)) }) }
	_, err := p.reply(marta, id, intake.Writing{Text: "Agreed", Files: files(revoke, "a.pdf", "b.pdf", "c.pdf", "d.pdf", "e.pdf")}, false)
	if !errors.Is(err, letterlock.Gone) {
		t.Errorf("Reply = %v, want Gone", err)
	}
	if after := p.rows(); strings.Fields(after)[1] != strings.Fields(before)[1] {
		t.Errorf("rows afterwards %s, before %s: a reply was stored", after, before)
	}
}

func TestTheSameFormSentTwiceIsOneMessage(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{})
	send := func(by letterlock.Address, w intake.Writing) intake.Receipt {
		t.Helper()
		r, err := p.reply(by, id, w, false)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := send(marta, intake.Writing{Form: "form", Text: "Agreed"})
	tests := []struct {
		name string
		by   letterlock.Address
		w    intake.Writing
		same bool
	}{
		{"again", marta, intake.Writing{Form: "form", Text: "Agreed"}, true},
		{"other words", marta, intake.Writing{Form: "form", Text: "Agreed, but"}, false},
		{"another page", marta, intake.Writing{Form: "other", Text: "Agreed"}, false},
		{"somebody else with the same form", jonas, intake.Writing{Form: "form", Text: "Agreed"}, false},
	}
	for _, tt := range tests {
		p.now = p.now.Add(time.Second)
		r := send(tt.by, tt.w)
		if r.Repeated != tt.same || (r.ID == first.ID) != tt.same {
			t.Errorf("%s: %+v, want the first again: %t", tt.name, r, tt.same)
		}
	}
}

func TestTheLastThatIsAllowedMayBeSentTwice(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{})
	tests := []struct {
		name string
		n    int
		send func(form string) (intake.Receipt, error)
	}{
		{"copies", intake.MaxForwards, func(form string) (intake.Receipt, error) {
			return p.forward(marta, id, intake.Writing{Form: form}, omar)
		}},
		{"replies", 30, func(form string) (intake.Receipt, error) {
			return p.reply(jonas, id, intake.Writing{Form: form, Text: "Agreed"}, false)
		}},
	}
	for _, tt := range tests {
		var last intake.Receipt
		for i := range tt.n {
			r, err := tt.send(strings.Repeat("x", i+1))
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			last = r
		}
		again, err := tt.send(strings.Repeat("x", tt.n))
		if err != nil || !again.Repeated || again.ID != last.ID {
			t.Errorf("%s: the last one again: %+v, %v; want %s repeated", tt.name, again, err, last.ID)
		}
		if _, err := tt.send("another"); !errors.Is(err, letterlock.Throttled) {
			t.Errorf("%s: one more: %v, want Throttled", tt.name, err)
		}
	}
	if n := p.audited("forward", id, false); n != 1 {
		t.Errorf("%d refusals in the audit log, want 1", n)
	}
}

func TestAForwardedCopyIsAMessageOfItsOwn(t *testing.T) {
	p := newPortal(t)
	end := p.now.Add(time.Hour)
	id := p.send(intake.Envelope{Expires: end})
	copied := p.mustForward(marta, id, omar, carol, "bert@contoso.example")
	m, all := p.message(copied)
	if m.Sender.Address != ada.Address || m.Author.Address != marta || m.Original != id || m.Act != letterlock.ActForward || !m.Expires.Equal(end) || m.Protection != letterlock.EncryptOnly {
		t.Errorf("the copy is %+v", m)
	}
	for _, r := range all {
		if r.Experience != letterlock.Link {
			t.Errorf("%s gets the copy %s, want the link: it must end with its original", r.Mailbox.Address, r.Experience)
		}
	}
	raw := p.own(copied)
	for _, want := range []string{"Content-Type: message/rfc822", words, "for you", "Subject: Fwd: Offer"} {
		if !strings.Contains(raw, want) {
			t.Errorf("the copy lacks %q", want)
		}
	}
	for _, hidden := range []string{string(nina), "Bcc:"} {
		if strings.Contains(raw, hidden) {
			t.Errorf("the copy tells of %q", hidden)
		}
	}
	if !p.reads(omar, copied) || p.reads(omar, id) || p.reads(jonas, copied) {
		t.Error("somebody else than those it was forwarded to reads the copy")
	}
	if !slices.Contains(p.kinds(id, marta), letterlock.Forwarded) || p.audited("forward", id, true) != 1 {
		t.Error("that Marta forwarded it is not in the history or the audit log")
	}
	again := p.mustForward(omar, copied, "zoe@elsewhere.example")
	if m, _ := p.message(again); m.Original != id {
		t.Errorf("the copy of a copy belongs to %s, want the first message", m.Original)
	}
}

func TestDoNotForwardIsKept(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{Protection: letterlock.DoNotForward})
	before := p.rows()
	if _, err := p.forward(marta, id, intake.Writing{}, omar); !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != "do-not-forward" {
		t.Errorf("Forward = %v, want Denied do-not-forward", err)
	}
	p.checkNothingNew("forward", before)
	if p.audited("forward", id, false) != 1 {
		t.Error("the refusal is not in the audit log")
	}
	r, err := p.reply(marta, id, intake.Writing{Text: "Agreed"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := p.message(r.ID); m.Protection != letterlock.DoNotForward {
		t.Errorf("the reply is %s, want do-not-forward", m.Protection)
	}
}

func TestTenCopiesADayAndNoMore(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{})
	var made, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			by := []letterlock.Address{marta, jonas}[i%2]
			_, err := p.forward(by, id, intake.Writing{}, omar)
			switch {
			case err == nil:
				made.Add(1)
			case letterlock.KeyOf(err) == "forwards" && letterlock.RetryAfterOf(err) > 23*time.Hour:
				refused.Add(1)
			default:
				t.Errorf("Forward: %v", err)
			}
		})
	}
	wg.Wait()
	if made.Load() != intake.MaxForwards || refused.Load() != 10 {
		t.Errorf("%d copies and %d refusals, want 10 and 10", made.Load(), refused.Load())
	}
	if n := p.audited("forward", id, false); n != 10 {
		t.Errorf("%d refusals in the audit log, want 10", n)
	}
	p.now = p.now.Add(24*time.Hour + time.Second)
	p.mustForward(marta, id, omar)
}

func TestAReaderWritesThirtyAnswersAtOnce(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{})
	for range 30 {
		if _, err := p.reply(marta, id, intake.Writing{Text: "x"}, false); err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.reply(marta, id, intake.Writing{Text: "x"}, false)
	if !errors.Is(err, letterlock.Throttled) || letterlock.KeyOf(err) != "answers" || letterlock.RetryAfterOf(err) <= 0 {
		t.Errorf("Reply = %v, want Throttled answers with a time", err)
	}
	if _, err := p.reply(jonas, id, intake.Writing{Text: "x"}, false); err != nil {
		t.Errorf("somebody else's reply: %v", err)
	}
}

func TestNothingTypedAddsToAHeader(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{})
	tests := []struct {
		name string
		to   []letterlock.Mailbox
		want error
	}{
		{"a name with a line of its own", []letterlock.Mailbox{{Name: "Omar\r\nBcc: eve@contoso.example", Address: omar}}, letterlock.Invalid},
		{"an address with a line of its own", []letterlock.Mailbox{{Address: "omar@oakfield.example\r\nBcc: eve@contoso.example"}}, letterlock.Invalid},
		{"nobody", nil, letterlock.Invalid},
		{"too many", make([]letterlock.Mailbox, 11), letterlock.TooLarge},
	}
	for _, tt := range tests {
		before := p.rows()
		_, err := p.intake.Forward(t.Context(), reader(marta), id, intake.Writing{}, tt.to, strings.NewReader("x: y\r\n\r\n"))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		p.checkNothingNew(tt.name, before)
	}
}

func TestTheSendersAnswerStaysInTheConversation(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{Protection: letterlock.DoNotForward})
	reply, err := p.reply(marta, id, intake.Writing{Text: "Agreed"}, false)
	if err != nil {
		t.Fatal(err)
	}
	original, _ := p.message(id)
	tests := []struct {
		name  string
		by    letterlock.Actor
		field string
		first letterlock.ID
		want  letterlock.Protection
	}{
		{"to the reply", ada, "In-Reply-To: " + reply.MessageID, id, letterlock.DoNotForward},
		{"to the first message", ada, "References: <x@y.example> " + original.MessageID, id, letterlock.DoNotForward},
		{"to nothing of ours", ada, "In-Reply-To: <x@y.example>", "", letterlock.EncryptOnly},
		{"to somebody else's", eve, "In-Reply-To: " + reply.MessageID, "", letterlock.EncryptOnly},
	}
	for _, tt := range tests {
		mail := lines("From: "+string(tt.by.Address), "To: "+string(marta), "Subject: Re: Offer", tt.field, "", "Good")
		m, _ := p.message(p.mustAccept(tt.by, to(marta), mail).ID)
		if m.Original != tt.first || (m.Act == letterlock.ActAnswer) != (tt.first != "") || m.Protection != tt.want {
			t.Errorf("%s: original %q, act %q, %s; want %q, %s", tt.name, m.Original, m.Act, m.Protection, tt.first, tt.want)
		}
	}
	var list []store.Received
	p.read(func(tx *store.Tx) (err error) { list, err = tx.ReceivedIn(id, marta, 10); return err })
	if len(list) != 3 {
		t.Errorf("Marta has %d messages of the conversation, want 3", len(list))
	}
}

// must ends the test for an error that it is not about.
func (p *portal) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}
