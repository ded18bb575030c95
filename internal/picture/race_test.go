//go:build race

package picture

// underRace is by how many times more memory is allocated under the race detector.
const underRace = 4
