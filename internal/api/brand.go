package api

import (
	"context"
	"net/url"
)

// A Brand is how the organisation looks to the people it writes to, as it is exported
// and imported. Its fields are name (of the sender), colour, logo (base64), introduction,
// button, email, disclaimer, portal, privacy, language, passcode, social, expiry, force-portal
// and senders. The texts, from name to privacy, may be there in single languages, too:
// introduction.de.
type Brand struct {
	Name     string            `json:"name" doc:"What it is called, default or a name of small letters, digits and hyphens."`
	Version  int64             `json:"version,omitempty" doc:"Raised with each change. An import that names it is refused if there is another; exports are without."`
	Fields   map[string]string `json:"fields" nullable:"false" doc:"What it says itself, by field; the logo is in base64. A text in one language has its tag: introduction.de."`
	Inherits map[string]string `json:"inherits,omitempty" doc:"What it has from the default brand, or that from the settings. Imported, it says itself what it would not have so."`
}

// A BrandBook is brands, as one document.
type BrandBook struct {
	Brands []Brand `json:"brands" nullable:"false"`
}

// A BrandRow is a brand in a list.
type BrandRow struct {
	Name       string   `json:"name"`
	SenderName string   `json:"sender_name"`
	Own        []string `json:"own" nullable:"false" doc:"The fields that it says itself."`
	Senders    []string `json:"senders" nullable:"false" doc:"Whose messages bear it where nothing else decides."`
	Messages   int      `json:"messages" doc:"How many bear it."`
}

// BrandRows are all brands, the default one first.
type BrandRows struct {
	Brands []BrandRow `json:"brands" nullable:"false"`
}

// An ImportedBrand is what an import has done with a brand.
type ImportedBrand struct {
	Name  string   `json:"name"`
	Was   string   `json:"was" doc:"added, changed or same."`
	Fixed []string `json:"fixed" nullable:"false" doc:"Fields that it now says itself, because it would not have inherited the same here."`
}

// ImportedBrands are all of them.
type ImportedBrands struct {
	Brands []ImportedBrand `json:"brands" nullable:"false"`
}

// Brands returns all brands, the default one first.
func (c *Client) Brands(ctx context.Context) ([]BrandRow, error) {
	var got BrandRows
	err := c.get(ctx, "/brands", &got)
	return got.Brands, err
}

// Brand returns one brand with everything of it.
func (c *Client) Brand(ctx context.Context, name string) (b Brand, err error) {
	err = c.get(ctx, pathOf("brands", name), &b)
	return b, err
}

// ExportBrands returns these brands; without names, all.
func (c *Client) ExportBrands(ctx context.Context, names []string) (b BrandBook, err error) {
	v := url.Values{}
	for _, n := range names {
		v.Add("name", n)
	}
	err = c.get(ctx, values(v).on("/exports/brands"), &b)
	return b, err
}

// ImportBrands saves brands, all or none. With isNew none of them may be there already.
func (c *Client) ImportBrands(ctx context.Context, b BrandBook, isNew, dry bool) ([]ImportedBrand, error) {
	var got ImportedBrands
	err := c.post(ctx, values{}.flag("new", isNew).flag("dry_run", dry).on("/imports/brands"), b, &got)
	return got.Brands, err
}

// DeleteBrand removes a brand.
func (c *Client) DeleteBrand(ctx context.Context, name string) error {
	return c.post(ctx, pathOf("brands", name, "delete"), nil, nil)
}
