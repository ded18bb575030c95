package eml

import (
	"strings"
)

// describe reads the header of a part and returns the boundary that it names.
func (p *Part) describe(head []byte) (boundary string) {
	var typed, disposed bool
	var names [2]string // of Content-Disposition, of Content-Type
	for f := range fields(head) {
		switch f.name {
		case "content-type":
			if !typed {
				boundary, names[1] = p.setType(f.text())
				typed = true
			}
		case "content-disposition":
			if !disposed {
				var q map[string]string
				p.Disposition, q = params(f.text())
				p.Disposition = label(p.Disposition)
				names[0] = q["filename"]
				disposed = true
			}
		case "content-transfer-encoding":
			if p.Encoding == "" {
				p.Encoding = encodingName(f.text())
			}
		case "content-id":
			if p.ContentID == "" {
				p.ContentID = clean(strings.Trim(f.text(), "<> "), 250)
			}
		case "content-location":
			p.Location = clean(f.text(), 500)
		}
	}
	for _, name := range names {
		if p.Name == "" && name != "" {
			p.Name = FileName(decodeWords(name))
		}
	}
	return boundary
}

// setType reads a Content-Type. RFC 2045 section 5.2 wants text for one that
// cannot be read; bytes are the safer guess where it does not even say text.
func (p *Part) setType(s string) (boundary, name string) {
	value, q := params(s)
	switch main, sub, _ := strings.Cut(value, "/"); {
	case isToken(main) && isToken(sub) && len(value) <= 100:
		p.Type = value
	case value == "" || main == "text":
		p.Type = "text/plain"
	default:
		p.Type = "application/octet-stream"
	}
	p.Charset = label(q["charset"])
	p.Method = strings.ToUpper(label(q["method"]))
	p.Flowed = p.Type == "text/plain" && label(q["format"]) == "flowed"
	p.DelSp = p.Flowed && label(q["delsp"]) == "yes"
	if p.Type == "multipart/related" {
		p.Root = clean(strings.Trim(q["start"], "<> "), 250)
	}
	if boundary = strings.TrimRight(q["boundary"], " \t"); len(boundary) > boundaryLine/2 {
		boundary = ""
	}
	return boundary, q["name"]
}

func encodingName(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s, _, _ = strings.Cut(s, "(")
	switch e := label(s); e {
	case "", "7bit", "8bit", "binary":
		return ""
	default:
		return e
	}
}

func isToken(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
