package web

import (
	"slices"
	"strconv"
	"strings"

	"letterlock/internal/intake"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/views"
)

// addressees are the recipients of a message that is being written.
type addressees struct {
	to, cc, bcc []letterlock.Mailbox
	typed       map[letterlock.Field]string // what could not be understood, as typed
	errors      []views.FieldError
}

// all returns the addresses in the order To, Cc, Bcc.
func (a addressees) all() (list []letterlock.Address) {
	for _, m := range slices.Concat(a.to, a.cc, a.bcc) {
		list = append(list, m.Address)
	}
	return list
}

// addresseesOf takes the recipients out of the form: those added before, and
// those typed since, which need no button of their own. Who is named twice is
// one recipient, in the more visible field.
func addresseesOf(say language.Words, f *composeForm) addressees {
	a := addressees{typed: map[letterlock.Field]string{}}
	remove := removed(f)
	seen := map[letterlock.Address]bool{}
	for _, field := range []letterlock.Field{letterlock.To, letterlock.Cc, letterlock.Bcc} {
		good, bad := letterlock.ParseMailboxes(strings.Join(append(slices.Clone(f.fields[string(field)]), f.get(string(field)+"-add")), "\n"))
		var list []letterlock.Mailbox
		for _, m := range good {
			if !seen[m.Address] && m.Address != remove {
				seen[m.Address] = true
				list = append(list, m)
			}
		}
		a.set(field, list)
		if len(bad) > 0 {
			a.typed[field] = strings.Join(bad, ", ")
			a.errors = append(a.errors, views.FieldError{Field: string(field), Text: notAddresses(say, bad)})
		}
	}
	if n := len(seen); n > intake.MaxRecipients {
		a.errors = append(a.errors, views.FieldError{
			Field: string(letterlock.To),
			Text:  say.Text("sent.aMessageMayHaveRecipients", "MaxRecipients", strconv.Itoa(intake.MaxRecipients), "N", strconv.Itoa(n)),
		})
	}
	return a
}

func (a *addressees) set(field letterlock.Field, list []letterlock.Mailbox) {
	switch field {
	case letterlock.To:
		a.to = list
	case letterlock.Cc:
		a.cc = list
	case letterlock.Bcc:
		a.bcc = list
	}
}

// removed is the recipient whose button was pressed; empty for none.
func removed(f *composeForm) letterlock.Address {
	good, _ := letterlock.ParseMailboxes(f.get("remove"))
	if len(good) == 0 {
		return ""
	}
	return good[0].Address
}

// notAddresses says what is wrong, naming three at most.
func notAddresses(say language.Words, bad []string) string {
	return speaker{Words: say}.notAddresses(bad)
}

func (p speaker) notAddresses(bad []string) string {
	var names []string
	for _, b := range bad[:min(len(bad), 3)] {
		names = append(names, quoted(p.Words, b))
	}
	if more := len(bad) - 3; more > 0 {
		names = append(names, p.Count("list.more", more))
	}
	return p.Count("answer.notAddress", len(bad), "Who", p.listed(names))
}

// quoted puts what somebody typed, or the beginning of it, into quotation marks.
func quoted(say language.Words, s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return say.Text("list.quoted", "Text", s)
}

// listed joins names as a sentence does: "a", "a and b", "a, b and c".
func listed(say language.Words, names []string) string { return speaker{Words: say}.listed(names) }

func (p speaker) listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	text := names[0]
	for _, name := range names[1:last] {
		text = p.Text("list.comma", "First", text, "Last", name)
	}
	return p.Text("list.and", "First", text, "Last", names[last])
}

// verdicts are the answers of the policy by address.
type verdicts map[letterlock.Address]policy.Verdict

func verdictsOf(list []policy.Verdict) verdicts {
	by := make(verdicts, len(list))
	for _, v := range list {
		by[v.Address] = v
	}
	return by
}

// tokens shows recipients with what the policy says of each.
func (by verdicts) tokens(say language.Words, list []letterlock.Mailbox) (out []views.Token) {
	for _, m := range list {
		v := by[m.Address]
		out = append(out, views.Token{
			Address: written(m),
			Can:     v.Experience == letterlock.Link,
			Verdict: verdictText(say, v),
		})
	}
	return out
}

// promises are the recipients whom a page says to be able to take back, as a field of
// the form holds them.
func promises(list []policy.Verdict) string {
	var names []string
	for _, v := range list {
		if v.Experience == letterlock.Link {
			names = append(names, string(v.Address))
		}
	}
	return strings.Join(names, ", ")
}

func mailboxAddresses(list []letterlock.Mailbox) (all []letterlock.Address) {
	for _, m := range list {
		all = append(all, m.Address)
	}
	return all
}

// typeNames are what the identity types are called on pages.
var typeNames = map[letterlock.IdentityType]string{
	letterlock.Organization:     "type.yourOrganisation",
	letterlock.Microsoft365:     "type.microsoftWorkOrSchool",
	letterlock.MicrosoftAccount: "type.microsoftAccount",
	letterlock.Google:           "type.google",
	letterlock.Yahoo:            "type.yahoo",
	letterlock.Other:            "type.anotherMailProvider",
}

// decided says of each recipient what type they are, what they get and why.
func decided(say language.Words, list []policy.Verdict) (out []views.Verdict) {
	for _, v := range list {
		out = append(out, views.Verdict{Address: string(v.Address), Type: sayText(say, typeNames[v.Identity]), Says: saysOf(say, v)})
	}
	return out
}

// saysOf says what a recipient gets and what decided that.
func saysOf(say language.Words, v policy.Verdict) string {
	gets := say.Text("compose.inTheMailItself")
	if v.Experience == letterlock.Link {
		gets = say.Text("compose.inThePortal")
	}
	if why := whyOf(say, v); why != "" {
		gets = say.Text("list.comma", "First", gets, "Last", why)
	}
	return gets + "."
}

// whyTexts name what decided on a verdict. They are what its Reason says in English to
// programs.
var whyTexts = map[string]string{
	policy.WhyOrganization: "compose.why.organization",
	policy.WhyInlineType:   "compose.why.ofType",
	policy.WhyInlineDomain: "compose.why.ofDomain",
	policy.WhyPortal:       "compose.why.ofType",
	policy.WhyLinkDomain:   "compose.why.ofDomain",
	policy.WhyForced:       "compose.why.forced",
	policy.WhyPromised:     "compose.why.promised",
	policy.WhyDoNotForward: "compose.why.doNotForward",
	policy.WhyNoTLS:        "compose.why.noTLS",
	policy.WhyFellBack:     "compose.why.fellBack",
	policy.WhyRouted:       "compose.why.routed",
	policy.WhyNoAnswer:     "compose.why.noAnswer",
}

// whyOf says what decided on a verdict, as the rest of a sentence.
func whyOf(say language.Words, v policy.Verdict) string {
	id := whyTexts[v.Why]
	if id == "" {
		return ""
	}
	return say.Text(id, "Domain", v.Address.Domain())
}

// written is a mailbox as ParseMailboxes reads it, with its name.
func written(m letterlock.Mailbox) string {
	if m.Name == "" {
		return string(m.Address)
	}
	name := m.Name
	if strings.ContainsAny(name, `",;<>@\()[]:.`) {
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name + " <" + string(m.Address) + ">"
}

func verdictText(say language.Words, v policy.Verdict) string {
	if v.Experience == letterlock.Link {
		return say.Text("sent.canBeTakenBack")
	}
	return say.Text("sent.cannotBeTakenBackBecause", "WhyInline", whyInline(say, v.Address, v.Why))
}

// whyInline is the reason why a message leaves whole, as half a sentence.
func whyInline(say language.Words, a letterlock.Address, why string) string {
	if why == policy.WhyOrganization {
		return say.Text("sent.isYourOwnOrganisation", "Domain", a.Domain())
	}
	return say.Text("sent.receivesTheMessageItselfB", "Domain", a.Domain())
}

// whyLeft is the reason why a message that has arrived whole cannot be called back.
func whyLeft(say language.Words, a letterlock.Address, why string) string {
	if why == policy.WhyOrganization {
		return whyInline(say, a, why)
	}
	return say.Text("sent.hasTheMessageItself", "Domain", a.Domain())
}

// portalHint says what the box would change, and is empty when that is nothing.
func portalHint(say language.Words, now, forced []policy.Verdict) string {
	var change []string
	stay := 0
	then := verdictsOf(forced)
	for _, v := range now {
		switch {
		case v.Experience != letterlock.Inline:
		case then[v.Address].Experience == letterlock.Link:
			change = append(change, string(v.Address))
		default:
			stay++
		}
	}
	if len(change) == 0 {
		return ""
	}
	who := listed(say, change)
	if len(change) > 3 {
		who = say.Text("sent.andOthersB", "Change", change[0], "Value", strconv.Itoa(len(change)-1))
	}
	switch {
	case len(now) == 1:
		return say.Text("sent.getsALinkAndCan", "Who", who)
	case stay == 0:
		return say.Text("sent.everyRecipientGetsALink", "Who", who)
	}
	return say.Text("sent.everyRecipientOutsideGetsA", "Who", who)
}

// reckoning says under the recipients how many can be taken back, and by whom.
// mayRevoke is the policy's answer for the one who writes.
func reckoning(say language.Words, list []policy.Verdict, mayRevoke error) (lead, text string) {
	var stay []policy.Verdict
	for _, v := range list {
		if v.Experience == letterlock.Inline {
			stay = append(stay, v)
		}
	}
	can, who := len(list)-len(stay), say.Text("sent.byYouB")
	if letterlock.KeyOf(mayRevoke) == "several-recipients" {
		who = say.Text("sent.byAnAdministratorBecauseThere")
	}
	switch {
	case len(list) == 0:
		return "", ""
	case can == 0 && len(list) == 1:
		return say.Text("sent.theMessageCannotBeTaken"), say.Text("sent.because", "WhyInline", whyInline(say, stay[0].Address, stay[0].Why))
	case can == 0:
		return say.Text("sent.noRecipientCanBeTaken"), say.Text("sent.becauseTheMessageItselfLeaves")
	case len(list) == 1:
		return say.Text("sent.theMessageCanBeTaken"), who
	case len(stay) == 0 && can == 2:
		return say.Text("sent.bothRecipientsCanBeTaken"), who
	case len(stay) == 0:
		return say.Text("sent.allRecipientsCanBeTaken", "Can", strconv.Itoa(can)), who
	}
	return say.Text("sent.ofRecipientsCanBeTakenBack", "Can", strconv.Itoa(can), "List", strconv.Itoa(len(list))), say.Text("sent.cannotTheMessageItselfLeaves", "Who", who, "Staying", staying(say, stay))
}

func staying(say language.Words, list []policy.Verdict) string {
	if len(list) > 3 {
		return say.Text("sent.andOthersBB", "Address", string(list[0].Address), "Value", strconv.Itoa(len(list)-1))
	}
	var names []string
	for _, v := range list {
		names = append(names, string(v.Address))
	}
	return listed(say, names)
}
