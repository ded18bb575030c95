package store

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// TestAPageIsReadAsItsMessagesAre has texts with what stands between values, which
// could make one row look like two.
func TestAPageIsReadAsItsMessagesAre(t *testing.T) {
	l := newLibrary(t)
	forged := "Salary"
	for i := range 30 {
		forged += fmt.Sprint(between, i)
	}
	for name, subject := range map[string]string{"plain": "Salary", "a separator": "Sal" + between + "ary", "another row": forged,
		"NUL": "Sal\x00ary", "no UTF-8": "Sal\xff" + between, "nothing": "", "only separators": between + between} {
		m := letterlock.Message{ID: letterlock.NewID(), Sender: letterlock.Mailbox{Name: "Ada", Address: "ada@contoso.example"}, Subject: subject,
			Protection: letterlock.EncryptOnly, Size: 1 << 40, Attachments: 3, Portal: name == "plain", Expires: start}
		m.MessageID = "<" + string(m.ID) + "@contoso.example>"
		write(t, l.db, func(tx *Tx) error {
			err := tx.AddMessage(m, nil, Sealed{})
			// Neither the order of the domains nor that in which they are added is theirs.
			for i, a := range []letterlock.Address{"zoe@b.example", "li@a.example", "mo@c.example"} {
				r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Address: a, Name: subject}, Experience: letterlock.Link}
				err = errors.Join(err, tx.AddRecipient(r, []int{10, 9, 2}[i], []byte(r.ID)))
			}
			return err
		})
		var want, got []SentMessage
		write(t, l.db, func(tx *Tx) error {
			one, err := tx.Message(m.ID)
			all, err2 := tx.Recipients(m.ID)
			want = []SentMessage{{Message: one, Recipients: all}}
			var err3 error
			got, err3 = tx.messagesAt([]int64{one.Seq})
			return errors.Join(err, err2, err3)
		})
		if !reflect.DeepEqual(got, want) || len(want[0].Recipients) != 3 || want[0].Message.Subject != subject {
			t.Errorf("%s: a page has %+v, want %+v", name, got, want)
		}
	}
}

// TestNoColumnOfAPageIsNull holds what packed asks for: with a NULL, and in the next
// text what stands between values, their number is right and their places are not.
func TestNoColumnOfAPageIsNull(t *testing.T) {
	db := open(t)
	checked := 0
	for table, columns := range map[string]string{"messages": packedMessage, "recipients": recipientColumns + `, r.position`} {
		for column := range strings.SplitSeq(columns, ",") {
			m := regexp.MustCompile(`^\s*[mr]\.(\w+)$`).FindStringSubmatch(column)
			if m == nil || m[1] == "seq" { // by which they are found
				continue
			}
			name := m[1]
			checked++
			var never, key bool
			write(t, db, func(tx *Tx) error {
				return tx.row(`SELECT "notnull", pk > 0 FROM pragma_table_info($1) WHERE name = $2`, []any{table, name}, &never, &key)
			})
			if !never && !key {
				t.Errorf("%s.%s can be NULL", table, name)
			}
		}
	}
	if checked < 40 {
		t.Errorf("%d columns were checked: this test proves little", checked)
	}
}
