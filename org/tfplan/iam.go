package tfplan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// An account is one that is edited. IAM's names are unique in an account without case and
// whatever the path is.
type account struct {
	org.Account // its own settings; the lists are those before
	users       map[string]*org.User
	groups      map[string]*org.Group
	roles       map[string]*org.Role
	policies    map[policy.ARN]*org.ManagedPolicy
	resources   map[policy.ARN]*org.Resource
	settings    bool // its own settings changed
	new         bool
	removed     bool
}

// edited is the account with this ID; nil if the organization does not have it, which is an
// error unless a gap says so.
func (e *editor) edited(in *instance, id string) *account {
	if a := e.accounts[id]; a != nil {
		return a
	}
	a, ok := e.o.Account(id)
	if !ok {
		if e.isGap(id) {
			e.skip(in, true, "account "+id+" is known by a gap only")
		} else {
			e.fail(in, "it is in account %s, which the organization does not have", e.plan.shownAccounts(id))
		}
		return nil
	}
	return e.open(a)
}

func (e *editor) open(a org.Account) *account {
	d := &account{
		Account: a, users: map[string]*org.User{}, groups: map[string]*org.Group{}, roles: map[string]*org.Role{},
		policies: map[policy.ARN]*org.ManagedPolicy{}, resources: map[policy.ARN]*org.Resource{},
	}
	for i := range a.Users {
		u := a.Users[i]
		u.Attached, u.Inline, u.Groups = slices.Clone(u.Attached), slices.Clone(u.Inline), slices.Clone(u.Groups)
		d.users[lastName(u.ARN)] = &u
	}
	for i := range a.Groups {
		g := a.Groups[i]
		g.Attached, g.Inline = slices.Clone(g.Attached), slices.Clone(g.Inline)
		d.groups[lastName(g.ARN)] = &g
	}
	for i := range a.Roles {
		r := a.Roles[i]
		r.Attached, r.Inline = slices.Clone(r.Attached), slices.Clone(r.Inline)
		d.roles[lastName(r.ARN)] = &r
	}
	for i := range a.Policies {
		p := a.Policies[i]
		d.policies[p.ARN] = &p
	}
	for i := range a.Resources {
		r := a.Resources[i]
		d.resources[r.ARN] = &r
	}
	e.accounts[a.ID] = d
	return d
}

func (e *editor) isGap(subject string) bool {
	return slices.ContainsFunc(e.spec.Gaps, func(g org.Gap) bool { return g.Subject == subject })
}

// lastName is the name in an ARN of IAM, without its path, as a key.
func lastName(a policy.ARN) string {
	r := a.Resource()
	return strings.ToLower(r[strings.LastIndexByte(r, '/')+1:])
}

// entity is the ARN of a resource and the account that it is in.
func (e *editor) entity(in *instance, v values) (policy.ARN, *account) {
	s, ok := e.arn(in, v)
	if !ok {
		return policy.ARN{}, nil
	}
	a, err := policy.ParseARN(s)
	if err != nil {
		e.fail(in, "%w", err)
		return policy.ARN{}, nil
	}
	id := a.AccountID()
	if id == "" { // a bucket
		if known, ok := e.o.ResourceAccount(a); ok && in.before.exists() {
			id = known
		} else if id, err = e.account(in); err != nil {
			e.errs = append(e.errs, err)
			return policy.ARN{}, nil
		}
	}
	if v.planned && v.plain("arn") == "" {
		e.unnamed(v, s)
	}
	return a, e.edited(in, id)
}

// unnamed marks what has a name that somebody gives and that is not known: nothing is certain
// of what stands for it. A name that Terraform or AWS chooses is as good as any other.
func (e *editor) unnamed(v values, arn string) {
	for _, attr := range []string{"name", "name_prefix", "bucket", "bucket_prefix", "path"} {
		if v.isUnknown(attr) {
			e.unknown(arn, org.GapEverything, v.unknownReason(attr))
			return
		}
	}
}

// exists fails for what the plan creates although it is there.
func (e *editor) exists(in *instance, a policy.ARN) {
	e.fail(in, "the plan creates %s, which the organization has already; want a snapshot that is not newer than the plan, or an import", a)
}

func (e *editor) putPolicy(in *instance, v values) {
	arn, a := e.entity(in, v)
	if a == nil {
		return
	}
	if a.policies[arn] != nil && in.creates() {
		e.exists(in, arn)
		return
	}
	t := e.document(v, "policy", policy.IdentityBased, "")
	a.policies[arn] = &org.ManagedPolicy{ARN: arn, Document: t.document}
	if t.unknown != "" {
		e.unknown(arn.String(), org.GapDocument, t.unknown)
	}
}

func (e *editor) removePolicy(in *instance, v values) {
	if arn, a := e.entity(in, v); a != nil {
		delete(a.policies, arn)
	}
}

func (e *editor) putRole(in *instance, v values) {
	arn, a := e.entity(in, v)
	if a == nil {
		return
	}
	r := a.roles[lastName(arn)]
	if r != nil && in.creates() {
		e.exists(in, arn)
		return
	}
	if r == nil {
		r = &org.Role{ARN: arn}
		a.roles[lastName(arn)] = r
		e.missed(in, arn)
	}
	e.madeAnew(in, arn)
	t := e.document(v, "assume_role_policy", policy.RoleTrust, "")
	r.Trust = t.document
	if t.unknown != "" {
		e.unknown(arn.String(), org.GapResourcePolicy, t.unknown)
	}
	r.Boundary = e.boundary(v, arn)
	r.Tags = e.tags(v, arn)
	switch n, st := v.number("max_session_duration"); {
	case st == unknown && !v.isComputed("max_session_duration"): // how long sessions are decides no request
		r.MaxSession = 0
	case n > 0:
		r.MaxSession = time.Duration(n) * time.Second
	}
	e.ownPolicies(v, arn, &r.Attached, &r.Inline)
}

// missed marks what is not known of something that the plan updates and the organization
// does not have.
func (e *editor) missed(in *instance, arn policy.ARN) {
	if in.updates() {
		e.unknown(arn.String(), org.GapIdentityPolicies, in.address+": the plan updates it, and the organization did not have it")
	}
}

// ownPolicies takes the policies that a role lists itself, which are then all that it has.
func (e *editor) ownPolicies(v values, arn policy.ARN, attached *[]policy.ARN, inline *[]org.InlinePolicy) {
	if v.gives("managed_policy_arns") {
		list, st := v.texts("managed_policy_arns")
		switch st {
		case unknown:
			e.unknown(arn.String(), org.GapIdentityPolicies, v.unknownReason("managed_policy_arns"))
		case known:
			*attached = nil
			for _, s := range list {
				p, err := policy.ParseARN(s)
				if err != nil {
					e.fail(v.of, "managed_policy_arns: %w", err)
					continue
				}
				e.wants(v.of, p)
				*attached = append(*attached, p)
			}
		}
	}
	// The configuration of a plan leaves out dynamic blocks.
	switch blocks, st := v.blocks("inline_policy"); st {
	case unknown:
		if v.isComputed("inline_policy") {
			if v.of.mayBeDynamic("inline_policy") {
				e.unknown(arn.String(), org.GapIdentityPolicies, v.of.address+": inline_policy may come from dynamic blocks, of which the plan does not tell without its configuration")
			}
			return
		}
		e.unknown(arn.String(), org.GapIdentityPolicies, v.unknownReason("inline_policy"))
	case known:
		if !v.gives("inline_policy") {
			return
		}
		*inline = nil
		for _, b := range blocks {
			if b.plain("name") == "" && b.plain("policy") == "" {
				continue // one empty block says: no inline policies
			}
			src, st := b.text("policy")
			d, err := policy.Parse([]byte(src))
			switch {
			case st == unknown:
				e.unknown(arn.String(), org.GapIdentityPolicies, v.unknownReason("inline_policy"))
			case err != nil:
				e.fail(v.of, "inline_policy %s: %w", b.plain("name"), err)
			default:
				*inline = append(*inline, org.InlinePolicy{Name: b.plain("name"), Document: d})
				e.out.Documents = append(e.out.Documents, Document{v.of.address, "inline_policy", policy.IdentityBased, "AWS::IAM::Role", d})
			}
		}
	}
}

func (e *editor) removeRole(in *instance, v values) {
	if arn, a := e.entity(in, v); a != nil {
		delete(a.roles, lastName(arn))
		e.goes(arn)
	}
}

// goes remembers a role or user that the plan deletes.
func (e *editor) goes(arn policy.ARN) {
	if e.gone == nil {
		e.gone = map[policy.ARN]bool{}
	}
	e.gone[arn] = true
}

// madeAnew says what is not modelled of a role or user that the plan deletes and makes again.
// A policy that names it as a principal has its unique ID, so that the new one of the same
// ARN is another principal to it, until the policy is saved again (IAM User Guide, “AWS JSON
// policy elements: Principal”).
func (e *editor) madeAnew(in *instance, arn policy.ARN) {
	if in.creates() && e.gone[arn] {
		e.skip(in, true, "the plan deletes "+arn.String()+" and makes it again: policies that name it as a principal may not apply to the new one")
	}
}

func (e *editor) boundary(v values, holder policy.ARN) policy.ARN {
	s, ok := e.link(v, "permissions_boundary", "arn")
	if !ok {
		if v.isUnknown("permissions_boundary") {
			e.unknown(holder.String(), org.GapBoundary, v.unknownReason("permissions_boundary"))
		}
		return policy.ARN{}
	}
	b, err := policy.ParseARN(s)
	if err != nil {
		e.fail(v.of, "permissions_boundary: %w", err)
		return policy.ARN{}
	}
	e.wants(v.of, b)
	return b
}

func (e *editor) tags(v values, holder policy.ARN) map[string]string {
	tags, st := v.tags()
	if st == unknown {
		e.unknown(holder.String(), org.GapTags, v.unknownReason("tags"))
		return nil // those that it had are not certain either
	}
	return maps.Clone(tags)
}

func (e *editor) putUser(in *instance, v values) {
	arn, a := e.entity(in, v)
	if a == nil {
		return
	}
	u := a.users[lastName(arn)]
	if u != nil && in.creates() {
		e.exists(in, arn)
		return
	}
	if old := a.users[lastName(in.oldARN())]; u == nil && in.updates() && old != nil {
		u = old // users can be renamed
		delete(a.users, lastName(in.oldARN()))
	}
	e.madeAnew(in, arn)
	if old := in.oldARN(); in.updates() && old != (policy.ARN{}) && old != arn {
		// IAM User Guide, “Rename an IAM user”
		e.skip(in, true, old.String()+" becomes "+arn.String()+": AWS changes the policies that name it as a principal, which is not modelled")
	}
	if u == nil {
		u = &org.User{}
		e.missed(in, arn)
	}
	u.ARN = arn
	a.users[lastName(arn)] = u
	u.Boundary = e.boundary(v, arn)
	u.Tags = e.tags(v, arn)
}

// oldARN is the ARN before the change.
func (in *instance) oldARN() policy.ARN {
	a, _ := policy.ParseARN(in.before.plain("arn"))
	return a
}

func (e *editor) removeUser(in *instance, v values) {
	if arn, a := e.entity(in, v); a != nil {
		delete(a.users, lastName(arn))
		e.goes(arn)
	}
}

func (e *editor) putGroup(in *instance, v values) {
	arn, a := e.entity(in, v)
	if a == nil {
		return
	}
	g := a.groups[lastName(arn)]
	if g != nil && in.creates() {
		e.exists(in, arn)
		return
	}
	if old := a.groups[lastName(in.oldARN())]; g == nil && in.updates() && old != nil {
		g = old
		delete(a.groups, lastName(in.oldARN()))
		for _, u := range a.users {
			for i, name := range u.Groups {
				if strings.EqualFold(name, lastName(in.oldARN())) {
					u.Groups[i] = plainName(arn)
				}
			}
		}
	}
	if g == nil {
		g = &org.Group{}
		e.missed(in, arn)
	}
	g.ARN = arn
	a.groups[lastName(arn)] = g
}

// plainName is the name in an ARN of IAM, without its path.
func plainName(a policy.ARN) string {
	r := a.Resource()
	return r[strings.LastIndexByte(r, '/')+1:]
}

func (e *editor) removeGroup(in *instance, v values) {
	arn, a := e.entity(in, v)
	if a == nil {
		return
	}
	delete(a.groups, lastName(arn))
	for _, u := range a.users {
		u.Groups = slices.DeleteFunc(u.Groups, func(name string) bool { return strings.EqualFold(name, plainName(arn)) })
	}
}

func (e *editor) putProvider(in *instance, v values) {
	s := v.plain("arn")
	id, err := e.account(in)
	if err != nil {
		e.errs = append(e.errs, err)
		return
	}
	a := e.edited(in, id)
	if a == nil || a.Providers == nil {
		return // the list is not known, and is not known after that either
	}
	p := org.Provider{URL: v.plain("url")}
	p.ClientIDs, _ = v.texts("client_id_list")
	p.Thumbprints, _ = v.texts("thumbprint_list")
	if s == "" {
		kind, name := "oidc-provider/", strings.TrimPrefix(p.URL, "https://")
		if in.typ == "aws_iam_saml_provider" {
			kind, name = "saml-provider/", v.plain("name")
		}
		s = "arn:" + e.partition(in) + ":iam::" + id + ":" + kind + name
	}
	if p.ARN, err = policy.ParseARN(s); err != nil {
		e.fail(in, "%w", err)
		return
	}
	p.URL = strings.TrimPrefix(p.URL, "https://")
	a.Providers = slices.DeleteFunc(slices.Clone(a.Providers), func(other org.Provider) bool { return other.ARN == p.ARN })
	a.Providers = append(a.Providers, p)
	a.settings = true
}

func (e *editor) removeProvider(in *instance, v values) {
	arn, err := policy.ParseARN(v.plain("arn"))
	if err != nil {
		return
	}
	if a := e.edited(in, arn.AccountID()); a != nil && a.Providers != nil {
		a.Providers = slices.DeleteFunc(slices.Clone(a.Providers), func(p org.Provider) bool { return p.ARN == arn })
		a.settings = true
	}
}
