// Package dist holds no code, only the tests of what operators are given: the
// packages that tools/dist makes, and the recipes in docs/operate.md.
package dist
