package model_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"letterlock/internal/letterlock"
	"letterlock/internal/model"
	"letterlock/internal/store"
)

// pages is the product as people use it: routes, forms, cookies and what pages say.
type pages struct{ *house }

func TestPagesDoWhatTheModelSays(t *testing.T) {
	histories(t, func(h *house) product { return pages{h} })
}

// statuses are how pages answer an act.
var statuses = map[model.Answer]int{
	model.Done: http.StatusSeeOther, model.Revoked: http.StatusGone, model.Expired: http.StatusGone,
	model.NotAvailable: http.StatusNotFound, model.SentToAnother: http.StatusForbidden, model.Kept: http.StatusForbidden,
	model.TooOften: http.StatusTooManyRequests, model.NotTo: http.StatusUnprocessableEntity,
	model.NotTheirRole: http.StatusForbidden, model.Several: http.StatusForbidden, model.NobodyHasALink: http.StatusForbidden,
	model.IsDestroyed: http.StatusGone, model.RemovedByAdmin: http.StatusForbidden,
	model.NoRecipient: http.StatusUnprocessableEntity, model.NotToCome: http.StatusUnprocessableEntity,
}

// A page is an answer, read.
type page struct {
	status int
	header http.Header
	body   string
}

// as requires the status and, where a recipient is told what has ended, the heading.
func (p page) as(want model.Answer) error {
	if p.status != statuses[want] {
		return fmt.Errorf("the page answers %d %q, the model %q", p.status, p.heading(), want)
	}
	return p.says(want)
}

// says requires the heading of an end page, and the sentence of a revocation there
// and nowhere else.
func (p page) says(want model.Answer) error {
	ends := map[model.Answer]string{
		model.Revoked: string(model.Revoked), model.Expired: string(model.Expired), model.SentToAnother: string(model.SentToAnother),
	}
	if heading, ok := ends[want]; ok && p.heading() != heading {
		return fmt.Errorf("the page says %q, want %q", p.heading(), heading)
	}
	if want != model.Revoked && strings.Contains(p.body, string(model.Revoked)) {
		return fmt.Errorf("the page says that the message was revoked, which is %q", want)
	}
	return nil
}

// heading is the text of the page's h1.
func (p page) heading() string {
	root, err := html.Parse(strings.NewReader(p.body))
	if err != nil {
		return ""
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "h1" {
			continue
		}
		var text strings.Builder
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				text.WriteString(d.Data)
			}
		}
		return strings.Join(strings.Fields(text.String()), " ")
	}
	return ""
}

// cookie is that of a session: how people sign in is another test's matter.
func (g pages) cookie(kind letterlock.Kind, a letterlock.Address) *http.Cookie {
	g.mu.Lock()
	id := g.sessions[session{kind, a}]
	g.mu.Unlock()
	if id == "" {
		var err error
		if id, _, err = g.app.Sessions.Start(context.Background(), letterlock.Actor{Kind: kind, Address: a, Proof: letterlock.ByPasscode}); err != nil {
			panic(err)
		}
		g.mu.Lock()
		g.sessions[session{kind, a}] = id
		g.mu.Unlock()
	}
	name := "letterlock"
	if kind == letterlock.Reader {
		name = "letterlock-reader"
	}
	return &http.Cookie{Name: name, Value: id}
}

func (g pages) do(cookie *http.Cookie, method, path, kind string, body io.Reader) page {
	r := httptest.NewRequestWithContext(context.Background(), method, path, body)
	r.Host, r.RemoteAddr = "127.0.0.1:8080", "192.0.2.7:4711"
	r.AddCookie(cookie)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	rec := httptest.NewRecorder()
	g.site.ServeHTTP(rec, r)
	return page{rec.Code, rec.Result().Header, rec.Body.String()}
}

func (g pages) post(cookie *http.Cookie, path string, fields url.Values) page {
	return g.do(cookie, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(fields.Encode()))
}

// write posts a form with a text, and returns the message that came of it.
func (g pages) write(who letterlock.Address, path string, fields map[string]string, want model.Answer) (letterlock.ID, error) {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for name, value := range fields {
		_ = m.WriteField(name, value) // a buffer takes everything
	}
	m.Close()
	p := g.do(g.cookie(letterlock.Reader, who), http.MethodPost, path, m.FormDataContentType(), &body)
	_, id, _ := strings.Cut(p.header.Get("Location"), "?sent=")
	return letterlock.ID(id), p.as(want)
}

func (g pages) reply(who letterlock.Address, id letterlock.ID, everybody bool, text string, want model.Answer) (letterlock.ID, error) {
	path := "/read/" + string(id) + "/reply"
	if everybody {
		path += "-all"
	}
	return g.write(who, path, map[string]string{"text": text}, want)
}

func (g pages) forward(who letterlock.Address, id letterlock.ID, to []letterlock.Address, text string, want model.Answer) (letterlock.ID, error) {
	return g.write(who, "/read/"+string(id)+"/forward", map[string]string{"to": listed(to), "text": text}, want)
}

func listed(list []letterlock.Address) string {
	var all []string
	for _, a := range list {
		all = append(all, string(a))
	}
	return strings.Join(all, ", ")
}

func (g pages) ask(who letterlock.Address, id letterlock.ID, want model.Answer) error {
	if want == model.TooOften {
		want = model.Done // what was declined stands on the page that they are led to
	}
	return g.post(g.cookie(letterlock.Reader, who), "/read/"+string(id)+"/ask", nil).as(want)
}

// act posts what one of the staff does to a message: on its page in Sent, if it is
// theirs or they have no other, and else in the trace. There whoever may not decide is
// told of the role before anything else.
func (g pages) act(by model.Person, id letterlock.ID, what string, fields url.Values, want model.Answer) error {
	place := "/trace/"
	m := g.messageOf(id)
	switch {
	case holds(by, letterlock.Sender) && (m.Sender.Address == by.Address || len(by.Roles) == 1):
		place = "/sent/"
	case !holds(by, letterlock.Revoker) && !holds(by, letterlock.Admin):
		want = model.NotTheirRole
	}
	if (want == model.IsDestroyed || want == model.NotAvailable && m.Sender.Address == by.Address || want == model.Several || want == model.NobodyHasALink) && g.strange(id, fields["recipient"]) {
		want = model.NoRecipient // whoever can see the message is told so first
	}
	if what == revoking {
		what = map[string]string{"/sent/": "remove", "/trace/": "revoke"}[place]
	}
	return g.post(g.cookie(letterlock.Staff, by.Address), place+string(id)+"/"+what, fields).as(want)
}

// strange reports whether an address is none of a recipient with a link.
func (g pages) strange(id letterlock.ID, list []string) (strange bool) {
	for _, a := range list {
		err := g.read(func(tx *store.Tx) error {
			r, err := tx.RecipientByAddress(id, letterlock.Address(a))
			strange = strange || err != nil || r.Experience != letterlock.Link
			return nil
		})
		if err != nil {
			panic(err)
		}
	}
	return strange
}

// revoking stands for the two names that it has.
const revoking = "remove or revoke"

func holds(p model.Person, role letterlock.Role) bool {
	for _, r := range p.Roles {
		if r == role {
			return true
		}
	}
	return false
}

func (g pages) messageOf(id letterlock.ID) (m letterlock.Message) {
	err := g.read(func(tx *store.Tx) (err error) { m, err = tx.Message(id); return err })
	if err != nil {
		panic(err)
	}
	return m
}

func named(list []letterlock.Address) url.Values {
	f := url.Values{}
	for _, a := range list {
		f.Add("recipient", string(a))
	}
	return f
}

func (g pages) revoke(by model.Person, id letterlock.ID, from []letterlock.Address, want model.Answer) error {
	return g.act(by, id, revoking, named(from), want)
}

func (g pages) restore(by model.Person, id letterlock.ID, to []letterlock.Address, want model.Answer) error {
	return g.act(by, id, "restore", named(to), want)
}

func (g pages) destroy(by model.Person, id letterlock.ID, want model.Answer) error {
	f := url.Values{"message-id": {g.messageOf(id).MessageID}}
	cookie := g.cookie(letterlock.Staff, by.Address)
	return g.post(cookie, "/trace/"+string(id)+"/destroy", f).as(want)
}

func (g pages) setExpiry(by model.Person, id letterlock.ID, end time.Time, want model.Answer) error {
	return g.act(by, id, "expiry", ending(end), want)
}

// ending is an end as a form says it.
func ending(end time.Time) url.Values {
	if end.IsZero() {
		return url.Values{"expiry": {"never"}}
	}
	return url.Values{"expiry": {"date"}, "expiry-date": {end.Format("2006-01-02")}}
}

func (g pages) approve(by model.Person, id, request letterlock.ID, end time.Time, want model.Answer) error {
	choice := "never"
	for _, days := range givenDays {
		if end.Equal(lastDay(g.Now(), days)) {
			choice = strconv.Itoa(days)
		}
	}
	return g.act(by, id, "requests/"+string(request)+"/approve", url.Values{"expiry": {choice}}, want)
}

func (g pages) decline(by model.Person, id, request letterlock.ID, want model.Answer) error {
	return g.act(by, id, "requests/"+string(request)+"/decline", nil, want)
}

// readerWays are what a recipient can ask for of a message.
var readerWays = []string{"", "/body", "/part/2", "/message.eml", "/reply", "/reply-all", "/forward"}

// pathOf is one of them that the message has.
func pathOf(m *model.Message, way int) string {
	path := readerWays[way%len(readerWays)]
	if path == "/part/2" && m.Act == letterlock.ActReply {
		return "/body" // it has no file
	}
	return path
}

// kept reports whether a way out of the portal is closed for a message.
func kept(m *model.Message, path string) bool {
	return m.Protection == letterlock.DoNotForward && (path == "/message.eml" || path == "/forward")
}

// reading is what shows the message; what is downloaded is counted apart.
func (pages) reading(m *model.Message, way int) bool {
	path := pathOf(m, way)
	return path == "" || path == "/body"
}

func (g pages) sees(who letterlock.Address, id letterlock.ID, m *model.Message, want model.Answer, way int) (string, error) {
	path := pathOf(m, way)
	p := g.do(g.cookie(letterlock.Reader, who), http.MethodGet, "/read/"+string(id)+path, "", nil)
	switch {
	case want != model.Content:
		return p.body, p.as(want)
	case kept(m, path) && p.status == http.StatusForbidden, path == "/forward" && p.status == http.StatusTooManyRequests:
		return p.body, nil
	case kept(m, path) || p.status != http.StatusOK:
		return p.body, fmt.Errorf("%s answers %d %q to whom may read", path, p.status, p.heading())
	case path == "/body" && !strings.Contains(p.body, textOf(m.Own)), path == "" && !strings.Contains(p.body, subjectOf(m.First().Own)):
		return p.body, fmt.Errorf("%q does not show what was asked for", path)
	case path == "/forward" || path == "/reply" || path == "/reply-all":
		return p.body, nothingOf(m, p.body)
	}
	return p.body, p.says(want)
}

// nothingOf requires that a form for an answer shows nothing of the message.
func nothingOf(m *model.Message, body string) error {
	for _, w := range m.Words() {
		if strings.Contains(body, textOf(w)) || strings.Contains(body, subjectOf(m.First().Own)) {
			return fmt.Errorf("a form shows what the message says")
		}
	}
	return nil
}

// senderWays are what one of the staff can ask for of a message's text.
var senderWays = []string{"/body", "/message.eml"}

func (g pages) senderSees(by model.Person, id letterlock.ID, want model.Answer, way int) (string, error) {
	path := senderWays[way%len(senderWays)]
	p := g.do(g.cookie(letterlock.Staff, by.Address), http.MethodGet, "/sent/"+string(id)+path, "", nil)
	status := http.StatusOK
	switch {
	case !holds(by, letterlock.Sender):
		status = http.StatusForbidden
	case want != model.Content:
		status = http.StatusNotFound
	}
	if p.status != status {
		return p.body, fmt.Errorf("/sent%s answers %d %q, want %d", path, p.status, p.heading(), status)
	}
	return p.body, p.says(want)
}

func (g pages) list(who letterlock.Address) (string, error) {
	p := g.do(g.cookie(letterlock.Reader, who), http.MethodGet, "/messages", "", nil)
	if p.status != http.StatusOK {
		return p.body, fmt.Errorf("My messages answers %d %q", p.status, p.heading())
	}
	return p.body, p.says(model.Content)
}
