package letterlock

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTyped is how much is kept of what somebody typed, in bytes.
const maxTyped = 200

// Typed is what somebody typed as it can be kept and shown: on one line, without what
// turns or hides the text around it, and cut.
func Typed(s string) string {
	cut := ""
	if len(s) > maxTyped {
		s, cut = s[:maxTyped], "…"
	}
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsGraphic(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError))) + cut
}
