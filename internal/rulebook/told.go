package rulebook

import (
	"encoding/json"
	"fmt"

	"letterlock/internal/rule"
)

// told is what the audit log keeps of a change beside the rule's name: what the rule
// says from now on, so that it can be seen later what held, and when.
func told(action string, about rule.Rule, list []rule.Rule) string {
	switch action {
	case "add rule", "change rule":
		b, err := json.Marshal(struct {
			Enabled bool            `json:"enabled"`
			When    rule.Conditions `json:"when"`
			Then    rule.Actions    `json:"then"`
		}{about.Enabled, about.When, about.Then})
		if err != nil {
			return "" // never: it was read from JSON, or is to be kept as such
		}
		return shortened(string(b))
	case "move rule":
		return fmt.Sprintf("to place %d of %d", at(list, about.ID)+1, len(list))
	}
	return ""
}

// shortened keeps entries of the audit log short; the rule itself is in the database.
func shortened(s string) string {
	const most = 2000
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "…"
}
