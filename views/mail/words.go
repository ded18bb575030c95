package mail

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// bare puts values into a text without shutting them in: for addresses that a mail program
// makes links of, and would the marks with them, and for names in header fields.
func bare(w language.Words, id string, values ...string) string {
	var b strings.Builder
	for _, p := range w.Parts(id) {
		b.WriteString(p.Text)
		for i := 0; i+1 < len(values); i += 2 {
			if values[i] == p.Slot {
				b.WriteString(values[i+1])
			}
		}
	}
	return b.String()
}

// sentences are one after the other. Japanese has no blanks between them.
func sentences(w language.Words, list ...string) string {
	if w.Tag() == language.Japanese {
		return strings.Join(list, "")
	}
	return strings.Join(list, " ")
}

// Via names, in the From field, whoever has sent a message, and through whom.
func Via(w language.Words, sender, brand string) string {
	return bare(w, "mail.via", "Sender", sender, "Brand", brand)
}

// side is where lines begin.
func side(w language.Words) string {
	if w.Direction() == "rtl" {
		return "right"
	}
	return "left"
}

// besideLogo keeps the name away from the logo.
func besideLogo(w language.Words) string {
	if w.Direction() == "rtl" {
		return "padding:0 0 0 12px;"
	}
	return "padding:0 12px 0 0;"
}

// slots are what stands in the places of a text, by their names.
type slots map[string]templ.Component

// sentence puts elements into the places of a text, and has what follows after it. It is not
// templ because templ puts blanks between the pieces of a sentence, and Japanese has none.
func sentence(w language.Words, id string, in slots, after string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, to io.Writer) error {
		for _, p := range w.Parts(id) {
			var err error
			if slot := in[p.Slot]; slot != nil {
				err = slot.Render(ctx, to)
			} else {
				_, err = io.WriteString(to, templ.EscapeString(p.Text))
			}
			if err != nil {
				return err
			}
		}
		_, err := io.WriteString(to, templ.EscapeString(sentences(w, "", after)))
		return err
	})
}

// host is the name of one, as the address bar will show it.
func host(name string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, to io.Writer) error {
		_, err := io.WriteString(to, `<strong class="ink" style="color:#121f1e;">`+templ.EscapeString(name)+`</strong>`)
		return err
	})
}
