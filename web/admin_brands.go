package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// brandRoutes are the pages on which administrators say in which looks recipients see mail.
func (s *Server) brandRoutes() {
	s.get(admin, "/brands", s.brandsPage)
	s.post(admin, "/brands", s.addBrand, withLogo)
	s.get(admin, "/brands/new", s.newBrand)
	s.get(admin, "/brands/previews/:id/:file", s.previewFile)
	s.get(admin, "/brands/:brand", s.editBrand)
	s.post(admin, "/brands/:brand", s.changeBrand, withLogo)
	s.post(admin, "/brands/:brand/test", s.testBrand)
	s.get(admin, "/brands/:brand/delete", s.askBrand)
	s.post(admin, "/brands/:brand/delete", s.deleteBrand)
}

// brandNotes say what was just done.
var brandNotes = map[string]string{
	"added": "The brand is added.", "changed": "The brand is saved. Pages show it at once.", "deleted": "The brand is deleted.",
	"tested": "A test mail is on its way to you.",
}

// fieldNames are the fields of a brand as a list names them.
var fieldNames = map[brand.Field]string{
	brand.Name: "sender name", brand.Colour: "colour", brand.Logo: "logo", brand.Introduction: "introduction", brand.Button: "words on the button",
	brand.Email: "text below the button", brand.Disclaimer: "disclaimer", brand.PortalText: "text on the page of the link", brand.Privacy: "privacy statement",
	brand.Language: "language", brand.Passcode: "passcode", brand.Social: "providers", brand.Expiry: "expiry", brand.ForcePortal: "portal for everyone",
}

func brandURL(id string) string { return "/brands/" + id }

// brandsPage lists all brands.
func (s *Server) brandsPage(c echo.Context) error {
	list, err := s.Brands.List(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	v := views.Brands{Page: s.page(c), NewURL: "/brands/new", Note: brandNotes[c.QueryParam("done")]}
	for _, e := range list {
		v.Rows = append(v.Rows, views.BrandRow{
			ID: e.ID, Name: e.Settings.Name, URL: brandURL(e.ID), LogoURL: s.looksOf(e.ID).page.LogoURL,
			Own: ownOf(e), Senders: shortList(s.words(c), nonEmpty(e.Changes[brand.Senders])), Messages: countOf(e.Messages, "message"),
		})
	}
	return s.show(c, http.StatusOK, views.BrandsPage(v))
}

// ownOf names what a brand says itself.
func ownOf(e brandbook.Entry) string {
	var names []string
	for _, f := range brand.AllFields() {
		if _, own := e.Changes[f]; own && brandFieldName(f) != "" {
			names = append(names, brandFieldName(f))
		}
	}
	switch {
	case len(names) > 0:
		text := strings.Join(names, ", ")
		return strings.ToUpper(text[:1]) + text[1:]
	case e.ID == brand.Default:
		return "Nothing: all is as in the settings file"
	}
	return "Nothing: all is as in the default brand"
}

func nonEmpty(text string) (list []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// namedBrand returns the brand that the path names.
func (s *Server) namedBrand(c echo.Context) (brandbook.Entry, error) {
	return s.Brands.Brand(c.Request().Context(), actor(c), c.Param("brand"))
}

// testBrand mails whoever asks the notification of a brand.
func (s *Server) testBrand(c echo.Context) error {
	e, err := s.namedBrand(c)
	if err != nil {
		return err
	}
	if s.SendSample == nil {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	in := s.previewIn(brandEdit{entry: e, changes: e.Changes, in: f.Get("test-in")})
	err = s.SendSample(c.Request().Context(), actor(c), e.ID, in)
	if letterlock.KeyOf(err) == "relay" {
		v := s.brandForm(c, brandEdit{entry: e, changes: e.Changes, in: in.Tag()})
		v.Problem = "The relay did not take the test mail. Doctor says more."
		return s.show(c, http.StatusServiceUnavailable, views.BrandFormPage(v))
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, brandURL(e.ID)+"?done=tested")
}

// askBrand asks before a brand is deleted, and says who uses it.
func (s *Server) askBrand(c echo.Context) error {
	e, err := s.namedBrand(c)
	if err != nil {
		return err
	}
	if e.ID == brand.Default {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	effects := []string{"Messages that bear it have the looks of the default brand from then on: " + countOf(e.Messages, "message") + " so far."}
	rules, err := s.Rules.List(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	for _, r := range rules {
		if r.Then.Brand == e.ID {
			effects = append(effects, "The rule "+quoted(r.Name)+" names it, and gives the default brand from then on.")
		}
	}
	effects = append(effects, "It cannot be brought back.")
	return s.show(c, http.StatusOK, views.AskPage(views.Ask{
		Page: s.page(c), Heading: "Delete brand?", What: "The brand " + quoted(e.ID) + " is deleted.", Effects: effects,
		Button: "Delete brand", URL: brandURL(e.ID) + "/delete", KeepURL: brandURL(e.ID), Keep: "Keep brand", Current: "brands", Back: "Brands",
	}))
}

func (s *Server) deleteBrand(c echo.Context) error {
	err := s.Brands.Delete(c.Request().Context(), actor(c), c.Param("brand"))
	if letterlock.KeyOf(err) == "brand-default" {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/brands?done=deleted")
}

// brandErrors says why a brand was not saved; nothing for what is not the form's to say.
func brandErrors(err error) []views.FieldError {
	key := letterlock.KeyOf(err)
	switch key {
	case "brand-changed":
		return []views.FieldError{{Field: "form", Text: "Somebody has changed this brand since you opened it. Open it again to see how; nothing was saved."}}
	case "brand-exists":
		return []views.FieldError{{Field: "id", Text: "Another brand has this name"}}
	case "brands":
		return []views.FieldError{{Field: "form", Text: "There are as many brands as there may be. Delete one first."}}
	case "brand-id":
		return []views.FieldError{{Field: "id", Text: "Use small letters, digits and hyphens between them, up to 40; not new, and not previews"}}
	}
	field, is := strings.CutPrefix(key, "brand-")
	if !is || !slices.Contains(brand.AllFields(), brand.Field(field)) {
		return nil
	}
	return []views.FieldError{{Field: field, Text: brandReason(err)}}
}

// brandReason is the cause that the brand itself gives, which is a sentence for people
// behind the name of its field.
func brandReason(err error) string {
	text := err.Error()
	if _, cause, is := strings.Cut(text, " of the brand: "); is {
		text = cause
	}
	if _, svg, is := strings.Cut(text, "is not a PNG or JPEG"); is {
		return "The file is not a PNG or JPEG" + svg + ". An SVG can hold more than a picture; save it as PNG"
	}
	if strings.HasPrefix(text, "is ") || strings.HasPrefix(text, "has ") || strings.HasPrefix(text, "measures ") {
		text = "It " + text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
