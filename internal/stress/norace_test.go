//go:build !race

package stress

const slower = 1
