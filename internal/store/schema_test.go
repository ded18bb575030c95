package store

import (
	"database/sql"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestSchemaIsAsInTheGoldenFile shows in review what a migration does to the
// schema. Migrations that have landed are never edited; new ones are added.
func TestSchemaIsAsInTheGoldenFile(t *testing.T) {
	db := open(t)
	var b strings.Builder
	write(t, db, func(tx *Tx) error {
		return tx.rows(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'goose%' ORDER BY type DESC, name`, nil,
			func(rows *sql.Rows) error {
				var text string
				if err := rows.Scan(&text); err != nil {
					return err
				}
				b.WriteString(text + ";\n\n")
				return nil
			})
	})
	const golden = "testdata/schema.sql"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the schema differs from %s; run the test with -update and look at the difference", golden)
	}
}
