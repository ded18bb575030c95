package web

import (
	"fmt"
	"strconv"

	"letterlock/internal/letterlock"
	mailrule "letterlock/internal/rule"
)

// problemText says why a rule cannot be saved.
func problemText(p mailrule.Problem) string {
	value := quoted(p.Value)
	switch p.Key {
	case mailrule.Missing:
		return map[string]string{
			"name": "Give the rule a name", "conditions": "Fill in a condition at least. For every mail, name the domain of your organisation as sender",
			"actions": "Choose what is to happen", "sentence": "Tell the sender in a sentence why it is refused", "header": "Name the header field in which to look",
		}[p.Field]
	case mailrule.TooLong:
		switch {
		case p.Field == "name":
			return fmt.Sprintf("A name has up to %d characters", mailrule.MaxName)
		case p.Field == "sentence":
			return fmt.Sprintf("The sentence has up to %d characters", mailrule.MaxSentence)
		case p.Value != "":
			return fmt.Sprintf("A line has up to %d characters: %s", mailrule.MaxValue, value)
		}
		return fmt.Sprintf("There may be %d lines", mailrule.MaxValues)
	case mailrule.Unprintable:
		return "It holds characters that nobody can see"
	case mailrule.NoAddress:
		return value + " is no mail address"
	case mailrule.NoDomain:
		return value + " is no domain"
	case mailrule.NoWord:
		return value + " has no letter and no digit, and would never be found"
	case mailrule.ManyWords:
		return value + " has more than ten words"
	case mailrule.BadPattern:
		return value + " is no regular expression of RE2"
	case mailrule.BigPattern:
		return value + " would take too long to look for: it repeats too much"
	case mailrule.EmptyPattern:
		return value + " is found everywhere, in an empty text too"
	case mailrule.BadName:
		return "That is no name of a header field"
	case mailrule.NeverMatches:
		return "No mail may be as large as that, so the rule would never match"
	case mailrule.Contradiction:
		return "A mail that is refused is not sent, and one that is passed on stays as it came: neither has a protection, end or portal. Choose one thing or the other"
	}
	return "Choose among what there is"
}

// whenOf says in sentences what a mail must meet.
func whenOf(w mailrule.Conditions) (list []string) {
	add := func(is bool, label string, values ...string) {
		if is {
			list = append(list, label+shortList(values))
		}
	}
	add(len(w.Senders) > 0, "Sender: ", w.Senders...)
	add(len(w.Recipients) > 0, "Recipient: ", w.Recipients...)
	add(len(w.Domains) > 0, "Recipient at ", w.Domains...)
	add(len(w.Subject) > 0, "Subject: ", w.Subject...)
	add(len(w.Body) > 0, "Message: ", w.Body...)
	add(w.Header != "" && len(w.Values) == 0, "Header field "+bounded(w.Header, 60))
	add(len(w.Values) > 0, "Header field "+bounded(w.Header, 60)+": ", w.Values...)
	add(w.LargerThan > 0, "Larger than "+sizeField(w.LargerThan))
	for _, k := range w.Data {
		list = append(list, dataNames[k][0])
	}
	if n := len(w.Data); n > 1 { // of several kinds any is enough: one sentence says so
		text := "Sensitive data: "
		var names []string
		for _, k := range w.Data {
			names = append(names, dataNames[k][0])
		}
		list = append(list[:len(list)-n], text+orList(names))
	}
	return list
}

// shortList names three at most.
func shortList(values []string) string {
	var names []string
	for _, v := range values[:min(len(values), 3)] {
		if r := []rune(v); len(r) > 60 {
			v = string(r[:60]) + "…"
		}
		names = append(names, v)
	}
	if more := len(values) - 3; more > 0 {
		names = append(names, strconv.Itoa(more)+" others")
	}
	return orList(names)
}

// orList joins names of which any is enough.
func orList(names []string) string {
	text := ""
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			text += " or "
		default:
			text += ", "
		}
		text += n
	}
	return text
}

// thenOf says in sentences what a rule asks for.
func thenOf(a mailrule.Actions) (list []string) {
	switch {
	case a.Refuse:
		return []string{"Refuse: " + a.Sentence}
	case a.Pass:
		return []string{"Pass it on, by the gateway"}
	case a.Protection == letterlock.DoNotForward:
		list = append(list, "Do not forward")
	case a.Protection == letterlock.EncryptOnly:
		list = append(list, "Encrypt only, at least")
	}
	if a.Expiry > 0 {
		list = append(list, "Expires after "+a.Expiry.String()+" at most")
	}
	if a.Brand != "" {
		list = append(list, "Brand "+a.Brand)
	}
	if a.Portal {
		list = append(list, "Everyone outside reads in the portal")
	}
	if a.Asks != letterlock.NoDemand {
		list = append(list, ruledDemand(a.Asks))
	}
	return list
}

// reasonText says what came of one condition of a rule.
func reasonText(r mailrule.Reason, w mailrule.Conditions) string {
	subject := map[string]string{
		"senders": "Sender", "recipients": "Recipient", "domains": "Domain of a recipient", "subject": "Subject",
		"body": "Message", "header": "Header field " + bounded(w.Header, 60), "size": "Size", "data": "Sensitive data",
	}[r.Condition]
	value := quoted(r.Value)
	if r.Condition == "data" && r.Value != "" {
		value = dataFound[mailrule.Data(r.Value)]
	}
	switch {
	case r.Answer == mailrule.Could && r.Condition == "senders":
		return subject + ": whether the mail is from these alone cannot be read"
	case r.Answer == mailrule.Could:
		return subject + ": not found in what was read; the rest counts as if it were there"
	case r.Answer == mailrule.No && r.Condition == "size":
		return subject + ": not larger than " + sizeField(w.LargerThan)
	case r.Answer == mailrule.No && r.Condition == "header" && len(w.Values) == 0:
		return subject + ": not there"
	case r.Answer == mailrule.No && (r.Condition == "subject" || r.Condition == "body" || r.Condition == "header" || r.Condition == "data"):
		return subject + ": nothing of it is there"
	case r.Answer == mailrule.No:
		return subject + ": none of these"
	case r.Condition == "size":
		return subject + ": larger than " + sizeField(w.LargerThan)
	case r.Value == "":
		return subject + ": there"
	case r.Condition == "senders" || r.Condition == "recipients" || r.Condition == "domains":
		return subject + ": " + value + " is met"
	}
	return subject + ": " + value + " is there"
}

var dataFound = map[mailrule.Data]string{mailrule.Card: "a card number", mailrule.IBAN: "an IBAN", mailrule.SSN: "a US social security number"}
