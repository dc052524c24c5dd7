package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// check reports why a request cannot be evaluated at all.
func (r Request) check() error {
	if !r.Principal.IsValid() {
		return fmt.Errorf("spec: no principal")
	}
	if _, err := policy.ParseAction(string(r.Action)); err != nil {
		return fmt.Errorf("spec: %w", err)
	}
	return checkNames(r.Context)
}

// checkNames implements R-CTX-3: names that differ only in case are refused.
func checkNames(context map[string][]string) error {
	names := slices.Sorted(maps.Keys(context))
	for i, a := range names {
		for _, b := range names[i+1:] {
			if equalKey(a, b) {
				return fmt.Errorf("spec: context keys %q and %q differ only in case", a, b)
			}
		}
	}
	return nil
}

// equalKey implements R-CND-3: key names are case-insensitive as a whole.
//
// R-CND-3 Choice: case folding of key names is simple Unicode folding, tag suffix included.
func equalKey(a, b string) bool { return foldText(a) == foldText(b) }

func hasPrefixFold(name, prefix string) bool {
	return strings.HasPrefix(foldText(name), foldText(prefix))
}

// lookup returns the values of a context key. R-CND-5: an empty value set is a missing key.
func (e *evaluation) lookup(key string) (values []string, present bool) {
	for name, values := range e.context {
		if equalKey(name, key) {
			return values, len(values) > 0
		}
	}
	return nil, false
}

// isMultivalued implements R-CND-4: the type decides, and several values settle it.
//
// R-CND-4 Choice: a key that is single-valued by type but comes with several values is
// multivalued in that request.
func (e *evaluation) isMultivalued(key string) bool {
	for _, name := range e.request.Multivalued {
		if equalKey(name, key) {
			return true
		}
	}
	values, _ := e.lookup(key)
	return isMultivaluedByType(key) || len(values) > 1
}

// single returns the value of a key that R-VAR-3 may substitute.
func (e *evaluation) single(key string) (value string, ok bool) {
	values, present := e.lookup(key)
	if !present || e.isMultivalued(key) {
		return "", false
	}
	return values[0], true
}

// An evaluation is one request in front of its layers, with what follows from both.
type evaluation struct {
	layers   Layers
	request  Request
	context  map[string][]string
	resource string // R-RSC-5
	account  string // the resource's account, R-RSC-11
}

func newEvaluation(l Layers, r Request) *evaluation {
	e := &evaluation{layers: l, request: r, context: maps.Clone(r.Context)}
	e.account = resourceAccount(r)
	e.dropBucketTags()
	e.resource = e.effectiveResource()
	return e
}

// resourceAccount implements R-RSC-11.
//
// R-RSC-11 Choice: "the ARN account" is one only if it has the form of an account ID. The
// "aws" of arn:aws:iam::aws:policy/… is none; the principal's account is taken.
func resourceAccount(r Request) string {
	if r.ResourceAccount != "" {
		return r.ResourceAccount
	}
	if parts, ok := splitARN(r.Resource); ok && policy.IsAccountID(parts[4]) {
		return parts[4]
	}
	return r.Principal.AccountID()
}

// effectiveResource implements R-RSC-5: what an action without a resource is authorised
// against.
//
// R-RSC-5 Choice: the table goes by the action's name; account and partition are the
// caller's; a caller that has none leaves the account empty and the partition "aws".
// A RequestedRegion that is not a single value counts as absent.
func (e *evaluation) effectiveResource() string {
	if e.request.Resource != "" && e.request.Resource != "*" {
		return e.request.Resource
	}
	template, ok := collectionARN(e.request.Action)
	if !ok {
		return "*"
	}
	partition := e.request.Principal.ARN().Partition()
	if partition == "" {
		partition = "aws"
	}
	region, _ := e.single("aws:RequestedRegion")
	return strings.NewReplacer("${Partition}", partition, "${Region}", region,
		"${Account}", e.request.Principal.AccountID()).Replace(template)
}

// splitARN splits a request's ARN at its first five colons.
func splitARN(s string) (parts []string, ok bool) {
	parts = strings.SplitN(s, ":", 6)
	return parts, len(parts) == 6
}

// isSigned: everybody but anonymous callers and holders of a web identity token, who have
// no AWS credentials yet (R-STS-3).
func isSigned(p policy.Principal) bool {
	return p.Kind() != policy.Anonymous && p.Kind() != policy.WebIdentity
}

// isIAMPrincipal: callers that belong to an account. The others have no identity,
// boundary, session or SCP layer (R-LAY-3, R-STS-3).
func isIAMPrincipal(p policy.Principal) bool {
	switch p.Kind() {
	case policy.Root, policy.User, policy.RoleSession, policy.Role, policy.FederatedUser:
		return true
	}
	return false
}

// isRole: a role session; a role without a session name stands for one.
func isRole(p policy.Principal) bool {
	return p.Kind() == policy.RoleSession || p.Kind() == policy.Role
}

// isServiceLinkedRole implements the words of R-SCP-5 and R-RCP-2: role path
// /aws-service-role/.
//
// R-SCP-5 Choice: a session whose role's path is not known is not one of a service-linked
// role, whatever its name.
func isServiceLinkedRole(r Request) bool {
	role := r.RoleARN
	if r.Principal.Kind() == policy.Role {
		role = r.Principal.ARN()
	}
	return isRole(r.Principal) && strings.HasPrefix(role.Resource(), "role/aws-service-role/")
}

// actionIs compares actions without regard to ASCII case (R-ACT-2).
func actionIs(a policy.Action, names ...policy.Action) bool {
	for _, name := range names {
		if lowerASCII(string(a)) == lowerASCII(string(name)) {
			return true
		}
	}
	return false
}

func serviceIs(a policy.Action, service string) bool {
	return lowerASCII(a.Service()) == service
}
