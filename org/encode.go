package org

import (
	"bytes"
	"strings"
	"time"

	"github.com/licit-dev/licit/internal/form"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/policy"
)

// A snapshot is the files of an organization, by path.
type snapshot struct {
	files map[string][]byte
	taken map[string]string // path in lower case → path, for file systems that ignore case
}

// An encoder writes one JSON file of a snapshot.
type encoder struct {
	*snapshot
	*form.Encoder
}

// snapshotOf renders o. The files are the same for the same organization.
func snapshotOf(o *Organization) (*snapshot, error) {
	s := &snapshot{files: make(map[string][]byte), taken: make(map[string]string)}
	for i := range o.spec.Accounts {
		a := &o.spec.Accounts[i]
		if err := s.file(accountFile(a.ID), func(e *encoder) { e.account(a) }); err != nil {
			return nil, err
		}
	}
	return s, s.file(mainFile, func(e *encoder) { e.spec(&o.spec) })
}

func accountFile(id string) string { return accountsDir + "/" + id + ".json" }

func (s *snapshot) file(name string, write func(e *encoder)) error {
	var b bytes.Buffer
	e := &encoder{snapshot: s, Encoder: &form.Encoder{JSON: jsontext.NewEncoder(&b, jsontext.WithIndent("  "))}}
	write(e)
	s.files[name] = b.Bytes()
	return e.Err
}

// document writes a document to its own file, and its path as a member; where there are no
// files, the document itself.
func (e *encoder) document(name string, d *policy.Document, dir ...string) {
	switch {
	case d == nil:
	case e.snapshot == nil:
		e.Name(name)
		if e.Err == nil {
			e.Err = e.JSON.WriteValue(jsontext.Value(d.Source()))
		}
	default:
		e.Text(name, e.put(documentText(d), dir...))
	}
}

// documentText is the document as it was written, if that is readable.
func documentText(d *policy.Document) []byte {
	src := d.Source()
	if bytes.ContainsRune(bytes.TrimSpace(src), '\n') {
		return src
	}
	return append(bytes.TrimSpace(d.Indent()), '\n')
}

func (e *encoder) spec(s *Spec) {
	e.Object(func() {
		e.Text("id", s.ID)
		e.Text("managementAccount", s.ManagementAccount)
		if s.Root.ID != "" {
			e.Name("root")
			e.root(&s.Root)
		}
		e.List("controlPolicies", len(s.ControlPolicies), func(i int) { e.controlPolicy(s.ControlPolicies[i]) })
		e.List("accounts", len(s.Accounts), func(i int) {
			e.Token(jsontext.String(accountFile(s.Accounts[i].ID)))
		})
		e.List("gaps", len(s.Gaps), func(i int) { e.gap(s.Gaps[i]) })
		e.Flag("consolidatedBillingOnly", s.ConsolidatedBillingOnly)
		form.KnownList(e.Encoder, "delegatedAdministrators", s.DelegatedAdministrators, e.delegated)
		form.KnownList(e.Encoder, "trustedServices", s.TrustedServices, func(name string) { e.Token(jsontext.String(name)) })
		e.List("coverage", len(s.Coverage), func(i int) { e.unit(s.Coverage[i]) })
	})
}

func (e *encoder) controlPolicy(p ControlPolicy) {
	e.Object(func() {
		e.Text("id", p.ID)
		e.Text("name", p.Name)
		e.Text("kind", p.Kind.String())
		e.document("document", p.Document, controlDir, p.ID)
	})
}

func (e *encoder) gap(g Gap) {
	e.Object(func() {
		e.Text("subject", g.Subject)
		e.Text("what", g.What)
		e.Text("reason", g.Reason)
	})
}

func (e *encoder) root(r *Root) {
	e.Object(func() {
		e.Text("id", r.ID)
		e.List("policyTypes", len(r.PolicyTypes), func(i int) {
			e.Token(jsontext.String(r.PolicyTypes[i].String()))
		})
		e.Texts("attached", r.Attached)
		e.ous(r.OUs)
		e.Texts("accounts", r.Accounts)
	})
}

func (e *encoder) ous(ous []OU) {
	e.List("ous", len(ous), func(i int) { e.ou(&ous[i]) })
}

func (e *encoder) ou(u *OU) {
	e.Object(func() {
		e.Text("id", u.ID)
		e.Text("name", u.Name)
		e.Texts("attached", u.Attached)
		e.ous(u.OUs)
		e.Texts("accounts", u.Accounts)
	})
}

func (e *encoder) account(a *Account) {
	dir := accountsDir + "/" + a.ID
	e.Object(func() {
		e.Text("id", a.ID)
		e.Text("name", a.Name)
		e.Text("canonicalId", a.CanonicalID)
		e.Texts("attached", a.Attached)
		e.List("users", len(a.Users), func(i int) { e.user(&a.Users[i], dir+"/users") })
		e.List("groups", len(a.Groups), func(i int) { e.group(&a.Groups[i], dir+"/groups") })
		e.List("roles", len(a.Roles), func(i int) { e.role(&a.Roles[i], dir+"/roles") })
		e.List("policies", len(a.Policies), func(i int) { e.managedPolicy(&a.Policies[i], dir+"/policies") })
		e.List("resources", len(a.Resources), func(i int) { e.resource(&a.Resources[i], dir+"/resources") })
		e.List("endpoints", len(a.Endpoints), func(i int) { e.endpoint(&a.Endpoints[i], dir+"/endpoints") })
		e.Tags(a.Tags)
		e.Flag("blockPublicAccess", a.BlockPublicAccess)
		e.Text("email", a.Email)
		e.Text("state", a.State)
		e.credentials("rootUser", a.RootUser)
		e.passwordPolicy("passwordPolicy", a.PasswordPolicy)
		form.KnownList(e.Encoder, "providers", a.Providers, e.provider)
		form.KnownList(e.Encoder, "findings", a.Findings, e.finding)
	})
}

func (e *encoder) inline(list []InlinePolicy, dir, owner string) {
	e.List("inline", len(list), func(i int) {
		e.Object(func() {
			e.Text("name", list[i].Name)
			e.document("document", list[i].Document, dir, owner, "inline", list[i].Name)
		})
	})
}

func (e *encoder) user(u *User, dir string) {
	e.Object(func() {
		e.Text("arn", u.ARN.String())
		e.Text("id", u.ID)
		e.Texts("groups", u.Groups)
		e.ARNs("attached", u.Attached)
		e.inline(u.Inline, dir, lastSegment(u.ARN.Resource()))
		e.Text("boundary", u.Boundary.String())
		e.Tags(u.Tags)
		e.Time("created", u.Created)
		e.credentials("credentials", u.Credentials)
		e.accessReport("accessed", u.Accessed)
	})
}

func (e *encoder) group(g *Group, dir string) {
	e.Object(func() {
		e.Text("arn", g.ARN.String())
		e.ARNs("attached", g.Attached)
		e.inline(g.Inline, dir, lastSegment(g.ARN.Resource()))
		e.accessReport("accessed", g.Accessed)
	})
}

func (e *encoder) role(r *Role, dir string) {
	name := lastSegment(r.ARN.Resource())
	e.Object(func() {
		e.Text("arn", r.ARN.String())
		e.Text("id", r.ID)
		e.document("trust", r.Trust, dir, name, "trust")
		e.ARNs("attached", r.Attached)
		e.inline(r.Inline, dir, name)
		e.Text("boundary", r.Boundary.String())
		e.Tags(r.Tags)
		e.Time("created", r.Created)
		e.Integer("maxSession", int(r.MaxSession/time.Second))
		e.usage("used", r.Used)
		e.accessReport("accessed", r.Accessed)
	})
}

// managedPolicy writes a policy that AWS manages to a file that all accounts share.
func (e *encoder) managedPolicy(m *ManagedPolicy, dir string) {
	if isAWSManaged(m.ARN) {
		dir = managedDir
	}
	e.Object(func() {
		e.Text("arn", m.ARN.String())
		e.document("document", m.Document, dir, lastSegment(m.ARN.Resource()))
	})
}

func (e *encoder) resource(r *Resource, dir string) {
	name := strings.Trim(r.ARN.Region()+":"+r.ARN.Resource(), ":")
	e.Object(func() {
		e.Text("arn", r.ARN.String())
		e.document("policy", r.Policy, dir, r.ARN.Service(), name)
		e.Tags(r.Tags)
		e.Text("owner", r.Owner)
		e.Flag("blockPublicAccess", r.BlockPublicAccess)
		e.Flag("abac", r.ABAC)
		e.Flag("awsManaged", r.AWSManaged)
	})
}

func (e *encoder) endpoint(p *Endpoint, dir string) {
	e.Object(func() {
		e.Text("id", p.ID)
		e.Text("vpc", p.VPC)
		e.Text("service", p.Service)
		e.Flag("gateway", p.Gateway)
		e.document("policy", p.Policy, dir, p.ID)
	})
}
