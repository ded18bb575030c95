package eml

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/cputime"
)

// TestABusyServerRefusesNoMail indexes a large mail while everybody else wants the
// processors as well: waiting for one is not the mail's fault.
func TestABusyServerRefusesNoMail(t *testing.T) {
	mail := []byte("Subject: scans\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n")
	mail = append(mail, bytes.Repeat([]byte("--b\r\n\r\nbGlnaHQgd29yaw==\r\nbGlnaHQgd29yaw==\r\n\r\n\r\n"), 900)...)
	mail = append(mail, bytes.Repeat([]byte("a\r\n\r\nbGlnaHQgd29yaw==\r\n"), 600_000)...)
	index := func(limit time.Duration) (err error) {
		x := NewIndexer(Limits{CPU: limit})
		if _, err = x.Write(mail); err == nil {
			_, err = x.Close()
		}
		return err
	}
	var err error
	alone := cputime.Of(func() { err = index(0) })
	if err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var others sync.WaitGroup
	defer func() { stop.Store(true); others.Wait() }()
	for range 12 * runtime.GOMAXPROCS(0) {
		others.Go(func() {
			for !stop.Load() {
			}
		})
	}
	begun := time.Now()
	if err := index(4 * alone); err != nil {
		t.Errorf("a mail that takes %v of a processor: %v", alone, err)
	}
	if took := time.Since(begun); took < 4*alone {
		t.Errorf("it took %v, %v of them working: this test would prove nothing", took, alone)
	}
}
