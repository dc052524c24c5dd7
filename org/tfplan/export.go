package tfplan

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// Models are what [Export] writes.
type Models struct {
	Organization *org.Organization
	Instance     *identitycenter.Instance // nil: not known
	Trails       []cloudtrail.Trail       // nil: not known; empty but not nil: none
}

// Export writes what guards an organization as Terraform's HCL, fit for the AWS provider: OUs,
// SCPs and RCPs with what they are attached to, the managed policies that are permissions
// boundaries, the permission sets of IAM Identity Center with their policies, assignments and
// attributes, and the organization's trails. The same models give the same bytes.
//
// The root, accounts, users and groups stand in it by their IDs: they are not made by it.
// AWS attaches FullAWSAccess and RCPFullAWSAccess to everything by itself, so that they are
// left out; where one of them is detached, a comment says so, as Terraform cannot. A
// boundary of a member account has the provider aws.account_ID, which is to be configured.
//
// What is not known of these, as [Models.Unknown] lists it, stands in comments at the beginning.
// The error joins what cannot be written at all: a policy of which the document is not known, an OU without a name.
func Export(w io.Writer, m Models) error {
	x := &exporter{file: hclwrite.NewEmptyFile(), o: m.Organization, spec: m.Organization.Spec(), names: map[string]bool{}, addresses: map[string]string{}}
	x.unknown(m)
	x.tree()
	x.controlPolicies()
	x.boundaries(m.Instance)
	if m.Instance != nil {
		x.center(m.Instance.Spec())
	}
	x.trails(m.Trails)
	if len(x.errs) > 0 {
		return joined(x.errs)
	}
	_, err := x.file.WriteTo(w)
	return err
}

type exporter struct {
	file      *hclwrite.File
	o         *org.Organization
	spec      org.Spec
	names     map[string]bool
	addresses map[string]string // by ID or ARN, of resources that are written
	errs      []error
}

func (x *exporter) fail(format string, args ...any) {
	x.errs = append(x.errs, fmt.Errorf("export: "+format, args...))
}

// resource begins a resource with a name that is made of text, and returns its body and
// its address.
func (x *exporter) resource(typ, text string) (*hclwrite.Body, string) {
	name := identifier(text)
	for n := 2; x.names[typ+"."+name]; n++ {
		name = fmt.Sprintf("%s_%d", identifier(text), n)
	}
	x.names[typ+"."+name] = true
	body := x.file.Body()
	if len(body.Blocks()) > 0 {
		body.AppendNewline()
	}
	return body.AppendNewBlock("resource", []string{typ, name}).Body(), typ + "." + name
}

// identifier makes a name of Terraform's out of any text.
func identifier(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	s := strings.Trim(b.String(), "_-")
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = "_" + s
	}
	return s
}

func (x *exporter) text(b *hclwrite.Body, name, value string) {
	b.SetAttributeValue(name, cty.StringVal(value))
}

// link sets an attribute to an attribute of a resource that is written, or to the ID itself.
func (x *exporter) link(b *hclwrite.Body, name, id, attr string) {
	address, ok := x.addresses[id]
	if !ok {
		x.text(b, name, id)
		return
	}
	b.SetAttributeRaw(name, hclwrite.TokensForIdentifier(address+"."+attr))
}

// document sets an attribute to jsonencode of a policy document.
func (x *exporter) document(b *hclwrite.Body, name, of string, d *policy.Document) {
	if d == nil {
		x.fail("the document of %s is not known", of)
		return
	}
	src := d.Source()
	t, err := ctyjson.ImpliedType(src)
	if err != nil {
		x.fail("%s: %w", of, err)
		return
	}
	v, err := ctyjson.Unmarshal(src, t)
	if err != nil {
		x.fail("%s: %w", of, err)
		return
	}
	b.SetAttributeRaw(name, hclwrite.TokensForFunctionCall("jsonencode", hclwrite.TokensForValue(v)))
}

func (x *exporter) tags(b *hclwrite.Body, tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	m := map[string]cty.Value{}
	for k, v := range tags {
		m[k] = cty.StringVal(v)
	}
	b.SetAttributeValue("tags", cty.ObjectVal(m))
}

func (x *exporter) comment(format string, args ...any) {
	body := x.file.Body()
	if len(body.Blocks()) > 0 {
		body.AppendNewline()
	}
	line := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...))
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: commentToken, Bytes: []byte("# " + line + "\n")}})
}

// unknown says at the beginning what is not known.
func (x *exporter) unknown(m Models) {
	list := m.Unknown()
	if m.Instance == nil {
		list = append(list, "IAM Identity Center")
	}
	if m.Trails == nil {
		list = append(list, "trails")
	}
	for _, what := range list {
		x.comment("Not known, and so not here: %s", what)
	}
	if len(list) > 0 {
		x.file.Body().AppendNewline()
	}
}

func (x *exporter) tree() {
	var below func(parent string, ous []org.OU)
	below = func(parent string, ous []org.OU) {
		for i := range ous {
			u := &ous[i]
			if u.Name == "" {
				x.fail("the name of OU %s is not known", u.ID)
				continue
			}
			b, address := x.resource("aws_organizations_organizational_unit", u.Name)
			x.text(b, "name", u.Name)
			x.link(b, "parent_id", parent, "id")
			x.addresses[u.ID] = address
			below(u.ID, u.OUs)
		}
	}
	below(x.spec.Root.ID, x.spec.Root.OUs)
}

var policyTypeNames = map[policy.Kind]string{
	policy.ServiceControl: "SERVICE_CONTROL_POLICY", policy.ResourceControl: "RESOURCE_CONTROL_POLICY",
}

func (x *exporter) controlPolicies() {
	for _, p := range x.spec.ControlPolicies {
		if p.ID == org.FullAWSAccess || p.ID == org.RCPFullAWSAccess {
			continue
		}
		name := cmp.Or(p.Name, p.ID)
		b, address := x.resource("aws_organizations_policy", name)
		x.text(b, "name", name)
		x.text(b, "type", policyTypeNames[p.Kind])
		x.document(b, "content", "control policy "+p.ID, p.Document)
		x.addresses[p.ID] = address
	}
	x.attachments(x.spec.Root.ID, "root", x.spec.Root.Attached)
	var below func(ous []org.OU)
	below = func(ous []org.OU) {
		for i := range ous {
			x.attachments(ous[i].ID, ous[i].Name, ous[i].Attached)
			below(ous[i].OUs)
		}
	}
	below(x.spec.Root.OUs)
	for i := range x.spec.Accounts {
		a := &x.spec.Accounts[i]
		x.attachments(a.ID, cmp.Or(a.Name, a.ID), a.Attached)
	}
}

func (x *exporter) attachments(target, name string, attached []string) {
	for _, k := range x.spec.Root.PolicyTypes {
		full := org.FullAWSAccess
		if k == policy.ResourceControl {
			full = org.RCPFullAWSAccess
		}
		if target != "" && !slices.Contains(attached, full) {
			x.comment("%s is not attached to %s (%s): detach it, which Terraform cannot.", full, target, name)
		}
	}
	for _, id := range attached {
		if id == org.FullAWSAccess || id == org.RCPFullAWSAccess {
			continue
		}
		p, _ := x.o.ControlPolicy(id)
		b, _ := x.resource("aws_organizations_policy_attachment", cmp.Or(p.Name, id)+"_"+name)
		x.link(b, "policy_id", id, "id")
		x.link(b, "target_id", target, "id")
	}
}

// boundaries writes the managed policies that bound users, roles or permission sets.
func (x *exporter) boundaries(i *identitycenter.Instance) {
	used := boundariesOf(&x.spec)
	byName := map[identitycenter.PolicyReference]bool{}
	if i != nil {
		for _, p := range i.Spec().PermissionSets {
			byName[p.Boundary.CustomerManaged] = p.Boundary.CustomerManaged.Name != ""
		}
	}
	for n := range x.spec.Accounts {
		a := &x.spec.Accounts[n]
		for _, p := range a.Policies {
			name, path := plainName(p.ARN), iamPath(p.ARN)
			if p.ARN.AccountID() == "aws" || !used[p.ARN] && !byName[identitycenter.PolicyReference{Name: name, Path: path}] {
				continue
			}
			text := name
			if a.ID != x.spec.ManagementAccount {
				text += "_" + a.ID
			}
			b, address := x.resource("aws_iam_policy", text)
			if a.ID != x.spec.ManagementAccount {
				b.SetAttributeRaw("provider", hclwrite.TokensForIdentifier("aws.account_"+a.ID))
			}
			x.text(b, "name", name)
			x.text(b, "path", path)
			x.document(b, "policy", p.ARN.String(), p.Document)
			x.addresses[p.ARN.String()] = address
		}
	}
}

// iamPath is the path in an ARN of IAM.
func iamPath(a policy.ARN) string {
	r := a.Resource()
	return r[strings.IndexByte(r, '/') : strings.LastIndexByte(r, '/')+1]
}
