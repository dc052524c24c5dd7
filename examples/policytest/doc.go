// Package policytest is a small repository of policies with its unit tests, to copy: SCPs
// and roles as a snapshot of files, case files in tests, and a Go test.
//
// It has no code: README.md says what is where.
package policytest
