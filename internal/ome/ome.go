// Package ome reads what AME calls OME configurations: brands, in the words of its
// cmdlets. What it says of a brand that ours cannot is named, and never dropped in
// silence.
package ome

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"

	"letterlock/internal/brand"
	"letterlock/internal/letterlock"
)

// Default is what AME calls the configuration that all others beside it are made like.
const Default = "OME Configuration"

// notRead is the Key of what cannot be read.
const notRead = "configuration"

// A Configuration is one object of AME's, by the names of its parameters: texts, truths
// and numbers as JSON has them, Image as base64 or as a list of bytes.
type Configuration map[string]any

// Read reads what Get-OMEConfiguration | ConvertTo-Json writes: one object, or a list.
func Read(document []byte) ([]Configuration, error) {
	document = bytes.TrimSpace(bytes.TrimPrefix(document, []byte("\xef\xbb\xbf"))) // PowerShell's mark
	var list []Configuration
	if bytes.HasPrefix(document, []byte("[")) {
		if err := json.Unmarshal(document, &list); err != nil {
			return nil, invalid("the document is no JSON as ConvertTo-Json writes it: %w", err)
		}
		return list, nil
	}
	var one Configuration
	if err := json.Unmarshal(document, &one); err != nil {
		return nil, invalid("the document is no JSON as ConvertTo-Json writes it: %w", err)
	}
	return []Configuration{one}, nil
}

// ID returns the name that our brand has, and a note if that is not how AME names it.
func (c Configuration) ID() (id, note string, err error) {
	name := c.name()
	if strings.EqualFold(name, Default) || strings.EqualFold(name, brand.Default) {
		return brand.Default, "", nil
	}
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	id = strings.Trim(b.String()[:min(b.Len(), brand.MaxID)], "-")
	if _, err := brand.ParseID(id); err != nil {
		return "", "", invalid("Identity %.60q: no name for a brand can be made of it", name)
	}
	if id != name {
		note = fmt.Sprintf("%.60q is called %s here.", name, id)
	}
	return id, note, nil
}

// name is the Identity, or the Name where that is an object of its own.
func (c Configuration) name() string {
	for _, key := range []string{"Identity", "Name"} {
		value := c.get(key)
		if o, is := value.(map[string]any); is {
			value = Configuration(o).get("Name")
		}
		if s, is := value.(string); is && strings.TrimSpace(s) != "" {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

func (c Configuration) get(key string) any {
	for k, value := range c {
		if strings.EqualFold(k, key) {
			return value
		}
	}
	return nil
}

// texts are the parameters that are fields of ours as they are.
var texts = map[string]brand.Field{
	"disclaimertext": brand.Disclaimer, "emailtext": brand.Email, "introductiontext": brand.Introduction,
	"portaltext": brand.PortalText, "privacystatementurl": brand.Privacy, "readbuttontext": brand.Button,
}

// Over returns the fields of a brand with what the configuration says, and notes of what
// it says that ours cannot. What is empty in it is inherited, as AME has its own words
// there; what is not in it stays.
func (c Configuration) Over(fields map[string]string) (out map[string]string, notes []string, err error) {
	out = maps.Clone(fields)
	if out == nil {
		out = map[string]string{}
	}
	put := func(f brand.Field, value string) {
		out[string(f)] = value
		if value == "" {
			delete(out, string(f))
		}
	}
	var wrong letterlock.Sentences
	for _, key := range slices.Sorted(maps.Keys(c)) {
		f, value, note, err := c.parameter(key)
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("%.60q: %.60s %s.", c.name(), key, err))
		case note != "":
			notes = append(notes, note)
		}
		if err == nil && f != "" {
			put(f, value)
		}
	}
	if len(wrong) > 0 {
		return nil, notes, &letterlock.Error{Code: letterlock.Invalid, Key: notRead, Err: wrong}
	}
	return out, notes, nil
}

// parameter translates one of them. Without a field it is none of ours.
func (c Configuration) parameter(key string) (f brand.Field, value, note string, err error) {
	given := c[key]
	name := strings.ToLower(key)
	if f := texts[name]; f != "" {
		value, err := textOf(given)
		return f, value, "", err
	}
	switch name {
	case "identity", "name":
		return "", "", "", nil
	case "backgroundcolor":
		value, err = colourOf(given)
		return brand.Colour, value, "", err
	case "image":
		value, err = imageOf(given)
		return brand.Logo, value, "", err
	case "otpenabled":
		value, err = truthOf(given)
		return brand.Passcode, value, "", err
	case "socialidsignin":
		value, err = truthOf(given)
		return brand.Social, value, "", err
	case "externalmailexpiryindays":
		return expiryOf(given)
	}
	if given == nil || given == "" {
		return "", "", "", nil
	}
	return "", "", fmt.Sprintf("%.60s: no brand of ours has that; it is left out.", key), nil
}

func textOf(given any) (string, error) {
	switch v := given.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	return "", errors.New("is no text")
}

// truthOf is yes or no; without one the brand inherits it.
func truthOf(given any) (string, error) {
	switch v := given.(type) {
	case nil:
		return "", nil
	case bool:
		if v {
			return "yes", nil
		}
		return "no", nil
	}
	return "", errors.New("is neither true nor false")
}

// colourOf reads #rrggbb, with or without #, or 0x before it, or one of the names that
// pages and PowerShell know.
func colourOf(given any) (string, error) {
	text, err := textOf(given)
	text = strings.ToLower(strings.TrimSpace(text))
	if err != nil || text == "" {
		return "", err
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "#"), "0x")
	if _, err := strconv.ParseUint(digits, 16, 32); err == nil && len(digits) == 6 {
		return "#" + digits, nil
	}
	named, known := colornames.Map[strings.ReplaceAll(text, " ", "")]
	if !known {
		return "", fmt.Errorf("%.60q is neither like #0c5463 nor the name of a colour", text)
	}
	return hex(named), nil
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// imageOf returns a picture in base64. PowerShell writes a list of bytes as numbers, and
// an older one puts it into an object.
func imageOf(given any) (string, error) {
	switch v := given.(type) {
	case nil:
		return "", nil
	case string:
		if _, err := base64.StdEncoding.DecodeString(v); err != nil {
			return "", errors.New("is a text that is not base64; the name of a file belongs on the command line, as in Set-OMEConfiguration -Image FILE")
		}
		return v, nil
	case map[string]any:
		return imageOf(v["value"])
	case []any:
		raw := make([]byte, len(v))
		for i, n := range v {
			b, is := n.(float64)
			if !is || b < 0 || b > 255 || b != math.Trunc(b) {
				return "", errors.New("is a list of what are no bytes")
			}
			raw[i] = byte(b)
		}
		return base64.StdEncoding.EncodeToString(raw), nil
	}
	return "", errors.New("is no picture")
}

// expiryOf reads days. AME's 0 is never, which no brand of ours says.
func expiryOf(given any) (brand.Field, string, string, error) {
	days, is := given.(float64)
	switch {
	case given == nil:
		return brand.Expiry, "", "", nil
	case !is || days < 0 || days > 730 || days != math.Trunc(days):
		return "", "", "", errors.New("is no number of days from 0 to 730")
	case days == 0:
		return brand.Expiry, "", "ExternalMailExpiryInDays 0: no brand says that messages never expire; it goes with the default brand and the settings.", nil
	}
	return brand.Expiry, strconv.Itoa(int(days)) + "d", "", nil
}

func invalid(format string, args ...any) error {
	return &letterlock.Error{Code: letterlock.Invalid, Key: notRead, Err: fmt.Errorf(format, args...)}
}

// Of returns a brand as AME shows one, by the names of its parameters, in the order in
// which it shows them. Value is a field as the brand says or inherits it.
func Of(id string, value func(brand.Field) string) []Property {
	if id == brand.Default {
		id = Default
	}
	days := "0"
	if span, err := letterlock.ParseSpan(value(brand.Expiry)); err == nil && span > 0 {
		days = value(brand.Expiry)
		if n, is := strings.CutSuffix(days, "d"); is {
			days = n
		}
	}
	return []Property{
		{"Identity", id},
		{"BackgroundColor", value(brand.Colour)},
		{"DisclaimerText", value(brand.Disclaimer)},
		{"EmailText", value(brand.Email)},
		{"ExternalMailExpiryInDays", days},
		{"Image", value(brand.Logo)},
		{"IntroductionText", value(brand.Introduction)},
		{"OTPEnabled", truth(value(brand.Passcode))},
		{"PortalText", value(brand.PortalText)},
		{"PrivacyStatementUrl", value(brand.Privacy)},
		{"ReadButtonText", value(brand.Button)},
		{"SocialIdSignIn", truth(value(brand.Social))},
	}
}

// A Property is one of an object.
type Property struct{ Name, Value string }

func truth(s string) string {
	if s == "no" {
		return "False"
	}
	return "True"
}
