package main

import (
	"maps"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// answers are what the server of the transcripts says.
func answers() canned {
	all := canned{}
	for _, some := range []canned{aboutMessages(), aboutMany(), aboutRecords()} {
		maps.Copy(all, some)
	}
	return all
}

// with is a message whose first recipient is in another state.
func with(m api.Message, state string) api.Message {
	m.Recipients = append([]api.Recipient{}, m.Recipients...)
	m.Recipients[0].State, m.State = state, state
	m.Revoked, m.IsRevocable = state == "revoked", state == "live"
	return m
}

func aboutMessages() canned {
	const one = "/messages/<offer-1@contoso.example>"
	revoked, single := with(offer, "revoked"), with(offer, "revoked")
	single.Recipients = single.Recipients[:1]
	destroyed, endless := with(offer, "destroyed"), offer
	endless.Expires = time.Time{}
	destroyed.Subject = ""
	trace := api.Trace{Message: offer, History: []api.History{{
		Recipient: offer.Recipients[0],
		Events: []api.Event{
			{Kind: "accepted", At: at(9, 42)}, {Kind: "notified", At: at(9, 42), Detail: "250 2.0.0 Ok\x1b[2J"}, {Kind: "passcode-sent", At: at(9, 59)},
			{Kind: "read", At: at(10, 1), Proof: "passcode", Agent: "Firefox", IP: "198.51.100.0/24"}, {Kind: "downloaded", At: at(10, 5), Part: "2", Agent: "Firefox"},
		},
		Visits: []api.Visit{{Guess: "scanner", Why: "asked for the head only", Agent: "curl", First: at(9, 43), Last: at(9, 44), Count: 3}},
	}, {Recipient: offer.Recipients[1], Events: []api.Event{{Kind: "delivered", At: at(9, 43)}}}}}
	putOff := trace
	putOff.History = []api.History{{Recipient: offer.Recipients[0], Events: []api.Event{{Kind: "accepted", At: at(9, 42)}, {Kind: "deferred", At: at(9, 42), Detail: "451 4.7.1 come back\x1b[2J"}}}}
	r := &putOff.History[0].Recipient
	r.Notified, r.Delayed, r.Reply = time.Time{}, true, "451 4.7.1 come back\x1b[2J"
	return canned{
		"GET " + one:                            offer,
		"GET /messages/offer-1@contoso.example": offer,
		"GET " + one + "/trace":                 trace,
		"GET /messages/putoff@x/trace":          putOff,
		"POST " + one + "/revoke":               revoked,
		"POST " + one + "/revoke?dry_run=true":  revoked,
		"POST " + one + "/restore":              offer,
		"POST " + one + "/restore?dry_run=true": offer,
		"POST " + one + "/destroy":              destroyed,
		"POST " + one + "/expire":               offer,
		"POST " + one + "/expire?dry_run=true":  offer,
		"POST /messages/single@x/expire":        endless,
		"POST /messages/inline@x/expire":        &letterlock.Error{Code: letterlock.Denied, Key: "inline"},
		"POST /messages/late@x/expire":          &letterlock.Error{Code: letterlock.Invalid, Key: "expires"},
		"POST /messages/single@x/revoke":        single,
		"POST /messages/inline@x/revoke":        &letterlock.Error{Code: letterlock.Denied, Key: "inline"},
		"GET /messages/nobody@x":                &letterlock.Error{Code: letterlock.NotFound, Key: "no-message"},
		"GET /messages/<>":                      &letterlock.Error{Code: letterlock.Invalid, Key: "message-id"},
		"GET /messages/gone@x":                  &letterlock.Error{Code: letterlock.Gone, Key: "destroyed"},
		"GET /messages/small@x":                 &letterlock.Error{Code: letterlock.Denied, Key: "scope"},
		"GET /messages/throttled@x":             &letterlock.Error{Code: letterlock.Throttled, RetryAfter: 90 * time.Second},
		"GET /messages/busy@x":                  &letterlock.Error{Code: letterlock.Busy},
		"GET /messages/fault@x":                 &letterlock.Error{Code: letterlock.Internal},
		"GET /messages?limit=50&sender=ada":     api.MessagePage{Messages: []api.Message{offer, single}, Total: 2},
		"GET /messages?limit=1&sender=ada":      api.MessagePage{Messages: []api.Message{offer}, Total: 1000, TotalCapped: true, Next: "n2"},
		"GET /messages?limit=50&sender=nobody":  api.MessagePage{},
		"GET /messages?from=2026-11-20T00%3A00%3A00Z&limit=50&state=revoked&until=2026-11-22T00%3A00%3A00Z":                   api.MessagePage{Messages: []api.Message{revoked}, Total: 1},
		"GET /messages?from=2026-11-20T00%3A00%3A00Z&limit=200&recipient=%40gmail.com&sender=ada%40contoso.example":           api.MessagePage{Messages: []api.Message{offer}, Total: 1, Next: "n2"},
		"GET /messages?cursor=n2&from=2026-11-20T00%3A00%3A00Z&limit=200&recipient=%40gmail.com&sender=ada%40contoso.example": api.MessagePage{Messages: []api.Message{single}, Total: 1},
		"GET /messages?from=2026-11-20T00%3A00%3A00Z&limit=200&recipient=carol%40outlook.com&sender=ada%40contoso.example":    api.MessagePage{Messages: []api.Message{offer}, Total: 1},
		"GET /messages?from=2026-11-20T00%3A00%3A00Z&limit=200&sender=ada%40contoso.example":                                  api.MessagePage{Messages: []api.Message{offer}, Total: 1},
		"GET /messages?from=2026-11-20T00%3A00%3A00Z&limit=200&sender=ada%40contoso.example&until=2026-11-20T09%3A42%3A01Z":   api.MessagePage{Messages: []api.Message{offer}, Total: 1},
		"GET /messages?limit=200&subject=offer%2A":    api.MessagePage{Messages: []api.Message{offer}, Total: 1},
		"GET /messages/" + offer.ID:                   offer,
		"GET /messages/zyxwvutsrqponmlkjihgfedcba":    &letterlock.Error{Code: letterlock.NotFound, Key: "no-message"},
		"GET /messages?limit=50&subject=nonsense":     &letterlock.Error{Code: letterlock.Invalid, Key: "subject"},
		"GET /exports/messages?format=csv&sender=ada": "Date,Sender\n2026-11-20,'=ada\n",
	}
}

func aboutMany() canned {
	plan := api.Batch{ID: "batch", State: "planned", Messages: 2, Recipients: 2, Read: 1, Created: at(11, 0), By: "grace@contoso.example", Reason: "wrong prices",
		Search: letterlock.Search{Sender: "ada", State: letterlock.IsUnread}, Found: 5, Left: &api.LeftOut{Inline: 2, Revoked: 1}}
	as := func(state string, finished int) api.Batch {
		b := plan
		b.State, b.Finished = state, finished
		switch state {
		case "undone":
			b.Undos = &api.BatchTally{Restored: 1}
			fallthrough
		case "done":
			b.Results = &api.BatchTally{Revoked: 1, Destroyed: 1}
		}
		return b
	}
	broken, half := as("done", 2), as("undone", 2)
	broken.ID, broken.Results = "broken", &api.BatchTally{Revoked: 1, Failed: 1}
	half.ID, half.Undos = "broken", &api.BatchTally{Restored: 1, Failed: 1}
	item := offer
	item.Recipients = item.Recipients[:1]
	other := item
	other.MessageID, other.Subject = "<offer-2@contoso.example>", "Second offer"
	other.Recipients = []api.Recipient{{Address: "carol@outlook.com"}}
	return canned{
		"POST /batches":                                       plan,
		"GET /batches?limit=50":                               api.BatchPage{Batches: []api.Batch{as("done", 2)}},
		"GET /batches/batch":                                  as("done", 2),
		"GET /batches/batch/items?limit=200":                  api.ItemPage{Items: []api.BatchItem{{Message: item, Inline: []string{"carol@outlook.com"}, Others: 2, Read: 1}}, Next: "n2"},
		"GET /batches/batch/items?cursor=n2&limit=200":        api.ItemPage{Items: []api.BatchItem{{Message: other, Result: "revoked"}}},
		"GET /batches/batch/items?limit=200&result=destroyed": api.ItemPage{},
		"POST /batches/batch/start":                           as("running", 1),
		"POST /batches/batch/discard":                         as("discarded", 0),
		"POST /batches/batch/undo":                            as("undone", 2),
		"POST /batches/batch/approve":                         &letterlock.Error{Code: letterlock.Denied, Key: "second-person"},
		"POST /batches/broken/start":                          broken,
		"POST /batches/broken/undo":                           half,
		"POST /batches/waits/start":                           as("waiting", 0),
		"GET /batches/nothing":                                &letterlock.Error{Code: letterlock.NotFound},
	}
}

func aboutRecords() canned {
	token := api.Token{ID: "token", Account: "grace@contoso.example", Name: "nightly", Scopes: []string{"trace", "report"}, Created: at(8, 0), Expires: at(8, 0).AddDate(100, 0, 0)}
	ended, made := token, token
	ended.Ended, made.Secret = at(9, 0), "llt_secret"
	const days = "from=2026-11-19T00%3A00%3A00Z&"
	row := api.ReportRow{Date: at(9, 42), Sender: "ada@contoso.example", Recipient: "nora.vale@gmail.com", Subject: offer.Subject, EncryptionMethod: "policy", RevocationStatus: "revoked", MessageID: offer.MessageID}
	return canned{
		"GET /report?by=method&" + days + "until=2026-11-21T00%3A00%3A00Z&zone=UTC": api.Report{
			Series: []api.Series{{Name: "policy", Total: 3}, {Name: "user", Total: 1}}, Total: 4,
			Days:    []api.ReportDay{{Day: "2026-11-19", Counts: []int{0, 1}, Total: 1}, {Day: "2026-11-20", Counts: []int{3, 0}, Total: 3}},
			Domains: []api.DomainCount{{Domain: "gmail.com", Recipients: 3}, {Domain: "outlook.com", Recipients: 1}}},
		"GET /report/rows?" + days + "limit=50&until=2026-11-21T00%3A00%3A00Z&zone=UTC":           api.ReportPage{Rows: []api.ReportRow{row}, Next: "n2"},
		"GET /report/rows?" + days + "limit=1&until=2026-11-21T00%3A00%3A00Z&zone=UTC":            api.ReportPage{Rows: []api.ReportRow{row}, Next: "n2"},
		"GET /report/rows?cursor=n2&" + days + "limit=49&until=2026-11-21T00%3A00%3A00Z&zone=UTC": api.ReportPage{Rows: []api.ReportRow{row}},
		"GET /exports/report?format=csv&" + days + "until=2026-11-21T00%3A00%3A00Z&zone=UTC":      "Date,Subject\n2026-11-20,'=1+1 \x1b[31m\n",
		"GET /audit?limit=50&refused=true": api.AuditPage{Entries: []api.AuditEntry{
			{Seq: 7, At: at(12, 0), Kind: "staff", Actor: "eve@contoso.example", Token: "nightly", Action: "revoke", MessageID: offer.MessageID, Target: "nora.vale@gmail.com", Reason: "role"},
			{Seq: 6, At: at(11, 0), Kind: "operator", Name: "uid 0", Action: "account-add", Target: "lena@contoso.example", Allowed: true}}},
		"GET /exports/audit":       "{\"seq\":1}\n{\"seq\":2}\n",
		"GET /exports/checkpoints": "{\"checkpoint\":1}\n",
		"GET /audit/key":           "-----BEGIN PUBLIC KEY-----\n",
		"GET /messages/<offer-1@contoso.example>/proof?recipient=carol%40outlook.com":   &letterlock.Error{Code: letterlock.Denied, Key: "inline"},
		"GET /messages/<offer-1@contoso.example>/proof?recipient=nora.vale%40gmail.com": "signed\n",
		"GET /tokens":            api.Tokens{Tokens: []api.Token{token, ended}},
		"POST /tokens":           made,
		"POST /tokens/token/end": nil,
	}
}
