package app_test

import (
	"testing"

	"letterlock/internal/brand"
)

// TestABrandThatWantsNoProviderHasNone asks the parts as they are put together.
func TestABrandThatWantsNoProviderHasNone(t *testing.T) {
	m := newMachine(t)
	if m.Vouch.On == nil || !m.Vouch.On(brand.Default) {
		t.Fatal("where a brand says nothing none is wanted, or no brand is asked")
	}
	m.must(m.Brands.Put(t.Context(), admin, brand.Default, brand.Changes{brand.Social: "no"}))
	if m.Vouch.On(brand.Default) {
		t.Error("one is wanted")
	}
}
