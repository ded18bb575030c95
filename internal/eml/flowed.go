package eml

import "strings"

// Unflow puts the lines of a format=flowed text together again that its sender's
// program has broken (RFC 3676). Quotes keep their marks, with a blank after them.
// With delsp the blank at which a line was broken was not part of the text.
func Unflow(text string, delsp bool) string {
	var b strings.Builder
	b.Grow(len(text))
	open, depth := false, 0 // whether the last line goes on, and how deep it is quoted
	for text != "" {
		var line string
		line, text = cutLine(text)
		quotes := len(line) - len(strings.TrimLeft(line, ">"))
		line = strings.TrimPrefix(line[quotes:], " ")
		signature := line == "-- "
		goes := strings.HasSuffix(line, " ") && !signature
		if goes && delsp {
			line = line[:len(line)-1]
		}
		if open && (quotes != depth || signature) {
			b.WriteByte('\n')
			open = false
		}
		if !open && quotes > 0 {
			b.WriteString(strings.Repeat(">", quotes) + " ")
		}
		b.WriteString(line)
		if open, depth = goes, quotes; !open {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
