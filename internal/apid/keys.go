package apid

import (
	"context"
	"net/http"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/keys"
	"letterlock/internal/letterlock"
)

// rotateTime is how long a rotation works before it answers how far it is.
const rotateTime = 10 * time.Second

// maxEpochs is how many epochs are listed: those of some years.
const maxEpochs = 1000

// keys are operations for whoever sits at the machine. Where programs are answered
// over the network there are none.
func (s *server) keys() {
	if s.Keys == nil {
		return
	}
	op := func(o operation) operation {
		o.scope, o.role, o.keyless = letterlock.ScopeDestroy, letterlock.Admin, true
		return o
	}
	add(s, op(operation{id: "list-keys", method: http.MethodGet, path: "/keys", summary: "List the epochs of the keyring"}), s.listKeys)
	add(s, op(operation{id: "rotate-keys", method: http.MethodPost, path: "/keys/rotate", summary: "Rotate the keys",
		about: "It begins a new epoch of the keyring and destroys the old ones."}), s.rotateKeys)
	add(s, op(operation{id: "state", method: http.MethodGet, path: "/state", summary: "How the installation is"}), func(ctx context.Context, _ letterlock.Actor, _ *struct{}) (api.State, error) {
		return s.State(ctx)
	})
	add(s, op(operation{id: "classify", method: http.MethodPost, path: "/classify", summary: "What recipients would get"}), s.classify)
	addStream(s, op(operation{id: "export-keys", method: http.MethodGet, path: "/exports/keys", summary: "Export the keys",
		about: "All of the data folder, encrypted to an age recipient.", streams: []string{"application/octet-stream"}}), s.exportKeys)
}

func (s *server) listKeys(ctx context.Context, by letterlock.Actor, _ *struct{}) (api.Keys, error) {
	list, err := s.Keys.List(ctx, by, maxEpochs)
	k := api.Keys{Epochs: []api.KeyEpoch{}}
	for i, e := range list {
		k.Epochs = append(k.Epochs, api.KeyEpoch{Number: e.Number, Made: e.Made, State: epochState(e, i == 0), Keys: e.Keys, Destroyed: e.Destroyed})
	}
	return k, err
}

func epochState(e keys.Epoch, newest bool) string {
	switch {
	case e.Missing:
		return "missing"
	case !e.Destroyed.IsZero():
		return "destroyed"
	case newest:
		return "current"
	}
	return "ending"
}

func (s *server) rotateKeys(ctx context.Context, by letterlock.Actor, in *struct{ Body api.Rotate }) (api.Rotated, error) {
	rotate := s.Keys.Rotate
	if in.Body.Continue {
		rotate = s.Keys.Continue
	}
	p, err := rotate(ctx, by, rotateTime)
	return api.Rotated{Epoch: p.Epoch, Rewrapped: p.Rewrapped, Ended: p.Ended, WaitsFor: p.Waits}, err
}

func (s *server) exportKeys(ctx context.Context, by letterlock.Actor, in *struct {
	Recipient string `query:"recipient" required:"true" maxLength:"5000" doc:"As age writes them: age1..."`
}, out *stream) error {
	out.is("application/octet-stream", "letterlock-keys.age")
	return s.Keys.Export(ctx, by, in.Recipient, out)
}
