package smtpout

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
)

func TestConnectionsAreUsedAgain(t *testing.T) {
	tests := []struct {
		name  string
		o     Options
		mails int
		want  int // connections
	}{
		{name: "kept", o: Options{MaxIdle: 4}, mails: 5, want: 1},
		{name: "not kept", o: Options{MaxIdle: -1}, mails: 3, want: 3},
		{name: "so many mails", o: Options{MaxIdle: 4, MaxMails: 2}, mails: 5, want: 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mailtest.NewSink(t, mailtest.SinkOptions{})
			tt.o.Relays = []Relay{{Address: s.Address, TLS: NoTLS}}
			c, log := newClient(t, tt.o)
			for range tt.mails {
				check(t, c.send(t), "", "")
				s.Wait(string(bob))
			}
			if got := s.Connections(); got != tt.want {
				t.Errorf("%d connections, want %d", got, tt.want)
			}
			if got := strings.Count(log.String(), "reused=true"); got != tt.mails-tt.want {
				t.Errorf("%d lines say that a connection was used again: %s", got, log)
			}
		})
	}
}

func TestARefusedMailLeavesTheConnectionInOrder(t *testing.T) {
	s := mailtest.NewSink(t, mailtest.SinkOptions{MaxBytes: 1000})
	c, _ := newClient(t, Options{Relays: []Relay{{Address: s.Address, TLS: NoTLS}}, MaxIdle: 1})
	check(t, c.Send(t.Context(), from, bob, strings.NewReader(strings.Repeat("x\r\n", 1000))), letterlock.Denied, "552")
	check(t, c.send(t), "", "")
	s.Wait(string(bob))
	if s.Connections() != 1 {
		t.Errorf("%d connections, want 1", s.Connections())
	}
}

func TestAStaleConnectionIsReplaced(t *testing.T) {
	for name, end := range map[string]string{
		"closed":               "",
		"closed with a word":   "S: 421 4.4.2 idle for too long\n",
		"refused with a word":  "C: MAIL\nS: 421 4.4.2 idle for too long\n",
		"closed upon the mail": "C: MAIL\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, takes+taken+end, takes+taken+bye)
			c, log := newClient(t, Options{Relays: []Relay{local(s)}, MaxIdle: 1})
			check(t, c.send(t), "", "")
			check(t, c.send(t), "", "")
			if c.relays[0].cool() || len(s.mails) != 2 {
				t.Errorf("%d mails, want 2; the log: %s", len(s.mails), log)
			}
			c.Close()
		})
	}
}

func TestAnIdleConnectionIsClosedSoon(t *testing.T) {
	s := newScript(t, takes+taken+bye+"SIGNAL\n")
	c, _ := newClient(t, Options{Relays: []Relay{local(s)}, MaxIdle: 1, Idle: time.Millisecond})
	check(t, c.send(t), "", "")
	<-s.signal
}

func TestCloseEndsWhatIsKept(t *testing.T) {
	s := newScript(t, takes+taken+bye+"SIGNAL\n", takes+taken)
	c, _ := newClient(t, Options{Relays: []Relay{local(s)}, MaxIdle: 1})
	check(t, c.send(t), "", "")
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	<-s.signal
	check(t, c.send(t), "", "") // and is not kept: goleak would find it
}

func TestARelayThatFailedIsTriedLast(t *testing.T) {
	first := newScript(t, "S: 421 busy\n", takes+taken+bye)
	second := newScript(t, takes+taken+bye, takes+taken+bye)
	now := &clock{now: time.Now()}
	c, _ := newClient(t, Options{Relays: []Relay{local(first), local(second)}, Now: now.Now})
	check(t, c.send(t), "", "") // the first fails, the second takes it
	now.pass(coolFirst - time.Second)
	check(t, c.send(t), "", "") // the second is asked at once
	now.pass(time.Second)
	check(t, c.send(t), "", "") // the first is asked again
	if len(first.mails) != 1 || len(second.mails) != 2 {
		t.Errorf("%d and %d mails, want 1 and 2", len(first.mails), len(second.mails))
	}
}

func TestTheCoolDownGrows(t *testing.T) {
	now := &clock{now: time.Now()}
	r := &relay{now: now.Now}
	for _, want := range []time.Duration{10, 20, 40, 80, 160, 300, 300, 300, 300, 300, 300} {
		r.fails(&failure{})
		now.pass(want*time.Second - 1)
		if !r.cool() {
			t.Errorf("preferred again after less than %d s", want)
		}
		now.pass(1)
		if r.cool() {
			t.Errorf("not preferred again after %d s", want)
		}
	}
	r.works()
	r.fails(&failure{})
	now.pass(coolFirst)
	if r.cool() {
		t.Error("what was before it worked still counts")
	}
}

func TestWhileAllRelaysAreDownNobodyIsAsked(t *testing.T) {
	s := newScript(t, "S: 421 busy\n", "S: 421 busy\n", takes+taken+bye)
	now := &clock{now: time.Now()}
	c, log := newClient(t, Options{Relays: []Relay{local(s)}, Now: now.Now})
	for range 50 {
		check(t, c.send(t), letterlock.Busy, "421 busy")
	}
	now.pass(restFor)
	for range 50 {
		check(t, c.send(t), letterlock.Busy, "421 busy")
	}
	now.pass(restFor)
	check(t, c.send(t), "", "")
	if n := strings.Count(log.String(), "\n"); n != 3 {
		t.Errorf("%d lines in the log, want one for each time it was asked: %s", n, log)
	}
}

func TestManyMailsAtOnce(t *testing.T) {
	s := mailtest.NewSink(t, mailtest.SinkOptions{})
	c, _ := newClient(t, Options{Relays: []Relay{{Address: s.Address, TLS: NoTLS}}, MaxIdle: 2, MaxMails: 7, Idle: time.Millisecond})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				check(t, c.send(t), "", "")
			}
		})
	}
	wg.Wait()
	if n := len(s.Mails()); n != 160 {
		t.Errorf("%d mails came, want 160", n)
	}
}

func TestARelayThatIsNotThereIsOvertaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := Relay{Address: l.Addr().String(), TLS: NoTLS}
	l.Close()
	s := newScript(t, takes+taken+bye)
	c, _ := newClient(t, Options{Relays: []Relay{gone, local(s)}})
	check(t, c.send(t), "", "")
	c, _ = newClient(t, Options{Relays: []Relay{gone}})
	check(t, c.send(t), letterlock.Busy, "cannot be reached")
}

func TestOneAtATimeSeesWhetherARelayIsBack(t *testing.T) {
	now := &clock{now: time.Now()}
	r := &relay{now: now.Now}
	r.fails(&failure{})
	now.pass(restFor)
	if r.admit() != nil || r.admit() == nil {
		t.Error("the rest is over for nobody, or for all at once")
	}
	r.works()
	for range 2 {
		if r.admit() != nil {
			t.Error("a relay that works still rests")
		}
	}
}
