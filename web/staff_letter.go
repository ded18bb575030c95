package web

import (
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// An opened is what the sender's own copy shows: file names and the text are
// sealed, and only opening the copy tells them. Of a destroyed message it is zero.
type opened struct {
	files    []access.Attachment
	all      []access.Attachment // with those of attached mails: history knows them
	text     text
	enclosed []views.Enclosed
}

// lookInto reads from the sender's copy what the page says about it.
func (s *Server) lookInto(c echo.Context, l *access.Letter) (o opened, err error) {
	url, m := "/sent/"+string(l.Message.ID), l.Own()
	if o.text, err = s.textOf(c, l, m, url); err != nil {
		return opened{}, err
	}
	o.files, o.all = l.Attachments(), l.Everything()
	o.enclosed, err = s.enclosedBelow(c, l, m, url)
	return o, err
}

// letter fills the reading pane.
func (v sentMail) letter(d track.Detail, o opened, may rights, contact letterlock.Address) views.Letter {
	m := v.message
	t := tallyOf(v.recipients)
	l := views.Letter{
		Subject:    subjectOf(m),
		Band:       v.band(may.all, contact),
		Revoked:    t.links > 0 && t.revoked == t.links,
		Author:     authorOf(v.server.Words, m),
		Sent:       v.server.weekday(m.Accepted),
		Protection: v.server.protectionOf(m),
		Expires:    v.server.when(m.Expires),
		Body:       o.text.frame,
		NoText:     o.text.none || m.Destroyed,
		ImagesLeft: o.text.left,
		Switch:     o.text.other,
		Event:      o.text.event,
		Notes:      o.text.notes,
		Enclosed:   o.enclosed,
		Answers:    v.answers(d),
		More:       append(v.more(t), conversationOf(v.server.Words, d.First)...),
	}
	if t.revoked > 0 {
		l.Reason = t.last.Reason
	}
	if !m.Destroyed {
		if may.expire == nil {
			l.ExpiryURL = v.url() + "/expiry"
		}
		if may.tell == nil {
			l.Tell = views.Link{Text: v.server.Text("passphraseChange.ask"), URL: v.url() + "/passphrase"}
			if m.Asks.Told() {
				l.Tell.Text = v.server.Text("passphraseChange.change")
			}
			if m.Asks.Told() && m.Passphrase == "" {
				l.Tell.Text, l.Shut = v.server.Text("sent.setPassphrase"), v.server.Text("sent.passphraseWasLost")
				if l.Band.Kind == views.BandCan {
					l.Band.Lead = v.server.Text("sent.nobodyUntilSet")
				}
			}
		}
		l.PrintURL, l.OriginalURL = o.text.alone, v.url()+"/message.eml"
	}
	for _, r := range v.recipients {
		l.Recipients = append(l.Recipients, v.recipient(r, d.Events[r.ID], o.all, may))
	}
	l.Attachments = v.attachments(d, o.files)
	l.AllURL = allURL(l.Attachments, v.url())
	return l
}

// recipient fills the part of the page that is about one recipient.
func (v sentMail) recipient(r letterlock.Recipient, events []letterlock.Event, files []access.Attachment, may rights) views.Recipient {
	alone := len(v.recipients) == 1
	out := views.Recipient{
		Person:  personOf(r.Mailbox),
		Field:   fieldName(v.server.Words, r.Field),
		State:   v.state(r),
		Summary: v.summary(r, events, files),
		Steps:   v.steps(r, events, files, alone),
	}
	if alone || r.Experience != letterlock.Link || v.message.Destroyed {
		return out
	}
	which := "?recipient=" + urlQuery(string(r.Mailbox.Address))
	if r.Revocation.Revoked() {
		if slices.Contains(may.back, r.ID) {
			out.RestoreURL = v.url() + "/restore" + which
		}
	} else if may.all.revoke == nil {
		out.RevokeURL = v.url() + "/remove" + which
	}
	return out
}

// attachments lists the files, with who took them.
func (v sentMail) attachments(d track.Detail, files []access.Attachment) (list []views.Attachment) {
	links := tallyOf(v.recipients).links
	for _, f := range files {
		note := v.server.Size(f.Size)
		var by int
		var last string
		for _, r := range v.recipients {
			if at, ok := taken(d.Events[r.ID], files)[f.Part]; ok {
				by++
				last = v.server.stepTime(at, time.Time{}).Text
			}
		}
		switch {
		case links == 0:
		case by == 0:
			note += ", " + v.server.Text("sent.notDownloaded")
		case len(v.recipients) == 1:
			note += ", " + v.server.Text("sent.downloadedB", "Last", last)
		default:
			note += ", " + v.server.Text("sent.downloadedByOf", "By", strconv.Itoa(by), "Links", strconv.Itoa(links))
		}
		row := views.Attachment{Name: f.Name, URL: partURL(v.url(), f.Part), Note: note}
		if f.Mail {
			row.Open = mailURLOf(v.url(), f.Part)
		}
		list = append(list, row)
	}
	withPreviews(list, files, v.url())
	return list
}

// more is what stands under More information.
func (v sentMail) more(t tally) []views.Fact {
	m := v.message
	facts := []views.Fact{{Label: "Message-ID", Value: m.MessageID, Mono: true}}
	if m.Reference != "" {
		facts = append(facts, views.Fact{Label: v.server.Text("sent.cameWithMessageId"), Value: m.Reference, Mono: true})
	}
	facts = append(facts,
		views.Fact{Label: v.server.Text("sent.sentWith"), Value: viaName(v.server.Words, m.Via)},
		views.Fact{Label: v.server.Text("sent.encryptionMethod"), Value: methodOf(v.server.Words, m)})
	facts = append(facts, v.ruledFacts()...)
	if t.links > 0 && !v.server.Access.Asks(m).Vouched() {
		facts = append(facts, views.Fact{Label: v.server.Text("sent.signIn"), Value: v.server.Text("sent.oneTimePasscode")})
	}
	return facts
}

// ruledFacts says until when a rule lets the message be read, if one does.
func (v sentMail) ruledFacts() []views.Fact {
	latest := v.message.LatestEnd
	if latest.IsZero() || v.message.Destroyed {
		return nil
	}
	return []views.Fact{{Label: v.server.Text("sent.aRuleLetsItBe"), Value: v.server.Text("sent.atMost", "When", v.server.when(latest).Text)}}
}

// methodOf says who decided that a message is protected, and how.
func methodOf(say language.Words, m letterlock.Message) string {
	switch m.DecidedBy {
	case "":
		return string(m.Method)
	case "submission default":
		return say.Text("sent.byDefaultSubmission")
	}
	return string(m.Method) + ": " + decidedBy(say, m.DecidedBy)
}

func (s speaker) protectionOf(m letterlock.Message) string {
	name := s.Text("sent.encryptOnly")
	if m.Protection == letterlock.DoNotForward {
		name = s.Text("sent.doNotForward")
	}
	return name + s.asking(m)
}

// asking says what a message asks of its readers beyond their mailbox.
func (s speaker) asking(m letterlock.Message) string {
	asks := s.Access.Asks(m)
	if asks == letterlock.NoDemand {
		return ""
	}
	words := demanded{
		fresh: ", " + s.Text("sent.withANewPasscodeEach"), vouched: ", " + s.Text("sent.withOpenidOnly"), freshVouched: ", " + s.Text("sent.withANewSignIn"),
		told: ", " + s.Text("sent.withAPassphrase"), andTold: " " + s.Text("sent.andAPassphrase"),
		named: ", " + s.Text("sent.withTheNameOfEach"), andNamed: ", " + s.Text("sent.withTheNameOfEach"), other: ", " + s.Text("sent.withAProofThatNobody"),
	}.by(asks)
	if asks.Told() && m.Passphrase == "" {
		words += " (" + s.Text("sent.toBeSetAgain") + ")"
	}
	return words
}

func viaName(say language.Words, v letterlock.Via) string {
	switch v {
	case letterlock.BySubmission:
		return say.Text("sent.smtpSubmission")
	case letterlock.ByPortal:
		return say.Text("sent.thePortal")
	case letterlock.ByGateway:
		return say.Text("sent.theMailServerByThe")
	}
	return say.Text("sent.compose")
}

// fieldName is shown for those who are not addressed directly.
func fieldName(say language.Words, f letterlock.Field) string {
	switch f {
	case letterlock.Cc:
		return "Cc"
	case letterlock.Bcc:
		return say.Text("sent.bcc")
	}
	return ""
}

// rights are what the one who looks may do: with the message, and to whom access
// can be given back.
type rights struct {
	all    right
	back   []letterlock.ID
	expire error // nil: may change when it expires
	tell   error // nil: may change its passphrase, or have it ask for one
}

// rightsOf asks the use case; nothing is decided here.
func (s *Server) rightsOf(by letterlock.Actor, d track.Detail) rights {
	r := rights{all: right{
		revoke:  s.Access.MayRevoke(by, d.Message, d.Recipients),
		restore: s.Access.MayRestore(by, d.Message, d.Recipients),
	}, expire: s.Access.MayExpire(by, d.Message, d.Recipients), tell: s.Access.MayTell(by, d.Message, d.Recipients)}
	for _, one := range d.Recipients {
		if one.Revocation.Revoked() && s.Access.Rules.MayRestore(by, d.Message, d.Recipients, one) == nil {
			r.back = append(r.back, one.ID)
		}
	}
	return r
}
