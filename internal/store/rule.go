package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"

	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
)

// RuleVersion returns the version of all rules together.
func (t *Tx) RuleVersion() (version int64, err error) {
	err = t.row(`SELECT version FROM rule_version WHERE one = 1`, nil, &version)
	return version, err
}

// Rules returns all rules in their order, and their version. One that this program
// cannot read is an error: it must not be left out.
func (t *Tx) Rules() (version int64, list []rule.Rule, err error) {
	if version, err = t.RuleVersion(); err != nil {
		return 0, nil, err
	}
	err = t.rows(`SELECT id, name, enabled, version, conditions, actions FROM rules ORDER BY position`, nil, func(rs *sql.Rows) error {
		var r rule.Rule
		var when, then string
		if err := rs.Scan(&r.ID, &r.Name, &r.Enabled, &r.Version, &when, &then); err != nil {
			return err
		}
		if err := readWhole(when, &r.When); err != nil {
			return &letterlock.Error{Code: letterlock.Internal, Err: fmt.Errorf("conditions of rule %s: %w", r.ID, err)}
		}
		if err := readWhole(then, &r.Then); err != nil {
			return &letterlock.Error{Code: letterlock.Internal, Err: fmt.Errorf("actions of rule %s: %w", r.ID, err)}
		}
		list = append(list, r)
		return nil
	})
	return version, list, err
}

// readWhole reads JSON in which there may be nothing that we do not know: a rule
// without one of its conditions would be another rule.
func readWhole(text string, into any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// PutRules replaces all rules by these, in this order, and gives their version, which
// is newer than every one before. Those whose Version is 0 get it.
func (t *Tx) PutRules(list []rule.Rule) (version int64, err error) {
	if version, err = t.RuleVersion(); err != nil {
		return 0, err
	}
	version++
	if err := t.exec(`UPDATE rule_version SET version = $1 WHERE one = 1`, version); err != nil {
		return 0, err
	}
	if err := t.exec(`DELETE FROM rules`); err != nil {
		return 0, err
	}
	for i, r := range list {
		if r.Version == 0 {
			r.Version = version
		}
		when, err := json.Marshal(r.When)
		if err != nil {
			return 0, err
		}
		then, err := json.Marshal(r.Then)
		if err != nil {
			return 0, err
		}
		err = t.exec(`INSERT INTO rules (position, id, name, enabled, version, conditions, actions) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			i+1, r.ID, r.Name, r.Enabled, r.Version, string(when), string(then))
		if err != nil {
			return 0, err
		}
	}
	return version, nil
}
