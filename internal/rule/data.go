package rule

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// finders look for data in a folded text. begun says that the text is not the
// beginning, last that nothing follows it: a number that touches an end where there
// is more is looked at when the rest has come.
var finders = map[Data]func(text string, begun, last bool) bool{
	Card: hasCard, IBAN: hasIBAN, SSN: hasSSN,
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func alnum(c byte) bool { return digit(c) || 'a' <= c && c <= 'z' }

// joins reports whether a character would make a number beside it a part of a word: a
// letter or digit does, unless its script puts no space between words.
func joins(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.In(r, unspaced...)
}

// starts reports whether a number can begin at i: behind no letter or digit.
func starts(text string, i int, begun bool) bool {
	if i == 0 {
		return !begun
	}
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return !joins(r)
}

// ends reports whether a number can end before i.
func ends(text string, i int, last bool) bool {
	if i == len(text) {
		return last
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	return !joins(r)
}

// hasCard looks for card numbers: whole, or in the groups that are printed on cards,
// with the same sign between all of them, and one line end at most in place of one.
func hasCard(text string, begun, last bool) bool {
	for i := 0; i < len(text); i++ {
		if digit(text[i]) && starts(text, i, begun) && !behindPoint(text, i) && cardAt(text, i, last) {
			return true
		}
	}
	return false
}

// behindPoint reports whether the digits at i are those behind a decimal point. A comma
// is none: it stands between columns.
func behindPoint(text string, i int) bool {
	return i > 1 && text[i-1] == '.' && digit(text[i-2])
}

// cardGroups are how cards of more than one group are printed.
var cardGroups = []string{"4444", "44441", "44442", "44443", "465", "464"}

func cardAt(text string, i int, last bool) bool {
	var digits, groups, gaps []byte
	for {
		begin := len(digits)
		for i < len(text) && digit(text[i]) && len(digits) < 20 {
			digits = append(digits, text[i])
			i++
		}
		n := len(digits) - begin
		if n == 0 || len(digits) > 19 {
			return false
		}
		groups = append(groups, byte('0'+min(n, 9)))
		if ends(text, i, last) && (len(groups) == 1 || oneOf(string(groups), cardGroups)) && sameGaps(gaps) && isCard(digits) {
			return true
		}
		if n > 6 || i >= len(text)-1 || !strings.ContainsRune(" -.\t\n", rune(text[i])) {
			return false
		}
		gaps = append(gaps, text[i])
		i++
	}
}

func oneOf(s string, list []string) bool {
	for _, known := range list {
		if s == known {
			return true
		}
	}
	return false
}

// sameGaps reports whether one sign stands between all groups. One line end may
// stand in its place, where a program has broken the line; numbers of four digits
// under each other are a column, and no card.
func sameGaps(gaps []byte) bool {
	var sign byte
	breaks := 0
	for _, g := range gaps {
		switch {
		case g == '\n':
			breaks++
		case sign == 0:
			sign = g
		case g != sign:
			return false
		}
	}
	return breaks == 0 || breaks == 1 && (sign == ' ' || sign == '-')
}

// An issuer has numbers that begin from one number to another, and have one of some
// lengths.
type issuer struct {
	from, to int
	lengths  string // "\x10\x13": 16 or 19
}

const to19 = "\x10\x11\x12\x13"

// issuers by the beginnings of their numbers (ISO/IEC 7812).
var issuers = []issuer{
	{4, 4, "\x0d\x10\x13"},                 // Visa
	{51, 55, "\x10"}, {2221, 2720, "\x10"}, // Mastercard
	{34, 34, "\x0f"}, {37, 37, "\x0f"}, // American Express
	{300, 305, "\x0e"}, {309, 309, "\x0e"}, // Diners Club
	{36, 36, "\x0e"}, {38, 39, "\x0e"}, // likewise
	{6011, 6011, to19}, {644, 649, to19}, {65, 65, to19}, // Discover
	{3528, 3589, to19},             // JCB
	{62, 62, to19}, {81, 81, to19}, // UnionPay
	{2200, 2204, to19},                   // Mir
	{508, 508, "\x10"}, {60, 60, "\x10"}, // RuPay
	{5018, 5018, "\x0c\x0d\x0e\x0f" + to19}, {5020, 5020, "\x0c\x0d\x0e\x0f" + to19}, {5038, 5038, "\x0c\x0d\x0e\x0f" + to19}, // Maestro
	{6304, 6304, "\x0c\x0d\x0e\x0f" + to19}, {6759, 6763, "\x0c\x0d\x0e\x0f" + to19},
}

func isCard(digits []byte) bool {
	return issued(digits) && luhn(digits)
}

func issued(digits []byte) bool {
	for _, s := range issuers {
		begin, n := 0, 0
		for top := s.to; top > 0; top /= 10 {
			n++
		}
		if len(digits) < n || strings.IndexByte(s.lengths, byte(len(digits))) < 0 {
			continue
		}
		for _, d := range digits[:n] {
			begin = begin*10 + int(d-'0')
		}
		if s.from <= begin && begin <= s.to {
			return true
		}
	}
	return false
}

// luhn checks the last digit, ISO/IEC 7812-1 annex B. Nothing but one digit is no
// number, though its sum is right.
func luhn(digits []byte) bool {
	sum, same := 0, true
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		same = same && digits[i] == digits[0]
	}
	return sum%10 == 0 && !same
}

// ibanLengths are the lengths by country in the IBAN registry of SWIFT.
var ibanLengths = lengthsOf("ad24 ae23 al28 at20 az28 ba20 be16 bg22 bh22 bi27 br29 by28 ch21 cr22 cy28 cz24 de22 dj27 dk18 do28 " +
	"ee20 eg29 es24 fi18 fk18 fo18 fr27 gb22 ge22 gi23 gl18 gr27 gt28 hn28 hr21 hu28 ie22 il23 iq23 is26 it27 jo30 kw30 kz20 lb28 " +
	"lc32 li21 lt20 lu20 lv21 ly25 mc27 md24 me22 mk19 mn20 mr27 mt31 mu30 ni28 nl18 no15 om23 pk24 pl28 ps29 pt25 qa29 ro24 rs22 " +
	"ru33 sa24 sc31 sd18 se24 si19 sk24 sm27 so23 st25 sv28 tl23 tn24 tr26 ua29 va22 vg24 xk20 ye30")

func lengthsOf(list string) map[string]int {
	m := map[string]int{}
	for e := range strings.FieldsSeq(list) {
		m[e[:2]] = int(e[2]-'0')*10 + int(e[3]-'0')
	}
	return m
}

// hasIBAN looks for account numbers: whole, or in groups of four with a space, a
// dash or a line end between them.
func hasIBAN(text string, begun, last bool) bool {
	for i := 0; i+4 < len(text); i++ {
		if !digit(text[i+2]) || !digit(text[i+3]) || !starts(text, i, begun) {
			continue
		}
		if n := ibanLengths[text[i:i+2]]; n > 0 && ibanAt(text, i, n, last) {
			return true
		}
	}
	return false
}

func ibanAt(text string, i, n int, last bool) bool {
	number := make([]byte, 0, 34)
	grouped := false
	for len(number) < n {
		if len(number) > 0 && len(number)%4 == 0 && i < len(text) && strings.IndexByte(" -\n", text[i]) >= 0 {
			if len(number) > 4 && !grouped {
				return false // groups all the way, or none
			}
			grouped = true
			i++
		} else if grouped && len(number)%4 == 0 {
			return false
		}
		if i >= len(text) || !alnum(text[i]) {
			return false
		}
		number = append(number, text[i])
		i++
	}
	return ends(text, i, last) && mod97(append(number[4:], number[:4]...)) == 1
}

// mod97 is ISO 7064 MOD 97-10, with letters as 10 to 35.
func mod97(number []byte) (rest int) {
	for _, c := range number {
		if digit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'a') + 10) % 97
		}
	}
	return rest
}

// hasSSN looks for social security numbers: with dashes, or in any other form where
// the words before it say that it is one. They have no check digit.
func hasSSN(text string, begun, last bool) bool {
	for i := 0; i < len(text); i++ {
		if digit(text[i]) && starts(text, i, begun) && ssnAt(text, i, last) {
			return true
		}
	}
	return false
}

func ssnAt(text string, i int, last bool) bool {
	digits := make([]byte, 0, 9)
	begin, gaps := i, ""
	for len(digits) < 9 {
		if n := len(digits); (n == 3 || n == 5) && i < len(text) && !digit(text[i]) {
			gaps += text[i : i+1]
			i++
		}
		if i >= len(text) || !digit(text[i]) {
			return false
		}
		digits = append(digits, text[i])
		i++
	}
	if !ends(text, i, last) || i < len(text) && text[i] == '-' || begin > 0 && text[begin-1] == '-' || !canBeSSN(string(digits)) {
		return false
	}
	return gaps == "--" || (gaps == "" || gaps == "  ") && saysSSN(text[max(0, begin-40):begin])
}

func saysSSN(before string) bool {
	return strings.Contains(before, "ssn") || strings.Contains(before, "social security")
}

// canBeSSN leaves out what was never given to anybody: areas 000, 666 and 900 to 999,
// group 00, serial 0000, and two numbers that advertisements have made known.
func canBeSSN(d string) bool {
	area := d[:3]
	return area != "000" && area != "666" && area[0] != '9' && d[3:5] != "00" && d[5:] != "0000" && d != "078051120" && d != "219099999"
}
