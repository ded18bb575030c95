package demo

import (
	"fmt"
	"time"

	"letterlock/internal/letterlock"
)

// older are the messages of the weeks before: short ones, as real folders have them.
func older() []seed {
	return []seed{
		{ago: "7 10:22", from: ada, to: to(ingrid), subject: "Payroll figures, October",
			text:  "Hello Ingrid,\n\nthe figures for October. Two people joined, nobody left.\n\nAda",
			files: []file{table("Payroll October.csv", "Number,Gross\r\n1041,5200.00\r\n1042,4870.00\r\n1043,6100.00\r\n")},
			then:  []act{takenBy(ingrid, 50*minute, 0)}},
		{ago: "7 16:31", from: ada, to: to(marta), subject: "Second interview: who you will meet", expires: 3 * day,
			text: "Dear Ms Lind,\n\nyou will meet Grace Okoye and the head of the laboratory. It takes an hour.\n\nAda Lindqvist",
			then: []act{readBy(marta, 2*hour)}},
		{ago: "8 09:02", from: ada, to: to(priya), subject: "Reference for your former colleague",
			text: "Hello Priya,\n\nas agreed, for you and not for the file.\n\nAda",
			then: []act{readBy(priya, hour), revoked(5*hour, ""), {after: 6 * hour, what: "restore"}}},
		{ago: "8 15:44", from: ada, to: to(jonas), subject: "Minutes of the remuneration committee",
			text:  "Dear Jonas,\n\nplease check the second page.\n\nAda",
			files: []file{document("Remuneration committee.pdf", "Remuneration committee", "Minutes")},
			then:  []act{takenBy(jonas, 3*hour, 0)}},
		{ago: "9 11:11", from: ada, to: to(yuki), subject: "Work permit: what is still missing", expires: 5 * day,
			text: "Hello Yuki,\n\nonly the biometric photograph. Any photographer knows the format.\n\nAda"},
		{ago: "9 17:26", from: ada, to: to(lea), subject: "Termination agreement, first draft", protection: letterlock.DoNotForward,
			text: "Bonjour Léa,\n\na first draft, for comments.\n\nAda",
			then: []act{revoked(11*minute, "Sent too early")}},
		{ago: "10 08:55", from: ada, to: to(samuel), subject: "Lease: list of defects",
			text: "Hello Samuel,\n\nthe list from the walk through the rooms. Photographs follow.\n\nAda",
			then: []act{readBy(samuel, 90*minute)}},
		{ago: "10 14:40", from: ada, to: to(carol), subject: "Audit: list of documents",
			text: "Dear Carol,\n\nwhat we have ready for you.\n\nAda"},
		{ago: "11 10:10", from: ada, to: to(ingrid), subject: "Tax numbers of the new colleagues", expires: 2 * day,
			text: "Hello Ingrid,\n\nthree numbers, three people. Two days are enough for you to copy them.\n\nAda",
			then: []act{readBy(ingrid, 20*minute)}},
		{ago: "11 16:16", from: ada, to: to(tomas), subject: "Date of the hearing",
			text: "Dear Mr Rey,\n\nit is on 2 December at 10:00, room 214.\n\nAda Lindqvist",
			then: []act{readBy(tomas, 14*hour)}},
		{ago: "12 09:37", from: ada, to: to(marta, jonas), subject: "First interview: notes",
			text: "Dear both,\n\nthe notes of the first interview.\n\nAda",
			then: []act{readBy(marta, hour), readBy(jonas, 3*hour), {after: 30 * hour, what: "admin-revoke", why: "Notes of an interview are kept for a day"}}},
		{ago: "12 15:02", from: ada, to: to(priya), subject: "Deposit: what happens next",
			text: "Hello Priya,\n\nthe bank confirms within three days.\n\nAda",
			then: []act{readBy(priya, hour)}},
		{ago: "13 11:48", from: ada, to: to(samuel), subject: "Works council: your seat",
			text: "Hello Samuel,\n\ncongratulations. The first meeting is on Tuesday.\n\nAda"},
		{ago: "14 10:30", from: ada, to: to(lea), subject: "Invoice 2026-0862",
			text:  "Bonjour Léa,\n\nthe invoice for October.\n\nAda",
			files: []file{document("Invoice 2026-0862.pdf", "Invoice 2026-0862", "EUR 3,480.00")},
			then:  []act{takenBy(lea, 4*hour, 0)}},
	}
}

// routine are messages that come every few days: certificates to the tax office's
// portal address and answers to applicants.
func routine() []seed {
	applicants := []letterlock.Mailbox{
		{Name: "Nia Roberts", Address: "nia.roberts@gmail.com"},
		{Name: "Oskar Nyman", Address: "oskar@nyman.example"},
		{Name: "Amal Haddad", Address: "amal.haddad@yahoo.fr"},
		{Name: "Ruth Abel", Address: "ruth.abel@hotmail.de"},
		{Name: "Jun Seo", Address: "jun.seo@lantern.example"},
		{Name: "Maja Kowal", Address: "maja@kowal.example"},
		{Name: "Pedro Alves", Address: "pedro.alves@gmail.com"},
		{Name: "Hanna Weiss", Address: "hanna@weiss-design.example"},
		{Name: "Ben Carter", Address: "ben.carter@ymail.com"},
	}
	var list []seed
	for i, a := range applicants {
		s := seed{ago: fmt.Sprintf("%d %02d:%02d", 15+i, 9+i%7, 7*i%60), from: ada, to: to(a),
			subject: "Your application as research assistant", expires: 30 * day,
			text: "Dear " + a.Name + ",\n\nthank you for your application. The questions that we would like to ask you are below.\n\n" +
				"1. When could you start?\n2. Which of our sites do you prefer?\n\nKind regards\nAda Lindqvist"}
		if i%4 == 2 {
			s.via = letterlock.BySubmission
		}
		if i%3 != 1 && a.Address.Domain() != "hotmail.de" {
			s.then = []act{readBy(a, time.Duration(i+1)*hour)}
		}
		list = append(list, s)
	}
	return list
}

// graces are the administrator's own messages.
func graces() []seed {
	return []seed{
		{ago: "2 13:05", from: grace, to: to(ingrid), subject: "Access to the payroll system", expires: 7 * day,
			text: "Hello Ingrid,\n\nyour account is ready. The first password comes by letter.\n\nGrace Okoye\nIT, Contoso",
			then: []act{readBy(ingrid, 25*minute)}},
		{ago: "6 10:45", from: grace, to: to(jonas), subject: "Certificate for the board portal",
			text: "Dear Mr Okafor,\n\nthe certificate is valid for two years.\n\nGrace Okoye"},
		{ago: "13 09:20", from: grace, to: to(ada), subject: "Your new colleague starts on Monday",
			text: "Hello Ada,\n\ndesk and keys are ready.\n\nGrace"},
	}
}

// seeds are all messages of the demo, about forty.
func seeds() []seed {
	var all []seed
	for _, part := range [][]seed{recent(), older(), routine(), graces()} {
		all = append(all, part...)
	}
	return all
}
