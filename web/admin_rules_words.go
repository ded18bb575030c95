package web

import (
	"strconv"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	mailrule "letterlock/internal/rule"
)

// problemText says why a rule cannot be saved.
func problemText(say language.Words, p mailrule.Problem) string {
	value := quoted(say, p.Value)
	switch p.Key {
	case mailrule.Missing:
		return map[string]string{
			"name": say.Text("rules.giveTheRuleAName"), "conditions": say.Text("rules.fillInAConditionAt"),
			"actions": say.Text("rules.chooseWhatIsToHappen"), "sentence": say.Text("rules.tellTheSenderInA"), "header": say.Text("rules.nameTheHeaderFieldIn"),
		}[p.Field]
	case mailrule.TooLong:
		switch {
		case p.Field == "name":
			return say.Text("rules.aNameHasUpTo", "MaxName", strconv.Itoa(mailrule.MaxName))
		case p.Field == "sentence":
			return say.Text("rules.theSentenceHasUpTo", "MaxSentence", strconv.Itoa(mailrule.MaxSentence))
		case p.Value != "":
			return say.Text("rules.aLineHasUpTo", "MaxValue", strconv.Itoa(mailrule.MaxValue), "Value", value)
		}
		return say.Text("rules.thereMayBeLines", "MaxValues", strconv.Itoa(mailrule.MaxValues))
	case mailrule.Unprintable:
		return say.Text("rules.itHoldsCharactersThatNobody")
	case mailrule.NoAddress:
		return say.Text("rules.isNoMailAddress", "Value", value)
	case mailrule.NoDomain:
		return say.Text("rules.isNoDomain", "Value", value)
	case mailrule.NoWord:
		return say.Text("rules.hasNoLetterAndNo", "Value", value)
	case mailrule.ManyWords:
		return say.Text("rules.hasMoreThanTenWords", "Value", value)
	case mailrule.BadPattern:
		return say.Text("rules.isNoRegularExpressionOf", "Value", value)
	case mailrule.BigPattern:
		return say.Text("rules.wouldTakeTooLongTo", "Value", value)
	case mailrule.EmptyPattern:
		return say.Text("rules.isFoundEverywhereInAn", "Value", value)
	case mailrule.BadName:
		return say.Text("rules.thatIsNoNameOf")
	case mailrule.NeverMatches:
		return say.Text("rules.noMailMayBeAs")
	case mailrule.Contradiction:
		return say.Text("rules.aMailThatIsRefused")
	}
	return say.Text("rules.chooseAmongWhatThereIs")
}

// whenOf says in sentences what a mail must meet.
func whenOf(say language.Words, w mailrule.Conditions) (list []string) {
	add := func(is bool, label string, values ...string) {
		if is {
			list = append(list, label+shortList(say, values))
		}
	}
	add(len(w.Senders) > 0, say.Text("rules.senderB")+" ", w.Senders...)
	add(len(w.Recipients) > 0, say.Text("rules.recipientB")+" ", w.Recipients...)
	add(len(w.Domains) > 0, say.Text("rules.recipientAt")+" ", w.Domains...)
	add(len(w.Subject) > 0, say.Text("rules.subject")+" ", w.Subject...)
	add(len(w.Body) > 0, say.Text("rules.message")+" ", w.Body...)
	add(w.Header != "" && len(w.Values) == 0, say.Text("rules.headerFieldB", "Bounded", bounded(w.Header, 60)))
	add(len(w.Values) > 0, say.Text("rules.headerFieldBB", "Bounded", bounded(w.Header, 60))+" ", w.Values...)
	add(w.LargerThan > 0, say.Text("rules.largerThanB", "SizeField", sizeField(w.LargerThan)))
	for _, k := range w.Data {
		list = append(list, sayText(say, dataNames[k][0]))
	}
	if n := len(w.Data); n > 1 { // of several kinds any is enough: one sentence says so
		text := say.Text("rules.sensitiveData") + " "
		var names []string
		for _, k := range w.Data {
			names = append(names, sayText(say, dataNames[k][0]))
		}
		list = append(list[:len(list)-n], text+orList(say, names))
	}
	return list
}

// shortList names three at most.
func shortList(say language.Words, values []string) string {
	var names []string
	for _, v := range values[:min(len(values), 3)] {
		if r := []rune(v); len(r) > 60 {
			v = string(r[:60]) + "…"
		}
		names = append(names, v)
	}
	if more := len(values) - 3; more > 0 {
		names = append(names, say.Text("rules.others", "More", strconv.Itoa(more)))
	}
	return orList(say, names)
}

// orList joins names of which any is enough.
func orList(say language.Words, names []string) string {
	text := ""
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			text += " " + say.Text("rules.or") + " "
		default:
			text += ", "
		}
		text += n
	}
	return text
}

// thenOf says in sentences what a rule asks for.
func thenOf(say language.Words, a mailrule.Actions) (list []string) {
	switch {
	case a.Refuse:
		return []string{say.Text("rules.refuse", "Sentence", a.Sentence)}
	case a.Pass:
		return []string{say.Text("rules.passItOnByThe")}
	case a.Protection == letterlock.DoNotForward:
		list = append(list, say.Text("rules.doNotForward"))
	case a.Protection == letterlock.EncryptOnly:
		list = append(list, say.Text("rules.encryptOnlyAtLeast"))
	}
	if a.Expiry > 0 {
		list = append(list, say.Text("rules.expiresAfterAtMostB", "Length", exactly(say, a.Expiry)))
	}
	if a.Brand != "" {
		list = append(list, say.Text("rules.brandB", "Brand", a.Brand))
	}
	if a.Portal {
		list = append(list, say.Text("rules.everyoneOutsideReadsInThe"))
	}
	if a.Asks != letterlock.NoDemand {
		list = append(list, ruledDemand(say, a.Asks))
	}
	return list
}

// reasonText says what came of one condition of a rule.
func reasonText(say language.Words, r mailrule.Reason, w mailrule.Conditions) string {
	subject := map[string]string{
		"senders": say.Text("rules.sender"), "recipients": say.Text("rules.recipient"), "domains": say.Text("rules.domainOfARecipient"), "subject": say.Text("rules.subjectB"),
		"body": say.Text("rules.messageB"), "header": say.Text("rules.headerFieldB", "Bounded", bounded(w.Header, 60)), "size": say.Text("rules.size"), "data": say.Text("rules.sensitiveDataB"),
	}[r.Condition]
	value := quoted(say, r.Value)
	if r.Condition == "data" && r.Value != "" {
		value = sayText(say, dataFound[mailrule.Data(r.Value)])
	}
	switch {
	case r.Answer == mailrule.Could && r.Condition == "senders":
		return say.Text("rules.whetherTheMailIsFrom", "Subject", subject)
	case r.Answer == mailrule.Could:
		return say.Text("rules.notFoundInWhatWas", "Subject", subject)
	case r.Answer == mailrule.No && r.Condition == "size":
		return say.Text("rules.notLargerThan", "Subject", subject, "SizeField", sizeField(w.LargerThan))
	case r.Answer == mailrule.No && r.Condition == "header" && len(w.Values) == 0:
		return say.Text("rules.notThere", "Subject", subject)
	case r.Answer == mailrule.No && (r.Condition == "subject" || r.Condition == "body" || r.Condition == "header" || r.Condition == "data"):
		return say.Text("rules.nothingOfItIsThere", "Subject", subject)
	case r.Answer == mailrule.No:
		return say.Text("rules.noneOfThese", "Subject", subject)
	case r.Condition == "size":
		return say.Text("rules.largerThanBB", "Subject", subject, "SizeField", sizeField(w.LargerThan))
	case r.Value == "":
		return say.Text("rules.there", "Subject", subject)
	case r.Condition == "senders" || r.Condition == "recipients" || r.Condition == "domains":
		return say.Text("rules.isMet", "Subject", subject, "Value", value)
	}
	return say.Text("rules.isThere", "Subject", subject, "Value", value)
}

var dataFound = map[mailrule.Data]string{mailrule.Card: "rules.aCardNumber", mailrule.IBAN: "rules.anIban", mailrule.SSN: "rules.aUsSocialSecurityNumber"}
