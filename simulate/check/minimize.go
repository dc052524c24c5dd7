package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A Space is the room that documents have where they are attached. The zero Space has as
// much as AWS gives to documents of their kind.
type Space struct {
	// Documents is the largest number of documents; 0: as many as there are already.
	Documents int
	// Size is the largest size of each, as [policy.Document.Size] counts; 0: that of the
	// kind, see [SizeLimit].
	Size int
}

// A Minimal is documents that can stand in place of others.
type Minimal struct {
	// Verdict is Pass where it is proved that Documents do what the given ones do, and
	// otherwise Unknown.
	Verdict Verdict
	// Documents are without white space, or the given ones where nothing smaller was found
	// and these fit. Without a proof there are none.
	Documents []*policy.Document
	// Fits says that the Documents are in their Space. Others may be that are smaller still.
	Fits          bool
	Before, After int      // sizes together, as [policy.Document.Size] counts
	Steps         []string // what was done, in its order
	Reason        string   // of Unknown
}

// SizeLimit is the size that AWS allows for one document of a kind, as
// [policy.Document.Size] counts: of an identity policy that of a managed policy (IAM User
// Guide, “IAM and AWS STS quotas”; Organizations User Guide, “Quotas”); of a resource
// policy that of a bucket policy, since each service has its own.
func SizeLimit(k policy.Kind) int {
	switch k {
	case policy.IdentityBased, policy.PermissionsBoundary:
		return 6144
	case policy.RoleTrust, policy.SessionPolicy:
		return 2048
	case policy.ServiceControl:
		return serviceref.Embedded().SCPLimit()
	case policy.ResourceControl:
		return 5120
	}
	return 20480
}

// several are the kinds of which more than one document may be attached to one place.
func several(k policy.Kind) bool {
	switch k {
	case policy.IdentityBased, policy.SessionPolicy, policy.ServiceControl, policy.ResourceControl:
		return true
	}
	return false
}

// Minimize makes documents smaller that are attached to one place as policies of kind k: it
// merges statements that differ in one list, drops statements and values that others make
// needless, drops white space, and divides what is left among as few documents as their space
// allows. Each step is proved, and so is the result: whatever else is attached to the place or
// bears on a request, the documents allow and deny what the given ones did, over all
// requests there could be. To replace actions by a wildcard that names the same ones today is
// no such step; [serviceref.Reference.Shrink] does that.
//
// Whether S3 calls a bucket policy public, which counts where public access is blocked,
// depends on what is written, and is not compared.
//
// Only identity policies, session policies, SCPs and RCPs can be several. The error says what
// is wrong with a document or the space.
func Minimize(ctx context.Context, k policy.Kind, in Space, documents ...*policy.Document) (Minimal, error) {
	if err := checkSet(k, documents); err != nil {
		return Minimal{}, err
	}
	switch in.Size, in.Documents = cmp.Or(in.Size, SizeLimit(k)), cmp.Or(in.Documents, len(documents)); {
	case in.Size < 0 || in.Documents < 0:
		return Minimal{}, errors.New("check: the space is negative")
	case in.Documents > 1 && !several(k):
		return Minimal{}, fmt.Errorf("check: a place has one policy of kind %s, not %d", k, in.Documents)
	}
	m := &minimizer{ctx: ctx, kind: k, space: in, given: documents, budget: maxWork}
	return m.run(), nil
}

// checkSet reports what keeps documents from being attached to one place.
func checkSet(k policy.Kind, documents []*policy.Document) error {
	if len(documents) == 0 {
		return errors.New("check: no document")
	}
	if err := checkKind(k, documents...); err != nil {
		return err
	}
	if len(documents) > 1 && !several(k) {
		return fmt.Errorf("check: a place has one policy of kind %s, not %d", k, len(documents))
	}
	return nil
}

// A minimizer looks for smaller statements.
type minimizer struct {
	ctx        context.Context
	kind       policy.Kind
	space      Space
	given      []*policy.Document
	statements []working
	current    []*policy.Document // of the statements, or the given
	budget
	steps []string
}

// A working is a statement with the name of where it comes from.
type working struct {
	policy.Statement
	from string
}

func (m *minimizer) run() Minimal {
	out := Minimal{Before: m.size(m.given)}
	m.current = m.given
	m.gather()
	// The proof that one document can say all is the first step, and is not needed later:
	// where it is not found, none of the others will be.
	if found := m.accept(m.statements); found.Verdict != Pass {
		out.Reason = found.Reason
		return out
	}
	for before := -1; before != len(m.steps); {
		before = len(m.steps)
		m.merge()
		m.dropStatements()
		m.dropValues()
	}
	documents := m.pack()
	if found := interchangeable(m.ctx, m.kind, m.given, documents); found.Verdict != Pass {
		out.Reason = found.Reason
		return out
	}
	if m.fits(m.given) && m.size(documents) >= out.Before && len(documents) >= len(m.given) || m.checkAll(documents) != nil {
		documents, m.steps = m.given, nil
	}
	out.Verdict, out.Documents, out.Steps = Pass, documents, m.steps
	out.After, out.Fits = m.size(documents), m.fits(documents)
	return out
}

func (m *minimizer) checkAll(documents []*policy.Document) error {
	return checkKind(m.kind, documents...)
}

func (m *minimizer) size(documents []*policy.Document) (n int) {
	for _, d := range documents {
		n += d.Size(m.kind)
	}
	return n
}

func (m *minimizer) fits(documents []*policy.Document) bool {
	return len(documents) <= m.space.Documents &&
		!slices.ContainsFunc(documents, func(d *policy.Document) bool { return d.Size(m.kind) > m.space.Size })
}

// accept takes the statements in place of those before if that is proved to change nothing.
func (m *minimizer) accept(statements []working, step ...string) Result {
	if err := m.ctx.Err(); err != nil {
		return Result{Reason: reason(err)}
	}
	n := 0
	for i := range statements {
		n += weight(&statements[i].Statement)
	}
	if !m.spend(n) {
		return Result{Reason: "too many steps"}
	}
	d, err := compactDocument(statements)
	if err != nil {
		return Result{Reason: err.Error()}
	}
	found := interchangeable(m.ctx, m.kind, m.current, []*policy.Document{d})
	if found.Verdict == Pass {
		m.current, m.statements = []*policy.Document{d}, statements
		m.steps = append(m.steps, step...)
	}
	return found
}

// interchangeable proves that either documents can stand in place of the others, whatever else
// there is: both allow the same, and both deny the same to what others allow. The verdict is
// Pass or Unknown.
func interchangeable(ctx context.Context, k policy.Kind, a, b []*policy.Document) Result {
	if r := coveredBy(ctx, k, a, b); r.Verdict != Pass {
		return r
	}
	return coveredBy(ctx, k, b, a)
}

func anyDeny(list []*policy.Document) bool {
	for _, d := range list {
		for _, s := range d.Statements() {
			if s.Effect == policy.Deny {
				return true
			}
		}
	}
	return false
}

// coveredBy proves that documents, attached to one place, allow and leave undenied nothing that
// the existing do not: Pass or Unknown.
func coveredBy(ctx context.Context, k policy.Kind, documents, existing []*policy.Document) Result {
	var list []*callerCase
	if several(k) {
		list = attachedCases(k, [][]*policy.Document{documents, existing})
	} else {
		var err error
		if list, err = cases(k, documents[0], existing[0]); err != nil {
			return Result{Reason: err.Error()}
		}
	}
	q := &question{ctx: ctx, cases: list, proofOnly: true}
	return q.answer()
}
