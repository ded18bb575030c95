package views

import "github.com/a-h/templ"

// recipientSamples are the pages about how long recipients may read, and about what
// they ask for.
func recipientSamples(all map[string]templ.Component) {
	change := ChangeExpiry{
		Page: staffPage(), Current: "sent", Subject: "Settlement agreement, third draft", Now: "It expired on 4 December 2026, 18:00 CET.",
		Expiries: []Option{{Value: "14", Text: "In 14 days, 18 December 2026", Selected: true}, {Value: "date", Text: "On a date…"}, {Value: "never", Text: "Never"}},
		DateMin:  "2026-12-04", DateMax: "2036-12-04", URL: "/sent/1/expiry", KeepURL: "/sent/1",
	}
	all["expiry"] = ChangeExpiryPage(change)
	wrong := change
	wrong.Expiries = []Option{{Value: "14", Text: "In 14 days"}, {Value: "date", Text: "On a date…", Selected: true}}
	wrong.Date, wrong.Errors = "2020-01-01", []FieldError{{Field: "expiry-date", Text: "The last day must not be in the past"}}
	wrong.Revoked = "Access of 1 recipient was removed. A change of the expiry does not give it back."
	all["expiry-wrong"] = ChangeExpiryPage(wrong)
}
