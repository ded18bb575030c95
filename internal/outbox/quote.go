package outbox

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/sanitize"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// quoted is what a reply quotes when it reaches the mailbox of its sender. The
// stored reply holds no quote, so that nothing of the original outlives it there.
type quoted struct {
	message letterlock.Message
	key     vault.Key
	found   bool
}

// quotedBy finds the message that a reply answers, for the copy that goes to who
// sent it. Under do-not-forward nothing is quoted, and of a destroyed message
// nothing is left to quote.
func (s *Service) quotedBy(tx *store.Tx, w *work) (q quoted, err error) {
	m := w.message
	if m.Act != letterlock.ActReply || w.recipient.Mailbox.Address != m.Sender.Address || m.Protection == letterlock.DoNotForward {
		return q, nil
	}
	r, err := tx.Recipient(m.Source)
	if err != nil {
		return q, err
	}
	if q.message, err = tx.Message(r.Message); err != nil || q.message.Destroyed {
		return quoted{}, err
	}
	q.key, err = s.Vault.Find(tx, q.message.ID, store.SenderCopy)
	q.found = err == nil
	return q, err
}

// Bounds of a quote: the mail above it is what matters.
const (
	maxQuoted = 64 << 10 // bytes of the text
	maxSource = 1 << 20  // bytes of the HTML that it is made of
)

// quote is the original as a reply quotes it, and empty where it quotes nothing.
func (s *Service) quote(ctx context.Context, w work) (string, error) {
	if !w.quoted.found {
		return "", nil
	}
	mail, err := s.Vault.Open(ctx, w.quoted.key)
	if err != nil {
		return "", err
	}
	text, err := plainText(mail)
	if errors.Is(err, letterlock.NotFound) {
		return "", nil // destroyed since
	}
	if err != nil || strings.TrimSpace(text) == "" {
		return "", err
	}
	m := w.quoted.message
	head := w.words.Text("staffMail.wrote", "Time", w.words.Weekday(m.Accepted.In(s.Notifier.Location)), "Writer", m.Writer().Called())
	return head + "\n" + quoteLines(text), nil
}

// plainText is the text of a mail, made of its HTML where it has no other.
func plainText(mail *vault.Mail) (string, error) {
	if part := mail.Index.TextPart(); part >= 0 {
		text, _, err := mail.Index.OpenText(mail.Raw, part, maxQuoted)
		return text, err
	}
	if part := mail.Index.HTMLPart(); part >= 0 {
		text, _, err := mail.Index.OpenText(mail.Raw, part, maxSource)
		return sanitize.ToText(text), err
	}
	return "", nil
}

// quoteLines sets a text apart, line by line, as mail programs do.
func quoteLines(text string) string {
	text = strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace(text), "\n \t")
	cut := min(len(text), maxQuoted)
	for cut > 0 && cut < len(text) && !utf8.RuneStart(text[cut]) {
		cut--
	}
	var b strings.Builder
	for line := range strings.SplitSeq(text[:cut], "\n") {
		b.WriteString(strings.TrimRight("> "+line, " ") + "\n")
	}
	return b.String()
}

// from is who a mail that leaves whole is from: the account, or the portal in the
// name of the recipient who wrote it.
func (s *Service) from(w work, x *eml.Index) letterlock.Mailbox {
	if w.message.Author.Address != "" && len(x.Header.From) > 0 {
		return x.Header.From[0]
	}
	return w.message.Sender
}
