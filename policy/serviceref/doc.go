// Package serviceref holds facts about AWS services that decisions depend on: which
// services resource control policies reach, what a list action is authorised against, and
// the type of condition keys.
//
// Most users need [Embedded], the facts that come with the module, and [Reference.Key].
// The service facts are those of the Service Authorization Reference of 2026-09-26, the
// global condition keys those of the IAM User Guide of 2026-11-21; see [Reference.Date].
//
// It does not list actions, resource types or the single-valued condition keys of
// services yet. A service or key that it does not know may well exist: AWS adds some
// every week. It decides nothing.
package serviceref
