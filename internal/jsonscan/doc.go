// Package jsonscan finds values in JSON text and takes strings out of their quotes,
// without building a tree and without allocating. The collector passes the bytes of
// events on unchanged, so its callers need positions in the text, not decoded values.
//
// The grammar is RFC 8259's, as strict as encoding/json: the same texts are valid, down
// to the depth of nesting. One thing is stricter: a string that is not valid UTF-8 is an
// error, where encoding/json replaces the bad bytes. Every index and offset is a byte
// offset into the text that was passed in.
//
// Functions are safe for concurrent use; an Object or an Array belongs to one goroutine.
package jsonscan
