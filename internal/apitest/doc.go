// Package apitest holds a client of the API that a program has made from its
// document, and the test that uses it: whoever writes their own begins so.
package apitest
