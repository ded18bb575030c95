package apid

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

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
