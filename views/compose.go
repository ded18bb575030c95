package views

import (
	"strings"

	"github.com/a-h/templ"
)

// problem is the reason that stands under a field, or "".
func (v Compose) problem(field string) string {
	for _, e := range v.Errors {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}

// described ties a field to its hint and, when it is wrong, to the reason; the
// first wrong field gets the cursor.
func (v Compose) described(field, hint string) templ.Attributes {
	attrs := templ.Attributes{}
	by := hint
	if field == "subject" && v.SubjectHint == "" {
		by = ""
	}
	if v.problem(field) != "" {
		attrs["aria-invalid"] = "true"
		by = strings.TrimSpace(field + "-error " + by)
		if v.Errors[0].Field == field {
			attrs["autofocus"] = true
		}
	}
	if by != "" {
		attrs["aria-describedby"] = by
	}
	return attrs
}

// hasCopies reports whether there is anything to see in the fields for copies.
func (v Compose) hasCopies() bool {
	return len(v.Cc) > 0 || len(v.Bcc) > 0 || v.CcAdd != "" || v.BccAdd != "" ||
		v.problem("cc") != "" || v.problem("bcc") != ""
}

func composeTitle(v Compose) string {
	title := v.Words.Text("compose.heading")
	if len(v.Errors) > 0 {
		title = v.Words.Text("frame.error", "Text", title)
	}
	return titled(v.Page, title, "Letterlock")
}

// fieldID is where a link to a wrong field leads.
func fieldID(field string) string { return field }

func tokenClass(t Token) string {
	if t.Can {
		return "token token--can"
	}
	return "token token--cannot"
}

func tokenIcon(t Token) string {
	if t.Can {
		return "restore"
	}
	return "alert"
}

// recipientsRequest lets a button swap the recipients in place, so that chosen
// files stay. Without script the same button posts the form.
func recipientsRequest(p Page) templ.Attributes {
	if !p.Scripts {
		return nil
	}
	return templ.Attributes{
		"hx-post":   "/compose/recipients",
		"hx-params": "not files",
		"hx-target": "#recipients",
		"hx-swap":   "outerHTML",
	}
}

// portalRequest does the same when the box is ticked, which posts nothing by itself.
func portalRequest(p Page) templ.Attributes {
	attrs := recipientsRequest(p)
	if attrs != nil {
		attrs["hx-trigger"] = "change"
	}
	return attrs
}

// dateRange bounds the date field.
func dateRange(v Compose) templ.Attributes {
	attrs := templ.Attributes{}
	if v.ExpiryMin != "" {
		attrs["min"] = v.ExpiryMin
	}
	if v.ExpiryMax != "" {
		attrs["max"] = v.ExpiryMax
	}
	return attrs
}
