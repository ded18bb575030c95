package letterlock

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMessageID is how long a line of a header may be (RFC 5322 section 2.1.1).
const maxMessageID = 998

var errMessageID = errors.New("not a Message-ID")

// ParseMessageID returns a Message-ID as it stands in its header, with its angle
// brackets, or Invalid "message-id". People copy it with both of them or with none, and
// with the name of the header.
func ParseMessageID(s string) (string, error) {
	s = WithoutHeader(s)
	inner := s
	if rest, ok := strings.CutPrefix(s, "<"); ok {
		inner, ok = strings.CutSuffix(rest, ">")
		if !ok {
			inner = ""
		}
	}
	if inner == "" || len(inner) > maxMessageID || !utf8.ValidString(inner) || strings.ContainsAny(inner, "<>") ||
		strings.ContainsFunc(inner, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return "", &Error{Code: Invalid, Key: "message-id", Err: errMessageID}
	}
	return "<" + inner + ">", nil
}

// WithoutHeader returns what was typed or copied to name a Message-ID, without the name of
// the header and what is around it.
func WithoutHeader(typed string) string {
	const name = "Message-ID:"
	s := strings.TrimSpace(typed)
	if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
		s = strings.TrimSpace(s[len(name):])
	}
	return s
}
