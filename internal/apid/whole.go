package apid

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// wholeBody refuses a body in which something is null. To the library that is the same
// as leaving it out, and leaving a filter out widens what is done: a program whose list
// of recipients came out as nothing would take access from everybody.
func wholeBody(body []byte) error {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return nil // that it is no JSON, the library says
	}
	if at := nullIn(v, "body"); at != "" {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "json", Err: letterlock.Place(at + ": null says nothing; leave it out, or give it a value")}
	}
	return nil
}

// wholeQuery refuses a query with a parameter that is empty, which the library takes for
// absent, or given twice, of which it takes the first, or that cannot be read: a dry run
// that was asked for in such a way would be carried out.
func (s *server) wholeQuery(r *http.Request, o operation) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	wrong := func(where string) error {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "request", Err: letterlock.Place("query" + where)}
	}
	if err != nil {
		return wrong(": it is not written as a query is")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		if slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" }) {
			return wrong("." + name + ": nothing is given; leave it out, or give it a value")
		}
		if len(values) > 1 && !s.isList(o, name) {
			return wrong("." + name + ": given more than once")
		}
	}
	return nil
}

// isList reports whether a parameter of an operation can be given several times.
func (s *server) isList(o operation, name string) bool {
	p := s.api.OpenAPI().Paths[api.Prefix+o.path]
	for _, op := range []*huma.Operation{p.Get, p.Post, p.Put} {
		if op != nil && op.OperationID == o.id {
			return slices.ContainsFunc(op.Parameters, func(q *huma.Param) bool {
				return q.In == "query" && q.Name == name && q.Schema.Type == huma.TypeArray
			})
		}
	}
	return false
}

// nullIn says where in a value null is; empty: nowhere.
func nullIn(v any, at string) string {
	switch v := v.(type) {
	case nil:
		return at
	case []any:
		for i, e := range v {
			if found := nullIn(e, at+"["+strconv.Itoa(i)+"]"); found != "" {
				return found
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if found := nullIn(v[name], at+"."+name); found != "" {
				return found
			}
		}
	}
	return ""
}
