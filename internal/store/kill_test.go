package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"
)

// rows are what a release of each schema may have written, the first of them that
// of the first: what its migrations could lose.
var rows = []string{
	filled + old + `
UPDATE messages SET sender_name = 'Ada Lindqvist';
UPDATE recipients SET name = 'Marta Kovács', first_read_at = 150;
INSERT INTO wraps VALUES ('a', 'sender', 1, x'02'), ('a', 'r1', 1, x'03');
INSERT INTO events (message, recipient, at, kind) VALUES ('a', 'r1', 150, 'read');`,
	`INSERT INTO account_links VALUES ('ada@contoso.example', x'04', 'invite', 100, 200);
INSERT INTO outbox (kind, priority, recipient, address, created_at, due_at) VALUES ('account', 2, '', 'ada@contoso.example', 100, 100);`,
	`INSERT INTO tokens (id, hash, account, name, scopes, created_at, expires_at) VALUES ('t', x'05', 'ada@contoso.example', 'Trace', 'read', 100, 200);
INSERT INTO answers VALUES (x'06', x'07', 200, x'08', 'a', 100);
INSERT INTO visits VALUES ('r1', 'scanner', '', '', '', 100, 100, 1);`,
	`UPDATE messages SET original = 'a', act = 'reply', author = 'marta@riverside.example', author_name = 'Marta' WHERE id IN ('b', 'd');`,
	`INSERT INTO requests (id, message, recipient, kind, reason, asked_at) VALUES ('q', 'a', 'r1', 'time', 'On leave', 100);
INSERT INTO reminders VALUES ('a', 'unread', 200);`,
	`INSERT INTO uploads VALUES ('u', 'ada@contoso.example', 1, x'09', x'0a', 10, 5, 100);
INSERT INTO upload_pieces VALUES ('u', 0, x'0b');`,
	`INSERT INTO browsers VALUES (x'0c', 'marta@riverside.example', 'i', 'Firefox', 100, 100, 200);`,
	`INSERT INTO epochs VALUES (1, 100, 0);`,
	`INSERT INTO journal VALUES (1, '{}', x'0d', 0);`,
	`INSERT INTO sessions (hash, kind, address, proof, created_at, seen_at, expires_at) VALUES (x'0e', 'reader', 'marta@riverside.example', 'passcode', 100, 100, 200);`,
	`UPDATE messages SET asks = 'passcode' WHERE id = 'a';
UPDATE sessions SET message = 'a';`,
	`INSERT INTO rules VALUES (1, 'r', 'Cards', 1, 2, '{"data":["card"]}', '{"expiry":"7d"}');
UPDATE rule_version SET version = 2;`,
	`UPDATE messages SET latest_end = 900 WHERE id = 'a';`,
	`INSERT INTO brands VALUES ('blue', 1, '{}', x'0f', 100);`,
	`INSERT INTO openid_bindings VALUES ('marta@riverside.example', 'https://provider.example', 's', 'p', 100, 100);
INSERT INTO passcodes (recipient, browser, sealed, reference, created_at, expires_at, sent_at) VALUES ('r1', x'10', x'11', 'B7M', 100, 200, 100);`,
	`UPDATE passcodes SET notice = 1;`,
	`INSERT INTO app_passwords (id, hash, account, name, created_at) VALUES ('p1', x'12', 'ada@contoso.example', 'phone', 100);`,
	`INSERT INTO recovery_codes (address, hash) VALUES ('ada@contoso.example', x'13');`,
	`INSERT INTO passphrases VALUES ('a', x'14');
INSERT INTO passphrase_tries VALUES ('r1', 1, 0, 0);
UPDATE messages SET asks = 'passphrase' WHERE id = 'a';`,
	`INSERT INTO languages VALUES ('marta@riverside.example', 'de', 100);`,
	`UPDATE messages SET passphrase = 'a', ruled_asks = 'passphrase' WHERE id = 'a';`,
	`INSERT INTO releases (id, message, recipient, browser, reference, agent, ip, asked_at, expires_at) VALUES ('x', 'a', 'r1', x'15', 'B7M', '', '', 100, 200);`,
	`INSERT INTO sso_bindings VALUES ('https://provider.example', 's', 'ada@contoso.example', 100, 100);`,
	`UPDATE messages SET subject = 'Quarterly figures' WHERE id = 'a'; -- it is in the indexes of schema 24, too`,
	`UPDATE browsers SET agent = 'Chrome';`,
	`UPDATE browsers SET proof = 'passcode';`,
	`UPDATE browsers SET called = 'Marta';`,
	`UPDATE accounts SET language = 'de';`,
	`INSERT INTO batches (id, state, query, reason, messages, recipients, read, created_at, created_by, created_name)
VALUES ('y', 'planned', '', '', 1, 1, 0, 100, 'ada@contoso.example', 'Ada');`,
}

// loose names the setting that takes the transactions out of migrations.
const loose = "LETTERLOCK_TEST_LOOSE"

// asking returns the product's migrations with a question to boom() before the first
// statement of each, and after every one; and how many questions each then has.
func asking() (set fstest.MapFS, questions []int) {
	set = fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // they are in the program
	}
	for i, name := range names {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			panic(err) // they are in the program
		}
		up, down, _ := strings.Cut(string(text), "-- +goose Down")
		var b strings.Builder
		n := 0
		for line := range strings.Lines(up) {
			b.WriteString(line)
			code, _, _ := strings.Cut(line, "--")
			if strings.HasSuffix(strings.TrimSpace(code), ";") || strings.HasPrefix(line, "-- +goose Up") {
				fmt.Fprintf(&b, "SELECT boom('%d.%d');\n", i+1, n)
				n++
			}
		}
		if os.Getenv(loose) != "" {
			up = "-- +goose NO TRANSACTION\n" + b.String()
		} else {
			up = b.String()
		}
		set[filepath.Base(name)] = &fstest.MapFile{Data: []byte(up + "-- +goose Down" + down)}
		questions = append(questions, n)
	}
	return set, questions
}

// product returns the upgrade that the product does in a folder.
func product(dir string, set fs.FS) *upgrade {
	u := upgradeOf(dir, 1)
	u.set = set
	return u
}

// ofVersion makes a database of an earlier schema with rows of every release so far.
func ofVersion(t *testing.T, set fs.FS, version int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if version == 0 {
		return dir
	}
	path := filepath.Join(dir, File)
	if err := createPrivate(path); err != nil {
		t.Fatal(err)
	}
	db := raw(t, path)
	defer db.Close()
	if _, err := db.Exec(`PRAGMA foreign_keys = OFF`); err != nil { // as while a database is upgraded
		t.Fatal(err)
	}
	m, err := goose.NewProvider(goose.DialectSQLite3, db, set)
	if err != nil {
		t.Fatal(err)
	}
	for v := range version {
		if _, err := m.UpTo(t.Context(), int64(v+1)); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(rows[v]); err != nil {
			t.Fatalf("rows of schema %d: %v", v+1, err)
		}
	}
	return dir
}

// dump tells everything that a database holds: its schema and every row, save when
// each migration ran.
func dump(t *testing.T, path string) (all []string) {
	t.Helper()
	db := raw(t, path)
	defer db.Close()
	all = append(answers(t, db, `SELECT type, name, sql FROM sqlite_schema`), answers(t, db, `PRAGMA integrity_check`)...)
	for _, quoted := range answers(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'`) {
		name, columns := strings.Trim(quoted, `" `), "*"
		if name == "goose_db_version" {
			columns = "id, version_id, is_applied"
		}
		for _, row := range answers(t, db, `SELECT `+columns+` FROM "`+name+`"`) {
			all = append(all, name+" "+row)
		}
	}
	return all
}

// answers returns a line for each row that a query finds, sorted.
func answers(t *testing.T, db *sql.DB, query string) (list []string) {
	t.Helper()
	found, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	for found.Next() {
		if err := found.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, v := range values {
			fmt.Fprintf(&b, "%q ", fmt.Sprint(*v.(*any)))
		}
		list = append(list, b.String())
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// TestAMigrationThatIsKilledAtAnyStatementLosesNothing has the product upgrade a
// database of each schema so far, and be killed before and after each statement of
// its next migration. The next start must end as one that nothing befell, and the
// copy must hold what there was before.
func TestAMigrationThatIsKilledAtAnyStatementLosesNothing(t *testing.T) {
	t.Parallel() // it waits for the disk more than it works
	set, questions := asking()
	if len(rows) != len(questions)-1 {
		t.Fatalf("rows for %d schemas, want %d: each but the newest", len(rows), len(questions)-1)
	}
	began, kills := time.Now(), 0
	for version, n := range questions {
		from := ofVersion(t, set, version)
		var before []string
		if version > 0 {
			before = dump(t, filepath.Join(from, File))
		}
		want := upgraded(t, set, twin(t, from))
		for at := range n {
			if os.Getenv("LETTERLOCK_STRESS") != "1" && at != n/2 {
				continue
			}
			kills++
			step := fmt.Sprintf("inside %d.%d", version+1, at)
			dir := twin(t, from)
			killed(t, dir, step)
			if got := upgraded(t, set, dir); !slices.Equal(got, want) {
				t.Errorf("killed %s: %q\nwant %q", step, got, want)
			}
			if version == 0 {
				continue
			}
			if got := dump(t, filepath.Join(dir, fmt.Sprintf("%s.before-%d", File, version+1))); !slices.Equal(got, before) {
				t.Errorf("killed %s, the copy holds %q\nwant %q", step, got, before)
			}
		}
	}
	t.Logf("%d upgrades killed in %d migrations, nothing lost; %v", kills, len(questions), time.Since(began).Round(time.Millisecond))
}

// TestAMigrationWithoutATransactionIsNotBegunAnew is the control: what the test above
// looks for is there when the protection is not.
func TestAMigrationWithoutATransactionIsNotBegunAnew(t *testing.T) {
	set, questions := asking()
	dir := ofVersion(t, set, 2)
	t.Setenv(loose, "1")
	killed(t, dir, fmt.Sprintf("inside 3.%d", questions[2]/2))
	if _, err := product(dir, set).run(t.Context()); err == nil {
		t.Error("half a migration was no obstacle: the test of killed upgrades would prove nothing")
	}
}

// upgraded upgrades the database in a folder and returns what it then holds.
func upgraded(t *testing.T, set fs.FS, dir string) []string {
	t.Helper()
	u := product(dir, set)
	if _, err := u.run(t.Context()); err != nil {
		t.Fatalf("the next start: %v", err)
	}
	return dump(t, u.path)
}

func twin(t *testing.T, from string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// dieMigrating upgrades with the product's migrations, in which boom() ends it.
func dieMigrating(dir string) {
	set, _ := asking()
	_, err := product(dir, set).run(context.Background())
	fmt.Println("it was not killed:", err)
	os.Exit(1)
}
