package web

import (
	"strings"

	"letterlock/internal/language"
)

// decidedBy names what has decided how a message is protected, which is kept in English. What
// is not known here is said as it is.
func decidedBy(say language.Words, by string) string {
	switch by {
	case "Compose":
		return say.Text("decided.compose")
	case "submission default":
		return say.Text("decided.submission")
	case "gateway default":
		return say.Text("decided.gateway")
	case "the message it answers":
		return say.Text("decided.answered")
	}
	if name, ok := strings.CutPrefix(by, "rule "); ok {
		return say.Text("decided.rule", "Name", name)
	}
	if tag, ok := strings.CutPrefix(by, "subject tag "); ok {
		return say.Text("decided.tag", "Name", tag)
	}
	if field, ok := strings.CutSuffix(by, " header"); ok {
		return say.Text("decided.header", "Name", field)
	}
	return by
}
