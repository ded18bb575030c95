package smtpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/emersion/go-smtp"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/smtpout"
)

// logMail writes the one line about a mail that was sent to us. It names nobody;
// whose mail it was is said at debug only.
func (s *session) logMail(answer *smtp.SMTPError, receipt intake.Receipt, err error, facts ...slog.Attr) {
	level, what := slog.LevelInfo, "smtp: mail accepted"
	switch {
	case receipt.Passed:
		what = "smtp: mail passed on"
	case s.server.Gateway != nil && receipt.DecidedBy != "":
		what = "smtp: mail protected"
	}
	facts = append(facts, slog.Int("reply", answer.Code))
	if receipt.DecidedBy != "" {
		facts = append(facts, slog.String("decided", receipt.DecidedBy))
	}
	relays := errors.As(err, new(*smtpout.Reply)) // what the relay said is in a line of its own
	switch {
	case relays:
		what = "smtp: mail not passed on"
	case err != nil:
		what = "smtp: mail refused"
		facts = append(facts, slog.String("code", string(letterlock.CodeOf(err))))
		if key := letterlock.KeyOf(err); key != "" {
			facts = append(facts, slog.String("key", key))
		}
		if r := (*intake.Refusal)(nil); errors.As(err, &r) {
			facts = append(facts, slog.String("rule", r.Rule))
		}
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		what = "smtp: mail broken off"
	case err != nil && !relays && letterlock.CodeOf(err) == letterlock.Internal:
		level = slog.LevelError
		facts = append(facts, slog.Any("err", err))
	}
	s.write(level, what, facts)
}

// logRefusal writes the line about a mail that ended at MAIL.
func (s *session) logRefusal(answer *smtp.SMTPError) {
	s.write(slog.LevelInfo, "smtp: mail refused", []slog.Attr{slog.Int("reply", answer.Code)})
}

// logRecipient writes the line about a recipient whom the gateway does not take.
func (s *session) logRecipient(answer *smtp.SMTPError) {
	s.write(slog.LevelInfo, "smtp: recipient refused", []slog.Attr{slog.Int("reply", answer.Code)})
}

// write adds the account, which is not changed once it is known.
func (s *session) write(level slog.Level, what string, facts []slog.Attr) {
	ctx := context.Background()
	if s.log.Enabled(ctx, slog.LevelDebug) {
		facts = append(facts, slog.String("account", string(s.actor.Address)))
	}
	s.log.LogAttrs(ctx, level, what, facts...)
}

func (s *Server) logPanic(w *wire, p any) {
	s.Log.Error("smtp: panic", "ip", w.ip, "err", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// innerLog takes what go-smtp has to say: panics, and that connections broke,
// which is what connections do.
type innerLog struct{ to *slog.Logger }

// Printf implements smtp.Logger.
func (l innerLog) Printf(format string, v ...any) {
	level := slog.LevelDebug
	if strings.HasPrefix(format, "panic") {
		level = slog.LevelError
	}
	l.to.Log(context.Background(), level, "smtp: connection failed", "err", fmt.Sprintf(format, v...))
}

// Println implements smtp.Logger.
func (l innerLog) Println(v ...any) {
	l.to.Debug("smtp: connection failed", "err", strings.TrimSpace(fmt.Sprintln(v...)))
}
