package dsn

import (
	"regexp"
	"strings"

	"letterlock/internal/eml"
)

// statuses are the reports of the parts for programs.
func (m *parsed) statuses() (list []Report) {
	for i, p := range m.ix.Parts {
		if (p.Type == "message/delivery-status" || p.Type == "message/global-delivery-status") && !m.enclosed(i) {
			list = append(list, reportsOf(m.text(i, maxStatus))...)
		}
	}
	return list[:min(len(list), maxReports)]
}

// A group are the fields about one recipient.
type group struct{ original, final, action, status, diagnostic string }

// field returns the place of a field, or nil.
func (g *group) field(name string) *string {
	switch name {
	case "original-recipient":
		return &g.original
	case "final-recipient":
		return &g.final
	case "action":
		return &g.action
	case "status":
		return &g.status
	case "diagnostic-code":
		return &g.diagnostic
	}
	return nil
}

// reportsOf reads groups of fields. RFC 3464 puts an empty line between them; some
// servers leave it out, and some put others inside, so a group ends where the next
// recipient begins.
func reportsOf(text string) (list []Report) {
	var g group
	end := func() {
		if r, ok := g.report(); ok && len(list) < maxReports {
			list = append(list, r)
		}
		g = group{}
	}
	for block := range strings.SplitSeq(text, "\n\n") {
		if g.final != "" && (g.action != "" || g.status != "") {
			end()
		}
		for name, value := range eml.Fields([]byte(block)) {
			at := g.field(name)
			if at == nil {
				continue
			}
			if *at != "" {
				end()
				at = g.field(name)
			}
			*at = value
		}
	}
	end()
	return list
}

// report says what a group says; false: nothing.
func (g group) report() (Report, bool) {
	r := Report{Fate: fateOf(g.action, g.status), Reply: replyOf(g.diagnostic), address: addressOf(g.final)}
	if g.original != "" {
		r.address = addressOf(g.original)
	}
	if r.Reply == "" {
		r.Reply = status.FindString(g.status)
	}
	return r, r.Fate != ""
}

// addressOf takes off an address what says of which type it is, "rfc822;".
func addressOf(s string) string {
	if i := strings.IndexByte(s, ';'); i >= 0 {
		s = s[i+1:]
	}
	return strings.Trim(strings.TrimSpace(s), "<>")
}

// status is an enhanced status code, RFC 3463.
var status = regexp.MustCompile(`\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

var actions = []struct {
	begins string
	fate   Fate
}{
	{"fail", Failed}, {"delay", Delayed}, {"deliver", Delivered}, {"relay", Relayed}, {"expand", Relayed},
}

// fateOf reads an action, or where there is none that we know, the class of a status.
func fateOf(action, code string) Fate {
	action = strings.ToLower(action)
	for _, a := range actions {
		if strings.HasPrefix(action, a.begins) {
			return a.fate
		}
	}
	switch code = status.FindString(code); {
	case strings.HasPrefix(code, "5"):
		return Failed
	case strings.HasPrefix(code, "4"):
		return Delayed
	case strings.HasPrefix(code, "2"):
		return Delivered
	}
	return ""
}

var (
	diagnosticType = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*; *`)
	firstCode      = regexp.MustCompile(`^([245][0-9]{2})[ -](?:[245]\.[0-9]{1,3}\.[0-9]{1,3}[ -])?`)
)

// replyOf makes one line of a diagnostic code. A reply of several lines says its code
// before each: once is enough.
func replyOf(diagnostic string) string {
	s := strings.Join(strings.Fields(diagnosticType.ReplaceAllString(strings.TrimSpace(diagnostic), "")), " ")
	if code := firstCode.FindString(s); code != "" {
		begin, rest := strings.Replace(code, "-", " ", 1), s[len(code):]
		for _, again := range []string{begin, begin[:3] + "-" + begin[4:]} {
			rest = strings.ReplaceAll(rest, " "+again, " ")
		}
		s = begin + rest
	}
	return eml.Line(s, maxReply)
}
