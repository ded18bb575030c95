package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"letterlock/internal/eml"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/rule"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// maxReceived is how many servers a mail of the gateway may have passed, as Postfix has
// it: one that has passed more goes round in a circle.
const maxReceived = 50

// fromServer reports whether a mail server hands over a mail by the gateway.
func fromServer(by letterlock.Actor, e Envelope) bool {
	return by.Kind == letterlock.MailServer && e.Via == letterlock.ByGateway
}

// checkGateway refuses what can be neither protected nor passed on: bytes that mail
// servers read differently, and what goes round.
func checkGateway(x *eml.Index) error {
	switch {
	case x.BareCR || x.BareLF || x.NUL:
		return &letterlock.Error{Code: letterlock.Invalid, Key: "bare"}
	case x.Header.Received > maxReceived:
		return &letterlock.Error{Code: letterlock.Invalid, Key: "loop"}
	}
	return nil
}

// own reports whether Letterlock itself has sent a mail of the gateway, to its only
// recipient: it has been decided already how that one is to get it.
func (s *Service) own(e Envelope, x *eml.Index) bool {
	h := x.Header
	return e.Via == letterlock.ByGateway && len(e.Recipients) == 1 && !x.Defects.Has(eml.MailCut) && h.Owns == 1 && h.FromFields == 1 && len(h.From) == 1 &&
		vault.IsOwn(s.Pepper, h.Own, h.MessageID, h.From[0].Address, e.Recipients[0])
}

// open reports whether a mail is to leave as it came.
func (r ruling) open() bool { return r.decision.Protection == "" && !r.verdict.Refused }

// needs names what asks in a mail of the gateway for protection and is none of the usual
// wishes: a header field that only a protected mail can fulfil, a tag in a Subject that is not
// the first, or a word behind the line that cuts the header off, where other servers may
// see a header still.
func needs(ix *eml.Index, raw io.ReaderAt) (string, error) {
	if field := fieldOf(ix.Header); field != "" {
		return field, nil
	}
	if len(ix.Subject) < 2 && !ix.Defects.Has(eml.MailCut) {
		return "", nil
	}
	root := ix.Parts[0]
	b := make([]byte, min(root.End, root.Body+maxBehind)-root.Start)
	if _, err := io.ReadFull(io.NewSectionReader(raw, root.Start, int64(len(b))), b); err != nil {
		return "", err
	}
	head, behind := b[:root.Body-root.Start], []byte(nil)
	if ix.Defects.Has(eml.MailCut) {
		behind, _, _ = bytes.Cut(b[len(head):], []byte("\r\n\r\n"))
	}
	for name, value := range eml.DecodedFields(b[:len(head)+len(behind)]) {
		if strings.EqualFold(name, "subject") && policy.Tagged(value) {
			return "Subject", nil
		}
	}
	text := strings.ToLower(string(behind))
	for _, word := range []string{"x-letterlock-", "company-confidential"} {
		if strings.Contains(text, word) {
			return word, nil
		}
	}
	if policy.Tagged(text) {
		return "Subject", nil
	}
	return "", nil
}

// maxBehind is how much is looked at behind the line that cuts a header off.
const maxBehind = 64 << 10

// fieldOf names a header field that only a protected mail can fulfil.
func fieldOf(h eml.Header) string {
	portal, _ := policy.ForcesPortal(h.Portal, h.Portals) // one that means nothing is refused elsewhere
	names, _ := policy.AsksName(h.AskName, h.AskNames)    // likewise
	switch {
	case h.Expiries > 0:
		return "X-Letterlock-Expires"
	case h.Proofs > 0:
		return "X-Letterlock-Proof"
	case names:
		return "X-Letterlock-Ask-Name"
	case h.Brands > 0:
		return "X-Letterlock-Brand"
	case portal:
		return "X-Letterlock-Portal"
	}
	return ""
}

// named says of a mail of the gateway from whom it may be, as far as its From can be
// read: nobody has seen to it that it names one sender alone.
func named(m *rule.Mail, x *eml.Index) {
	h := x.Header
	for _, from := range h.From {
		m.Others = append(m.Others, from.Address)
	}
	m.Unknown = h.FromBad > 0
	m.Cut = x.Defects.Has(eml.MailCut)
}

// author returns who has sent a mail of the gateway that is to be protected. There must be
// one whom the organisation answers for: they are told what becomes of it, and can take
// it back. Who has no account yet can do so when they have one.
func (s *Service) author(ctx context.Context, by letterlock.Actor, x *eml.Index) (letterlock.Actor, error) {
	h := x.Header
	switch {
	case x.Defects.Has(eml.MailCut):
		return by, &letterlock.Error{Code: letterlock.Invalid, Key: "structure"}
	case h.FromFields != 1 || len(h.From) != 1 || h.FromBad > 0:
		return by, &letterlock.Error{Code: letterlock.Invalid, Key: "from"}
	case !slices.Contains(s.Rules.Domains, h.From[0].Address.Domain()):
		return by, &letterlock.Error{Code: letterlock.Denied, Key: "foreign"}
	}
	by.Address = h.From[0].Address
	var account store.Account
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) { account, err = tx.Account(by.Address); return err })
	switch {
	case errors.Is(err, letterlock.NotFound):
		return by, nil
	case err != nil:
		return by, err
	case !account.Disabled.IsZero() || !slices.Contains(account.Roles, letterlock.Sender):
		return by, &letterlock.Error{Code: letterlock.Denied, Key: "account"}
	}
	by.Name = account.Mailbox.Name
	return by, nil
}

// stay has a mail protected that was so before: whoever hands it over once more may have
// heard nothing of the first time, and the rules may have changed since.
func (s *Service) stay(ctx context.Context, by letterlock.Actor, r *ruling, in *vault.Incoming) error {
	h := in.Index.Header
	if r.own || len(h.From) != 1 {
		return nil
	}
	var m letterlock.Message
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.Retried(h.From[0].Address, h.MessageID, in.Hash)
		return err
	})
	if errors.Is(err, letterlock.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r.decision.Protection, r.decision.Method, r.decision.DecidedBy = m.Protection, m.Method, m.DecidedBy
	r.by, err = s.author(ctx, by, in.Index)
	return err
}

// stillOpen returns errRulesChanged if other rules hold by now than those that let the
// mail go.
func (s *Service) stillOpen(tx *store.Tx, r ruling) error {
	if r.own {
		return nil // no rule was asked
	}
	return s.current(tx, r.verdict)
}

// passOn hands a mail on as it came, if the rules that it was judged by still hold. It
// stays the responsibility of whoever sent it until the next server has taken it: a crash
// at any moment leaves that server with no answer of ours, and it sends the mail again.
func (s *Service) passOn(ctx context.Context, e Envelope, r ruling, in *vault.Incoming) (Receipt, error) {
	receipt := Receipt{DecidedBy: r.decision.DecidedBy}
	if e.Pass == nil {
		return receipt, &letterlock.Error{Code: letterlock.Denied, Key: "unprotected"}
	}
	if err := s.DB.Read(ctx, func(tx *store.Tx) error { return s.stillOpen(tx, r) }); err != nil {
		return receipt, err
	}
	defer lane.Waits(ctx)() // others compute while the next server takes its time
	if err := e.Pass(ctx, io.NewSectionReader(in.Mail(ctx).Raw, 0, in.Index.Size)); err != nil {
		return receipt, err
	}
	receipt.Passed = true
	return receipt, nil
}
