package mailtest

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPostfixPassesOnWhatItTakes(t *testing.T) {
	ca := NewCA(t)
	sink := NewSink(t, SinkOptions{})
	p := StartPostfix(t, PostfixOptions{
		Onward: sink.Address, Certificate: ca.Issue("127.0.0.1"),
		Replies: map[string]string{"nobody@there.example": "550 5.1.1 unknown here"},
	})
	config := &tls.Config{RootCAs: ca.Pool(), ServerName: "127.0.0.1"}
	for address, dial := range map[string]func(string, *tls.Config) (*smtp.Client, error){
		p.Address: smtp.DialStartTLS, p.TLSAddress: smtp.DialTLS,
	} {
		c, err := dial(address, config)
		if err != nil {
			t.Fatalf("%s: %v\n%s", address, err, p.Log())
		}
		if err := c.SendMail("ada@here.example", []string{"bob@there.example"}, strings.NewReader("Subject: hi\r\n\r\nhello\r\n")); err != nil {
			t.Errorf("SendMail: %v\n%s", err, p.Log())
		}
		m := sink.Wait("bob@there.example")
		if m.From != "ada@here.example" || !bytes.Contains(m.Raw, []byte("\r\n\r\nhello\r\n")) {
			t.Errorf("the mail came as %+v", m)
		}
		err = c.SendMail("ada@here.example", []string{"nobody@there.example"}, strings.NewReader("\r\n"))
		if err == nil || !strings.Contains(err.Error(), "unknown here") {
			t.Errorf("a refused recipient: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPostfixIsGoneWhenItsTestEnds(t *testing.T) {
	var p *Postfix
	t.Run("test", func(t *testing.T) {
		p = StartPostfix(t, PostfixOptions{Onward: "127.0.0.1:9", Certificate: NewCA(t).Issue("127.0.0.1")})
		c, err := net.Dial("tcp", p.Address)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	})
	if c, err := net.Dial("tcp", p.Address); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}
