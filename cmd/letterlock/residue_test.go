package main

import (
	"bytes"
	"io/fs"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingReadableIsOnTheDisk sends a mail to a link and to an inline
// recipient and looks for its words in every file that the program has written.
func TestNothingReadableIsOnTheDisk(t *testing.T) {
	t.Parallel()
	p := start(t)
	const marker = "MARKER-7c1f09d2"
	mail := strings.NewReplacer("journey-1", "residue-1", "84,000", marker, "January", marker+"-file", "table.csv", marker+".csv").Replace(realMail)
	p.send(mail, nora, "carol@outlook.com")
	// A second mail is answered after the first has left for good.
	p.send(strings.ReplaceAll(mail, "residue-1", "residue-2"), nora)

	files, sealed := 0, false
	err := filepath.WalkDir(p.temp, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() { // the socket of commands holds nothing
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		sealed = sealed || bytes.Contains(b, []byte("residue-1@contoso.example"))
		if bytes.Contains(b, []byte(marker)) {
			t.Errorf("%s holds the words of the mail", strings.TrimPrefix(path, p.temp))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !sealed {
		t.Fatalf("the mail is in none of %d files: this test would prove nothing", files)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(p.temp); err != nil || len(left) > 0 {
		t.Errorf("%d files or folders are left behind, %v", len(left), err)
	}
	if err := smtp.SendMail(p.smtp, nil, "a@b.example", []string{nora}, nil); err == nil {
		t.Error("the stopped program takes mail")
	}
}
