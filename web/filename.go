package web

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxName is how many bytes of a file's name are passed on.
const maxName = 240

// disposition says that a file is to be saved, and under which name: in ASCII
// for old clients, and as it is written, RFC 6266.
func disposition(name string) string {
	name = fileName(name)
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%;`, r) {
			return '_'
		}
		return r
	}, name)
	header := `attachment; filename="` + ascii + `"`
	if ascii != name {
		header += "; filename*=UTF-8''" + extValue(name)
	}
	return header
}

// fileName makes a name that can be saved out of what a stranger wrote: nothing
// that controls a terminal, turns the direction of text or leads to a folder.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r), r == unicode.ReplacementChar:
			return -1
		case strings.ContainsRune(`/\:*?<>|"`, r):
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name = strings.Trim(name, " .")
	if len(name) > maxName {
		name = lengthen(name, "")
	}
	if name == "" {
		return "attachment"
	}
	if reserved(name) {
		return "_" + name
	}
	return name
}

// lengthen puts something between a name and its ending, by which people and
// programs go, and takes from the name what there is no room for.
func lengthen(name, by string) string {
	stem, end := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 16 {
		stem, end = name[:i], name[i:]
	}
	if most := maxName - len(by) - len(end); len(stem) > most {
		stem = strings.TrimRight(strings.ToValidUTF8(stem[:most], ""), " .")
	}
	return stem + by + end
}

// devices are names that Windows takes for a device, with any ending and in
// letters of either case. The digits of some are raised.
var devices = regexp.MustCompile(`(?i)^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³]) *(\.|$)`)

// reserved reports whether no file of that name can be saved under Windows.
func reserved(name string) bool { return devices.MatchString(name) }

// unique makes names differ that one folder could not hold side by side, where
// systems do not tell letters of either case apart, or one way to write an accent
// from the other. It remembers how often a name was asked for: a mail may bring
// thousands of files under one.
type unique map[string]int

func (u unique) name(name string) string {
	fold := func(s string) string { return strings.ToLower(norm.NFC.String(s)) }
	first := fold(name)
	for try := name; ; {
		if key := fold(try); u[key] == 0 {
			u[key] = 1
			return try
		}
		u[first]++
		try = lengthen(name, " ("+strconv.Itoa(u[first])+")")
	}
}

// extValue writes a name as RFC 8187 has it.
func extValue(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
