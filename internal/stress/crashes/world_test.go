package crashes

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
	"letterlock/internal/store"
)

// patience bounds whatever a test waits for. Nothing takes that long.
const patience = time.Minute

// epoch is when the tests began. All times of a history are since then, by the clock
// that never goes back.
var epoch = time.Now()

func at() int64 { return int64(time.Since(epoch)) }

// A world is a data folder with the server that works on it, one process after
// another, and the ways to it.
type world struct {
	t        *testing.T
	settings settings
	ways     []way
	sender   string // Ada's cookie
	server   *process
	orders   *http.Client
	last     string // what the server said that died last
}

// A process is the server from a start to its death.
type process struct {
	cmd   *exec.Cmd
	in    io.Closer
	said  *bytes.Buffer
	ended chan struct{} // closed: it is gone
	died  int64         // when that was known
}

func newWorld(t *testing.T, careless bool) *world {
	t.Helper()
	w := &world{t: t, orders: &http.Client{Timeout: patience, Transport: &http.Transport{}}}
	w.settings = settings{Dir: t.TempDir(), HTTP: mailtest.FreeAddress(t), Desk: mailtest.FreeAddress(t)}
	w.ways = waysTo(t, w.settings.HTTP, careless)
	w.settings.Public = w.ways[0].host
	t.Cleanup(func() {
		if w.server != nil {
			w.kill()
		}
		w.orders.CloseIdleConnections()
	})
	w.start()
	w.sender = w.session(letterlock.Staff, ada.Address)
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// start starts the server and returns when it serves.
func (w *world) start() {
	w.t.Helper()
	text, err := json.Marshal(w.settings)
	w.check(err)
	file, err := os.Executable()
	w.check(err)
	p := &process{cmd: exec.Command(file), said: &bytes.Buffer{}, ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), asServer+"="+string(text)), p.said
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		w.t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	w.check(err)
	w.check(p.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	go func() {
		_ = p.cmd.Wait() // it was killed
		p.died = at()
		close(p.ended)
	}()
	if w.server = p; line != serving+"\n" {
		<-p.ended
		w.t.Fatalf("the server does not serve: %v\n%s", err, p.said)
	}
}

// kill ends the server at once, if it has not ended, and returns when that was known.
func (w *world) kill() int64 {
	_ = w.server.cmd.Process.Kill() // it may have ended
	<-w.server.ended
	_ = w.server.in.Close() // nobody reads it any more
	w.last = w.server.said.String()
	for _, way := range w.ways {
		way.client.CloseIdleConnections()
	}
	w.orders.CloseIdleConnections()
	return w.server.died
}

// order asks for something beside the pages.
func (w *world) order(path string, q url.Values) (string, error) {
	a, err := w.orders.Post("http://"+w.settings.Desk+path+"?"+q.Encode(), "", nil)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, text)
	}
	return string(text), err
}

// session signs somebody in who must be able to.
func (w *world) session(k letterlock.Kind, a letterlock.Address) string {
	w.t.Helper()
	cookie, err := w.signIn(k, a)
	w.check(err)
	return cookie
}

// signIn returns the cookie of a new session.
func (w *world) signIn(k letterlock.Kind, a letterlock.Address) (string, error) {
	name := "__Host-letterlock="
	if k == letterlock.Reader {
		name = "__Host-letterlock-reader="
	}
	id, err := w.order("/session", url.Values{"kind": {string(k)}, "address": {string(a)}})
	return name + id, err
}

// turn moves the clock, and returns whether this process has. The next does at its
// start.
func (w *world) turn(by time.Duration) bool {
	w.settings.Ahead += by
	_, err := w.order("/clock", url.Values{"ahead": {w.settings.Ahead.String()}})
	return err == nil
}

// onDisk are the database, and the keys that it is wrapped under.
var onDisk = []string{store.File, store.File + "-wal", store.File + "-shm", "keyring"}

// save keeps the disk of a server that is dead as it is.
func (w *world) save() (keep string) {
	w.t.Helper()
	keep = w.t.TempDir()
	w.copyDisk(filepath.Join(w.settings.Dir, "data"), keep)
	return keep
}

// lose replaces the disk of a server that is dead by one that was kept, as whoever has
// lost it does. The journal is on another.
func (w *world) lose(keep string) {
	w.t.Helper()
	data := filepath.Join(w.settings.Dir, "data")
	for _, name := range onDisk {
		w.check(os.RemoveAll(filepath.Join(data, name)))
	}
	w.copyDisk(keep, data)
}

func (w *world) copyDisk(from, to string) {
	w.t.Helper()
	for _, name := range onDisk {
		if _, err := os.Stat(filepath.Join(from, name)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		w.check(exec.Command("cp", "-a", filepath.Join(from, name), to).Run())
	}
}

// message sends one message for a history.
func (w *world) message(subject string, lasts time.Duration, to ...letterlock.Address) (letterlock.ID, string) {
	w.t.Helper()
	q := url.Values{"subject": {subject}}
	for _, a := range to {
		q.Add("to", string(a))
	}
	if lasts > 0 {
		q.Set("lasts", lasts.String())
	}
	answer, err := w.order("/send", q)
	w.check(err)
	id, part, _ := strings.Cut(answer, " ")
	return letterlock.ID(id), part
}
