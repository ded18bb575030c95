package web

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	sheet "letterlock/internal/table"
)

// A listing is rows for other programs. They are read from the database while they
// are sent: there may be any number of them.
type listing struct {
	name    string // of the file, without date and ending
	columns []string
	each    func(row func([]string) error) error // calls row for every row
}

// sendCSV sends a listing as a file of comma-separated values.
func (s *Server) sendCSV(c echo.Context, t listing) error {
	return s.sendExport(c, t.name, "csv", "text/csv; charset=utf-8", func(out io.Writer) error {
		w := csv.NewWriter(out)
		err := errors.Join(w.Write(t.columns), t.each(func(row []string) error { return w.Write(sheet.Cells(row)) }))
		w.Flush()
		return errors.Join(err, w.Error())
	})
}

// sendJSON sends a listing as a file with an array of objects.
func (s *Server) sendJSON(c echo.Context, t listing) error {
	return s.sendExport(c, t.name, "json", "application/json", func(out io.Writer) error {
		separator := "[\n"
		err := t.each(func(row []string) error {
			object := map[string]string{}
			for i, value := range row {
				object[jsonName(t.columns[i])] = value
			}
			line, err := json.Marshal(object)
			if err != nil {
				return err
			}
			_, err = io.WriteString(out, separator+string(line))
			separator = ",\n"
			return err
		})
		end := "\n]\n"
		if separator == "[\n" {
			end = "[]\n"
		}
		if err == nil {
			_, err = io.WriteString(out, end)
		}
		return err
	})
}

// jsonName is the name of a column in JSON: "first_read".
func jsonName(column string) string {
	return strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(column))
}

// sendExport sends a file that is written while it is read from the database. What
// fails after the first byte cuts the connection, so that a file that is not whole
// never looks as if it were.
func (s *Server) sendExport(c echo.Context, name, ending, contentType string, write func(io.Writer) error) error {
	h := c.Response().Header()
	setPolicy(c, policyDownload)
	h.Set(echo.HeaderContentDisposition, disposition(name+"-"+s.Now().In(s.Location).Format(time.DateOnly)+"."+ending))
	h.Set(echo.HeaderContentType, contentType)
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	out := &chunked{c: c, control: http.NewResponseController(c.Response())}
	err := write(out)
	if err == nil {
		err = out.flush()
	}
	if err != nil && c.Response().Committed {
		c.Set(errorKey, fmt.Errorf("exporting %s: %w", name, err))
		panic(http.ErrAbortHandler)
	}
	return err
}

// chunked gathers what is written and sends it a chunk at a time, each with a time
// of its own for the client to take it.
type chunked struct {
	c       echo.Context
	control *http.ResponseController
	held    []byte
}

func (w *chunked) Write(p []byte) (int, error) {
	w.held = append(w.held, p...)
	if len(w.held) < chunk {
		return len(p), nil
	}
	return len(p), w.flush()
}

func (w *chunked) flush() error {
	if !w.c.Response().Committed {
		w.c.Response().WriteHeader(http.StatusOK)
	}
	err := writeFlushed(w.c, w.control, w.held)
	w.held = w.held[:0]
	return err
}
