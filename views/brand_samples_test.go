package views

import (
	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// brandSamples are the pages on which administrators say in which looks recipients see mail.
func brandSamples(w language.Words, all map[string]templ.Component) {
	p := staffPage(w)
	p.Account.Auditor, p.Account.Admin = true, true
	all["brands"] = BrandsPage(Brands{Page: p, NewURL: "/brands/new", Note: "The brand is deleted.", Rows: []BrandRow{
		{ID: "default", Name: "Halden Law", URL: "/brands/default", LogoURL: "/brand/default.png", Own: "Nothing: all is as in the settings file", Messages: "1,204 messages"},
		{ID: "notaries", Name: "Halden Notaries", URL: "/brands/notaries", LogoURL: "/brand/notaries.png", Own: "Sender name, colour", Senders: "notaries.halden.example", Messages: "12 messages"},
	}})
	form := BrandForm{
		Page: p, Heading: "Change brand notaries", ID: "notaries", Version: "3", Base: "the default brand", HasSenders: true, LogoURL: "/brand/notaries.png",
		Fields: map[string]BrandField{"name": {"Halden Notaries", true, "Halden Law"}, "colour": {"#3b2a5c", true, "#0c5463"}, "logo": {"", true, "its picture"},
			"passcode": {Value: "yes"}, "expiry": {"7d", true, "nothing"}, "senders": {Value: "notaries.halden.example"}},
		Contrasts: []Fact{{"Words on the colour", "11.9 to 1, 4.5 needed", false}}, MailURL: "/brands/previews/a/mail.html", PortalURL: "/brands/previews/a/portal.html",
		URL: "/brands/notaries", Button: "Save brand", TestURL: "/brands/notaries/test", TestTo: "ines.kaya@halden.example", DeleteURL: "/brands/notaries/delete", Note: "The brand is saved.",
	}
	form.Speaks = []Option{{"", "As in the default brand: English", true}, {"ar", "العربية", false}}
	form.PreviewIn = []Option{{"en", "English", true}, {"ar", "العربية", false}}
	form.Languages = []BrandLanguage{
		{Language: Language{Tag: "en", Name: "English", Direction: "ltr"}, Fields: map[string]BrandSpoken{"button": {From: "Our own words", Base: "Read the message"}}},
		{Language: Language{Tag: "ar", Name: "العربية", Direction: "rtl"}, Note: "2 texts, not offered here", Open: true, Fields: map[string]BrandSpoken{
			"name": {"كتّاب العدل", true, "As for all languages", "Halden Notaries"}, "disclaimer": {"نص", true, "As in the default brand", ""}}},
	}
	all["brand"] = BrandFormPage(form)
	wrong := form
	wrong.New, wrong.Heading, wrong.Note, wrong.DeleteURL, wrong.MailURL, wrong.Problem, wrong.TestURL = true, "Add a brand", "", "", "", "The relay did not take the test mail. Doctor says more.", ""
	for _, field := range []string{"id", "name", "colour", "logo", "introduction", "button", "email", "disclaimer", "portal", "privacy", "passcode", "social", "expiry", "force-portal", "senders", "form", "language", "introduction.ar", "button.ar"} {
		wrong.Errors = append(wrong.Errors, FieldError{field, "It is too long"})
		if field != "form" {
			wrong.Wrong = append(wrong.Wrong, Link{Text: "Sender name: It is too long", URL: "#" + field})
		}
	}
	all["brand-wrong"] = BrandFormPage(wrong)
}
