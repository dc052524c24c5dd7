package tfplan

import (
	"cmp"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/licit-dev/licit/identitycenter"
)

const commentToken = hclsyntax.TokenComment

func (x *exporter) center(s identitycenter.Spec) {
	instance := s.ARN.String()
	names := map[string]string{}
	for n := range s.PermissionSets {
		p := &s.PermissionSets[n]
		names[p.ARN.String()] = p.Name
		b, address := x.resource("aws_ssoadmin_permission_set", p.Name)
		x.text(b, "name", p.Name)
		x.text(b, "instance_arn", instance)
		if p.Description != "" {
			x.text(b, "description", p.Description)
		}
		x.text(b, "session_duration", identitycenter.FormatSessionDuration(p.SessionDuration))
		if p.RelayState != "" {
			x.text(b, "relay_state", p.RelayState)
		}
		x.tags(b, p.Tags)
		x.addresses[p.ARN.String()] = address
		x.policies(instance, p)
	}
	for _, a := range s.Assignments {
		who, kind := a.User, "USER"
		if a.Group != "" {
			who, kind = a.Group, "GROUP"
		}
		b, _ := x.resource("aws_ssoadmin_account_assignment", cmp.Or(names[a.PermissionSet.String()], "set")+"_"+a.Account+"_"+x.person(s, a))
		x.text(b, "instance_arn", instance)
		x.link(b, "permission_set_arn", a.PermissionSet.String(), "arn")
		x.text(b, "principal_id", who)
		x.text(b, "principal_type", kind)
		x.text(b, "target_id", a.Account)
		x.text(b, "target_type", "AWS_ACCOUNT")
	}
	if len(s.Attributes) == 0 {
		return
	}
	b, _ := x.resource("aws_ssoadmin_instance_access_control_attributes", "this")
	x.text(b, "instance_arn", instance)
	for _, a := range s.Attributes {
		attribute := b.AppendNewBlock("attribute", nil).Body()
		x.text(attribute, "key", a.Key)
		var list []cty.Value
		for _, source := range a.Source {
			list = append(list, cty.StringVal(source))
		}
		attribute.AppendNewBlock("value", nil).Body().SetAttributeValue("source", cty.TupleVal(list))
	}
}

// person is the name of who has an assignment, as far as it is known.
func (x *exporter) person(s identitycenter.Spec, a identitycenter.Assignment) string {
	for _, g := range s.Groups {
		if g.ID == a.Group {
			return g.Name
		}
	}
	for _, u := range s.Users {
		if u.ID == a.User {
			return u.Name
		}
	}
	return cmp.Or(a.Group, a.User)
}

func (x *exporter) policies(instance string, p *identitycenter.PermissionSet) {
	begin := func(typ, name string) *hclwrite.Body {
		b, _ := x.resource(typ, name)
		x.text(b, "instance_arn", instance)
		x.link(b, "permission_set_arn", p.ARN.String(), "arn")
		return b
	}
	reference := func(b *hclwrite.Body, r identitycenter.PolicyReference) {
		in := b.AppendNewBlock("customer_managed_policy_reference", nil).Body()
		x.text(in, "name", r.Name)
		x.text(in, "path", r.Path)
	}
	for _, a := range p.Managed {
		b := begin("aws_ssoadmin_managed_policy_attachment", p.Name+"_"+plainName(a))
		x.text(b, "managed_policy_arn", a.String())
	}
	for _, r := range p.CustomerManaged {
		reference(begin("aws_ssoadmin_customer_managed_policy_attachment", p.Name+"_"+r.Name), r)
	}
	if p.Inline != nil {
		x.document(begin("aws_ssoadmin_permission_set_inline_policy", p.Name), "inline_policy", "permission set "+p.Name, p.Inline)
	}
	if p.Boundary != (identitycenter.Boundary{}) {
		b := begin("aws_ssoadmin_permissions_boundary_attachment", p.Name).AppendNewBlock("permissions_boundary", nil).Body()
		if p.Boundary.Managed.IsValid() {
			x.text(b, "managed_policy_arn", p.Boundary.Managed.String())
		} else {
			reference(b, p.Boundary.CustomerManaged)
		}
	}
}
