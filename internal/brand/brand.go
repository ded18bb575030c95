// Package brand is how the organisation looks to the people it writes to: a
// name, a colour and a logo, on the notification and in the portal.
//
// A Brand that exists is fit to be shown: its colours can be read in the light
// and in the dark, its logo is a small PNG that we encoded ourselves, and its
// texts hold nothing that could break a header or turn the text around it.
package brand

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

// DefaultColor is the colour of an organisation that has chosen none: the
// petrol of the rest of the product.
const DefaultColor = "#0c5463"

// Settings is what an organisation says about itself.
type Settings struct {
	Name       string // of the organisation; required, at most 80 characters
	Color      string // #rrggbb; empty: DefaultColor
	Logo       []byte // PNG or JPEG, at most 512 KB and 2000 by 2000 pixels; empty: an emblem in the colour
	Disclaimer string // under every notification, at most 1,000 characters; may be empty
	Privacy    string // URL of the privacy statement, http or https; may be empty
}

// A Brand is the looks of an organisation, checked. It does not change.
type Brand struct {
	Name       string
	Palette    // on light paper
	Dark       Palette
	Logo       []byte // PNG, at most 256 pixels on each side
	Disclaimer string // may be empty
	Privacy    string // may be empty
}

// New returns the brand that s describes, or Invalid with the field as its Key
// and a cause that says in words what is wrong with it.
func New(s Settings) (*Brand, error) {
	name, err := text(s.Name, 80, "")
	if err == nil && name == "" {
		err = errors.New("is missing")
	}
	if err != nil {
		return nil, invalid("name", err)
	}
	disclaimer, err := text(s.Disclaimer, 1000, "\n")
	if err != nil {
		return nil, invalid("disclaimer", err)
	}
	privacy, err := webAddress(s.Privacy)
	if err != nil {
		return nil, invalid("privacy", err)
	}
	light, dark, err := palettes(s.Color)
	if err != nil {
		return nil, invalid("color", err)
	}
	logo, err := makeLogo(s.Logo, light)
	if err != nil {
		return nil, invalid("logo", err)
	}
	return &Brand{
		Name: name, Palette: light, Dark: dark, Logo: logo,
		Disclaimer: disclaimer, Privacy: privacy,
	}, nil
}

// invalid names the setting in both the Key, for texts, and the cause, for logs.
func invalid(field string, err error) error {
	return &letterlock.Error{
		Code: letterlock.Invalid, Key: "brand-" + field,
		Err: fmt.Errorf("%s of the brand: %w", field, err),
	}
}

// CSS returns the style sheet of the brand: its three colours in the light and
// in the dark. It goes after the product's own sheet, whose layer it adds to.
func (b *Brand) CSS() []byte {
	return fmt.Appendf(nil, `/* The colours of the brand, for light and dark; their contrast was checked when it was made. */
@layer tokens {
  :root[data-brand] { %s }
  @media (prefers-color-scheme: dark) {
    :root[data-brand] { %s }
  }
}
`, b.Palette.properties(), b.Dark.properties())
}

const joiners = "\u200c\u200d"

// text returns s trimmed, or says why it cannot be shown. Characters that are
// not printed are refused, as they could end a header or reverse what follows;
// those in allowed are let through, and so are the two joiners, which some
// scripts cannot be spelled without.
func text(s string, limit int, allowed string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errors.New("is not UTF-8")
	}
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if n := utf8.RuneCountInString(s); n > limit {
		return "", fmt.Errorf("has %d characters; %d are allowed", n, limit)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r) && !strings.ContainsRune(allowed+joiners, r) {
			return "", fmt.Errorf("has a character that cannot be shown (%U)", r)
		}
	}
	return s, nil
}

// webAddress returns s if it is empty or an address that a link may point to.
func webAddress(s string) (string, error) {
	s, err := text(s, 500, "")
	if s == "" || err != nil {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil {
		return "", errors.New("is not a web address such as https://www.example.com/privacy")
	}
	return u.String(), nil
}
