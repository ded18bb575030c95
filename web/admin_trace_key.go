package web

import (
	"fmt"
	"strings"

	"letterlock/internal/letterlock"
	"letterlock/internal/track"
)

// keyWords says what has become of a key to a message.
func (v tracedMail) keyWords(k track.Key) string {
	switch {
	case k.Live:
		return v.server.Text("trace.inEpoch", "Epoch", fmt.Sprint(k.Epoch))
	case k.Epoch == 0:
		return v.server.Text("trace.none")
	case k.Gone.IsZero():
		return v.server.Text("trace.deletedWhatIsLeftOf", "Epoch", fmt.Sprint(k.Epoch))
	}
	return v.server.Text("trace.destroyedInEpochUnrecoverableFrom", "Epoch", fmt.Sprint(k.Epoch), "When", v.server.said(k.Gone, v.server.Exact).Text)
}

// recipientKeys says it of those who got links, and how many it is true of.
func (v tracedMail) recipientKeys() string {
	var said []string
	number := map[string]int{}
	for _, r := range v.recipients {
		if r.Experience != letterlock.Link {
			continue
		}
		words := v.keyWords(v.detail.Keys[r.ID])
		if number[words]++; number[words] == 1 {
			said = append(said, words)
		}
	}
	switch len(said) {
	case 0:
		return v.server.Text("trace.noneNobodyGotALink")
	case 1:
		return said[0]
	}
	for i, words := range said {
		said[i] = fmt.Sprintf("%d %s", number[words], words)
	}
	return strings.Join(said, "; ")
}
