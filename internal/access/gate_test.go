package access_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

const tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// token takes the link of the only recipient out of the outbox.
func (h *house) token() string {
	h.t.Helper()
	var token letterlock.Token
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		n, err := tx.Claim(0)
		if err != nil {
			return err
		}
		token, err = vault.OpenToken(h.access.Pepper, n.Recipient, n.Secret)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return token.Reveal()
}

// TestGuessedAndAlteredTokensAllEndAlike tries every token that differs from a
// real one in one character, shortened and lengthened ones, and random ones: in
// all 20,000, or a million under LETTERLOCK_STRESS.
func TestGuessedAndAlteredTokensAllEndAlike(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	h.send(intake.Envelope{}, marta)
	token := h.token()
	if _, err := h.access.Gate(t.Context(), token); err != nil {
		t.Fatalf("the real token: %v; this test would prove nothing", err)
	}
	tried := 0
	try := func(guess string) {
		tried++
		g, err := h.access.Gate(t.Context(), guess)
		if !errors.Is(err, letterlock.NotFound) || letterlock.KeyOf(err) != "" || g != (access.Gate{}) {
			t.Fatalf("guess %d: %v; want NotFound and nothing else", tried, err)
		}
	}
	for i := range token {
		for _, c := range tokenAlphabet {
			if guess := token[:i] + string(c) + token[i+1:]; guess != token {
				try(guess)
			}
		}
		try(token[:i])
	}
	for _, guess := range []string{token + "A", token + "=", " " + token, token + "\x00", token + token} {
		try(guess)
	}
	guesses := 20_000
	if os.Getenv("LETTERLOCK_STRESS") != "" {
		guesses = 1_000_000
	}
	random := rand.New(rand.NewPCG(1, 2))
	for b := make([]byte, len(token)); tried < guesses; {
		for i := range b {
			b[i] = tokenAlphabet[random.IntN(len(tokenAlphabet))]
		}
		try(string(b))
	}
}
