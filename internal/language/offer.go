package language

import (
	"fmt"
	"strings"

	tags "golang.org/x/text/language"
)

// An Offer is the languages that an installation speaks. It never changes.
type Offer struct {
	words   []Words // the first is spoken where nothing else is asked for
	matcher tags.Matcher
}

// NewOffer returns an offer of the languages with these tags. None: English alone.
// It refuses a tag that is none of ours, and one that is there twice.
func NewOffer(names []string) (*Offer, error) {
	if len(names) == 0 {
		names = []string{English}
	}
	o := &Offer{}
	var offered []tags.Tag
	for _, name := range names {
		w, ok := Find(name)
		if !ok {
			return nil, fmt.Errorf("%q is no language that there are texts in; those are %s", name, strings.Join(Tags(), ", "))
		}
		if o.Has(name) {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		o.words = append(o.words, w)
		offered = append(offered, tags.Make(name))
	}
	o.matcher = tags.NewMatcher(offered)
	return o, nil
}

// NewStaffOffer is [NewOffer] for the pages of the organisation's own people, which are
// there in English and German.
func NewStaffOffer(names []string) (*Offer, error) {
	for _, name := range names {
		if !forStaff(name) {
			return nil, fmt.Errorf("%q is no language that there are pages for staff in; those are %s, %s", name, English, German)
		}
	}
	return NewOffer(names)
}

// Tags returns those of all languages, English first.
func Tags() []string {
	var names []string
	for _, w := range All() {
		names = append(names, w.Tag())
	}
	return names
}

// All returns the words of what is offered, in the order of the settings.
func (o *Offer) All() []Words { return o.words }

// Has reports whether a language is offered.
func (o *Offer) Has(tag string) bool {
	_, ok := o.Find(tag)
	return ok
}

// Find returns the words of an offered language by its exact tag.
func (o *Offer) Find(tag string) (Words, bool) {
	for _, w := range o.words {
		if w.Tag() == tag {
			return w, true
		}
	}
	return Words{}, false
}

// Or returns the words of an offered language by its exact tag; of one that is not
// offered, those of the first that is.
func (o *Offer) Or(tag string) Words {
	if w, ok := o.Find(tag); ok {
		return w
	}
	return o.words[0]
}

// maxAccepted is how many bytes of Accept-Language are looked at: a browser sends
// less than a hundred, and what is read before anybody has shown who they are must
// cost nothing.
const maxAccepted = 200

// Match returns the offered language that an Accept-Language header (RFC 9110, section
// 12.5.4) likes best, false if it likes none of them. What cannot be read likes none.
func (o *Offer) Match(header string) (Words, bool) {
	if len(header) > maxAccepted {
		header = header[:maxAccepted]
		header = header[:strings.LastIndexByte(header, ',')+1]
	}
	wanted, _, err := tags.ParseAcceptLanguage(strings.TrimRight(header, ", "))
	if err != nil || len(wanted) == 0 {
		return Words{}, false
	}
	_, i, sure := o.matcher.Match(wanted...)
	if sure < tags.High {
		return Words{}, false
	}
	return o.words[i], true
}
