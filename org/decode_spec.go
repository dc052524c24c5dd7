package org

import (
	gopath "path"
	"strings"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

func (d *decoder) spec(s *Spec) {
	d.Object(d.Root, nil, "an object, the organization",
		form.Member("id", d.Text(&s.ID)),
		form.Member("managementAccount", d.Text(&s.ManagementAccount)),
		form.Member("root", d.treeRoot(&s.Root)),
		form.Member("controlPolicies", d.Array(func(n *jsontree.Node, p *form.Path) {
			s.ControlPolicies = append(s.ControlPolicies, d.controlPolicy(n, p))
		})),
		form.Member("accounts", d.Array(func(n *jsontree.Node, p *form.Path) {
			s.Accounts = append(s.Accounts, d.accountOrFile(n, p))
		})),
		form.Member("gaps", d.Array(func(n *jsontree.Node, p *form.Path) { s.Gaps = append(s.Gaps, d.gap(n, p)) })),
		form.Member("consolidatedBillingOnly", d.Boolean(&s.ConsolidatedBillingOnly)),
		form.Member("delegatedAdministrators", form.Known(d.Decoder, &s.DelegatedAdministrators, d.delegated)),
		form.Member("trustedServices", form.Known(d.Decoder, &s.TrustedServices, func(n *jsontree.Node, p *form.Path) (text string) {
			d.Text(&text)(n, p)
			return text
		})),
		form.Member("coverage", d.Array(func(n *jsontree.Node, p *form.Path) { s.Coverage = append(s.Coverage, d.unit(n, p)) })))
}

func (d *decoder) treeRoot(r *Root) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		d.Object(n, p, "an object, the root of the tree",
			form.Member("id", d.Text(&r.ID)),
			form.Member("policyTypes", d.Array(func(n *jsontree.Node, p *form.Path) {
				var k policy.Kind
				d.kind(&k)(n, p)
				r.PolicyTypes = append(r.PolicyTypes, k)
			})),
			form.Member("attached", d.Texts(&r.Attached)),
			form.Member("ous", d.ous(&r.OUs)),
			form.Member("accounts", d.Texts(&r.Accounts)))
	}
}

func (d *decoder) ous(list *[]OU) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) {
		var u OU
		d.Object(n, p, "an object, an OU",
			form.Member("id", d.Text(&u.ID)),
			form.Member("name", d.Text(&u.Name)),
			form.Member("attached", d.Texts(&u.Attached)),
			form.Member("ous", d.ous(&u.OUs)),
			form.Member("accounts", d.Texts(&u.Accounts)))
		*list = append(*list, u)
	})
}

// accountOrFile reads an account, or the path of its file.
func (d *decoder) accountOrFile(n *jsontree.Node, p *form.Path) Account {
	d.accounts = append(d.accounts, nil)
	if n.Kind != jsontree.String {
		return d.account(n, p)
	}
	name, ok := d.name(n, p)
	if !ok {
		return Account{}
	}
	if d.files[name] {
		d.Fail(n.Start, p, "%q is listed twice; keep one", form.Clip(name))
		return Account{}
	}
	d.files[name] = true
	src, ok := d.readFile(name, n, p)
	if !ok {
		return Account{}
	}
	s := &form.Source{File: name, Src: src}
	if problem := s.Parse(); problem != nil {
		d.Report(problem)
		return Account{}
	}
	d.accounts[len(d.accounts)-1] = s
	in := d.decoder(s)
	a := in.account(s.Root, nil)
	in.checkFileName(a.ID)
	return a
}

// checkFileName reports an account that stands in the file of another.
func (d *decoder) checkFileName(id string) {
	base := strings.TrimSuffix(gopath.Base(d.File), ".json")
	if !policy.IsAccountID(base) || base == id {
		return
	}
	at := d.Root.Start
	if n, ok := d.Root.Member("id"); ok {
		at = n.Start
	}
	d.Fail(at, (*form.Path)(nil).Member("id"), "is %q, but the file is that of account %s; want the same account in both", form.Clip(id), base)
}

func (d *decoder) account(n *jsontree.Node, p *form.Path) (a Account) {
	what := "an object, an account"
	if p != nil {
		what = "an account, or the path of its file"
	}
	d.Object(n, p, what,
		form.Member("id", d.Text(&a.ID)),
		form.Member("name", d.Text(&a.Name)),
		form.Member("canonicalId", d.Text(&a.CanonicalID)),
		form.Member("attached", d.Texts(&a.Attached)),
		form.Member("users", d.users(&a.Users)),
		form.Member("groups", d.groups(&a.Groups)),
		form.Member("roles", d.roles(&a.Roles)),
		form.Member("policies", d.managedPolicies(&a.Policies)),
		form.Member("resources", d.resources(&a.Resources)),
		form.Member("endpoints", d.endpoints(&a.Endpoints)),
		form.Member("tags", d.Tags(&a.Tags)),
		form.Member("blockPublicAccess", d.Boolean(&a.BlockPublicAccess)),
		form.Member("email", d.Text(&a.Email)),
		form.Member("state", d.Text(&a.State)),
		form.Member("rootUser", d.credentials(&a.RootUser)),
		form.Member("passwordPolicy", d.passwordPolicy(&a.PasswordPolicy)),
		form.Member("providers", form.Known(d.Decoder, &a.Providers, d.provider)),
		form.Member("findings", form.Known(d.Decoder, &a.Findings, d.finding)))
	return a
}

func (d *decoder) users(list *[]User) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) { *list = append(*list, d.user(n, p)) })
}

func (d *decoder) user(n *jsontree.Node, p *form.Path) (u User) {
	d.Object(n, p, "an object, a user",
		form.Member("arn", d.ARN(&u.ARN)),
		form.Member("id", d.Text(&u.ID)),
		form.Member("groups", d.Texts(&u.Groups)),
		form.Member("attached", d.ARNs(&u.Attached)),
		form.Member("inline", d.inline(&u.Inline)),
		form.Member("boundary", d.ARN(&u.Boundary)),
		form.Member("tags", d.Tags(&u.Tags)),
		form.Member("created", d.Time(&u.Created)),
		form.Member("credentials", d.credentials(&u.Credentials)),
		form.Member("accessed", d.accessReport(&u.Accessed)))
	return u
}

func (d *decoder) groups(list *[]Group) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) { *list = append(*list, d.group(n, p)) })
}

func (d *decoder) group(n *jsontree.Node, p *form.Path) (g Group) {
	d.Object(n, p, "an object, a group",
		form.Member("arn", d.ARN(&g.ARN)),
		form.Member("attached", d.ARNs(&g.Attached)),
		form.Member("inline", d.inline(&g.Inline)),
		form.Member("accessed", d.accessReport(&g.Accessed)))
	return g
}

func (d *decoder) roles(list *[]Role) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) { *list = append(*list, d.role(n, p)) })
}

func (d *decoder) role(n *jsontree.Node, p *form.Path) (r Role) {
	d.Object(n, p, "an object, a role",
		form.Member("arn", d.ARN(&r.ARN)),
		form.Member("id", d.Text(&r.ID)),
		form.Member("trust", d.document(&r.Trust)),
		form.Member("attached", d.ARNs(&r.Attached)),
		form.Member("inline", d.inline(&r.Inline)),
		form.Member("boundary", d.ARN(&r.Boundary)),
		form.Member("tags", d.Tags(&r.Tags)),
		form.Member("created", d.Time(&r.Created)),
		form.Member("maxSession", d.Duration(&r.MaxSession)),
		form.Member("used", d.usage(&r.Used)),
		form.Member("accessed", d.accessReport(&r.Accessed)))
	return r
}

func (d *decoder) inline(list *[]InlinePolicy) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) {
		var i InlinePolicy
		d.Object(n, p, "an object, an inline policy",
			form.Member("name", d.Text(&i.Name)),
			form.Member("document", d.document(&i.Document)))
		*list = append(*list, i)
	})
}

func (d *decoder) managedPolicies(list *[]ManagedPolicy) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) { *list = append(*list, d.managedPolicy(n, p)) })
}

func (d *decoder) managedPolicy(n *jsontree.Node, p *form.Path) (m ManagedPolicy) {
	d.Object(n, p, "an object, a managed policy",
		form.Member("arn", d.ARN(&m.ARN)),
		form.Member("document", d.document(&m.Document)))
	return m
}

func (d *decoder) resources(list *[]Resource) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) { *list = append(*list, d.resource(n, p)) })
}

func (d *decoder) resource(n *jsontree.Node, p *form.Path) (r Resource) {
	d.Object(n, p, "an object, a resource",
		form.Member("arn", d.ARN(&r.ARN)),
		form.Member("policy", d.document(&r.Policy)),
		form.Member("tags", d.Tags(&r.Tags)),
		form.Member("owner", d.Text(&r.Owner)),
		form.Member("blockPublicAccess", d.Boolean(&r.BlockPublicAccess)),
		form.Member("abac", d.Boolean(&r.ABAC)),
		form.Member("awsManaged", d.Boolean(&r.AWSManaged)))
	return r
}

func (d *decoder) endpoints(list *[]Endpoint) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) { *list = append(*list, d.endpoint(n, p)) })
}

func (d *decoder) endpoint(n *jsontree.Node, p *form.Path) (e Endpoint) {
	d.Object(n, p, "an object, a VPC endpoint",
		form.Member("id", d.Text(&e.ID)),
		form.Member("vpc", d.Text(&e.VPC)),
		form.Member("service", d.Text(&e.Service)),
		form.Member("gateway", d.Boolean(&e.Gateway)),
		form.Member("policy", d.document(&e.Policy)))
	return e
}

func (d *decoder) controlPolicy(n *jsontree.Node, p *form.Path) (c ControlPolicy) {
	d.Object(n, p, "an object, a control policy",
		form.Member("id", d.Text(&c.ID)),
		form.Member("name", d.Text(&c.Name)),
		form.Member("kind", d.kind(&c.Kind)),
		form.Member("document", d.document(&c.Document)))
	return c
}

func (d *decoder) gap(n *jsontree.Node, p *form.Path) (g Gap) {
	d.Object(n, p, "an object, a gap",
		form.Member("subject", d.Text(&g.Subject)),
		form.Member("what", d.Text(&g.What)),
		form.Member("reason", d.Text(&g.Reason)))
	return g
}
