package web

import (
	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
)

// bulkColumns are those of the export of a batch, a row for each recipient of it.
var bulkColumns = []string{"Date", "Message-ID", "Sender", "Recipient", "Subject", "First read", "Result", "Undo"}

// bulkCSV sends the messages of a batch with their results, as a table for other programs.
func (s *Server) bulkCSV(c echo.Context) error {
	t, err := s.bulkTable(c)
	if err != nil {
		return err
	}
	return s.sendCSV(c, t)
}

// bulkJSON sends the messages of a batch with their results, as an array of objects.
func (s *Server) bulkJSON(c echo.Context) error {
	t, err := s.bulkTable(c)
	if err != nil {
		return err
	}
	return s.sendJSON(c, t)
}

func (s *Server) bulkTable(c echo.Context) (listing, error) {
	b, err := s.batch(c)
	if err != nil {
		return listing{}, err
	}
	each := func(row func([]string) error) error {
		return s.eachItem(c, b.ID, func(i letterlock.BatchItem) error {
			for _, r := range i.Recipients {
				err := row([]string{
					exact(i.Message.Accepted), i.Message.MessageID, string(i.Message.Sender.Address), string(r.Mailbox.Address),
					i.Message.Subject, exact(r.FirstRead), string(i.Result), string(i.Undo),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return listing{"bulk-revocation-" + string(b.ID), bulkColumns, each}, nil
}

// eachItem calls do with every message of a batch, newest first, a page at a time.
func (s *Server) eachItem(c echo.Context, id letterlock.ID, do func(letterlock.BatchItem) error) error {
	for before := int64(0); ; {
		items, err := s.Access.BatchItems(c.Request().Context(), actor(c), id, "", before, exportPage)
		if err != nil {
			return err
		}
		for _, i := range items {
			if err := do(i); err != nil {
				return err
			}
		}
		if len(items) < exportPage {
			return nil
		}
		before = items[exportPage-1].Seq
	}
}

// exportPage is how many messages of a batch are read at a time for an export.
const exportPage = 200
