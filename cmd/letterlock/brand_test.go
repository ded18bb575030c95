package main

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// says runs a command, and looks at its exit code and at part of what it says.
func (c *console) says(code int, want string, args ...string) string {
	c.t.Helper()
	out, errs, got := c.run("", args...)
	if got != code || !strings.Contains(out+errs, want) {
		c.t.Errorf("letterlock %q ended with %d: %s%s\nwant %d and %q", args, got, out, errs, code, want)
	}
	return out
}

// TestBrandsAreCarriedByTheCommandLine takes brands from one server to another, with and
// without one that runs.
func TestBrandsAreCarriedByTheCommandLine(t *testing.T) {
	t.Parallel()
	from, to := newConsole(t), newConsole(t)
	from.serve()
	dir := t.TempDir()
	logo := filepath.Join(dir, "logo.png")
	f, err := os.Create(logo)
	if err == nil {
		err = png.Encode(f, image.NewGray(image.Rect(0, 0, 300, 200)))
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	const set, make = "Set-OMEConfiguration", "New-OMEConfiguration"
	from.says(0, "Brand default is changed.", set, "-Identity", "OME Configuration", "-EmailText", "Encrypted by Contoso.", "-Image", logo)
	from.says(0, `"Legal (DE)" is called legal-de here.`, make, "-Identity", "Legal (DE)", "-BackgroundColor", "Navy", "-SocialIdSignIn", "$false", "-ExternalMailExpiryInDays", "14")
	from.says(2, "there is a brand of this name already", make, "-Identity", "Legal (DE)")
	from.says(4, "'letterlock brand list' shows all of them", set, "-Identity", "moon", "-EmailText", "x")
	from.says(2, "of the brand", set, "-Identity", "legal-de", "-BackgroundColor", "Yellow")
	from.says(0, "Brand legal-de is changed.", set, "-Identity", "legal-de", "-ReadButtonText", "Open")
	from.says(0, "Brand legal-de is changed.", set, "-Identity", "legal-de", "-ReadButtonText", "$null")
	if out := from.says(0, "legal-de", "brand", "list"); !strings.Contains(out, "colour social expiry") {
		t.Errorf("list: %s", out)
	}
	if out := from.says(0, "SocialIdSignIn           : False", "Get-OMEConfiguration", "-Identity", "legal-de"); !strings.Contains(out, "BackgroundColor          : #000080") {
		t.Errorf("get: %s", out)
	}
	file := filepath.Join(dir, "brands.json")
	from.says(0, "is written", "brand", "export", "--output", file)
	to.says(0, "Brand legal-de would be added.", "brand", "import", "--dry-run", file)
	to.says(4, "there is no brand of that name", "brand", "show", "legal-de")
	to.says(0, "Brand legal-de is added.", "brand", "import", file)
	to.says(0, "Brand legal-de is the same already.", "brand", "import", file)
	a, b := from.says(0, "{", "brand", "export", "legal-de"), to.says(0, "{", "brand", "export", "legal-de")
	if a != b {
		t.Errorf("the brand is\n%s there, and here\n%s", a, b)
	}
	bad := filepath.Join(dir, "bad.json")
	if err := os.WriteFile(bad, []byte(`[{"Identity":"a","OTPEnabled":false,"SocialIdSignIn":false},{"Identity":"b","BackgroundColor":"#777777"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := to.run("", "brand", "import", bad); code != 2 || !strings.Contains(errs, `Brand "a": passcode of the brand`) || !strings.Contains(errs, `Brand "b": colour of the brand`) {
		t.Errorf("a bad import: %d %s%s", code, out, errs)
	}
	to.says(0, "Brand legal-de is deleted.", "Remove-OMEConfiguration", "-Identity", "Legal (DE)")
	to.says(2, "no such file", "brand", "import", filepath.Join(dir, "none"))
}
