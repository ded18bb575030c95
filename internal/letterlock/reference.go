package letterlock

import (
	"encoding/binary"
	"strings"
	"unicode"
)

// ReferenceAlphabet is what codes are made of that people compare or type: it has no
// letters and digits that look alike.
const ReferenceAlphabet = "ABCDEFGHJKMNPQRTUVWXY346789"

// A reference spells the first referenceStart characters of an ID, which are 55 bits,
// in groups of three.
const (
	referenceStart  = 11
	referenceLength = 12
)

// Reference is the code under which a notification and the page that it leads to can be
// compared, and looked up: "KX7-4QP-B7M-RTA". It spells the beginning of the recipient's
// ID, so that looking one up is finding a key by its beginning. It opens nothing. What
// is no ID has none.
func (id ID) Reference() string {
	b, err := idEncoding.DecodeString(string(id))
	if err != nil || len(b) != 16 {
		return ""
	}
	n := binary.BigEndian.Uint64(b) >> 9
	var code [referenceLength]byte
	for i := len(code) - 1; i >= 0; i-- {
		code[i] = ReferenceAlphabet[n%uint64(len(ReferenceAlphabet))]
		n /= uint64(len(ReferenceAlphabet))
	}
	return grouped(string(code[:]))
}

func grouped(code string) string {
	return code[:3] + "-" + code[3:6] + "-" + code[6:9] + "-" + code[9:]
}

// ParseReference reads a reference as somebody types it, in whatever case and with
// whatever between its groups. It returns how it is written, and how the ID begins that
// it belongs to. What cannot be one is Invalid.
func ParseReference(typed string) (reference, begins string, err error) {
	invalid := &Error{Code: Invalid, Key: "reference"}
	if len(typed) > 128 {
		return "", "", invalid
	}
	code := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, typed)
	if len(code) != referenceLength {
		return "", "", invalid
	}
	var n uint64
	for _, c := range []byte(code) {
		digit := strings.IndexByte(ReferenceAlphabet, c)
		if digit < 0 {
			return "", "", invalid
		}
		n = n*uint64(len(ReferenceAlphabet)) + uint64(digit)
	}
	// Three codes of four spell more than the bits that there are. They are nobody's, and
	// looked up like the others: whoever finds the ID they seem to begin compares the code.
	return grouped(code), idEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, n<<9))[:referenceStart], nil
}
