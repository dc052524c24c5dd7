package lint

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A FindingType says how much a [Finding] matters, in the words of IAM Access Analyzer.
type FindingType string

// The types, worst first.
const (
	Error           FindingType = "ERROR"            // AWS refuses the document, or an element of it never works
	SecurityWarning FindingType = "SECURITY_WARNING" // it allows access that is rarely meant
	Warning         FindingType = "WARNING"          // it works in a way that is rarely meant
	Suggestion      FindingType = "SUGGESTION"       // it could be simpler or clearer
)

// rank orders the types, worst first.
func (t FindingType) rank() int {
	return slices.Index([]FindingType{Error, SecurityWarning, Warning, Suggestion}, t)
}

// AtLeast reports whether t is as bad as other, or worse.
func (t FindingType) AtLeast(other FindingType) bool { return t.rank() <= other.rank() }

// A Finding is one thing about a document that its author should know.
type Finding struct {
	Type     FindingType
	Code     string          // stable name, such as "INVALID_ACTION"; see [Codes]
	Message  string          // what is wrong, and what would be right
	Path     string          // JSON pointer, such as "/Statement/0/Action/1"
	File     string          // "" if the document has none
	Position policy.Position // where the value begins
	End      policy.Position // where it ends, exclusive
	Fix      *Fix            // nil unless the right text is certain
}

// String is "file:line:column: TYPE CODE: message".
func (f Finding) String() string {
	at := f.Position.String()
	if f.File != "" {
		at = f.File + ":" + at
	}
	return fmt.Sprintf("%s: %s %s: %s", at, f.Type, f.Code, f.Message)
}

// A Fix is an edit of the document's source that makes a finding go away and changes
// nothing else.
type Fix struct {
	Start, End int    // byte span in the source that Text replaces
	Text       string // the new text
}

// An Option says how documents are checked.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

type config struct {
	ref      *serviceref.Reference
	resource string
	now      time.Time
}

// WithReference checks against these service facts instead of the embedded ones.
func WithReference(r *serviceref.Reference) Option {
	return option(func(c *config) { c.ref = r })
}

// WithResourceType says what a policy is attached to, as CloudFormation names it. For a
// resource policy ("AWS::S3::Bucket", "AWS::SQS::Queue", …) it lets rules about the right
// actions and resources run. An inline identity policy of "AWS::IAM::User",
// "AWS::IAM::Group", "AWS::IAM::Role" or "AWS::SSO::PermissionSet" is held to the size that
// IAM or IAM Identity Center stores; without a type, it is taken for a managed policy.
func WithResourceType(name string) Option {
	return option(func(c *config) { c.resource = name })
}

// WithDate says what time it is, so that statements that have ended, or end soon, are
// found. Without it, or with the zero time, no finding depends on the time.
func WithDate(now time.Time) Option {
	return option(func(c *config) { c.now = now })
}

// Document checks a parsed document. Findings come in source order.
func Document(d *policy.Document, k policy.Kind, opts ...Option) []Finding {
	return Source(d.File(), d.Source(), k, opts...)
}

// Source checks the text of a document, which need not parse: what is wrong with it then
// comes as findings too. Positions are in src. Findings come in source order, those at one
// place worst first.
func Source(file string, src []byte, k policy.Kind, opts ...Option) []Finding {
	cfg := config{ref: serviceref.Embedded()}
	for _, o := range opts {
		o.apply(&cfg)
	}
	c := newChecker(file, src, k, cfg)
	for i := range rules {
		if r := &rules[i]; r.kinds.has(k) && (c.root != nil || r.syntax) && (!r.parsed || c.doc != nil) {
			c.rule = r
			r.check(c)
		}
	}
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Position.Offset, b.Position.Offset), cmp.Compare(a.Type.rank(), b.Type.rank()),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Path, b.Path))
	})
	return slices.CompactFunc(c.findings, func(a, b Finding) bool {
		return a.Code == b.Code && a.Path == b.Path && a.Message == b.Message
	})
}

// A Code describes one kind of finding.
type Code struct {
	Code  string
	Type  FindingType
	Kinds []policy.Kind // the policies that it is about
	Title string        // one sentence
}

// Codes lists every code that this package can report, sorted.
func Codes() []Code {
	out := make([]Code, 0, len(rules))
	for _, r := range rules {
		out = append(out, Code{Code: r.code, Type: r.typ, Kinds: r.kinds.list(), Title: r.title})
	}
	slices.SortFunc(out, func(a, b Code) int { return cmp.Compare(a.Code, b.Code) })
	return slices.CompactFunc(out, func(a, b Code) bool { return a.Code == b.Code })
}
