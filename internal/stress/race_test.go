//go:build race

package stress

// slower is how much less is done under the race detector.
const slower = 20
