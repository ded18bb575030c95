package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

func TestTheDoctorSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	tests := []struct {
		name  string
		found []Finding
		want  []string
	}{
		{"all is well", []Finding{{FoundWell, "clock", "is right", ""}}, []string{"All is well.", "1 finding", "clock", "Works"}},
		{"a warning", []Finding{{FoundWell, "clock", "is right", ""}, {FoundWarn, "spf", "ends in ?all", "let it end in -all"}},
			[]string{"Everything works, with 1 warning.", "2 findings", "ends in ?all", "Do: let it end in -all"}},
		{"something is wrong", []Finding{{FoundWrong, "relay", "said <b>no</b>", "ask it"}, {FoundWarn, "spf", "ends in ?all", "let it end in -all"}},
			[]string{"1 part does not work.", "said <b>no</b>", "Do: ask it"}},
	}
	for _, tt := range tests {
		w.found = tt.found
		a := b.post("/doctor", nil)
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d", tt.name, a.status)
		}
		for _, want := range tt.want {
			if said := texts(a.body); !strings.Contains(said, want) {
				t.Errorf("%s: the page does not say %q:\n%s", tt.name, want, said)
			}
		}
		if strings.Contains(a.body, "<b>no") {
			t.Errorf("%s: what was found is not escaped", tt.name)
		}
	}
}

func TestTheDoctorLooksForOneAtATime(t *testing.T) {
	w := newWorld(t)
	begun, rest := make(chan struct{}), make(chan struct{})
	w.server.Doctor = func(context.Context) []Finding { close(begun); <-rest; return nil }
	b, other := w.browser().signIn(olga), w.browser().signIn(grace)
	first := make(chan int)
	go func() { first <- b.post("/doctor", nil).status }()
	<-begun
	a := other.post("/doctor", nil)
	if a.status != http.StatusConflict || !strings.Contains(texts(a.body), "Somebody is having it looked at") {
		t.Errorf("while somebody has it looked at, another is answered by %d:\n%s", a.status, texts(a.body))
	}
	close(rest)
	if got := <-first; got != http.StatusOK {
		t.Errorf("the first is answered by %d", got)
	}
}

func TestADemoHasNothingToLookAt(t *testing.T) {
	w := newWorld(t)
	w.server.Doctor = nil
	b := w.browser().signIn(olga)
	if a := b.get("/doctor"); a.status != http.StatusOK || !strings.Contains(texts(a.body), "Nothing is looked at here") {
		t.Errorf("the page is answered by %d:\n%s", a.status, texts(a.body))
	}
	if a := b.post("/doctor", nil); a.status != http.StatusNotFound {
		t.Errorf("looking is answered by %d", a.status)
	}
}
