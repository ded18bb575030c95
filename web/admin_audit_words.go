package web

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"letterlock/internal/auditlog"
	"letterlock/internal/letterlock"
)

// auditTargets says whom or what an entry concerns, a line for each.
func (s speaker) auditTargets(e auditlog.Entry) []string {
	switch {
	case e.Target == "":
		return nil
	case strings.HasSuffix(e.Action, " batch"):
		var n letterlock.BatchNote
		if json.Unmarshal([]byte(e.Target), &n) == nil {
			return s.batchNote(n)
		}
	case e.Action == "export trace":
		var q letterlock.Search
		if json.Unmarshal([]byte(e.Target), &q) == nil {
			return s.searchNote(q)
		}
	case !strings.HasPrefix(e.Action, "export") && !strings.HasSuffix(e.Action, " rule"):
		return strings.Fields(e.Target)
	}
	return []string{e.Target} // not a list of addresses
}

// searchNote says what was looked for, a line for each condition.
func (s speaker) searchNote(q letterlock.Search) (lines []string) {
	for _, f := range lookupFor(q, s.Location).facts(s.Words) {
		lines = append(lines, f.Label+": "+f.Value)
	}
	return lines
}

// batchNote says what a bulk revocation is about, and what it came to.
func (s speaker) batchNote(n letterlock.BatchNote) []string {
	lines := s.searchNote(n.Search)
	if len(lines) == 0 {
		lines = []string{s.Text("bulk.chosenOneByOneB")}
	}
	switch {
	case n.Everybody:
		lines = append(lines, s.Text("bulk.allRecipientsFound"))
	case n.Search.Narrows():
		lines = append(lines, s.Text("bulk.onlyRecipientsThatMatch"))
	}
	if n.Messages == 0 {
		return lines // it was refused
	}
	lines = append(lines, s.Text("bulk.with", "Messages", s.Count("count.message", n.Messages), "Recipients", s.Count("count.recipient", n.Recipients)))
	if n.Read > 0 {
		lines = append(lines, s.Text("audit.hadRead", "Recipients", s.Count("count.recipient", n.Read)))
	}
	for _, result := range slices.Sorted(maps.Keys(n.Results)) {
		word := string(result)
		if id := "auditResult." + word; s.Has(id) {
			word = s.Text(id)
		}
		lines = append(lines, s.Text("audit.came", "Result", word, "Messages", s.Count("count.message", n.Results[result])))
	}
	return lines
}
