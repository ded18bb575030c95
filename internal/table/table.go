// Package table makes tables for other programs safe to open.
package table

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// within is where a program may end a cell of ours too early, and take what follows
// for a cell: in many countries columns end with a semicolon, and a program there
// does not see the quotes that hold ours together.
var within = regexp.MustCompile("([;\t\r\n][\\s\"']*)([=+@＝＋－＠-])")

// Cells returns a row of which no spreadsheet takes a cell, or a part of one, for a
// formula and runs it: an apostrophe before what would begin one makes it text.
func Cells(row []string) []string {
	safe := make([]string, len(row))
	for i, cell := range row {
		cell = within.ReplaceAllString(cell, "$1'$2")
		if first, _ := utf8.DecodeRuneInString(cell); cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
			cell = "'" + cell
		}
		safe[i] = cell
	}
	return safe
}
