package apid

import (
	"context"
	"errors"
	"net/http"

	"letterlock/internal/api"
	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/letterlock"
)

func (s *server) brands() {
	op := func(o operation) operation {
		o.scope, o.role = letterlock.ScopeBrands, letterlock.Admin
		return o
	}
	add(s, op(operation{id: "list-brands", method: http.MethodGet, path: "/brands", summary: "List brands", about: "All of them, the default one first."}), s.listBrands)
	add(s, op(operation{id: "brand", method: http.MethodGet, path: "/brands/{brand}", summary: "Show a brand"}), s.oneBrand)
	addSilent(s, op(operation{id: "delete-brand", method: http.MethodPost, path: "/brands/{brand}/delete", summary: "Delete a brand",
		about: "Messages and rules that name it have the default brand from then on."}), s.deleteBrand)
	add(s, op(operation{id: "export-brands", method: http.MethodGet, path: "/exports/brands", summary: "Export brands",
		about: "These, or all, with everything of them, as import-brands takes them on another server."}), s.exportBrands)
	add(s, op(operation{id: "import-brands", method: http.MethodPost, path: "/imports/brands", body: maxBook, summary: "Import brands",
		about: "All of them or none: the detail of a refusal has a line for each brand that is refused. " +
			"A brand that was there says afterwards what the imported one says, and nothing else itself."}), s.importBrands)
}

func (s *server) listBrands(ctx context.Context, by letterlock.Actor, _ *struct{}) (api.BrandRows, error) {
	list, err := s.Brands.List(ctx, by)
	a := api.BrandRows{Brands: []api.BrandRow{}}
	for _, e := range list {
		row := api.BrandRow{Name: e.ID, SenderName: e.Settings.Name, Own: []string{}, Senders: []string{}, Messages: e.Messages}
		for _, f := range brand.AllFields() {
			if _, own := e.Changes[f]; own {
				row.Own = append(row.Own, string(f))
			}
		}
		places, _ := brand.ParseSenders(e.Changes[brand.Senders]) // a brand that is kept has none that are wrong
		for _, p := range places {
			row.Senders = append(row.Senders, p.String())
		}
		a.Brands = append(a.Brands, row)
	}
	return a, err
}

// A BrandNamed is the brand that a request is about.
type BrandNamed struct {
	Brand string `path:"brand" maxLength:"100"`
}

func (s *server) oneBrand(_ context.Context, by letterlock.Actor, in *struct{ BrandNamed }) (api.Brand, error) {
	list, err := s.Brands.Export(by, in.Brand)
	if err != nil {
		return api.Brand{}, err
	}
	b := brandOf(list[0])
	b.Version = list[0].Version
	return b, nil
}

func brandOf(p brandbook.Page) api.Brand {
	return api.Brand{Name: p.ID, Fields: p.Own.Words(), Inherits: p.Inherits.Words()}
}

func (s *server) deleteBrand(ctx context.Context, by letterlock.Actor, in *struct{ BrandNamed }) error {
	return s.Brands.Delete(ctx, by, in.Brand)
}

func (s *server) exportBrands(_ context.Context, by letterlock.Actor, in *struct {
	Name []string `query:"name,explode" doc:"Which ones; absent: all."`
}) (api.BrandBook, error) {
	list, err := s.Brands.Export(by, in.Name...)
	a := api.BrandBook{Brands: []api.Brand{}}
	for _, p := range list {
		a.Brands = append(a.Brands, brandOf(p))
	}
	return a, err
}

func (s *server) importBrands(ctx context.Context, by letterlock.Actor, in *struct {
	DryRun bool `query:"dry_run" doc:"Answer as if it were done, and change nothing."`
	New    bool `query:"new" doc:"Refuse brands that are there already."`
	Body   api.BrandBook
}) (api.ImportedBrands, error) {
	a := api.ImportedBrands{Brands: []api.ImportedBrand{}}
	var list []brandbook.Page
	for _, b := range in.Body.Brands {
		own, err1 := brand.ParseWords(b.Fields)
		inherits, err2 := brand.ParseWords(b.Inherits)
		if err := errors.Join(err1, err2); err != nil {
			return a, brandbook.Refused(b.Name, err)
		}
		list = append(list, brandbook.Page{ID: b.Name, Version: b.Version, Own: own, Inherits: inherits})
	}
	fates, err := s.Brands.Import(ctx, by, list, brandbook.ImportMode{Dry: in.DryRun, New: in.New})
	for _, f := range fates {
		a.Brands = append(a.Brands, api.ImportedBrand{Name: f.ID, Was: f.Was, Fixed: words(f.Fixed)})
	}
	return a, err
}
