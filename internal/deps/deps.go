// Package deps holds no code, only the test that keeps the layers apart: which
// package may import which, and which of them may know a library.
package deps
