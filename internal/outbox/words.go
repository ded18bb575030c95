package outbox

import (
	"errors"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// wordsFor returns in which words whoever gets a notice is written to. Mail that goes inline
// is in its sender's own; but what is quoted for the mailbox of who sent it has a line of ours
// above it.
func (s *Service) wordsFor(tx *store.Tx, w work) (language.Words, error) {
	if _, toRecipient := taken[w.notice.Kind]; !toRecipient || w.quoted.found {
		return s.wordsForStaff(tx, s.addressee(w))
	}
	if w.notice.Kind == store.InlineNotice {
		return language.Words{}, nil
	}
	return s.wordsForRecipient(tx, w)
}

// wordsForStaff are in the language that is remembered for the account, else, and where there
// is no account, in the first there is.
func (s *Service) wordsForStaff(tx *store.Tx, a letterlock.Address) (language.Words, error) {
	if s.StaffLanguages == nil {
		return language.Words{}, nil
	}
	if offered := s.StaffLanguages.All(); len(offered) == 1 {
		return offered[0], nil
	}
	remembered, err := tx.AccountLanguage(a)
	if err != nil && !errors.Is(err, letterlock.NotFound) {
		return language.Words{}, err
	}
	return s.StaffLanguages.Or(remembered), nil
}

// wordsForRecipient are in the language that is remembered for the address, else in that of
// the page on which a passcode was asked for, else in that of the brand, and else in the
// first there is. One that is not offered is passed over, and of one language there is
// nothing to ask.
func (s *Service) wordsForRecipient(tx *store.Tx, w work) (language.Words, error) {
	if s.Languages == nil {
		return language.Words{}, nil
	}
	offered := s.Languages.All()
	if len(offered) == 1 {
		return offered[0], nil
	}
	remembered, err := tx.LanguageOf(w.recipient.Mailbox.Address)
	if err != nil && !errors.Is(err, letterlock.NotFound) {
		return language.Words{}, err
	}
	for _, tag := range []string{remembered, w.passcode.Language} {
		if words, ok := s.Languages.Find(tag); ok {
			return words, nil
		}
	}
	return s.spokenBy(w.message.Brand), nil
}

// spokenBy are the words in which a brand has recipients written to who have said nothing.
func (s *Service) spokenBy(brand string) language.Words {
	if s.BrandLanguage == nil {
		return s.Languages.All()[0]
	}
	return s.Languages.Or(s.BrandLanguage(brand))
}
