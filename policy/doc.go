// Package policy is what is written: ARNs, actions, principals and policy documents.
//
// Most users need [Parse], which reads a document and reports everything that is wrong
// with it at once, each with its line and column; [NewDocument], which builds one from
// [Statement] values; and [ParseARN].
//
// A [Document] is immutable and remembers its source: MarshalJSON gives back what was
// written, and [Document.Append], [Document.Replace] and [Document.Remove] leave every
// other byte alone. The grammar is that of the IAM User Guide, “Grammar of the IAM JSON
// policy language”; what AWS would refuse to store is an error, never a guess.
//
// It does not decide anything: a document is evaluated by package simulate. It does not
// look for unwise policies either.
package policy
