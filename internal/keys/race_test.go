package keys

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/upload"
)

// A crowd acts on an installation while its keys are rotated.
type crowd struct {
	*house
	t    *testing.T
	done <-chan struct{}

	mu   sync.Mutex
	live [][2]letterlock.ID // whose access nobody takes away
	n    atomic.Int64       // what was done
}

// act does something again and again, until the rotations are over.
func (c *crowd) act(wg *sync.WaitGroup, what string, f func() error) {
	wg.Go(func() {
		for {
			select {
			case <-c.done:
				return
			default:
			}
			if err := f(); err != nil {
				c.t.Errorf("%s: %v", what, err)
				return
			}
			c.n.Add(1)
		}
	})
}

func (c *crowd) any() [2]letterlock.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live[rand.IntN(len(c.live))]
}

func (c *crowd) take() error {
	id, reader, err := c.put("text")
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = append(c.live, [2]letterlock.ID{id, reader})
	return nil
}

func (c *crowd) look() error {
	m := c.any()
	for _, holder := range []string{store.SenderCopy, string(m[1])} {
		if text, err := c.read(m[0], holder); err != nil || text != "text" {
			return fmt.Errorf("%q, %w", text, err)
		}
	}
	return nil
}

// takeBack revokes one that is its own, sees that it is gone, and gives it back.
func (c *crowd) takeBack(id, reader letterlock.ID) func() error {
	return func() error {
		if err := c.shred(id, reader); err != nil {
			return err
		}
		if _, err := c.read(id, string(reader)); !errors.Is(err, letterlock.NotFound) {
			return fmt.Errorf("after its revocation: %w", err)
		}
		if err := c.db.Write(context.Background(), func(tx *store.Tx) error { return c.vault.Regrant(tx, id, string(reader)) }); err != nil {
			return err
		}
		_, err := c.read(id, string(reader))
		return err
	}
}

func (c *crowd) upload(s *upload.Service) func() error {
	by := letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
	return func() error {
		ctx := context.Background()
		f, err := s.Begin(ctx, by, "figures.bin", "", 1)
		if err != nil {
			return err
		}
		if _, err := s.Find(ctx, by, f.ID); err != nil {
			return err
		}
		return s.Discard(ctx, by, f.ID)
	}
}

// hold keeps one upload through all rotations.
func (c *crowd) hold(s *upload.Service) func() error {
	by := letterlock.Actor{Kind: letterlock.Staff, Address: "bo@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
	f, err := s.Begin(context.Background(), by, "figures.bin", "", 1)
	if err != nil {
		c.t.Fatal(err)
	}
	return func() error { _, err := s.Find(context.Background(), by, f.ID); return err }
}

// rotations is how many there are.
const rotations = 4

func TestEverythingGoesOnWhileKeysAreRotated(t *testing.T) {
	h := newHouse(t)
	done := make(chan struct{})
	c := &crowd{house: h, t: t, done: done}
	for range 20 {
		if err := c.take(); err != nil {
			t.Fatal(err)
		}
	}
	own, reader, err := h.put("text")
	if err != nil {
		t.Fatal(err)
	}
	files := &upload.Service{DB: h.db, Keys: h.vault.Keys, Most: 1 << 20}
	var wg sync.WaitGroup
	c.act(&wg, "taking mail", c.take)
	c.act(&wg, "reading", c.look)
	c.act(&wg, "reading", c.look)
	c.act(&wg, "revoking and giving back", c.takeBack(own, reader))
	c.act(&wg, "uploading", c.upload(files))
	c.act(&wg, "keeping an upload", c.hold(files))
	c.rotations(rotations)
	close(done)
	wg.Wait()
	if n := c.n.Load(); n < 100 {
		t.Fatalf("%d acts: this test would prove little", n)
	}
	for _, m := range c.live {
		for _, holder := range []string{store.SenderCopy, string(m[1])} {
			if text, err := h.read(m[0], holder); err != nil || text != "text" {
				t.Errorf("afterwards: %q, %v", text, err)
			}
		}
	}
	t.Logf("%d rotations beside %d acts on %d messages", rotations, c.n.Load(), len(c.live))
}

// rotations rotates so many times, each to its end.
func (c *crowd) rotations(n int) {
	c.keys.batch = 0
	for range n {
		p, err := c.keys.Rotate(context.Background(), operator, time.Minute)
		for err == nil && p.Waits != "" {
			p, err = c.keys.Continue(context.Background(), operator, time.Minute)
		}
		if err == nil && len(c.keys.Ring.Epochs()) != 1 {
			err = fmt.Errorf("epochs %v are alive", c.keys.Ring.Epochs())
		}
		if err != nil {
			c.t.Errorf("rotating: %v", err)
			return
		}
	}
}
