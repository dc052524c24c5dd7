package orglint

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A Finding is one thing about an organization, or about a document in it, that its
// owners should know. Path, Position and End are those in the document's file, and zero
// if the finding is about no document. A [lint.Fix] edits the document's own source.
type Finding struct {
	lint.Finding
	Subject  string           // ID of an account, OU, root, control policy or endpoint, or an ARN; of a document, its first holder
	Kind     policy.Kind      // of the document; zero if the finding is about none
	Document *policy.Document // nil if the finding is about none
}

// String is "file:line:column: subject: TYPE CODE: message", without the place if there is
// none.
func (f Finding) String() string {
	text := fmt.Sprintf("%s: %s %s: %s", f.Subject, f.Type, f.Code, f.Message)
	if !f.Position.IsValid() {
		return text
	}
	at := f.Position.String()
	if f.File != "" {
		at = f.File + ":" + at
	}
	return at + ": " + text
}

// An Option says how organizations are checked.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

type config struct {
	ref      *serviceref.Reference
	scpLimit int
	date     time.Time
}

// WithReference checks against these service facts instead of the embedded ones.
func WithReference(r *serviceref.Reference) Option {
	return option(func(c *config) { c.ref = r })
}

// WithDate is [lint.WithDate] for all documents.
func WithDate(t time.Time) Option {
	return option(func(c *config) { c.date = t })
}

// WithSCPLimit says how many SCPs AWS attaches to one root, OU or account at most. Without
// it that is 10, or 5 if the reference is one of before May 2026 (Organizations User
// Guide, “Quotas and service limits”).
func WithSCPLimit(n int) Option {
	return option(func(c *config) { c.scpLimit = n })
}

// Organization checks an organization as a whole, and each document in it as what it is
// attached as. First come the findings about no document, by subject, then the others by
// document, in the order of [Documents], and place.
func Organization(o *org.Organization, opts ...Option) []Finding {
	cfg := config{ref: serviceref.Embedded()}
	for _, opt := range opts {
		opt.apply(&cfg)
	}
	if cfg.scpLimit == 0 {
		cfg.scpLimit = scpsPerNode
		if cfg.ref.SCPLimit() < 10240 { // both quotas were raised at once
			cfg.scpLimit = scpsPerNodeBefore
		}
	}
	w := newWorld(o, cfg)
	for _, r := range rules {
		w.rule = r
		r.check(w)
	}
	w.lintDocuments()
	return w.sorted()
}

// sorted are the findings in the order that Organization promises, each once.
func (w *world) sorted() []Finding {
	rank := make(map[*policy.Document]int, len(w.documents))
	for i, d := range w.documents {
		rank[d.doc] = i + 1
	}
	slices.SortStableFunc(w.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Document], rank[b.Document]), compareSubjects(a, b), cmp.Compare(a.Position.Offset, b.Position.Offset),
			compareTypes(a.Type, b.Type), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(w.findings, func(a, b Finding) bool {
		return a.Code == b.Code && a.Path == b.Path && a.Message == b.Message && a.Document == b.Document && a.Position.Offset == b.Position.Offset &&
			(a.Document != nil || a.Subject == b.Subject)
	})
}

// compareSubjects orders findings about no document.
func compareSubjects(a, b Finding) int {
	if a.Document != nil {
		return 0
	}
	return cmp.Compare(a.Subject, b.Subject)
}

// compareTypes orders types, worst first.
func compareTypes(a, b lint.FindingType) int {
	switch {
	case a == b:
		return 0
	case a.AtLeast(b):
		return -1
	}
	return 1
}

// A rule reports findings of one code.
type rule struct {
	code  string
	typ   lint.FindingType
	kinds []policy.Kind // of the documents that it is about; nil: it is about none
	title string
	check func(w *world)
}

// rules is the table of all rules, in the order in which they run.
var rules = slices.Concat(treeRules, levelRules, principalRules, quotaRules)

// Codes lists every code that this package adds to those of [lint.Codes], sorted, and
// SCP_OVERRIDE_IMPOSSIBLE, which both report. Kinds is nil for what is about no document.
func Codes() []lint.Code {
	out := make([]lint.Code, 0, len(rules))
	for _, r := range rules {
		out = append(out, lint.Code{Code: r.code, Type: r.typ, Kinds: slices.Clone(r.kinds), Title: r.title})
	}
	slices.SortFunc(out, func(a, b lint.Code) int { return cmp.Compare(a.Code, b.Code) })
	return out
}
