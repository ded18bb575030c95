package audit

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

func statement(b *logbook) Statement {
	return Statement{Host: "mail.contoso.example", At: start, MessageID: "<1@contoso.example>", Message: "m3",
		Recipient: "marta@quillfeather.example", State: letterlock.Live, Audit: Head{Seq: 6, Hash: b.records[5].Hash}}
}

func TestAStatementIsBelievedOnlyAsItWasSigned(t *testing.T) {
	b := newLogbook(t)
	keys := KeysOf(b.signer.Public())
	file, err := statement(b).Sign(b.signer)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseStatement(file, keys)
	if err != nil || s.Recipient != "marta@quillfeather.example" || s.Says != Never {
		t.Fatalf("ParseStatement = %+v, %v", s, err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, file, "", "  "); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseStatement(pretty.Bytes(), keys); err != nil {
		t.Errorf("written with spaces: %v", err)
	}
	tests := []struct {
		name string
		file string
		keys Keys
		want string
	}{
		{"another recipient", strings.Replace(string(file), "marta", "peter", 1), keys, "its signature does not fit"},
		{"another claim", strings.Replace(string(file), "has not opened", "has opened", 1), keys, "its signature does not fit"},
		{"a claim beside it", strings.Replace(string(file), `{"says"`, `{"says":"nothing","says"`, 1), keys, "not as we write one"},
		{"another key", string(file), KeysOf(seal.NewSigner().Public()), "another key than the one given"},
		{"a checkpoint", string(b.points[0]), keys, "not as we write one"},
		{"nothing", "", keys, "not as we write one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParseStatement([]byte(tt.file), tt.keys); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ParseStatement = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestAStatementAgainstTheLogIsFound(t *testing.T) {
	b := newLogbook(t)
	reader := letterlock.Actor{Kind: letterlock.Reader, Address: "marta@quillfeather.example"}
	read := NewRow(4, start.Unix(), letterlock.Entry{Actor: reader, Action: "read", Message: "m3", Allowed: true})
	other, late, refused := read, read, read
	other.Message, late.Seq, refused.Allowed = "m4", 7, false
	tests := []struct {
		name string
		row  Row
		hash Hash
		want string
	}{
		{"a read", read, nil, "row 4: the recipient of the statement opened the message"},
		{"a read of another message", other, nil, ""},
		{"a read afterwards", late, nil, ""},
		{"a refused read", refused, nil, ""},
		{"its head", Row{Seq: 6}, b.records[5].Hash, ""},
		{"another head", Row{Seq: 6}, b.records[4].Hash, "row 6: the statement was made of another one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := statement(b).Check(tt.row, tt.hash); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Check = %q, want %q", got, tt.want)
			}
		})
	}
}
