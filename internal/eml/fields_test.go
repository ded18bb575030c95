package eml

import (
	"slices"
	"testing"
)

func TestFieldsAreDecodedAndOnOneLine(t *testing.T) {
	head := "X-Class: top\r\n\tsecret\r\nSUBJECT: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nno field\r\nX-Class: again\r\n\r\n"
	var got []string
	for name, value := range DecodedFields([]byte(head)) {
		got = append(got, name+"|"+value)
	}
	if want := []string{"x-class|top\tsecret", "subject|Grüße", "x-class|again"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
