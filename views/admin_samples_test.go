package views

import (
	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// traceSamples are the pages on which administrators find and revoke messages.
func traceSamples(w language.Words, all map[string]templ.Component) {
	form := Trace{
		Page: staffPage(w), States: []Option{{"any", "Any", true}, {"unread", "Unread", false}, {"read", "Read", false}},
		Identities: []Option{{"any", "Any", true}, {"google", "Google", false}},
	}
	all["trace-form"] = TracePage(form)
	wrong := form
	wrong.Sender, wrong.Until = "ab", "2026-11-01"
	wrong.Errors = []FieldError{{"sender", "Type at least 3 characters, or a whole address"}, {"until", "Until is before From"}}
	all["trace-wrong"] = TracePage(wrong)
	unknown := form
	unknown.Problem = "There is no such message. The address is incomplete, or it was never a message here."
	all["trace-unknown"] = TracePage(unknown)
	found := form
	found.Sender, found.From, found.Until = "halden.example", "2026-11-16", "2026-11-20"
	found.Found = sampleFound(-1)
	all["trace-found"] = TracePage(found)
	nothing := found
	nothing.Found = &TraceFound{Heading: "Nothing found", Conditions: []Link{{"Sender: halden.example", "/trace?from=2026-11-16"}, {"From: 2026-11-16", "/trace?sender=halden.example"}}}
	all["trace-nothing"] = TracePage(nothing)
	for name, m := range map[string]TraceMessage{"trace": sampleTraced(), "trace-revoked": tracedRevoked(), "trace-many": tracedMany()} {
		v := found
		v.Found, v.Message, v.BackURL = sampleFound(0), &m, "/trace?sender=halden.example"
		all[name] = TracePage(v)
	}
	alone := form
	m := tracedRevoked()
	m.Problem = "This message cannot be revoked, because every recipient received the message itself. Nothing was changed."
	alone.Message = &m
	all["trace-alone"] = TracePage(alone)
	confirmSamples(w, all)
	bulkSamples(w, all)
}

func sampleFound(chosen int) *TraceFound {
	row := func(when, subject, sender, to, revocable string, states ...State) TraceRow {
		return TraceRow{URL: "/trace/1?sender=halden.example", When: at(when), Subject: subject, Sender: sender, To: to, Revocable: revocable, States: states}
	}
	f := &TraceFound{Heading: "6 messages", Shown: "Showing 6 messages.", CSVURL: "/trace/export.csv", JSONURL: "/trace/export.json", Zone: "CET", BulkURL: "/bulk/new?sender=halden.example", Rows: []TraceRow{
		row("20 Nov 10:42", "Settlement agreement, third draft", ines.Address, marta.Address, "Yes", State{Kind: StateRead}),
		row("20 Nov 09:15", "Board minutes for signature", ines.Address, "3 recipients", "Yes, 2 of 3", State{StateRead, "1 of 2 read"}, State{StateInline, "1 inline"}),
		row("19 Nov 17:30", "Passport copies for the notary", ines.Address, "yuki.tanaka@yahoo.co.jp", "Yes", State{Kind: StateExpires}),
		row("19 Nov 16:04", "Account details for the escrow payment", ines.Address, "priya.raman@gmail.com", "Revoked", State{Kind: StateRevoked}),
		row("19 Nov 11:20", "Engagement letter", ines.Address, "carol@outlook.com", "No, inline", State{Kind: StateInline}),
		row("18 Nov 14:51", "Power of attorney", "paul.brenner@halden.example", "office@rehm-notare.example", "Yes", State{Kind: StateBounced}),
	}}
	f.OlderURL, f.NewestURL = "/trace?before=1", "/trace?sender=halden.example"
	if chosen >= 0 {
		f.Rows[chosen].Current = true
	}
	return f
}

func tracedStep(kind StepKind, name string, lines ...TraceLine) TraceStep {
	return TraceStep{Kind: kind, Name: name, Lines: lines}
}

func sampleTraced() TraceMessage {
	return TraceMessage{
		Subject: "Settlement agreement, third draft",
		Band:    Band{Kind: BandCan, Lead: "Revocable.", Text: "1 recipient has access.", RevokeURL: "/trace/1/revoke", Revoke: "Revoke message"},
		From:    ines, To: []Person{marta}, Sent: at("20 Nov 2026, 10:42:07 CET"), Expires: at("4 December 2026, 18:00 CET"),
		MessageID: "<7f3c91d2.4b1e@halden.example>", DestroyURL: "/trace/1/destroy",
		Facts: []Fact{{"Template", "Halden Law (default)", false}, {"Method", "user: subject tag [secure]", false}, {"Protection", "encrypt-only", false}, {"Sent with", "SMTP submission", false}, {"Size", "524 KB, 2 attachments", false}},
		Recipients: []TraceRecipient{{
			Person: marta, State: State{Kind: StateRead},
			Steps: []TraceStep{
				tracedStep(StepDone, "Accepted", TraceLine{at("20 Nov 10:42:07"), "SMTP submission"}),
				tracedStep(StepDone, "Policy matched", TraceLine{Text: "encrypt-only, user: subject tag [secure]"}, TraceLine{Text: "identity type other, experience link"}),
				tracedStep(StepDone, "Notified", TraceLine{at("10:42:09"), "mx.quillfeather.example, 250 OK"}),
				tracedStep(StepDone, "Passcode sent", TraceLine{at("11:18:40"), ""}),
				tracedStep(StepDone, "Read", TraceLine{at("11:20:02"), "signed in by one-time passcode, Firefox, 192.0.2.0"}, TraceLine{Text: "and 3 times more"}, TraceLine{at("11:47:31"), "Firefox, 192.0.2.0"}),
				tracedStep(StepDone, "Downloaded", TraceLine{at("11:24:15"), "part 4, Firefox, 192.0.2.0"}),
				tracedStep(StepTodo, "Revoked"),
			},
			Visits: []TraceVisit{
				{Scanner: true, Guess: "Probably a scanner", When: at("20 Nov 10:42:10"), After: " to 10:42:11, 3 times, other, 198.51.100.0", Why: "It came seconds after the notification."},
				{Guess: "Probably a person", When: at("20 Nov 11:18:30"), After: ", Firefox, 192.0.2.0"},
			},
		}},
	}
}

func tracedRevoked() TraceMessage {
	m := sampleTraced()
	m.Band = Band{Kind: BandRevoked, Lead: "Revoked.", Text: "External access has been removed by you, Ines Kaya,", When: at("today at 11:52 CET"), Tail: ". Marta Lind can no longer read this message.", RestoreURL: "/trace/1/restore"}
	m.Reason, m.BatchURL, m.DestroyURL = "Wrong version", "/bulk/1", ""
	r := &m.Recipients[0]
	r.State, r.Visits = State{Kind: StateRevoked}, nil
	r.Steps[6] = tracedStep(StepSeal, "Revoked", TraceLine{at("11:52:00"), "by you: Wrong version"})
	return m
}

func tracedMany() TraceMessage {
	m := sampleTraced()
	m.Band = Band{Kind: BandCan, Lead: "Revocable.", Text: "2 of 3 recipients have access. carol@outlook.com received it inline; that copy stays.", RevokeURL: "/trace/1/revoke", Revoke: "Revoke message"}
	one := m.Recipients[0]
	one.RevokeURL = "/trace/1/revoke?recipient=marta"
	inline := TraceRecipient{Person: Person{"Carol Brandt", "carol@outlook.com"}, Field: "Cc", State: State{Kind: StateInline}, Steps: one.Steps[:2]}
	gone := TraceRecipient{Person: Person{Address: "yuki.tanaka@yahoo.co.jp"}, Field: "Bcc", State: State{Kind: StateRevoked}, RestoreURL: "/trace/1/restore?recipient=yuki", ProofURL: "/trace/1/proof?recipient=yuki", Steps: one.Steps[:3]}
	m.To, m.MoreTo = []Person{marta, inline.Person}, 1
	m.Recipients = []TraceRecipient{one, inline, gone}
	return m
}

func confirmSamples(w language.Words, all map[string]templ.Component) {
	revoke := AdminRevoke{
		Page: staffPage(w), Behind: sampleTraced(), RevokeURL: "/trace/1/revoke", KeepURL: "/trace/1",
		What: "Marta Lind can no longer read “Settlement agreement, third draft”, from the moment you confirm.",
		Recipients: []ConfirmRecipient{{
			Person: marta, State: State{Kind: StateRead}, HasRead: true, Read: "Read today at 11:20 and 11:47",
			Downloaded: []Attachment{{Name: "1 of 2 attachments", Note: "11:24"}},
		}},
		Untouched: []string{"carol@outlook.com received it inline; that copy stays."}, CopiesStay: "What was already saved, printed or photographed stays with Marta Lind.",
	}
	all["trace-revoke"] = AdminRevokePage(revoke)
	several := revoke
	several.What = "Whoever you choose can no longer read “Settlement agreement, third draft”, from the moment you confirm."
	several.Recipients = []ConfirmRecipient{revoke.Recipients[0], {Person: Person{Address: "j.okafor@riverside.example"}, State: State{Kind: StateUnread}, Read: "Not read yet"}}
	several.Chosen = &Chosen{All: "Both recipients"}
	all["trace-revoke-several"] = AdminRevokePage(several)
	several.Chosen = &Chosen{All: "Both recipients", These: true, Error: "Tick who loses access, or choose all. Nothing was changed."}
	all["trace-revoke-none"] = AdminRevokePage(several)
	revoke.Error, revoke.Reason = "A reason may have 200 characters", "long"
	all["trace-revoke-wrong"] = AdminRevokePage(revoke)
	destroy := AdminDestroy{
		Page: staffPage(w), Behind: sampleTraced(), Subject: "Settlement agreement, third draft", MessageID: "<7f3c91d2.4b1e@halden.example>",
		Lost:       []string{"Every key of the message is deleted, and with it the copy of Ines Kaya.", "The link of 1 recipient then shows “This message is not available”."},
		DestroyURL: "/trace/1/destroy", KeepURL: "/trace/1",
	}
	all["trace-destroy"] = AdminDestroyPage(destroy)
	destroy.Typed, destroy.TypedError = "<7f3c>", "This is not the Message-ID of this message"
	all["trace-destroy-wrong"] = AdminDestroyPage(destroy)
}

func bulkSamples(w language.Words, all map[string]templ.Component) {
	plan := BulkPlan{
		Page: staffPage(w), Conditions: []Fact{{"Sender", "ines.kaya@halden.example", false}, {"From", "2026-11-16", false}},
		Hidden: []Hidden{{"sender", ines.Address}}, PlanURL: "/bulk", BackURL: "/trace?sender=ines",
	}
	all["bulk-new"] = BulkPlanPage(plan)
	narrow := plan
	narrow.Conditions, narrow.Narrows = []Fact{{"Recipient", "@riverside.example", false}, {"State", "Unread", false}}, true
	all["bulk-new-narrow"] = BulkPlanPage(narrow)
	plan.Problem = "Nothing that was found can still be revoked. Nothing was planned."
	all["bulk-new-nothing"] = BulkPlanPage(plan)
	all["bulk-new-everything"] = BulkPlanPage(BulkPlan{Page: staffPage(w), Problem: "A search without any condition would touch every message.", BackURL: "/trace"})
	all["bulk-chosen"] = BulkPlanPage(BulkPlan{Page: staffPage(w), Chosen: "5 messages with 7 recipients", PlanURL: "/bulk/chosen", BackURL: "/report", Error: "A reason may have 200 characters"})

	batch := Bulk{
		Page: staffPage(w), Title: "Sender: ines.kaya@halden.example", State: State{Kind: StatePlanned}, Kind: BandCan, Lead: "Nothing has been touched yet.", Text: "This would remove access to 2 messages with 3 recipients. 1 recipient had already read it.",
		RunURL: "/bulk/1/start", DiscardURL: "/bulk/1/discard", Count: "2 messages", Total: 2, ItemsTitle: "What it would touch",
		Facts: []Fact{{"Sender", ines.Address, false}, {"Reason", "Sent from a stolen account", false}, {"Planned", "20 November 2026, 11:52 CET, by Ines Kaya", false}},
		Shown: "Showing 2 of 2.", SearchAgain: "/trace?sender=ines", CSVURL: "/bulk/1/export.csv", JSONURL: "/bulk/1/export.json",
		Items: []BulkItem{
			{URL: "/trace/1", When: at("20 Nov 10:42"), Subject: "Settlement agreement, third draft", Sender: ines.Address, Recipients: []BulkRecipient{{marta.Address, true, "read 20 Nov 11:20"}}},
			{URL: "/trace/2", When: at("20 Nov 09:15"), Subject: "Board minutes for signature", Sender: ines.Address, Recipients: []BulkRecipient{{"j.okafor@riverside.example", false, "not read"}, {"yuki.tanaka@yahoo.co.jp", false, "not read"}}},
		},
	}
	all["bulk-planned"] = BulkPage(batch)
	narrowed := batch
	narrowed.Facts = append([]Fact{{"Who loses access", "Only recipients that match the search", false}, {"Found", "5 messages; 3 left out: 2 received inline, 1 revoked already", false}}, batch.Facts...)
	narrowed.Inline, narrowed.InlineURL = "Show what was received inline and cannot be revoked", "/trace?sender=ines&state=inline"
	narrowed.Items = append([]BulkItem{}, batch.Items...)
	narrowed.Items[1].Untouched = []string{"carol@outlook.com received it inline and keeps it", "2 more recipients not touched"}
	all["bulk-planned-narrow"] = BulkPage(narrowed)
	wrong := batch
	wrong.Typed, wrong.TypedError = "3", "This is not the number of messages. Nothing was changed."
	all["bulk-planned-wrong"] = BulkPage(wrong)
	waiting := batch
	waiting.Lead, waiting.RunURL, waiting.Approves = "Waiting for a second person.", "/bulk/1/approve", true
	waiting.Problem = "You planned or started this bulk revocation, so somebody else has to approve it. Nothing was changed."
	all["bulk-waiting"] = BulkPage(waiting)
	running := batch
	running.State = State{Kind: StateRunning}
	running.Kind, running.Lead, running.Text, running.RunURL, running.DiscardURL = BandRevoked, "Removing access.", "Each message is revoked as soon as it has a result below.", "", ""
	running.LiveURL, running.Refresh, running.Finished, running.HasResults, running.UndoURL = "/bulk/1/progress", "/bulk/1?refresh=1", 1, true, "/bulk/1/undo"
	running.Items = append([]BulkItem{}, batch.Items...)
	running.Items[0].Result = State{Kind: StateRevoked}
	all["bulk-running"] = BulkPage(running)
	done := running
	done.State = State{Kind: StateRevoked}
	done.Lead, done.Text, done.LiveURL, done.Refresh, done.ItemsTitle = "Access has been removed.", "This went through 2 messages with 3 recipients.", "", "", "What it touches"
	done.Items = append([]BulkItem{}, running.Items...)
	done.RetryURL = "/bulk/1/start"
	done.Undoes = "1 message"
	done.Results = []BulkResult{{State{Text: "All"}, "2", "/bulk/1", true}, {State{Kind: StateRevoked}, "1", "/bulk/1?result=revoked", false}, {State{Kind: StateFailed}, "1", "/bulk/1?result=failed", false}}
	done.Items[0].Undo, done.Items[1].Result = State{Kind: StateRestored}, State{Kind: StateFailed}
	all["bulk-done"] = BulkPage(done)

	all["bulk-list"] = BulkListPage(BulkList{Page: staffPage(w), May: true, Shown: "Showing 2 bulk revocations.", OlderURL: "/bulk?before=1", Rows: []BulkRow{
		{"/bulk/1", at("20 Nov 11:52"), "Ines Kaya", "Sender: ines.kaya@halden.example", "Sent from a stolen account", State{Kind: StatePlanned}, 2, 1},
		{"/bulk/2", at("19 Nov 09:10"), "Paul Brenner", "Chosen one by one", "", State{Kind: StateRevoked}, 312, 41},
	}})
	all["bulk-list-empty"] = BulkListPage(BulkList{Page: staffPage(w)})
}
