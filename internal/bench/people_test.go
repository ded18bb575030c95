package bench

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
)

// readersDomain is where the readers have their mailboxes.
const readersDomain = "readers.example"

func readerAddress(i int) string { return fmt.Sprintf("reader%02d@%s", i, readersDomain) }

// A reader has proved a mailbox and knows the messages in it.
type reader struct {
	cookie  string
	browser *browser // the product's only
	paths   []string // of messages
	staff   string   // cookie of who sent them all
}

// A library is the readers of one side. What is used up is taken from the end of
// their messages.
type library struct {
	side    *side
	readers []*reader
}

// readers sends each of n mailboxes some letters and has their owners sign in.
// The mail of a mailbox is all from one sender.
func (b *bench) readers(s *side, first, n, each int, l letter) *library {
	b.t.Helper()
	list := b.mailers(s, senders)
	defer list.close()
	f := loadTimes(s, senders, senders, func(worker int) error {
		for i := worker; i < n; i += senders {
			for range each {
				if err := list[worker].send(readerAddress(first+i), l); err != nil {
					return err
				}
			}
		}
		return nil
	})
	b.median([]figure{f})
	lib := &library{side: s}
	for i := range n {
		open := b.openLimit
		if s.role == "product" {
			open = b.openProduct
		}
		r := open(s, first+i, each)
		rand.Shuffle(len(r.paths), func(i, j int) { r.paths[i], r.paths[j] = r.paths[j], r.paths[i] })
		lib.readers = append(lib.readers, r)
	}
	return lib
}

func (b *bench) openLimit(s *side, i, _ int) *reader {
	a := s.ask("open", readerAddress(i))
	r := &reader{cookie: "session=" + a.Session}
	for _, id := range a.IDs {
		r.paths = append(r.paths, "/read/"+id)
	}
	return r
}

// openProduct is what a recipient does: follow a link, ask for a passcode, look
// into the mailbox, type it; and then follow the other links.
func (b *bench) openProduct(s *side, i, count int) *reader {
	b.t.Helper()
	a := readerAddress(i)
	links := s.await(request{Do: "letters", Arg: a, Links: count}).Links
	r := &reader{browser: newBrowser(s), staff: b.staff(s, i)}
	_, err := r.browser.follow(http.MethodPost, links[0]+"/passcode", nil)
	b.check(err)
	code := s.await(request{Do: "letters", Arg: a, Code: true}).Passcode
	path, err := r.browser.follow(http.MethodPost, links[0]+"/verify", url.Values{"code": {code}})
	b.check(err)
	r.paths = []string{path}
	for _, link := range links[1:] {
		path, err := r.browser.follow(http.MethodGet, link, nil)
		b.check(err)
		r.paths = append(r.paths, path)
	}
	r.cookie = r.browser.cookie()
	return r
}

// staff signs a sender in.
func (b *bench) staff(s *side, i int) string {
	b.t.Helper()
	from := newBrowser(s)
	_, err := from.follow(http.MethodPost, "/sign-in", url.Values{"address": {sender(i)}, "password": {password}})
	b.check(err)
	return from.cookie()
}

// reads is the task of reading a message at random, of those not used up.
func (lib *library) reads(vs []*visitor, suffix string) task {
	return func(worker int) error {
		r := lib.readers[rand.IntN(len(lib.readers))]
		return vs[worker].get(r.paths[rand.IntN(len(r.paths))]+suffix, r.cookie, http.StatusOK)
	}
}

var errUsedUp = errors.New("all messages are used up")

// A letterbox is messages to be used once, by whoever comes first.
type letterbox chan usable

type usable struct{ path, cookie, staff string }

// take sets n messages aside.
func (lib *library) take(n int) letterbox {
	box := make(letterbox, n)
	for i := range n {
		r := lib.readers[i%len(lib.readers)]
		if len(r.paths) == 0 {
			break
		}
		last := len(r.paths) - 1
		box <- usable{r.paths[last], r.cookie, r.staff}
		r.paths = r.paths[:last]
	}
	return box
}

// firstReads is the task of reading what nobody has read yet.
func (box letterbox) firstReads(vs []*visitor, suffix string) task {
	return func(worker int) error {
		select {
		case m := <-box:
			return vs[worker].get(m.path+suffix, m.cookie, http.StatusOK)
		default:
			return errUsedUp
		}
	}
}

// revokes is the task of taking a message back.
func (box letterbox) revokes(s *side, vs []*visitor) task {
	return func(worker int) error {
		select {
		case m := <-box:
			id := strings.TrimPrefix(m.path, "/read/")
			if s.role == "product" {
				return vs[worker].post("/sent/"+id+"/remove", m.staff, http.StatusSeeOther)
			}
			return vs[worker].post("/revoke/"+id, m.cookie, http.StatusSeeOther)
		default:
			return errUsedUp
		}
	}
}
