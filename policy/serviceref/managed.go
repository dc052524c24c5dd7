package serviceref

import (
	_ "embed"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/licit-dev/licit/internal/sar"
	"github.com/licit-dev/licit/policy"
)

// ManagedPolicyInfo is one version of a managed policy of AWS. The zero value is none, and
// only its fields may be read.
type ManagedPolicyInfo struct {
	ARN     policy.ARN
	Version string // "v3"
	Date    string // day of that version: "2026-08-26"

	row   *sar.PolicyRow
	chunk func() string
}

// Source is the document's text, without white space between tokens.
func (m ManagedPolicyInfo) Source() []byte { return []byte(m.row.Document(m.chunk())) }

// Document parses the policy's document, each time anew.
func (m ManagedPolicyInfo) Document() *policy.Document {
	d, err := policy.Parse(m.Source())
	if err != nil {
		panic("serviceref: " + m.ARN.String() + ": " + err.Error()) // a test parses all of them
	}
	return d
}

// ManagedPolicy returns the newest known version of a managed policy of AWS, such as
// arn:aws:iam::aws:policy/ReadOnlyAccess. Only those of the partition aws are known. Its
// text is inflated when it is asked for.
func ManagedPolicy(arn policy.ARN) (ManagedPolicyInfo, bool) {
	name, ok := strings.CutPrefix(arn.String(), sar.PolicyPrefix)
	if !ok {
		return ManagedPolicyInfo{}, false
	}
	rows := managed().Rows
	i, ok := slices.BinarySearchFunc(rows, name, func(r sar.PolicyRow, name string) int { return strings.Compare(r.Name, name) })
	if !ok {
		return ManagedPolicyInfo{}, false
	}
	return managedPolicy(arn, &rows[i], func() string { return inflated(rows[i].Chunk) }), true
}

// ManagedPolicies yields all known managed policies of AWS, sorted by ARN. Neighbours
// share what is inflated.
func ManagedPolicies() iter.Seq[ManagedPolicyInfo] {
	return func(yield func(ManagedPolicyInfo) bool) {
		rows := managed().Rows
		var chunk func() string
		for i := range rows {
			if c := rows[i].Chunk; i == 0 || c != rows[i-1].Chunk {
				chunk = sync.OnceValue(func() string { return inflated(c) })
			}
			if !yield(managedPolicy(policy.MustParseARN(sar.PolicyPrefix+rows[i].Name), &rows[i], chunk)) {
				return
			}
		}
	}
}

// ManagedPoliciesDate is the day on which the newest of the managed policies was changed:
// later changes are not known.
func ManagedPoliciesDate() string {
	newest := ""
	for _, row := range managed().Rows {
		newest = max(newest, row.Date)
	}
	return newest
}

func managedPolicy(arn policy.ARN, row *sar.PolicyRow, chunk func() string) ManagedPolicyInfo {
	return ManagedPolicyInfo{arn, "v" + strconv.Itoa(row.Version), row.Date, row, chunk}
}

//go:embed data/policies.bin
var policiesFile string

var managed = sync.OnceValue(func() *sar.Policies {
	p, err := sar.DecodePolicies(policiesFile)
	if err != nil {
		panic("serviceref: managed policies: " + err.Error())
	}
	return p
})

func inflated(chunk int) string {
	s, err := managed().Inflate(chunk)
	if err != nil {
		panic("serviceref: managed policies: " + err.Error())
	}
	return s
}
