package identitycenter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// Names that IAM Identity Center uses in accounts (IAM Identity Center User Guide,
// “Referencing permission sets in resource policies, Amazon EKS Cluster config maps, and AWS
// KMS key policies”).
const (
	rolePath     = "role/aws-reserved/sso.amazonaws.com/"
	roleName     = "AWSReservedSSO_"
	inlineName   = "AwsSSOInlinePolicy"
	providerName = "saml-provider/AWSSSO_"
	// noSuffix stands for the 16 hexadecimal digits that AWS will choose.
	noSuffix = "0000000000000000"
)

// Changes are the changes to the organization that provisioning makes: each permission set
// is an IAM role in each account in which somebody is assigned it, with its managed, customer
// managed and inline policies and its boundary. A role that is there already keeps its ARN
// and is changed only if it differs; one of a permission set that nobody is assigned in the
// account any more is removed. Accounts that the organization knows by a gap only are left
// out.
//
// The names of new roles end in 16 zeros, where AWS will choose 16 hexadecimal digits; so
// does the name of the SAML provider that they trust, unless the account has one. What a
// gap says is not known of a permission set is marked unknown of a new role, and stays as it
// is of one that is there.
//
// The error tells of all assignments in accounts that the organization does not have, of
// permission sets with more than one role in an account, as their names tell, and of a home
// Region that is not known although a new role needs it for its path. A customer
// managed policy that an account lacks makes [org.Organization.Apply] fail, as it makes
// provisioning fail.
func (i *Instance) Changes(o *org.Organization) ([]org.Change, error) {
	var out []org.Change
	var errs []error
	assigned := make(map[string]map[policy.ARN]bool)
	for _, a := range i.spec.Assignments {
		if assigned[a.Account] == nil {
			assigned[a.Account] = make(map[policy.ARN]bool)
		}
		assigned[a.Account][a.PermissionSet] = true
	}
	for id := range assigned {
		if _, ok := o.Account(id); !ok && !isGap(o, id) {
			errs = append(errs, fmt.Errorf("identitycenter: there are assignments in account %s, which the organization does not have", id))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	unknown := make(map[policy.ARN]bool) // managed policies that are marked unknown
	for account := range o.Accounts() {
		for n := range i.spec.PermissionSets {
			p := &i.spec.PermissionSets[n]
			roles := provisioned(&account, p)
			var old org.Role
			there := len(roles) > 0
			if there {
				old = roles[0]
			}
			switch {
			case !assigned[account.ID][p.ARN]:
				if !i.hasGap(GapAssignments, p.ARN.String(), account.ID, i.spec.ARN.String()) {
					for _, r := range roles {
						out = append(out, org.Remove(r.ARN))
					}
				}
				continue
			case len(roles) > 1:
				errs = append(errs, fmt.Errorf("identitycenter: permission set %s has more than one role in account %s, %s and %s; want the one that it is provisioned as", p.Name, account.ID, roles[0].ARN, roles[1].ARN))
				continue
			case !there && i.spec.Region == "" && i.regionOf(o) == "":
				errs = append(errs, fmt.Errorf("identitycenter: permission set %s has no role in account %s yet, and the path of a new one has the home Region of the instance, which is not known", p.Name, account.ID))
				continue
			}
			for _, a := range append(p.Managed[:len(p.Managed):len(p.Managed)], p.Boundary.Managed) {
				if !a.IsValid() || unknown[a] || isKnown(o, a) {
					continue
				}
				unknown[a] = true
				out = append(out, org.MarkUnknown(org.Gap{Subject: a.String(), What: org.GapDocument, Reason: "a managed policy of AWS that is neither in the organization nor embedded"}))
			}
			out = append(out, i.provision(o, &account, p, old, there)...)
		}
	}
	return out, errors.Join(errs...)
}

// provision changes or makes the role of a permission set in an account.
func (i *Instance) provision(o *org.Organization, account *org.Account, p *PermissionSet, old org.Role, there bool) []org.Change {
	r := old
	if !there {
		partition := i.spec.ARN.Partition()
		r = org.Role{ARN: i.roleARN(partition, o, account.ID, p), Trust: trust(partition, account), MaxSession: mostSession}
	}
	var out []org.Change
	policies := i.hasGap(org.GapIdentityPolicies, p.ARN.String())
	if !policies || !there {
		r.Attached = slices.Clone(p.Managed)
		for _, c := range p.CustomerManaged {
			r.Attached = append(r.Attached, c.in(i.spec.ARN.Partition(), account.ID))
		}
		slices.SortFunc(r.Attached, policy.ARN.Compare)
		r.Inline = nil
		if p.Inline != nil {
			r.Inline = []org.InlinePolicy{{Name: inlineName, Document: p.Inline}}
		}
	}
	boundary := i.hasGap(org.GapBoundary, p.ARN.String())
	if !boundary || !there {
		r.Boundary = p.Boundary.Managed
		if p.Boundary.CustomerManaged.Name != "" {
			r.Boundary = p.Boundary.CustomerManaged.in(i.spec.ARN.Partition(), account.ID)
		}
	}
	if !there || !slices.Equal(r.Attached, old.Attached) || r.Boundary != old.Boundary || !slices.EqualFunc(r.Inline, old.Inline, func(a, b org.InlinePolicy) bool {
		return a.Name == b.Name && a.Document.Equal(b.Document)
	}) {
		out = append(out, org.PutRole(r))
	}
	if !there && policies {
		out = append(out, org.MarkUnknown(org.Gap{Subject: r.ARN.String(), What: org.GapIdentityPolicies, Reason: "not known of permission set " + p.Name}))
	}
	if !there && boundary {
		out = append(out, org.MarkUnknown(org.Gap{Subject: r.ARN.String(), What: org.GapBoundary, Reason: "not known of permission set " + p.Name}))
	}
	return out
}

// in is the ARN of the policy in an account.
func (r PolicyReference) in(partition, account string) policy.ARN {
	path := r.Path
	if path == "" {
		path = "/"
	}
	return policy.MustParseARN("arn:" + partition + ":iam::" + account + ":policy" + path + r.Name)
}

// roleARN is the ARN of a new role. The Region is part of the path unless it is us-east-1.
func (i *Instance) roleARN(partition string, o *org.Organization, account string, p *PermissionSet) policy.ARN {
	region := i.spec.Region
	if region == "" {
		region = i.regionOf(o)
	}
	if region == "us-east-1" {
		region = ""
	} else {
		region += "/"
	}
	return policy.MustParseARN("arn:" + partition + ":iam::" + account + ":" + rolePath + region + roleName + p.Name + "_" + noSuffix)
}

// regionOf is the home Region that the paths of roles that are there tell, or "".
func (i *Instance) regionOf(o *org.Organization) string {
	for account := range o.Accounts() {
		for n := range account.Roles {
			rest, ok := strings.CutPrefix(account.Roles[n].ARN.Resource(), rolePath)
			if !ok {
				continue
			}
			region, _, ok := strings.Cut(rest, "/")
			if !ok {
				return "us-east-1"
			}
			return region
		}
	}
	return ""
}

// trust is the trust policy of the roles that IAM Identity Center makes.
func trust(partition string, account *org.Account) *policy.Document {
	provider := "arn:" + partition + ":iam::" + account.ID + ":" + providerName + noSuffix + "_DO_NOT_DELETE"
	for _, p := range account.Providers {
		if strings.HasPrefix(p.ARN.Resource(), providerName) {
			provider = p.ARN.String()
		}
	}
	audience := "https://signin.aws.amazon.com/saml"
	switch partition {
	case "aws-cn":
		audience = "https://signin.amazonaws.cn/saml"
	case "aws-us-gov":
		audience = "https://signin.amazonaws-us-gov.com/saml"
	}
	return policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Principal: policy.PrincipalList(policy.FederatedPrincipal, provider),
		Action:    policy.List("sts:AssumeRoleWithSAML", "sts:TagSession"),
		Condition: policy.When("StringEquals", "SAML:aud", audience),
	}))
}

// provisioned finds the role of a permission set in an account. There are several where one
// is left of a set that was deleted, or of another instance.
func provisioned(account *org.Account, p *PermissionSet) []org.Role {
	var out []org.Role
	for n := range account.Roles {
		if setName(account.Roles[n].ARN) == p.Name {
			out = append(out, account.Roles[n])
		}
	}
	return out
}

// setName is the name of the permission set that a role is of, "" if it is of none.
func setName(role policy.ARN) string {
	if role.Service() != "iam" || !strings.HasPrefix(role.Resource(), rolePath) {
		return ""
	}
	name, ok := strings.CutPrefix(role.Resource()[strings.LastIndexByte(role.Resource(), '/')+1:], roleName)
	n := len(name) - len(noSuffix) - 1
	if !ok || n < 1 || name[n] != '_' || strings.Trim(name[n+1:], "0123456789abcdef") != "" {
		return ""
	}
	return name[:n]
}

// isKnown reports whether a managed policy of AWS can be attached as things are.
func isKnown(o *org.Organization, a policy.ARN) bool {
	if _, ok := o.ManagedPolicy(a); ok {
		return true
	}
	_, ok := serviceref.ManagedPolicy(a)
	return ok || isGap(o, a.String())
}

func isGap(o *org.Organization, subject string) bool {
	for g := range o.Gaps() {
		if g.Subject == subject {
			return true
		}
	}
	return false
}

// hasGap reports whether something is not known of one of the subjects.
func (i *Instance) hasGap(what string, subjects ...string) bool {
	return slices.ContainsFunc(i.spec.Gaps, func(g org.Gap) bool {
		return slices.Contains(subjects, g.Subject) && (g.What == what || !isKnownGap(g.What))
	})
}

func isKnownGap(what string) bool {
	return slices.Contains([]string{GapAssignments, GapAttributes, GapMembers, GapUsers, org.GapIdentityPolicies, org.GapBoundary}, what)
}
