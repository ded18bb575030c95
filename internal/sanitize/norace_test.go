//go:build !race

package sanitize

const slower = 1
