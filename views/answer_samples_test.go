package views

import (
	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// answerSamples are the pages on which recipients write, and those of messages that
// are part of a conversation.
func answerSamples(w language.Words, all map[string]templ.Component, read Read) {
	reply := Answer{
		Page: signedIn(w), Kind: AnswerReply, Sender: ines, To: []Person{ines}, URL: "/read/1/reply", BackURL: "/read/1",
		Form: "x", MaxSize: "110 MB", Quotes: true,
	}
	all["answer-reply"] = AnswerPage(reply)
	everybody := reply
	everybody.Kind, everybody.Cc = AnswerReplyAll, []Person{{Address: "j.okafor@riverside.example"}, {Name: "Yuki Tanaka", Address: "yuki.tanaka@yahoo.co.jp"}}
	everybody.Errors = []FieldError{{Field: "text", Text: "Write something, or attach a file"}}
	all["answer-reply-all-wrong"] = AnswerPage(everybody)
	forward := reply
	forward.Kind, forward.MaxTo, forward.Left = AnswerForward, 10, 8
	all["answer-forward"] = AnswerPage(forward)
	wrong := forward
	wrong.ToTyped, wrong.Text, wrong.FilesLost, wrong.Left = "omar", "For your file.", true, 1
	wrong.Errors = []FieldError{
		{Field: "to", Text: "“omar” is not a mail address"}, {Field: "files", Text: "The files are larger than 110 MB together"},
		{Text: "You have written a great deal in a short time. It works again in 2 minutes."},
	}
	all["answer-forward-wrong"] = AnswerPage(wrong)

	read.Answers = ReadAnswers{
		ReplyURL: "/read/1/reply", ReplyAllURL: "/read/1/reply-all", ForwardURL: "/read/1/forward",
		Sent:   "Your reply was sent to Ines Kaya.",
		Passed: "Jonas Okafor has replied to a message from Ines Kaya, who can take this one back as well.",
		Quote:  Frame{URL: "/body.html", Height: 3}, QuoteOf: "From Ines Kaya", QuoteWhen: at("Thursday 19 November 2026, 17:05 CET"),
		Turns: []Turn{
			{Who: "Ines Kaya", When: at("Thursday 19 November 2026, 17:05 CET"), URL: "/read/2"},
			{Who: "Yuki Tanaka", When: at("Friday 20 November 2026, 09:10 CET"), Note: "access has been removed"},
			{Who: "You replied to Ines Kaya", When: at("Friday 20 November 2026, 10:50 CET")},
		},
	}
	all["read-conversation"] = ReadPage(read)

	ended := End{Page: signedIn(w), Kind: EndExpired, From: ines, When: at("20 November 2026, 11:52 CET"), Sent: at("5 November 2026"),
		Unsent: "Dear Ines,\n\nwe agree to the third draft.\n\nMarta"}
	all["expired-unsent"] = EndPage(ended)
}
