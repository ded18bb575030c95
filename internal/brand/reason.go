package brand

import "letterlock/internal/letterlock"

// A Reason is why a field cannot be as it is said: a sentence in English without its
// subject, and the key and figures with which a page says it in its reader's language.
type Reason struct {
	Key    string               // "long"
	Values []string             // pairs: the name of a placeholder and what stands in its place
	People []letterlock.Address // whom it is about; nil: nobody
	text   string
}

// Because returns a Reason whose Error is text.
func Because(key, text string, values ...string) *Reason {
	return &Reason{Key: key, Values: values, text: text}
}

// Error returns the sentence in English, for logs and programs.
func (r *Reason) Error() string { return r.text }
