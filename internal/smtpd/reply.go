package smtpd

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-smtp"

	"letterlock/internal/letterlock"
)

func reply(code int, enhanced smtp.EnhancedCode, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// Replies that are no translation of an error. Their texts are constant, as are all
// texts here but an administrator's own: nothing that somebody typed is ever said back,
// but the addresses of recipients where the refusal is about some of them.
var (
	accepted       = reply(250, smtp.EnhancedCode{2, 0, 0}, "accepted and protected")
	signInFirst    = reply(530, smtp.EnhancedCode{5, 7, 0}, "sign in first")
	tlsFirst       = reply(523, smtp.EnhancedCode{5, 7, 10}, "TLS is required")
	noNullSender   = reply(550, smtp.EnhancedCode{5, 7, 1}, "a submitted mail needs a sender")
	otherSender    = reply(550, smtp.EnhancedCode{5, 7, 1}, "the sender is not the address of your account")
	badSender      = reply(553, smtp.EnhancedCode{5, 1, 7}, "the sender is not a mail address")
	badRecipient   = reply(553, smtp.EnhancedCode{5, 1, 3}, "the recipient is not a mail address")
	nested         = reply(503, smtp.EnhancedCode{5, 5, 1}, "a mail has been begun already")
	notBegun       = reply(503, smtp.EnhancedCode{5, 5, 1}, "bad sequence of commands")
	announcedSize  = reply(552, smtp.EnhancedCode{5, 3, 4}, "mail is too large")
	tornConnection = reply(421, smtp.EnhancedCode{4, 3, 0}, "a mail was broken off, connect again")
	noPlace        = reply(451, smtp.EnhancedCode{4, 3, 2}, "there is too much to do, try again later")
	brokenOff      = reply(451, smtp.EnhancedCode{4, 4, 2}, "the mail did not arrive whole")
	serverEnds     = reply(421, smtp.EnhancedCode{4, 3, 2}, "the server is going down, try again later")
	cannotSignIn   = reply(454, smtp.EnhancedCode{4, 7, 0}, "cannot sign you in now, try again later")
	appPassword    = reply(535, smtp.EnhancedCode{5, 7, 8}, "use an app password, which you make in the portal under Security")
	tooManyGuesses = reply(421, smtp.EnhancedCode{4, 7, 0}, "too many failed attempts to sign in")
	tooManyOfYou   = reply(421, smtp.EnhancedCode{4, 7, 0}, "too many connections of your account, try again later")
)

// translations is read from the top; an empty key fits every key.
var translations = []struct {
	code  letterlock.Code
	key   string
	reply *smtp.SMTPError
}{
	{letterlock.Invalid, "bare", reply(554, smtp.EnhancedCode{5, 6, 0}, "mail contains a bare LF, a bare CR or a NUL")},
	{letterlock.Invalid, "expires", reply(554, smtp.EnhancedCode{5, 6, 0}, "X-Letterlock-Expires is neither a time to come nor a span like 12h or 7d")},
	{letterlock.Invalid, "proof", reply(554, smtp.EnhancedCode{5, 6, 0}, "X-Letterlock-Proof can only be passcode or openid")},
	{letterlock.Invalid, "passphrase", reply(554, smtp.EnhancedCode{5, 7, 1}, "the mail has to have a passphrase, which only Compose in the portal can give it")},
	{letterlock.Invalid, "brand", reply(554, smtp.EnhancedCode{5, 6, 0}, "X-Letterlock-Brand can only be the name of one brand, as your administrator has named it")},
	{letterlock.Invalid, "ask-name", reply(554, smtp.EnhancedCode{5, 6, 0}, "X-Letterlock-Ask-Name can only be yes or no")},
	{letterlock.Invalid, "portal", reply(554, smtp.EnhancedCode{5, 6, 0}, "X-Letterlock-Portal can only be yes or no")},
	{letterlock.Invalid, "loop", reply(554, smtp.EnhancedCode{5, 4, 6}, "too many hops, the mail goes round")},
	{letterlock.Invalid, "from", reply(554, smtp.EnhancedCode{5, 6, 0}, "From must be one address in one field, or the mail cannot be protected")},
	{letterlock.Invalid, "structure", reply(554, smtp.EnhancedCode{5, 6, 0}, "the header of the mail is cut off, it cannot be protected")},
	{letterlock.Invalid, "protection", reply(554, smtp.EnhancedCode{5, 6, 0}, "X-Letterlock-Protection can only be encrypt-only, do-not-forward or none, once")},
	{letterlock.Invalid, "", reply(554, smtp.EnhancedCode{5, 6, 0}, "mail could not be read")},
	{letterlock.Denied, "sender", reply(550, smtp.EnhancedCode{5, 7, 1}, "the From address is not yours")},
	{letterlock.Denied, "foreign", reply(550, smtp.EnhancedCode{5, 7, 1}, "the mail has to be protected, and its From is no address of the organisation")},
	{letterlock.Denied, "account", reply(550, smtp.EnhancedCode{5, 7, 1}, "the mail has to be protected, and the account of its From may not send")},
	{letterlock.Denied, "rules", reply(550, smtp.EnhancedCode{5, 7, 1}, "a rule wants more protection for these recipients, send it to them by itself")},
	{letterlock.Denied, "unprotected", reply(550, smtp.EnhancedCode{5, 7, 1}, "unprotected mail is not accepted here")},
	{letterlock.Denied, "no-report", reply(550, smtp.EnhancedCode{5, 7, 1}, "nobody reads mail to this address, only delivery reports are taken")},
	{letterlock.Denied, "", reply(550, smtp.EnhancedCode{5, 7, 1}, "not allowed to send this")},
	{letterlock.TooLarge, "recipients", reply(452, smtp.EnhancedCode{4, 5, 3}, "too many recipients")},
	{letterlock.TooLarge, "header", reply(554, smtp.EnhancedCode{5, 6, 0}, "the header of the mail is too large")},
	{letterlock.TooLarge, "depth", reply(554, smtp.EnhancedCode{5, 6, 0}, "the parts of the mail are nested too deeply")},
	{letterlock.TooLarge, "parts", reply(554, smtp.EnhancedCode{5, 6, 0}, "mail has too many parts")},
	{letterlock.TooLarge, "cpu", reply(554, smtp.EnhancedCode{5, 6, 0}, "mail is too complicated")},
	{letterlock.TooLarge, "structure", reply(554, smtp.EnhancedCode{5, 6, 0}, "mail is too complicated")},
	{letterlock.TooLarge, "", reply(552, smtp.EnhancedCode{5, 3, 4}, "mail is too large")},
	{letterlock.Throttled, "", reply(450, smtp.EnhancedCode{4, 7, 1}, "too much at once, try again later")},
	{letterlock.Busy, "full", noPlace},
	{letterlock.Busy, "disk", reply(452, smtp.EnhancedCode{4, 3, 1}, "no room for new mail now, try again later")},
	{letterlock.Busy, "", reply(451, smtp.EnhancedCode{4, 3, 0}, "busy, try again later")},
}

var notAccepted = reply(451, smtp.EnhancedCode{4, 3, 0}, "could not accept the mail, try again later")

// replyTo translates an error of intake. A client must never lose mail to a
// fault of ours, so whatever we do not recognise is 4xx: try again. Only a
// deliberate refusal is 5xx.
func replyTo(err error) *smtp.SMTPError {
	code, key := letterlock.CodeOf(err), letterlock.KeyOf(err)
	for _, t := range translations {
		if t.code == code && (t.key == "" || t.key == key) {
			return t.reply
		}
	}
	return notAccepted
}

// rewrites says which lines of go-smtp are replaced, by how they begin: those that
// say back what the client typed, those whose code is not the one of the RFC, and
// the size, which go-smtp is not told. A line that is not found passes as it is.
type rewrites []struct{ starts, with string }

func ownWords(domain string, maxBytes int64) rewrites {
	return rewrites{
		{"250-Hello ", "250-" + domain},
		{"250 2.0.0 Hello ", "250 2.0.0 " + domain},
		{"250-SIZE", fmt.Sprintf("250-SIZE %d", maxBytes)},
		{"250 2.0.0 Roger, ", "250 2.1.0 sender accepted"},
		{"250 2.0.0 I'll make sure ", "250 2.1.5 recipient accepted"},
		{"250 2.0.0 I have successfully ", "250 2.0.0 done"},
		{"454 4.7.0 Invalid base64 data", "501 5.5.2 that is not base64"}, // RFC 4954 section 4
		{"554 5.0.0 Error: transaction failed", "451 4.4.2 the mail did not arrive whole"},
		{"500 5.5.2 Syntax errors, ", "500 5.5.2 unknown command"},
		{"502 5.5.1 Missing ", "503 5.5.1 bad sequence of commands"}, // RFC 5321 section 4.1.4
		{"502 5.5.1 Please introduce yourself", "503 5.5.1 say EHLO first"},
	}
}

// A replyWriter passes on replies, line by line, some in other words and some not at all.
type replyWriter struct {
	words  rewrites
	to     io.Writer
	mute   int  // replies that the client has had from the lobby
	inside bool // in a line whose beginning was written already
	drop   bool // what remains of that line
}

// Write takes a line or a piece of one: go-smtp writes a line at a time, and in
// pieces only those longer than its buffer of 4,096 bytes.
func (r *replyWriter) Write(p []byte) (int, error) {
	first := !r.inside
	r.inside = !bytes.HasSuffix(p, []byte("\n"))
	if !first {
		if r.drop {
			return len(p), nil
		}
		return r.to.Write(p)
	}
	r.drop = r.mute > 0
	if r.drop {
		if len(p) > 3 && p[3] == ' ' { // the last line of a reply
			r.mute--
		}
		return len(p), nil
	}
	for _, w := range r.words {
		if strings.HasPrefix(string(p), w.starts) {
			r.drop = true
			if _, err := io.WriteString(r.to, w.with+"\r\n"); err != nil {
				return 0, err
			}
			return len(p), nil
		}
	}
	return r.to.Write(p)
}
