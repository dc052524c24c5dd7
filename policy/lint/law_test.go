package lint_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

// Codes that say that something does nothing, by what it is.
var (
	uselessStatements = []string{"DEAD_ALLOW", "SHADOWED_ALLOW", "SHADOWED_DENY", "REDUNDANT_STATEMENT", "COND_CONTRADICTION"}
	uselessConditions = []string{"COND_TAUTOLOGY"}
	// Fixes with the same meaning as what they replace. All others may take access away,
	// and never give any.
	sameMeaning = []string{"REDUNDANT_ACTION", "REDUNDANT_RESOURCE", "REDUNDANT_CONDITION_VALUE_NUM", "IMPROVE_IP_RANGE", "UNSUPPORTED_SID", "EMPTY_SID_VALUE", "SIZE_MINIFY_AVAILABLE"}
)

// TestUselessIsUseless: what is called dead, shadowed, redundant or constant can go, and no
// decision of the oracle changes; no fix allows a request that was not allowed.
func TestUselessIsUseless(t *testing.T) {
	for k := policy.IdentityBased; k <= policy.VPCEndpoint; k++ {
		t.Run(k.String(), rapid.MakeCheck(func(t *rapid.T) {
			d := related(t, k)
			var edits []edit
			for _, f := range lint.Document(d, k) {
				if e, ok := editFor(t, d, f); ok {
					edits = append(edits, e)
				}
			}
			if len(edits) == 0 {
				return
			}
			l := gen.Layers(t)
			l.BlockPublicAccess = false // a statement that grants nothing can still make a bucket policy public
			for range 8 {
				r := singleValued(gen.Request(t))
				before := spec.Decide(with(l, k, d), r)
				for _, e := range edits {
					after := spec.Decide(with(l, k, e.document), r)
					if e.same && before != after || before != spec.Allowed && after == spec.Allowed {
						t.Fatalf("%v\n%s\n%s\n%+v: %v, then %v", e.finding, d, e.document, r, before, after)
					}
				}
			}
		}))
	}
}

// singleValued leaves keys that the reference has for single-valued with one value at most.
func singleValued(r spec.Request) spec.Request {
	r.Multivalued = nil
	for name, values := range r.Context {
		if k, _ := serviceref.Embedded().Key(name); !k.Multivalued && len(values) == 0 {
			delete(r.Context, name)
		} else if !k.Multivalued {
			r.Context[name] = values[:1]
		}
	}
	return r
}

// An edit is what a finding says may be done.
type edit struct {
	finding  lint.Finding
	document *policy.Document
	same     bool // the document still means the same
}

func editFor(t *rapid.T, d *policy.Document, f lint.Finding) (e edit, ok bool) {
	e = edit{finding: f, same: true}
	words := strings.Split(f.Path, "/")
	index := func() int {
		i, err := strconv.Atoi(words[2])
		if err != nil {
			t.Fatalf("%v: path %s", f, f.Path)
		}
		return i
	}
	var err error
	switch {
	case slices.Contains(uselessStatements, f.Code):
		s := d.Statement(index())
		s.Action, s.NotAction = policy.List("none:None"), policy.Patterns{}
		e.document, err = d.Replace(index(), s)
	case slices.Contains(uselessConditions, f.Code) && !strings.Contains(f.Path, "/Condition/StringLike/"): // a generated request lacks keys that all real ones have
		s := d.Statement(index())
		var rest policy.Conditions
		for c := range s.Condition.All() {
			if string(c.Operator) != words[4] || strings.ReplaceAll(c.Key, "/", "~1") != words[5] {
				rest = rest.And(c.Operator, c.Key, slices.Collect(c.Values.All())...)
			}
		}
		s.Condition = rest
		e.document, err = d.Replace(index(), s)
	case f.Fix != nil:
		src := d.String()
		e.document, err = policy.Parse([]byte(src[:f.Fix.Start] + f.Fix.Text + src[f.Fix.End:]))
		e.same = slices.Contains(sameMeaning, f.Code)
	default:
		return e, false
	}
	if err != nil {
		t.Fatalf("%v\n%s: %v", f, d, err)
	}
	return e, true
}

// with puts the document among the layers, where a policy of its kind is.
func with(l spec.Layers, k policy.Kind, d *policy.Document) spec.Layers {
	docs := []*policy.Document{d}
	switch k {
	case policy.IdentityBased:
		l.Identity = docs
	case policy.ResourceBased, policy.RoleTrust:
		l.ResourcePolicy = d
	case policy.PermissionsBoundary:
		l.Boundary = docs
	case policy.SessionPolicy:
		l.Session = docs
	case policy.ServiceControl:
		l.SCPs = append(l.SCPs[:0:0], docs)
	case policy.ResourceControl:
		l.RCPs = append(l.RCPs[:0:0], docs)
	case policy.VPCEndpoint:
		l.Endpoints = []spec.Endpoint{{Policy: d}}
	}
	return l
}

// related draws a document whose statements have much in common, so that some of them are
// useless.
func related(t *rapid.T, k policy.Kind) *policy.Document {
	base := gen.Document(t, k)
	var list []policy.Statement
	for _, s := range base.Statements() {
		list = append(list, s)
	}
	for range rapid.IntRange(1, 3).Draw(t, "relatives") {
		list = append(list, relative(t, k, rapid.SampledFrom(list).Draw(t, "of")))
	}
	d, err := policy.NewDocument(rapid.Permutation(list).Draw(t, "order")...)
	if err == nil && base.Version() == policy.Version2008 {
		d, err = policy.Parse([]byte(strings.Replace(d.String(), "2012-10-17", "2008-10-17", 1)))
	}
	if err != nil || d.CheckKind(k) != nil {
		return base
	}
	return d
}

// relative draws a statement that is wider or narrower than s in some of its elements.
func relative(t *rapid.T, k policy.Kind, s policy.Statement) policy.Statement {
	other := gen.Document(t, k).Statement(0)
	change := func(label string) int { return rapid.IntRange(0, 9).Draw(t, label) }
	if change("effect") < 4 {
		s.Effect = other.Effect
	}
	switch change("action") {
	case 0:
		s.Action, s.NotAction = other.Action, other.NotAction
	case 1:
		s.Action, s.NotAction = policy.List("*"), policy.Patterns{}
	case 2:
		s.Action, s.NotAction = s.NotAction, s.Action
	default:
		s.Action, s.NotAction = varied(t, s.Action), varied(t, s.NotAction)
	}
	switch change("resource") {
	case 0:
		s.Resource, s.NotResource = other.Resource, other.NotResource
	case 1:
		s.Resource, s.NotResource = policy.List("*"), policy.Patterns{}
	case 2:
		s.Resource, s.NotResource = s.NotResource, s.Resource
	default:
		s.Resource, s.NotResource = varied(t, s.Resource), varied(t, s.NotResource)
	}
	switch change("principal") {
	case 0:
		s.Principal, s.NotPrincipal = other.Principal, other.NotPrincipal
	case 1:
		if k.HasPrincipal() {
			s.Principal, s.NotPrincipal = policy.Everyone(), policy.Principals{}
		}
	}
	var conditions policy.Conditions
	add := func(from policy.Conditions) {
		for c := range from.All() {
			for old := range conditions.All() {
				if old.Operator == c.Operator && old.Key == c.Key {
					return
				}
			}
			conditions = conditions.And(c.Operator, c.Key, slices.Collect(varied(t, c.Values).All())...)
		}
	}
	if change("conditions") < 7 {
		add(s.Condition)
	}
	if change("more conditions") < 3 {
		add(other.Condition)
	}
	if change("same key") < 2 {
		name := rapid.SampledFrom(gen.Keys()).Draw(t, "key")
		for range 2 {
			op := rapid.SampledFrom([]string{"StringEquals", "StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "Null"}).Draw(t, "operator")
			values := slices.Concat(rapid.SliceOfN(rapid.SampledFrom(gen.Values(name)), 1, 2).Draw(t, "values")...)
			if op == "Null" {
				values = []string{"true"}
			}
			add(policy.Conditions{}.And(policy.Operator(op), name, values...))
		}
	}
	s.Condition = conditions
	return s
}

// varied draws more, fewer or wider patterns.
func varied(t *rapid.T, p policy.Patterns) policy.Patterns {
	list := slices.Collect(p.All())
	if len(list) == 0 {
		return p
	}
	i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
	switch v := list[i]; rapid.IntRange(0, 9).Draw(t, "variation") {
	case 0:
		list = append(list, v)
	case 1:
		list = list[:i+1]
	case 2:
		list = list[i:]
	case 3:
		list[i] = v[:len(v)/2+strings.LastIndexAny(v[len(v)/2:], ":/")+1] + "*"
	case 4:
		list = append(list, v+"*")
	case 5:
		list[i] = strings.ToUpper(v)
	case 6:
		list[i] = strings.NewReplacer("arn:aws:s3::", "arn:aws:S3:eu-west-1:111122223333", "${aws:", "${ aws:", "aws:", "awss:", "s3:", " s3:").Replace(v)
	case 7:
		list[i] = strings.Replace(strings.TrimPrefix(v, "arn:"), "aws:s3:::", "arn:aws:s3::111122223333:", 1)
	}
	return policy.List(list...)
}
