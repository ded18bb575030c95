package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"letterlock/internal/config"
	"letterlock/internal/language"
	"letterlock/internal/oidc"
	"letterlock/views"
)

// guideRoutes lead administrators through setting up a provider. Nothing is saved by them:
// whoever may administer the portal is not therefore whom the server belongs to, and no
// secret goes through a browser.
func (s *Server) guideRoutes() {
	s.get(admin, providersURL+"/set-up/:guide", s.providerGuide)
	s.post(admin, providersURL+"/set-up/:guide", s.makeBlock)
}

// A guide is one way to set up a provider.
type guide struct {
	id     string // in the URL; of a preset its name
	preset oidc.Preset
	called string   // what it is called, or the text of that
	where  []string // texts of what to do there
	fields []string // that are to be filled in, as the file of settings names them
}

// singleGuide is that of single sign-on, which has settings and a redirect URI of its own.
const singleGuide = "single-sign-on"

var presetFields = []string{"client_id", "client_secret_file"}

var guides = []guide{
	{"google", oidc.Google, "Google", []string{"google1", "google2"}, presetFields},
	{"yahoo", oidc.Yahoo, "Yahoo", []string{"yahoo1"}, presetFields},
	{"microsoft", oidc.Microsoft, "Microsoft", []string{"microsoft1", "microsoft2", "microsoft3"}, presetFields},
	{"another", oidc.NoPreset, "providerGuide.anotherProvider", []string{"other1", "other2"}, slices.Concat([]string{"id", "name", "issuer", "domains"}, presetFields)},
	{singleGuide, oidc.NoPreset, "providerGuide.singleSignOn", []string{"sso1", "sso2", "sso3"}, slices.Concat([]string{"name", "issuer"}, presetFields)},
}

// guideFields are the texts of the fields: what they are called, and their hint.
var guideFields = map[string][2]string{
	"id": {"shortName", "shortNameHint"}, "name": {"name", "nameHint"}, "issuer": {"issuer", "issuerHint"}, "domains": {"domains", "domainsHint"},
	"client_id": {"client", "clientHint"}, "client_secret_file": {"secretFile", "secretFileHint"},
}

func (g guide) title(say language.Words) string {
	if g.preset != oidc.NoPreset {
		return g.called
	}
	return say.Text(g.called)
}

func (g guide) heading(say language.Words) string {
	switch {
	case g.id == singleGuide:
		return say.Text("providerGuide.setUpSingleSignOn")
	case g.preset == oidc.NoPreset:
		return say.Text("providerGuide.setUpAnother")
	}
	return say.Text("providerGuide.setUp", "Provider", g.called)
}

func guideLinks(say language.Words) (list []views.Link) {
	for _, g := range guides {
		list = append(list, views.Link{Text: g.title(say), URL: providersURL + "/set-up/" + g.id})
	}
	return list
}

// namedGuide returns the guide that the path names.
func namedGuide(c echo.Context) (guide, error) {
	i := slices.IndexFunc(guides, func(g guide) bool { return g.id == c.Param("guide") })
	if i < 0 {
		return guide{}, errNoPage
	}
	return guides[i], nil
}

// providerGuide is a guide with nothing filled in.
func (s *Server) providerGuide(c echo.Context) error {
	g, err := namedGuide(c)
	if err != nil {
		return err
	}
	short := map[string]string{"another": "provider", singleGuide: "sso"}[g.id]
	if short == "" {
		short = g.id
	}
	blank := config.SignIn{Preset: string(g.preset), ID: short, ClientSecretFile: "/etc/letterlock/" + short + ".secret"}
	return s.show(c, http.StatusOK, views.ProviderGuidePage(s.guideView(c, g, blank)))
}

// makeBlock shows what was filled in as the file of settings has it.
func (s *Server) makeBlock(c echo.Context) error {
	g, err := namedGuide(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	typed := typedProvider(g, f)
	v := s.guideView(c, g, typed)
	wrong := wrongInGuide(g, typed, config.Loopback(s.PublicURL.Hostname()))
	if len(wrong) == 0 {
		v.Block = blockOf(g, typed)
		return s.show(c, http.StatusOK, views.ProviderGuidePage(v))
	}
	say := s.words(c)
	for _, field := range wrong {
		v.Errors = append(v.Errors, views.FieldError{Field: field, Text: say.Text("providerGuide.wrong." + guideFields[field][0])})
	}
	v.Wrong = wrongFields(v.Errors, func(field string) string { return say.Text("providerGuide." + guideFields[field][0]) })
	return s.show(c, http.StatusUnprocessableEntity, views.ProviderGuidePage(v))
}

// typedProvider reads what was filled in.
func typedProvider(g guide, f url.Values) config.SignIn {
	get := func(field string) string {
		if !slices.Contains(g.fields, field) {
			return ""
		}
		return strings.TrimSpace(bounded(f.Get(field), 10_000))
	}
	typed := config.SignIn{Preset: string(g.preset), ID: get("id"), Name: get("name"), Issuer: get("issuer"), ClientID: get("client_id"),
		ClientSecretFile: get("client_secret_file"), Domains: nonEmpty(get("domains"))}
	if g.id == singleGuide {
		typed.ID = "sso"
	}
	return typed
}

// aSecretFile is a path that a command line has as it stands, whatever shell reads it.
var aSecretFile = regexp.MustCompile(`^/[A-Za-z0-9._/-]{1,200}$`)

// wrongInGuide names the fields that a server would not start with, or that nobody could
// mean, in the order of the form.
func wrongInGuide(g guide, typed config.SignIn, here bool) (list []string) {
	refused := typed.Refused(here)
	unprintable := func(s string, most int) bool {
		return utf8.RuneCountInString(s) > most || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
	}
	for _, field := range g.fields {
		wrong := slices.Contains(refused, field)
		switch field {
		case "name":
			wrong = wrong || unprintable(typed.Name, 60)
		case "client_id":
			wrong = wrong || unprintable(typed.ClientID, 300)
		case "client_secret_file":
			wrong = wrong || !aSecretFile.MatchString(typed.ClientSecretFile)
		}
		if wrong {
			list = append(list, field)
		}
	}
	return list
}

func blockOf(g guide, typed config.SignIn) string {
	if g.id == singleGuide {
		return config.SSO{Issuer: typed.Issuer, Name: typed.Name, ClientID: typed.ClientID, ClientSecretFile: typed.ClientSecretFile}.Block()
	}
	return typed.Block()
}

// guideView is a guide with what is filled in.
func (s *Server) guideView(c echo.Context, g guide, typed config.SignIn) views.ProviderGuide {
	say := s.words(c)
	v := views.ProviderGuide{Page: s.page(c), Heading: g.heading(say), URL: providersURL + "/set-up/" + g.id, LookURL: providersURL, Command: secretCommand(typed.ClientSecretFile)}
	for _, text := range g.where {
		v.Where = append(v.Where, say.Text("providerGuide.where."+text))
	}
	values := map[string]string{"id": typed.ID, "name": typed.Name, "issuer": typed.Issuer, "domains": strings.Join(typed.Domains, "\n"),
		"client_id": typed.ClientID, "client_secret_file": typed.ClientSecretFile}
	for _, field := range g.fields {
		texts := guideFields[field]
		v.Fields = append(v.Fields, views.GuideField{Name: field, Label: say.Text("providerGuide." + texts[0]), Hint: say.Text("providerGuide." + texts[1]),
			Value: values[field], Lines: field == "domains"})
	}
	at := "/portal/openid/" + url.PathEscape(typed.Short())
	if g.id == singleGuide {
		at, v.About = "/sign-in/sso", say.Text("providerGuide.forYourOwn")
	}
	v.Callback = s.PublicURL.Scheme + "://" + s.PublicURL.Host + at
	if p := s.setUpAs(g, typed.Short()); p != nil {
		row := s.speaker(c).providerRow(p, nil)
		v.There = &row
	}
	return v
}

// setUpAs returns the provider that this server was started with in that place, or nil.
func (s *Server) setUpAs(g guide, id string) *oidc.Provider {
	if g.id == singleGuide {
		return s.ssoProvider()
	}
	for _, p := range s.Vouch.Providers {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// secretCommand puts what is pasted into a file that only the program can read.
func secretCommand(file string) string {
	if !aSecretFile.MatchString(file) {
		file = "/etc/letterlock/provider.secret"
	}
	return "sudo install -m 0600 -o letterlock /dev/stdin " + file
}
