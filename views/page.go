// Package views holds the pages: one templ file for each, with the struct of
// what it shows above it. A page shows exactly the fields of its struct; views
// look nothing up and decide nothing but whether something is there.
//
// Whoever fills a struct formats dates and sizes; a view places them. Fields of
// type string that name a URL are left empty for what is not allowed or does not
// exist, and the link, button or form is then absent.
package views

import (
	"strings"

	"letterlock/internal/language"
)

// A Page is what every page has: whose it is and who looks at it.
type Page struct {
	Words   language.Words // in which it is written
	Choice  LanguageChoice // of other languages; none on pages that have but one, or a long form that would be lost
	Title   string         // overrides the page's own title; normally empty
	Host    string         // the public host, as the address bar shows it
	Brand   Brand          // whose name, colours and logo a portal page bears
	Account *Account       // who has signed in; nil for nobody
	Scripts bool           // whether the page's policy lets our scripts run; gate and end pages have none in any case
	Refresh string         // where the page asks for itself again every 10 seconds when no script can ask; empty: it does not
	Demo    bool           // puts the striped demo bar, with a link to the walkthrough, above the page
}

// A LanguageChoice is what a page can be read in. A POST to URL with "language" and
// "return" changes it.
type LanguageChoice struct {
	URL    string
	Return string
	List   []Language
}

// A Language is one of them, by its own name.
type Language struct {
	Tag, Name, Direction string
	Here                 bool // it is the one of the page
}

// A Brand is a named look for portal pages.
type Brand struct {
	ID      string // value of data-brand on the root element, for CSSURL's rules
	Name    string // the organisation's name
	CSSURL  string // its three colours for light and dark; empty for our own
	LogoURL string // empty shows our mark
	Text    string // at the top of the page that a link opens; may be empty
	// AnyLanguage is that Text is said in all languages alike: it is in none that is known.
	AnyLanguage bool
	Privacy     string // where its privacy statement is; may be empty
}

// An Account is who has signed in: a recipient by address, staff by name too.
type Account struct {
	Name        string // staff only
	Address     string
	Sender      bool   // may send; staff only, like the next three
	Auditor     bool   // may open what shows everybody's messages
	Admin       bool   // may open rules, accounts and tokens
	HomeURL     string // where the mark in the rail leads
	MessagesURL string // a recipient's "My messages"; staff leave it empty
	SignOutURL  string // a POST ends the session
}

// A Time is a moment in words, and for machines.
type Time struct {
	ISO  string // RFC 3339
	Text string // formatted for the reader, with the zone where it matters
}

func (t Time) given() bool { return t.Text != "" }

// A Link is words that lead somewhere.
type Link struct{ Text, URL string }

// A Person is a name, which may be empty, and an address.
type Person struct{ Name, Address string }

// label is how a person is called in a sentence.
func (p Person) label() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Address
}

// monogram is the one or two letters that stand for a person.
func (p Person) monogram() string {
	words := strings.FieldsFunc(p.label(), func(r rune) bool { return strings.ContainsRune(" .-_@", r) })
	if p.Name == "" && len(words) > 1 {
		words = words[:1]
	}
	out := ""
	for i, w := range words {
		if i == 0 || i == len(words)-1 {
			for _, r := range w {
				out += strings.ToUpper(string(r))
				break
			}
		}
	}
	return out
}

// A Masked is an address that is shown in part only.
type Masked struct {
	Shown  string // m••••@quillfeather.example
	Spoken string // the address that begins with m at quillfeather.example
}

// A StateKind chooses the icon and the look of a State.
type StateKind string

const (
	StateUnread  StateKind = "unread"
	StateRead    StateKind = "read"
	StateRevoked StateKind = "revoked"
	StateExpires StateKind = "expires" // soon
	StateExpired StateKind = "expired"
	StateInline  StateKind = "inline"
	StateBounced StateKind = "bounced"
	StateSending StateKind = "sending" // the notification has not left yet
	StateDelayed StateKind = "delayed" // nor should it still be here

	// Of a bulk revocation, or of one message in it.
	StatePlanned  StateKind = "planned"
	StateWaiting  StateKind = "waiting"
	StateRunning  StateKind = "running"
	StateRestored StateKind = "restored"
	StateKept     StateKind = "kept" // as it was
	StateFailed   StateKind = "failed"

	// Of a part of the installation.
	StateWell  StateKind = "well"
	StateWarn  StateKind = "warn"  // not for long, or not for everybody
	StateWrong StateKind = "wrong" // does not work
)

// A State is an icon and a word for what has become of a message or recipient.
// Text is the kind's own word when empty.
type State struct {
	Kind StateKind
	Text string
}

// An Attachment is one row of a list of files.
type Attachment struct {
	Name string
	URL  string // empty shows the row without a link
	Note string // "PDF, 482 KB", or for the sender "482 KB, downloaded 11:24"
	Open string // where an attached mail is shown; empty for anything else

	Preview string // a small picture of a picture; empty: there is none
}

// A Frame is the document of a message's own text and how high its frame is
// before, or without, a script that measures it.
type Frame struct {
	URL    string
	Height int // 1 (a line or two) to 12 (more than a screen, and scrolls)
}

// FrameHeights is the greatest Frame.Height.
const FrameHeights = 12
