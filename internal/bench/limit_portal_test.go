package bench

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"letterlock/views"
)

// routes are the portal of the limit: read, and revoke.
func (l *limit) routes() http.Handler {
	e := echo.New()
	e.GET("/read/:id", l.page)
	e.GET("/read/:id/body", l.body)
	e.POST("/revoke/:id", l.revoke)
	return e
}

// letter does what a read takes: session, state, key, content. One query, which
// is fresh each time.
func (l *limit) letter(c echo.Context) (subject, address string, text []byte, err error) {
	cookie, err := c.Cookie("session")
	if err != nil {
		return "", "", nil, err
	}
	hash := sha256.Sum256([]byte(cookie.Value))
	var wrapped, chunk []byte
	err = l.store.read(`SELECT s.address, m.subject, r.wrapped, c.data FROM sessions s
		JOIN recipients r ON r.message = $2 AND r.address = s.address AND r.revoked = 0
		JOIN messages m ON m.id = $2 JOIN chunks c ON c.message = $2 AND c.seq = 0
		WHERE s.hash = $1`, []any{hash[:], c.Param("id")}, &address, &subject, &wrapped, &chunk)
	if err != nil {
		return "", "", nil, echo.NewHTTPError(http.StatusGone)
	}
	if text, err = l.open(wrapped, chunk); err != nil {
		return "", "", nil, err
	}
	if c.QueryParam("note") == "" {
		return subject, address, text, nil
	}
	return subject, address, text, l.store.change(func(w *bareConn) error {
		return w.exec(`INSERT INTO reads (message, address) VALUES ($1, $2)`, c.Param("id"), address)
	})
}

// page shows the product's own page, so that both render the same.
func (l *limit) page(c echo.Context) error {
	subject, address, text, err := l.letter(c)
	if err != nil {
		return err
	}
	if len(text) == 0 {
		return errors.New("empty")
	}
	url := "/read/" + c.Param("id")
	v := views.Read{
		Page:    views.Page{Host: c.Request().Host, Scripts: true, Account: &views.Account{Address: address, MessagesURL: "/messages", SignOutURL: "/portal/sign-out"}},
		Subject: subject, From: views.Person{Name: "Sender", Address: sender(0)}, You: address,
		Received: views.Time{Text: "Friday 20 November 2026, 10:00 UTC", ISO: "2026-11-20T10:00:00Z"},
		Body:     views.Frame{URL: url + "/body", Height: 600},
		AloneURL: url + "/body", PrintURL: url + "/body", DownloadURL: url + "/message.eml",
	}
	var b bytes.Buffer
	if err := views.ReadPage(v).Render(c.Request().Context(), &b); err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.HTMLBlob(http.StatusOK, b.Bytes())
}

// body sends the text as it is.
func (l *limit) body(c echo.Context) error {
	_, _, text, err := l.letter(c)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "text/plain", text)
}

func (l *limit) revoke(c echo.Context) error {
	err := l.store.change(func(w *bareConn) error {
		return w.exec(`UPDATE recipients SET revoked = 1, wrapped = NULL WHERE message = $1`, c.Param("id"))
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}
