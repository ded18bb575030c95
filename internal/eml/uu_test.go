package eml

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// uuencoded writes data as a block.
func uuencoded(name string, data []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "begin 644 %s\n", name)
	char := func(v byte) {
		if v == 0 {
			b.WriteByte('`')
		} else {
			b.WriteByte(v + ' ')
		}
	}
	for len(data) > 0 {
		line := data[:min(45, len(data))]
		data = data[len(line):]
		char(byte(len(line)))
		for len(line) > 0 {
			var t [3]byte
			n := copy(t[:], line)
			line = line[n:]
			for _, v := range []byte{t[0] >> 2, t[0]<<4&63 | t[1]>>4, t[1]<<2&63 | t[2]>>6, t[2] & 63} {
				char(v)
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString("`\nend\n")
	return b.String()
}

func TestUuencodedFilesAreTakenOutOfText(t *testing.T) {
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	block := uuencoded("a b.bin", data)
	tests := []struct {
		name, text, rest string
		files            int
	}{
		{"one", "hello\n" + block + "bye\n", "hello\nbye\n", 1},
		{"two, and CRLF", strings.ReplaceAll(block+"x\n"+block, "\n", "\r\n"), "x\r\n", 2},
		{"blanks lost at line ends", strings.ReplaceAll(strings.ReplaceAll(block, "`", " "), " \n", "\n"), "", 1},
		{"without an end", "a\n" + strings.TrimSuffix(block, "end\n") + "b", "a\n" + strings.TrimSuffix(block, "end\n") + "b", 0},
		{"the word", "begin at the beginning\nend\nbegin 10000 things\nend\n", "begin at the beginning\nend\nbegin 10000 things\nend\n", 0},
		{"a path for a name", uuencoded("../../etc/passwd", []byte("x")), "", 1},
	}
	for _, tt := range tests {
		rest, files := SplitUU(tt.text)
		if rest != tt.rest || len(files) != tt.files {
			t.Errorf("%s: %q and %d files, want %q and %d", tt.name, rest, len(files), tt.rest, tt.files)
		}
		for _, f := range files {
			if f.Name == "a b.bin" && !bytes.Equal(f.Data, data) || strings.Contains(f.Name, "/") {
				t.Errorf("%s: %q holds %d bytes", tt.name, f.Name, len(f.Data))
			}
		}
	}
}

func TestUuencodingIsATransferEncoding(t *testing.T) {
	raw := []byte("Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: x-uuencode\n\n" + uuencoded("x.png", []byte("picture of a cat")))
	ix := index(t, raw)
	checkIndex(t, "x-uuencode", ix, raw)
	if b, err := io.ReadAll(ix.Open(bytes.NewReader(raw), 0)); string(b) != "picture of a cat" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

func TestTextThatMayHoldFilesIsMarked(t *testing.T) {
	for text, want := range map[string]bool{"a\nbegin 644 x\n": true, "begin": false, "begin 6": true, "a begin 644 x\n": false, "before\nbe\n": false} {
		for size := 1; size < 20; size++ {
			x := NewIndexer(Limits{})
			raw := []byte("Subject: x\n\n" + text)
			for len(raw) > 0 {
				n, err := x.Write(raw[:min(size, len(raw))])
				if err != nil {
					t.Fatal(err)
				}
				raw = raw[n:]
			}
			ix, err := x.Close()
			if err != nil {
				t.Fatal(err)
			}
			if ix.Parts[0].UU != want {
				t.Errorf("%q in pieces of %d: marked %t", text, size, !want)
			}
		}
	}
}

func TestUuencodingTakesLinearTime(t *testing.T) {
	start := time.Now()
	for _, s := range []string{"begin 644 x\n", "begin 644 x\n`\n", "#a\n", "begin 644 x\nend\n"} {
		SplitUU(strings.Repeat(s, 4<<20/len(s)))
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzSplitUU(f *testing.F) {
	f.Add("hello\n" + uuencoded("x", []byte("abc")) + "bye")
	f.Add("begin 644 x\n#86)C\n`\nend")
	f.Fuzz(func(t *testing.T, text string) {
		rest, files := SplitUU(text)
		total := len(rest)
		for _, file := range files {
			total += len(file.Data)
		}
		if len(files) == 0 && rest != text || total > len(text)*48 {
			t.Errorf("%q became %q and %d files", text, rest, len(files))
		}
	})
}

// A line may have lost the blanks at its end, which stand for bytes of zero: two
// characters then make 45 bytes.
func TestFilesInTextGrowLittle(t *testing.T) {
	block := "begin 644 zeros\n" + strings.Repeat("M\n", 500_000) + "end\n"
	text := block + block
	_, files := SplitUU(text)
	total := 0
	for _, f := range files {
		total += len(f.Data)
	}
	if total > maxUubytes {
		t.Errorf("%d bytes of text became files of %d", len(text), total)
	}
	if _, files = SplitUU("begin 644 zeros\n" + strings.Repeat("M\n", 1000) + "end\n"); len(files) != 1 || len(files[0].Data) != 45_000 {
		t.Errorf("%d files of few blanks, want one", len(files))
	}
}

// As a transfer encoding it is bounded too, and the same however it is read.
func TestPartsGrowLittle(t *testing.T) {
	raw := []byte("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 zeros\r\n" +
		strings.Repeat("M\r\n", 500_000) + "end\r\n")
	ix := index(t, raw)
	checkIndex(t, "zeros", ix, raw)
	if n := ix.Parts[0].Size; n < maxLent-45 || n > maxLent {
		t.Errorf("%d bytes became %d", len(raw), n)
	}
}
