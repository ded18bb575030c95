package main

import (
	"bytes"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"github.com/jhillyerd/enmime/v2"

	"letterlock/internal/browsertest"
	"letterlock/internal/mailtest"
)

// offerID is what Ada's own program calls the mail that is answered.
const offerID = "<offer-4711@contoso.example>"

// converse goes on with a message through the relay: its recipient replies and
// forwards, and its sender answers the reply from their mail program. It leaves both
// pages at the message.
func (s *server) converse(reader, sender *browsertest.Page) {
	s.t.Helper()
	id := s.checkReply(s.reply(reader))
	s.forward(reader)
	out, err := s.swaks("--server", s.mail, "--tls", "--to", "nora@gmail.com", "--header", "Subject: Re: Offer 4711",
		"--header", "In-Reply-To: "+id, "--header", "References: "+offerID+" "+id, "--body", "You begin on the third.")
	if err != nil {
		s.t.Fatalf("answering the reply: %v\n%s", err, out)
	}
	note := s.world.Wait("nora@gmail.com")
	if text := string(note.Raw); strings.Contains(text, "begin on the third") || !strings.Contains(text, "has sent you a protected message") {
		s.t.Errorf("the answer to the reply is no protected message:\n%s", text)
	}
	back := reader.Path()
	reader.Goto(find(s.t, portalLink, note))
	wantPage(s.t, reader, 200, "Re: Offer 4711")
	if text := reader.FrameText("iframe"); !strings.Contains(text, "You begin on the third.") {
		s.t.Errorf("the answer says %q", text)
	}
	reader.ClickText("Ada Lindqvist")   // the conversation leads back to its beginning
	back, _, _ = strings.Cut(back, "?") // it says what was sent
	if reader.Path() != back {
		s.t.Errorf("the conversation leads to %s, want %s", reader.Path(), back)
	}
	s.signIn(sender)
	sender.Goto(s.site + strings.Replace(back, "/read/", "/sent/", 1))
	for _, want := range []string{"nora@gmail.com replied", "nora@gmail.com forwarded it to " + zoeTest, "You answered nora@gmail.com"} {
		if text := sender.Text("main"); !strings.Contains(text, want) {
			s.t.Errorf("under the message Sent does not say %q:\n%s", want, text)
		}
	}
}

// reply replies with a file, and returns the mail as it is in Ada's mailbox.
func (s *server) reply(reader *browsertest.Page) mailtest.Mail {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "signed.txt")
	if err := os.WriteFile(file, []byte("signed by Nora"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	reader.ClickText("Reply")
	reader.Fill("Your reply", "I agree to all of it.")
	reader.Upload("Attachments", file)
	reader.WaitText("signed.txt is attached.")
	reader.ClickText("Send the reply")
	wantPage(s.t, reader, 200, "Offer 4711")
	return s.world.Wait("ada@contoso.example")
}

// checkReply looks at a reply as the sender's mail program gets it, and returns its
// Message-ID.
func (s *server) checkReply(m mailtest.Mail) string {
	s.t.Helper()
	e, err := enmime.ReadEnvelope(bytes.NewReader(m.Raw))
	if err != nil {
		s.t.Fatal(err)
	}
	from, err := mail.ParseAddress(e.GetHeader("From"))
	if err != nil || from.Address != s.settings["organization.notify"] || !strings.HasPrefix(from.Name, "nora@gmail.com via ") {
		s.t.Errorf("the reply is from %q, %v", e.GetHeader("From"), err)
	}
	id := e.GetHeader("Message-Id")
	for name, want := range map[string]string{
		"Reply-To": "nora@gmail.com", "To": "Ada Lindqvist <ada@contoso.example>", "Subject": "Re: Offer 4711",
		"In-Reply-To": offerID, "References": offerID, "Auto-Submitted": "",
	} {
		if got := e.GetHeader(name); got != want {
			s.t.Errorf("the reply has %s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(e.Text, "I agree to all of it.") || !strings.Contains(e.Text, "> The salary is 84,000.") {
		s.t.Errorf("the reply says\n%s", e.Text)
	}
	if len(e.Attachments) != 1 || e.Attachments[0].FileName != "signed.txt" || string(e.Attachments[0].Content) != "signed by Nora" {
		s.t.Errorf("the reply carries %v", e.Attachments)
	}
	return id
}

// forward sends a copy to Zoe, whose notification says whom it comes from.
func (s *server) forward(reader *browsertest.Page) {
	s.t.Helper()
	reader.ClickText("Forward")
	reader.Fill("To", zoeTest)
	reader.ClickText("Forward the message")
	wantPage(s.t, reader, 200, "Offer 4711")
	note := s.world.Wait(zoeTest)
	e, err := enmime.ReadEnvelope(bytes.NewReader(note.Raw))
	if err != nil {
		s.t.Fatal(err)
	}
	const want = "nora@gmail.com has forwarded you a protected message from Ada Lindqvist"
	if !strings.Contains(e.GetHeader("Subject"), want) || !strings.Contains(strings.Join(strings.Fields(e.Text), " "), "nora@gmail.com") {
		s.t.Errorf("the notification of a forward is called %q:\n%s", e.GetHeader("Subject"), e.Text)
	}
	if strings.Contains(string(note.Raw), "84,000") || strings.Contains(string(note.Raw), "Offer") {
		s.t.Errorf("the notification of a forward gives the message away:\n%s", note.Raw)
	}
}
