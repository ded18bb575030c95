package demo

import (
	"time"

	"letterlock/internal/letterlock"
)

// People outside.
var (
	marta  = letterlock.Mailbox{Name: "Marta Lind", Address: "marta@quillfeather.example"}
	jonas  = letterlock.Mailbox{Name: "Jonas Okafor", Address: "j.okafor@riverside.example"}
	carol  = letterlock.Mailbox{Name: "Carol Brandt", Address: "carol@outlook.com"}
	yuki   = letterlock.Mailbox{Name: "Yuki Tanaka", Address: "yuki.tanaka@yahoo.co.jp"}
	priya  = letterlock.Mailbox{Name: "Priya Raman", Address: "priya.raman@gmail.com"}
	tomas  = letterlock.Mailbox{Name: "Tomás Rey", Address: "tomas.rey@gmail.com"}
	lea    = letterlock.Mailbox{Name: "Léa Fontaine", Address: "lea@fontaine-conseil.example"}
	samuel = letterlock.Mailbox{Name: "Samuel Adeyemi", Address: "samuel.adeyemi@hearthside.example"}
	ingrid = letterlock.Mailbox{Name: "Ingrid Solberg", Address: "ingrid@solberg-tax.example"}
	notary = letterlock.Mailbox{Address: unreachable}
)

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
)

func to(list ...letterlock.Mailbox) []letterlock.Mailbox { return list }

func document(name string, lines ...string) file {
	return file{name: name, kind: "application/pdf", body: pdf(lines...)}
}

func table(name, rows string) file { return file{name: name, kind: "text/csv", body: []byte(rows)} }

func readBy(who letterlock.Mailbox, after time.Duration) act {
	return act{after: after, what: "read", who: who.Address}
}

func takenBy(who letterlock.Mailbox, after time.Duration, part int) act {
	return act{after: after, what: "download", who: who.Address, part: part}
}

func revoked(after time.Duration, why string) act {
	return act{after: after, what: "revoke", why: why}
}

// Subjects that the walkthrough leads to.
const (
	liveSubject  = "Offer letter, for your signature"
	adminSubject = "Bank details for the first salary"
)

// offer is the message that the walkthrough takes back.
func offer() seed {
	return seed{ago: "1 16:42", from: ada, to: to(marta), subject: liveSubject, expires: 14 * day,
		text: "Dear Ms Lind,\n\nattached are your offer letter and the schedule of benefits that belongs to it. Three points have changed since we spoke on Monday:\n\n" +
			"- The position starts on 1 February.\n- The notice period is three months, as you asked.\n- Relocation is paid against receipts.\n\n" +
			"If all is well, sign the letter and send it back by Friday next week.\n\nKind regards\nAda Lindqvist\nPeople and Legal, Contoso",
		html: `<p>Dear Ms Lind,</p><p>attached are your <b>offer letter</b> and the schedule of benefits that belongs to it. Three points have changed since we spoke on Monday:</p>` +
			`<ul><li>The position starts on 1 February.</li><li>The notice period is three months, as you asked.</li><li>Relocation is paid against receipts.</li></ul>` +
			`<p>If all is well, sign the letter and send it back by Friday next week.</p><p>Kind regards<br>Ada Lindqvist</p><p>People and Legal, Contoso</p>`,
		files: []file{
			document("Offer letter.pdf", "Contoso", "Offer letter for Marta Lind", "", "Position: Head of Research", "Start: 1 February", "Salary: EUR 84,000 a year"),
			table("Schedule of benefits.csv", "Benefit,From,Value\r\nPension,1 February,6 %\r\nTravel,1 February,EUR 90 a month\r\nRelocation,1 February,against receipts\r\n"),
		},
		then: []act{takenBy(marta, 44*minute, 0), readBy(marta, 3*hour)}}
}

// recent are the messages of the last days, in every state there is.
func recent() []seed {
	return []seed{
		offer(),
		{ago: "1 15:15", from: ada, to: to(jonas, carol, yuki), subject: "Board minutes for signature",
			text:  "Dear all,\n\nthe minutes of 12 November are ready for signature. Carol, Yuki: there is nothing to sign for you, only to know.\n\nAda",
			files: []file{document("Minutes 12 November.pdf", "Minutes of the board meeting", "12 November", "Present: J. Okafor, C. Brandt, Y. Tanaka")},
			then:  []act{takenBy(jonas, 18*minute, 0)}},
		{ago: "1 11:30", from: ada, to: to(yuki), subject: "Passport copies for the work permit", expires: 2*day + 6*hour,
			text: "Hello Yuki,\n\nthe immigration office wants both pages. Delete your copy when the permit has come; ours expires by itself.\n\nAda"},
		{ago: "2 16:04", from: ada, to: to(priya), subject: "Account details for the deposit", expires: 7 * day,
			text: "Hello Priya,\n\nIBAN and reference are below. Use the reference, or the bank cannot match the payment.\n\nDE89 3704 0044 0532 0130 00\nCTS-4471\n\nAda",
			then: []act{readBy(priya, 4*minute), revoked(7*minute, "Wrong account, a corrected message follows")}},
		{ago: "2 16:20", from: ada, to: to(priya), subject: "Account details for the deposit, corrected", expires: 7 * day,
			text: "Hello Priya,\n\nplease use this account and not the one before.\n\nDE02 1203 0000 0000 2020 51\nCTS-4471\n\nAda",
			then: []act{readBy(priya, 31*minute)}},
		{ago: "2 11:20", from: ada, to: to(carol), subject: "Engagement letter",
			text:  "Dear Carol,\n\nhere is the engagement letter for the audit.\n\nAda",
			files: []file{document("Engagement letter.pdf", "Engagement letter", "Audit of the year 2026")}},
		{ago: "3 09:12", from: ada, to: to(samuel), subject: adminSubject, protection: letterlock.DoNotForward,
			text: "Hello Samuel,\n\nsend the bank details for your first salary as a reply to this message, not by ordinary mail.\n\nAda",
			then: []act{readBy(samuel, 2*hour), {after: 26 * hour, what: "admin-revoke", why: "Sent to a former address of the employee"}}},
		{ago: "4 17:40", from: ada, to: to(tomas), subject: "Witness statement, signed copy", protection: letterlock.DoNotForward,
			text:  "Dear Mr Rey,\n\nthank you for signing. This is your copy; it is for you alone.\n\nAda Lindqvist",
			files: []file{document("Witness statement.pdf", "Witness statement", "Tomas Rey", "Signed on 12 November")},
			then:  []act{takenBy(tomas, 20*minute, 0)}},
		{ago: "4 10:05", from: ada, to: to(notary), subject: "Power of attorney",
			text: "Good morning,\n\nthe power of attorney for the lease is attached to the file CTS-88.\n\nAda Lindqvist"},
		{ago: "5 14:18", from: ada, to: to(lea), subject: "Invoice 2026-0881 and statement of hours",
			text:  "Bonjour Léa,\n\nthe invoice and the hours behind it. Payment within 30 days.\n\nAda",
			files: []file{document("Invoice 2026-0881.pdf", "Invoice 2026-0881", "EUR 4,120.00"), table("Hours.csv", "Day,Hours\r\n3 November,6\r\n4 November,7.5\r\n")}},
		{ago: "5 09:30", from: ada, to: to(samuel), subject: "Your questions about the lease",
			text: "Hello Samuel,\n\nyes to the first, no to the second, and the third is for the landlord.\n\nAda"},
		{ago: "6 13:47", from: ada, to: to(carol, jonas), subject: "Draft of the severance terms", portal: true, protection: letterlock.DoNotForward,
			text: "Dear both,\n\nfor your eyes until the works council has met. Everybody reads it in the portal.\n\nAda",
			then: []act{readBy(carol, hour), readBy(jonas, 2*hour)}},
	}
}
