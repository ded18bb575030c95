package eml

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

func invalid(key string) error {
	return &letterlock.Error{Code: letterlock.Invalid, Key: key, Err: fmt.Errorf("this value cannot stand in a header")}
}

// head returns the header of the mail without its MIME fields, or Invalid.
func (d Draft) head() ([]byte, error) {
	if d.From.Address == "" {
		return nil, invalid("from")
	}
	if d.Date.IsZero() {
		return nil, invalid("date")
	}
	var b bytes.Buffer
	writeField(&b, "Date", []string{d.Date.Format(dateLayout)})
	if err := d.writeAddresses(&b); err != nil {
		return nil, err
	}
	if !oneLine(d.Subject) {
		return nil, invalid("subject")
	}
	if d.Subject != "" {
		writeField(&b, "Subject", words(d.Subject, len("Subject: ")))
	}
	if err := d.writeIDs(&b); err != nil {
		return nil, err
	}
	for _, f := range d.Header {
		if !mayAdd(f[0]) || !oneLine(f[1]) {
			return nil, invalid("header")
		}
		tokens := words(f[1], len(f[0])+2)
		if isASCII([]byte(f[1])) { // a URL or the like, which words would break
			tokens = strings.Fields(f[1])
		}
		if len(tokens) == 0 || slices.ContainsFunc(tokens, func(t string) bool { return len(t) > 900 }) {
			return nil, invalid("header")
		}
		writeField(&b, f[0], tokens)
	}
	return b.Bytes(), nil
}

func (d Draft) writeAddresses(b *bytes.Buffer) error {
	var sender []letterlock.Mailbox
	if d.Sender.Address != "" {
		sender = []letterlock.Mailbox{d.Sender}
	}
	for _, f := range []struct {
		name string
		list []letterlock.Mailbox
	}{{"From", []letterlock.Mailbox{d.From}}, {"Sender", sender}, {"Reply-To", d.ReplyTo}, {"To", d.To}, {"Cc", d.Cc}} {
		tokens, err := mailboxTokens(f.list, len(f.name)+2)
		if err != nil {
			return invalid(strings.ToLower(f.name))
		}
		if len(tokens) > 0 {
			writeField(b, f.name, tokens)
		}
	}
	if len(d.To)+len(d.Cc) == 0 {
		writeField(b, "To", []string{"undisclosed-recipients:;"})
	}
	return nil
}

func (d Draft) writeIDs(b *bytes.Buffer) error {
	id := d.MessageID
	if id == "" {
		id = NewMessageID(d.From.Address.Domain())
	}
	if wholeID(id) == "" {
		return invalid("message-id")
	}
	writeField(b, "Message-ID", []string{id})
	if d.InReplyTo != "" {
		if wholeID(d.InReplyTo) == "" {
			return invalid("in-reply-to")
		}
		writeField(b, "In-Reply-To", []string{d.InReplyTo})
	}
	for _, r := range d.References {
		if wholeID(r) == "" {
			return invalid("references")
		}
	}
	if len(d.References) > 0 {
		writeField(b, "References", d.References)
	}
	return nil
}

// mayAdd reports whether name can be an additional field: not one that Compose
// writes itself, and never Bcc.
func mayAdd(name string) bool {
	if len(name) > 70 || !plain(name) || !bytes.Equal(fieldName([]byte(name+":")), []byte(name)) || strings.IndexByte(name, ':') >= 0 {
		return false
	}
	switch n := strings.ToLower(name); n {
	case "date", "from", "sender", "reply-to", "to", "cc", "bcc", "resent-bcc", "subject", "message-id", "in-reply-to", "references", "mime-version":
		return false
	default:
		return n == "content-language" || !strings.HasPrefix(n, "content-") // the others say how to read the body
	}
}

// oneLine reports whether s stays within its field.
func oneLine(s string) bool { return !strings.ContainsAny(s, "\r\n\x00") }

func mailboxTokens(list []letterlock.Mailbox, used int) ([]string, error) {
	var tokens []string
	for i, m := range list {
		a, err := letterlock.ParseAddress(string(m.Address))
		if err != nil || a != m.Address || !oneLine(m.Name) {
			return nil, invalid("address")
		}
		spec := string(a)
		if m.Name != "" {
			tokens = append(tokens, phrase(m.Name, used)...)
			spec = "<" + spec + ">"
		}
		if i < len(list)-1 {
			spec += ","
		}
		tokens = append(tokens, spec)
		used = 1
	}
	return tokens, nil
}

// phrase returns a display name as words that may be folded between.
func phrase(s string, used int) []string {
	if !plain(s) || len(s) > 60 || strings.Contains(s, "=?") {
		return encodeWords(s, used)
	}
	for _, c := range []byte(s) {
		if strings.IndexByte(`()<>[]:;@\,."`, c) >= 0 {
			return []string{`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`}
		}
	}
	if strings.Contains(s, "  ") {
		return []string{`"` + s + `"`}
	}
	return strings.Split(s, " ")
}

// words returns text as words that may be folded between, encoded if need be.
// used is how much of the first line is taken already.
func words(s string, used int) []string {
	tokens := strings.Split(s, " ")
	long := func(t string) bool { return t == "" || len(t) > lineLength-used }
	if !plain(s) || strings.Contains(s, "=?") || slices.ContainsFunc(tokens, long) {
		return encodeWords(s, used)
	}
	return tokens
}

// encodeWords returns s as encoded words of RFC 2047, none longer than 75
// characters or splitting a character. Text that is mostly ASCII stays legible.
func encodeWords(s string, used int) []string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	encode, open := quoted, "=?utf-8?q?"
	if len(quoted(s)) > base64.StdEncoding.EncodedLen(len(s)) {
		encode, open = func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }, "=?utf-8?b?"
	}
	var list []string
	for s != "" {
		room := max(min(75, lineLength-used)-len(open)-len("?="), 12) // 12: any one character
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRuneInString(s[n:])
			if n > 0 && len(encode(s[:n+size])) > room {
				break
			}
			n += size
		}
		list = append(list, open+encode(s[:n])+"?=")
		s, used = s[n:], 1
	}
	return list
}

// quoted is the Q encoding with the few characters that may stand in a phrase.
func quoted(b string) string {
	var out strings.Builder
	for _, c := range []byte(b) {
		switch {
		case c == ' ':
			out.WriteByte('_')
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!*+-/", c) >= 0:
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "=%02X", c)
		}
	}
	return out.String()
}

// writeField writes a field, breaking the line before a token where it would
// get too long.
func writeField(b *bytes.Buffer, name string, tokens []string) {
	b.WriteString(name + ":")
	col := len(name) + 1
	for i, t := range tokens {
		if i > 0 && col+1+len(t) > lineLength {
			b.WriteString("\r\n")
			col = 0
		}
		b.WriteString(" " + t)
		col += 1 + len(t)
	}
	b.WriteString("\r\n")
}

// fileParam returns the filename parameter for a name, "" for none. A name that
// is not short ASCII goes in pieces of RFC 2231.
func fileParam(name string) string {
	if name == "" {
		return ""
	}
	if plain(name) && len(name) <= 60 {
		return `;` + "\r\n" + ` filename="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	var b strings.Builder
	piece := "utf-8''"
	for n := 0; name != ""; n++ {
		for name != "" && len(piece) < 50 {
			_, size := utf8.DecodeRuneInString(name)
			piece += percent(name[:size])
			name = name[size:]
		}
		b.WriteString(";\r\n filename*" + strconv.Itoa(n) + "*=" + piece)
		piece = ""
	}
	return b.String()
}

// percent is the encoding of RFC 2231 for one character.
func percent(s string) string {
	if c := s[0]; len(s) == 1 && (isHex(c) || 'g' <= c && c <= 'z' || 'G' <= c && c <= 'Z' || c == '.' || c == '-' || c == '_') {
		return s
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
