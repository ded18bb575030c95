package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"letterlock/internal/letterlock"
)

// A source is one condition of a search: a list of the places of all messages that
// meet it, and perhaps of others, of which it is then asked.
type source struct {
	from  string // a table or a query, called s
	key   string // its column of places; with a + before it, its rows are put in order
	where string // "" or a condition on s
	args  []any  // of from and where together
	once  bool   // no place is in the list twice, and to begin it costs little
	joint bool   // it is what is common to several lists of an index, which is found in half the time from the oldest on
	holds string // a condition on m, which a message has to meet besides; empty: none
	asked []any  // of holds
	loose bool   // it has messages, too, of which no recipient meets what is asked of one
	dear  bool   // holds alone says all, and does so for a few in less time than a long list takes
	index bool   // it is one of words, and found by them alone
}

// A finder is a search on its way to become places: what is common to the lists of
// its sources, of those between lo and hi.
//
// It reads each list from the newest on, and only as far as it must. To ask of each
// message of one list whether it meets the other conditions takes a hundred times as
// long, and the more so the less often they meet.
type finder struct {
	tx       *Tx
	sources  []source
	somebody *somebody // what one recipient of a message has to meet besides; nil: nothing
	lo, hi   int64
	lists    []*listing
	asks     []source
	part     *listing // what is asked so far, and becomes a list; nil: there is none
	pace
}

// A pace is how much is done at once. What is found does not depend on it.
type pace struct {
	piece int // of a list at first; each is twice as long as the one before
	rare  int // places that a dear source may have to be read as a list at once, and how often it is asked before it is
	ask   int // messages that are asked together
}

var usual = pace{piece: 256, rare: 2000, ask: 1000}

// lastPiece is where pieces stop growing.
const lastPiece = 1 << 15

// places returns the first places before one, 0: from the newest.
func (f *finder) places(before int64, limit int) (found []int64, err error) {
	hi := f.hi
	if before > 0 {
		hi = min(hi, before)
	}
	if err := f.begin(hi, limit); err != nil {
		return nil, err
	}
	asked := 0
	for next := hi - 1; ; {
		some, err := f.meet(next, min(limit-len(found), f.pace.ask))
		if err != nil || len(some) == 0 {
			return found, err
		}
		next = some[len(some)-1] - 1
		asked += len(some)
		if some, err = f.ask(some); err == nil && f.somebody != nil {
			some, err = f.somebody.among(f.tx, some)
		}
		if err != nil {
			return nil, err
		}
		if found = append(found, some...); len(found) == limit {
			return found, nil
		}
		if f.part != nil && asked >= f.rare {
			f.lists, f.part = append(f.lists, f.part), nil
		}
	}
}

// foundAtOnce is what Found returns if the search is one list that is read from the
// newest on, and its messages can be read by one statement. They are counted meanwhile,
// which takes a third of the time of reading a page.
func (f *finder) foundAtOnce(before int64, limit, most int) (list []SentMessage, total int, ok bool, err error) {
	s := f.sources[0]
	if !f.plain() || s.joint {
		return nil, 0, false, nil
	}
	where, args := s.between(f.lo, f.hi)
	n := 0
	count := f.tx.beside(func(tx *Tx) (err error) { n, err = tx.count(s.from+` WHERE `+where, args, most); return err })
	hi := f.hi
	if before > 0 {
		hi = min(hi, before)
	}
	if list, ok, err = f.tx.newestOf(s, f.lo, hi, limit); err != nil || !ok {
		return nil, 0, false, err
	}
	if before == 0 && len(list) < limit {
		return list, min(len(list), most), true, nil
	}
	err = count()
	return list, n, err == nil, err
}

// counted returns the newest places, and how many there are, up to most.
func (f *finder) counted(limit, most int) (found []int64, total int, err error) {
	s := f.sources[0]
	if !f.plain() || !s.joint {
		found, err = f.places(0, max(limit, most))
		return found, min(len(found), most), err
	}
	where, args := s.between(f.lo, f.hi)
	found, err = f.tx.places(`SELECT `+s.key+` AS place FROM `+s.from+` WHERE `+where+` LIMIT ? + 0`, append(args, max(limit, most)))
	if err != nil || len(found) < most {
		return found, min(len(found), most), err
	}
	found, err = f.places(0, limit)
	return found, most, err
}

// count counts the rows of a list, up to most. To go past that many takes half the
// time of counting them.
func (t *Tx) count(list string, args []any, most int) (n int, err error) {
	err = t.row(numbered(`SELECT 1 FROM `+list+` LIMIT 1 OFFSET ? + 0`), append(slices.Clip(args), most-1), &n)
	if err == nil {
		return most, nil
	}
	if !errors.Is(err, letterlock.NotFound) {
		return 0, err
	}
	err = t.row(numbered(`SELECT count(*) FROM `+list), args, &n)
	return n, err
}

// plain reports whether the search is one list, and no message of it has to meet anything.
func (f *finder) plain() bool {
	s := f.sources[0]
	return len(f.sources) == 1 && f.somebody == nil && s.once && (s.holds == "" || s.dear)
}

// All places lie from first on and before end.
const first, end = 1, 1 << 62

// between is the condition of the part of a list that lies from lo on and before hi.
// SQLite looks at the place of each row of an index of words once more for each bound,
// which is a quarter of the time of counting them.
func (s source) between(lo, hi int64) (where string, args []any) {
	var all []string
	args = slices.Clip(s.args)
	if s.where != "" {
		all = append(all, s.where)
	}
	if !s.index || lo > first {
		all, args = append(all, s.key+` >= ?`), append(args, lo)
	}
	if !s.index || hi < end {
		all, args = append(all, s.key+` < ?`), append(args, hi)
	}
	return strings.Join(all, ` AND `), args
}

// numbered writes the arguments of a query, which are written as ?, as $1, $2 and so on.
func numbered(query string) string {
	for i := 1; strings.Contains(query, "?"); i++ {
		query = strings.Replace(query, "?", fmt.Sprintf("$%d", i), 1)
	}
	return query
}

// begin settles which sources are lists, and which are asked.
func (f *finder) begin(hi int64, limit int) error {
	f.lists, f.asks, f.part = nil, nil, nil
	for _, s := range f.sources {
		l := &listing{tx: f.tx, source: s, lo: f.lo, hi: hi, many: max(f.piece, limit)}
		if f.plain() {
			l.many = limit
		}
		if strings.HasPrefix(s.key, "+") {
			l.many = 1 << 40 // or they would all be put in order for each piece
		}
		if s.dear && len(f.sources) > 1 {
			l.many = f.rare
			if err := l.more(); err != nil {
				return err
			}
			if l.hi > l.lo { // that was not all
				f.part = l
				continue
			}
		} else if s.holds != "" && !s.dear {
			f.asks = append(f.asks, s)
		}
		f.lists = append(f.lists, l)
	}
	return nil
}

// meet returns up to limit places that are in all lists, from one on.
func (f *finder) meet(next int64, limit int) (list []int64, err error) {
	for agree := 0; ; {
		for _, l := range f.lists {
			at, err := l.upTo(next)
			if err != nil || at == 0 {
				return list, err
			}
			if agree++; at < next {
				next, agree = at, 1
			}
			if agree < len(f.lists) {
				continue
			}
			if list = append(list, next); len(list) == limit {
				return list, nil
			}
			next, agree = next-1, 0
		}
	}
}

// ask returns those of the places whose messages meet what is asked of them.
func (f *finder) ask(places []int64) ([]int64, error) {
	asks := f.asks
	if f.part != nil {
		asks = append(slices.Clip(asks), f.part.source) // last, because it is the dearest
	}
	if len(asks) == 0 {
		return places, nil
	}
	args := []any{placeList(places)}
	var holds []string
	for _, s := range asks {
		holds, args = append(holds, s.holds), append(args, s.asked...)
	}
	return f.tx.places(`SELECT m.seq AS place FROM json_each(?) p CROSS JOIN messages m ON m.seq = p.value
		WHERE `+strings.Join(holds, ` AND `), args)
}

// A listing reads the places of a source, newest first, many at a time.
type listing struct {
	tx     *Tx
	source source
	lo, hi int64   // what was not read yet lies from lo on, and before hi
	read   []int64 // and not yet gone past
	many   int     // how many are read next
}

// upTo returns the newest place that is not behind one; 0: there is none.
func (l *listing) upTo(place int64) (int64, error) {
	for {
		i, _ := slices.BinarySearchFunc(l.read, place, func(a, b int64) int { return cmp.Compare(b, a) })
		if l.read = l.read[i:]; len(l.read) > 0 {
			return l.read[0], nil
		}
		if l.hi = min(l.hi, place+1); l.hi <= l.lo {
			return 0, nil
		}
		if err := l.more(); err != nil {
			return 0, err
		}
	}
}

// more reads the next piece.
func (l *listing) more() (err error) {
	s := l.source
	where, args := s.between(l.lo, l.hi)
	l.read, err = l.tx.places(`SELECT `+s.key+` AS place FROM `+s.from+` WHERE `+where+` ORDER BY `+s.key+` DESC LIMIT ? + 0`,
		append(args, l.many))
	if n := len(l.read); n == l.many {
		l.hi = l.read[n-1]
	} else {
		l.hi = l.lo
	}
	l.many = min(2*l.many, lastPiece)
	return err
}

// places reads the column place of a query whose arguments are written as ?. They
// come as one value: to fetch each as a row takes five times as long.
func (t *Tx) places(query string, args []any) ([]int64, error) {
	var text string
	if err := t.row(numbered(`SELECT COALESCE(group_concat(place), '') FROM (`+query+`)`), args, &text); err != nil || text == "" {
		return nil, err
	}
	list := make([]int64, 0, strings.Count(text, ",")+1)
	for part := range strings.SplitSeq(text, ",") {
		place, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("reading a place: %w", err)
		}
		list = append(list, place)
	}
	// They are in this order already, as far as SQLite adds them up as they come.
	slices.SortFunc(list, func(a, b int64) int { return cmp.Compare(b, a) })
	return list, nil
}

// placeList is places as json_each reads them.
func placeList(places []int64) string {
	b := append(make([]byte, 0, 2+20*len(places)), '[')
	for i, p := range places {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, p, 10)
	}
	return string(append(b, ']'))
}
