package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Route is what can be asked of the web server.
type Route struct {
	Method  string
	Pattern string // with the names of its parameters, never what stands in their place
	Lasting bool   // its answer lasts as long as somebody's page is open
}

// HTTP counts requests. HEAD counts as GET: it is answered by the same handler.
type HTTP struct {
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	routes   map[target]*answered
}

type target struct{ method, pattern string }

// answered are the series of one route.
type answered struct {
	classes [6]prometheus.Counter // by the first digit of the status; 0: any other
	took    prometheus.Observer   // nil: it says nothing, the answer lasts
}

func newHTTP(r prometheus.Registerer) *HTTP {
	h := &HTTP{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "letterlock_http_requests_total", Help: "Requests that were answered, by route and class of status.",
		}, []string{"method", "route", "class"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "letterlock_http_request_duration_seconds", Buckets: durations,
			Help: "How long answers took, the sending included. Answers that last as long as a page is open are left out.",
		}, []string{"method", "route"}),
		routes: map[target]*answered{},
	}
	r.MustRegister(h.requests, h.took)
	h.add(Route{Method: other, Pattern: other})
	return h
}

// Serve says which routes there are. It is called once, before the first request.
func (h *HTTP) Serve(routes []Route) {
	if h == nil {
		return
	}
	for _, r := range routes {
		r.Method = asGet(r.Method)
		h.add(r)
	}
}

func (h *HTTP) add(r Route) {
	a := &answered{}
	for i, class := range []string{other, "", "2xx", "3xx", "4xx", "5xx"} {
		if class != "" {
			a.classes[i] = h.requests.WithLabelValues(r.Method, r.Pattern, class)
		}
	}
	a.classes[1] = a.classes[0]
	if !r.Lasting {
		a.took = h.took.WithLabelValues(r.Method, r.Pattern)
	}
	h.routes[target{r.Method, r.Pattern}] = a
}

func asGet(method string) string {
	if method == "HEAD" {
		return "GET"
	}
	return method
}

// Answered counts one request. What is no route counts as "other".
func (h *HTTP) Answered(method, pattern string, status int, took time.Duration) {
	if h == nil {
		return
	}
	a, ok := h.routes[target{asGet(method), pattern}]
	if !ok {
		a = h.routes[target{other, other}]
	}
	class := status / 100
	if class < 0 || class >= len(a.classes) {
		class = 0
	}
	a.classes[class].Inc()
	if a.took != nil {
		a.took.Observe(took.Seconds())
	}
}
