package letterlock

import (
	"testing"
	"time"
)

// What is made of several, as it is kept.
const (
	freshProvider           Demand = "openid+passcode"
	freshPassphrase         Demand = "passcode+passphrase"
	providerPassphrase      Demand = "openid+passphrase"
	freshProviderPassphrase Demand = "openid+passcode+passphrase"
)

func TestADemandIsMetByItsProofAlone(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	typed := Actor{Kind: Reader, Proof: ByPasscode, ProvedFor: "m", Proved: now.Add(-time.Minute)}
	with := func(change func(*Actor)) Actor { a := typed; change(&a); return a }
	told := func(a Actor, m ID, ago time.Duration) Actor { a.Gave, a.Told = m, now.Add(-ago); return a }
	called := func(a Actor) Actor { a.Called = "Anna"; return a }
	for _, tt := range []struct {
		name string
		d    Demand
		by   Actor
		id   ID
		want string // key of the refusal; empty: met
	}{
		{"nothing is asked", NoDemand, Actor{Kind: Reader}, "m", ""},
		{"a passcode of a minute ago", FreshPasscode, typed, "m", ""},
		{"of another message", FreshPasscode, typed, "n", ProveAgain},
		{"of no message", FreshPasscode, with(func(a *Actor) { a.ProvedFor = "" }), "", ProveAgain},
		{"a remembered browser", FreshPasscode, with(func(a *Actor) { a.Proof = ByBrowser }), "m", ProveAgain},
		{"a new sign-in at a provider", FreshPasscode, with(func(a *Actor) { a.Proof = ByOpenID("google") }), "m", ""},
		{"at a provider for another message", FreshPasscode, with(func(a *Actor) { a.Proof = ByOpenID("google") }), "n", ProveAgain},
		{"at a provider that asked for no new one", FreshPasscode, with(func(a *Actor) { a.Proof, a.ProvedFor = ByOpenID("google"), "" }), "m", ProveAgain},
		{"from before proofs were kept", FreshPasscode, with(func(a *Actor) { a.Proof = "" }), "m", ProveAgain},
		{"just fresh", FreshPasscode, with(func(a *Actor) { a.Proved = now.Add(-FreshFor + time.Second) }), "m", ""},
		{"too old", FreshPasscode, with(func(a *Actor) { a.Proved = now.Add(-FreshFor) }), "m", ProveAgain},
		{"of a time to come", FreshPasscode, with(func(a *Actor) { a.Proved = now.Add(time.Minute) }), "m", ProveAgain},
		{"a passcode where a provider is asked for", ByProvider, typed, "m", ProveVouched},
		{"a remembered browser where a provider is", ByProvider, with(func(a *Actor) { a.Proof = ByBrowser }), "m", ProveVouched},
		{"a proof of before, where a provider is", ByProvider, with(func(a *Actor) { a.Proof = "" }), "m", ProveVouched},
		{"a provider", ByProvider, with(func(a *Actor) { a.Proof, a.ProvedFor = ByOpenID("google"), "" }), "m", ""},
		{"a new sign-in where one is asked for", freshProvider, with(func(a *Actor) { a.Proof = ByOpenID("google") }), "m", ""},
		{"an old one", freshProvider, with(func(a *Actor) { a.Proof, a.ProvedFor = ByOpenID("google"), "" }), "m", ProveVouched},
		{"a new passcode there", freshProvider, typed, "m", ProveVouched},
		{"a passphrase is asked for", ByPassphrase, typed, "m", GivePassphrase},
		{"and was given", ByPassphrase, told(typed, "m", time.Minute), "m", ""},
		{"just not too long ago", ByPassphrase, told(typed, "m", FreshFor-time.Second), "m", ""},
		{"too long ago", ByPassphrase, told(typed, "m", FreshFor), "m", GivePassphrase},
		{"in a time to come", ByPassphrase, told(typed, "m", -time.Minute), "m", GivePassphrase},
		{"for another message", ByPassphrase, told(typed, "n", time.Minute), "m", GivePassphrase},
		{"that is lost", ByPassphrase, told(typed, "", time.Minute), "", LostPassphrase},
		{"that is lost, before the mailbox is proved", ByPassphrase, told(with(func(a *Actor) { a.Proof = ByBrowser }), "", time.Minute), "", ProveAgain},
		{"after an older passcode", ByPassphrase, told(with(func(a *Actor) { a.ProvedFor = "" }), "m", time.Minute), "m", ""},
		{"in a remembered browser", ByPassphrase, told(with(func(a *Actor) { a.Proof = ByBrowser }), "m", time.Minute), "m", ProveAgain},
		{"without a proof", ByPassphrase, told(with(func(a *Actor) { a.Proof = "" }), "m", time.Minute), "m", ProveAgain},
		{"in the place of a provider", providerPassphrase, told(typed, "m", time.Minute), "m", ProveVouched},
		{"beside a provider", providerPassphrase, told(with(func(a *Actor) { a.Proof = ByOpenID("google") }), "m", time.Minute), "m", ""},
		{"in the place of a new passcode", freshPassphrase, told(with(func(a *Actor) { a.ProvedFor = "" }), "m", time.Minute), "m", ProveAgain},
		{"a provider alone", providerPassphrase, with(func(a *Actor) { a.Proof = ByOpenID("google") }), "m", GivePassphrase},
		{"a release code", NoDemand, with(func(a *Actor) { a.Proof = ByRelease }), "m", ""},
		{"for another message", NoDemand, with(func(a *Actor) { a.Proof = ByRelease }), "n", ProveAgain},
		{"for none", NoDemand, with(func(a *Actor) { a.Proof, a.ProvedFor = ByRelease, "" }), "", ProveAgain},
		{"in the place of a new passcode", FreshPasscode, with(func(a *Actor) { a.Proof = ByRelease }), "m", ""},
		{"too old a one", FreshPasscode, with(func(a *Actor) { a.Proof, a.Proved = ByRelease, now.Add(-FreshFor) }), "m", ProveAgain},
		{"in the place of a provider", ByProvider, with(func(a *Actor) { a.Proof = ByRelease }), "m", ProveVouched},
		{"in the place of a passphrase", ByPassphrase, with(func(a *Actor) { a.Proof = ByRelease }), "m", GivePassphrase},
		{"beside a passphrase", ByPassphrase, told(with(func(a *Actor) { a.Proof = ByRelease }), "m", time.Minute), "m", ""},
		{"a name is asked for", ByName, typed, "m", GiveName},
		{"and was given", ByName, called(typed), "m", ""},
		{"in a remembered browser", ByName, called(with(func(a *Actor) { a.Proof = ByBrowser })), "m", ""},
		{"after a release code for another message", ByName, called(with(func(a *Actor) { a.Proof = ByRelease })), "n", ProveAgain},
		{"in the place of a new passcode", FreshPasscode.And(ByName), called(with(func(a *Actor) { a.ProvedFor = "" })), "m", ProveAgain},
		{"in the place of a provider", ByProvider.And(ByName), called(typed), "m", ProveVouched},
		{"in the place of a passphrase", ByPassphrase.And(ByName), called(typed), "m", GivePassphrase},
		{"after a passphrase", ByPassphrase.And(ByName), told(typed, "m", time.Minute), "m", GiveName},
		{"beside everything", freshProviderPassphrase.And(ByName), called(told(with(func(a *Actor) { a.Proof = ByOpenID("google") }), "m", time.Minute)), "m", ""},
		{"nobody knows what is asked", "blood", typed, "m", UnknownDemand},
	} {
		err := Message{ID: tt.id, Asks: tt.d, Passphrase: tt.id}.Met(tt.by, now)
		if got := KeyOf(err); got != tt.want || (err == nil) != (tt.want == "") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestDemandsAddUp(t *testing.T) {
	for n := range needs(1 << len(spelled)) {
		d := n.demand()
		if parsed, err := ParseDemand(string(d)); parsed != d || err != nil {
			t.Errorf("%q is not known: %v", d, err)
		}
		if d.And(NoDemand) != d || NoDemand.And(d) != d || d.And(d) != d || !d.Covers(NoDemand) || !d.Covers(d) {
			t.Errorf("%q and nothing, or itself: %q, %q, %q", d, d.And(NoDemand), NoDemand.And(d), d.And(d))
		}
		for m := range needs(1 << len(spelled)) {
			e := m.demand()
			both := d.And(e)
			if both != e.And(d) || !both.Covers(d) || !both.Covers(e) {
				t.Errorf("%q and %q is %q, the other way round %q", d, e, both, e.And(d))
			}
		}
		if got := d.And("blood"); got != "blood" {
			t.Errorf("%q and what nobody knows is %q", d, got)
		}
		if got := Demand("blood").And(d); got != "blood" {
			t.Errorf("what nobody knows and %q is %q", d, got)
		}
	}
	for _, d := range []Demand{"blood", "name+", "+name", "name+name", "passphrase+passcode", "name+openid", "Name", "names", "name ", "openid++name", "openid+blood"} {
		if got, err := ParseDemand(string(d)); err == nil || d.Named() || d.Vouched() || d.And(ByName) != d || d.Proofs() != d {
			t.Errorf("%q is known as %q", d, got)
		}
	}
	if d := freshProviderPassphrase.And(ByName); d.Proofs() != freshProviderPassphrase || d.Untold() != freshProvider.And(ByName) || ByName.Proofs() != NoDemand {
		t.Errorf("less a name, %q is %q; less a passphrase %q", d, d.Proofs(), d.Untold())
	}
	if d := FreshPasscode.And(ByProvider); d != freshProvider || FreshPasscode.Covers(ByProvider) || ByProvider.Covers(FreshPasscode) {
		t.Errorf("a passcode and a provider are %q, or one is taken for the other", d)
	}
}
