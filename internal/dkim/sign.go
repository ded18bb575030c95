package dkim

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// oversigned are the fields that are signed once more often than they are there: with
// another one of them added, the mail does not verify. Most programs show the first of
// two subjects, and most verifiers look at the last.
var oversigned = []string{
	"From", "Subject", "Date", "To", "Message-ID", "MIME-Version", "Content-Type", "Reply-To", "Cc",
}

// completed are those of them that a relay adds where a mail has none, which must not
// break its signature. What we write has them all; a mail that goes on inline may not.
var completed = []string{"Date", "To", "Message-ID"}

// signed are more fields, of a mail that has them: a name that stands in a signature
// and not in the mail forbids the field, and a relay or a list may well add it.
var signed = []string{"Sender", "In-Reply-To", "References", "Content-Transfer-Encoding", "Auto-Submitted"}

// headerKeys are the fields of a signature of a mail that begins with head.
func headerKeys(head []byte) (keys []string) {
	for _, name := range oversigned {
		if !slices.Contains(completed, name) || has(head, name) {
			keys = append(keys, name, name)
		}
	}
	for _, name := range signed {
		if has(head, name) {
			keys = append(keys, name)
		}
	}
	return keys
}

// has reports whether a field is in the header that a mail begins with.
func has(head []byte, name string) bool {
	for line := range bytes.Lines(head) {
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return false
		}
		before, _, found := bytes.Cut(line, []byte(":"))
		if found && asciiFold(string(bytes.TrimRight(before, " \t"))) == asciiFold(name) {
			return true
		}
	}
	return false
}

// asciiFold makes small letters of those of ASCII, which is all that a field's name has.
func asciiFold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// maxHead is how much of a mail is looked at for its header.
const maxHead = 64 << 10

// Sign reads a mail to its end and returns the fields that belong in front of it, one
// for each active key; "" while none is active. It keeps none of the body in memory. A
// signature that the mail has already stays as it is: nothing of the mail is changed.
func (s *Service) Sign(mail io.Reader) (string, error) {
	if s.Off {
		return "", nil
	}
	keys := s.active()
	if len(keys) == 0 {
		return "", nil
	}
	in := bufio.NewReaderSize(mail, maxHead)
	head, err := in.Peek(maxHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	var signers []*dkim.Signer
	var all []io.Writer
	for _, k := range keys {
		signer, err := dkim.NewSigner(&dkim.SignOptions{
			Domain: s.Domain, Selector: k.Selector, Signer: k.secret, HeaderKeys: headerKeys(head),
			// What relays do to white space must not break a signature.
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		})
		if err != nil {
			panic("dkim: internal error: " + err.Error())
		}
		// It must be closed whatever happens, or its goroutine never ends; of one that
		// was closed already there is nothing more to know.
		defer signer.Close()
		signers, all = append(signers, signer), append(all, signer)
	}
	// A mail may end in its header, and without a line end; what is behind the last line
	// is no part of what is signed.
	_, err = io.Copy(io.MultiWriter(all...), io.MultiReader(in, strings.NewReader("\r\n\r\n")))
	var fields strings.Builder
	for _, signer := range signers {
		closing := signer.Close()
		err = errors.Join(err, closing)
		if err == nil {
			fields.WriteString(signer.Signature())
		}
	}
	if err != nil {
		return "", err
	}
	return fields.String(), nil
}
