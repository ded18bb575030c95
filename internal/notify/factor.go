package notify

import (
	"fmt"
	"io"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/views/mail"
)

// FactorReset writes to the holder of an account whose second factor an administrator
// has taken away: if they had not asked for it, somebody else had.
func (n *Notifier) FactorReset(w io.Writer, now time.Time, to letterlock.Mailbox) error {
	name := n.house().Name
	return n.news(w, now, to, "", mail.News{
		Subject:  n.words.Text("staffMail.factor.subject", "Brand", name),
		Sentence: n.words.Text("staffMail.factor.sentence", "Brand", name),
		More:     n.words.Text("staffMail.factor.more"),
		About:    n.words.Text("staffMail.factor.unasked"),
		Button:   n.words.Text("staffMail.factor.signIn"), URL: n.PublicURL.JoinPath("sign-in").String(),
		Foot: n.words.Text("staffMail.factor.notice", "Address", string(to.Address)),
	})
}

// What was changed is told in a subject and in a first sentence, which have these and the
// name of the change as their names.
const (
	changeSubject  = "staffMail.change.subject."
	changeSentence = "staffMail.change.sentence."
)

// Changed writes to the holder of an account what was changed of what keeps it, when, and
// in which browser and from where, which may be empty. What they name things is not said:
// it may be somebody else who has named them.
func (n *Notifier) Changed(w io.Writer, now time.Time, to letterlock.Mailbox, what letterlock.Change, when time.Time, browser, network string) error {
	if !n.words.Has(changeSubject + string(what)) {
		return fmt.Errorf("unknown change %q", what)
	}
	more := n.words.Text("staffMail.change.when", "Time", n.until(when))
	if from := strings.Trim(browser+", "+network, ", "); from != "" {
		more = n.words.Text("staffMail.change.whenFrom", "Time", n.until(when), "From", from)
	}
	return n.news(w, now, to, "", mail.News{
		Subject:  n.words.Text(changeSubject + string(what)),
		Sentence: n.words.Text(changeSentence + string(what)),
		More:     more,
		About:    n.words.Text("staffMail.change.notYou"),
		Button:   n.words.Text("staffMail.change.look"), URL: n.PublicURL.JoinPath("account", "security").String(),
		Foot: n.words.Text("staffMail.change.notice", "Address", string(to.Address), "Brand", n.house().Name),
	})
}
