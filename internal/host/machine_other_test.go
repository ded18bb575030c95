//go:build !linux

package host

func dumpable() int { return -1 } // nobody asks
