// Package eml reads and writes Internet messages (RFC 5322, MIME).
//
// Reading takes one pass: an [Indexer] watches the raw mail go by, in pieces of
// any size, and notes in an [Index] who it is from, what it is about and where
// each of its parts lies. Nothing of a body is kept. Parts are decoded later,
// from a reader of the raw mail, when somebody asks for them.
//
// Its one consequence a caller must know: a mail is never refused for being
// odd, only for passing a limit. What could not be understood is one part of
// plain text or plain bytes, and [Index.Defects] says that something was
// guessed. Everything in an Index has been written by a stranger; it is decoded,
// bounded and free of control characters, and it is not escaped for any use.
//
// Writing is [Compose], which streams as well and holds no file in memory.
package eml
