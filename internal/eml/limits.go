package eml

import (
	"fmt"
	"time"

	"letterlock/internal/letterlock"
)

// Limits bound what one mail may cost. A zero field means its default.
type Limits struct {
	Size        int64         // bytes of the raw mail; default 210 MiB
	HeaderBytes int           // bytes of the header of the mail and of each part; default 256 KiB
	Depth       int           // parts inside parts; default 20
	Parts       int           // parts in all, containers included; default 1000
	CPU         time.Duration // of a processor, spent on indexing; default 5 s
}

// DefaultLimits returns the limits that stand for zero fields.
func DefaultLimits() Limits {
	return Limits{Size: 210 << 20, HeaderBytes: 256 << 10, Depth: 20, Parts: 1000, CPU: 5 * time.Second}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	if l.Size == 0 {
		l.Size = d.Size
	}
	if l.HeaderBytes == 0 {
		l.HeaderBytes = d.HeaderBytes
	}
	if l.Depth == 0 {
		l.Depth = d.Depth
	}
	if l.Parts == 0 {
		l.Parts = d.Parts
	}
	if l.CPU == 0 {
		l.CPU = d.CPU
	}
	return l
}

func tooLarge(key string, limit any) error {
	return &letterlock.Error{Code: letterlock.TooLarge, Key: key, Err: fmt.Errorf("mail is over the limit of %v", limit)}
}
