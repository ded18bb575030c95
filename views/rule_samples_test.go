package views

import (
	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// ruleSamples are the pages on which administrators say what must be protected.
func ruleSamples(w language.Words, all map[string]templ.Component) {
	p := staffPage(w)
	p.Account.Auditor, p.Account.Admin = true, true
	list := Rules{Page: p, NewURL: "/rules/new", TryURL: "/rules/try"}
	all["rules-empty"] = RulesPage(list)
	list.Note, list.Room = "The rule has moved up.", "There may be 200. 1 off."
	list.Rows = []RuleRow{
		{Place: "1", Name: "Board papers", When: []string{"Sender: board@halden.example", "Subject: minutes, “board papers” or /BP-\\d+/"}, Then: []string{"Do not forward", "Expires after 7 days at most"},
			URL: "/rules/1", DownURL: "/rules/1/down", OffURL: "/rules/1/disable"},
		{Place: "2", Name: "Card numbers stay here", When: []string{"Card numbers"}, Then: []string{"Refuse: Card numbers are not sent by mail. Use the payment portal."},
			URL: "/rules/2", UpURL: "/rules/2/up", DownURL: "/rules/2/down", OffURL: "/rules/2/disable"},
		{Place: "3", Name: "Opposing counsel", When: []string{"Recipient at *.rehm-notare.example"}, Then: []string{"Each opening asks for a new passcode"},
			Off: true, URL: "/rules/3", UpURL: "/rules/3/up", OnURL: "/rules/3/enable"},
	}
	all["rules"] = RulesPage(list)
	refused := list
	refused.Note, refused.Problem = "", "Somebody has changed the rules since you saw them, and nothing was moved. This is how they are now."
	all["rules-refused"] = RulesPage(refused)
	form := RuleForm{
		Page: p, Heading: "Change rule", Name: "Board papers", Senders: "board@halden.example", Subject: "minutes\nboard papers\n/BP-\\d+/",
		Data:       []RoleChoice{{"card", "Card numbers", "of the known issuers, whose check digit is right", false}, {"iban", "IBAN account numbers", "of a country's length, whose check digits are right", true}},
		Protection: []Option{{"", "As the sender says", false}, {"encrypt-only", "Encrypt only, at least", false}, {"do-not-forward", "Do not forward", true}},
		Expiry:     "7d", Enabled: true, Version: "4", URL: "/rules/1", Button: "Save rule", DeleteURL: "/rules/1/delete",
	}
	all["rule"] = RuleFormPage(form)
	wrong := form
	wrong.Heading, wrong.Button, wrong.DeleteURL, wrong.Size, wrong.Refuse = "Add a rule", "Add rule", "", "large", true
	wrong.Errors = []FieldError{{"name", "Another rule has this name"}, {"conditions", "Fill in a condition at least"}, {"size", "Type a size, as 500 KB or 10 MB"}, {"data", "Choose among what there is"},
		{"actions", "Choose what is to happen"}, {"asks", "Choose among what there is"}, {"refuse", "A mail that is refused is not sent. Choose one or the other"}, {"pass", "A mail that is passed on stays as it came."}, {"protection", "Choose among what there is"}, {"form", "Somebody has changed this rule since you opened it."}}
	wrong.Wrong = leadTo(wrong.Errors)
	all["rule-wrong"] = RuleFormPage(wrong)
	trialSamples(w, all, p)
}

func trialSamples(w language.Words, all map[string]templ.Component, p Page) {
	trial := RuleTrial{Page: p, URL: "/rules/try"}
	all["rule-try"] = RuleTrialPage(trial)
	wrong := trial
	wrong.Errors = []FieldError{{"sender", "Type the address of an account; the mail names none"}, {"recipients", "Type an address at least; the mail names none"}, {"mail", "Paste a mail, or a text"}}
	wrong.Wrong = leadTo(wrong.Errors)
	all["rule-try-wrong"] = RuleTrialPage(wrong)
	trial.Mail = "From: ines.kaya@halden.example\nTo: marta@quillfeather.example\nSubject: Minutes\n\nHello"
	trial.Result = &TrialResult{
		Lead:  "The mail would be sent, protected.",
		Facts: []Fact{{"Protection", "Do not forward", false}, {"Decided by", "rule Board papers", false}, {"Expires", "27 November 2026, 10:42 CET, if it were sent now", false}},
		Recipients: []TrialRecipient{{"marta@quillfeather.example", "a link, which can be taken back", "as everybody of this type does"},
			{"carol@outlook.com", "a link, which can be taken back", "because the message must not be forwarded"}},
		Rules: []TrialRule{
			{"1", "Board papers", "/rules/1", "Matches", true, []string{"Sender: “board@halden.example” is met", "Subject: “minutes” is there"}},
			{"2", "Card numbers stay here", "/rules/2", "May match, and counts as if it did", true, []string{"Sensitive data: not found in what was read; the rest counts as if it were there"}},
			{"3", "Opposing counsel", "/rules/3", "Off", false, nil},
		},
		Unread: "Not all of the text could be looked at: it is too long.",
	}
	all["rule-tried"] = RuleTrialPage(trial)
	trial.Result = &TrialResult{Refused: true, Lead: "The mail would be refused, whatever the rules say.", Facts: []Fact{{"Because", "Its From is not the address of the sender.", false}}}
	all["rule-tried-refused"] = RuleTrialPage(trial)
}

// leadTo leads to the fields of a form that are wrong.
func leadTo(wrong []FieldError) (list []Link) {
	for _, e := range wrong {
		if e.Field != "form" {
			list = append(list, Link{Text: e.Text, URL: "#" + e.Field})
		}
	}
	return list
}
