// Package table makes tables for other programs safe to open.
package table

import (
	"strings"
	"unicode/utf8"
)

// Cells returns a row of which no spreadsheet takes a cell for a formula and runs
// it: an apostrophe before what would begin one makes it text.
func Cells(row []string) []string {
	safe := make([]string, len(row))
	for i, cell := range row {
		if first, _ := utf8.DecodeRuneInString(cell); cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
			cell = "'" + cell
		}
		safe[i] = cell
	}
	return safe
}
