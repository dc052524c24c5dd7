package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// An InexpressibleError says why no policy document is the same as all layers of a
// principal together.
type InexpressibleError struct {
	// Statements are the two that no statement can combine; none if something of the
	// principal is not known.
	Statements []StatementRef
	Reason     string
}

// Error names the statements and the reason.
func (e *InexpressibleError) Error() string {
	names := make([]string, len(e.Statements))
	for i, r := range e.Statements {
		names[i] = fmt.Sprintf("statement %d of %s", r.Index+1, r.Policy.Name)
		if r.SID != "" {
			names[i] = r.SID + " of " + r.Policy.Name
		}
		if at := r.Position(); at.IsValid() && r.Policy.Document.File() != "" {
			names[i] = fmt.Sprintf("%s:%s: %s", r.Policy.Document.File(), at, names[i])
		}
	}
	if len(names) == 0 {
		return "no policy document says the same: " + e.Reason
	}
	return strings.Join(names, " and ") + ": no statement says what they allow together: " + e.Reason
}

// EquivalentPolicy returns one identity policy that by itself allows the principal exactly
// what its identity policies, permissions boundary, session policies and all levels of SCPs
// allow together, of resources of its own account that have no policy. It is computed from
// the documents, and approximates nothing: where one document cannot say the same, the
// error is an [*InexpressibleError]. Another error is an [*UnknownPrincipalError].
//
// RCPs, resource policies, endpoint policies and the rules of services are not in it: they
// go on to hold besides it. A document may be larger than the quota of a policy.
func (e *Environment) EquivalentPolicy(p policy.Principal, session *Session) (*policy.Document, error) {
	s, err := e.survey(PermissionQuery{Principal: p, Session: session})
	if err != nil {
		return nil, err
	}
	allow, deny, err := s.algebra()
	if err != nil {
		return nil, err
	}
	statements := append(allow, deny...)
	if len(allow) == 0 {
		statements = append(statements, policy.Statement{Effect: policy.Deny, Action: policy.List("*"), Resource: policy.List("*")})
	}
	return policy.NewDocument(distinctStatements(statements)...)
}

// distinct leaves out repetitions, and Sids that stand there before.
func distinctStatements(list []policy.Statement) []policy.Statement {
	var out []policy.Statement
	sids := map[string]bool{}
	for _, s := range list {
		named := s
		if s.SID = ""; slices.ContainsFunc(out, func(o policy.Statement) bool { o.SID = ""; return o.Equal(s) }) {
			continue
		}
		if !sids[named.SID] {
			s.SID = named.SID
		}
		sids[named.SID] = true
		out = append(out, s)
	}
	return out
}

// A factor is an Allow statement, and the statements that it was made of.
type factor struct {
	policy.Statement
	from []StatementRef
}

// mostFactors bounds the statements of a product.
const mostFactors = 2000

// algebra combines the layers: a product of their Allow statements, and all Denys.
func (s *survey) algebra() (allow, deny []policy.Statement, err error) {
	w := &s.base
	var levels []*layer
	if w.view.Caller.Kind != policy.Root {
		levels = append(levels, w.identity)
	}
	if w.view.Caller.HasBoundary != no {
		levels = append(levels, w.boundary)
	}
	if w.session != nil && len(w.session.programs) > 0 {
		l := &layer{}
		for i := range w.session.programs {
			l.list = append(l.list, &w.session.programs[i])
		}
		levels = append(levels, l)
	}
	if w.view.Caller.HasBoundary == maybe {
		return nil, nil, &InexpressibleError{Reason: "the permissions boundary is not known"}
	}
	if w.view.Caller.Kind == policy.FederatedUser && (w.session == nil || len(w.session.programs) == 0) {
		return nil, nil, &InexpressibleError{Reason: "the session policies of a federated user are not known"}
	}
	for i := range s.serviceControl() {
		levels = append(levels, &w.scps[i].layer)
	}
	product := []factor{{Statement: policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}}}
	for _, l := range levels {
		if l.gap != "" {
			return nil, nil, &InexpressibleError{Reason: l.gap + " is not known"}
		}
		factors, denies := statementsOf(l)
		deny = append(deny, denies...)
		if limit, ok := onlyActions(factors); ok && len(product) > 0 && product[0].from != nil {
			deny = append(deny, limit...)
			continue
		}
		if product, err = multiply(product, factors); err != nil {
			return nil, nil, err
		}
	}
	for _, f := range product {
		allow = append(allow, f.Statement)
	}
	return allow, deny, nil
}

// statementsOf are the statements of a layer as an identity policy of version 2012-10-17
// writes them.
func statementsOf(l *layer) (allow []factor, deny []policy.Statement) {
	for _, a := range l.list {
		for i, src := range a.document.Statements() {
			st, ok := portable(src, a.document.Version(), a.kind)
			switch {
			case !ok:
			case src.Effect == policy.Deny:
				deny = append(deny, st)
			default:
				st.SID = ""
				allow = append(allow, factor{st, []StatementRef{a.statement(i)}})
			}
		}
	}
	return allow, deny
}

// portable writes a statement for an identity policy of version 2012-10-17; ok is false if
// it matches nothing. R-DOC-3: older documents have no variables. R-VAR-7: nor do all operators. R-RSC-7: short ARNs are
// filled up, or match nothing.
func portable(src policy.Statement, v policy.Version, k policy.Kind) (out policy.Statement, ok bool) {
	text := func(s string) string {
		if v != policy.Version2012 {
			s = strings.ReplaceAll(s, "${", "${$}{")
		}
		return s
	}
	out = policy.Statement{SID: src.SID, Effect: src.Effect, Action: src.Action, NotAction: src.NotAction}
	for c := range src.Condition.All() {
		var values []string
		parts, _ := c.Operator.Parts()
		for value := range c.Values.All() {
			if parts.TakesVariables() {
				value = text(value)
			}
			values = append(values, value)
		}
		out.Condition = out.Condition.And(c.Operator, c.Key, values...)
	}
	list, not := src.Resource, !src.NotResource.IsZero()
	if not {
		list = src.NotResource
	}
	var patterns []string
	for pattern := range list.All() {
		if pattern = text(pattern); glob.Everything(pattern) {
			pattern = "*"
		} else if parts, n := glob.SplitARN(pattern, glob.Variables); n < 6 {
			if k == policy.ServiceControl && !strings.HasSuffix(parts[n-1], "*") {
				continue
			}
			pattern += strings.Repeat(":*", 6-n)
		}
		patterns = append(patterns, pattern)
	}
	switch {
	case list.IsZero(), not && len(patterns) == 0:
		out.Resource = policy.List("*")
	case len(patterns) == 0:
		return out, false
	case not:
		out.NotResource = policy.List(patterns...)
	default:
		out.Resource = policy.List(patterns...)
	}
	return out, true
}

// onlyActions turns a layer that looks at nothing but actions into Denys of what it does
// not allow: none if it allows everything.
func onlyActions(factors []factor) ([]policy.Statement, bool) {
	var names []string
	not := 0
	for _, f := range factors {
		if !f.Condition.IsZero() || !all(f.Resource) {
			return nil, false
		}
		if !f.NotAction.IsZero() {
			not++
		}
	}
	for _, f := range factors {
		if allActions(f.Action) {
			return nil, true
		}
		names = append(names, slices.Collect(f.Action.All())...)
	}
	st := policy.Statement{Effect: policy.Deny, Resource: policy.List("*")}
	switch {
	case not == 0 && len(names) > 0:
		st.NotAction = policy.List(names...)
	case not == 0:
		st.Action = policy.List("*")
	case not == 1 && len(factors) == 1:
		st.Action = factors[0].NotAction
	default:
		return nil, false
	}
	return []policy.Statement{st}, true
}

func all(p policy.Patterns) bool {
	return slices.ContainsFunc(slices.Collect(p.All()), glob.Everything)
}

func allActions(p policy.Patterns) bool {
	return slices.ContainsFunc(slices.Collect(p.All()), func(a string) bool { return glob.Everything(a) || a == "*:*" })
}

// multiply combines each statement of one layer with each of another.
func multiply(a, b []factor) ([]factor, error) {
	var out []factor
	if i := slices.IndexFunc(b, func(f factor) bool { return allActions(f.Action) && all(f.Resource) && f.Condition.IsZero() }); i >= 0 {
		return a, nil // it allows everything
	}
	for _, x := range a {
		for _, y := range b {
			list, err := times(x, y)
			if err != nil {
				return nil, err
			}
			if out = append(out, list...); len(out) > mostFactors {
				return nil, &InexpressibleError{Statements: nil, Reason: fmt.Sprintf("it takes more than %d statements", mostFactors)}
			}
		}
	}
	return out, nil
}

// times lists statements that together allow what both do.
func times(x, y factor) ([]factor, error) {
	fail := func(reason string) ([]factor, error) {
		return nil, &InexpressibleError{Statements: slices.Concat(x.from, y.from), Reason: reason}
	}
	actions, why := elements{actionTerms}.both(productElement{x.Action, x.NotAction}, productElement{y.Action, y.NotAction})
	if why != "" {
		return fail(why)
	}
	resources, why := elements{resourceTerms}.both(productElement{x.Resource, x.NotResource}, productElement{y.Resource, y.NotResource})
	if why != "" {
		return fail(why)
	}
	if len(actions) == 0 || len(resources) == 0 {
		return nil, nil
	}
	conditions, why := mergeConditions(x.Condition, y.Condition)
	if why != "" {
		return fail(why)
	}
	var out []factor
	for _, a := range actions {
		for _, r := range resources {
			st := policy.Statement{Effect: policy.Allow, Action: a.yes, NotAction: a.not, Resource: r.yes, NotResource: r.not, Condition: conditions}
			out = append(out, factor{st, slices.Concat(x.from, y.from)})
		}
	}
	return out, nil
}

// mergeConditions are those of both.
func mergeConditions(a, b policy.Conditions) (out policy.Conditions, why string) {
	out = a
	for c := range b.All() {
		same := false
		for o := range a.All() {
			if !strings.EqualFold(string(o.Operator), string(c.Operator)) || !strings.EqualFold(o.Key, c.Key) {
				continue
			}
			if !o.Values.Equal(c.Values) {
				return out, fmt.Sprintf("%s on %s stands in both, with other values", c.Operator, c.Key)
			}
			same = true
		}
		if !same {
			out = out.And(c.Operator, c.Key, slices.Collect(c.Values.All())...)
		}
	}
	return out, ""
}
