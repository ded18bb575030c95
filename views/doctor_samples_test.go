package views

import (
	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// doctorSamples are the page on which the installation is looked at.
func doctorSamples(w language.Words, all map[string]templ.Component) {
	p := staffPage(w)
	p.Account.Auditor, p.Account.Admin = true, true
	all["doctor-demo"] = DoctorPage(Doctor{Page: p})
	d := Doctor{Page: p, URL: "/doctor"}
	all["doctor"] = DoctorPage(d)
	busy := d
	busy.Problem = "Somebody is having it looked at right now. Try again in a minute."
	all["doctor-busy"] = DoctorPage(busy)
	d.Looked, d.At = true, "As it was at 10:42"
	d.Found = []Finding{{State{Kind: StateWell}, "settings", "complete, for https://mail.halden.example", ""}}
	all["doctor-well"] = DoctorPage(d)
	d.Found = append(d.Found, Finding{State{Kind: StateWarn}, "dmarc", "halden.example has no DMARC record", "publish a TXT record at _dmarc.halden.example"})
	d.Warn = 1
	all["doctor-warned"] = DoctorPage(d)
	d.Found = append(d.Found, Finding{State{Kind: StateWrong}, "relay smtp.halden.example:587", "cannot be reached: connection refused", "look at [relay] in the settings"})
	d.Wrong = 1
	all["doctor-found"] = DoctorPage(d)
}
