package store

import (
	"database/sql"
	"fmt"
	"strings"
)

// A gathering holds rows back so that one statement adds many of them: what a statement
// costs beside its rows, above all to open each index of a table, is half of the whole.
type gathering struct {
	conn   *conn
	tables []*gathered // in the order in which they first got a row
}

// gatherRows is how many rows of a table are held back; a power of two.
const gatherRows = 32

// gathered are the rows that one INSERT would add.
type gathered struct {
	query string
	stmts map[int]*sql.Stmt // by how many rows they add
	args  []any             // of all rows, one after the other
	width int               // of one
	rows  int
}

// add holds a row back. When there are enough of one table, all are added: rows may look
// for those of a table that got its own before.
func (g *gathering) add(query string, args []any) error {
	table := g.table(query)
	table.args, table.width = append(table.args, args...), len(args)
	if table.rows++; table.rows < gatherRows {
		return nil
	}
	return g.flush()
}

func (g *gathering) table(query string) *gathered {
	for _, t := range g.tables {
		if t.query == query {
			return t
		}
	}
	t := &gathered{query: query, stmts: make(map[int]*sql.Stmt)}
	g.tables = append(g.tables, t)
	return t
}

// flush adds all rows that are held back.
func (g *gathering) flush() error {
	for _, t := range g.tables {
		if err := t.flush(g.conn); err != nil {
			return err
		}
	}
	return nil
}

// flush adds them by as few statements as there are powers of two in their number, so
// that there are not as many statements as there can be numbers of rows.
func (t *gathered) flush(c *conn) error {
	args := t.args
	for n := gatherRows; t.rows > 0; n /= 2 {
		if t.rows < n {
			continue
		}
		s, err := t.prepare(c, n)
		if err != nil {
			return err
		}
		if _, err := s.Exec(args[:n*t.width]...); err != nil {
			return err
		}
		args, t.rows = args[n*t.width:], t.rows-n
	}
	clear(t.args)
	t.args = t.args[:0]
	return nil
}

func (t *gathered) prepare(c *conn, n int) (*sql.Stmt, error) {
	if s := t.stmts[n]; s != nil {
		return s, nil
	}
	query, err := manyRows(t.query, t.width, n)
	if err != nil {
		return nil, err
	}
	t.stmts[n], err = c.prepare(query)
	return t.stmts[n], err
}

// manyRows makes an INSERT with a list of values $1 to $width one of n such lists.
func manyRows(query string, width, n int) (string, error) {
	begin, row, ok := strings.Cut(query, "VALUES ")
	for i := 1; i <= width; i++ {
		before, after, found := strings.Cut(row, fmt.Sprintf("$%d", i))
		row, ok = before+"?"+after, ok && found && !strings.Contains(before, "$")
	}
	if !ok || strings.Contains(row, "$") {
		return "", fmt.Errorf("%q does not add one row of %d values", query, width)
	}
	return begin + "VALUES " + strings.Repeat(row+", ", n-1) + row, nil
}
