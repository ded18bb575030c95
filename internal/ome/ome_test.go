package ome

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"testing"

	"letterlock/internal/brand"
)

func TestAMEsConfigurationsAreRead(t *testing.T) {
	list, err := Read([]byte("\xef\xbb\xbf" + `[
 {"Identity":"OME Configuration","Image":[137,80,78,71],"BackgroundColor":"Navy","EmailText":"By Contoso","DisclaimerText":"","IntroductionText":null,
  "OTPEnabled":true,"SocialIdSignIn":false,"ExternalMailExpiryInDays":14,"PrivacyStatementUrl":"https://contoso.example/p","RunspaceId":"f0","TemplateName":""},
 {"identity":{"Name":"Contoso Legal (DE)"},"Image":{"value":[1,255],"Count":2},"ExternalMailExpiryInDays":0,"BackgroundColor":"0x3B2A5C"}]`))
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	for i, want := range []struct {
		id, note string
		fields   map[string]string
		notes    []string
	}{
		{brand.Default, "", map[string]string{"name": "Contoso", "logo": "iVBORw==", "colour": "#000080", "email": "By Contoso", "passcode": "yes", "social": "no", "expiry": "14d", "privacy": "https://contoso.example/p"},
			[]string{"RunspaceId: no brand of ours has that; it is left out."}},
		{"contoso-legal-de", `"Contoso Legal (DE)" is called contoso-legal-de here.`, map[string]string{"name": "Contoso", "disclaimer": "Before", "button": "Open", "logo": "Af8=", "colour": "#3b2a5c"},
			[]string{"ExternalMailExpiryInDays 0: no brand says that messages never expire; it goes with the default brand and the settings."}},
	} {
		id, note, err := list[i].ID()
		if id != want.id || note != want.note || err != nil {
			t.Errorf("%d: ID %q, %q, %v", i, id, note, err)
		}
		before := map[string]string{"name": "Contoso", "disclaimer": "Before", "button": "Open", "expiry": "3d"}
		if i == 0 {
			delete(before, "button")
		}
		fields, notes, err := list[i].Over(before)
		if err != nil || !maps.Equal(fields, want.fields) || fmt.Sprint(notes) != fmt.Sprint(want.notes) {
			t.Errorf("%d: %v\n%q\n%v", i, fields, notes, err)
		}
	}
}

func TestWhatIsWrongInAConfigurationIsSaid(t *testing.T) {
	for document, want := range map[string]string{
		`{"BackgroundColor":"plaid","OTPEnabled":"yes"}`: "BackgroundColor \"plaid\" is neither like #0c5463 nor the name of a colour.\n\"\": OTPEnabled is neither true nor false.",
		`{"Image":[1,256]}`:                 ": Image is a list of what are no bytes.",
		`{"Image":[1.5]}`:                   ": Image is a list of what are no bytes.",
		`{"Image":"/etc/passwd.png"}`:       "the name of a file belongs on the command line",
		`{"Image":true}`:                    ": Image is no picture.",
		`{"ExternalMailExpiryInDays":731}`:  "is no number of days from 0 to 730.",
		`{"ExternalMailExpiryInDays":"14"}`: "is no number of days from 0 to 730.",
		`{"EmailText":7,"Identity":"x"}`:    ": EmailText is no text.",
		`{"PrivacyStatementUrl":{"a":"b"}}`: ": PrivacyStatementUrl is no text.",
	} {
		list, err := Read([]byte(document))
		if err == nil {
			_, _, err = list[0].Over(nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", document, err)
		}
	}
	for _, document := range []string{"", "[", "7", `"x"`, `[7]`} {
		if _, err := Read([]byte(document)); err == nil {
			t.Errorf("%q is read", document)
		}
	}
	for _, name := range []any{nil, "", "法務", "new", 7} {
		if id, _, err := (Configuration{"Identity": name}).ID(); err == nil {
			t.Errorf("%v becomes %q", name, id)
		}
	}
}

func TestABrandIsShownAsAMEDoes(t *testing.T) {
	got := Of(brand.Default, func(f brand.Field) string {
		return map[brand.Field]string{brand.Colour: "#000080", brand.Expiry: "7d", brand.Social: "no", brand.Passcode: "yes", brand.Logo: base64.StdEncoding.EncodeToString([]byte("x"))}[f]
	})
	if want := "[{Identity OME Configuration} {BackgroundColor #000080} {DisclaimerText } {EmailText } {ExternalMailExpiryInDays 7} {Image eA==} {IntroductionText } {OTPEnabled True} {PortalText } {PrivacyStatementUrl } {ReadButtonText } {SocialIdSignIn False}]"; fmt.Sprint(got) != want {
		t.Errorf("%v", got)
	}
}
