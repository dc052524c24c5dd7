// Package form reads and writes the JSON files of a snapshot: strictly, and with the place of
// everything that is wrong.
//
// A [Decoder] turns the syntax tree of a text into plain data; an unknown or duplicate member,
// null, and a value of another kind are problems, each with file, line, column and JSON
// pointer. An [Encoder] writes what a Decoder reads, and leaves out what is empty.
//
// It knows no file systems and no models.
package form
