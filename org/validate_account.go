package org

import (
	"iter"
	"strings"
	"time"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// An accountValidator checks what one account lists.
type accountValidator struct {
	*validator
	account *Account
	groups  map[string]bool // by name
}

func (v *validator) account(p *form.Path, a *Account) {
	if !policy.IsAccountID(a.ID) {
		v.fail(p.Member("id"), "%q is no account ID; want 12 digits", form.Clip(a.ID))
		return // nothing in it could have the right ARN
	}
	if v.unique(p.Member("id"), thing{spaceAccount, a.ID}, a.ID) && v.spec.Root.ID != "" && v.seen[thing{spaceTree, a.ID}] == nil {
		v.fail(p.Member("id"), "account %s is nowhere in the tree; put it below the root or an OU", a.ID)
	}
	v.text(p.Member("name"), a.Name)
	v.text(p.Member("canonicalId"), a.CanonicalID)
	v.attached(p.Member("attached"), "account "+form.Clip(a.ID), a.Attached)
	w := &accountValidator{validator: v, account: a, groups: make(map[string]bool, len(a.Groups))}
	for i := range a.Groups {
		w.groups[lastSegment(a.Groups[i].ARN.Resource())] = true
	}
	for i := range a.Users {
		w.user(p.Member("users").At(i), &a.Users[i])
	}
	for i := range a.Groups {
		w.group(p.Member("groups").At(i), &a.Groups[i])
	}
	for i := range a.Roles {
		w.role(p.Member("roles").At(i), &a.Roles[i])
	}
	for i := range a.Policies {
		w.managedPolicy(p.Member("policies").At(i), &a.Policies[i])
	}
	for i := range a.Resources {
		w.resource(p.Member("resources").At(i), &a.Resources[i])
	}
	for i := range a.Endpoints {
		w.endpoint(p.Member("endpoints").At(i), &a.Endpoints[i])
	}
	v.tags(p.Member("tags"), a.Tags)
	w.facts(p, a)
}

// iamName checks the ARN of a user, group, role or customer managed policy. Names are
// unique in an account, whatever their path and case (IAM User Guide, “IAM and AWS STS
// quotas”: names are not distinguished by case).
func (v *accountValidator) iamName(p *form.Path, a policy.ARN, typ string) {
	p = p.Member("arn")
	if !v.iamARN(p, a, typ, v.account.ID) || !v.unique(p, thing{spaceARN, a.String()}, a.String()) {
		return
	}
	name := strings.ToLower(lastSegment(a.Resource()))
	t := thing{"name of a " + typ + " of account " + v.account.ID, name}
	if first, ok := v.seen[t]; ok {
		v.fail(p, "the account has another %s named %q, at %s; names are unique in an account, whatever their path and case", typ, form.Clip(name), v.place(first))
		return
	}
	v.seen[t] = p
}

func (v *accountValidator) iamARN(p *form.Path, a policy.ARN, typ, account string) bool {
	want := "arn:aws:iam::" + form.Clip(account) + ":" + typ + "/…"
	switch {
	case !a.IsValid():
		v.fail(p, "missing; want %s", want)
		return false
	case !isIAM(a, typ) || lastSegment(a.Resource()) == "":
		v.fail(p, "%q is not the ARN of a %s; want %s", form.Clip(a.String()), typ, want)
		return false
	case a.AccountID() != account:
		v.fail(p, "%q belongs to account %q; want %s", form.Clip(a.String()), form.Clip(a.AccountID()), want)
		return false
	}
	return v.text(p, a.String())
}

func isIAM(a policy.ARN, typ string) bool {
	return a.Service() == "iam" && a.Region() == "" && strings.HasPrefix(a.Resource(), typ+"/")
}

// isAWSManaged reports whether a is a policy that AWS manages, such as
// arn:aws:iam::aws:policy/ReadOnlyAccess (IAM User Guide, “Managed policies and inline
// policies”).
func isAWSManaged(a policy.ARN) bool {
	return isIAM(a, "policy") && a.AccountID() == "aws" && lastSegment(a.Resource()) != ""
}

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

func (v *accountValidator) user(p *form.Path, u *User) {
	v.iamName(p, u.ARN, "user")
	v.text(p.Member("id"), u.ID)
	from := "user " + form.Clip(u.ARN.String())
	first := make(map[string]int, len(u.Groups))
	for i, name := range u.Groups {
		if !v.once(p.Member("groups"), first, i, name, "group") || !v.text(p.Member("groups").At(i), name) || v.groups[name] || v.gaps.excusesGroup(v.account.ID, name) {
			continue
		}
		v.dangling(p.Member("groups").At(i), reference{
			from: from, kind: "group", name: name,
			want: "list it under the account's groups by its name without path, or add a gap for its ARN",
		}, v.groupNames())
	}
	v.identityPolicies(p, from, u.Attached, u.Inline)
	v.boundary(p, from, u.Boundary)
	v.tags(p.Member("tags"), u.Tags)
	v.time(p.Member("created"), u.Created)
	v.credentials(p.Member("credentials"), u.Credentials)
	v.accessReport(p.Member("accessed"), u.Accessed)
}

func (v *accountValidator) groupNames() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range v.account.Groups {
			if !yield(lastSegment(v.account.Groups[i].ARN.Resource())) {
				return
			}
		}
	}
}

func (v *accountValidator) group(p *form.Path, g *Group) {
	v.iamName(p, g.ARN, "group")
	v.identityPolicies(p, "group "+form.Clip(g.ARN.String()), g.Attached, g.Inline)
	v.accessReport(p.Member("accessed"), g.Accessed)
}

func (v *accountValidator) role(p *form.Path, r *Role) {
	v.iamName(p, r.ARN, "role")
	v.text(p.Member("id"), r.ID)
	v.document(p.Member("trust"), r.Trust, policy.RoleTrust)
	from := "role " + form.Clip(r.ARN.String())
	v.identityPolicies(p, from, r.Attached, r.Inline)
	v.boundary(p, from, r.Boundary)
	v.tags(p.Member("tags"), r.Tags)
	v.time(p.Member("created"), r.Created)
	v.usage(p.Member("used"), r.Used)
	v.accessReport(p.Member("accessed"), r.Accessed)
	if r.MaxSession < 0 || r.MaxSession%time.Second != 0 {
		v.fail(p.Member("maxSession"), "%v is no whole number of seconds", r.MaxSession)
	}
}

func (v *accountValidator) identityPolicies(p *form.Path, from string, attached []policy.ARN, inline []InlinePolicy) {
	first := make(map[string]int, len(attached)+len(inline))
	for i, a := range attached {
		at := p.Member("attached").At(i)
		if j, ok := first[a.String()]; ok {
			v.fail(at, "%s: policy %q is attached twice; the first is at %s", from, form.Clip(a.String()), v.place(p.Member("attached").At(j)))
			continue
		}
		first[a.String()] = i
		v.policyReference(at, from, a)
	}
	clear(first)
	for i, n := range inline {
		at := p.Member("inline").At(i)
		if j, ok := first[n.Name]; ok {
			v.fail(at.Member("name"), "%s: there are two inline policies %q; the first is at %s", from, form.Clip(n.Name), v.place(p.Member("inline").At(j)))
		}
		first[n.Name] = i
		if n.Name == "" {
			v.fail(at.Member("name"), "%s: missing; want the inline policy's name", from)
		}
		v.text(at.Member("name"), n.Name)
		if n.Document == nil {
			v.fail(at.Member("document"), "%s: missing; want the document of inline policy %q", from, form.Clip(n.Name))
		}
		v.document(at.Member("document"), n.Document, policy.IdentityBased)
	}
}

func (v *accountValidator) boundary(p *form.Path, from string, a policy.ARN) {
	if !a.IsValid() {
		return
	}
	p = p.Member("boundary")
	v.policyReference(p, from, a)
	if m := v.policies[a]; m != nil && m.Document != nil && m.Document.CheckKind(policy.IdentityBased) == nil {
		v.document(p, m.Document, policy.PermissionsBoundary)
	}
}

// policyReference checks that a, attached or a boundary, is a managed policy that is
// listed: by the same account, or by any if AWS manages it. One of AWS that the module
// knows need not be listed.
func (v *accountValidator) policyReference(p *form.Path, from string, a policy.ARN) {
	switch {
	case !a.IsValid():
		v.fail(p, "%s: empty ARN; want the ARN of a managed policy", from)
	case !isAWSManaged(a) && (!isIAM(a, "policy") || lastSegment(a.Resource()) == ""):
		v.fail(p, "%s: %q is not the ARN of a managed policy; want arn:aws:iam::%s:policy/… or arn:aws:iam::aws:policy/…", from, form.Clip(a.String()), form.Clip(v.account.ID))
	case !isAWSManaged(a) && a.AccountID() != v.account.ID:
		v.fail(p, "%s: %q belongs to account %q; only policies of the same account and AWS managed ones can be attached", from, form.Clip(a.String()), form.Clip(a.AccountID()))
	case v.policies[a] == nil && !v.gaps.excuses(a.String()) && !isEmbedded(a):
		v.dangling(p, reference{
			from: from, kind: "managed policy", name: a.String(),
			want: "list it under the account's policies, or add a gap with this subject",
		}, v.policyARNs())
	default:
		v.text(p, a.String())
	}
}

func (v *accountValidator) policyARNs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for a := range v.policies {
			if (isAWSManaged(a) || a.AccountID() == v.account.ID) && !yield(a.String()) {
				return
			}
		}
		for p := range serviceref.ManagedPolicies() {
			if v.policies[p.ARN] == nil && !yield(p.ARN.String()) {
				return
			}
		}
	}
}

func (v *accountValidator) managedPolicy(p *form.Path, m *ManagedPolicy) {
	if isAWSManaged(m.ARN) {
		v.awsManagedPolicy(p, m)
	} else {
		v.iamName(p, m.ARN, "policy")
	}
	if m.Document == nil && m.ARN.IsValid() && !v.gaps.excuses(m.ARN.String()) {
		v.fail(p.Member("document"), "managed policy %s: missing; want its document, or a gap with this subject", form.Clip(m.ARN.String()))
	}
	v.document(p.Member("document"), m.Document, policy.IdentityBased)
}

// awsManagedPolicy checks a policy that several accounts may list: there is only one.
func (v *accountValidator) awsManagedPolicy(p *form.Path, m *ManagedPolicy) {
	if !v.text(p.Member("arn"), m.ARN.String()) || !v.unique(p.Member("arn"), thing{"policy in account " + v.account.ID, m.ARN.String()}, m.ARN.String()) {
		return
	}
	t := thing{spaceARN, m.ARN.String()}
	first, ok := v.seen[t]
	if !ok {
		v.seen[t] = p
		return
	}
	if !m.Document.Equal(v.policies[m.ARN].Document) {
		v.fail(p.Member("document"), "%s has another document at %s; a policy that AWS manages is the same in all accounts", form.Clip(m.ARN.String()), v.place(first))
	}
}

func (v *accountValidator) resource(p *form.Path, r *Resource) {
	at := p.Member("arn")
	account := r.ARN.AccountID()
	switch {
	case !r.ARN.IsValid():
		v.fail(at, "missing; want the resource's ARN")
	case strings.ContainsAny(r.ARN.String(), "*?"):
		v.fail(at, "%q has a wildcard; want the ARN of one resource", form.Clip(r.ARN.String()))
	case !v.text(at, r.ARN.String()):
	case isIAM(r.ARN, "user") || isIAM(r.ARN, "group") || isIAM(r.ARN, "role") || isIAM(r.ARN, "policy"):
		v.fail(at, "%q is no resource in this sense; list it under users, groups, roles or policies", form.Clip(r.ARN.String()))
	case policy.IsAccountID(account) && account != v.account.ID:
		v.fail(at, "%q belongs to account %s; list it there", form.Clip(r.ARN.String()), account)
	default:
		v.unique(at, thing{spaceARN, r.ARN.String()}, r.ARN.String())
	}
	if r.AWSManaged && r.ARN.Service() != "kms" {
		v.fail(p.Member("awsManaged"), "%s is no KMS key; only keys can be AWS managed", form.Clip(r.ARN.String()))
	}
	if r.Owner != "" && !policy.IsAccountID(r.Owner) {
		v.fail(p.Member("owner"), "%q is no account ID; want 12 digits", form.Clip(r.Owner))
	}
	v.document(p.Member("policy"), r.Policy, policy.ResourceBased)
	v.tags(p.Member("tags"), r.Tags)
}

func (v *accountValidator) endpoint(p *form.Path, e *Endpoint) {
	v.id(p.Member("id"), spaceEndpoint, e.ID, `an ID, "vpce-…"`)
	v.text(p.Member("vpc"), e.VPC)
	if strings.ContainsFunc(e.Service, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }) {
		v.fail(p.Member("service"), "%q is no action prefix; want one such as \"s3\", not the name of the endpoint service", form.Clip(e.Service))
	}
	v.document(p.Member("policy"), e.Policy, policy.VPCEndpoint)
}
