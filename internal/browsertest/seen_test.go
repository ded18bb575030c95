package browsertest

import "testing"

// TestAMistakeIsSomethingNew makes mistakes in a page, each of which axe-core finds by
// another rule.
func TestAMistakeIsSomethingNew(t *testing.T) {
	p := New(t, Light).Page(t)
	p.Goto(site(t))
	for rule, mistake := range map[string]string{
		"aria-allowed-role": `document.querySelector("select").setAttribute("role", "slider")`,
		"button-name":       `document.querySelector("button").textContent = ""`,
		"color-contrast":    `document.querySelector("h1").style.color = "#eee"`,
		"duplicate-id":      `document.querySelector("input").id = "text"`,
		"heading-order":     `document.querySelector("form").insertAdjacentHTML("afterend", "<h3>Third</h3>")`,
		"html-has-lang":     `document.documentElement.lang = ""`,
		"label":             `document.querySelector("label[for=text]").htmlFor = "nothing"`,
		"landmark-unique":   `document.querySelector("form").insertAdjacentHTML("afterend", "<nav>one</nav><nav>two</nav>")`,
		"list":              `document.querySelector("form").insertAdjacentHTML("afterend", "<ul><p>no item</p></ul>")`,
		"target-size":       `document.querySelector("button").style.cssText = "font-size: 5px; padding: 0"`,
	} {
		var seen Seen
		p.Goto("/form")
		if !seen.Anew(p, "wide") || !seen.Anew(p, "narrow") {
			t.Error("the first page has nothing new")
		}
		p.Reload()
		p.Eval(`document.querySelector("h1").textContent = "Other words"`, nil)
		if seen.Anew(p, "wide") {
			t.Error("the same page with other words has something new")
		}
		p.Eval(mistake, nil)
		if !seen.Anew(p, "wide") {
			t.Errorf("%s: after %s there is nothing new", rule, mistake)
		}
	}
}
