package web

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/language"
	"letterlock/views"
)

// withLogo is for a form with a picture in it, and one that was kept from before.
func withLogo(_ *Server, e *entry) { e.limit = 3 << 20 }

// maxLogo is a little more than a logo may have, so that one that is larger is told why.
const maxLogo = 600 << 10

// A brandEdit is a brand that is made or changed.
type brandEdit struct {
	entry   brandbook.Entry // as it is kept; without ID: it is new
	changes brand.Changes   // as they would be saved
	typed   map[brand.Field]string
	id      string // typed, of a new one
	version string // typed; empty: that of the entry
	in      string // language of the previews that was chosen; empty: none was
	errors  []views.FieldError
}

// newBrand is an empty form.
func (s *Server) newBrand(c echo.Context) error {
	return s.show(c, http.StatusOK, views.BrandFormPage(s.brandForm(c, brandEdit{entry: s.Brands.Blank()})))
}

// editBrand is the form of a brand.
func (s *Server) editBrand(c echo.Context) error {
	e, err := s.namedBrand(c)
	if err != nil {
		return err
	}
	v := s.brandForm(c, brandEdit{entry: e, changes: e.Changes})
	v.Note = sayText(s.words(c), brandNotes[c.QueryParam("done")])
	return s.show(c, http.StatusOK, views.BrandFormPage(v))
}

// brandForm shows a brand as it can be changed, with previews of it as it would be.
func (s *Server) brandForm(c echo.Context, b brandEdit) views.BrandForm {
	e, say := b.entry, s.words(c)
	v := views.BrandForm{
		Page: s.page(c), Heading: say.Text("brands.changeBrand", "Brand", e.ID), Button: say.Text("brands.saveBrand"), URL: brandURL(e.ID), ID: e.ID, Base: say.Text("brands.theDefaultBrand"),
		Version: strconv.FormatInt(e.Version, 10), HasSenders: true, Fields: brandFields(say, b), Errors: b.errors, Wrong: wrongFields(b.errors, func(field string) string { return brandFormField(say, field) }),
	}
	v.Choice = views.LanguageChoice{} // what is typed would be lost
	if e.ID != "" {
		v.LogoURL = s.looksOf(e.ID).page.LogoURL
	}
	switch e.ID {
	case "":
		v.New, v.Heading, v.Button, v.URL, v.ID = true, say.Text("brands.addABrand"), say.Text("brands.addBrand"), "/brands", b.id
	case brand.Default:
		v.Heading, v.Base, v.HasSenders = say.Text("brands.changeTheDefaultBrand"), say.Text("brands.theSettingsFile"), false
	default:
		v.DeleteURL = brandURL(e.ID) + "/delete"
	}
	if b.version != "" {
		v.Version = b.version
	}
	s.speaker(c).spokenForm(&v, b)
	if logo := b.changes[brand.Logo]; logo != "" && logo != e.Changes[brand.Logo] {
		v.Logo = base64.StdEncoding.EncodeToString([]byte(logo))
	}
	if e.ID != "" && s.SendSample != nil {
		v.TestURL, v.TestTo = brandURL(e.ID)+"/test", string(actor(c).Address)
	}
	if look, err := s.Brands.Try(actor(c), e.ID, b.changes); err == nil && len(b.errors) == 0 {
		at := "/brands/previews/" + string(s.fitting.hang(actor(c).Address, look)) + "/"
		in := "?language=" + s.previewIn(b).Tag()
		v.MailURL, v.PortalURL, v.LogoURL = at+"mail.html"+in, at+"portal.html"+in, at+"logo.png"
		for _, f := range look.Contrasts() {
			v.Contrasts = append(v.Contrasts, views.Fact{Label: say.Text(grounds[f.What]), Value: contrastText(say, f)})
		}
	}
	return v
}

// grounds name what a brand's contrasts are of.
var grounds = map[brand.Ground]string{
	brand.WordsOnColour: "brands.wordsOnTheColour", brand.ColourOnWhite: "brands.colourOnWhite",
	brand.WordsInDark: "brands.wordsInTheDark", brand.ColourOnDark: "brands.colourOnDark",
}

func contrastText(say language.Words, f brand.Figure) string {
	number := func(n float64) string { return pointed(say, strconv.FormatFloat(n, 'f', 1, 64)) }
	return say.Text("brands.contrast", "Ratio", number(f.Ratio), "Least", number(f.Least))
}

// brandFields are the fields as they are shown: typed, or as the brand says them, or
// inherits them.
func brandFields(say language.Words, b brandEdit) map[string]views.BrandField {
	out := map[string]views.BrandField{}
	for _, f := range brand.Fields {
		value, own := b.changes[f]
		if !own && f != brand.Senders && f != brand.Language {
			value = b.entry.Base.Value(f)
		}
		if typed, is := b.typed[f]; is {
			value = typed
		}
		_, kept := b.entry.Changes[f]
		field := views.BrandField{Value: value, Own: own && kept, Base: b.entry.Base.Value(f)}
		if f == brand.Logo {
			field.Value, field.Base = "", say.Text("brands.itsPicture")
		}
		switch {
		case field.Base == "" && f == brand.Colour:
			field.Base = brand.DefaultColor
		case field.Base == "":
			field.Base = say.Text("brands.nothing")
		}
		out[string(f)] = field
	}
	return out
}

// addBrand saves a new brand, or shows how it would look.
func (s *Server) addBrand(c echo.Context) error {
	f, logo, err := brandFormOf(c.Request())
	if err != nil {
		return err
	}
	b := typedBrand(s.Brands.Blank(), f, logo)
	b.id = strings.TrimSpace(bounded(f.Get("id"), 80))
	return s.saveBrand(c, f, b, "added", func() error {
		return s.Brands.Add(c.Request().Context(), actor(c), b.id, b.changes)
	})
}

// changeBrand saves a brand that was there, or shows how it would look.
func (s *Server) changeBrand(c echo.Context) error {
	f, logo, err := brandFormOf(c.Request())
	if err != nil {
		return err
	}
	e, err := s.namedBrand(c)
	if err != nil {
		return err
	}
	b := typedBrand(e, f, logo)
	b.version = bounded(f.Get("version"), 20)
	version, err := strconv.ParseInt(b.version, 10, 64)
	if err != nil {
		version = -1 // of no brand
	}
	return s.saveBrand(c, f, b, "changed", func() error {
		return s.Brands.Change(c.Request().Context(), actor(c), e.ID, version, b.changes)
	})
}

func (s *Server) saveBrand(c echo.Context, f url.Values, b brandEdit, done string, save func() error) error {
	if do := f.Get("do"); do == "preview" || do == followPreview {
		if _, err := s.Brands.Try(actor(c), b.entry.ID, b.changes); err != nil {
			return s.brandAgain(c, b, err, do == followPreview)
		}
		v := s.brandForm(c, b)
		v.Previewed = true
		return s.show(c, http.StatusOK, views.BrandFormPage(v))
	}
	if err := save(); err != nil {
		return s.brandAgain(c, b, err, false)
	}
	to := brandURL(b.entry.ID)
	if b.entry.ID == "" {
		to = brandURL(b.id)
	}
	return c.Redirect(http.StatusSeeOther, to+"?done="+done)
}

// followPreview is what a script asks for while somebody types: what is half typed is
// nothing that was handed in, and no failure.
const followPreview = "follow"

// brandAgain shows the form once more with what is wrong in it.
func (s *Server) brandAgain(c echo.Context, b brandEdit, err error, follows bool) error {
	p := s.speaker(c)
	if b.errors = p.brandErrors(err); len(b.errors) == 0 {
		return err
	}
	b.errors = p.brandFaults(b.errors, s.Brands.Faults(actor(c), b.entry.ID, b.id, b.changes))
	if slices.ContainsFunc(b.errors, func(e views.FieldError) bool { return e.Field == string(brand.Logo) }) {
		delete(b.changes, brand.Logo) // it is not to be sent back and forth
	}
	status := http.StatusUnprocessableEntity
	if follows {
		status = http.StatusOK
	}
	return s.show(c, status, views.BrandFormPage(s.brandForm(c, b)))
}

// typedBrand reads what was typed. A field is the brand's own if it was so and is not to
// be inherited, or if it is not what would be inherited.
func typedBrand(e brandbook.Entry, f url.Values, logo []byte) brandEdit {
	b := brandEdit{entry: e, changes: brand.Changes{}, typed: map[brand.Field]string{}, in: bounded(f.Get("preview-in"), 20)}
	tidy := func(typed string) string {
		return strings.TrimSpace(strings.ReplaceAll(bounded(typed, 16<<10), "\r\n", "\n"))
	}
	b.readSpoken(f, tidy)
	inherit := func(field brand.Field) bool { return slices.Contains(f["inherit"], string(field)) }
	for _, field := range brand.Fields {
		value := tidy(f.Get(string(field)))
		base := e.Base.Value(field)
		switch field {
		case brand.Logo:
			if value = string(logo); value == "" && slices.Contains(f["own"], "logo") {
				value = e.Changes[field]
			}
			base = ""
		case brand.Passcode, brand.Social, brand.ForcePortal:
			if value = "no"; f.Get(string(field)) != "" {
				value = "yes"
			}
		case brand.Expiry:
			value = strings.ToLower(value)
		case brand.Senders:
			base = ""
		case brand.Language:
			kept, own := e.Changes[field]
			if _, is := f[string(field)]; is {
				own = value == speaksNone
			} else {
				value = kept // there is no choice
			}
			if value == speaksNone {
				value = ""
			}
			if base = ""; own {
				b.changes[field] = value
			}
		}
		if inherit(field) {
			continue
		}
		if value != base || slices.Contains(f["own"], string(field)) && field != brand.Logo {
			b.changes[field] = value
		}
		if field != brand.Logo {
			b.typed[field] = value
		}
	}
	return b
}

// brandFormOf reads the form in memory: pictures are put into no file. The logo is the
// one that was chosen, or else the one that the page has kept since the last preview.
func brandFormOf(r *http.Request) (f url.Values, logo []byte, err error) {
	f = url.Values{}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, badForm(err)
	}
	for range 300 {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, keptLogo(f, logo), nil
		}
		if err != nil {
			return nil, nil, badForm(err)
		}
		limit := int64(16 << 10)
		switch p.FormName() {
		case "logo":
			limit = maxLogo
		case "logo-kept":
			limit = 2 * maxLogo
		}
		value, err := io.ReadAll(io.LimitReader(p, limit))
		if err != nil {
			return nil, nil, badForm(err)
		}
		if p.FormName() == "logo" {
			logo = value
			continue
		}
		f.Add(p.FormName(), strings.ToValidUTF8(string(value), "\uFFFD"))
	}
	return nil, nil, badForm(errors.New("too many fields"))
}

func keptLogo(f url.Values, chosen []byte) []byte {
	if len(chosen) > 0 {
		return chosen
	}
	kept, err := base64.StdEncoding.DecodeString(f.Get("logo-kept"))
	if err != nil {
		return nil // of a picture that the page has not kept
	}
	return kept
}
