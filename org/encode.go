package org

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"

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
	json *jsontext.Encoder
	err  error
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
	e := &encoder{snapshot: s, json: jsontext.NewEncoder(&b, jsontext.WithIndent("  "))}
	write(e)
	s.files[name] = b.Bytes()
	return e.err
}

func (e *encoder) token(t jsontext.Token) {
	if e.err == nil {
		e.err = e.json.WriteToken(t)
	}
}

func (e *encoder) name(name string) { e.token(jsontext.String(name)) }

func (e *encoder) object(members func()) {
	e.token(jsontext.BeginObject)
	members()
	e.token(jsontext.EndObject)
}

// list writes an array of n elements, or nothing if it is empty.
func (e *encoder) list(name string, n int, element func(i int)) {
	if n == 0 {
		return
	}
	e.name(name)
	e.token(jsontext.BeginArray)
	for i := range n {
		element(i)
	}
	e.token(jsontext.EndArray)
}

// text writes a member, or nothing if it is empty.
func (e *encoder) text(name, value string) {
	if value != "" {
		e.name(name)
		e.token(jsontext.String(value))
	}
}

func (e *encoder) texts(name string, values []string) {
	e.list(name, len(values), func(i int) { e.token(jsontext.String(values[i])) })
}

func (e *encoder) arns(name string, values []policy.ARN) {
	e.list(name, len(values), func(i int) { e.token(jsontext.String(values[i].String())) })
}

func (e *encoder) flag(name string, value bool) {
	if value {
		e.name(name)
		e.token(jsontext.True)
	}
}

func (e *encoder) tags(tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	e.name("tags")
	e.object(func() {
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			e.name(k)
			e.token(jsontext.String(tags[k]))
		}
	})
}

// document writes a document to its own file, and its path as a member; where there are no
// files, the document itself.
func (e *encoder) document(name string, d *policy.Document, dir ...string) {
	switch {
	case d == nil:
	case e.snapshot == nil:
		e.name(name)
		if e.err == nil {
			e.err = e.json.WriteValue(jsontext.Value(d.Source()))
		}
	default:
		e.text(name, e.put(documentText(d), dir...))
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
	e.object(func() {
		e.text("id", s.ID)
		e.text("managementAccount", s.ManagementAccount)
		if s.Root.ID != "" {
			e.name("root")
			e.root(&s.Root)
		}
		e.list("controlPolicies", len(s.ControlPolicies), func(i int) { e.controlPolicy(s.ControlPolicies[i]) })
		e.list("accounts", len(s.Accounts), func(i int) {
			e.token(jsontext.String(accountFile(s.Accounts[i].ID)))
		})
		e.list("gaps", len(s.Gaps), func(i int) { e.gap(s.Gaps[i]) })
		e.flag("consolidatedBillingOnly", s.ConsolidatedBillingOnly)
		knownList(e, "delegatedAdministrators", s.DelegatedAdministrators, e.delegated)
		knownList(e, "trustedServices", s.TrustedServices, func(name string) { e.token(jsontext.String(name)) })
		e.list("coverage", len(s.Coverage), func(i int) { e.unit(s.Coverage[i]) })
	})
}

func (e *encoder) controlPolicy(p ControlPolicy) {
	e.object(func() {
		e.text("id", p.ID)
		e.text("name", p.Name)
		e.text("kind", p.Kind.String())
		e.document("document", p.Document, controlDir, p.ID)
	})
}

func (e *encoder) gap(g Gap) {
	e.object(func() {
		e.text("subject", g.Subject)
		e.text("what", g.What)
		e.text("reason", g.Reason)
	})
}

func (e *encoder) root(r *Root) {
	e.object(func() {
		e.text("id", r.ID)
		e.list("policyTypes", len(r.PolicyTypes), func(i int) {
			e.token(jsontext.String(r.PolicyTypes[i].String()))
		})
		e.texts("attached", r.Attached)
		e.ous(r.OUs)
		e.texts("accounts", r.Accounts)
	})
}

func (e *encoder) ous(ous []OU) {
	e.list("ous", len(ous), func(i int) { e.ou(&ous[i]) })
}

func (e *encoder) ou(u *OU) {
	e.object(func() {
		e.text("id", u.ID)
		e.text("name", u.Name)
		e.texts("attached", u.Attached)
		e.ous(u.OUs)
		e.texts("accounts", u.Accounts)
	})
}

func (e *encoder) account(a *Account) {
	dir := accountsDir + "/" + a.ID
	e.object(func() {
		e.text("id", a.ID)
		e.text("name", a.Name)
		e.text("canonicalId", a.CanonicalID)
		e.texts("attached", a.Attached)
		e.list("users", len(a.Users), func(i int) { e.user(&a.Users[i], dir+"/users") })
		e.list("groups", len(a.Groups), func(i int) { e.group(&a.Groups[i], dir+"/groups") })
		e.list("roles", len(a.Roles), func(i int) { e.role(&a.Roles[i], dir+"/roles") })
		e.list("policies", len(a.Policies), func(i int) { e.managedPolicy(&a.Policies[i], dir+"/policies") })
		e.list("resources", len(a.Resources), func(i int) { e.resource(&a.Resources[i], dir+"/resources") })
		e.list("endpoints", len(a.Endpoints), func(i int) { e.endpoint(&a.Endpoints[i], dir+"/endpoints") })
		e.tags(a.Tags)
		e.flag("blockPublicAccess", a.BlockPublicAccess)
		e.text("email", a.Email)
		e.text("state", a.State)
		e.credentials("rootUser", a.RootUser)
		e.passwordPolicy("passwordPolicy", a.PasswordPolicy)
		knownList(e, "providers", a.Providers, e.provider)
	})
}

func (e *encoder) inline(list []InlinePolicy, dir, owner string) {
	e.list("inline", len(list), func(i int) {
		e.object(func() {
			e.text("name", list[i].Name)
			e.document("document", list[i].Document, dir, owner, "inline", list[i].Name)
		})
	})
}

func (e *encoder) user(u *User, dir string) {
	e.object(func() {
		e.text("arn", u.ARN.String())
		e.text("id", u.ID)
		e.texts("groups", u.Groups)
		e.arns("attached", u.Attached)
		e.inline(u.Inline, dir, lastSegment(u.ARN.Resource()))
		e.text("boundary", u.Boundary.String())
		e.tags(u.Tags)
		e.time("created", u.Created)
		e.credentials("credentials", u.Credentials)
	})
}

func (e *encoder) group(g *Group, dir string) {
	e.object(func() {
		e.text("arn", g.ARN.String())
		e.arns("attached", g.Attached)
		e.inline(g.Inline, dir, lastSegment(g.ARN.Resource()))
	})
}

func (e *encoder) role(r *Role, dir string) {
	name := lastSegment(r.ARN.Resource())
	e.object(func() {
		e.text("arn", r.ARN.String())
		e.text("id", r.ID)
		e.document("trust", r.Trust, dir, name, "trust")
		e.arns("attached", r.Attached)
		e.inline(r.Inline, dir, name)
		e.text("boundary", r.Boundary.String())
		e.tags(r.Tags)
		e.time("created", r.Created)
		e.integer("maxSession", int(r.MaxSession/time.Second))
		e.usage("used", r.Used)
	})
}

// managedPolicy writes a policy that AWS manages to a file that all accounts share.
func (e *encoder) managedPolicy(m *ManagedPolicy, dir string) {
	if isAWSManaged(m.ARN) {
		dir = managedDir
	}
	e.object(func() {
		e.text("arn", m.ARN.String())
		e.document("document", m.Document, dir, lastSegment(m.ARN.Resource()))
	})
}

func (e *encoder) resource(r *Resource, dir string) {
	name := strings.Trim(r.ARN.Region()+":"+r.ARN.Resource(), ":")
	e.object(func() {
		e.text("arn", r.ARN.String())
		e.document("policy", r.Policy, dir, r.ARN.Service(), name)
		e.tags(r.Tags)
		e.text("owner", r.Owner)
		e.flag("blockPublicAccess", r.BlockPublicAccess)
		e.flag("abac", r.ABAC)
		e.flag("awsManaged", r.AWSManaged)
	})
}

func (e *encoder) endpoint(p *Endpoint, dir string) {
	e.object(func() {
		e.text("id", p.ID)
		e.text("vpc", p.VPC)
		e.text("service", p.Service)
		e.flag("gateway", p.Gateway)
		e.document("policy", p.Policy, dir, p.ID)
	})
}
