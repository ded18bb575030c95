package sanitize

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
)

// A shelf holds the images of one mail and hands them out as data: URIs, within
// the limits of one document.
type shelf struct {
	images func(cid string) ([]byte, bool)
	inline []string        // base64 text of the data: URIs taken out of the mail
	failed map[string]bool // addresses that give no picture: each is looked at once
	count  int
	bytes  int
}

func newShelf(images func(cid string) ([]byte, bool)) *shelf {
	if images == nil {
		images = func(string) ([]byte, bool) { return nil, false }
	}
	return &shelf{images: images, failed: map[string]bool{}}
}

// inlineCID begins the addresses that stand for data: URIs taken out of a mail. A
// mail that writes one itself shows one of its own images.
const inlineCID = "cid:letterlock-inline-"

// takeData takes images that the mail carries as data: URIs out of its text, so
// that a pasted photograph does not count as markup and is copied only once.
func (s *shelf) takeData(mail string) (string, bool) {
	if len(mail) > maxHTML+2*maxPixels {
		return "", false
	}
	const head = "data:image/"
	var b strings.Builder
	for {
		i := strings.Index(mail, head)
		if i < 0 {
			b.WriteString(mail)
			return b.String(), true
		}
		b.WriteString(mail[:i])
		mail = mail[i:]
		n := dataLength(mail[len(head):])
		if n < 0 || len(s.inline) >= maxImages {
			b.WriteString(head)
			mail = mail[len(head):]
			continue
		}
		b.WriteString(inlineCID + strconv.Itoa(len(s.inline)))
		s.inline = append(s.inline, mail[:len(head)+n])
		mail = mail[len(head)+n:]
	}
}

// dataLength returns the length of the rest of a data: URI of an image that
// could be shown, or -1.
func dataLength(s string) int {
	i := 0
	for i < len(s) && i < 10 && 'a' <= s[i] && s[i] <= 'z' {
		i++
	}
	if !strings.HasPrefix(s[i:], ";base64,") {
		return -1
	}
	i += len(";base64,")
	for i < len(s) && (isBase64(s[i]) || s[i] == '\r' || s[i] == '\n') {
		i++
	}
	return i
}

func isBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
}

// picture returns a data: URI for the address of an image, if it is an image of
// the mail itself in a format that holds nothing but pixels.
func (s *shelf) picture(src string) (string, bool) {
	src = strings.TrimSpace(src)
	if s.count >= maxImages || s.failed[src] {
		return "", false
	}
	data, ok := s.bytesOf(src)
	kind := kindOf(data)
	if !ok || kind == "" || s.bytes+len(data) > maxPixels {
		if s.failed[src] = true; len(s.failed) > 2*maxImages {
			s.count = maxImages // a mail with so many broken pictures shows no more
		}
		return "", false
	}
	s.count++
	s.bytes += len(data)
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data), true
}

func (s *shelf) bytesOf(src string) ([]byte, bool) {
	if number, ok := strings.CutPrefix(src, inlineCID); ok {
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n >= len(s.inline) {
			return nil, false
		}
		return decodeData(s.inline[n])
	}
	if len(src) < 5 || !strings.EqualFold(src[:4], "cid:") {
		return decodeData(src)
	}
	cid, err := url.PathUnescape(src[4:])
	if err != nil {
		cid = src[4:]
	}
	return s.images(strings.Trim(strings.TrimSpace(cid), "<>"))
}

// decodeData returns the content of a data: URI in base64. Its type is not
// believed.
func decodeData(uri string) ([]byte, bool) {
	head, body, ok := strings.Cut(uri, ",")
	head = strings.ToLower(head)
	if !ok || !strings.HasPrefix(head, "data:image/") || !strings.HasSuffix(head, ";base64") || len(body) > 2*maxPixels {
		return nil, false
	}
	body = strings.TrimRight(strings.NewReplacer("\r", "", "\n", "", "\t", "", " ", "").Replace(body), "=")
	data, err := base64.RawStdEncoding.DecodeString(body)
	return data, err == nil
}

// kindOf returns the media type that the first bytes of an image tell, or "" for
// anything but the four formats that are shown.
func kindOf(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		return "image/gif"
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return "image/webp"
	}
	return ""
}
