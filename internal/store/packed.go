package store

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// between stands between two values that come as one text.
const between = "\x1f"

// packed reads the rows of a query into dest, and calls each after each of them; first
// it calls begin with how many there are.
//
// They come as one text: a page is more than two thousand values, and to hand over
// each by itself takes several times as long as to find it. That no value has in it
// what stands between them is known by how often it is there; where one has, the rows
// are read as everywhere. No column may be NULL: it would be left out, and what comes
// after it would move up.
func (t *Tx) packed(columns, from string, args []any, dest []any, begin func(rows int), each func() error) error {
	var rows int
	var text string
	err := t.row(`SELECT count(*), COALESCE(group_concat(concat_ws(char(31), `+columns+`), char(31)), '') FROM `+from,
		args, &rows, &text)
	if err != nil || rows == 0 {
		return err
	}
	begin(rows)
	if strings.Count(text, between) != rows*len(dest)-1 {
		return t.rows(`SELECT `+columns+` FROM `+from, args, func(rows *sql.Rows) error {
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			return each()
		})
	}
	for range rows {
		for _, d := range dest {
			var value string
			value, text, _ = strings.Cut(text, between)
			if err := unpack(value, d); err != nil {
				return fmt.Errorf("reading a row: %w", err)
			}
		}
		if err := each(); err != nil {
			return err
		}
	}
	return nil
}

// unpack puts a value where it goes.
func unpack(v string, dest any) (err error) {
	switch d := dest.(type) {
	case *string:
		*d = v
	case *int64:
		*d, err = strconv.ParseInt(v, 10, 64)
	case *int:
		*d, err = strconv.Atoi(v)
	case *bool:
		*d = v != "0"
	default:
		err = fmt.Errorf("no value goes into a %T", d)
	}
	return err
}
