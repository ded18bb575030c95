package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/views"
)

// A Finding is one thing of the installation that was looked at.
type Finding struct {
	Level FindingLevel
	About string // a setting, or a part of the machine
	Says  string // one sentence
	Do    string // what to do about it; empty: nothing
}

// A FindingLevel says how bad a finding is.
type FindingLevel string

// The levels of findings, the worst last.
const (
	FoundWell  FindingLevel = "ok"
	FoundWarn  FindingLevel = "warn"  // it works, and not for long or not for everybody
	FoundWrong FindingLevel = "wrong" // it does not work
)

// doctorRoutes are the page on which administrators have the installation looked at, as
// 'letterlock doctor' does.
func (s *Server) doctorRoutes() {
	s.get(admin, "/doctor", s.doctorPage)
	s.post(admin, "/doctor", s.examine, examines)
}

// examineTime is more than it takes if neither the DNS nor the relay answers.
const examineTime = 2 * time.Minute

func examines(_ *Server, e *entry) { e.deadline = examineTime }

func (s *Server) doctorPage(c echo.Context) error {
	return s.showDoctor(c, http.StatusOK, views.Doctor{})
}

// examine has everything looked at, for one administrator at a time: it sends a message
// the whole way, and asks the DNS and the relay.
func (s *Server) examine(c echo.Context) error {
	say := s.words(c)
	if s.Doctor == nil {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	if !s.examining.TryLock() {
		return s.showDoctor(c, http.StatusConflict, views.Doctor{Problem: say.Text("doctor.somebodyIsHavingItLooked")})
	}
	defer s.examining.Unlock()
	v := views.Doctor{Looked: true, At: say.Text("doctor.asItWas", "When", s.speaker(c).at(s.Now()))}
	for _, f := range s.Doctor(c.Request().Context()) {
		v.Found = append(v.Found, views.Finding{State: views.State{Kind: findingKinds[f.Level]}, About: f.About, Says: f.Says, Do: f.Do})
		switch f.Level {
		case FoundWrong:
			v.Wrong++
		case FoundWarn:
			v.Warn++
		}
	}
	return s.showDoctor(c, http.StatusOK, v)
}

var findingKinds = map[FindingLevel]views.StateKind{
	FoundWell: views.StateWell, FoundWarn: views.StateWarn, FoundWrong: views.StateWrong,
}

func (s *Server) showDoctor(c echo.Context, status int, v views.Doctor) error {
	v.Page, v.URL = s.page(c), "/doctor"
	if s.Doctor == nil {
		v.URL = ""
	}
	return s.show(c, status, views.DoctorPage(v))
}
