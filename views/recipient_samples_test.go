package views

import (
	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// recipientSamples are the pages about how long recipients may read, and about what
// they ask for.
func recipientSamples(w language.Words, all map[string]templ.Component) {
	change := ChangeExpiry{
		Page: staffPage(w), Current: "sent", Subject: "Settlement agreement, third draft", Now: "It expired on 4 December 2026, 18:00 CET.",
		Expiries: []Option{{Value: "14", Text: "In 14 days, 18 December 2026", Selected: true}, {Value: "date", Text: "On a date…"}, {Value: "never", Text: "Never"}},
		DateMin:  "2026-12-04", DateMax: "2036-12-04", URL: "/sent/1/expiry", KeepURL: "/sent/1",
	}
	all["expiry"] = ChangeExpiryPage(change)
	wrong := change
	wrong.Expiries = []Option{{Value: "14", Text: "In 14 days"}, {Value: "date", Text: "On a date…", Selected: true}}
	wrong.Date, wrong.Errors = "2020-01-01", []FieldError{{Field: "expiry-date", Text: "The last day must not be in the past"}}
	wrong.Revoked = "Access of 1 recipient was removed. A change of the expiry does not give it back."
	all["expiry-wrong"] = ChangeExpiryPage(wrong)

	told := ChangePassphrase{Page: staffPage(w), Subject: "Settlement agreement, third draft", Asks: true, Hint: "what hung in the hall", Copies: true,
		URL: "/sent/1/passphrase", KeepURL: "/sent/1", RemoveURL: "/sent/1/passphrase/remove"}
	all["passphrase-change"] = ChangePassphrasePage(told)
	told.Asks, told.Hint, told.RemoveURL, told.NewHint = false, "", "", "the hall"
	told.Untouched, told.Errors = "Sam Ortega received it inline, and is asked for nothing.", []FieldError{{Field: "passphrase", Text: "A passphrase has at least 8 characters"}, {Field: "hint", Text: "The hint says the passphrase"}}
	all["passphrase-ask-wrong"] = ChangePassphrasePage(told)
	told.Asks, told.Errors, told.Kept = true, nil, "A rule asks for the passphrase, so that it can be changed and not done without."
	all["passphrase-ruled"] = ChangePassphrasePage(told)

	naming := ReaderName{Page: signedIn(w), From: ines, Name: "Marta Kovács", URL: "/read/1/name"}
	all["reader-name"] = ReaderNamePage(naming)
	naming.Name, naming.Error = "", "Type your name"
	all["reader-name-wrong"] = ReaderNamePage(naming)
	all["end-name"] = EndPage(End{Page: signedIn(w), Kind: EndName, Next: Link{Text: "Who is reading?", URL: "/read/1/name"}})

	asks := EndRequest{URL: "/read/1/ask", Button: "Ask for more time", Whom: "Ines Kaya"}
	expired := End{Page: signedIn(w), Kind: EndExpired, From: ines, When: at("4 December 2026, 18:00 CET"), Sent: at("20 November 2026, 10:42 CET"), Request: asks}
	all["expired-ask"] = EndPage(expired)
	expired.Request = EndRequest{Whom: "Ines Kaya", Asked: at("5 December 2026, 09:10 CET")}
	all["expired-asked"] = EndPage(expired)
	revoked := End{Page: signedIn(w), Kind: EndRevoked, From: ines, RemovedBy: "an administrator of Halden Law", ByAdmin: true, When: at("20 November 2026, 11:52 CET")}
	revoked.Request = EndRequest{Whom: "an administrator of Halden Law", Declined: at("21 November 2026, 09:00 CET"), Again: at("22 November 2026, 09:00 CET")}
	all["revoked-declined"] = EndPage(revoked)
	revoked.Request = EndRequest{URL: "/read/1/ask", Button: "Ask for access", Whom: "an administrator of Halden Law"}
	all["revoked-ask"] = EndPage(revoked)

	letter := manyLetter("many")
	letter.Requests = []Request{
		{
			Who: marta, What: " asks for more time.", When: at("5 December 2026, 09:10 CET"), Reason: "I was ill for two weeks, and have to sign it by Friday.",
			Times: []Option{{Value: "same", Text: "As long again, 14 days", Selected: true}, {Value: "never", Text: "Without end"}},
			Hint:  "More time counts for everybody who has a link.", ApproveURL: "/sent/1/requests/1/approve", DeclineURL: "/sent/1/requests/1/decline",
		},
		{Who: Person{Address: "j.okafor@riverside.example"}, What: " asks for access again.", When: at("5 December 2026, 10:10 CET"), ApproveURL: "/sent/1/requests/2/approve", DeclineURL: "/sent/1/requests/2/decline"},
		{Who: Person{Address: "yuki.tanaka@yahoo.co.jp"}, What: " asks for access again.", When: at("5 December 2026, 11:10 CET"), Hint: "Only an administrator can give access back, because an administrator has removed it. They see it in the message trace."},
	}
	all["sent-requests"] = SentPage(Sent{Page: staffPage(w), List: sampleList(1), Letter: &letter})

	asking := manyLetter("many")
	asking.Releases = []ReleaseRequest{
		{Who: marta, When: at("today, 10:42 CET"), Reference: "K7QP", From: "Firefox, 203.0.113.0/24", ShowURL: "/sent/1/releases/1/show", RefuseURL: "/sent/1/releases/1/refuse"},
		{
			Who: Person{Address: "j.okafor@riverside.example"}, When: at("today, 10:40 CET"), Reference: "B3MT", Code: "4071 8265", Left: at("14 minutes left, until 10:58 CET"),
			Says: "The code alone does not open it: the message asks for its passphrase as well.", RefuseURL: "/sent/1/releases/2/refuse",
		},
		{Who: Person{Address: "yuki.tanaka@yahoo.co.jp"}, When: at("today, 10:38 CET"), Reference: "W9XA", Says: "There is no code to read out: access has been removed. They are not told so.", RefuseURL: "/sent/1/releases/3/refuse"},
	}
	asking.Unlisted = "3 more requests for release codes are not shown, and come up when these are answered or over."
	all["sent-releases"] = SentPage(Sent{Page: staffPage(w), List: sampleList(1), Letter: &asking})
	for _, state := range []ReleaseState{ReleaseWaiting, ReleaseGiven, ReleaseRefused, ReleaseSpent, ReleaseOver} {
		v := Release{Page: portalPage(w), State: state, Reference: "K7QP", EnterURL: "/m/token/release/verify", AskURL: "/m/token/release", BackURL: "/m/token/passcode"}
		if v.takes() {
			v.Left = at("14 minutes left, until 10:58 CET")
		}
		all["release-"+string(state)] = ReleasePage(v)
		if state == ReleaseGiven {
			v.Code, v.Error = "40718265", "The code is not right (3 tries left)"
			all["release-wrong"] = ReleasePage(v)
		}
	}
	released := End{Page: signedIn(w), Kind: EndOnlyReleased, Next: Link{Text: "Back to the message", URL: "/read/1"}}
	all["only-released"] = EndPage(released)
	all["release-asked-enough"] = EndPage(End{Page: portalPage(w), Kind: EndAskedEnough, Wait: "20 minutes, at 11:02 CET", Next: Link{Text: "Back to the passcode", URL: "/m/token/passcode"}})

	all["my-messages-found"] = MyMessagesPage(MyMessages{Page: signedIn(w), Query: "draft", NewestURL: "/messages?q=draft", Items: []MyMessage{
		{URL: "/read/1", From: ines, Subject: "Settlement agreement, third draft", When: at("20 Nov"), State: State{Kind: StateRead}, Note: "expires 4 December", Replied: true, Attachments: 2},
	}})
	all["my-messages-browsers"] = MyMessagesPage(MyMessages{Page: signedIn(w), Newest: true, ForgetAllURL: "/messages/browsers/forget", Browsers: []MyBrowser{
		{Name: "Firefox", Here: true, First: at("20 November"), Last: at("10:42"), Until: at("20 December"), ForgetURL: "/messages/browsers/1/forget"},
		{Name: "Chrome", First: at("18 November"), Last: at("19 November"), Until: at("18 December"), ForgetURL: "/messages/browsers/2/forget"},
	}})
	all["my-messages-no-match"] = MyMessagesPage(MyMessages{Page: signedIn(w), Query: "xyz", Newest: true})
}
