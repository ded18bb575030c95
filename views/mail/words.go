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

// checks is how to check that a notification is genuine. It is not templ because templ puts
// blanks between the pieces of a sentence, and Japanese has none.
func checks(v Notification) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, p := range v.Words.Parts("mail.opens") {
			var err error
			switch p.Slot {
			case "Host":
				_, err = io.WriteString(w, `<strong class="ink" style="color:#121f1e;">`+templ.EscapeString(v.Host)+`</strong>`)
			case "Reference":
				err = reference(v.Words, v.Reference).Render(ctx, w)
			default:
				_, err = io.WriteString(w, templ.EscapeString(p.Text))
			}
			if err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, templ.EscapeString(sentences(v.Words, "", v.check())))
		return err
	})
}
