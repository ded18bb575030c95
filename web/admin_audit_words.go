package web

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"letterlock/internal/auditlog"
	"letterlock/internal/letterlock"
)

// edges are how the acts begin that an edge has refused, with the texts that name them.
var edges = []struct{ begin, text string }{
	{"visit ", "audit.opens"}, {"submit ", "audit.submits"}, {"api ", "audit.calls"},
}

// parameter is a part of a path that stands for a name.
var parameter = regexp.MustCompile(`:[a-z]+`)

// deed is an act in words. One that this program does not know, an older one or a newer
// one has written.
func (s speaker) deed(action string) string {
	if id := "act." + action; s.Has(id) {
		return s.Text(id)
	}
	for _, e := range edges {
		if rest, ok := strings.CutPrefix(action, e.begin); ok {
			return s.Text(e.text, "What", parameter.ReplaceAllString(rest, "…"))
		}
	}
	return capital(action)
}

// auditReason is what somebody said, or why it was refused, in words.
func (s speaker) auditReason(e auditlog.Entry) string {
	if !e.Allowed {
		for _, group := range []string{"actReason.", "auditResult."} {
			if s.Has(group + e.Reason) {
				return s.Text(group + e.Reason)
			}
		}
		return e.Reason
	}
	switch e.Action {
	case "set roles", "invite account", "put account", "add account":
		return s.rolesNote(e.Reason)
	}
	return e.Reason
}

// rolesNote puts what [letterlock.SpellChange] has spelled into words, and leaves as it
// is what stands around it.
func (s speaker) rolesNote(note string) string {
	var b strings.Builder
	last := false // it was a role
	for i, word := range strings.Fields(note) {
		text, role := word, false
		for _, r := range roleNames {
			if word == string(r.role) {
				text, role = s.Text(r.text), true
			}
		}
		switch {
		case word == "->":
			text = "→"
		case word == "none":
			text = s.Text("audit.noRole")
		}
		if last && role {
			b.WriteByte(',')
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(text)
		last = role
	}
	return b.String()
}

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
