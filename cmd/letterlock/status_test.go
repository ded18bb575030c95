package main

import (
	"strings"
	"testing"
	"time"

	"letterlock/internal/api"
)

func TestTheStatusSaysWhatWaitsForLong(t *testing.T) {
	for _, tt := range []struct {
		waiting api.Waiting
		want    string
	}{
		{api.Waiting{}, "waiting  no mail has waited for more than an hour\n"},
		{api.Waiting{PutOff: 2}, "waiting  2 mails put off and tried again; none has waited for more than an hour\n"},
		{api.Waiting{Mails: 10_000, Capped: true, Since: at(9, 42), Domains: []api.WaitingDomain{
			{Domain: "quillfeather.example", Mails: 9999, Since: at(9, 42), Reply: "451 come\x1b[31m back"}, {Domain: "riverside.example", Mails: 1, Since: at(10, 1)}}},
			"waiting                  at least 10000 mails for more than an hour, the oldest since 2026-11-20 09:42 UTC\n" +
				"to quillfeather.example  9999 mails, the oldest since 2026-11-20 09:42 UTC; the last answer was: 451 come�[31m back\n" +
				"to riverside.example     1 mail, the oldest since 2026-11-20 10:01 UTC; nobody has tried yet\n"},
	} {
		var b strings.Builder
		d, table := desk{out: &b, zone: time.UTC}, newTable(&b)
		d.waiting(table, tt.waiting)
		if err := table.end(); err != nil {
			t.Fatal(err)
		}
		if b.String() != tt.want {
			t.Errorf("it says\n%s\nwant\n%s", &b, tt.want)
		}
	}
}
