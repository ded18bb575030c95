package views

import (
	"slices"
	"strconv"

	"github.com/a-h/templ"
)

// problemOf is the reason that stands under a field, or "".
func problemOf(list []FieldError, field string) string {
	for _, e := range list {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}

// describedBy ties a field to the reason under it; the first wrong one of a form
// gets the cursor.
func describedBy(list []FieldError, field string) templ.Attributes {
	if problemOf(list, field) == "" {
		return nil
	}
	attrs := invalid(true, field+"-error")
	if list[0].Field == field {
		attrs["autofocus"] = true
	}
	return attrs
}

func reportDescribed(v Report, field string) templ.Attributes { return describedBy(v.Errors, field) }

// chartGrid is where the horizontal lines of a chart are, from the top.
func chartGrid(n int) (ys []string) {
	for i := range n {
		ys = append(ys, strconv.Itoa(200*i/(n-1)))
	}
	return ys
}

// lastFirst is the order in which lines are drawn: the first of the legend lies
// on top, and the total under all.
func lastFirst(lines []ChartLine) []ChartLine {
	lines = slices.Clone(lines)
	slices.Reverse(lines)
	return lines
}

// hollow reports whether the markers of a line are drawn as rings.
func hollow(style string) bool { return style == "3" || style == "4" || style == "total" }

// groupError ties a group of boxes to the reason under its name.
func groupError(wrong, id string) templ.Attributes {
	if wrong == "" {
		return nil
	}
	return templ.Attributes{"aria-describedby": id}
}
