package web

import (
	"slices"

	"letterlock/internal/intake"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// mostUnprovable is how many recipients a sentence names for whom nobody can vouch.
const mostUnprovable = 5

// nobodyVouches says who could never open a message that asks for OpenID.
func nobodyVouches(say language.Words, without *intake.Unprovable) string {
	who := speaker{Words: say}.addresses(without.To)
	if without.Brand {
		return say.Text("compose.nobodyVouchesBrand", "Who", who)
	}
	return say.Text("compose.nobodyVouches", "Who", who)
}

// demandOptions are what can be asked of readers. One that two rules have made together
// is shown where it was chosen.
func demandOptions(say language.Words, chosen letterlock.Demand, nothing string) []views.Option {
	chosen = chosen.Proofs()
	list := []views.Option{{Text: nothing}}
	for _, d := range []letterlock.Demand{letterlock.FreshPasscode, letterlock.ByProvider, letterlock.ByPassphrase} {
		list = append(list, views.Option{Value: string(d), Text: demandChoice(say, d)})
	}
	if !slices.ContainsFunc(list, func(o views.Option) bool { return o.Value == string(chosen) }) {
		list = append(list, views.Option{Value: string(chosen), Text: demandChoice(say, chosen)})
	}
	for i := range list {
		list[i].Selected = list[i].Value == string(chosen)
	}
	return list
}

// demandChoice is what a demand is called where it is chosen.
func demandChoice(say language.Words, d letterlock.Demand) string {
	return demandIn(say, "demand.choice.", d)
}

// demandWords are a demand as what a message asks for.
func demandWords(say language.Words, d letterlock.Demand) string {
	return demandIn(say, "demand.words.", d)
}

// ruledDemand says what a rule asks of readers.
func ruledDemand(say language.Words, d letterlock.Demand) string {
	return demandIn(say, "demand.ruled.", d)
}

// demandIn puts a demand into the words of one table of texts.
func demandIn(say language.Words, table string, d letterlock.Demand) string {
	t := func(name string) string { return say.Text(table + name) }
	return demanded{
		fresh: t("fresh"), vouched: t("vouched"), freshVouched: t("freshVouched"), told: t("told"), andTold: t("andTold"),
		named: t("named"), andNamed: t("andNamed"), other: t("unknown"),
	}.by(d)
}

// demanded are words for what a demand consists of.
type demanded struct {
	fresh, vouched, freshVouched, told, named string // alone, or first
	andTold, andNamed                         string // after others
	other                                     string // for a demand that is not known
}

// by puts a demand into these words.
func (w demanded) by(d letterlock.Demand) string {
	words := ""
	switch {
	case d.Fresh() && d.Vouched():
		words = w.freshVouched
	case d.Fresh():
		words = w.fresh
	case d.Vouched():
		words = w.vouched
	}
	add := func(is bool, alone, after string) {
		switch {
		case is && words == "":
			words = alone
		case is:
			words += after
		}
	}
	add(d.Told(), w.told, w.andTold)
	add(d.Named(), w.named, w.andNamed)
	if words == "" {
		return w.other
	}
	return words
}

// withoutPasscode leaves the providers as the way in, to whoever comes. A remembered
// browser would not be one, so none is remembered.
func (p speaker) withoutPasscode(v *views.Gate) {
	v.NoPasscode, v.Providers.Remember = true, ""
	if len(v.Providers.List) == 0 {
		v.Closed = p.nobodyToVouch(v.Brand.Name)
	}
}

// asksFor tells somebody who has proved the mailbox what the message asks for: own of
// itself, and d with what its brand adds.
func (p speaker) asksFor(v *views.Gate, d, own letterlock.Demand) {
	brand := ""
	if own != d {
		brand = v.Brand.Name
	}
	v.Asks = p.askedOfReader(brand, d, v.Providers.List)
	if d.Vouched() {
		v.NoPasscode = true
		if len(v.Providers.List) == 0 {
			v.Closed = p.nobodyToVouch(v.Brand.Name)
		}
	}
}

// askedOfReader says to somebody who has proved the mailbox what is asked for beyond that:
// by a brand, which always asks for a provider, or by the sender if brand is empty.
func (p speaker) askedOfReader(brand string, d letterlock.Demand, by []views.Provider) string {
	if !d.Vouched() && !d.Fresh() {
		return p.Text("asks.passphrase")
	}
	if !d.Vouched() {
		return p.Text("asks.fresh")
	}
	names := ""
	for i, one := range by {
		if i == 0 {
			names = one.Name
		} else {
			names = p.Text("list.or", "First", names, "Last", one.Name)
		}
	}
	switch {
	case names == "" && brand != "":
		return p.Text("asks.brandMore", "Brand", brand)
	case names == "":
		return p.Text("asks.more")
	case d.Fresh() && brand != "":
		return p.Text("asks.brandFreshVouched", "Brand", brand, "Providers", names)
	case d.Fresh():
		return p.Text("asks.freshVouched", "Providers", names)
	case brand != "":
		return p.Text("asks.brandVouched", "Brand", brand, "Providers", names)
	}
	return p.Text("asks.vouched", "Providers", names)
}

// nobodyToVouch says why a message that asks for a provider cannot be opened, and whom to
// ask.
func (p speaker) nobodyToVouch(organization string) string {
	return p.Text("asks.closed", "Brand", organization)
}

// askedInList stands in My messages where the subject of other messages does.
func (p speaker) askedInList(d letterlock.Demand) string {
	if d.Vouched() {
		return p.Text("messages.asksVouched")
	}
	if d.Fresh() {
		return p.Text("messages.asksFresh")
	}
	if d.Told() {
		return p.Text("messages.asksPassphrase")
	}
	return p.Text("messages.asksName")
}
