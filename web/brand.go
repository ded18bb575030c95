package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"letterlock/internal/brand"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// looks are the files of a brand, made once, and where pages find them. The URLs change
// with the content, so that browsers may keep it, and none is that of another brand.
type looks struct {
	of        *brand.Brand
	css, logo []byte
	page      views.Brand
}

func newLooks(id string, b *brand.Brand) *looks {
	l := &looks{of: b, css: b.CSS(), logo: b.Logo}
	l.page = views.Brand{
		ID:      id,
		CSSURL:  "/brand/" + id + ".css?v=" + digest(l.css),
		LogoURL: "/brand/" + id + ".png?v=" + digest(l.logo),
	}
	return l
}

// spoken returns the looks of a brand with what it says in a language.
func spoken(v views.Brand, b *brand.Brand, w language.Words) views.Brand {
	b = b.In(w.Tag())
	v.Name, v.Text, v.Privacy = b.Name, b.Portal, b.Privacy
	v.AnyLanguage = b.Tongue(brand.PortalText) == ""
	return v
}

// A wardrobe keeps the looks of all brands.
type wardrobe struct {
	mu   sync.Mutex
	worn map[string]*looks
}

// looksOf returns the looks of the brand that a message names. One that is deleted has
// those of the default brand, and its URLs.
func (s *Server) looksOf(id string) *looks {
	if c, is := s.Brands.Named(id); !is || c.ID == "" {
		id = brand.Default
	}
	b := s.Brands.Of(id)
	s.wardrobe.mu.Lock()
	defer s.wardrobe.mu.Unlock()
	l := s.wardrobe.worn[id]
	if l == nil || l.of != b {
		if len(s.wardrobe.worn) > 2*maxWorn { // of brands that were deleted
			s.wardrobe.worn = nil
		}
		if s.wardrobe.worn == nil {
			s.wardrobe.worn = map[string]*looks{}
		}
		l = newLooks(id, b)
		s.wardrobe.worn[id] = l
	}
	return l
}

// maxWorn is about how many brands there may be.
const maxWorn = 200

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

const brandKey = "brand"

// wear has the pages that answer a request bear the brand of the message that it is
// about, the page of an error among them.
//
// From then on it is the brand's language that is spoken where nobody has said which.
func wear(c echo.Context, m letterlock.Message) {
	c.Set(brandKey, m.Brand)
	c.Set(wordsKey, nil)
}

// worn is the brand of the message that a request is about, or the default one.
func (s *Server) worn(c echo.Context) views.Brand {
	id, _ := c.Get(brandKey).(string)
	l := s.looksOf(id)
	return spoken(l.page, l.of, s.words(c))
}

// house is what the organisation is called where no message says otherwise.
func (s *Server) house() string { return s.Brands.NameOf("") }

// aDay is how long a browser may keep a file of a brand without asking.
const aDay = "public, max-age=86400"

// brandFile sends the style sheet or the logo of a brand.
func (s *Server) brandFile(c echo.Context) error {
	id, css := strings.CutSuffix(c.Param("file"), ".css")
	if !css {
		var png bool
		if id, png = strings.CutSuffix(id, ".png"); !png {
			return &letterlock.Error{Code: letterlock.NotFound}
		}
	}
	if _, is := s.Brands.Named(id); !is || id == "" {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	l := s.looksOf(id)
	if css {
		return keep(c, "text/css; charset=utf-8", l.css)
	}
	return keep(c, "image/png", l.logo)
}

func keep(c echo.Context, kind string, data []byte) error {
	h := c.Response().Header()
	h.Set("Cache-Control", aDay)
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(data)))
	return c.Blob(http.StatusOK, kind, data)
}

// choiceOf is the brand of that name; without one, or with one that there is not, that
// of whoever sends.
func (s *Server) choiceOf(by letterlock.Actor, id string) brand.Choice {
	if c, is := s.Brands.Named(id); is && id != "" {
		return c
	}
	return s.Brands.OfSender(by.Address)
}

// brandFor is the brand of a message in the writing, as far as its sender chooses.
func (s *Server) brandFor(by letterlock.Actor, f *composeForm) brand.Choice {
	return s.choiceOf(by, f.get("brand"))
}

// usualExpiry is how long a message in the writing is proposed to be read.
func (s *Server) usualExpiry(by letterlock.Actor, f *composeForm) *letterlock.Span {
	if c := s.brandFor(by, f); c.Expiry > 0 {
		return &c.Expiry
	}
	return s.Intake.Rules.Expiry
}

// brandOptions are all brands to choose from; none where there is no choice. What nothing
// says comes first, if that is a choice.
func (s *Server) brandOptions(chosen, nothing string) (list []views.Option) {
	ids := s.Brands.IDs()
	if len(ids) == 0 {
		return nil
	}
	if nothing != "" {
		list = append(list, views.Option{Text: nothing, Selected: chosen == ""})
	} else if chosen == "" {
		chosen = brand.Default
	}
	for _, id := range append([]string{brand.Default}, ids...) {
		list = append(list, views.Option{Value: id, Text: id + ": " + s.Brands.NameOf(id), Selected: id == chosen})
	}
	return list
}

// ruleBrands are those that a rule can choose, and the one that it has chosen even if
// that is deleted.
func (s *Server) ruleBrands(say language.Words, chosen string) []views.Option {
	list := s.brandOptions(chosen, say.Text("compose.brandAsSender"))
	if chosen != "" && !s.Brands.Is(chosen) {
		if list == nil {
			list = []views.Option{{Text: say.Text("compose.brandAsSender")}}
		}
		list = append(list, views.Option{Value: chosen, Text: say.Text("compose.brandDeleted", "Brand", chosen), Selected: true})
	}
	return list
}
