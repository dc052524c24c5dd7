package serviceref

import (
	_ "embed"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/licit-dev/licit/internal/sar"
	"github.com/licit-dev/licit/policy"
)

// ManagedPolicyInfo is one version of a managed policy of AWS. The zero value is none, and
// only its fields may be read.
type ManagedPolicyInfo struct {
	ARN     policy.ARN
	Version string // "v3"
	Date    string // day of that version: "2026-08-26"

	index int
	row   *sar.PolicyRow
	chunk func() string
}

// Source is the document's text, without white space between tokens.
func (m ManagedPolicyInfo) Source() []byte { return []byte(m.row.Document(m.chunk())) }

// Document parses the policy's document once: it is the same pointer each time.
func (m ManagedPolicyInfo) Document() *policy.Document {
	parsed := &managed().documents[m.index]
	if d := parsed.Load(); d != nil {
		return d
	}
	d, err := policy.Parse(m.Source())
	if err != nil {
		panic("serviceref: " + m.ARN.String() + ": " + err.Error()) // a test parses all of them
	}
	parsed.CompareAndSwap(nil, d) // another may have been first
	return parsed.Load()
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
	return managedPolicy(arn, i, func() string { return inflated(rows[i].Chunk) }), true
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
			if !yield(managedPolicy(policy.MustParseARN(sar.PolicyPrefix+rows[i].Name), i, chunk)) {
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

func managedPolicy(arn policy.ARN, i int, chunk func() string) ManagedPolicyInfo {
	row := &managed().Rows[i]
	return ManagedPolicyInfo{arn, "v" + strconv.Itoa(row.Version), row.Date, i, row, chunk}
}

//go:embed data/policies.bin
var policiesFile string

type managedFile struct {
	*sar.Policies
	documents []atomic.Pointer[policy.Document] // what was asked for
}

var managed = sync.OnceValue(func() *managedFile {
	p, err := sar.DecodePolicies(policiesFile)
	if err != nil {
		panic("serviceref: managed policies: " + err.Error())
	}
	return &managedFile{p, make([]atomic.Pointer[policy.Document], len(p.Rows))}
})

func inflated(chunk int) string {
	s, err := managed().Inflate(chunk)
	if err != nil {
		panic("serviceref: managed policies: " + err.Error())
	}
	return s
}
