package views

import (
	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// enclosedSamples are mails attached to others, on pages of their own and below
// the words of who passed them on.
func enclosedSamples(w language.Words, all map[string]templ.Component, read Read) {
	mail := Enclosed{
		Subject: "Offer of the buyer", From: Person{Name: "Buyer & Sons", Address: "office@buyer.example"},
		Sent: at("Thursday 19 November 2026, 09:00 CET"), To: []Person{ines, {Address: "paul.brenner@halden.example"}}, Cc: []Person{marta},
		Body: Frame{URL: "/body.html", Height: 6}, ImagesLeft: 2, Switch: Link{Text: "Show as text", URL: "/read/1/part/4/mail?as=text"},
		AloneURL: "/body.html", TotalSize: "1.2 MB",
		Attachments: []Attachment{
			{Name: "Terms.pdf", URL: "/read/1/part/6", Note: "PDF, 1.2 MB"},
			{Name: "Minutes of the first meeting.eml", URL: "/read/1/part/7", Note: "4 KB", Open: "/read/1/part/7/mail"},
		},
	}
	all["read-mail"] = ReadMailPage(ReadMail{Page: signedIn(w), LiveURL: "/read/1/live", Back: Link{Text: read.Subject, URL: "/read/1"}, Mail: mail})
	all["sent-mail"] = SentMailPage(SentMail{Page: staffPage(w), Back: Link{Text: read.Subject, URL: "/sent/1"}, Mail: mail})
	read.Subject, read.Switch, read.ImagesLeft = "Fwd: Offer of the buyer", Link{Text: "Show as text", URL: "/read/1?as=text"}, 1
	read.Attachments = []Attachment{{Name: "Offer of the buyer.eml", URL: "/read/1/part/2", Note: "1.3 MB", Open: "/read/1/part/2/mail"}}
	mail.Switch, mail.Attachments = Link{}, mail.Attachments[:1]
	read.Enclosed = []Enclosed{mail}
	invited := read
	invited.Enclosed, invited.Subject = nil, "Signing of the agreement"
	invited.Notes = []string{"The sender’s program has signed this message."}
	invited.Event = &Event{
		Kind: "Updated invitation", Title: "Signing of the agreement", When: "Tuesday 1 December 2026, 09:00 to 10:30 EST", Here: "Tuesday 1 December 2026, 15:00 to 16:30 CET",
		Repeats: "every 2 weeks, 3 times", Where: "Room 4", Organizer: ines, More: 12, Details: "Bring the draft.\nThe second, too.", Others: 1,
		Attendees: []Attendee{{Person: marta}, {Person: Person{Address: "paul.brenner@halden.example"}, Answer: "accepted"}},
	}
	all["read-invitation"] = ReadPage(invited)
	all["read-enclosed"] = ReadPage(read)
}
