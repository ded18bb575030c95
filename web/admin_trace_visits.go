package web

// whyGuess says in words what a guess about a visitor goes by.
func whyGuess(key string) string {
	return ""
}
