package store

import (
	"reflect"
	"testing"

	"letterlock/internal/brand"
	"letterlock/internal/letterlock"
)

func TestABrandComesBackAsItWasPut(t *testing.T) {
	db := open(t)
	legal := brand.Changes{brand.Colour: "#3b2a5c", brand.Email: "", brand.Logo: "\x89PNG\x00\xff"}
	put := func(c brand.Changes) (version int64) {
		write(t, db, func(tx *Tx) (err error) { version, err = tx.PutBrand("legal", c); return err })
		return version
	}
	one, two := put(brand.Changes{brand.Name: "x"}), put(legal)
	if two <= one {
		t.Errorf("version %d after %d", two, one)
	}
	write(t, db, func(tx *Tx) error {
		list, err := tx.Brands()
		if len(list) != 1 || list[0].ID != "legal" || list[0].Version != two || !reflect.DeepEqual(list[0].Changes, legal) || !list[0].Changed.Equal(tx.Now) {
			t.Errorf("Brands = %+v", list)
		}
		return err
	})
	put(brand.Changes{brand.Colour: "#3b2a5c"})
	write(t, db, func(tx *Tx) error {
		list, err := tx.Brands()
		if _, has := list[0].Changes[brand.Logo]; has {
			t.Error("a logo that was taken back is there still")
		}
		if err == nil {
			err = tx.DeleteBrand("legal")
		}
		return err
	})
	write(t, db, func(tx *Tx) error {
		list, err := tx.Brands()
		if len(list) != 0 {
			t.Errorf("after it was deleted: %v", list)
		}
		return err
	})
}

// It may ask that messages be read in the portal.
func TestABrandThatIsNotUnderstoodIsAnErrorAndNotLeftOut(t *testing.T) {
	db := open(t)
	write(t, db, func(tx *Tx) error {
		_, err := tx.PutBrand("legal", nil)
		if err == nil {
			err = tx.exec(`UPDATE brands SET fields = '{"force-portal":1}'`)
		}
		return err
	})
	err := db.Read(t.Context(), func(tx *Tx) error { _, err := tx.Brands(); return err })
	if letterlock.CodeOf(err) != letterlock.Internal {
		t.Errorf("Brands: %v, want Internal", err)
	}
}
