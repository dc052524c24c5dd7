// Package spec decides AWS authorization requests slowly, literally and readably: the
// oracle that the fast engine is compared with. Tests use it, and package simulate/check, which
// has it decide every counterexample.
//
// Most readers need [Decide], one decision from the policies of every layer, and
// [DecideOrg], the same from an organization's plain data.
//
// It is two-valued: a condition key is given or absent, and whatever is not known is an
// error. Every function cites the rule of the evaluation specification (R-…) that it
// states. Where that text leaves a choice, a comment begins with the rule's identifier
// and the word "Choice".
//
// It does not index, cache or share anything with the engine, and it does not check
// documents: they have passed [policy.Document.CheckKind] for their place.
package spec
