package views

import (
	"strconv"

	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// samples is every page in every form that it has, by a name for pictures.
func samples(w language.Words) map[string]templ.Component {
	all := map[string]templ.Component{}
	portalSamples(w, all)
	endSamples(w, all)
	staffSamples(w, all)
	composeSamples(w, all)
	demoSamples(w, all)
	traceSamples(w, all)
	recipientSamples(w, all)
	reportSamples(w, all)
	ruleSamples(w, all)
	brandSamples(w, all)
	doctorSamples(w, all)
	providerSamples(w, all)
	return all
}

var (
	halden = Brand{ID: "halden", Name: "Halden Law", CSSURL: "/brand/halden.css", LogoURL: "/brand/halden.svg"}
	marta  = Person{Name: "Marta Lind", Address: "marta@quillfeather.example"}
	ines   = Person{Name: "Ines Kaya", Address: "ines.kaya@halden.example"}
	toWhom = Masked{Shown: "m••••@quillfeather.example", Spoken: "the address that begins with m at quillfeather.example"}
)

func portalPage(w language.Words) Page {
	return Page{Words: w, Host: "mail.halden.example", Brand: halden}
}

func signedIn(w language.Words) Page {
	p := portalPage(w)
	p.Account = &Account{Address: marta.Address, MessagesURL: "/messages", SignOutURL: "/leave"}
	p.Scripts = true
	return p
}

func staffPage(w language.Words) Page {
	return Page{
		Words: w, Host: "mail.halden.example", Brand: halden, Scripts: true,
		Account: &Account{Name: ines.Name, Address: ines.Address, SignOutURL: "/sign-out"},
		Choice: LanguageChoice{URL: "/sign-in/language", Return: "/sent", List: []Language{
			{Tag: "en", Name: "English", Direction: "ltr", Here: w.Tag() == "en"}, {Tag: "de", Name: "Deutsch", Direction: "ltr", Here: w.Tag() == "de"},
		}},
	}
}

func at(text string) Time { return Time{ISO: "2026-11-20T10:42:00+01:00", Text: text} }

func portalSamples(w language.Words, all map[string]templ.Component) {
	all["gate"] = GatePage(Gate{Page: portalPage(w), To: toWhom, Reference: "KX7-4QP-B7M-RTA", AskURL: "/m/token/passcode", Valid: "10 minutes"})
	all["gate-remembered"] = GatePage(Gate{Page: portalPage(w), To: toWhom, Reference: "KX7-4QP-B7M-RTA", AskURL: "/m/token/passcode", ContinueURL: "/m/token/continue", Valid: "10 minutes"})
	all["check"] = CheckPage(Check{Page: portalPage(w)})
	all["check-known"] = CheckPage(Check{Page: portalPage(w), Reference: "KX7-4QP-B7M-RTA", Sent: Time{ISO: "2026-11-20", Text: "Friday 20 November 2026"}})
	all["check-unknown"] = CheckPage(Check{Page: portalPage(w), Reference: "KX7-4QP-B7M-RTB", Unknown: true})
	all["check-error"] = CheckPage(Check{Page: portalPage(w), Reference: "KX7", Error: "A reference has twelve letters and digits"})
	code := Passcode{
		Page: portalPage(w), To: toWhom, Reference: "B7M", Left: at("9 minutes left, until 11:28 CET"),
		EnterURL: "/m/token/enter", AgainURL: "/m/token/passcode",
	}
	all["passcode"] = PasscodePage(code)
	wrong := code
	wrong.Code, wrong.Error = "40718265", "The passcode is not right (3 tries left)"
	all["passcode-wrong"] = PasscodePage(wrong)
	keeps := code
	keeps.Remember = "30 days"
	all["passcode-remember"] = PasscodePage(keeps)
	releases := code
	releases.ReleaseURL = "/m/token/release"
	all["passcode-release"] = PasscodePage(releases)
	again := code
	again.SentAgain = true
	all["passcode-again"] = PasscodePage(again)
	early := code
	early.AgainIn = "28 seconds"
	all["passcode-early"] = PasscodePage(early)
	handed := code
	handed.Mail = MailState{Lead: "Sent to quillfeather.example at 11:18 CET", At: "2026-11-20T11:18:00+01:00"}
	all["passcode-handed"] = PasscodePage(handed)
	trying := code
	trying.Mail = MailState{Lead: "We are still trying.", Text: "The mail for quillfeather.example could not be handed over yet.", Next: at("11:19 CET")}
	all["passcode-trying"] = PasscodePage(trying)
	leaving := code
	leaving.Mail = MailState{Lead: "On its way.", Text: "The mail is about to leave for quillfeather.example.", WatchURL: "/m/token/passcode?mail=watch"}
	all["passcode-leaving"] = PasscodePage(leaving)
	refused := code
	refused.Mail = MailState{Lead: "Not delivered.", Text: "The mail could not be delivered to quillfeather.example. It is not tried any more.", Warn: true}
	refused.Providers = Providers{URL: "/m/token/openid", List: []Provider{{ID: "google", Name: "Google"}}}
	all["passcode-refused"] = PasscodePage(refused)

	read := Read{
		Page: signedIn(w), Subject: "Settlement agreement, third draft", From: ines,
		Received: at("Friday 20 November 2026, 10:42 CET"), You: marta.Address,
		Expires: at("4 December 2026 at 18:00 CET"),
		Body:    Frame{URL: "/body.html", Height: 6}, AloneURL: "/body.html", PrintURL: "/body.html", DownloadURL: "/read/1/original",
		Attachments: []Attachment{
			{Name: "Settlement draft v3.pdf", URL: "/read/1/part/2", Note: "PDF, 482 KB"},
			{Name: "Schedule of payments.xlsx", URL: "/read/1/part/3", Note: "Excel, 36 KB"},
			{Name: "Signature page.jpg", URL: "/read/1/part/4", Note: "Picture, 310 KB", Preview: "/read/1/part/4/preview"},
		},
		TotalSize: "518 KB", AllURL: "/read/1/attachments.zip",
	}
	all["read"] = ReadPage(read)
	kept := read
	kept.Named, kept.NameURL = "Marta Kovács", "/read/1/name"
	kept.DoNotForward, kept.AloneURL, kept.PrintURL, kept.DownloadURL = true, "", "", ""
	kept.ImagesLeft, kept.Expires, kept.Attachments = 3, Time{}, nil
	kept.To = []Person{{Address: "j.okafor@riverside.example"}, {Address: "carol@outlook.com"}}
	kept.Cc = []Person{{Address: "yuki.tanaka@yahoo.co.jp"}}
	all["read-do-not-forward"] = ReadPage(kept)
	bare := read
	bare.NoText = true
	all["read-no-text"] = ReadPage(bare)
	enclosedSamples(w, all, read)

	answerSamples(w, all, read)

	all["my-messages"] = MyMessagesPage(MyMessages{Page: signedIn(w), OlderURL: "/messages?before=1", Items: []MyMessage{
		{URL: "/read/1", From: ines, Subject: "Settlement agreement, third draft", When: at("20 Nov"), State: State{Kind: StateRead}, Note: "expires 4 December"},
		{URL: "/read/2", From: ines, Subject: "Power of attorney, for your signature", When: at("12 Nov"), State: State{Kind: StateUnread}, Note: "expires today, 18:00"},
		{URL: "/read/3", From: Person{Name: "Paul Brenner"}, Subject: "Fee agreement", When: at("3 Nov"), State: State{Kind: StateRevoked}, Note: "the sender has removed access"},
		{URL: "/read/4", From: ines, Subject: "First meeting", When: at("28 Oct"), State: State{Kind: StateExpired}, Note: "11 November"},
	}})
	all["my-messages-empty"] = MyMessagesPage(MyMessages{Page: signedIn(w), Newest: true})
}

func endSamples(w language.Words, all map[string]templ.Component) {
	for _, kind := range endKinds {
		v := End{
			Page: portalPage(w), Kind: kind, From: ines, RemovedBy: "Ines Kaya, the sender",
			When: at("20 November 2026, 11:52 CET"), Sent: at("5 November 2026"),
			Wait: "4 minutes, at 11:36 CET", Limit: "150 MB", Valid: "10 minutes",
		}
		switch kind {
		case EndRevoked, EndExpired:
			v.Page = signedIn(w)
		case EndDifferentAddress:
			v.Page = signedIn(w)
			v.Account.Address = "marta.lind@gmail.com"
		case EndPasscodeExpired:
			v.AskURL = "/m/token/passcode"
		case EndFault, EndBusy:
			v.Number, v.RetryURL = "9F2C-11A0", "/m/token"
		case EndNoPage:
			v.Next = Link{Text: "Sent", URL: "/sent"}
		}
		all[string(kind)] = EndPage(v)
	}
	admin := End{Page: signedIn(w), Kind: EndRevoked, From: ines, RemovedBy: "an administrator of Halden Law", ByAdmin: true, When: at("20 November 2026, 11:52 CET")}
	all["revoked-by-admin"] = EndPage(admin)
}

func staffSamples(w language.Words, all map[string]templ.Component) {
	all["sign-in"] = SignInPage(SignIn{Page: portalPage(w)})
	all["sign-in-wrong"] = SignInPage(SignIn{Page: portalPage(w), Address: ines.Address, Next: "/compose", Error: "The address or the password is not right"})
	all["sign-in-sso"] = SignInPage(SignIn{Page: portalPage(w), Next: "/sent", SSO: SSO{Name: "Contoso ID", Problem: "Contoso ID does not answer right now."}})
	all["sign-in-sso-alone"] = SignInPage(SignIn{Page: portalPage(w), SSO: SSO{Name: "Contoso ID", Alone: true}})
	all["sign-in-leaving"] = SSOLeavingPage(Leaving{Page: portalPage(w), Name: "Contoso ID", URL: "https://login.contoso.example/", BackURL: "/sign-in"})
	all["sign-in-password-set"] = SignInPage(SignIn{Page: portalPage(w), Note: "Your password is set. Sign in with it."})
	all["set-password"] = SetPasswordPage(SetPassword{Page: portalPage(w), URL: "/password/token", Least: 8})
	all["set-password-wrong"] = SetPasswordPage(SetPassword{Page: portalPage(w), URL: "/password/token", Least: 8, Error: "A password has 8 to 256 characters"})
	all["sent-list"] = SentPage(Sent{Page: staffPage(w), List: sampleList(-1)})
	all["sent-nothing"] = SentPage(Sent{Page: staffPage(w)})
	all["sent-no-match"] = SentPage(Sent{Page: staffPage(w), List: SentList{Query: "xyz", Filter: "read", Filters: sampleList(-1).Filters, ClearURL: "/sent"}})
	one, revoked := sampleLetter(), revokedLetter()
	shut := one
	shut.Protection, shut.Tell = "Encrypt only, with a passphrase (to be set again)", Link{Text: "Set a passphrase", URL: "/sent/1/passphrase"}
	shut.Shut = "Its passphrase was changed after the backup from which this server was restored. Set one, and tell the recipients."
	shut.Band.Lead = "No recipient can read this message until a passphrase is set."
	all["sent-shut"] = SentPage(Sent{Page: staffPage(w), List: sampleList(0), Letter: &shut})
	answered := one
	answered.Answers = LetterAnswers{
		First: Link{Text: "The conversation began with: Settlement agreement", URL: "/sent/9"}, AnswerURL: "/compose?answer=1", Answer: "Answer Marta Lind",
		Turns: []LetterTurn{
			{What: "Marta Lind replied to you and Jonas Okafor", When: at("20 November 2026, 11:02 CET"), URL: "/sent/5", States: []State{{Kind: StateInline, Text: "In the mailbox"}, {Kind: StateUnread}}, Note: "expires 4 December"},
			{What: "Marta Lind forwarded it to omar@oakfield.example", When: at("20 November 2026, 11:09 CET"), URL: "/sent/6", States: []State{{Kind: StateRead}}},
			{What: "You answered Marta Lind", When: at("20 November 2026, 11:31 CET"), URL: "/sent/7", States: []State{{Kind: StateSending}}},
		},
	}
	all["sent-answers"] = SentPage(Sent{Page: staffPage(w), List: sampleList(0), Letter: &answered})
	all["sent"] = SentPage(Sent{Page: staffPage(w), List: sampleList(0), Letter: &one})
	all["sent-revoked"] = SentPage(Sent{Page: staffPage(w), List: sampleList(0), Letter: &revoked})
	many, each, gone := manyLetter("many"), manyLetter("each"), manyLetter("revoked")
	all["sent-many"] = SentPage(Sent{Page: staffPage(w), List: sampleList(1), Letter: &many})
	all["sent-many-each"] = SentPage(Sent{Page: staffPage(w), List: sampleList(1), Letter: &each})
	all["sent-many-revoked"] = SentPage(Sent{Page: staffPage(w), List: sampleList(1), Letter: &gone})
	confirm := Confirm{
		Page: staffPage(w), Behind: Sent{List: sampleList(0), Letter: &one},
		What: "Marta Lind can no longer read “Settlement agreement, third draft”, from the moment you confirm. The link then shows “The message has been revoked by the sender”. You keep your copy and may restore access.",
		Recipients: []ConfirmRecipient{{
			Person: marta, State: State{Kind: StateRead}, Read: "Read today at 11:20 and 11:47", HasRead: true,
			Downloaded: []Attachment{{Name: "Settlement draft v3.pdf", Note: "11:24"}}, NotDownloaded: []string{"Schedule of payments.xlsx"},
		}},
		CopiesStay: "What was already saved, printed or photographed stays with Marta Lind, the downloaded file included.",
		RemoveURL:  "/sent/1/revoke", KeepURL: "/sent/1",
	}
	all["sent-confirm"] = ConfirmPage(confirm)
	confirm.Error, confirm.Reason = "A reason may have 200 characters", "long"
	confirm.Untouched = []string{"carol@outlook.com received it inline; that copy stays."}
	all["sent-confirm-error"] = ConfirmPage(confirm)
}

func sampleList(chosen int) SentList {
	item := func(who, when, subject string, files int, note string, states ...State) SentItem {
		return SentItem{URL: "/sent/1", Who: who, When: at(when), Subject: subject, States: states, Note: note, Attachments: files}
	}
	today := Day{Name: "Today", Items: []SentItem{
		item("Marta Lind", "10:42", "Settlement agreement, third draft", 2, "expires 4 December", State{Kind: StateRead}),
		item("Jonas Okafor, Carol Brandt, Yuki Tanaka", "09:15", "Board minutes for signature", 1, "", State{StateRead, "1 of 2 read"}, State{StateInline, "1 inline"}),
	}}
	if chosen >= 0 {
		today.Items[chosen].Current = true
	}
	yesterday := Day{Name: "Yesterday", Items: []SentItem{
		item("Yuki Tanaka", "17:30", "Passport copies for the notary", 0, "in 6 hours, unread", State{Kind: StateExpires}),
		item("Priya Raman", "16:04", "Account details for the escrow payment", 0, "by you, 16:11", State{Kind: StateRevoked}),
		item("Carol Brandt", "11:20", "Engagement letter", 1, "", State{Kind: StateInline}),
	}}
	week := Day{Name: "Earlier this week", Items: []SentItem{
		item("Tomás Rey", "18 Nov", "Witness statement, signed copy", 1, "", State{Kind: StateRead}),
		item("office@rehm-notare.example", "18 Nov", "Power of attorney", 0, "mailbox does not exist", State{Kind: StateBounced}),
		item("Léa Fontaine", "17 Nov", "Invoice 2026-0881 and statement of hours", 2, "", State{Kind: StateUnread}),
		item("Samuel Adeyemi", "16 Nov", "Your questions about the lease", 0, "", State{Kind: StateUnread}),
	}}
	filters := []Filter{{"All", "/sent", "128", true}, {"Unread", "/sent?show=unread", "21", false}, {"Read", "/sent?show=read", "84", false}, {"Revoked", "/sent?show=revoked", "6", false}, {"Expires soon", "/sent?show=expires", "3", false}, {"Inline", "/sent?show=inline", "14", false}}
	return SentList{Filters: filters, Days: []Day{today, yesterday, week}, Shown: 9, Total: "128", OlderURL: "/sent?before=1"}
}

func step(name string, when ...string) Step {
	s := Step{Kind: StepDone, Name: name}
	for _, w := range when {
		s.Times = append(s.Times, at(w))
	}
	return s
}

func sampleLetter() Letter {
	down := step("Downloaded", "11:24")
	down.Before = "1 of 2, "
	return Letter{
		Subject: "Settlement agreement, third draft",
		Band:    Band{Kind: BandCan, Lead: "Marta Lind can read this message.", Text: "You can take it back.", RevokeURL: "/sent/1/revoke"},
		Sent:    at("Friday 20 November 2026, 10:42 CET"), Protection: "Encrypt only", Expires: at("4 December 2026, 18:00 CET"),
		Recipients: []Recipient{{Person: marta, State: State{Kind: StateRead}, Steps: []Step{
			step("Accepted", "10:42"), step("Notified", "10:42"), step("Passcode sent", "11:18"), step("Read", "11:20", "11:47"), down,
		}}},
		Attachments: []Attachment{
			{Name: "Settlement draft v3.pdf", URL: "/sent/1/part/2", Note: "482 KB, downloaded 11:24"},
			{Name: "Schedule of payments.xlsx", URL: "/sent/1/part/3", Note: "36 KB, not downloaded"},
		},
		AllURL: "/sent/1/attachments.zip",
		Body:   Frame{URL: "/body.html", Height: 6}, PrintURL: "/body.html", OriginalURL: "/sent/1/original",
		More: []Fact{{"Message-ID", "<7f3c91d2.4b1e@halden.example>", true}, {"Sent with", "SMTP submission", false}, {"Encryption method", "user: subject tag [secure]", false}},
	}
}

func revokedLetter() Letter {
	v := sampleLetter()
	v.Revoked, v.Reason = true, "Wrong version, payment dates not agreed"
	v.Band = Band{
		Kind: BandRevoked, Lead: "External access has been removed", Text: "by you, Ines Kaya,",
		When: at("today at 11:52 CET"), Tail: ". Marta Lind can no longer read this message.", RestoreURL: "/sent/1/restore",
	}
	r := &v.Recipients[0]
	r.State = State{Kind: StateRevoked}
	r.Summary = "Marta Lind read the message and downloaded Settlement draft v3.pdf before access was removed. Those copies cannot be called back."
	seal := step("Revoked", "11:52")
	seal.Kind, seal.After = StepSeal, ", by you"
	r.Steps = append(r.Steps, seal)
	return v
}

func manyLetter(form string) Letter {
	v := sampleLetter()
	v.Subject, v.Protection, v.Expires = "Board minutes for signature", "Do not forward", Time{}
	v.Attachments, v.AllURL = []Attachment{{Name: "Minutes 12 November.pdf", URL: "/sent/2/part/2", Note: "214 KB, downloaded by 1 of 2"}}, ""
	v.Recipients = []Recipient{
		{Person: Person{"Jonas Okafor", "j.okafor@riverside.example"}, State: State{Kind: StateRead}, Summary: "Reads in the portal. Read at 09:33, downloaded Minutes 12 November.pdf.", Steps: []Step{step("Accepted", "09:15"), step("Notified", "09:15"), step("Read", "09:33")}},
		{Person: Person{"Carol Brandt", "carol@outlook.com"}, Field: "Cc", State: State{Kind: StateInline}, Summary: "Received the message itself over verified TLS at 09:15, because outlook.com reads it inline. It cannot be taken back.", Steps: []Step{step("Accepted", "09:15"), step("Delivered inline", "09:15")}},
		{Person: Person{"", "yuki.tanaka@yahoo.co.jp"}, Field: "Bcc", State: State{Kind: StateUnread}, Summary: "Reads in the portal. Notified at 09:16, has not signed in yet.", Steps: []Step{step("Accepted", "09:15"), step("Notified", "09:16"), {Kind: StepTodo, Name: "Read"}}},
	}
	v.Band = Band{Kind: BandCannot, Lead: "You cannot remove access because this message has more than one recipient.", Text: "An administrator can:", Ask: "security@halden.example", Tail: ". It would remain with carol@outlook.com, who received it inline."}
	for i := range v.Recipients {
		if i == 1 {
			continue
		}
		switch form {
		case "each":
			v.Recipients[i].RevokeURL = "/sent/2/revoke?recipient=" + strconv.Itoa(i)
		case "revoked":
			v.Recipients[i].RestoreURL = "/sent/2/restore?recipient=" + strconv.Itoa(i)
			v.Recipients[i].State = State{Kind: StateRevoked}
		}
	}
	switch form {
	case "each":
		v.Band = Band{Kind: BandCan, Lead: "2 of 3 recipients can be taken back.", Text: "carol@outlook.com received it inline; that copy stays.", RevokeURL: "/sent/2/revoke", Revoke: "Remove external access for both"}
	case "revoked":
		v.Revoked = true
		v.Band = Band{Kind: BandRevoked, Lead: "External access has been removed", Text: "by you, Ines Kaya,", When: at("today at 11:58 CET"), Tail: ". 2 of 3 recipients can no longer read it; carol@outlook.com received it inline.", RestoreURL: "/sent/2/restore"}
	}
	return v
}

func composeSamples(w language.Words, all map[string]templ.Component) {
	expiries := []Option{{"14", "In 14 days, 4 December 2026", true}, {"7", "In 7 days", false}, {"30", "In 30 days", false}, {"90", "In 90 days", false}, {"date", "On a date…", false}, {"never", "Never", false}}
	all["compose-empty"] = ComposePage(Compose{Page: staffPage(w), Expiries: expiries, MaxSize: "150 MB", SubjectHint: "The notification does not show it."})
	v := Compose{
		Page: staffPage(w), Expiries: expiries, MaxSize: "150 MB", SubjectHint: "The notification does not show it.",
		To: []Token{
			{"marta@quillfeather.example", true, "can be taken back"},
			{"yuki.tanaka@yahoo.co.jp", true, "can be taken back"},
			{"carol@outlook.com", false, "cannot be taken back, because outlook.com receives the message itself"},
		},
		PortalHint:  "Every recipient gets a link, carol@outlook.com too. Then all can be taken back.",
		Subject:     "Revised settlement agreement",
		Text:        "Dear all,\n\nattached is the fourth draft. The payment dates in schedule 2 are now the ones we agreed on Thursday.\n\nKind regards\nInes Kaya",
		SummaryLead: "2 of 3 recipients can be taken back,",
		Summary:     "by an administrator, because there is more than one recipient. carol@outlook.com cannot: the message itself leaves.",
	}
	all["compose"] = ComposePage(v)
	files := v
	files.Files = []ComposeFile{{"f1", "Settlement draft v4.pdf", "482 KB", "482000"}, {"f2", "Schedule of payments.xlsx", "36 KB", "36000"}}
	all["compose-files"] = ComposePage(files)
	plain := v
	plain.Scripts = false
	all["compose-no-script"] = ComposePage(plain)
	wrong := v
	wrong.Expiries = []Option{{"14", "In 14 days, 4 December 2026", false}, {"date", "On a date…", true}}
	wrong.ToAdd, wrong.ExpiryDate, wrong.ExpiryMin, wrong.DoNotForward, wrong.FilesLost = "someone at nowhere", "2026-01-01", "2026-11-21", true, true
	wrong.Cc = []Token{{"j.okafor@riverside.example", true, "can be taken back"}}
	wrong.Errors = []FieldError{
		{"to", "“someone at nowhere” is not a mail address"},
		{"expiry-date", "The last day must not be in the past"},
		{"files", "The files are larger than 150 MB together"},
	}
	all["compose-wrong"] = ComposePage(wrong)
}

func demoSamples(w language.Words, all map[string]templ.Component) {
	all["walkthrough"] = WalkthroughPage(Walkthrough{
		Organization: "Contoso", Password: "fold-the-letter",
		Accounts: []DemoAccount{{Person{"Ada Lindqvist", "ada@contoso.example"}, "Sender"}, {Person{"Grace Okonjo", "grace@contoso.example"}, "Administrator"}},
		Facts:    []Fact{{"SMTP", "127.0.0.1:2525", true}},
		Steps: []DemoStep{
			{"The sender", "Sign in as Ada. Her Sent folder shows who has read what, and which messages can be taken back.", []Link{{"Open the Sent folder", "/sent"}, {"Compose a message", "/compose"}}},
			{"The recipient", "Marta has a mailbox like any other. A notification has arrived in it, with a link and nothing of the message.", []Link{{"Open Marta’s mailbox", "/inbox/marta@quillfeather.example"}}},
			{"The portal", "Follow the link, ask for a passcode, find it in the mailbox, and read the message.", []Link{{"All mailboxes", "/inbox/"}}},
			{"The administrator", "Take the message back as Ada, with Remove external access. Grace may take back what Ada may not.", []Link{{"Sign in as Grace", "/sign-in"}}},
		},
	})
	all["inboxes"] = InboxesPage(Inboxes{Mailboxes: []Mailbox{
		{"marta@quillfeather.example", "/inbox/marta", 2, at("11:18"), "Your one-time passcode to view the message"},
		{"j.okafor@riverside.example", "/inbox/jonas", 1, at("09:16"), "Ines Kaya has sent you a protected message"},
	}})
	all["inboxes-empty"] = InboxesPage(Inboxes{})
	v := Inbox{Address: marta.Address, OthersURL: "/inbox/", Items: []InboxItem{
		{"/inbox/marta/2", "Halden Law", "Your one-time passcode to view the message", at("11:18"), false},
		{"/inbox/marta/1", "Ines Kaya via Halden Law", "Ines Kaya has sent you a protected message", at("10:42"), true},
	}}
	all["inbox-empty"] = InboxPage(Inbox{Address: marta.Address, OthersURL: "/inbox/"})
	m := InboxMail{
		Subject: "Ines Kaya has sent you a protected message", From: Person{"Ines Kaya via Halden Law", "notify@mail.halden.example"},
		ReplyTo: ines.Address, To: marta.Address, When: at("20 November 2026, 10:42 CET"),
		Views:    []InboxView{{"HTML", "/inbox/marta/1", true}, {"Text", "/inbox/marta/1?as=text", false}, {"Source", "/inbox/marta/1?as=source", false}},
		FrameURL: "/notification.html", RawURL: "/inbox/marta/1.eml",
	}
	v.Mail = &m
	all["inbox"] = InboxPage(v)
	newest := v
	newest.Newest = true
	all["inbox-newest"] = InboxPage(newest)
	text := m
	text.FrameURL, text.Text = "", "Halden Law\n\nInes Kaya (ines.kaya@halden.example) has sent you a protected message.\n"
	text.Files = []Attachment{{Name: "a.pdf", URL: "/inbox/marta/1/part/2", Note: "PDF, 4 KB"}}
	box := v
	box.Mail = &text
	all["inbox-text"] = InboxPage(box)
}
