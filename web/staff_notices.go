package web

import (
	"slices"
	"time"

	"letterlock/internal/language"
	"letterlock/internal/policy"
	"letterlock/views"
)

// noticesOf is what a sender wants to be told of a message; nil: the form did not ask.
func noticesOf(f *composeForm) *policy.Choice {
	if f.get("notices") == "" {
		return nil
	}
	ticked := func(kind policy.ReminderKind) bool { return slices.Contains(f.fields["notice"], string(kind)) }
	return &policy.Choice{FirstRead: ticked(policy.OnRead), Unread: ticked(policy.Unread), Expiring: ticked(policy.Expiring)}
}

// noticeOptions are what senders may be told, as far as the settings have it, with
// what was chosen, or is usual, ticked.
func noticeOptions(say language.Words, n policy.Notices, chosen *policy.Choice) (list []views.NoticeOption) {
	c := n.Usual()
	if chosen != nil {
		c = *chosen
	}
	if n.MayAsk() {
		list = append(list, views.NoticeOption{Value: string(policy.OnRead), Text: say.Text("sentPage.whenARecipientReadsIt"), Ticked: c.FirstRead})
	}
	if n.UnreadAfter > 0 {
		text := say.Text("sentPage.whoHasNotReadIt", "Length", say.Length(time.Duration(n.UnreadAfter)))
		list = append(list, views.NoticeOption{Value: string(policy.Unread), Text: text, Ticked: c.Unread})
	}
	if n.Expiring > 0 {
		text := say.Text("sentPage.beforeItExpires", "Length", say.Length(time.Duration(n.Expiring)))
		list = append(list, views.NoticeOption{Value: string(policy.Expiring), Text: text, Ticked: c.Expiring})
	}
	return list
}
