// Package suite reads files of cases, each a request and the outcome that is expected, and
// decides them: the unit tests of policies that package simulate/simtest and licit test
// run.
//
// Most users need [Read], [File.Cases] and [Case.Decide].
//
// There are two formats, told apart by the file's name: the txtar files that package
// simulate/simtest describes, and the JSON Lines of package simulate/casefile.
//
// It prints nothing and finds no files.
package suite
