package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// hidden reports whether a terminal takes a character for an order instead of
// showing it: to move, to erase, to turn the direction of what follows. What joins
// the letters of a Persian word and the parts of an emoji gives no orders.
func hidden(r rune) bool {
	return r != '\u200c' && r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// plain makes text of others safe to print on one line. A subject is written by
// whoever sends a mail, and must not be able to change what stands around it.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// plainLines is plain for text of several lines.
func plainLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = plain(l)
	}
	return strings.Join(lines, "\n")
}

// A table is for people: columns, under a heading if there is one.
type table struct {
	w *tabwriter.Writer
}

func newTable(w io.Writer, heading ...string) *table {
	t := &table{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	if len(heading) > 0 {
		t.line(heading)
	}
	return t
}

// row adds a row. Empty cells get a dash: a gap looks like a mistake.
func (t *table) row(cells ...any) {
	said := make([]string, len(cells))
	for i, c := range cells {
		if said[i] = plain(fmt.Sprint(c)); said[i] == "" {
			said[i] = "-"
		}
	}
	t.line(said)
}

func (t *table) line(cells []string) {
	// The writer keeps its first error for Flush.
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

func (t *table) end() error { return t.w.Flush() }

// printJSON prints JSON for programs. What a terminal takes for an order is
// written as an escape, which is the same text to whoever reads the JSON.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a Message-ID is to be read and copied
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, escaped(b.String()))
	return err
}

// escaped escapes, in JSON, the hidden characters that the encoder left as they
// are. They stand in strings alone: between them JSON has only line feeds.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || !hidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}
