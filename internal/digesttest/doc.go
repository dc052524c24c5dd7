// Package digesttest makes what CloudTrail delivers with validation of log files: log files,
// digest files, their metadata, and the list of public keys. Keys are made from a seed: the same
// seed, the same bytes.
//
// Its parts are [NewKey], which signs, and [Trail], which delivers. It shares no code with the
// package that verifies.
package digesttest
