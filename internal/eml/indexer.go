package eml

import (
	"bytes"
	"time"

	"letterlock/internal/cputime"
)

// An Indexer makes the Index of a raw mail that is written to it. It is not for
// use by several goroutines at once.
//
// It looks at every line once. Of a header it keeps the lines until the header
// ends, of a body only the beginning of a line that might be a boundary, so its
// memory is bounded by Limits.HeaderBytes whatever the mail is.
type Indexer struct {
	limits Limits
	ix     Index
	err    error
	spent  time.Duration

	off    int64 // of the next byte
	lineAt int64 // of the line we are in
	eol    int64 // bytes of the line end before this line
	fresh  bool  // at the start of a line
	lastCR bool  // the last byte, if not at the start of a line, was a CR
	crs    int64 // all CRs, and those that were followed by LF
	crlfs  int64

	head     []byte // the header we are in, so far
	lineFrom int    // where in head the line we are in starts
	inHeader bool
	held     []byte // start of a body line that may be a boundary
	begun    int    // how much of "begin " this body line has had; -1: it is another

	stack []open
	leaf  int // the part whose body we are in; -1 in a header, preamble or epilogue
	count counter
}

const (
	// scanned is how much is looked at between two looks at the clock, which is the
	// processor's: waiting for one must not make a large mail bounce on a busy server.
	scanned = 64 << 10
	// boundaryLine is the longest line taken for a boundary. RFC 2046 allows 72.
	boundaryLine = 512
)

// NewIndexer returns an Indexer that stops at limits.
func NewIndexer(limits Limits) *Indexer {
	x := &Indexer{limits: limits.withDefaults(), fresh: true, leaf: -1}
	x.ix.Version = IndexVersion
	x.ix.Parts = make([]Part, 0, 4)
	x.err = x.begin(-1, 0, false)
	return x
}

// Write takes the next bytes of the mail. It returns a letterlock.Error with
// the Code TooLarge as soon as a limit is passed, its Key saying which ("size",
// "header", "depth", "parts", "cpu"), and the same error ever after.
func (x *Indexer) Write(p []byte) (int, error) {
	if x.err == nil && x.off+int64(len(p)) > x.limits.Size {
		x.err = tooLarge("size", x.limits.Size)
	}
	if x.err != nil {
		return 0, x.err
	}
	for rest := p; len(rest) > 0; {
		some := rest[:min(len(rest), scanned)]
		rest = rest[len(some):]
		x.spent += cputime.Of(func() { x.err = x.scan(some) })
		if x.err == nil && x.spent > x.limits.CPU {
			x.err = tooLarge("cpu", x.limits.CPU)
		}
		if x.err != nil {
			return 0, x.err
		}
	}
	return len(p), nil
}

func (x *Indexer) scan(p []byte) error {
	x.crs += int64(bytes.Count(p, []byte{'\r'}))
	if !x.ix.NUL && bytes.IndexByte(p, 0) >= 0 {
		x.ix.NUL = true
	}
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			return x.piece(p)
		}
		if err := x.piece(p[:i+1]); err != nil {
			return err
		}
		p = p[i+1:]
	}
	return nil
}

// piece takes a line, or as much of one as has come.
func (x *Indexer) piece(p []byte) error {
	whole := p[len(p)-1] == '\n'
	eol := int64(0)
	if whole {
		eol = 1
		if len(p) > 1 && p[len(p)-2] == '\r' || len(p) == 1 && x.lastCR {
			eol = 2
			x.crlfs++
		} else {
			x.ix.BareLF = true
		}
	}
	x.lastCR = p[len(p)-1] == '\r'
	x.off += int64(len(p))
	err := x.take(p, whole)
	x.fresh = whole
	if whole {
		x.lineAt, x.eol = x.off, eol
	}
	return err
}

func (x *Indexer) take(p []byte, whole bool) error {
	switch {
	case x.inHeader:
		if len(x.head)+len(p) > x.limits.HeaderBytes {
			return tooLarge("header", x.limits.HeaderBytes)
		}
		x.head = append(x.head, p...)
		if whole {
			return x.headerLine()
		}
	case len(x.held) > 0 || x.fresh && len(x.stack) > 0 && maybeBoundary(p):
		return x.hold(p, whole)
	default:
		x.body(p)
	}
	return nil
}

func maybeBoundary(p []byte) bool {
	return p[0] == '-' && (len(p) == 1 || p[1] == '-')
}

// hold keeps the start of a body line until it is clear whether it is a boundary.
func (x *Indexer) hold(p []byte, whole bool) error {
	line := p
	if len(x.held) > 0 || !whole {
		x.held = append(x.held, p[:min(len(p), boundaryLine+1)]...)
		line = x.held
		if len(line) <= boundaryLine && maybeBoundary(line) && !whole {
			return nil
		}
	}
	if whole && len(line) <= boundaryLine && maybeBoundary(line) {
		if found, err := x.boundary(line); found || err != nil {
			x.held = x.held[:0]
			return err
		}
	}
	if len(x.held) == 0 {
		x.body(p)
		return nil
	}
	// Not a boundary. What was held goes to the body, and so does the end of p
	// where a long piece did not fit.
	x.body(x.held)
	if fit := min(len(p), boundaryLine+1); fit < len(p) {
		x.body(p[fit:])
	}
	x.held = x.held[:0]
	return nil
}

func (x *Indexer) body(p []byte) {
	if x.leaf < 0 {
		return
	}
	if x.fresh {
		x.begun = 0
	}
	if x.begun >= 0 {
		x.maybeUU(p)
	}
	x.count.add(p)
}

// maybeUU marks the part that a uuencoded file may begin in.
func (x *Indexer) maybeUU(p []byte) {
	const first = "begin "
	for _, c := range p {
		if c != first[x.begun] {
			x.begun = -1
			return
		}
		if x.begun++; x.begun == len(first) {
			x.ix.Parts[x.leaf].UU, x.begun = true, -1
			return
		}
	}
}

// Close ends the mail and returns its Index, or the error that Write returned.
func (x *Indexer) Close() (*Index, error) {
	if x.err == nil {
		x.err = x.finish()
	}
	if x.err != nil {
		return nil, x.err
	}
	return &x.ix, nil
}

func (x *Indexer) finish() error {
	if x.inHeader && x.lineFrom < len(x.head) {
		if err := x.headerLine(); err != nil {
			return err
		}
	}
	if len(x.held) > 0 {
		if found, err := x.boundary(x.held); err != nil {
			return err
		} else if !found {
			x.body(x.held)
		}
	}
	if err := x.endHeaders(x.off); err != nil {
		return err
	}
	x.endLeaf(x.off, true)
	x.unwind(0, x.off)
	x.ix.Size = x.off
	x.ix.BareCR = x.crs != x.crlfs
	x.ix.nameAttachments()
	return nil
}
