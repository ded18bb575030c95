package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxLine bounds a line of an export or of the checkpoints. A row of ours stays
// well below.
const maxLine = 1 << 20

// A Report says what [Verify] has found in order.
type Report struct {
	Rows        int64     `json:"rows"`
	Checkpoints int64     `json:"checkpoints"`
	Covered     int64     `json:"covered"` // up to this row a checkpoint vouches for the log; the rest has its chain only
	CoveredAt   time.Time `json:"covered_at"`
}

// Verify reads an export of the audit log and all its checkpoints, and returns a
// [Fault] with the first thing that does not fit. It calls each, which may be nil,
// with every row that fits its chain. Other errors are those of reading.
//
// It finds a row that was changed in any column, removed, added or moved, a log
// that was cut off before its last checkpoint or made anew up to it, and a
// checkpoint that was changed, forged or left out, unless it was the last.
func Verify(export, checkpoints io.Reader, keys Keys, each func(Row, Hash)) (Report, error) {
	v := &verifier{points: newLines(checkpoints), keys: keys}
	err := v.log(newLines(export), each)
	v.report.Rows = v.walk.Rows
	return v.report, err
}

type verifier struct {
	report Report
	walk   Walk
	keys   Keys
	points *lines

	next *Checkpoint // the next one ahead of the walk; nil: there is none
	last []byte      // line of the checkpoint before it
}

func (v *verifier) log(rows *lines, each func(Row, Hash)) error {
	if err := v.point(); err != nil {
		return err
	}
	if v.next == nil {
		return &Fault{of: "checkpoints", Says: "there is none, so nothing shows that the log was not made anew"}
	}
	for {
		text, err := rows.next()
		if errors.Is(err, io.EOF) {
			return v.end()
		}
		if err != nil {
			return rows.fault(err, "export")
		}
		if err := v.row(rows, text, each); err != nil {
			return err
		}
	}
}

func (v *verifier) row(rows *lines, text []byte, each func(Row, Hash)) error {
	var c Record
	if err := read(text, &c); err != nil {
		return &Fault{Row: v.walk.Rows + 1, of: rows.place("export"), Says: "it is not as an export writes it"}
	}
	r, err := v.walk.Next(c)
	if err != nil {
		return err
	}
	if v.next != nil && v.next.Seq == c.Seq {
		if !bytes.Equal(v.next.Hash, c.Hash) {
			return rowFault(c.Seq, "the checkpoint of %s was made of another one: it, or a row before it, was changed and the chain made anew", v.next.when())
		}
		v.report.Covered, v.report.CoveredAt = c.Seq, time.Unix(v.next.At, 0).UTC()
		if err := v.point(); err != nil {
			return err
		}
	}
	if each != nil {
		each(r, c.Hash)
	}
	return nil
}

// end looks at what the checkpoints say of rows that are not there.
func (v *verifier) end() error {
	if v.next != nil {
		return rowFault(v.walk.Rows+1, "the log ends before it, and the checkpoint of %s covers row %d: "+
			"rows were removed from the end, or the export is older than the checkpoints", v.next.when(), v.next.Seq)
	}
	return nil
}

func (c Checkpoint) when() string { return time.Unix(c.At, 0).UTC().Format("2006-01-02 15:04:05 UTC") }

// point reads the next checkpoint.
func (v *verifier) point() error {
	text, err := v.points.next()
	if errors.Is(err, io.EOF) {
		v.next = nil
		return nil
	}
	if err != nil {
		return v.points.fault(err, "checkpoints")
	}
	c, err := ParseCheckpoint(text)
	says := ""
	switch {
	case err != nil:
		says = "it is no checkpoint"
	default:
		says = c.forged(v.keys)
	}
	switch {
	case says != "":
	case v.last == nil && len(c.Previous) > 0:
		says = "it is the first one here, and there was one before it"
	case !bytes.Equal(c.Previous, sumOf(v.last)):
		says = "it does not follow the one before it: some were left out, added or moved"
	case c.Seq < 1 || v.next != nil && c.Seq <= v.next.Seq:
		says = "it covers no more than the one before it"
	}
	if says != "" {
		return &Fault{of: v.points.place("checkpoints"), Says: says}
	}
	v.report.Checkpoints++
	v.next, v.last = &c, bytes.Clone(bytes.TrimSpace(text))
	return nil
}

// lines reads a file line by line.
type lines struct {
	scanner *bufio.Scanner
	number  int64
}

func newLines(r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	return &lines{scanner: s}
}

// next returns the next line, which is good until the one after it, or io.EOF.
func (l *lines) next() ([]byte, error) {
	l.number++
	if !l.scanner.Scan() {
		if err := l.scanner.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	return l.scanner.Bytes(), nil
}

func (l *lines) place(file string) string { return fmt.Sprintf("%s, line %d", file, l.number) }

// fault translates an error of reading: a line that is too long is none of ours.
func (l *lines) fault(err error, file string) error {
	if errors.Is(err, bufio.ErrTooLong) {
		return &Fault{of: l.place(file), Says: "it is longer than any that we write"}
	}
	return fmt.Errorf("%s: %w", l.place(file), err)
}
