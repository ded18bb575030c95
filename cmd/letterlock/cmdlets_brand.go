package main

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"strconv"
	"strings"

	"letterlock/internal/api"
	"letterlock/internal/brand"
	"letterlock/internal/letterlock"
	"letterlock/internal/ome"
)

// brandCmdlets are the commands about brands in AME's own words.
type brandCmdlets struct {
	GetOME    getOME    `cmd:"" name:"Get-OMEConfiguration" help:"As 'brand show', in the words of AME: Get-OMEConfiguration -Identity 'OME Configuration'."`
	SetOME    setOME    `cmd:"" name:"Set-OMEConfiguration" help:"Change a brand, in the words of AME: Set-OMEConfiguration -Identity legal -EmailText 'Encrypted by Contoso.'"`
	NewOME    newOME    `cmd:"" name:"New-OMEConfiguration" help:"Add a brand, in the words of AME: New-OMEConfiguration -Identity legal -BackgroundColor '#3b2a5c'."`
	RemoveOME removeOME `cmd:"" name:"Remove-OMEConfiguration" help:"As 'brand delete', in the words of AME: Remove-OMEConfiguration -Identity legal."`
}

type getOME struct {
	place
	Identity string `name:"Identity" placeholder:"NAME" help:"Which one; 'OME Configuration' is the default brand. Default: all."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run shows brands as PowerShell shows objects.
func (c *getOME) Run(ctx context.Context, o *operator) error {
	var names []string
	if c.Identity != "" {
		id, _, err := ome.Configuration{"Identity": c.Identity}.ID()
		if err != nil {
			return err
		}
		names = []string{id}
	}
	return o.ask(ctx, c.place, func(d desk) error {
		book, err := d.ExportBrands(ctx, names)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, book)
		}
		for _, b := range book.Brands {
			if err := d.configuration(b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d desk) configuration(b api.Brand) error {
	value := func(f brand.Field) string {
		if own, is := b.Fields[string(f)]; is {
			return own
		}
		return b.Inherits[string(f)]
	}
	if err := d.say(""); err != nil {
		return err
	}
	for _, p := range ome.Of(b.Name, value) {
		if p.Name == "Image" {
			p.Value = "{" + strconv.Itoa(len(p.Value)/4*3) + " bytes}"
		}
		if err := d.say("%-24s : %s", p.Name, plain(strings.ReplaceAll(p.Value, "\n", " / "))); err != nil {
			return err
		}
	}
	return nil
}

// omeParameters are what a brand can be told. A text that is empty, or $null, is
// inherited from then on.
type omeParameters struct {
	Identity         string  `name:"Identity" placeholder:"NAME" help:"Which one; 'OME Configuration' is the default brand."`
	BackgroundColor  *string `name:"BackgroundColor" placeholder:"COLOUR" help:"#rrggbb, or a name like Navy; on the button and the lines."`
	DisclaimerText   *string `name:"DisclaimerText" placeholder:"TEXT" help:"Under every notification."`
	EmailText        *string `name:"EmailText" placeholder:"TEXT" help:"In the notification, below the button."`
	Expiry           *string `name:"ExternalMailExpiryInDays" placeholder:"DAYS" help:"1 to 730, of messages whose sender says nothing."`
	Image            *string `name:"Image" placeholder:"FILE" help:"Logo, PNG or JPEG."`
	IntroductionText *string `name:"IntroductionText" placeholder:"TEXT" help:"In the notification, above the button."`
	OTPEnabled       *bool   `name:"OTPEnabled" help:"Whether recipients can sign in with a one-time passcode."`
	PortalText       *string `name:"PortalText" placeholder:"TEXT" help:"On the page of the link."`
	Privacy          *string `name:"PrivacyStatementUrl" placeholder:"URL" help:"Privacy statement, at the foot of the pages."`
	ReadButtonText   *string `name:"ReadButtonText" placeholder:"TEXT" help:"On the button."`
	SocialIdSignIn   *bool   `name:"SocialIdSignIn" help:"Whether recipients can sign in with a provider."`
	JSON             bool    `name:"json" help:"Print JSON."`
}

// configuration is what was typed, as a document would say it.
func (p *omeParameters) configuration() (ome.Configuration, error) {
	if p.Identity == "" {
		return nil, misused("-Identity is missing")
	}
	c := ome.Configuration{"Identity": p.Identity}
	for name, value := range map[string]*string{
		"BackgroundColor": p.BackgroundColor, "DisclaimerText": p.DisclaimerText, "EmailText": p.EmailText, "IntroductionText": p.IntroductionText,
		"PortalText": p.PortalText, "PrivacyStatementUrl": p.Privacy, "ReadButtonText": p.ReadButtonText,
	} {
		if value != nil {
			c[name] = unlessNull(*value)
		}
	}
	if p.OTPEnabled != nil {
		c["OTPEnabled"] = *p.OTPEnabled
	}
	if p.SocialIdSignIn != nil {
		c["SocialIdSignIn"] = *p.SocialIdSignIn
	}
	if p.Expiry != nil {
		days, err := strconv.ParseUint(*p.Expiry, 10, 32)
		if err != nil {
			return nil, misused("-ExternalMailExpiryInDays takes a number of days")
		}
		c["ExternalMailExpiryInDays"] = float64(days)
	}
	if p.Image == nil {
		return c, nil
	}
	c["Image"] = ""
	if *p.Image != "" && *p.Image != "$null" {
		logo, err := readDocument(*p.Image, nil)
		if err != nil {
			return nil, err
		}
		c["Image"] = base64.StdEncoding.EncodeToString(logo)
	}
	return c, nil
}

func unlessNull(s string) string {
	if s == "$null" {
		return ""
	}
	return s
}

// save has a brand say what was typed.
func (p *omeParameters) save(ctx context.Context, o *operator, at place, isNew bool) error {
	c, err := p.configuration()
	if err != nil {
		return err
	}
	return o.ask(ctx, at, func(d desk) error {
		b, said, err := d.brandOver(ctx, c)
		if err != nil {
			return err
		}
		if there := b.Version != 0 || b.Name == brand.Default; !isNew && !there {
			return &letterlock.Error{Code: letterlock.NotFound, Key: "no-brand", Err: errors.New("there is no brand of that name")}
		}
		if isNew {
			b.Version = 0
		}
		done, err := d.ImportBrands(ctx, api.BrandBook{Brands: []api.Brand{b}}, isNew, false)
		if err != nil {
			return err
		}
		if p.JSON {
			said.tell(os.Stderr)
			return printJSON(d.out, api.ImportedBrands{Brands: done})
		}
		said.tell(d.out)
		return d.imported(done, false)
	})
}

type setOME struct {
	place
	omeParameters
}

// Run changes a brand.
func (c *setOME) Run(ctx context.Context, o *operator) error {
	return c.save(ctx, o, c.place, false)
}

type newOME struct {
	place
	omeParameters
}

// Run adds a brand.
func (c *newOME) Run(ctx context.Context, o *operator) error {
	return c.save(ctx, o, c.place, true)
}

type removeOME struct {
	place
	Identity string `name:"Identity" placeholder:"NAME" help:"Which one."`
	Confirm  bool   `name:"Confirm" switch:"" help:"Ask first."`
}

// Run deletes a brand.
func (c *removeOME) Run(ctx context.Context, o *operator) error {
	if c.Identity == "" {
		return misused("-Identity is missing")
	}
	id, _, err := ome.Configuration{"Identity": c.Identity}.ID()
	if err != nil {
		return err
	}
	if c.Confirm {
		answer, err := o.typed(ctx, "Confirm: removing the brand "+id+"?\n[Y] Yes  [N] No (default is \"N\"): ")
		if err != nil {
			return err
		}
		if answer != "y" && answer != "Y" && answer != "yes" {
			return misused("nothing is removed")
		}
	}
	return (&brandDelete{place: c.place, Name: id}).Run(ctx, o)
}
