package live

import "testing"

func TestAChangeReachesThoseWhoAskedForIt(t *testing.T) {
	var h Hub
	if !h.Idle() {
		t.Error("a new hub is not idle")
	}
	ada, end := h.Subscribe("ada")
	eve, endEve := h.Subscribe("eve")
	defer endEve()
	h.Publish("ada")
	h.Publish("ada") // told as one
	h.Publish("nobody")
	select {
	case <-ada:
	default:
		t.Fatal("Ada was not told")
	}
	select {
	case <-ada:
		t.Error("Ada was told twice of two changes that she had not looked at")
	case <-eve:
		t.Error("Eve was told of Ada's change")
	default:
	}
	end()
	h.Publish("ada")
	select {
	case <-ada:
		t.Error("Ada was told after she had ended it")
	default:
	}
	if h.Idle() {
		t.Error("idle while Eve still listens")
	}
}
