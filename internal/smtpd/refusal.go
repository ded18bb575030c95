package smtpd

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
	"golang.org/x/text/unicode/norm"

	"letterlock/internal/intake"
)

// replyText is how many bytes of text a line of a reply has: with what go-smtp writes
// around them they are no more than the 512 of RFC 5321 section 4.5.3.1.5.
const replyText = 480

// refusedBy is the reply to a mail that a rule refuses: what an administrator has
// written for its sender. Nothing of it comes from the client. A client that has begun the mail with SMTPUTF8 reads it as
// it was written, RFC 6531 section 3.7.4; another in letters that every client knows
// or, where those would leave little of it, in words of ours.
func refusedBy(r *intake.Refusal, inUTF8 bool) *smtp.SMTPError {
	text := clean(r.Sentence)
	if !inUTF8 {
		text = plainRefusal(r)
	}
	return refusedIn(text)
}

// mostNames is how many recipients a reply names.
const mostNames = 5

// nobodyVouches is the reply to a mail that asks for OpenID of those who have none.
func nobodyVouches(without *intake.Unprovable, inUTF8 bool) *smtp.SMTPError {
	text := "readers have to sign in with OpenID, and no provider that is set up here can vouch for"
	if without.Brand {
		text = "its brand wants no passcodes, and no OpenID provider that is set up here can vouch for"
	}
	for i, a := range without.To {
		if i == mostNames {
			text += fmt.Sprintf(" and %d more", len(without.To)-i)
			break
		}
		text += " " + string(a)
	}
	if text = clean(text); !inUTF8 {
		text, _ = inASCII(text)
	}
	return refusedIn(text)
}

func refusedIn(text string) *smtp.SMTPError {
	lines := folded(text)
	for i := range lines[:len(lines)-1] {
		lines[i] = "5.7.1 " + lines[i] // which go-smtp puts before the last alone
	}
	return reply(550, smtp.EnhancedCode{5, 7, 1}, strings.Join(lines, "\n"))
}

func plainRefusal(r *intake.Refusal) string {
	if text, ok := inASCII(r.Sentence); ok {
		return text
	}
	if name, ok := inASCII(r.Rule); ok {
		return "a rule of your organisation refuses this mail: " + name
	}
	return "a rule of your organisation refuses this mail, ask your administrator why"
}

// clean is a sentence on one line, with nothing in it that a terminal could obey.
func clean(sentence string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return '?'
		}
		return r
	}, norm.NFC.String(sentence))
}

// plainLetters are those that Unicode does not take apart, and signs, as they are
// written where there are none of them.
var plainLetters = map[rune]string{
	'ß': "ss", 'ẞ': "SS", 'æ': "ae", 'Æ': "AE", 'œ': "oe", 'Œ': "OE", 'ø': "o", 'Ø': "O", 'ł': "l", 'Ł': "L", 'đ': "d", 'Đ': "D", 'ð': "d", 'Ð': "D",
	'þ': "th", 'Þ': "Th", 'ħ': "h", 'Ħ': "H", 'ı': "i", 'ŋ': "n", 'Ŋ': "N", 'ŧ': "t", 'Ŧ': "T", 'ĸ': "k", 'ə': "e", 'Ə': "E",
	'‘': "'", '’': "'", '‚': "'", '‹': "'", '›': "'", '′': "'", '“': `"`, '”': `"`, '„': `"`, '«': `"`, '»': `"`, '″': `"`,
	'−': "-", '×': "x", '·': ".", '•': "*", '⁄': "/", '€': "EUR", '£': "GBP", '©': "(c)", '®': "(R)", '→': "->", '¿': "", '¡': "",
}

// inASCII writes a sentence with the letters that every client knows, on one line. ok:
// enough of it is left to be understood.
func inASCII(sentence string) (text string, ok bool) {
	var b strings.Builder
	kept, lost := 0, 0
	for _, r := range norm.NFKD.String(sentence) {
		plain, known := plainLetters[r]
		switch {
		case known:
			b.WriteString(plain)
			kept++
		case unicode.In(r, unicode.Mn, unicode.Cf): // the dots of an ä, which decomposed is an a with dots
		case unicode.Is(unicode.Pd, r):
			b.WriteByte('-')
		case ' ' <= r && r <= '~':
			b.WriteRune(r)
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				kept++
			}
		default:
			b.WriteByte('?')
			lost++
		}
	}
	return b.String(), kept > 3*lost
}

// folded splits a text into lines of a reply, at spaces where there are any.
func folded(text string) (lines []string) {
	for len(text) > replyText {
		end := strings.LastIndexByte(text[:replyText], ' ')
		if end < replyText/2 {
			for end = replyText; !utf8.RuneStart(text[end]); {
				end--
			}
		}
		lines = append(lines, text[:end])
		text = strings.TrimPrefix(text[end:], " ")
	}
	return append(lines, text)
}
