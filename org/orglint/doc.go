// Package orglint finds what is wrong, dangerous or useless in an organization: in its tree
// and control policies, in the quotas of what its accounts hold, in principals that it does
// not have, and in every document as what it is attached as.
//
// Most users need [Organization]. It runs package lint over each document once, however
// often it is attached, and adds what only the organization knows: which account is a
// stranger's, whether an exempt role is protected by the SCP of another level, which roles
// an SCP denies. Guesses of package lint about these are replaced by what is known.
// [Documents] lists the documents and [Codes] the codes that come on top of those of
// package lint.
//
// An organization of 500 accounts with 10,000 roles and 20,000 documents, none of them shared
// and 10,040 of different text, takes 1.5 s and 600 MB of allocation, measured on two shared
// cores of an AMD EPYC with Go 1.26 and
//
//	go test ./org/orglint -run - -bench .
//
// What a gap hides is not guessed: a rule that needs it reports nothing.
//
// It does not check that a user or role has only one permissions boundary, since an
// organization cannot say otherwise. It decides no requests: that is the business of
// package simulate.
package orglint
