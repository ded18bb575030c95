package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// replies are the codes that answer a mail.
var replies = label{"reply", []string{"250", "421", "450", "451", "452", "503", "523", "530", "550", "552", "553", "554", other}}

// SMTP counts what mail programs do.
type SMTP struct {
	now         prometheus.Gauge
	connections counters
	mails       counters
	bytes       prometheus.Counter
	took        prometheus.Histogram
}

func newSMTP(r prometheus.Registerer) *SMTP {
	s := &SMTP{
		now: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "letterlock_smtp_connections", Help: "Mail programs that are connected now.",
		}),
		connections: newCounters(r, "letterlock_smtp_connections_total",
			"Connections of mail programs; refused: there was no room for them.", label{"result", []string{"accepted", refused}}),
		mails: newCounters(r, "letterlock_smtp_mails_total", "Mails that were answered, by the code of the reply; 250 is accepted.", replies),
		bytes: newCounter(r, "letterlock_smtp_received_bytes_total", "Bytes of mails that came in, refused ones included."),
		took:  newTime(r, "letterlock_smtp_mail_duration_seconds", "From the first byte of a mail to the reply that ends it."),
	}
	r.MustRegister(s.now)
	return s
}

// What becomes of a mail of the gateway.
const (
	gatewayProtected = "protected"
	gatewayPassed    = "passed on"
	gatewayPutOff    = "put off"
)

// Gateway counts what becomes of mail that mail servers hand over.
type Gateway struct{ mails counters }

func newGateway(r prometheus.Registerer) *Gateway {
	return &Gateway{newCounters(r, "letterlock_gateway_mails_total",
		"Mails of the gateway, by what became of them, without what comes back of notifications; put off: the mail server tries again.",
		label{"result", []string{gatewayProtected, gatewayPassed, refused, gatewayPutOff}})}
}

// Judged counts a mail that was answered with a reply.
func (g *Gateway) Judged(passed bool, reply int) {
	if g == nil {
		return
	}
	switch {
	case reply >= 500:
		g.mails.add(refused, "")
	case reply >= 400:
		g.mails.add(gatewayPutOff, "")
	case passed:
		g.mails.add(gatewayPassed, "")
	default:
		g.mails.add(gatewayProtected, "")
	}
}

// Connected counts a connection for which there was room. Left is to follow.
func (s *SMTP) Connected() {
	if s != nil {
		s.connections.add("accepted", "")
		s.now.Inc()
	}
}

// Left counts the end of a connection.
func (s *SMTP) Left() {
	if s != nil {
		s.now.Dec()
	}
}

// TurnedAway counts a connection for which there was no room.
func (s *SMTP) TurnedAway() {
	if s != nil {
		s.connections.add(refused, "")
	}
}

// Mail counts a mail that came, with the code of its reply.
func (s *SMTP) Mail(reply int, bytes int64, took time.Duration) {
	if s != nil {
		s.mails.add(strconv.Itoa(reply), "")
		s.bytes.Add(float64(max(0, bytes)))
		s.took.Observe(took.Seconds())
	}
}

// RefusedAtMail counts a mail that was refused before any of it came.
func (s *SMTP) RefusedAtMail(reply int) {
	if s != nil {
		s.mails.add(strconv.Itoa(reply), "")
	}
}
