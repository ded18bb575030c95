package vault

import (
	"crypto/hmac"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// OwnField is the header field by which the gateway knows a mail that Letterlock itself
// has sent: what goes out through the mail server in front may come back in there.
const OwnField = "X-Letterlock-Own"

// OwnTag is the value of OwnField in a mail with these facts to one recipient. Whoever has
// got such a mail has the tag, and can send with it only to that same recipient.
func OwnTag(p seal.Pepper, messageID string, from, to letterlock.Address) string {
	return tagEncoding.EncodeToString(p.Hash("own mail", messageID+"\x00"+string(from)+"\x00"+string(to))[:20])
}

// IsOwn reports whether a mail with these facts has the tag that it had when it left. One
// without a Message-ID has none: its tag would fit any other mail.
func IsOwn(p seal.Pepper, tag, messageID string, from, to letterlock.Address) bool {
	return messageID != "" && hmac.Equal([]byte(OwnTag(p, messageID, from, to)), []byte(tag))
}
