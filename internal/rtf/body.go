package rtf

import (
	"bytes"
	"html"
	"strings"
	"unicode/utf16"
)

// A Body is what a rich text says. HTML reports that Text is HTML, which somebody
// once put in.
type Body struct {
	Text string
	HTML bool
}

// maxGroups is how deep groups are followed; what is deeper belongs to the last.
const maxGroups = 200

// Read returns what rich says. decode reads bytes in the alphabet of a codepage
// of Windows.
func Read(rich []byte, decode func(b []byte, codepage int) string) Body {
	head := rich[:min(len(rich), 1000)]
	r := reader{in: rich, decode: decode, page: 1252, fonts: map[int]int{}, tables: map[int]*[256]string{}, html: bytes.Contains(head, []byte(`\fromhtml`))}
	r.group.skip = 1
	for len(r.in) > 0 {
		r.next()
	}
	r.flush()
	return Body{Text: strings.TrimSpace(r.out.String()), HTML: r.html}
}

// A group is what holds between a pair of braces.
type group struct {
	silent bool // nothing of it is text
	tag    bool // it is HTML that was put in
	echo   bool // rich text for what a tag has said already
	font   int
	skip   int // characters that stand in for one in Unicode
	table  bool
}

type reader struct {
	in      []byte
	out     strings.Builder
	bytes   []byte               // characters of one codepage, not yet decoded
	pageOf  int                  // which that is
	decoded int                  // runs of them so far
	tables  map[int]*[256]string // by codepage
	group   group
	stack   []group
	deeper  int // groups that are open beyond the stack
	star    bool
	skip    int // characters still to leave out
	high    rune
	html    bool
	page    int
	fonts   map[int]int // codepages of fonts
	decode  func([]byte, int) string
}

func (r *reader) next() {
	c := r.in[0]
	r.in = r.in[1:]
	switch c {
	case '{':
		r.skip = 0
		if len(r.stack) < maxGroups {
			r.stack = append(r.stack, r.group)
		} else {
			r.deeper++
		}
	case '}':
		r.skip = 0
		if r.deeper > 0 {
			r.deeper--
		} else if n := len(r.stack); n > 0 {
			r.flush()
			r.group, r.stack = r.stack[n-1], r.stack[:n-1]
		}
	case '\\':
		r.control()
	case '\r', '\n', 0:
	default:
		r.char(c)
	}
}

// control reads what follows a backslash.
func (r *reader) control() {
	if len(r.in) == 0 {
		return
	}
	c := r.in[0]
	if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
		word, number, given := r.word()
		r.command(word, number, given)
		return
	}
	r.in = r.in[1:]
	switch c {
	case '\'':
		if len(r.in) >= 2 && isHex(r.in[0]) && isHex(r.in[1]) {
			b := unhex(r.in[0])<<4 | unhex(r.in[1])
			r.in = r.in[2:]
			r.char(b)
		}
	case '*':
		r.star = true
	case '~':
		r.text("\u00a0")
	case '_':
		r.text("-")
	case '\r', '\n':
		r.line()
	case '\\', '{', '}':
		r.char(c)
	}
}

// word reads a control word with its number.
func (r *reader) word() (word string, number int, given bool) {
	n := 0
	for n < len(r.in) && n < 32 && ('a' <= r.in[n] && r.in[n] <= 'z' || 'A' <= r.in[n] && r.in[n] <= 'Z') {
		n++
	}
	word, r.in = string(r.in[:n]), r.in[n:]
	n, sign := 0, 1
	if n < len(r.in) && r.in[n] == '-' {
		n, sign = 1, -1
	}
	for digits := 0; n < len(r.in) && digits < 9 && '0' <= r.in[n] && r.in[n] <= '9'; digits++ {
		number, given = number*10+int(r.in[n]-'0'), true
		n++
	}
	if n < len(r.in) && r.in[n] == ' ' {
		n++
	}
	r.in = r.in[n:]
	return word, sign * number, given
}

// silent destinations hold no text of the message.
var silent = map[string]bool{
	"fonttbl": true, "colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true, "header": true, "footer": true,
	"listtable": true, "listoverridetable": true, "rsidtbl": true, "themedata": true, "datastore": true, "fldinst": true, "generator": true, "xmlnstbl": true,
}

// named are the control words that stand for characters.
var named = map[string]string{
	"tab": "\t", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": "\u2003", "enspace": "\u2002",
}

func (r *reader) command(word string, n int, given bool) {
	star := r.star
	r.star = false
	switch {
	case word == "htmltag":
		r.flush()
		r.group.tag, r.group.silent = true, !r.html
	case star || silent[word]:
		r.group.silent = true
		r.group.table = word == "fonttbl"
	case word == "htmlrtf":
		r.flush()
		r.group.echo = !given || n != 0
	case word == "par" || word == "line":
		r.line()
	case named[word] != "":
		r.text(named[word])
	case word == "ansicpg":
		r.page = n
	case word == "f":
		r.group.font = n
	case word == "fcharset" && r.group.table:
		if len(r.fonts) < 1000 {
			r.fonts[r.group.font] = charsets[n]
		}
	case word == "uc":
		r.group.skip = max(0, min(n, 8))
	case word == "u":
		r.unicode(rune(uint16(n)))
	}
}

// charsets are the codepages of the numbers that fonts use; 0 stands for the
// text's own.
var charsets = map[int]int{
	128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250,
}

// unicode writes a character, half a one if it is of a pair, and leaves out what
// stands there for programs that do not know it.
func (r *reader) unicode(c rune) {
	switch {
	case utf16.IsSurrogate(c) && c < 0xdc00:
		r.high = c
	case utf16.IsSurrogate(c):
		r.text(string(utf16.DecodeRune(r.high, c)))
		r.high = 0
	default:
		r.text(string(c))
	}
	r.skip = r.group.skip
}

// heard reports whether what comes now is to be written.
func (r *reader) heard() bool {
	return !r.group.silent && !(r.html && r.group.echo && !r.group.tag)
}

// char takes one byte of text.
func (r *reader) char(c byte) {
	if r.skip > 0 {
		r.skip--
		return
	}
	if !r.heard() {
		return
	}
	page := r.fonts[r.group.font]
	if page == 0 {
		page = r.page
	}
	if page != r.pageOf {
		r.flush()
		r.pageOf = page
	}
	r.bytes = append(r.bytes, c)
}

// text takes characters that are in Unicode already.
func (r *reader) text(s string) {
	if !r.heard() {
		return
	}
	r.flush()
	r.write(s)
}

func (r *reader) line() {
	r.skip = 0
	if r.heard() {
		r.flush()
		r.out.WriteByte('\n')
	}
}

func (r *reader) flush() {
	if len(r.bytes) > 0 {
		r.alphabet()
		r.bytes = r.bytes[:0]
	}
}

// write escapes what is text beside HTML.
func (r *reader) write(s string) {
	if r.html && !r.group.tag {
		s = html.EscapeString(s)
	}
	r.out.WriteString(s)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
