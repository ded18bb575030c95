package apid

import (
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

func TestABindingIsForgottenAtOneProviderOrAtAll(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	bind := func(provider string) {
		err := h.db.Write(ctx, func(tx *store.Tx) error {
			return tx.Bind(store.Binding{Address: marta, Issuer: "https://" + provider + ".example", Subject: "1", Provider: provider})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	bind("quill")
	bind("vellum")
	c := h.client(h.token(olga))
	for _, tt := range []struct {
		address, provider string
		want              int
	}{
		{"nobody@nowhere.example", "", 0}, {string(marta), "wax", 0}, {string(marta), "quill", 1}, {string(marta), "quill", 0}, {string(marta), "", 1},
	} {
		got, err := c.ForgetBindings(ctx, tt.address, tt.provider)
		if err != nil || got.Forgotten != tt.want || got.Address != tt.address {
			t.Errorf("%s at %q: %+v, %v; want %d forgotten", tt.address, tt.provider, got, err, tt.want)
		}
	}
	if _, err := c.ForgetBindings(ctx, "marta", ""); letterlock.CodeOf(err) != letterlock.Invalid {
		t.Errorf("no address: %v", err)
	}
}

func TestBrowsersOfAnAddressAreForgotten(t *testing.T) {
	h := newHouse(t)
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.PutBrowser(store.Browser{ID: letterlock.NewID(), Hash: []byte("hash"), Address: marta, Expires: tx.Now.Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	c := h.client(h.token(olga))
	for _, want := range []int{1, 0} {
		if got, err := c.ForgetBrowsers(t.Context(), string(marta)); err != nil || got.Forgotten != want || got.Address != string(marta) {
			t.Errorf("%+v, %v; want %d forgotten", got, err, want)
		}
	}
	if _, err := c.ForgetBrowsers(t.Context(), "marta"); letterlock.CodeOf(err) != letterlock.Invalid {
		t.Errorf("no address: %v", err)
	}
}
