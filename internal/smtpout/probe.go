package smtpout

import (
	"context"
	"sync"
)

// A ProbeResult says whether a relay would take mail.
type ProbeResult struct {
	Relay   string // host and port
	Problem string // in plain words; empty: none
	Err     error  // what is behind the Problem; nil without one
	TLS     string // its version; empty: none
}

// Probe connects to each relay, sets up TLS, signs in and leaves again. It sends
// no mail, and nothing it finds changes which relay the next mail goes to.
func (c *Client) Probe(ctx context.Context) []ProbeResult {
	results := make([]ProbeResult, len(c.relays))
	var wg sync.WaitGroup
	for i, r := range c.relays {
		wg.Go(func() { results[i] = r.probe(ctx) })
	}
	wg.Wait()
	return results
}

func (r *relay) probe(ctx context.Context) ProbeResult {
	result := ProbeResult{Relay: r.Address}
	s, err := r.connect(ctx)
	if err != nil {
		f := judge(connecting, err)
		result.Problem, result.Err = f.words, f
		if f.words == "" {
			result.Problem = "the relay answers: " + f.Error()
		}
		return result
	}
	stop := context.AfterFunc(ctx, s.cut)
	defer stop()
	s.quit()
	result.TLS = s.version
	return result
}
