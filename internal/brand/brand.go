// Package brand is how the organisation looks to the people it writes to: a
// name, a colour and a logo, on the notification and in the portal.
//
// A Brand that exists is fit to be shown: its colours can be read in the light
// and in the dark, its logo is a small PNG that we encoded ourselves, and its
// texts hold nothing that could break a header or turn the text around it.
package brand

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

// DefaultColor is the colour of an organisation that has chosen none: the
// petrol of the rest of the product.
const DefaultColor = "#0c5463"

// Texts are the words of a brand.
type Texts struct {
	Introduction string // above the button of a notification, at most 500 characters; empty: our own
	Button       string // on it, at most 40 characters; empty: Read the message
	Email        string // below it, at most 1,000 characters; may be empty
	Disclaimer   string // under every notification, at most 1,000 characters; may be empty
	Portal       string // at the top of the page of the link, at most 500 characters; may be empty
}

// Settings is what an organisation says about itself.
type Settings struct {
	Name    string // of the organisation; required, at most 80 characters
	Color   string // #rrggbb; empty: DefaultColor
	Logo    []byte // PNG or JPEG, at most 512 KB and 2000 by 2000 pixels; empty: an emblem in the colour
	Texts          // for all languages that Spoken has nothing in
	Privacy string // URL of the privacy statement, http or https; may be empty
	// Spoken is what is said in single languages, by the fields of [Spoken].
	Spoken   map[Field]string
	Language string // tag of that in which is spoken where nobody has said which; empty: the first that is offered
	Use
}

// Use is what a brand asks of the messages that bear it.
type Use struct {
	NoPasscode  bool            // recipients cannot sign in with a one-time passcode
	NoSocial    bool            // nor with a provider
	Expiry      letterlock.Span // of messages whose sender says nothing; 0: as the settings say
	ForcePortal bool            // everybody outside reads in the portal
}

// Asks is what a message with that brand asks of its readers, of which it says itself d:
// without passcodes there is the word of a provider alone.
func (u Use) Asks(d letterlock.Demand) letterlock.Demand {
	if u.NoPasscode {
		return d.And(letterlock.ByProvider)
	}
	return d
}

// A Brand is the looks of an organisation, checked. It does not change.
type Brand struct {
	Name    string
	Palette // on light paper
	Dark    Palette
	Logo    []byte // PNG, at most 256 pixels on each side
	Texts
	Privacy string // may be empty
	// NoPasscode is that its texts cannot speak of a passcode.
	NoPasscode bool

	spoken map[Field]string
	tag    string // of the language that In was asked for
}

// New returns the brand that s describes, or Invalid with the field as its Key
// and a cause that says in words what is wrong with it.
func New(s Settings) (*Brand, error) {
	if err := s.tidy(); err != nil {
		return nil, err
	}
	light, dark, err := palettes(s.Color)
	if err != nil {
		return nil, invalid(Colour, err)
	}
	logo, err := makeLogo(s.Logo, light)
	if err != nil {
		return nil, invalid(Logo, err)
	}
	return &Brand{Name: s.Name, Palette: light, Dark: dark, Logo: logo, Texts: s.Texts, Privacy: s.Privacy, NoPasscode: s.NoPasscode, spoken: s.Spoken}, nil
}

// Check returns what New would return as error for all but the logo, which costs more
// to look at than everything else.
func (s Settings) Check() error {
	if err := s.tidy(); err != nil {
		return err
	}
	if _, _, err := palettes(s.Color); err != nil {
		return invalid(Colour, err)
	}
	return nil
}

// tidy puts each text into the form in which it is shown, or says which cannot be.
func (s *Settings) tidy() error {
	for _, t := range []struct {
		field Field
		text  *string
	}{
		{Name, &s.Name}, {Introduction, &s.Introduction}, {Button, &s.Button}, {Email, &s.Email},
		{Disclaimer, &s.Disclaimer}, {PortalText, &s.Portal}, {Privacy, &s.Privacy},
	} {
		tidy, err := tidyField(t.field, *t.text)
		if err == nil && tidy == "" && t.field == Name {
			err = Because("missing", "is missing")
		}
		if err != nil {
			return invalid(t.field, err)
		}
		*t.text = tidy
	}
	return s.tidySpoken()
}

// tidyField is tidy for one text of a brand, in whichever language.
func tidyField(field Field, s string) (string, error) {
	if field == Privacy {
		return webAddress(s)
	}
	bound := map[Field]struct {
		limit   int
		allowed string
	}{
		Name: {80, ""}, Introduction: {500, "\n"}, Button: {40, ""}, Email: {1000, "\n"}, Disclaimer: {1000, "\n"}, PortalText: {500, "\n"},
	}[field]
	tidy, err := text(s, bound.limit, bound.allowed)
	if err == nil && tidy != "" && !strings.ContainsFunc(tidy, drawn) {
		err = Because("unseen", "has nothing that can be seen")
	}
	return tidy, err
}

// invalid names the setting in both the Key, for texts, and the cause, for logs.
func invalid(field Field, err error) error {
	return &letterlock.Error{
		Code: letterlock.Invalid, Key: "brand-" + string(field),
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

// drawn reports whether a character is drawn: neither a space, nor one that joins others
// or stands for nothing, nor Braille without a dot.
func drawn(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '\u2800' && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) &&
		!unicode.Is(unicode.Variation_Selector, r)
}

const joiners = "\u200c\u200d"

// text returns s trimmed, or says why it cannot be shown. Characters that are
// not printed are refused, as they could end a header or reverse what follows;
// those in allowed are let through, and so are the two joiners, which some
// scripts cannot be spelled without.
func text(s string, limit int, allowed string) (string, error) {
	if !utf8.ValidString(s) {
		return "", Because("notUTF8", "is not UTF-8")
	}
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if n := utf8.RuneCountInString(s); n > limit {
		return "", Because("long", fmt.Sprintf("has %d characters; %d are allowed", n, limit), "Size", strconv.Itoa(n), "Most", strconv.Itoa(limit))
	}
	for _, r := range s {
		if !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r) && !strings.ContainsRune(allowed+joiners, r) {
			return "", Because("unprintable", fmt.Sprintf("has a character that cannot be shown (%U)", r), "Character", fmt.Sprintf("%U", r))
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
		return "", Because("noWebAddress", "is not a web address such as https://www.example.com/privacy")
	}
	return u.String(), nil
}
