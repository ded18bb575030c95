package app

import (
	"fmt"
	"io"
	"log/slog"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// NewLogger returns the server's log: one line for each entry, as "text" or
// "json"; anything else is text. Whatever somebody outside has put into a value, it
// cannot begin a line of its own, nor move the cursor or turn the text of the
// terminal that shows it.
func NewLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(printable{w}, o))
	}
	return slog.New(slog.NewTextHandler(w, o)) // quotes all that cannot be printed
}

// printable writes lines of JSON and escapes in them what cannot be printed. The
// handler does so with control characters below a space only, and leaves those that
// terminals obey, too, and those that turn the direction of writing. Outside ASCII
// there is nothing in JSON but strings, so that an escape is always in its place.
type printable struct{ w io.Writer }

// Write implements io.Writer. It takes whole lines.
func (p printable) Write(line []byte) (int, error) {
	clean, from := []byte(nil), 0
	for i := 0; i < len(line); {
		r, size := rune(line[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(line[i:])
		}
		if broken := r == utf8.RuneError && size == 1; broken || r != '\n' && !unicode.IsPrint(r) {
			clean = appendEscape(append(clean, line[from:i]...), r)
			from = i + size
		}
		i += size
	}
	out := line
	if clean != nil {
		out = append(clean, line[from:]...)
	}
	if _, err := p.w.Write(out); err != nil {
		return 0, err
	}
	return len(line), nil
}

func appendEscape(b []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Appendf(b, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}
