package views

import "github.com/a-h/templ"

// hintedBy ties a field to its hint, and to its problem if it has one.
func hintedBy(list []FieldError, field string) templ.Attributes {
	attrs := describedBy(list, field)
	if attrs == nil {
		return templ.Attributes{"aria-describedby": field + "-hint"}
	}
	attrs["aria-describedby"] = field + "-hint " + field + "-error"
	return attrs
}

// hintedIf is hintedBy where there is a hint.
func hintedIf(list []FieldError, field, hint string) templ.Attributes {
	if hint == "" {
		return describedBy(list, field)
	}
	return hintedBy(list, field)
}

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
