package dsn

import (
	"regexp"
	"strings"
)

// forms are how servers begin that write for people alone. Whoever uses one of these
// has not delivered something.
var forms = []string{
	"this is the qmail-send program", "this is the mail system at host", "this message was created automatically by mail delivery software",
	"the following addresses had permanent", "the following addresses had transient", "did not reach some or all of the intended recipients", "did not reach the following recipient",
	"delivery has failed to these recipients", "delivery to the following recipient", "unable to deliver your message to the following", "unable to deliver message to the following",
	"could not be delivered to one or more", "has not been delivered to one or more", "message could not be delivered", "message was undeliverable", "message is undeliverable",
	"couldn't be delivered", "wasn't able to deliver your message", "could not be sent for the following reason", "user mailbox exceeds allowed size", "mail could not be delivered",
}

// waits are how they say that they try again.
var waits = []string{
	"delivery attempts will continue", "will be retried", "will retry", "will keep trying", "still undelivered", "still trying", "message delayed", "delivery delayed",
	"delivery is delayed", "delayed mail", "has been delayed", "(delay)", "warning message only", "transient non-fatal errors", "you do not need to resend",
	"not yet been delivered", "has not been delivered to one or more", "temporary problem delivering",
}

// ends are how they say that they do not, whatever else they say.
var ends = []string{
	"permanent", "will not be retried", "giving up", "given up", "gave up", "not going to try again", "no further attempts", "has failed", "failed permanently", "returned mail",
	"undeliverable:", "failure notice",
}

var (
	// returned is the line after which the mail itself stands that came back.
	returned = regexp.MustCompile(`(?im)^[ \t>*]*-{2,}.*(copy of (the|your|this)|original message|below this line|returned message|message header|unsent message).*$|^[ \t]*original message headers:.*$`)
	// coded is a reply with an enhanced code, wherever it stands in a line.
	coded = regexp.MustCompile(`(?:^|[^0-9A-Za-z.])([45][0-9]{2}[ -]+#?[45]\.[0-9]{1,3}\.[0-9]{1,3}\b.*)`)
	// hashed is how Exchange writes one.
	hashed = regexp.MustCompile(`#([45]\.[0-9]{1,3}\.[0-9]{1,3}\b[^>\n]*)`)
	// plain is one without, after what says that it is one.
	plain = regexp.MustCompile(`(?i)(?:^|said: ?|reply: ?|response: ?|error: ?|error [a-z ]*: ?|was: ?|reason: ?|<<< ?|host [^ ]+: ?)([45][0-9]{2}[ -][^0-9].*)$`)
	// heading is the recipient, in the form that qmail began.
	heading = regexp.MustCompile(`^<?[^\s<>@]+@[^\s<>@]+>?:\s*$`)
)

// words reads a mail that has no report for programs, or reports false.
func (m *parsed) words() (Report, bool) {
	part := m.ix.TextPart()
	if part < 0 || m.enclosed(part) {
		return Report{}, false
	}
	text := m.text(part, maxText)
	if list := labelled(text); (m.daemon || m.fromNobody) && len(list) > 0 {
		return list[0], true
	}
	if at := returned.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	all := strings.ToLower(strings.Join(strings.Fields(m.ix.Header.Subject+" "+text), " "))
	server := m.daemon || m.fromNobody && !m.automatic // vacation programs send from nobody, too
	reply, final := said(text)
	if !m.failedTo && !(server && holds(all, forms)) && !(server && !m.automatic && final) {
		return Report{}, false
	}
	r := Report{Fate: Failed, Reply: reply}
	if holds(all, waits) && !holds(all, ends) {
		r.Fate = Delayed
	}
	return r, true
}

// labelled are the fields for programs that a gateway has made words of.
func labelled(text string) []Report {
	low := strings.ToLower(text)
	if !strings.Contains(low, "\nfinal-recipient:") || !strings.Contains(low, "\naction:") {
		return nil
	}
	return reportsOf(text)
}

func holds(text string, any []string) bool {
	for _, s := range any {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// said looks for what the other server said; final says that it is an answer of the
// kind that ends in 5. Without one, what stands under the recipient has to do.
func said(text string) (reply string, final bool) {
	paragraphs := strings.Split(text, "\n\n")
	for _, pattern := range []*regexp.Regexp{coded, plain} {
		for _, p := range paragraphs {
			if s := find(pattern, p); s != "" {
				return replyOf(s), s[0] == '5'
			}
		}
	}
	for _, p := range paragraphs {
		first, rest, _ := strings.Cut(strings.TrimSpace(p), "\n")
		if heading.MatchString(strings.TrimSpace(first)) {
			return replyOf(rest), false
		}
	}
	if found := hashed.FindStringSubmatch(text); found != nil {
		return replyOf(found[1]), found[1][0] == '5'
	}
	return "", false
}

// find looks for a pattern in a paragraph, and returns what it found with the lines
// after it that go on with it: those that are indented more.
func find(pattern *regexp.Regexp, paragraph string) string {
	lines := strings.Split(paragraph, "\n")
	for i, line := range lines {
		found := pattern.FindStringSubmatch(strings.TrimSpace(line))
		if found == nil {
			continue
		}
		s := found[1]
		for _, next := range lines[i+1:] {
			if indent(next) <= indent(line) || len(s) > maxReply {
				break
			}
			s += " " + strings.TrimSpace(next)
		}
		return s
	}
	return ""
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
