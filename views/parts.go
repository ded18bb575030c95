package views

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"letterlock/internal/language"
)

func localPart(address string) string {
	if i := strings.LastIndexByte(address, '@'); i > 0 {
		return address[:i]
	}
	return address
}

// domainPart is the @ and what follows it.
func domainPart(address string) string {
	return address[len(localPart(address)):]
}

// stateLooks says for each kind of state its class and icon.
var stateLooks = map[StateKind]struct{ class, icon string }{
	StateUnread:  {"state", "mail"},
	StateRead:    {"state state--read", "read"},
	StateRevoked: {"state state--revoked", "revoke"},
	StateExpires: {"state state--expires", "clock"},
	StateExpired: {"state", "clock"},
	StateInline:  {"state state--inline", "inline"},
	StateBounced: {"state state--bounced", "bounce"},
	StateSending: {"state", "sent"},
	StateDelayed: {"state state--expires", "clock"},

	StatePlanned:  {"state", "file"},
	StateWaiting:  {"state state--expires", "clock"},
	StateRunning:  {"state state--read", "clock"},
	StateRestored: {"state state--read", "restore"},
	StateKept:     {"state", "info"},
	StateFailed:   {"state state--expires", "alert"},

	StateWell:  {"state state--read", "check"},
	StateWarn:  {"state state--expires", "alert"},
	StateWrong: {"state state--revoked", "alert"},
}

func stateClass(k StateKind) string { return stateLooks[k].class }
func stateIcon(k StateKind) string  { return stateLooks[k].icon }

// stateWord is the word of a state. Recipients' languages have none of their own: who
// shows a state to recipients says its Text.
func stateWord(w language.Words, s State) string {
	if s.Text != "" {
		return s.Text
	}
	if id := "state." + string(s.Kind); w.Has(id) {
		return w.Text(id)
	}
	return language.Words{}.Text("state." + string(s.Kind))
}

// frameClass is the height that the style sheet gives a frame without a script.
func frameClass(height int) string {
	return "frame-" + strconv.Itoa(min(max(height, 1), FrameHeights))
}

// count is a number and its noun, "1 attachment" or "2 attachments".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// numbered is the name of one of several things of a kind.
func numbered(kind string, i int) string { return kind + "-" + strconv.Itoa(i+1) }

// titled is the title of a page: its own words, or what the Page says instead.
func titled(p Page, own, of string) string {
	if p.Title != "" {
		own = p.Title
	}
	if of == "" {
		return own
	}
	return own + " · " + of
}

// spoken is text for those who hear the page, with the blank that keeps it
// apart from the words before it.
func spoken(text string) string { return " " + text }

// currentPage marks the link to the page that is shown.
func currentPage(is bool) templ.Attributes { return current(is, "page") }

// current marks one of several links as the chosen one.
func current(is bool, as string) templ.Attributes {
	if !is {
		return nil
	}
	return templ.Attributes{"aria-current": as}
}

// autofocus puts the reader's cursor where they go on: the first field, or the
// first wrong one.
func autofocus(is bool) templ.Attributes {
	if !is {
		return nil
	}
	return templ.Attributes{"autofocus": true}
}

// invalid ties a wrong field to the reason under it.
func invalid(is bool, reason string) templ.Attributes {
	if !is {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": reason}
}

// homeURL is where the mark in the rail leads.
func homeURL(p Page) string {
	if p.Account != nil && p.Account.HomeURL != "" {
		return p.Account.HomeURL
	}
	return "/"
}

// railID names the heading of the rail. Behind a confirmation the rail is a
// picture, and its name another.
func railID(behind bool) string {
	if behind {
		return "nav-admin-behind"
	}
	return "nav-admin"
}

// fileCount says how many files there are, and their size in all if that is known.
func fileCount(w language.Words, n int, size string) string {
	text := w.Count("read.attachments", n)
	if size == "" {
		return text
	}
	return w.Text("list.comma", "First", text, "Last", size)
}

// aloneURL is where a text stands alone, if there is one.
func aloneURL(url string, none bool) string {
	if none {
		return ""
	}
	return url
}
