package serviceref

import (
	"iter"

	"github.com/licit-dev/licit/policy"
)

// ManagedPolicyInfo is one version of a managed policy of AWS. The zero value is none.
type ManagedPolicyInfo struct {
	ARN     policy.ARN
	Version string // "v3"
	Date    string // day of that version: "2026-08-26"
}

// Document parses the policy's document.
func (m ManagedPolicyInfo) Document() *policy.Document { return nil }

// Source is the document's text.
func (m ManagedPolicyInfo) Source() []byte { return nil }

// ManagedPolicy returns the newest known version of a managed policy of AWS, such as
// arn:aws:iam::aws:policy/ReadOnlyAccess. Only those of the partition aws are known.
func ManagedPolicy(arn policy.ARN) (ManagedPolicyInfo, bool) { return ManagedPolicyInfo{}, false }

// ManagedPolicies yields all known managed policies of AWS, sorted by ARN.
func ManagedPolicies() iter.Seq[ManagedPolicyInfo] { return func(func(ManagedPolicyInfo) bool) {} }

// ManagedPoliciesDate is the day on which the newest of the managed policies was changed.
func ManagedPoliciesDate() string { return "" }
