//go:build !race

package picture

const underRace = 1
