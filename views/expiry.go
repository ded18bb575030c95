package views

import "github.com/a-h/templ"

// days bounds a date field.
func days(first, last string) templ.Attributes {
	attrs := templ.Attributes{}
	if first != "" {
		attrs["min"] = first
	}
	if last != "" {
		attrs["max"] = last
	}
	return attrs
}
