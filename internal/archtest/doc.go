// Package archtest holds the architecture of the module as tests: which package may
// import which, what the public packages export, and that all of it is documented and
// fuzzed.
//
// Whoever changes one of these on purpose edits the table in imports_test.go or
// testdata/fuzz.txt, or runs
//
//	go test ./internal/archtest -update
//
// and reads the difference in review. The package exports nothing.
package archtest
