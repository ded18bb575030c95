package eml

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// alphabets are those that x/text knows, by a name that mail uses, with words that
// they can write.
var alphabets = []struct {
	label, words string
	in           encoding.Encoding
}{
	{"iso-8859-1", "Grüße, œuvre – 5 €", charmap.Windows1252}, {"windows-1252", "Grüße “x”", charmap.Windows1252}, {"iso-8859-15", "œuvre 5 €", charmap.ISO8859_15},
	{"iso-8859-2", "žluťoučký kůň", charmap.ISO8859_2}, {"windows-1250", "žluťoučký kůň", charmap.Windows1250}, {"iso-8859-3", "ĉiuĵaŭde", charmap.ISO8859_3},
	{"iso-8859-4", "ķēniņš", charmap.ISO8859_4}, {"iso-8859-5", "Привет", charmap.ISO8859_5}, {"koi8-r", "Привет", charmap.KOI8R}, {"koi8-u", "Привіт", charmap.KOI8U},
	{"windows-1251", "Привіт", charmap.Windows1251}, {"ibm866", "Привет", charmap.CodePage866}, {"x-mac-cyrillic", "Привет", charmap.MacintoshCyrillic},
	{"iso-8859-6", "مرحبا", charmap.ISO8859_6}, {"windows-1256", "مرحبا", charmap.Windows1256}, {"iso-8859-7", "Γειά", charmap.ISO8859_7}, {"windows-1253", "Γειά", charmap.Windows1253},
	{"iso-8859-8", "שלום", charmap.ISO8859_8}, {"iso-8859-8-i", "שלום", charmap.ISO8859_8I}, {"windows-1255", "שלום", charmap.Windows1255}, {"windows-1254", "İstanbul", charmap.Windows1254},
	{"iso-8859-9", "İstanbul", charmap.Windows1254}, {"iso-8859-10", "Þórður", charmap.ISO8859_10}, {"iso-8859-13", "ķēniņš", charmap.ISO8859_13}, {"iso-8859-14", "Ŵŷ", charmap.ISO8859_14},
	{"iso-8859-16", "țară", charmap.ISO8859_16}, {"windows-874", "สวัสดี", charmap.Windows874}, {"tis-620", "สวัสดี", charmap.Windows874}, {"windows-1257", "ķēniņš", charmap.Windows1257},
	{"windows-1258", "Đa", charmap.Windows1258}, {"macintosh", "Grüße", charmap.Macintosh}, {"ibm437", "Grüße", charmap.CodePage437}, {"cp850", "Grüße", charmap.CodePage850},
	{"iso-2022-jp", "こんにちは", japanese.ISO2022JP}, {"shift_jis", "こんにちは", japanese.ShiftJIS}, {"cp932", "こんにちは", japanese.ShiftJIS}, {"euc-jp", "こんにちは", japanese.EUCJP},
	{"euc-kr", "안녕하세요", korean.EUCKR}, {"ks_c_5601-1987", "안녕하세요", korean.EUCKR}, {"gb2312", "你好", simplifiedchinese.GBK}, {"gbk", "你好", simplifiedchinese.GBK},
	{"gb18030", "你好𠮷", simplifiedchinese.GB18030}, {"hz-gb-2312", "你好", simplifiedchinese.HZGB2312}, {"big5", "你好", traditionalchinese.Big5},
	{"utf-16", "Grüße", unicode.UTF16(unicode.BigEndian, unicode.UseBOM)}, {"utf-16le", "Grüße", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"utf-16be", "Grüße", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}, {"utf-8", "Grüße 你好", unicode.UTF8},
}

func TestEveryAlphabetIsRead(t *testing.T) {
	for _, a := range alphabets {
		b, err := a.in.NewEncoder().Bytes([]byte(a.words))
		if err != nil {
			t.Fatalf("%s cannot write %q: %v", a.label, a.words, err)
		}
		raw := append([]byte("Content-Type: text/plain; charset=\""+a.label+"\"\r\n\r\n"), b...)
		text, _, err := index(t, raw).OpenText(bytes.NewReader(raw), 0, 1000)
		if err != nil || text != a.words {
			t.Errorf("%s: %q, %v; want %q", a.label, text, err, a.words)
		}
	}
}

func TestAlphabetsOfSevenBitsAreRead(t *testing.T) {
	tests := []struct{ label, in, want string }{
		{"utf-7", "Hi Mom -+Jjo--! 1 +- 1 +AOQ +2D3eAA-", "Hi Mom -☺-! 1 + 1 ä 😀"},
		{"utf-7", "+ADw-script+AD4-alert(1)", "<script>alert(1)"},
		{"utf-7", "a+", "a+"},
		{"iso-2022-kr", "\x1b$)C\x0e>H3g\x0f x\n", "안녕 x\n"},
		{"iso-2022-cn", "\x1b$)A\x0eDc:C\x0f!", "你好!"},
	}
	for _, tt := range tests {
		if got := toUTF8([]byte(tt.in), tt.label); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.label, got, tt.want)
		}
	}
}

func TestWrongLabelsAreNotBelieved(t *testing.T) {
	tests := []struct{ name, label, in, want string }{
		{"Windows-1252 called Latin 1", "iso-8859-1", "\x93x\x94 \x80", "“x” €"},
		{"UTF-8 called Latin 1", "iso-8859-1", "Grüße", "Grüße"},
		{"UTF-8 called ASCII", "us-ascii", "Grüße", "Grüße"},
		{"UTF-8 called Japanese", "iso-2022-jp", "Grüße", "Grüße"},
		{"UTF-8 called EUC-JP", "euc-jp", "Grüße ü ß", "Grüße ü ß"},
		{"Latin 1 called UTF-8", "utf-8", "Gr\xfc\xdfe", "Grüße"},
		{"eight bits without a label", "", "Gr\xfc\xdfe", "Grüße"},
		{"an alphabet that nobody knows", "x-klingon", "Gr\xfc\xdfe", "Grüße"},
		{"another spelling", "win-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
	}
	for _, tt := range tests {
		if got := toUTF8([]byte(tt.in), tt.label); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzToUTF8(f *testing.F) {
	for _, a := range alphabets {
		f.Add([]byte(a.words), a.label)
	}
	f.Add([]byte("+ADw-+-+A"), "utf-7")
	f.Add([]byte("\x1b$)C\x0e>H3g\x0f"), "iso-2022-kr")
	f.Fuzz(func(t *testing.T, b []byte, charset string) {
		if s := ToUTF8(b, charset); !utf8.ValidString(s) {
			t.Errorf("%q in %q is not valid", b, charset)
		}
	})
}
