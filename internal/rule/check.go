package rule

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

// A Problem is a reason why a rule cannot be saved.
type Problem struct {
	Field string // of the rule: "name", "senders", "recipients", "domains", "subject", "body", "header", "values", "size", "data", "actions", "protection", "expiry", "asks", "brand", "sentence"
	Key   string // what is wrong, one of the keys below
	Value string // which value it is, if it is one of several
}

// Keys of problems.
const (
	Missing       = "missing"       // something must be there
	TooLong       = "too-long"      // a text or a list is longer than it may be
	Unprintable   = "unprintable"   // it holds characters that nobody sees
	NoAddress     = "no-address"    // neither an address nor a domain
	NoDomain      = "no-domain"     // no domain
	NoWord        = "no-word"       // nothing that is a letter or a digit
	ManyWords     = "many-words"    // a phrase of more words than there may be
	BadPattern    = "bad-pattern"   // no regular expression of RE2
	BigPattern    = "big-pattern"   // one that would cost too much
	EmptyPattern  = "empty-pattern" // one that is found everywhere
	BadName       = "bad-name"      // no name of a header field
	OutOfRange    = "out-of-range"  // a number that makes no sense
	Unknown       = "unknown"       // none of the words that there are
	NeverMatches  = "never-matches" // no mail can meet it
	Contradiction = "contradiction" // one action excludes another
)

// A checker reads the values of one rule and notes what is wrong with them.
type checker struct{ problems []Problem }

func (c *checker) wrong(field, key, value string) {
	c.problems = append(c.problems, Problem{Field: field, Key: key, Value: value})
}

// Check returns what is wrong with a rule; nothing: it can be saved.
func Check(r Rule) []Problem {
	_, problems := compile(r)
	return problems
}

func (c *checker) text(field, s string, most int, needed bool) {
	switch {
	case needed && strings.TrimSpace(s) == "":
		c.wrong(field, Missing, "")
	case utf8.RuneCountInString(s) > most:
		c.wrong(field, TooLong, "")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unprintable):
		c.wrong(field, Unprintable, "")
	}
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }

// values reports whether there are values, and refuses what no list of them may be.
func (c *checker) values(field string, list []string) bool {
	if len(list) > MaxValues {
		c.wrong(field, TooLong, "")
		return false
	}
	return len(list) > 0
}

// domains reads domains; *. before one means all below it as well.
func (c *checker) domains(field string, list []string) (out []place) {
	if !c.values(field, list) {
		return nil
	}
	for _, s := range list {
		name, below := strings.CutPrefix(s, "*.")
		a, err := letterlock.ParseAddress("x@" + name)
		if err != nil || strings.Contains(name, "@") {
			c.wrong(field, NoDomain, s)
			continue
		}
		out = append(out, place{domain: a.Domain(), below: below, shown: s})
	}
	return out
}

// anywhere ends a local part that is meant at every domain: info@*.
const anywhere = "@*"

// addresses reads addresses and between them domains, where those are allowed, and else
// local parts that are meant at every domain.
func (c *checker) addresses(field string, list []string, domains bool) (out []place) {
	if !c.values(field, list) {
		return nil
	}
	for _, s := range list {
		if i := strings.LastIndexByte(s, '@'); domains && i <= 0 {
			out = append(out, c.domains(field, []string{strings.TrimPrefix(s, "@")})...)
			continue
		}
		local, everywhere := strings.CutSuffix(s, anywhere)
		if everywhere && !domains {
			a, err := letterlock.ParseAddress(local + "@x.example")
			if err != nil || strings.Contains(local, "@") {
				c.wrong(field, NoAddress, s)
				continue
			}
			out = append(out, place{local: a.Local(), shown: s})
			continue
		}
		a, err := letterlock.ParseAddress(s)
		if err != nil {
			c.wrong(field, NoAddress, s)
			continue
		}
		out = append(out, place{address: a, shown: s})
	}
	return out
}

// words reads words, phrases and patterns.
func (c *checker) words(field string, list []string) (terms []term, patterns []pattern) {
	if !c.values(field, list) {
		return nil, nil
	}
	for _, s := range list {
		switch inner, is := patternIn(s); {
		case utf8.RuneCountInString(s) > MaxValue:
			c.wrong(field, TooLong, s)
		case !utf8.ValidString(s) || strings.ContainsFunc(s, unprintable):
			c.wrong(field, Unprintable, "")
		case is:
			if p, ok := c.pattern(field, inner); ok {
				p.shown = s
				patterns = append(patterns, p)
			}
		default:
			switch words := wordsOf(s); {
			case len(words) == 0:
				c.wrong(field, NoWord, s)
			case len(words) > maxWords && !spread(words):
				c.wrong(field, ManyWords, s)
			default:
				terms = append(terms, term{words: words, shown: s})
			}
		}
	}
	return terms, patterns
}

// spread reports whether words are single characters of a script without spaces.
func spread(words []string) bool {
	for _, w := range words {
		if r, n := utf8.DecodeRuneInString(w); n != len(w) || !unicode.In(r, unspaced...) {
			return false
		}
	}
	return true
}

// patternIn returns what stands between the slashes of a pattern.
func patternIn(s string) (inner string, is bool) {
	if len(s) < 2 || s[0] != '/' || s[len(s)-1] != '/' {
		return "", false
	}
	return s[1 : len(s)-1], true
}

// pattern reads a regular expression of RE2, which takes linear time whatever it
// says; how many steps a character costs is bounded by its size.
func (c *checker) pattern(field, s string) (pattern, bool) {
	const flags = "(?im)"
	parsed, err := syntax.Parse(flags+s, syntax.Perl)
	if err != nil {
		c.wrong(field, BadPattern, "/"+s+"/")
		return pattern{}, false
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(prog.Inst) > maxProgram {
		c.wrong(field, BigPattern, "/"+s+"/")
		return pattern{}, false
	}
	re, err := regexp.Compile(flags + s)
	if err != nil {
		c.wrong(field, BadPattern, "/"+s+"/")
		return pattern{}, false
	}
	if re.MatchString("") {
		c.wrong(field, EmptyPattern, "/"+s+"/")
		return pattern{}, false
	}
	return pattern{re: re}, true
}

func (c *checker) header(w Conditions) {
	switch {
	case w.Header == "" && len(w.Values) > 0:
		c.wrong("header", Missing, "")
	case len(w.Header) > 100 || strings.ContainsFunc(w.Header, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }):
		c.wrong("header", BadName, "")
	}
}

func (c *checker) actions(a Actions) {
	if a == (Actions{}) || a == (Actions{Sentence: a.Sentence}) {
		c.wrong("actions", Missing, "")
		return
	}
	others := a
	others.Refuse, others.Pass, others.Sentence = false, false, ""
	if (a.Refuse || a.Pass) && others != (Actions{}) || a.Refuse && a.Pass {
		c.wrong("actions", Contradiction, "")
	}
	if a.Protection != "" {
		if _, err := letterlock.ParseProtection(string(a.Protection)); err != nil {
			c.wrong("protection", Unknown, "")
		}
	}
	if _, err := letterlock.ParseSpan(a.Expiry.String()); err != nil || a.Expiry < 0 {
		c.wrong("expiry", OutOfRange, "")
	}
	if _, err := letterlock.ParseDemand(string(a.Asks)); err != nil {
		c.wrong("asks", Unknown, "")
	}
	c.text("brand", a.Brand, MaxName, false)
	c.text("sentence", a.Sentence, MaxSentence, a.Refuse)
}
