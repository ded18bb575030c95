package mail

import (
	"fmt"
	"strings"
)

// NewsText is the text part of News.
func NewsText(v News) string {
	var b strings.Builder
	paragraphs(&b, v.Brand.Name, v.Sentence, v.More)
	if v.About != "" {
		paragraphs(&b, v.About)
	}
	fmt.Fprintf(&b, "%s:\n%s\n\n-- \n%s\n", v.Button, v.URL, wrap(v.Foot, ""))
	return b.String()
}
