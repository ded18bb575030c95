package apid

import (
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"letterlock/internal/api"
)

// config is that of the library: JSON, no pages, and nothing that is not asked for.
func config() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "Letterlock", Version: "1", Description: about,
				License: &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"}},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "A token of Letterlock, llt_ and 43 characters. The roles of a requirement are the scopes that it needs."}},
			},
		},
		Formats:                      huma.DefaultFormats,
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{ours},
	}
}

const about = "Find, check, revoke and account for protected messages. " +
	"Times are RFC 3339. Lists come in pages, newest first: pass next of a page as cursor for the one after it. " +
	"Every refusal is a problem document (RFC 9457) with a code and a key for programs."

// details of an operation for the library.
func (o operation) huma(registry huma.Registry) huma.Operation {
	op := huma.Operation{
		OperationID: o.id, Method: o.method, Path: api.Prefix + o.path, Summary: o.summary, Description: o.about,
		Tags:     []string{string(o.scope)},
		Security: []map[string][]string{{"token": {string(o.scope)}}},
		Responses: map[string]*huma.Response{"default": {
			Description: "Why the request was not fulfilled",
			Content:     map[string]*huma.MediaType{api.ProblemType: {Schema: registry.Schema(reflect.TypeFor[api.Problem](), true, "Problem")}},
		}},
		// The body was read, within its limits, before the library sees it.
		MaxBodyBytes: -1, BodyReadTimeout: -1,
	}
	if o.changes() && !o.keyless {
		op.Parameters = append(op.Parameters, &huma.Param{Name: keyHeader, In: "header",
			Description: "Made up by whoever asks, for one request. Asked again with it within a day, the request is answered as before and nothing is done twice.",
			Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: new(255)}})
	}
	if len(o.streams) > 0 {
		ok := &huma.Response{Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{}}
		for _, kind := range o.streams {
			ok.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		}
		op.Responses["200"] = ok
	}
	return op
}

// describe is the document. The library has an error of its own in it, which never
// leaves us, and closes all objects; those of answers are open, for fields are added
// to them.
func (s *server) describe() []byte {
	schemas := s.api.OpenAPI().Components.Schemas
	delete(schemas.Map(), "ErrorModel")
	delete(schemas.Map(), "ErrorDetail")
	asked := map[*huma.Schema]bool{}
	for _, p := range s.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{p.Post, p.Put} {
			if op != nil && op.RequestBody != nil {
				reach(schemas, op.RequestBody.Content["application/json"].Schema, asked)
			}
		}
	}
	for _, schema := range schemas.Map() {
		if !asked[schema] {
			schema.AdditionalProperties = nil
		}
	}
	b, err := json.MarshalIndent(s.api.OpenAPI(), "", "  ")
	if err != nil {
		panic("apid: internal error: " + err.Error())
	}
	return append(b, '\n')
}

// reach notes all objects that are part of a body.
func reach(schemas huma.Registry, s *huma.Schema, seen map[*huma.Schema]bool) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	if seen[s] {
		return
	}
	seen[s] = true
	reach(schemas, s.Items, seen)
	for _, p := range s.Properties {
		reach(schemas, p, seen)
	}
}

// Document returns the document that describes the API.
func Document() []byte { return newServer(Options{}).document }
