package sanitize

import (
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

// maxQuotes is how deep quotes are set apart; deeper ones are shown at that level.
const maxQuotes = 8

// maxQuoted is how many lines are quoted before they are folded away. Whoever
// answers between the lines quotes a few at a time.
const maxQuoted = 8

// Text makes a document of a plain text body. The text is escaped first and
// linkified afterwards, both in linear time; its spaces and line ends are kept,
// and lines quoted with > become block quotes. Long ones are folded, which takes
// no script.
func Text(plain string, o Options) Document {
	doc := Document{}
	if len(plain) > maxText {
		doc.Truncated = true
		cut := maxText
		for cut > maxText-utf8.UTFMax && !utf8.RuneStart(plain[cut]) {
			cut--
		}
		plain = plain[:cut]
	}
	plain = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace(strings.ToValidUTF8(plain, "\uFFFD"))
	lines := strings.Split(strings.TrimRight(plain, "\n"), "\n")
	w := textWriter{folds: answers(lines)}
	for i, line := range lines {
		if w.level == 0 && strings.HasPrefix(line, ">") {
			w.run = quotedLines(lines[i:])
		}
		w.line(line)
	}
	w.to(0)
	f := frame{Options: o, plain: true, columns: inColumns(lines)}
	doc.HTML = f.around(w.String())
	return doc
}

// A textWriter writes runs of lines of one quote level as blocks.
type textWriter struct {
	strings.Builder
	folds  bool // long quotes are folded
	folded bool // we are in one
	level  int
	run    int  // lines of the quote that begins
	inside bool // a block is open
	begun  bool // and has a line
}

func (w *textWriter) line(s string) {
	level, s := quoteLevel(s)
	if level != w.level {
		w.to(level)
	}
	switch {
	case level == 0 && s == "-- ": // RFC 3676 section 4.3
		w.to(0)
		w.WriteString(`<div class="letterlock-signature">`)
		w.inside, w.begun = true, false
		return
	case !w.inside:
		w.WriteString("<div>")
	case w.begun:
		w.WriteByte('\n')
	}
	w.inside, w.begun = true, true
	linkify(&w.Builder, s)
}

// to ends the open block and goes to another quote level.
func (w *textWriter) to(level int) {
	if w.inside {
		w.WriteString("</div>")
		w.inside = false
	}
	if w.level == 0 && level > 0 && w.folds && w.run > maxQuoted {
		w.folded = true
		w.WriteString(`<details class="letterlock-quoted"><summary>Quoted text, ` + strconv.Itoa(w.run) + ` lines</summary>`)
	}
	for ; w.level < level; w.level++ {
		w.WriteString("<blockquote>")
	}
	for ; w.level > level; w.level-- {
		w.WriteString("</blockquote>")
	}
	if level == 0 && w.folded {
		w.folded = false
		w.WriteString("</details>")
	}
}

// inColumns reports whether several lines have gaps in them: their author has set
// them under each other with blanks, which only letters of one width keep there.
func inColumns(lines []string) bool {
	n := 0
	for _, s := range lines {
		if strings.Contains(strings.TrimLeft(strings.TrimSpace(s), "> "), "   ") {
			n++
		}
	}
	return n >= 3
}

// answers reports whether there is anything beside quotes: a mail that is nothing
// but a quote is shown.
func answers(lines []string) bool {
	return slices.ContainsFunc(lines, func(s string) bool { return s != "" && s[0] != '>' && strings.TrimSpace(s) != "" })
}

// quotedLines counts the lines that are quoted from the first on.
func quotedLines(lines []string) int {
	n := 0
	for n < len(lines) && strings.HasPrefix(lines[n], ">") {
		n++
	}
	return n
}

func quoteLevel(s string) (int, string) {
	level := 0
	for level < maxQuotes && strings.HasPrefix(s, ">") {
		level++
		s = s[1:]
		if strings.HasPrefix(s, " >") {
			s = s[1:]
		}
	}
	if level > 0 {
		s = strings.TrimPrefix(s, " ")
	}
	return level, s
}

// linkify writes one line with the addresses in it as links. Each word is looked
// at once and from its beginning only.
func linkify(b *strings.Builder, s string) {
	if !mayHoldAddress(s) {
		b.WriteString(html.EscapeString(s))
		return
	}
	for s != "" {
		n := strings.IndexFunc(s, unicode.IsSpace)
		if n < 0 {
			n = len(s)
		}
		word(b, s[:n])
		s = s[n:]
		n = strings.IndexFunc(s, func(r rune) bool { return !unicode.IsSpace(r) })
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
}

// mayHoldAddress reports whether a line has what every address has somewhere:
// most lines have not, and are not looked at word by word.
func mayHoldAddress(s string) bool {
	return strings.ContainsAny(s, "@:") || strings.Contains(strings.ToLower(s), "www.")
}

// word writes what stands between two spaces.
func word(b *strings.Builder, s string) {
	start := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("<([{\"'«„“‘", r) })
	if start < 0 {
		start = len(s)
	}
	end := addressEnd(s, start)
	href, host, ok := target(s[start:end])
	if !ok {
		b.WriteString(html.EscapeString(s))
		return
	}
	b.WriteString(html.EscapeString(s[:start]))
	b.WriteString(`<a`)
	for _, a := range linkAttrs(href) {
		writeAttr(b, a.Key, a.Val)
	}
	writeAttr(b, "title", host)
	b.WriteString(`>` + html.EscapeString(s[start:end]) + `</a>`)
	if misleads(s[start:end], host) {
		b.WriteString(`<span class="` + hostClass + `"> [` + html.EscapeString(host) + `]</span>`)
	}
	b.WriteString(html.EscapeString(s[end:]))
}

// addressEnd returns where an address that begins at start ends: before what
// cannot be seen or closes an enclosing bracket, and before punctuation that
// belongs to the sentence.
func addressEnd(s string, start int) int {
	end := len(s)
	if i := strings.IndexFunc(s[start:], func(r rune) bool {
		return r == '<' || r == '>' || r == '"' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}); i >= 0 {
		end = start + i
	}
	open := strings.Count(s[start:end], "(") - strings.Count(s[start:end], ")")
	for end > start {
		r, n := utf8.DecodeLastRuneInString(s[start:end])
		switch {
		case r == ')' && open < 0:
			open++
		case !strings.ContainsRune(".,;:!?'»”“’]}", r):
			return end
		}
		end -= n
	}
	return end
}

// target returns where a word leads, if it is an address.
func target(s string) (href, host string, ok bool) {
	lower := strings.ToLower(s[:min(len(s), 8)])
	switch {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"), strings.HasPrefix(lower, "mailto:"):
		return cleanLink(s)
	case strings.HasPrefix(lower, "www.") && strings.Count(s[:min(len(s), 253)], ".") >= 2:
		return cleanLink("https://" + s)
	case len(s) <= 254 && strings.Contains(s, "@"):
		if a, err := letterlock.ParseAddress(s); err == nil {
			return cleanLink("mailto:" + string(a))
		}
	}
	return "", "", false
}
