// Package lint finds what is wrong, dangerous or useless in one policy document.
//
// Most users need [Document], which checks a parsed document of a given kind, or
// [Source], which also takes text that does not parse. Each [Finding] has the type and,
// where IAM Access Analyzer has one, the code of “Access Analyzer policy check reference”
// in the IAM User Guide, a message that says what would be right, and its place. [Codes]
// lists all of them.
//
// Of what is called dead, shadowed, redundant or always true, tests hold that no decision
// changes when it goes, and of fixes, that none allows what was not allowed. What AWS refuses
// to store allows nothing: a fix guesses at what such a document means only where none of its
// statements allows anything.
//
// It looks at one document at a time: what other policies do to it is the business of
// package simulate. It does not ask AWS.
package lint
