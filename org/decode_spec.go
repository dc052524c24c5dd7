package org

import (
	gopath "path"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

func (d *decoder) spec(s *Spec) {
	d.object(d.root, nil, "an object, the organization",
		field{"id", d.text(&s.ID)},
		field{"managementAccount", d.text(&s.ManagementAccount)},
		field{"root", d.treeRoot(&s.Root)},
		field{"controlPolicies", d.array(func(n *jsontree.Node, p *path) {
			s.ControlPolicies = append(s.ControlPolicies, d.controlPolicy(n, p))
		})},
		field{"accounts", d.array(func(n *jsontree.Node, p *path) {
			s.Accounts = append(s.Accounts, d.accountOrFile(n, p))
		})},
		field{"gaps", d.array(func(n *jsontree.Node, p *path) { s.Gaps = append(s.Gaps, d.gap(n, p)) })},
		field{"consolidatedBillingOnly", d.boolean(&s.ConsolidatedBillingOnly)},
		field{"delegatedAdministrators", eachKnown(d, &s.DelegatedAdministrators, d.delegated)},
		field{"trustedServices", eachKnown(d, &s.TrustedServices, func(n *jsontree.Node, p *path) (text string) {
			d.text(&text)(n, p)
			return text
		})},
		field{"coverage", d.array(func(n *jsontree.Node, p *path) { s.Coverage = append(s.Coverage, d.unit(n, p)) })})
}

func (d *decoder) treeRoot(r *Root) visit {
	return func(n *jsontree.Node, p *path) {
		d.object(n, p, "an object, the root of the tree",
			field{"id", d.text(&r.ID)},
			field{"policyTypes", d.array(func(n *jsontree.Node, p *path) {
				var k policy.Kind
				d.kind(&k)(n, p)
				r.PolicyTypes = append(r.PolicyTypes, k)
			})},
			field{"attached", d.texts(&r.Attached)},
			field{"ous", d.ous(&r.OUs)},
			field{"accounts", d.texts(&r.Accounts)})
	}
}

func (d *decoder) ous(list *[]OU) visit {
	return d.array(func(n *jsontree.Node, p *path) {
		var u OU
		d.object(n, p, "an object, an OU",
			field{"id", d.text(&u.ID)},
			field{"name", d.text(&u.Name)},
			field{"attached", d.texts(&u.Attached)},
			field{"ous", d.ous(&u.OUs)},
			field{"accounts", d.texts(&u.Accounts)})
		*list = append(*list, u)
	})
}

// accountOrFile reads an account, or the path of its file.
func (d *decoder) accountOrFile(n *jsontree.Node, p *path) Account {
	d.accounts = append(d.accounts, nil)
	if n.Kind != jsontree.String {
		return d.account(n, p)
	}
	name, ok := d.name(n, p)
	if !ok {
		return Account{}
	}
	if d.files[name] {
		d.fail(n.Start, p, "%q is listed twice; keep one", clip(name))
		return Account{}
	}
	d.files[name] = true
	src, ok := d.readFile(name, n, p)
	if !ok {
		return Account{}
	}
	s := &source{file: name, src: src}
	if err := s.parse(); err != nil {
		d.incomplete = true
		d.errs = append(d.errs, err)
		return Account{}
	}
	d.accounts[len(d.accounts)-1] = s
	in := &decoder{reader: d.reader, source: s}
	a := in.account(s.root, nil)
	in.checkFileName(a.ID)
	return a
}

// checkFileName reports an account that stands in the file of another.
func (d *decoder) checkFileName(id string) {
	base := strings.TrimSuffix(gopath.Base(d.file), ".json")
	if !policy.IsAccountID(base) || base == id {
		return
	}
	at := d.root.Start
	if n, ok := d.root.Member("id"); ok {
		at = n.Start
	}
	d.fail(at, (*path)(nil).member("id"), "is %q, but the file is that of account %s; want the same account in both", clip(id), base)
}

func (d *decoder) account(n *jsontree.Node, p *path) (a Account) {
	what := "an object, an account"
	if p != nil {
		what = "an account, or the path of its file"
	}
	d.object(n, p, what,
		field{"id", d.text(&a.ID)},
		field{"name", d.text(&a.Name)},
		field{"canonicalId", d.text(&a.CanonicalID)},
		field{"attached", d.texts(&a.Attached)},
		field{"users", d.users(&a.Users)},
		field{"groups", d.groups(&a.Groups)},
		field{"roles", d.roles(&a.Roles)},
		field{"policies", d.managedPolicies(&a.Policies)},
		field{"resources", d.resources(&a.Resources)},
		field{"endpoints", d.endpoints(&a.Endpoints)},
		field{"tags", d.tags(&a.Tags)},
		field{"blockPublicAccess", d.boolean(&a.BlockPublicAccess)},
		field{"email", d.text(&a.Email)},
		field{"state", d.text(&a.State)},
		field{"rootUser", d.credentials(&a.RootUser)},
		field{"passwordPolicy", d.passwordPolicy(&a.PasswordPolicy)},
		field{"providers", eachKnown(d, &a.Providers, d.provider)})
	return a
}

func (d *decoder) users(list *[]User) visit {
	return d.array(func(n *jsontree.Node, p *path) { *list = append(*list, d.user(n, p)) })
}

func (d *decoder) user(n *jsontree.Node, p *path) (u User) {
	d.object(n, p, "an object, a user",
		field{"arn", d.arn(&u.ARN)},
		field{"id", d.text(&u.ID)},
		field{"groups", d.texts(&u.Groups)},
		field{"attached", d.arns(&u.Attached)},
		field{"inline", d.inline(&u.Inline)},
		field{"boundary", d.arn(&u.Boundary)},
		field{"tags", d.tags(&u.Tags)},
		field{"created", d.time(&u.Created)},
		field{"credentials", d.credentials(&u.Credentials)})
	return u
}

func (d *decoder) groups(list *[]Group) visit {
	return d.array(func(n *jsontree.Node, p *path) { *list = append(*list, d.group(n, p)) })
}

func (d *decoder) group(n *jsontree.Node, p *path) (g Group) {
	d.object(n, p, "an object, a group",
		field{"arn", d.arn(&g.ARN)},
		field{"attached", d.arns(&g.Attached)},
		field{"inline", d.inline(&g.Inline)})
	return g
}

func (d *decoder) roles(list *[]Role) visit {
	return d.array(func(n *jsontree.Node, p *path) { *list = append(*list, d.role(n, p)) })
}

func (d *decoder) role(n *jsontree.Node, p *path) (r Role) {
	d.object(n, p, "an object, a role",
		field{"arn", d.arn(&r.ARN)},
		field{"id", d.text(&r.ID)},
		field{"trust", d.document(&r.Trust)},
		field{"attached", d.arns(&r.Attached)},
		field{"inline", d.inline(&r.Inline)},
		field{"boundary", d.arn(&r.Boundary)},
		field{"tags", d.tags(&r.Tags)},
		field{"created", d.time(&r.Created)},
		field{"maxSession", d.duration(&r.MaxSession)},
		field{"used", d.usage(&r.Used)})
	return r
}

func (d *decoder) inline(list *[]InlinePolicy) visit {
	return d.array(func(n *jsontree.Node, p *path) {
		var i InlinePolicy
		d.object(n, p, "an object, an inline policy",
			field{"name", d.text(&i.Name)},
			field{"document", d.document(&i.Document)})
		*list = append(*list, i)
	})
}

func (d *decoder) managedPolicies(list *[]ManagedPolicy) visit {
	return d.array(func(n *jsontree.Node, p *path) { *list = append(*list, d.managedPolicy(n, p)) })
}

func (d *decoder) managedPolicy(n *jsontree.Node, p *path) (m ManagedPolicy) {
	d.object(n, p, "an object, a managed policy",
		field{"arn", d.arn(&m.ARN)},
		field{"document", d.document(&m.Document)})
	return m
}

func (d *decoder) resources(list *[]Resource) visit {
	return d.array(func(n *jsontree.Node, p *path) { *list = append(*list, d.resource(n, p)) })
}

func (d *decoder) resource(n *jsontree.Node, p *path) (r Resource) {
	d.object(n, p, "an object, a resource",
		field{"arn", d.arn(&r.ARN)},
		field{"policy", d.document(&r.Policy)},
		field{"tags", d.tags(&r.Tags)},
		field{"owner", d.text(&r.Owner)},
		field{"blockPublicAccess", d.boolean(&r.BlockPublicAccess)},
		field{"abac", d.boolean(&r.ABAC)},
		field{"awsManaged", d.boolean(&r.AWSManaged)})
	return r
}

func (d *decoder) endpoints(list *[]Endpoint) visit {
	return d.array(func(n *jsontree.Node, p *path) { *list = append(*list, d.endpoint(n, p)) })
}

func (d *decoder) endpoint(n *jsontree.Node, p *path) (e Endpoint) {
	d.object(n, p, "an object, a VPC endpoint",
		field{"id", d.text(&e.ID)},
		field{"vpc", d.text(&e.VPC)},
		field{"service", d.text(&e.Service)},
		field{"gateway", d.boolean(&e.Gateway)},
		field{"policy", d.document(&e.Policy)})
	return e
}

func (d *decoder) controlPolicy(n *jsontree.Node, p *path) (c ControlPolicy) {
	d.object(n, p, "an object, a control policy",
		field{"id", d.text(&c.ID)},
		field{"name", d.text(&c.Name)},
		field{"kind", d.kind(&c.Kind)},
		field{"document", d.document(&c.Document)})
	return c
}

func (d *decoder) gap(n *jsontree.Node, p *path) (g Gap) {
	d.object(n, p, "an object, a gap",
		field{"subject", d.text(&g.Subject)},
		field{"what", d.text(&g.What)},
		field{"reason", d.text(&g.Reason)})
	return g
}
