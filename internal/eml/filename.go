package eml

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// nameLimit is the most characters of a file name.
const nameLimit = 200

// FileName makes of a name that a stranger chose one that can be shown and
// saved: the last step of a path, without invisible characters, without those
// that a file system gives a meaning, and never "." or "..".
func FileName(s string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError:
			return -1
		case unicode.IsSpace(r):
			return ' '
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Trim(s, " .")
	if n := utf8.RuneCountInString(s); n > nameLimit {
		s = shorten(s)
	}
	return s
}

// shorten takes from the stem of a name and keeps its extension, which people
// and programs go by.
func shorten(s string) string {
	stem, ext := s, ""
	if i := strings.LastIndexByte(s, '.'); i > 0 && len(s)-i <= 20 {
		stem, ext = s[:i], s[i:]
	}
	r := []rune(stem)
	return strings.TrimRight(string(r[:min(len(r), nameLimit-utf8.RuneCountInString(ext))]), " .") + ext
}

// MailName is what an attached mail is called that came without a name.
const MailName = "message.eml"

// usualNames are what everybody calls files of some types.
var usualNames = map[string]string{
	"text/calendar": "invitation.ics", "application/ics": "invitation.ics",
	"application/pgp-signature": "signature.asc", "application/pgp-encrypted": "pgp-version.txt", "application/pgp-keys": "public-key.asc",
	"application/pkcs7-mime": "smime.p7m", "application/x-pkcs7-mime": "smime.p7m",
	"application/pkcs7-signature": "smime.p7s", "application/x-pkcs7-signature": "smime.p7s",
}

// defaultName names an attachment that came without a name.
func defaultName(mediaType string) string {
	if mediaType == "message/rfc822" || mediaType == "message/global" {
		return MailName
	}
	if name, ok := usualNames[mediaType]; ok {
		return name
	}
	return "attachment" + extension(mediaType)
}

// extension is not mime.ExtensionsByType, because that answers differently on
// every machine.
func extension(mediaType string) string {
	switch mediaType {
	case "text/plain":
		return ".txt"
	case "text/html", "text/csv", "text/css", "text/xml", "application/pdf", "application/zip", "application/json", "application/xml",
		"application/rtf", "image/png", "image/gif", "image/webp", "image/bmp", "audio/ogg", "video/mp4", "video/webm":
		return "." + mediaType[strings.IndexByte(mediaType, '/')+1:]
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	case "image/jpeg", "image/jpg", "image/pjpeg":
		return ".jpg"
	case "image/svg+xml":
		return ".svg"
	case "image/tiff":
		return ".tif"
	case "audio/mpeg":
		return ".mp3"
	case "application/msword":
		return ".doc"
	case "application/vnd.ms-excel":
		return ".xls"
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return ".docx"
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return ".xlsx"
	case "application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return ".pptx"
	case "message/delivery-status", "message/disposition-notification", "text/rfc822-headers":
		return ".txt"
	}
	return ".bin"
}
