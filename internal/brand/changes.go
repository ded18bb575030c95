package brand

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
)

// A Field is one thing that a brand can say of itself. Its name stands in the database,
// in exported files and in forms.
type Field string

// The fields, in the order in which people see them.
const (
	Name         Field = "name"
	Colour       Field = "colour"
	Logo         Field = "logo"
	Introduction Field = "introduction"
	Button       Field = "button"
	Email        Field = "email"
	Disclaimer   Field = "disclaimer"
	PortalText   Field = "portal"
	Privacy      Field = "privacy"
	Language     Field = "language"     // a tag, as de; empty: none, the first that is offered
	Passcode     Field = "passcode"     // yes or no
	Social       Field = "social"       // yes or no
	Expiry       Field = "expiry"       // a span, as 7d; empty: as the settings say
	ForcePortal  Field = "force-portal" // yes or no
	Senders      Field = "senders"      // a line each: an address, a domain, or one with *. before it
)

// Fields are all of them. What is said in one language alone is in [AllFields].
var Fields = []Field{Name, Colour, Logo, Introduction, Button, Email, Disclaimer, PortalText, Privacy, Language, Passcode, Social, Expiry, ForcePortal, Senders}

// Changes are the fields in which a brand differs from the one that it inherits from.
// What is not in it is as there; what is empty in it is empty, but in one language, where
// empty is as not said. The logo is the bytes of its picture.
type Changes map[Field]string

// Over returns s with the changes made, or Invalid with the field as its Key.
func (c Changes) Over(s Settings) (Settings, error) {
	if err := c.known(); err != nil {
		return s, err
	}
	s.Spoken = c.spokenOver(s.Spoken)
	for _, field := range Fields {
		if value, is := c[field]; is {
			if err := s.set(field, value); err != nil {
				return s, invalid(field, err)
			}
		}
	}
	return s, nil
}

func (s *Settings) set(field Field, value string) (err error) {
	texts := map[Field]*string{
		Name: &s.Name, Colour: &s.Color, Introduction: &s.Introduction, Button: &s.Button, Email: &s.Email,
		Disclaimer: &s.Disclaimer, PortalText: &s.Portal, Privacy: &s.Privacy,
	}
	if at := texts[field]; at != nil {
		*at = value
		return nil
	}
	switch field {
	case Logo:
		s.Logo = []byte(value)
	case Passcode:
		s.NoPasscode, err = isNo(value)
	case Social:
		s.NoSocial, err = isNo(value)
	case ForcePortal:
		s.ForcePortal, err = isNo(value)
		s.ForcePortal = !s.ForcePortal
	case Expiry:
		s.Expiry, err = spanOf(value)
	case Language:
		s.Language, err = languageOf(value)
	case Senders:
		_, err = ParseSenders(value) // they are the brand's own, and nobody's who inherits
	}
	return err
}

// Value returns a field of s as Changes write it.
func (s Settings) Value(field Field) string {
	switch field {
	case Name:
		return s.Name
	case Colour:
		return s.Color
	case Logo:
		return string(s.Logo)
	case Introduction:
		return s.Introduction
	case Button:
		return s.Button
	case Email:
		return s.Email
	case Disclaimer:
		return s.Disclaimer
	case PortalText:
		return s.Portal
	case Privacy:
		return s.Privacy
	case Passcode:
		return yes(!s.NoPasscode)
	case Social:
		return yes(!s.NoSocial)
	case ForcePortal:
		return yes(s.ForcePortal)
	case Expiry:
		if s.Expiry > 0 {
			return s.Expiry.String()
		}
	case Language:
		return s.Language
	}
	return s.Spoken[field]
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func isNo(s string) (bool, error) {
	switch s {
	case "yes":
		return false, nil
	case "no":
		return true, nil
	}
	return false, errors.New("is neither yes nor no")
}

func spanOf(s string) (letterlock.Span, error) {
	if s == "" {
		return 0, nil
	}
	span, err := letterlock.ParseSpan(s)
	if err != nil || span <= 0 {
		return 0, Because("noSpan", "is no number with m, h or d, as 12h or 7d, up to 730d")
	}
	return span, nil
}

func languageOf(tag string) (string, error) {
	if _, is := language.Find(tag); tag != "" && !is {
		return "", Because("noLanguage", "is none that there is; a language is named as de")
	}
	return tag, nil
}

// Faults are the errors of Over and New for each field alone, in the order of [AllFields]:
// whoever has typed many hears of all that is wrong at once.
func (c Changes) Faults(under Settings) (list []error) {
	for _, field := range AllFields() {
		value, is := c[field]
		if !is {
			continue
		}
		s, err := Changes{field: value}.Over(under)
		switch {
		case err != nil:
		case field == Logo:
			_, err = New(s)
		default:
			err = s.Check()
		}
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}

// known returns Invalid with the field as its Key if there is one that no brand has: a
// brand that lacks what it was given would be another brand.
func (c Changes) known() error {
	for _, field := range slices.Sorted(maps.Keys(c)) {
		if err := isField(field); err != nil {
			return invalid(field, err)
		}
	}
	return nil
}

// Tidy puts every value into the form in which it is kept: texts trimmed, and of a logo
// the picture that is shown, which we encode ourselves. Its errors are those of New.
func (c Changes) Tidy(under Settings) (Changes, error) {
	s, err := c.Over(under)
	if err != nil {
		return nil, err
	}
	b, err := New(s)
	if err != nil {
		return nil, err
	}
	_ = s.tidy() // New has found nothing wrong with it
	s.Logo = b.Logo
	out := Changes{}
	for field, value := range c {
		out[field] = value
		if field != Senders {
			out[field] = s.Value(field)
		}
	}
	for field, value := range out { // no picture is none of its own, and no text in one language
		_, tag := field.Cut()
		saysNothing := field == Language && under.Language == "" // where there is none to be without
		if value == "" && (field == Logo || saysNothing || tag != "") {
			delete(out, field)
		}
	}
	return out, nil
}

// Words are the changes as text: the logo in base64.
func (c Changes) Words() map[string]string {
	out := map[string]string{}
	for field, value := range c {
		if field == Logo {
			value = base64.StdEncoding.EncodeToString([]byte(value))
		}
		out[string(field)] = value
	}
	return out
}

// ParseWords reads what Words has written. Whether there are such fields, and what they
// may say, is looked at when they are used.
func ParseWords(words map[string]string) (Changes, error) {
	c := Changes{}
	for field, value := range words {
		if Field(field) == Logo {
			raw, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return nil, invalid(Logo, errors.New("is not base64"))
			}
			value = string(raw)
		}
		c[Field(field)] = value
	}
	return c, nil
}

// MarshalJSON writes the logo in base64, as it is no text.
func (c Changes) MarshalJSON() ([]byte, error) { return json.Marshal(c.Words()) }

// UnmarshalJSON reads what MarshalJSON has written.
func (c *Changes) UnmarshalJSON(b []byte) error {
	words := map[string]string{}
	err := json.Unmarshal(b, &words)
	if err == nil {
		*c, err = ParseWords(words)
	}
	return err
}

// MaxSenders is how many senders a brand may name.
const MaxSenders = 100

// A SenderPlace is an address, a domain, or a domain with all below it.
type SenderPlace struct {
	Address letterlock.Address
	Domain  string
	Below   bool
}

// String returns the place as it is written.
func (p SenderPlace) String() string {
	switch {
	case p.Address != "":
		return string(p.Address)
	case p.Below:
		return "*." + p.Domain
	}
	return p.Domain
}

// Fit says how exactly the place names an address; 0: it does not.
func (p SenderPlace) Fit(a letterlock.Address) int {
	switch {
	case p.Address != "":
		if p.Address == a {
			return 1000
		}
	case !p.Below && p.Domain == a.Domain():
		return 999
	case p.Below && strings.HasSuffix(a.Domain(), "."+p.Domain):
		return len(p.Domain)
	}
	return 0
}

// ParseSenders reads the senders of a brand, a line each.
func ParseSenders(text string) (list []SenderPlace, err error) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		p, err := senderPlace(line)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	if len(list) > MaxSenders {
		return nil, Because("manyLines", fmt.Sprintf("has %d lines; %d are allowed", len(list), MaxSenders), "Size", strconv.Itoa(len(list)), "Most", strconv.Itoa(MaxSenders))
	}
	return list, nil
}

func senderPlace(line string) (SenderPlace, error) {
	if strings.Contains(line, "@") {
		a, err := letterlock.ParseAddress(line)
		if err != nil {
			return SenderPlace{}, Because("noAddress", fmt.Sprintf("has a line that is no mail address: %q", line), "Line", line)
		}
		return SenderPlace{Address: a}, nil
	}
	name, below := strings.CutPrefix(line, "*.")
	a, err := letterlock.ParseAddress("x@" + name)
	if err != nil {
		return SenderPlace{}, Because("noDomain", fmt.Sprintf("has a line that is no domain: %q", line), "Line", line)
	}
	return SenderPlace{Domain: a.Domain(), Below: below}, nil
}

// Default is the name of the brand that messages have which have no other. In messages
// it is empty.
const Default = "default"

// MaxID is how long the name of a brand may be.
const MaxID = 40

// ParseID returns s if a brand can be named so: small letters, digits and hyphens
// between them. The name is part of addresses that recipients see.
func ParseID(s string) (string, error) {
	bad := strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.Trim(s, "-") != s
	if s == "" || len(s) > MaxID || bad || s == "new" || s == "previews" { // which are pages
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "brand-id",
			Err: fmt.Errorf("the name of a brand has small letters, digits and hyphens between them, at most %d", MaxID)}
	}
	return s, nil
}

// A Choice is the brand that a message gets, and what that asks of it.
type Choice struct {
	ID string // empty: the default brand
	Use
}
