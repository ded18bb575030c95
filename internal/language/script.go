package language

import (
	"encoding/json"
	"strings"
)

// ForScript returns the texts whose names begin with one of the prefixes, as static/js/words.js
// reads them: a JSON object of the plural forms of each text, {{.Name}} being a placeholder.
func (w Words) ForScript(prefixes ...string) string {
	told := map[string]map[string]string{}
	for id, forms := range w.catalogue().texts {
		for _, prefix := range prefixes {
			if strings.HasPrefix(id, prefix) {
				told[id] = written(forms)
			}
		}
	}
	text, err := json.Marshal(told)
	if err != nil {
		panic("language: internal error: " + err.Error()) // strings can be written
	}
	return string(text)
}

// written puts the forms of a text together again.
func written(forms map[string][]Part) map[string]string {
	all := map[string]string{}
	for form, parts := range forms {
		for _, p := range parts {
			if p.Slot != "" {
				p.Text = "{{." + p.Slot + "}}"
			}
			all[form] += p.Text
		}
	}
	return all
}
