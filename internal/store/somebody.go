package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"letterlock/internal/letterlock"
)

// A somebody is what a search asks of a recipient. Where that is more than one thing, one of
// them has to meet all: of a message that is in several lists each says that somebody is
// there who meets its condition, and not that it is the same.
type somebody struct {
	who   letterlock.Sought
	where []string // conditions on a recipient r
	args  []any
	asked int // how many conditions of the search these are
}

// has asks one thing more, a condition on a recipient r.
func (p *somebody) has(condition string, args ...any) {
	p.where, p.args = append(p.where, condition), append(p.args, args...)
	p.asked++
}

// is asks for an address. In SQL that is only a part of the question, because there only
// letters of ASCII are the same when they are small.
func (p *somebody) is(who letterlock.Sought) {
	switch p.who = who; {
	case who == letterlock.Sought{}:
		return
	case who.Part == "":
		p.has(`r.domain = ?`, cmp.Or(who.Domain, letterlock.Address(who.Whole).Domain()))
	default:
		p.asked++
	}
}

// several reports whether more than one thing is asked.
func (p *somebody) several() bool { return p.asked > 1 }

// some is the condition that a recipient of a message m meets what is asked in SQL.
func (p *somebody) some() string {
	return `EXISTS (SELECT 1 FROM recipients r WHERE r.seq = m.seq AND ` + strings.Join(p.where, ` AND `) + `)`
}

// among returns those of the places whose message has a recipient who meets all.
func (p *somebody) among(t *Tx, places []int64) (list []int64, err error) {
	if len(places) == 0 {
		return nil, nil
	}
	args := append([]any{placeList(places)}, p.args...)
	query := `SELECT count(*), COALESCE(group_concat(concat_ws(char(31), r.seq, r.address), char(31)), '')
		FROM json_each(?) p CROSS JOIN recipients r ON r.seq = p.value WHERE ` + strings.Join(append([]string{`TRUE`}, p.where...), ` AND `)
	var rows int
	var text string
	if err := t.row(numbered(query), args, &rows, &text); err != nil {
		return nil, err
	}
	v := values{text: text, between: betweenValues[0]}
	for range rows {
		if place, a := v.number(), letterlock.Address(v.next()); p.who.Matches(a) {
			list = append(list, place)
		}
	}
	if v.wrong || v.text != "" {
		return nil, fmt.Errorf("%d rows are not of a place and an address", rows)
	}
	slices.SortFunc(list, func(a, b int64) int { return cmp.Compare(b, a) })
	return slices.Compact(list), nil
}
