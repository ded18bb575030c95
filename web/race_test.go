//go:build race

package web

// underRace says that the race detector takes memory of its own.
const underRace = true
