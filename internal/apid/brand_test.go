package apid

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"letterlock/internal/api"
)

const aBrand = `{"brands":[{"name":"legal","fields":{"colour":"#3b2a5c","name":"Contoso Legal","senders":"*.legal.example"}}]}`

func TestBrandsGoInAndOut(t *testing.T) {
	h := newHouse(t)
	token := h.token(olga)
	if a := h.ask("POST", "/api/v1/imports/brands?dry_run=true", aBrand, token); a.status != 200 || len(h.options.Brands.IDs()) != 0 {
		t.Fatalf("a dry run: %d %s", a.status, a.body)
	}
	if a := h.ask("POST", "/api/v1/imports/brands", aBrand, token); a.status != 200 || !strings.Contains(a.body, `"was":"added"`) {
		t.Fatalf("import: %d %s", a.status, a.body)
	}
	if a := h.ask("GET", "/api/v1/brands", "", token); !strings.Contains(a.body, `"own":["name","colour","senders"],"senders":["*.legal.example"],"messages":0`) {
		t.Errorf("list: %d %s", a.status, a.body)
	}
	out := h.ask("GET", "/api/v1/exports/brands?name=legal", "", token)
	var book api.BrandBook
	if err := json.Unmarshal([]byte(out.body), &book); err != nil || len(book.Brands) != 1 || book.Brands[0].Version != 0 || book.Brands[0].Inherits["logo"] == "" {
		t.Errorf("export: %d %s", out.status, out.body)
	}
	if a := h.ask("GET", "/api/v1/exports/brands?name=legal&name=default", "", token); strings.Count(a.body, `"fields":{`) != 2 {
		t.Errorf("export of two: %d %s", a.status, a.body)
	}
	if a := h.ask("POST", "/api/v1/imports/brands", out.body, token); !strings.Contains(a.body, `"was":"same"`) {
		t.Errorf("import of the export: %d %s", a.status, a.body)
	}
	if a := h.ask("GET", "/api/v1/brands/legal", "", token); !strings.Contains(a.body, `"version":1`) {
		t.Errorf("show: %d %s", a.status, a.body)
	}
	if a := h.ask("POST", "/api/v1/brands/legal/delete", "", token); a.status != http.StatusNoContent || len(h.options.Brands.IDs()) != 0 {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
}

func TestWhyBrandsAreNotImportedIsSaid(t *testing.T) {
	h := newHouse(t)
	token := h.token(olga)
	big := strings.Repeat("A", maxBody)
	for name, tt := range map[string]struct {
		body   string
		status int
		key    string
		says   string
	}{
		"two":        {`{"brands":[{"name":"a","fields":{"colour":"mauve"}},{"name":"b","fields":{"moon":"full"}}]}`, 422, "brand-import", `nothing is imported:\nBrand \"a\": colour of the brand: `},
		"no base64":  {`{"brands":[{"name":"a","fields":{"logo":"?"}}]}`, 422, "brand-import", "is not base64"},
		"a bomb":     {`{"brands":[{"name":"a","fields":{"logo":"` + big + `"}}]}`, 422, "brand-import", "has 768 KB; 512 KB are allowed"},
		"a megabyte": {`{"brands":[{"name":"a","fields":{"button":"` + big + `"}}]}`, 422, "brand-import", "40 are allowed"},
		"too much":   {`{"brands":[{"name":"a","fields":{"logo":"` + strings.Repeat("A", maxBook) + `"}}]}`, 413, "", "too large"},
		"misspelt":   {`{"brands":[{"name":"a","field":{}}]}`, 422, "json", "field"},
	} {
		if a := h.ask("POST", "/api/v1/imports/brands", tt.body, token); a.status != tt.status || a.problem() != tt.key || !strings.Contains(a.body, tt.says) {
			t.Errorf("%s: %d %.400s", name, a.status, a.body)
		}
	}
	if a := h.ask("GET", "/api/v1/brands/moon", "", token); a.status != 404 || a.problem() != "no-brand" {
		t.Errorf("no brand: %d %s", a.status, a.body)
	}
}
