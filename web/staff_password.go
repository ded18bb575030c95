package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// passwordPage asks whoever holds a link that works for a new password. Mail
// programs and scanners may follow the link as often as they like.
func (s *Server) passwordPage(c echo.Context) error {
	if err := s.Accounts.CheckLink(c.Request().Context(), passwordToken(c)); err != nil {
		return err
	}
	return s.show(c, http.StatusOK, views.SetPasswordPage(s.passwordForm(c)))
}

// setPassword uses the link up and leads to where the new password is asked for.
func (s *Server) setPassword(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	err = s.Accounts.SetPassword(c.Request().Context(), actor(c), passwordToken(c), f.Get("password"), s.likedByStaff(c))
	if letterlock.KeyOf(err) == "password" {
		v := s.passwordForm(c)
		v.Error = s.words(c).Text("signIn.passwordHas", "Least", strconv.Itoa(account.MinPassword), "Most", strconv.Itoa(account.MaxPassword))
		return s.show(c, http.StatusUnprocessableEntity, views.SetPasswordPage(v))
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in?"+passwordSetQuery)
}

// passwordSetQuery has the page for signing in say that a password was set.
const passwordSetQuery = "password=set"

func passwordToken(c echo.Context) letterlock.Token { return letterlock.Token(c.Param("token")) }

func (s *Server) passwordForm(c echo.Context) views.SetPassword {
	return views.SetPassword{
		Page: s.page(c), URL: "/password/" + passwordToken(c).Reveal(), Least: account.MinPassword,
	}
}
