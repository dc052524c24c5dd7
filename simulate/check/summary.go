package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// A Region is a set of requests in the words of policies: those that match Statement and all of
// Within, and none of Except. The statements are those of the policies, narrowed to the
// values that matter here, with their Effect and conditions as they stand.
//
// An Allow of a resource or trust policy matches the requests that are allowed with it as the
// only Allow of the policy, and not without it. A Statement without a principal, of a
// policy that names principals or of an RCP, matches what other policies allow. What needs no
// permission, such as sts:GetCallerIdentity, is in no region. Regions of whole environments say
// more: see [Gained].
type Region struct {
	Statement policy.Statement   // an Allow
	Within    []policy.Statement // Denies that no longer hold, and Allows of other layers
	Except    []policy.Statement // Denies that hold, and Allows that were there before, too
	// Example is a request of the region, decided by both evaluators as [Result] says; nil
	// where none was found. A region without one may be empty.
	Example *Counterexample

	others bool            // Statement is [others]
	at     *listedResource // whose policy has the statements; nil: of no single one
}

// A Summary says with regions what a policy allows beyond another, or one environment a
// principal beyond another.
type Summary struct {
	Regions []Region // in the order of the policy's statements; they may overlap
	Folded  int      // regions that are left out beyond [MaxRegions]
	// Certified says it is proved that the regions hold all of the difference, and nothing
	// else; then no region means no difference. Otherwise Reason says why not, and the
	// regions are a help for readers only.
	Certified bool
	Reason    string
}

// MaxRegions limits the regions of a [Summary].
const MaxRegions = 200

// maxPieces limits the pairs of an action and a resource that are told apart.
const maxPieces = 2000

// Differences lists everything that updated allows and existing does not, as policies of kind k,
// over the requests that [NoNewAccess] is about. What it finds is proved a second time, from the
// words of the regions; see [Summary]. Errors are those of [NoNewAccess].
func Differences(ctx context.Context, existing, updated *policy.Document, k policy.Kind) (Summary, error) {
	if err := checkKind(k, existing, updated); err != nil {
		return Summary{}, err
	}
	return summarize(ctx, existing, updated, k)
}

// Granted lists everything that a document allows as a policy of kind k where all else allows;
// it is [Differences] to a document that allows nothing.
func Granted(ctx context.Context, d *policy.Document, k policy.Kind) (Summary, error) {
	if err := checkKind(k, d); err != nil {
		return Summary{}, err
	}
	return summarize(ctx, nil, d, k)
}

func summarize(ctx context.Context, existing, updated *policy.Document, k policy.Kind) (Summary, error) {
	if _, err := casesAlone(k, updated, existing); err != nil {
		return Summary{}, err
	}
	a := &alone{ctx: ctx, kind: k, existing: existing, updated: updated}
	s := &summarizer{ctx: ctx, each: weightOf(existing, updated)}
	s.beside = func(st *policy.Statement) []grant { return besideOf(k, st) }
	s.compile = func(c *compiler, pieces *policy.Document) ([]stance, error) {
		return stances(c, k, updated, existing, pieces)
	}
	is, was := statementsOf(updated), statementsOf(existing)
	switch k {
	case policy.ResourceControl: // its Allows are those of the full-access policy
		is.allow, was.allow = []policy.Statement{others}, nil
	case policy.ResourceBased, policy.RoleTrust:
		is.allow = append(is.allow, others)
	}
	s.lists = []sideStatements{updatedDocument: is, existingDocument: was}
	how := way{first: updatedDocument, reasons: []refusal{{lists: []int{existingDocument}}}}
	for i := range was.deny {
		how.reasons = append(how.reasons, refusal{deny: &denial{existingDocument, i}, given: []int{existingDocument}})
	}
	for i := range is.deny {
		how.denies = append(how.denies, denial{updatedDocument, i})
	}
	s.ways, s.isOthers = []way{how}, func(st *policy.Statement) bool { return isOthers(k, st) }
	return s.summary(func(list []Region) ([]Region, error) { return list, a.certify(list) }, a.example), nil
}

// summary finds regions, has them certified, which may leave out needless ones, and gives each an example.
func (s *summarizer) summary(certify func([]Region) ([]Region, error), example func(*Region) *Counterexample) Summary {
	var out Summary
	err := s.find()
	if err == nil {
		out.Regions, err = certify(s.regions(near))
	}
	if errors.Is(err, errUncertified) {
		// What was left out of a list may matter after all.
		out.Regions, err = certify(s.regions(func(st policy.Statement, _ *policy.Statement) policy.Statement { return st }))
	}
	if err != nil {
		out.Reason = reason(err)
	}
	out.Certified = err == nil
	if n := len(out.Regions) - MaxRegions; n > 0 {
		out.Regions, out.Folded, out.Certified = out.Regions[:MaxRegions], n, false
		out.Reason = fmt.Sprintf("%d more regions are left out", n)
	}
	for i := range out.Regions {
		out.Regions[i].Example = example(&out.Regions[i])
	}
	return out
}

// Why regions are not what was asked for.
var (
	errUncertified  = errors.New("it is not proved that the regions are the difference")
	errLargeSummary = errors.New("the documents are too large for a summary")
)

// String is the region in one line, such as
// "s3:* on arn:aws:s3:::logs/*, except s3:GetObject on *".
func (r Region) String() string {
	var b strings.Builder
	if isOthers := r.others && slices.ContainsFunc(r.Within, func(s policy.Statement) bool { return !s.Principal.IsZero() || !s.NotPrincipal.IsZero() }); isOthers {
		b.WriteString("what other policies allow")
	} else {
		b.WriteString(phrase(r.Statement))
	}
	for _, s := range r.Within {
		b.WriteString(", within " + phrase(s))
	}
	for _, s := range r.Except {
		b.WriteString(", except " + phrase(s))
	}
	return b.String()
}

// phrase is what a statement matches.
func phrase(s policy.Statement) string {
	values := func(p policy.Patterns) string { return strings.Join(slices.Collect(p.All()), ", ") }
	var b strings.Builder
	if s.NotAction.IsZero() {
		b.WriteString(values(s.Action))
	} else {
		b.WriteString("all but " + values(s.NotAction))
	}
	switch {
	case !s.NotResource.IsZero():
		b.WriteString(" on all but " + values(s.NotResource))
	case !s.Resource.IsZero():
		b.WriteString(" on " + values(s.Resource))
	}
	named := func(text string, p policy.Principals) {
		var ids []string
		for _, e := range entries(p) {
			ids = append(ids, e.id)
		}
		if ids != nil {
			b.WriteString(text + strings.Join(ids, ", "))
		}
	}
	named(" for ", s.Principal)
	named(" for all but ", s.NotPrincipal)
	joint := " when "
	for c := range s.Condition.All() {
		b.WriteString(joint + c.Key + " " + string(c.Operator) + " " + values(c.Values))
		joint = " and "
	}
	return b.String()
}
