package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A Scope is a set of requests: every principal × every action × every resource that the
// action can be about. What a field leaves empty is not limited. The zero Scope is all
// that can be asked of an organization.
type Scope struct {
	// Principals are ARNs of users, roles and root users, in which * and ? are wildcards.
	// Callers of other kinds, such as a role session or ec2.amazonaws.com, are named as
	// they are. Empty: all users, roles and root users of the organization.
	Principals []string
	Kinds      []policy.PrincipalKind // only principals of these kinds
	Accounts   []string               // only principals of accounts with these IDs
	// Actions are patterns as an Action element has them. One without wildcards need not
	// be known. Empty: all known actions.
	Actions []string
	// Resources are ARNs, in which * and ? are wildcards that select among the resources,
	// users, groups, roles and managed policies of the organization; one without is taken
	// as it is. Empty: all of the organization. An action is asked on those that fit its ARN
	// formats, and once without a resource if it has no resource types.
	Resources []string
	Keys      Keys // condition keys of all requests
}

// Requests yields the requests of the scope one by one: by principal, then by action, then
// by resource, each sorted. Patterns that match nothing yield nothing; [Environment.Count]
// reports them.
func (e *Environment) Requests(s Scope) iter.Seq[Request] {
	return func(yield func(Request) bool) {
		x := newExpansion(e, s)
		for _, p := range x.principals {
			for _, a := range x.actions {
				for _, r := range x.resourcesOf(a) {
					if !yield(Request{Principal: p, Action: a, Resource: r, Keys: s.Keys}) {
						return
					}
				}
			}
		}
	}
}

// Count is the number of requests that [Environment.Requests] yields. It takes time in
// proportion to the lists of the scope, not to their product. The error joins one
// *[ScopeError] for each pattern that matches nothing.
func (e *Environment) Count(s Scope) (int, error) {
	x := newExpansion(e, s)
	n := 0
	for _, a := range x.actions {
		n += len(x.resourcesOf(a))
	}
	return n * len(x.principals), errors.Join(x.errs...)
}

// A ScopeError is an entry of a [Scope] that matches nothing.
type ScopeError struct {
	Field   string   // "principal", "account", "action" or "resource"
	Pattern string   // as given
	Nearest []string // similar names that exist, the nearest first; at most three
}

// Error is `no principal matches "…"; did you mean "…"?`.
func (e *ScopeError) Error() string {
	text := fmt.Sprintf("no %s matches %q", e.Field, e.Pattern)
	if len(e.Nearest) == 0 {
		return text
	}
	quoted := make([]string, len(e.Nearest))
	for i, n := range e.Nearest {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return text + "; did you mean " + strings.Join(quoted, " or ") + "?"
}

// An expansion is a scope taken apart.
type expansion struct {
	principals []policy.Principal
	actions    []policy.Action
	byType     map[serviceref.ResourceInfo][]policy.ARN // sorted
	every      []policy.ARN                             // for actions that are not known; sorted
	memo       map[string][]policy.ARN                  // by the names of the resource types
	errs       []error
}

func newExpansion(e *Environment, s Scope) *expansion {
	x := newSelection(e, s)
	x.byType = map[serviceref.ResourceInfo][]policy.ARN{}
	x.memo = map[string][]policy.ARN{}
	for _, a := range x.listed(e, s.Resources) {
		x.every = append(x.every, a)
		for t := range serviceref.Embedded().ResourceTypesOf(a.String()) {
			x.byType[t] = append(x.byType[t], a)
		}
	}
	return x
}

// newSelection is an expansion of principals and actions alone.
func newSelection(e *Environment, s Scope) *expansion {
	x := &expansion{}
	x.principals = x.callers(e, s)
	x.actions = x.actionsOf(s.Actions)
	return x
}

func (x *expansion) fail(field, pattern string, known iter.Seq[string]) {
	x.errs = append(x.errs, &ScopeError{field, pattern, nearest(pattern, known)})
}

// callers lists the principals of the scope by their text.
func (x *expansion) callers(e *Environment, s Scope) []policy.Principal {
	all := e.everyone()
	for _, id := range s.Accounts {
		if _, ok := e.accounts[id]; !ok {
			x.fail("account", id, func(yield func(string) bool) {
				for known := range e.accounts {
					if !yield(known) {
						return
					}
				}
			})
		}
	}
	out := all
	if len(s.Principals) > 0 {
		out = nil
		for _, pattern := range s.Principals {
			found := selected(all, pattern, policy.Principal.String)
			if len(found) == 0 {
				if p, err := policy.ParsePrincipal(pattern); err == nil && !isListedKind(p.Kind()) {
					found = []policy.Principal{p}
				} else {
					x.fail("principal", pattern, texts(all))
				}
			}
			out = append(out, found...)
		}
		slices.SortFunc(out, comparePrincipals)
		out = slices.Compact(out)
	}
	return slices.DeleteFunc(slices.Clone(out), func(p policy.Principal) bool {
		return len(s.Kinds) > 0 && !slices.Contains(s.Kinds, p.Kind()) ||
			len(s.Accounts) > 0 && !slices.Contains(s.Accounts, p.AccountID())
	})
}

// isListedKind tells the principals that an organization lists.
func isListedKind(k policy.PrincipalKind) bool {
	return k == policy.User || k == policy.Role || k == policy.Root
}

func comparePrincipals(a, b policy.Principal) int { return cmp.Compare(a.String(), b.String()) }

func texts[T fmt.Stringer](list []T) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, v := range list {
			if !yield(v.String()) {
				return
			}
		}
	}
}

// selected are the members of the list whose text matches the pattern.
func selected[T any](list []T, pattern string, text func(T) string) []T {
	p := glob.Compile(pattern, glob.Wildcards)
	var out []T
	for _, v := range list {
		if p.Match(text(v), nil) {
			out = append(out, v)
		}
	}
	return out
}

// everyone lists the users, roles and root users of the organization by ARN.
func (e *Environment) everyone() []policy.Principal {
	var out []policy.Principal
	for _, m := range e.members() {
		out = append(out, m.principal)
	}
	slices.SortFunc(out, comparePrincipals)
	return out
}

func (x *expansion) actionsOf(patterns []string) []policy.Action {
	ref := serviceref.Embedded()
	if len(patterns) == 0 {
		return slices.Collect(ref.Actions("*"))
	}
	var out []policy.Action
	for _, pattern := range patterns {
		n := len(out)
		out = slices.AppendSeq(out, ref.Actions(pattern))
		if len(out) > n {
			continue
		}
		a, err := policy.ParseAction(pattern)
		if similar, ok := ref.SimilarAction(a); err != nil || ok {
			failure := &ScopeError{Field: "action", Pattern: pattern}
			if ok {
				failure.Nearest = []string{string(similar)}
			} else if service, ok := ref.SimilarService(policy.Action(pattern).Service()); ok {
				failure.Nearest = []string{service + ":" + policy.Action(pattern).Name()}
			}
			x.errs = append(x.errs, failure)
			continue
		}
		out = append(out, a)
	}
	slices.SortFunc(out, compareActions)
	return slices.Compact(out)
}

// compareActions orders as [serviceref.Reference.Actions] does.
func compareActions(a, b policy.Action) int {
	return cmp.Or(cmp.Compare(strings.ToLower(a.Service()), strings.ToLower(b.Service())),
		cmp.Compare(strings.ToLower(a.Name()), strings.ToLower(b.Name())), cmp.Compare(a, b))
}

// listed are the resources that the patterns name, by ARN.
func (x *expansion) listed(e *Environment, patterns []string) []policy.ARN {
	all := e.listed()
	if len(patterns) == 0 {
		return all
	}
	var out []policy.ARN
	for _, pattern := range patterns {
		if !strings.ContainsAny(pattern, "*?") {
			if a, err := policy.ParseARN(pattern); err == nil {
				out = append(out, a)
				continue
			}
		}
		found := selected(all, pattern, policy.ARN.String)
		if len(found) == 0 && pattern != "*" {
			x.fail("resource", pattern, texts(all))
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, policy.ARN.Compare)
	return slices.Compact(out)
}

// listed are the resources, users, groups, roles and managed policies of the organization
// by ARN.
func (e *Environment) listed() []policy.ARN {
	out := make([]policy.ARN, 0, len(e.resources))
	for text := range e.resources { // users and roles included
		out = append(out, policy.MustParseARN(text))
	}
	if e.org != nil {
		for a := range e.org.Accounts() {
			for i := range a.Groups {
				out = append(out, a.Groups[i].ARN)
			}
			for i := range a.Policies {
				if a.Policies[i].ARN.AccountID() == a.ID {
					out = append(out, a.Policies[i].ARN)
				}
			}
		}
	}
	slices.SortFunc(out, policy.ARN.Compare)
	return slices.Compact(out)
}

// noResource is the resource of an action that has no resource types.
var noResource = []policy.ARN{{}}

// resourcesOf are the resources on which the action is asked, sorted.
func (x *expansion) resourcesOf(a policy.Action) []policy.ARN {
	info, known := serviceref.Embedded().Action(a)
	switch {
	case !known && len(x.every) == 0, known && info.WildcardOnly():
		return noResource
	case !known:
		return x.every
	}
	var key strings.Builder
	for r := range info.Resources() {
		key.WriteString(r.Type.Service() + ":" + r.Type.Name() + " ")
	}
	if out, ok := x.memo[key.String()]; ok {
		return out
	}
	var out []policy.ARN
	for r := range info.Resources() {
		out = append(out, x.byType[r.Type]...)
	}
	slices.SortFunc(out, policy.ARN.Compare)
	out = slices.Compact(out)
	x.memo[key.String()] = out
	return out
}

// nearest are up to three known names that are similar to one that matches nothing.
func nearest(name string, known iter.Seq[string]) []string {
	type near struct {
		name     string
		distance int
	}
	const longest = 256
	if len(name) > longest {
		return nil
	}
	var list []near
	limit := max(1, min(6, len(name)/3))
	for k := range known {
		if max(len(k)-len(name), len(name)-len(k)) > limit {
			continue
		}
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(k)); d <= limit {
			list = append(list, near{k, d})
		}
	}
	slices.SortFunc(list, func(a, b near) int { return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name)) })
	var out []string
	for _, n := range list[:min(3, len(list))] {
		out = append(out, n.name)
	}
	return out
}
