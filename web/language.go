package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// languageCookie says in which language this browser is to be answered as a recipient's,
// and staffLanguageCookie as that of the organisation's own people, who are offered others.
const (
	languageCookie      = "letterlock-language"
	staffLanguageCookie = "letterlock-staff-language"
)

// languageLasts is how long a browser keeps it.
const languageLasts = 365 * 24 * time.Hour

const (
	languageURL      = "/portal/language"
	staffLanguageURL = "/sign-in/language"
	wordsKey         = "words"
)

// A speaker tells somebody something in the language of a request.
type speaker struct {
	*Server
	language.Words
}

// speaker returns who answers a request.
func (s *Server) speaker(c echo.Context) speaker { return speaker{s, s.words(c)} }

// words returns those that a request is answered in: of the language that was chosen in
// this browser, else of one that the browser likes, else of that of the brand, else of the
// first that is offered.
func (s *Server) words(c echo.Context) language.Words {
	if w, ok := c.Get(wordsKey).(language.Words); ok {
		return w
	}
	w := s.choose(c)
	c.Set(wordsKey, w)
	return w
}

func (s *Server) choose(c echo.Context) language.Words {
	offer := s.offered(c)
	if offer == nil {
		return language.Words{}
	}
	vary(c, "Cookie", "Accept-Language")
	if w, ok := s.chosen(c, offer); ok {
		return w
	}
	if len(offer.All()) > 1 {
		if w, ok := offer.Match(c.Request().Header.Get("Accept-Language")); ok {
			return w
		}
	}
	if offer != s.Languages {
		return offer.All()[0]
	}
	id, _ := c.Get(brandKey).(string)
	return s.Languages.Or(s.Brands.Language(id))
}

// vary says which fields of a request its answer depends on, each once.
func vary(c echo.Context, names ...string) {
	h := c.Response().Header()
	for _, name := range names {
		if !slices.Contains(h.Values(echo.HeaderVary), name) {
			h.Add(echo.HeaderVary, name)
		}
	}
}

// offered is what a request can be answered in: recipients and the organisation's own
// people are not offered the same languages. nil: it is for neither, and English.
func (s *Server) offered(c echo.Context) *language.Offer {
	switch {
	case s.forStaff(c):
		return s.StaffLanguages
	case s.forRecipients(c):
		return s.Languages
	}
	return nil
}

// forStaff reports whether a request is one of the organisation's own people, who may not
// be in yet.
func (s *Server) forStaff(c echo.Context) bool {
	r := ruleOf(c)
	return r.ofStaff() || r == open && (strings.HasPrefix(c.Path(), "/sign-in") || strings.HasPrefix(c.Path(), "/password/") || c.Path() == "/sign-out") ||
		r == forNobody && s.staffBrowser(c)
}

// staffBrowser reports whether a browser is one of the organisation's own people, as far as
// its cookies tell: what has no route, or fails before it is known, is to cost nothing. A
// browser in which a recipient alone is signed in is theirs, whoever had it before.
func (s *Server) staffBrowser(c echo.Context) bool {
	for _, name := range []string{staffCookie, readerCookie, staffLanguageCookie} {
		if cookie, err := c.Cookie(s.sessions.name(name)); err == nil && cookie.Value != "" {
			return name != readerCookie
		}
	}
	return false
}

// forRecipients reports whether a request may be one of a recipient: what fails before
// its route is known may be, too.
func (s *Server) forRecipients(c echo.Context) bool {
	switch ruleOf(c) {
	case holder, reader, forNobody:
		return true
	case open:
		return c.Path() == "/check" || strings.HasPrefix(c.Path(), "/portal/")
	}
	return false
}

// chosen is the language that was chosen in this browser, if it is in the offer.
func (s *Server) chosen(c echo.Context, offer *language.Offer) (language.Words, bool) {
	cookie, err := c.Cookie(s.languageCookieOf(offer))
	if err != nil {
		return language.Words{}, false
	}
	return offer.Find(strings.TrimSuffix(cookie.Value, atDoor))
}

// atDoor stands behind a language that somebody of the organisation has chosen before they
// were in: whose choice it is shows when somebody signs in.
const atDoor = "-new"

// languageCookieOf is the cookie that keeps what was chosen of an offer.
func (s *Server) languageCookieOf(offer *language.Offer) string {
	if offer == s.StaffLanguages {
		return s.sessions.name(staffLanguageCookie)
	}
	return s.sessions.name(languageCookie)
}

// answerIn has this browser answered in a language of the offer from now on.
func (s *Server) answerIn(c echo.Context, offer *language.Offer, w language.Words) {
	s.keepLanguage(c, offer, w.Tag())
}

func (s *Server) keepLanguage(c echo.Context, offer *language.Offer, value string) {
	options := s.sessions.options()
	options.MaxAge = int(languageLasts / time.Second)
	c.SetCookie(sessions.NewCookie(s.languageCookieOf(offer), value, options))
}

// chooseLanguage answers in the language that was chosen from now on: in this browser,
// and for the address of whoever has proved one. It leads back to where it was chosen.
func (s *Server) chooseLanguage(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	w, ok := s.Languages.Find(f.Get("language"))
	if !ok {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "language"}
	}
	s.answerIn(c, s.Languages, w)
	by, err := s.signedIn(c, letterlock.Reader)
	if err == nil && by.Proof != letterlock.ByRelease {
		err = s.Sessions.Speak(c.Request().Context(), by, w.Tag())
	}
	if err != nil && letterlock.CodeOf(err) != letterlock.NotFound {
		return err
	}
	return c.Redirect(http.StatusSeeOther, localPath(f.Get("return"), "/check"))
}

// chooseStaffLanguage has somebody of the organisation answered in the language that they
// chose from now on: in this browser, and, if they are in, with all that is their account's. It
// asks for no account: nobody is in yet on some of the pages where it is chosen.
func (s *Server) chooseStaffLanguage(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	w, ok := s.StaffLanguages.Find(f.Get("language"))
	if !ok {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "language"}
	}
	by, err := s.staffActor(c)
	switch {
	case errors.Is(err, errSignIn):
		s.keepLanguage(c, s.StaffLanguages, w.Tag()+atDoor)
		err = nil
	case err == nil:
		s.answerIn(c, s.StaffLanguages, w)
		err = s.Accounts.Speak(c.Request().Context(), by, w.Tag())
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, localPath(f.Get("return"), "/sign-in"))
}

// adoptStaffLanguage has whoever has just signed in answered in the language of their
// account, unless they have chosen one on the way in: that is their account's from then on.
// An account of which none is known gets that of the browser.
func (s *Server) adoptStaffLanguage(c echo.Context, by letterlock.Actor) error {
	if len(s.StaffLanguages.All()) == 1 {
		return nil
	}
	tag, err := s.Accounts.Spoken(c.Request().Context(), by.Address)
	if err != nil {
		return err
	}
	w, known := s.StaffLanguages.Find(tag)
	if cookie, err := c.Cookie(s.languageCookieOf(s.StaffLanguages)); err == nil && strings.HasSuffix(cookie.Value, atDoor) || !known {
		if w, known = s.StaffLanguages.Find(s.likedByStaff(c)); !known {
			return nil
		}
	}
	s.answerIn(c, s.StaffLanguages, w)
	return s.Accounts.Speak(c.Request().Context(), by, w.Tag())
}

// likedByStaff is the tag of the language that was chosen in this browser, else of the one of
// the offer that the browser likes best; empty: it likes none of them, or there is no choice.
func (s *Server) likedByStaff(c echo.Context) string {
	if len(s.StaffLanguages.All()) == 1 {
		return ""
	}
	w, ok := s.chosen(c, s.StaffLanguages)
	if !ok {
		w, ok = s.StaffLanguages.Match(c.Request().Header.Get("Accept-Language"))
	}
	if !ok {
		return ""
	}
	return w.Tag()
}

// adoptLanguage brings together what was chosen in this browser and what is remembered
// for an address that has just been proved in it: the newer choice is the browser's. A
// release code proves none.
func (s *Server) adoptLanguage(c echo.Context, by letterlock.Actor) error {
	if by.Kind == letterlock.Staff {
		return s.adoptStaffLanguage(c, by)
	}
	if by.Kind != letterlock.Reader || by.Proof == letterlock.ByRelease || len(s.Languages.All()) == 1 {
		return nil
	}
	if w, ok := s.chosen(c, s.Languages); ok {
		return s.Sessions.Speak(c.Request().Context(), by, w.Tag())
	}
	tag, err := s.Sessions.Spoken(c.Request().Context(), by.Address)
	if w, ok := s.Languages.Find(tag); ok && err == nil {
		s.answerIn(c, s.Languages, w)
	}
	return err
}

// languageChoice offers the other languages, on pages that have them.
func (s *Server) languageChoice(c echo.Context) (choice views.LanguageChoice) {
	offer := s.offered(c)
	if offer == nil || len(offer.All()) == 1 {
		return choice
	}
	choice.URL, choice.Return = languageURL, s.shownAt(c)
	if s.forStaff(c) {
		choice.URL = staffLanguageURL
	}
	for _, w := range offer.All() {
		choice.List = append(choice.List, views.Language{Tag: w.Tag(), Name: w.Name(), Direction: w.Direction(), Here: w.Tag() == s.words(c).Tag()})
	}
	return choice
}

// shownAt is where a page can be asked for again: what answers a form is not always
// where the form went, and what a provider has sent along belongs into no page.
func (s *Server) shownAt(c echo.Context) string {
	r := c.Request()
	_, asked := s.rules[target{http.MethodGet, c.Path()}]
	switch {
	case strings.HasPrefix(c.Path(), "/portal/openid/"):
		return "/check"
	case strings.HasPrefix(c.Path(), "/sign-in/sso"):
		return "/sign-in"
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return r.URL.RequestURI()
	case asked:
		return r.URL.EscapedPath()
	case ruleOf(c).ofStaff():
		return "/account/security"
	case s.forStaff(c):
		return "/sign-in"
	case ruleOf(c) == holder || strings.Contains(c.Path(), "/prove/"):
		return linkOf(c)
	case c.Param("id") != "":
		return "/read/" + c.Param("id")
	case ruleOf(c) == reader:
		return "/messages"
	}
	return "/check"
}

// wrongFields leads to the fields of a form that are wrong, where there are too many to find
// at a glance. name is what the form calls a field.
func wrongFields(list []views.FieldError, name func(field string) string) (links []views.Link) {
	if len(list) < 3 {
		return nil
	}
	for _, e := range list {
		if called := name(e.Field); called != "" {
			links = append(links, views.Link{Text: called + ": " + e.Text, URL: "#" + e.Field})
		}
	}
	return links
}

// formFields are the fields of a form in its order, with the texts that it calls them by.
type formFields []struct{ name, text string }

// at is where a field stands; -1: it is the form as a whole.
func (f formFields) at(name string) int {
	for i, field := range f {
		if field.name == name {
			return i
		}
	}
	return -1
}

// wrong puts what is wrong into the order of the form, and leads to it as [wrongFields] does.
func (f formFields) wrong(say language.Words, list []views.FieldError) []views.Link {
	slices.SortStableFunc(list, func(a, b views.FieldError) int { return cmp.Compare(f.at(a.Field), f.at(b.Field)) })
	return wrongFields(list, func(name string) string {
		if i := f.at(name); i >= 0 {
			return say.Text(f[i].text)
		}
		return ""
	})
}

// sayText returns a text, and nothing for no id.
func sayText(say language.Words, id string) string {
	if id == "" {
		return ""
	}
	return say.Text(id)
}

// sayTexts is [sayText] for several.
func sayTexts(say language.Words, ids []string) (texts []string) {
	for _, id := range ids {
		texts = append(texts, say.Text(id))
	}
	return texts
}
