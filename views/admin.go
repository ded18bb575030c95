package views

import "github.com/a-h/templ"

// problem is the reason that stands under a field of the trace, or "".
func (v Trace) problem(field string) string {
	for _, e := range v.Errors {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}

// described ties a field to the reason under it; the first wrong one gets the cursor.
func (v Trace) described(field string) templ.Attributes {
	if v.problem(field) == "" {
		return nil
	}
	attrs := invalid(true, field+"-error")
	if v.Errors[0].Field == field {
		attrs["autofocus"] = true
	}
	return attrs
}

// hinted is described for a field that has a hint as well.
func (v Trace) hinted(field string) templ.Attributes {
	attrs := v.described(field)
	if attrs == nil {
		return templ.Attributes{"aria-describedby": field + "-hint"}
	}
	attrs["aria-describedby"] = field + "-error " + field + "-hint"
	return attrs
}

// typed ties a field into which something is copied by hand to what is to be typed,
// and to what is wrong with it.
func typed(id string, wrong bool) templ.Attributes {
	attrs := templ.Attributes{"aria-describedby": id + "-hint"}
	if wrong {
		attrs = templ.Attributes{"aria-invalid": "true", "aria-describedby": id + "-error " + id + "-hint", "autofocus": true}
	}
	return attrs
}

// withRail adds the icons of the rail to those of a page.
func withRail(names ...string) []string {
	return append([]string{"menu", "sent", "compose", "trace", "chart", "bulk", "log", "rules", "brand", "users", "key", "shield", "pulse", "sign-out"}, names...)
}

// zoned adds to the name of a column of times which zone they are in.
func zoned(name, zone string) string {
	if zone == "" {
		return name
	}
	return name + " (" + zone + ")"
}

// bulkAsks has the progress of a bulk revocation ask for itself, every 2 seconds.
func bulkAsks(v Bulk) templ.Attributes {
	if !v.Scripts || v.LiveURL == "" {
		return nil
	}
	return templ.Attributes{
		"hx-get": v.LiveURL, "hx-trigger": "every 2s", "hx-swap": "innerHTML", "hx-select": "#progress > *",
		"hx-headers": `{"Letterlock-Live": "1"}`,
	}
}
