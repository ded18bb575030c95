package web

import (
	"net/http"
	"slices"
	"sync"

	"github.com/labstack/echo/v4"

	"letterlock/internal/brand"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/notify"
	"letterlock/internal/sanitize"
	"letterlock/views"
)

// policyPreview is for a page of the portal in a frame of the editor of brands: it runs
// nothing, sends nothing, and nobody else can frame it.
const policyPreview csp = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin"

// maxFitted is how many brands that are being edited are kept for their previews.
const maxFitted = 50

// A fitted is a brand as somebody has typed it.
type fitted struct {
	id   letterlock.ID
	by   letterlock.Address
	look *brand.Brand
}

// A fittingRoom keeps brands as they were typed, the newest ones, until their previews
// have been fetched. They are nobody else's to see.
type fittingRoom struct {
	mu   sync.Mutex
	list []fitted
}

// hang keeps a brand and returns under which name.
func (r *fittingRoom) hang(by letterlock.Address, look *brand.Brand) letterlock.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := fitted{id: letterlock.NewID(), by: by, look: look}
	if r.list = append(r.list, f); len(r.list) > maxFitted {
		r.list = slices.Delete(r.list, 0, len(r.list)-maxFitted)
	}
	return f.id
}

func (r *fittingRoom) find(by letterlock.Address, id letterlock.ID) (*brand.Brand, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.list {
		if f.id == id && f.by == by {
			return f.look, nil
		}
	}
	return nil, &letterlock.Error{Code: letterlock.NotFound}
}

// previewFile sends one of the documents of a brand that is being edited.
func (s *Server) previewFile(c echo.Context) error {
	look, err := s.fitting.find(actor(c).Address, letterlock.ID(c.Param("id")))
	if err != nil {
		return err
	}
	in := s.Languages.Or(c.QueryParam("language"))
	me := letterlock.Mailbox{Name: actor(c).Name, Address: actor(c).Address}
	switch c.Param("file") {
	case "mail.html":
		html, err := s.previewMail(look, me, in)
		if err != nil {
			return err
		}
		setPolicy(c, sanitize.CSP)
		return c.HTML(http.StatusOK, html)
	case "portal.html":
		setPolicy(c, policyPreview)
		return s.show(c, http.StatusOK, views.GatePage(s.previewGate(look, "/brands/previews/"+c.Param("id")+"/", me, in)))
	case "brand.css":
		return c.Blob(http.StatusOK, "text/css; charset=utf-8", look.CSS())
	case "logo.png":
		return c.Blob(http.StatusOK, "image/png", look.Logo)
	}
	return &letterlock.Error{Code: letterlock.NotFound}
}

func (s *Server) previewMail(look *brand.Brand, me letterlock.Mailbox, in language.Words) (string, error) {
	n := notify.Notifier{PublicURL: s.PublicURL}
	return n.In(in).Preview(look, me)
}

// previewGate is the page of a link, of no message.
func (s *Server) previewGate(look *brand.Brand, at string, me letterlock.Mailbox, in language.Words) views.Gate {
	p := speaker{s, in}
	worn := spoken(views.Brand{ID: "preview", CSSURL: at + "brand.css", LogoURL: at + "logo.png"}, look, in)
	v := views.Gate{
		Page: views.Page{Words: in, Host: s.PublicURL.Host, Brand: worn},
		To:   p.masked(me.Address), Reference: notify.SampleReference, AskURL: "/brands", Valid: p.Length(passcodeLasts), NoTLS: !s.secure,
	}
	if look.NoPasscode {
		for _, p := range s.Vouch.Providers {
			v.Providers.List = append(v.Providers.List, views.Provider{ID: p.ID, Name: p.Name})
		}
		p.withoutPasscode(&v)
	}
	return v
}
