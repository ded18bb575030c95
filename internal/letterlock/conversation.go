package letterlock

// An Act says how a message goes on with another one. The empty Act is that of a
// message which stands by itself.
type Act string

const (
	ActReply   Act = "reply"   // a recipient answers from the portal
	ActForward Act = "forward" // a recipient sends a copy on from the portal
	ActAnswer  Act = "answer"  // the sender goes on with a conversation
)

// Writer returns who wrote the message: its author, or else its sender. A message
// that a recipient wrote in the portal belongs to the sender of what it answers.
func (m Message) Writer() Mailbox {
	if m.Author.Address != "" {
		return m.Author
	}
	return m.Sender
}

// First returns the first message of the conversation that m is part of.
func (m Message) First() ID {
	if m.Original != "" {
		return m.Original
	}
	return m.ID
}
