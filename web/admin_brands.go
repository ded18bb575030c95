package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/language"
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
	"added": "brands.added", "changed": "brands.changed", "deleted": "brands.deleted", "tested": "brands.tested",
}

// fieldNames are the fields of a brand as a list names them.
var fieldNames = map[brand.Field]string{
	brand.Name: "brands.field.name", brand.Colour: "brands.field.colour", brand.Logo: "brands.field.logo", brand.Introduction: "brands.field.introduction",
	brand.Button: "brands.field.button", brand.Email: "brands.field.email", brand.Disclaimer: "brands.field.disclaimer", brand.PortalText: "brands.field.portal",
	brand.Privacy: "brands.field.privacy", brand.Language: "brands.field.language", brand.Passcode: "brands.field.passcode", brand.Social: "brands.field.social",
	brand.Expiry: "brands.field.expiry", brand.ForcePortal: "brands.field.forcePortal",
}

func brandURL(id string) string { return "/brands/" + id }

// brandsPage lists all brands.
func (s *Server) brandsPage(c echo.Context) error {
	say := s.words(c)
	list, err := s.Brands.List(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	v := views.Brands{Page: s.page(c), NewURL: "/brands/new", Note: sayText(say, brandNotes[c.QueryParam("done")])}
	for _, e := range list {
		v.Rows = append(v.Rows, views.BrandRow{
			ID: e.ID, Name: e.Settings.Name, URL: brandURL(e.ID), LogoURL: s.looksOf(e.ID).page.LogoURL,
			Own: ownOf(say, e), Senders: shortList(say, nonEmpty(e.Changes[brand.Senders])), Messages: say.Count("count.message", e.Messages),
		})
	}
	return s.show(c, http.StatusOK, views.BrandsPage(v))
}

// ownOf names what a brand says itself.
func ownOf(say language.Words, e brandbook.Entry) string {
	var names []string
	for _, f := range brand.AllFields() {
		general, _ := f.Cut()
		if _, own := e.Changes[f]; own && fieldNames[general] != "" {
			names = append(names, brandFieldName(say, f))
		}
	}
	switch {
	case len(names) > 0:
		text := strings.Join(names, ", ")
		return strings.ToUpper(text[:1]) + text[1:]
	case e.ID == brand.Default:
		return say.Text("brands.nothingAsInTheSettings")
	}
	return say.Text("brands.nothingAsInTheDefault")
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
		v.Problem = s.words(c).Text("brands.relay")
		return s.show(c, http.StatusServiceUnavailable, views.BrandFormPage(v))
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, brandURL(e.ID)+"?done=tested")
}

// askBrand asks before a brand is deleted, and says who uses it.
func (s *Server) askBrand(c echo.Context) error {
	say := s.words(c)
	e, err := s.namedBrand(c)
	if err != nil {
		return err
	}
	if e.ID == brand.Default {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	effects := []string{say.Count("brands.deleteEffect", e.Messages)}
	rules, err := s.Rules.List(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	for _, r := range rules {
		if r.Then.Brand == e.ID {
			effects = append(effects, say.Text("brands.theRuleNamesIt", "Rule", quoted(say, r.Name)))
		}
	}
	effects = append(effects, say.Text("brands.itCannotBeBroughtBack"))
	return s.show(c, http.StatusOK, views.AskPage(views.Ask{
		Page: s.page(c), Heading: say.Text("brands.deleteBrandB"), What: say.Text("brands.theBrandIsDeleted", "Brand", quoted(say, e.ID)), Effects: effects,
		Button: say.Text("brands.deleteBrand"), URL: brandURL(e.ID) + "/delete", KeepURL: brandURL(e.ID), Keep: say.Text("brands.keepBrand"), Current: "brands", Back: say.Text("brands.brands"),
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
func (p speaker) brandErrors(err error) []views.FieldError {
	key := letterlock.KeyOf(err)
	switch key {
	case "brand-changed":
		return []views.FieldError{{Field: "form", Text: p.Text("brands.why.changed")}}
	case "brand-exists":
		return []views.FieldError{{Field: "id", Text: p.Text("brands.why.exists")}}
	case "brands":
		return []views.FieldError{{Field: "form", Text: p.Text("brands.why.tooMany")}}
	case "brand-id":
		return []views.FieldError{{Field: "id", Text: p.Text("brands.why.badName")}}
	}
	field, is := strings.CutPrefix(key, "brand-")
	if !is || !slices.Contains(brand.AllFields(), brand.Field(field)) {
		return nil
	}
	return []views.FieldError{{Field: field, Text: p.brandReason(err)}}
}

// brandFaults adds what is wrong with each field alone to why a brand was not saved. The
// fields stand as in the form, so that the cursor goes to the first.
func (p speaker) brandFaults(list []views.FieldError, faults []error) (all []views.FieldError) {
	for _, err := range faults {
		list = append(list, p.brandErrors(err)...)
	}
	for _, e := range list {
		if !slices.ContainsFunc(all, func(x views.FieldError) bool { return x.Field == e.Field }) {
			all = append(all, e)
		}
	}
	place := func(e views.FieldError) int { return slices.Index(brand.AllFields(), brand.Field(e.Field)) }
	slices.SortStableFunc(all, func(a, b views.FieldError) int { return cmp.Compare(place(a), place(b)) })
	return all
}

// brandFormField is what the form calls a field; "" if it is none of a brand's.
func brandFormField(say language.Words, field string) string {
	general, _ := brand.Field(field).Cut()
	switch {
	case field == "id":
		return say.Text("brands.nameOfTheBrand")
	case general == brand.Senders:
		return say.Text("brands.forSenders")
	case fieldNames[general] != "":
		return capital(brandFieldName(say, brand.Field(field)))
	}
	return ""
}

// brandReason is the reason that the brand itself gives.
func (p speaker) brandReason(err error) string {
	var why *brand.Reason
	if !errors.As(err, &why) {
		return p.Text("brands.why.unfit")
	}
	var values []string
	for i := 0; i+1 < len(why.Values); i += 2 {
		name, value := why.Values[i], why.Values[i+1]
		switch name {
		case "Ratio", "Least":
			value = pointed(p.Words, value)
		case "Line":
			value = quoted(p.Words, value)
		}
		values = append(values, name, value)
	}
	return p.Text("brands.why."+why.Key, append(values, "Who", p.addresses(why.People))...)
}

// pointed is a number with a point as a language writes it.
func pointed(say language.Words, number string) string {
	return strings.Replace(number, ".", say.Text("size.point"), 1)
}
