package intake_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

const (
	wanda = letterlock.Address("wanda@work.example")  // at Microsoft 365
	dora  = letterlock.Address("dora@silent.example") // of whom the DNS says nothing
)

// tell has the intake know who takes the mail of domains. It fails the test where a
// question comes while the writer is held: nobody may wait for the DNS there.
func (h *house) tell(asked *[]string, known policy.Hostings) {
	h.intake.LookUp = func(ctx context.Context, domains []string) policy.Hostings {
		*asked = append(*asked, domains...)
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := h.db.Write(ctx, func(*store.Tx) error { return nil }); err != nil {
			h.t.Errorf("the DNS is asked while the writer is held: %v", err)
		}
		return known
	}
}

func TestTheHostOfADomainDecides(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	var asked []string
	h.tell(&asked, policy.Hostings{"work.example": policy.AtMicrosoft365, "silent.example": policy.NoAnswer})
	e := to(wanda, dora, carol, "zoe@work.example", "eve@contoso.example")
	r := h.mustAccept(ada, e, simple("<1@contoso.example>", "Hi"))
	if !slices.Equal(asked, []string{"work.example", "silent.example"}) {
		t.Errorf("asked about %q", asked)
	}
	_, all := h.message(r.ID)
	want := []policy.Verdict{
		{Address: wanda, Identity: letterlock.Microsoft365, Experience: letterlock.Inline, Why: policy.WhyInlineType},
		{Address: dora, Identity: letterlock.Other, Experience: letterlock.Link, Why: policy.WhyNoAnswer},
		{Address: carol, Identity: letterlock.MicrosoftAccount, Experience: letterlock.Inline, Why: policy.WhyInlineType},
		{Address: "zoe@work.example", Identity: letterlock.Microsoft365, Experience: letterlock.Inline, Why: policy.WhyInlineType},
		{Address: "eve@contoso.example", Identity: letterlock.Organization, Experience: letterlock.Inline, Why: policy.WhyOrganization},
	}
	before := len(asked)
	preview, forced := h.intake.Preview(t.Context(), e)
	if got := asked[before:]; !slices.Equal(got, []string{"work.example", "silent.example"}) {
		t.Errorf("Preview asked about %q, want each domain once: a page waits for one look-up", got)
	}
	for i, r := range all {
		if got := (policy.Verdict{Address: r.Mailbox.Address, Identity: r.Identity, Experience: r.Experience, Why: r.Why}); got != want[i] || preview[i] != want[i] {
			t.Errorf("stored %+v, foretold %+v; want %+v", got, preview[i], want[i])
		}
		if inline := forced[i].Experience == letterlock.Inline; inline != (forced[i].Identity == letterlock.Organization) {
			t.Errorf("with everybody in the portal: %+v", forced[i])
		}
	}
	// A retry that names one more asks about that one, too.
	e.Recipients = append(e.Recipients, "yan@there.example")
	if r := h.mustAccept(ada, e, simple("<1@contoso.example>", "Hi")); !r.Repeated || asked[len(asked)-1] != "there.example" {
		t.Errorf("a retry: %+v, asked about %q", r, asked)
	}
}

func TestWhoWasSaidToBeTakenBackGetsTheLink(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	var asked []string
	h.tell(&asked, policy.Hostings{"work.example": policy.AtMicrosoft365})
	e := to(wanda, carol)
	e.Promised = []letterlock.Address{wanda} // the DNS was down when Compose was shown
	_, all := h.message(h.mustAccept(ada, e, simple("<1@contoso.example>", "Hi")).ID)
	if all[0].Experience != letterlock.Link || all[0].Why != policy.WhyPromised || all[0].Identity != letterlock.Microsoft365 {
		t.Errorf("who was promised: %+v", all[0])
	}
	if _, err := h.raw(all[0].Message, string(all[0].ID)); err != nil {
		t.Errorf("their key: %v", err)
	}
	if all[1].Experience != letterlock.Inline {
		t.Errorf("the other: %+v", all[1])
	}
}

func TestTheWayOutDecides(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.intake.Rules.InlineAssured = false
	offers := false
	h.intake.Assured = func() bool { return offers }
	for i, want := range []string{policy.WhyNoTLS, policy.WhyInlineType} {
		offers = i == 1
		_, all := h.message(h.mustAccept(ada, to(carol), simple("", "Hi")).ID)
		if all[0].Why != want || (all[0].Experience == letterlock.Inline) != offers {
			t.Errorf("offers %v: %+v", offers, all[0])
		}
	}
}

func TestAMailCanWantEverybodyInThePortal(t *testing.T) {
	for field, want := range map[string]letterlock.Experience{
		"": letterlock.Inline, "X-Letterlock-Portal: yes": letterlock.Link, "x-letterlock-PORTAL:  YES ": letterlock.Link, "X-Letterlock-Portal: no": letterlock.Inline,
		"X-Letterlock-Ask-Name: yes": letterlock.Link, "X-Letterlock-Ask-Name: no": letterlock.Inline,
	} {
		h := newHouse(t, eml.Limits{})
		mail := simple("<1@contoso.example>", "Hi")
		if field != "" {
			mail = lines(field) + mail
		}
		m, all := h.message(h.mustAccept(ada, to(carol), mail).ID)
		if all[0].Experience != want || m.Portal != (want == letterlock.Link) {
			t.Errorf("%q: %+v, portal %v", field, all[0], m.Portal)
		}
		if raw, err := h.raw(m.ID, store.SenderCopy); err != nil || !strings.Contains(raw, field) {
			t.Errorf("%q: the mail is not kept as it came: %v", field, err)
		}
	}
}
