package apid

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the golden files anew")

const golden = "testdata/openapi.json"

// TestTheDocumentIsAsInTheGoldenFile shows in review what a change does to the API,
// and is what the client of the tests is generated from.
func TestTheDocumentIsAsInTheGoldenFile(t *testing.T) {
	got := Document()
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the document differs from %s; run 'make generate' and look at the difference", golden)
	}
}

func TestTheDocumentIsValid(t *testing.T) {
	text := Document()
	for _, wrong := range faults(t, text) {
		t.Error(wrong)
	}
	for name, change := range map[string][2]string{
		"a place that is none":       {`"in": "query"`, `"in": "nowhere"`},
		"a type that is none":        {`"type": "string"`, `"type": "text"`},
		"a schema that is not there": {`schemas/Message"`, `schemas/Letter"`},
	} {
		if len(faults(t, bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1))) == 0 {
			t.Errorf("%s is taken for valid: this test proves nothing", name)
		}
	}
}

// faults says what is wrong with a document: by the schema of OpenAPI, which leaves
// the schemas inside to that of JSON Schema, and by where its references lead.
func faults(t *testing.T, text []byte) (wrong []string) {
	t.Helper()
	read := func(b []byte) any {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	schema, err := os.ReadFile("testdata/openapi-3.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", read(schema)); err != nil {
		t.Fatal(err)
	}
	check := func(by string, v any) {
		s, err := c.Compile(by)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	d := read(text)
	check("openapi.json", d)
	walk(d, func(key string, v any) {
		if at, ok := v.(string); ok && key == "$ref" && !reaches(d, at) {
			wrong = append(wrong, "nothing is at "+at)
		}
		if _, ok := v.(map[string]any); ok && (key == "schema" || key == "schemas") {
			all := map[string]any{"": v}
			if key == "schemas" {
				all = v.(map[string]any)
			}
			for _, one := range all {
				check("https://json-schema.org/draft/2020-12/schema", one)
			}
		}
	})
	return wrong
}

// walk calls f for every member of every object.
func walk(v any, f func(key string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			f(key, member)
			walk(member, f)
		}
	case []any:
		for _, member := range v {
			walk(member, f)
		}
	}
}

// reaches reports whether a reference leads to something in the document.
func reaches(v any, at string) bool {
	at, inside := strings.CutPrefix(at, "#/")
	for piece := range strings.SplitSeq(at, "/") {
		m, ok := v.(map[string]any)
		if v = m[piece]; !ok || v == nil {
			return false
		}
	}
	return inside
}

func TestTheDocumentIsOpenToEverybody(t *testing.T) {
	h := newHouse(t)
	a := h.ask("GET", DocumentPath, "", "")
	if a.status != 200 || a.header.Get("Content-Type") != "application/json" || a.body != string(Document()) {
		t.Errorf("%d %v", a.status, a.header)
	}
	if strings.Contains(a.body, "ErrorModel") || !strings.Contains(a.body, `"openapi": "3.1.0"`) {
		t.Error("it is not ours, or of another version")
	}
	if a := h.ask("POST", DocumentPath, "{}", ""); a.status != 405 || a.problem() != "method" {
		t.Errorf("POST: %d %s", a.status, a.body)
	}
}
