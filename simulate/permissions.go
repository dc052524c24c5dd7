package simulate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A PermissionQuery asks what a principal may do.
type PermissionQuery struct {
	Principal policy.Principal
	Session   *Session // what the session brings, or nil
	Keys      Keys     // of every request
	// Actions are patterns such as "s3:Get*" that narrow the answer; none: all actions.
	Actions []string
	// Resources are ARNs or patterns as in a policy; only rows that say something about
	// one of them are returned. None: all rows.
	Resources []string
	// Levels narrow the answer to known actions of these access levels; none: all.
	Levels []serviceref.Level
}

// A Permission is one row of what a principal may do: actions, on resources that match a
// pattern, under conditions.
//
// A row speaks about the resources of its pattern that no row of greater depth below it
// matches, that belong to the account of the principal (or to the account that the pattern
// names), and that have no policy of their own, since the organization does not list one.
// Listed resources with a policy have rows of their own where they differ; resources of
// other accounts without such a row are not spoken about, nor what lies below a listed
// resource that is no bucket, unless the service has such resources.
type Permission struct {
	// Actions are the fewest patterns that name exactly the actions of the row, of all
	// that are known as of [serviceref.Reference.Date].
	Actions []string
	// Resource is a pattern as a document of version 2012-10-17 writes it; "*" also for
	// actions that take no resource. It is "" for requests that name no resource, where
	// these differ from those that do.
	Resource string
	// Depth is 0 for a row by itself, and one more than that of the row before it of less
	// depth to which this one is an exception.
	Depth int
	// Requires says when it is allowed: always, under conditions, perhaps; never, in an
	// exception.
	Requires Requirement
	Decision Decision       // of a request about which nothing else is known
	Grants   []StatementRef // identity and resource statements that allow it, or may
	// Limits are the statements that stand against it: Deny statements that match or may,
	// and Allow statements with conditions where a layer that must allow has no others.
	Limits []StatementRef
	// Certified says that the row is proved over all requests that it speaks about, not only
	// those that were tried. EffectivePermissions leaves it false; CertifyPermissions of
	// package check sets it, and says which requests that are.
	Certified bool
}

// An UnknownPrincipalError says that the permissions of a principal cannot be told.
type UnknownPrincipalError struct {
	Principal policy.Principal
	Reason    string
}

// Error is principal and reason.
func (e *UnknownPrincipalError) Error() string {
	return fmt.Sprintf("principal %q: %s", e.Principal, e.Reason)
}

// EffectivePermissions lists what the principal may do once every layer has had its say:
// identity policies, the permissions boundary, session policies, each level of SCPs and
// RCPs, and the policies of the resources that the organization lists.
//
// The resources of the rows are the patterns that the statements about an action write,
// where they overlap also what they have in common, and the listed resources with a policy
// that speaks about the action. Within what a row speaks about, all resources get the
// decision that its Requires tells. A narrower pattern has a row only where it differs from
// the wider one, at once behind it. Nothing that may be allowed is left out: what depends
// on a gap, or on a resource that is not listed and must have a policy, is possible. Only
// an [org.GapUnlisted] makes no rows of its own: where there may be resources that nothing
// lists, their policies may allow more.
//
// Rows come in the order of their resources, exceptions behind the row to which they are.
// The error is that of ctx, an [*UnknownPrincipalError], or says which pattern of the query
// is malformed or matches no action.
func (e *Environment) EffectivePermissions(ctx context.Context, q PermissionQuery) ([]Permission, error) {
	s, err := e.survey(q)
	if err != nil {
		return nil, err
	}
	actions, err := s.asked()
	if err != nil {
		return nil, err
	}
	var t table
	for i, a := range actions {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		rows, err := s.rows(ctx, a)
		if err != nil {
			return nil, err
		}
		t.add(a.name, rows)
	}
	return t.permissions(s), ctx.Err()
}

// survey prepares an answer.
func (e *Environment) survey(q PermissionQuery) (*survey, error) {
	s := &survey{env: e, query: q, memo: map[string][]permissionRow{}, sets: map[string]patternBits{}}
	r := Request{Principal: q.Principal, Action: "sts:GetCallerIdentity", Keys: q.Keys, Session: q.Session}
	unknown := func(reason string) (*survey, error) { return nil, &UnknownPrincipalError{q.Principal, reason} }
	switch {
	case !q.Principal.IsValid():
		return unknown("no principal; want the ARN of a user, role, session or root user")
	case q.Principal.AccountID() == "" || q.Principal.Kind() == policy.WebIdentity:
		return unknown("has no account; want a user, role, session or root user")
	}
	s.base.resolve(e, &r)
	if s.base.unknownCaller != "" {
		return unknown("not in the organization")
	}
	s.partition, s.account = s.base.view.Caller.Partition, s.base.view.Caller.Account
	for _, text := range q.Resources {
		p := s.spanOf(text, policy.Version2012)
		if !p.all && len(strings.Split(text, ":")) < 6 {
			return nil, fmt.Errorf(`resource %q: want "*", or an ARN or pattern with six parts such as arn:aws:s3:::logs/*`, text)
		}
		s.wanted = append(s.wanted, p)
	}
	s.collect()
	return s, nil
}

// asked lists the actions that the query is about and that may be allowed, sorted.
func (s *survey) asked() ([]*knownAction, error) {
	c := knownActions()
	all := s.unlistedActions(c)
	wants := func(*knownAction) bool { return true }
	if len(s.query.Actions) > 0 {
		wanted := map[string]bool{}
		for _, p := range s.query.Actions {
			n := len(wanted)
			found := false
			for a := range serviceref.Embedded().Actions(p) {
				wanted[strings.ToLower(string(a))], found = true, true
			}
			for _, a := range all {
				if globAction(p, a.name) {
					wanted[strings.ToLower(string(a.name))], found = true, true
				}
			}
			if !found && n == len(wanted) {
				return nil, fmt.Errorf("action %q: matches no action that is known as of %s, or that a policy names", p, serviceref.Embedded().Date())
			}
		}
		wants = func(a *knownAction) bool { return wanted[strings.ToLower(string(a.name))] }
	}
	var out []*knownAction
	add := func(a *knownAction) {
		level := serviceref.Level(0)
		if a.info.IsValid() {
			level = a.info.Level()
		}
		if wants(a) && (len(s.query.Levels) == 0 || slices.Contains(s.query.Levels, level)) {
			out = append(out, a)
		}
	}
	for i := range c.actions {
		if s.allows(&c.actions[i]) {
			add(&c.actions[i])
		}
	}
	for _, a := range all {
		add(a)
	}
	return out, nil
}
