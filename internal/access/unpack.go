package access

import (
	"bytes"
	"io"
	"path"
	"strconv"
	"strings"

	"letterlock/internal/eml"
	"letterlock/internal/rtf"
	"letterlock/internal/tnef"
)

// A parcel is one part of a mail into which a program has packed several files: a
// winmail.dat, or a plain text with uuencoded files in it.
type parcel struct {
	files []packed
	rich  int    // bytes of rich text that were decompressed
	text  string // of the mail: what Outlook packed, or what is left of the text
	html  string // what Outlook packed
}

// A packed file is held in memory while its letter is open.
type packed struct {
	name, kind, cid string
	data            []byte
}

// maxParcel bounds what is unpacked of one mail, because it is held in memory, and
// maxParcels how many parts that is, because each may list hundreds of files. What is
// beyond is shown as the file that it is.
const (
	maxParcel  = 32 << 20
	maxParcels = 4
)

// maxRich bounds the rich text of one parcel. Every item that is attached in it may
// have some, compressed to an eighth, and reading it can take half a second a
// megabyte.
const maxRich = rtf.MaxSize

// wrapped reports whether a part is a winmail.dat.
func wrapped(p eml.Part) bool {
	return p.Type == "application/ms-tnef" || p.Type == "application/vnd.ms-tnef" ||
		p.Type == "application/octet-stream" && strings.EqualFold(p.Name, "winmail.dat")
}

// unpack opens the part of m if it is a parcel, and remembers what was in it. It
// returns nil for any other, and for one that cannot be opened.
func (m *Mail) unpack(part int) *parcel {
	if m.step != 1 || part < 0 || part >= len(m.Index.Parts) {
		return nil
	}
	p := m.Index.Parts[part]
	if p.Size > maxParcel || !wrapped(p) && !(p.UU && part == m.Index.TextPart()) {
		return nil
	}
	if wrapped(p) && !m.within(part) {
		return nil
	}
	if found, ok := m.parcels[part]; ok {
		return found
	}
	var found *parcel
	if wrapped(p) {
		found = m.unwrap(part)
	} else if text, _, err := m.Index.OpenText(m.Raw, part, maxText); err == nil {
		if rest, files := eml.SplitUU(text); len(files) > 0 {
			found = &parcel{text: rest}
			for _, f := range files {
				found.files = append(found.files, packed{name: f.Name, data: f.Data})
			}
		}
	}
	if m.parcels == nil {
		m.parcels = map[int]*parcel{}
	}
	m.parcels[part] = found
	return found
}

// within reports whether a winmail.dat is among the first of its mail that are
// opened. It goes by their order, so that what is asked for first makes no difference.
func (m *Mail) within(part int) bool {
	n, size := 0, int64(0)
	for _, p := range m.Index.Parts[:part+1] {
		if wrapped(p) {
			n, size = n+1, size+p.Size
		}
	}
	return n <= maxParcels && size <= maxParcel
}

// unwrap opens a winmail.dat.
func (m *Mail) unwrap(part int) *parcel {
	b, err := io.ReadAll(io.LimitReader(m.Index.Open(m.Raw, part), maxParcel))
	if err != nil {
		return nil
	}
	w, err := tnef.Decode(b)
	if err != nil {
		return nil
	}
	found := &parcel{}
	found.text, found.html = found.wordsOf(w)
	found.add(w)
	return found
}

// add adds the files of a wrapped message, and those of items attached to it,
// whose words become files.
func (p *parcel) add(w *tnef.Message) {
	for _, f := range w.Files {
		if f.Message == nil {
			p.files = append(p.files, packed{name: nameOf(f.Name), kind: strings.ToLower(f.Type), cid: strings.Trim(f.ContentID, "<>"), data: f.Data})
			continue
		}
		name := f.Message.Subject
		if name == "" {
			name = f.Name
		}
		if text, html := p.wordsOf(f.Message); html != "" {
			p.files = append(p.files, packed{name: nameOf(name + ".html"), kind: "text/html", data: []byte(html)})
		} else if text != "" {
			p.files = append(p.files, packed{name: nameOf(name + ".txt"), kind: "text/plain", data: []byte(text)})
		}
		p.add(f.Message)
	}
}

func nameOf(s string) string {
	if name := eml.FileName(s); name != "" && strings.TrimSuffix(name, path.Ext(name)) != "" {
		return name
	}
	return "attachment.bin"
}

// wordsOf is the text of a wrapped message, as HTML where there is some.
func (p *parcel) wordsOf(w *tnef.Message) (text, html string) {
	if len(w.HTML) > 0 {
		return "", inCodepage(w.HTML, w.Codepage)
	}
	if p.rich >= maxRich {
		return inCodepage(w.Text, w.Codepage), ""
	}
	if rich, err := rtf.Decompress(w.RTF); err == nil {
		p.rich += len(rich)
		if body := rtf.Read(rich, inCodepage); body.HTML {
			return "", body.Text
		} else if body.Text != "" {
			return body.Text, ""
		}
	}
	return inCodepage(w.Text, w.Codepage), ""
}

// inCodepage reads bytes in the alphabet of a codepage of Windows.
func inCodepage(b []byte, codepage int) string {
	switch codepage {
	case 65001:
		return eml.ToUTF8(b, "utf-8")
	case 0:
		return eml.ToUTF8(b, "")
	case 932:
		return eml.ToUTF8(b, "shift_jis")
	case 936:
		return eml.ToUTF8(b, "gbk")
	case 949:
		return eml.ToUTF8(b, "euc-kr")
	case 950:
		return eml.ToUTF8(b, "big5")
	case 20127:
		return eml.ToUTF8(b, "us-ascii")
	case 20866:
		return eml.ToUTF8(b, "koi8-r")
	case 50220, 50221, 50222:
		return eml.ToUTF8(b, "iso-2022-jp")
	}
	if 28591 <= codepage && codepage <= 28605 {
		return eml.ToUTF8(b, "iso-8859-"+strconv.Itoa(codepage-28590))
	}
	if codepage == 874 || 1250 <= codepage && codepage <= 1258 {
		return eml.ToUTF8(b, "windows-"+strconv.Itoa(codepage))
	}
	return eml.ToUTF8(b, "utf-8") // without a search for what nobody knows
}

// unpacked lists the files of a parcel that is part of the mail.
func (m *Mail) unpacked(part int, p *parcel) []Attachment {
	var list []Attachment
	for k, f := range p.files {
		list = append(list, Attachment{Part: m.first + part + held*(k+1), Name: f.name, Type: f.kind, Size: int64(len(f.data))})
	}
	return list
}

// outlook returns the words of the first winmail.dat, for a mail that has no other
// text.
func (m *Mail) outlook() *parcel {
	for i, p := range m.Index.Parts {
		if wrapped(p) {
			if found := m.unpack(i); found != nil && (found.text != "" || found.html != "") {
				return found
			}
		}
	}
	return nil
}

// packedImage finds an image by its Content-ID among what Outlook packed.
func (m *Mail) packedImage(cid string) ([]byte, bool) {
	for i, p := range m.Index.Parts {
		if !wrapped(p) {
			continue
		}
		if found := m.unpack(i); found != nil {
			for _, f := range found.files {
				if f.cid == cid && cid != "" {
					return f.data, len(f.data) <= maxImage
				}
			}
		}
	}
	return nil, false
}

// inParcel returns the reader of a file that lies in a parcel.
func (m *Mail) inParcel(part, number int) (io.Reader, bool) {
	p := m.unpack(part)
	if p == nil || number < 0 || number >= len(p.files) {
		return nil, false
	}
	return bytes.NewReader(p.files[number].data), true
}
