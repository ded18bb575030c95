package web

import (
	"net/url"
	"slices"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// scopeField says who loses access, where a confirmation has several to choose from:
// scopeAll, or the recipients that are ticked. A form without it asked about those it
// names, or about all.
const (
	scopeField = "scope"
	scopeAll   = "all"
)

// scopeProblem is what is wrong with such a choice. Nobody ticked is never everybody.
func scopeProblem(say language.Words, f url.Values) string {
	ticked := len(f["recipient"]) > 0
	switch {
	case !f.Has(scopeField) || f.Get(scopeField) == scopeAll && !ticked:
		return ""
	case f.Get(scopeField) == scopeAll:
		return say.Text("confirm.tickedAndAll")
	case !ticked:
		return say.Text("confirm.tickWhoLosesAccess")
	}
	return ""
}

// asked are the recipients that a confirmation asks about, who have access still, and
// whether whoever is asked chooses among them: those that the request names are no
// choice any more.
func asked(d track.Detail, which []letterlock.Recipient, f url.Values) (list []letterlock.Recipient, chooses bool) {
	chooses = f.Has(scopeField) || !f.Has("recipient")
	if chooses {
		which = d.Recipients
	}
	for _, r := range which {
		if r.Experience == letterlock.Link && !r.Revocation.Revoked() {
			list = append(list, r)
		}
	}
	return list, chooses && len(list) > 1
}

// choice is who can be chosen, as it was chosen in a form before.
func (s speaker) choice(list []views.ConfirmRecipient, f url.Values) *views.Chosen {
	for i := range list {
		list[i].Ticked = slices.Contains(f["recipient"], list[i].Address)
	}
	all := s.Text("confirm.bothOfThem")
	if len(list) > 2 {
		all = s.Text("confirm.allOfThem", "Recipients", s.Count("count.recipient", len(list)))
	}
	return &views.Chosen{
		All:   all,
		These: f.Has(scopeField) && f.Get(scopeField) != scopeAll,
		Error: scopeProblem(s.Words, f),
	}
}
