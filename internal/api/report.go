package api

import "time"

// A ReportQuery asks for the encryption report. Days are those of From's zone.
type ReportQuery struct {
	From, Until time.Time // every day of which something lies between them, Until itself not counted
	By          string    // method or template; empty: method
}

// A Report is how many messages were protected, a day at a time.
type Report struct {
	Series  []Series      `json:"series" nullable:"false" doc:"One for each method or template that there is, the greatest first."`
	Days    []ReportDay   `json:"days" nullable:"false"`
	Total   int           `json:"total"`
	Domains []DomainCount `json:"domains" nullable:"false" doc:"The five to which most recipients belong."`
}

// A Series is what one line of the chart shows.
type Series struct {
	Name  string `json:"name" doc:"Method, or name of a template; empty: the default template."`
	Total int    `json:"total"`
}

// A ReportDay is the count of one day.
type ReportDay struct {
	Day    string `json:"day" format:"date"`
	Counts []int  `json:"counts" nullable:"false" doc:"In the order of the series."`
	Total  int    `json:"total"`
}

// A DomainCount is how many recipients had an address of a domain.
type DomainCount struct {
	Domain     string `json:"domain"`
	Recipients int    `json:"recipients"`
}

// A ReportRow is one recipient of one message.
type ReportRow struct {
	Date               time.Time `json:"date"`
	Sender             string    `json:"sender"`
	Recipient          string    `json:"recipient"`
	Subject            string    `json:"subject"`
	EncryptionTemplate string    `json:"encryption_template" doc:"Empty: the default one."`
	EncryptionMethod   string    `json:"encryption_method" enum:"user,policy"`
	RevocationStatus   string    `json:"revocation_status" enum:"live,expired,revoked,destroyed,inline"`
	MessageID          string    `json:"message_id"`
}

// A ReportPage is a part of the details, newest first.
type ReportPage struct {
	Rows []ReportRow `json:"rows" nullable:"false"`
	Next string      `json:"next,omitempty" doc:"Cursor of the next page; absent: this is the last."`
}
