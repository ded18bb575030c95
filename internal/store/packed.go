package store

import (
	"fmt"
	"strconv"
	"strings"
)

// Many values come as one text: to hand over each by itself takes several times as long as
// to find it. What is one value and has values in it has another separator for them.
const (
	betweenValues = "\x1f"
	betweenInner  = "\x1e"
	betweenRare   = "\x1d"
)

// numbers reads the rows of a query into row, and calls each after each of them. No column
// may be NULL: it would be left out, and what comes after it would move up.
func (t *Tx) numbers(columns, from string, args []any, row []int64, each func()) error {
	var rows int
	var text string
	err := t.row(`SELECT count(*), COALESCE(group_concat(concat_ws(char(31), `+columns+`), char(31)), '') FROM `+from,
		args, &rows, &text)
	if err != nil {
		return err
	}
	v := values{text: text, between: betweenValues[0]}
	for range rows {
		for i := range row {
			row[i] = v.number()
		}
		each()
	}
	if v.wrong || v.text != "" {
		return fmt.Errorf("%d rows are not of %d numbers", rows, len(row))
	}
	return nil
}

// values are what a text has between separators.
type values struct {
	text    string
	between byte
	wrong   bool // something was no number, or there were not as many as there should be
}

// next takes a value from the beginning.
func (v *values) next() (s string) {
	i := strings.IndexByte(v.text, v.between)
	if i < 0 {
		s, v.text = v.text, ""
		return s
	}
	s, v.text = v.text[:i], v.text[i+1:]
	return s
}

// number takes a value that is a number.
func (v *values) number() int64 {
	n, err := strconv.ParseInt(v.next(), 10, 64)
	v.wrong = v.wrong || err != nil
	return n
}

// rare takes a value that is so many values, or none.
func (v *values) rare(n int) (few values, some bool) {
	s := v.next()
	if s == "" {
		return values{}, false
	}
	v.wrong = v.wrong || strings.Count(s, betweenRare) != n-1
	return values{text: s, between: betweenRare[0]}, true
}
