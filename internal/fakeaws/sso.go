package fakeaws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
)

// ssoPage is the most that one page of IAM Identity Center holds.
const ssoPage = 100

func registerSSO(s *Server) {
	handle(s, "sso-admin", "ListInstances", listInstances)
	inInstance(s, "ListPermissionSets", listPermissionSets)
	inInstance(s, "DescribePermissionSet", describePermissionSet)
	inInstance(s, "GetInlinePolicyForPermissionSet", inlineOfSet)
	inInstance(s, "ListManagedPoliciesInPermissionSet", managedInSet)
	inInstance(s, "ListCustomerManagedPolicyReferencesInPermissionSet", customerManagedInSet)
	inInstance(s, "GetPermissionsBoundaryForPermissionSet", boundaryOfSet)
	inInstance(s, "ListTagsForResource", tagsOfSet)
	inInstance(s, "ListAccountsForProvisionedPermissionSet", accountsOfSet)
	inInstance(s, "ListPermissionSetsProvisionedToAccount", setsOfAccount)
	inInstance(s, "ListAccountAssignments", listAssignments)
	inInstance(s, "ListAccountAssignmentsForPrincipal", listAssignmentsForPrincipal)
	inInstance(s, "DescribeInstanceAccessControlAttributeConfiguration", accessControlAttributes)
}

// instance is the instance that the caller may administer: in its home Region, from the
// account that owns it, the management account, or a delegated administrator. Nil: none.
func (c *call) instance() *identitycenter.Spec {
	i, o := c.s.world.Instance, &c.s.world.Organization
	if i == nil || i.Region != "" && i.Region != c.Region {
		return nil
	}
	delegated := slices.ContainsFunc(o.DelegatedAdministrators, func(d org.DelegatedAdministrator) bool {
		return d.Account == c.Account && slices.Contains(d.Services, "sso.amazonaws.com")
	})
	if c.Account != i.Owner && c.Account != o.ManagementAccount && !delegated {
		return nil
	}
	return i
}

// inInstance registers an operation of one instance.
func inInstance[I, O any](s *Server, operation string, f func(*call, *identitycenter.Spec, *I) (*O, error)) {
	handle(s, "sso-admin", operation, func(c *call, in *I) (*O, error) {
		i := c.instance()
		if i == nil {
			return nil, c.denied()
		}
		return f(c, i, in)
	})
}

func listInstances(c *call, in *ssoadmin.ListInstancesInput) (*ssoadmin.ListInstancesOutput, error) {
	list := []types.InstanceMetadata{}
	if i := c.instance(); i != nil {
		list = append(list, types.InstanceMetadata{
			InstanceArn: text(i.ARN), IdentityStoreId: known(i.IdentityStore), OwnerAccountId: known(i.Owner),
			Status: types.InstanceStatusActive, CreatedDate: &joined,
		})
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &ssoadmin.ListInstancesOutput{Instances: page, NextToken: next}, err
}

func listPermissionSets(c *call, i *identitycenter.Spec, in *ssoadmin.ListPermissionSetsInput) (*ssoadmin.ListPermissionSetsOutput, error) {
	list := []string{}
	for _, p := range i.PermissionSets {
		list = append(list, p.ARN.String())
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &ssoadmin.ListPermissionSetsOutput{PermissionSets: page, NextToken: next}, err
}

// permissionSet finds a permission set by its ARN.
func permissionSet(i *identitycenter.Spec, arn *string) (identitycenter.PermissionSet, error) {
	for _, p := range i.PermissionSets {
		if p.ARN.String() == aws.ToString(arn) {
			return p, nil
		}
	}
	return identitycenter.PermissionSet{}, invalid("ResourceNotFoundException", "PermissionSet with id %s not found", aws.ToString(arn))
}

func describePermissionSet(_ *call, i *identitycenter.Spec, in *ssoadmin.DescribePermissionSetInput) (*ssoadmin.DescribePermissionSetOutput, error) {
	p, err := permissionSet(i, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	return &ssoadmin.DescribePermissionSetOutput{PermissionSet: &types.PermissionSet{
		Name: &p.Name, PermissionSetArn: text(p.ARN), Description: known(p.Description), RelayState: known(p.RelayState),
		SessionDuration: aws.String(identitycenter.FormatSessionDuration(p.SessionDuration)), CreatedDate: &joined,
	}}, nil
}

// inlineOfSet answers with an empty text if there is none.
func inlineOfSet(_ *call, i *identitycenter.Spec, in *ssoadmin.GetInlinePolicyForPermissionSetInput) (*ssoadmin.GetInlinePolicyForPermissionSetOutput, error) {
	p, err := permissionSet(i, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.GetInlinePolicyForPermissionSetOutput{InlinePolicy: aws.String("")}
	if p.Inline != nil {
		out.InlinePolicy = aws.String(source(p.Inline))
	}
	return out, nil
}

func managedInSet(c *call, i *identitycenter.Spec, in *ssoadmin.ListManagedPoliciesInPermissionSetInput) (*ssoadmin.ListManagedPoliciesInPermissionSetOutput, error) {
	p, err := permissionSet(i, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	list := []types.AttachedManagedPolicy{}
	for _, a := range p.Managed {
		_, name := pathAndName(a)
		list = append(list, types.AttachedManagedPolicy{Arn: text(a), Name: name})
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &ssoadmin.ListManagedPoliciesInPermissionSetOutput{AttachedManagedPolicies: page, NextToken: next}, err
}

func reference(r identitycenter.PolicyReference) types.CustomerManagedPolicyReference {
	return types.CustomerManagedPolicyReference{Name: &r.Name, Path: &r.Path}
}

func customerManagedInSet(c *call, i *identitycenter.Spec, in *ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput) (*ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetOutput, error) {
	p, err := permissionSet(i, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	list := []types.CustomerManagedPolicyReference{}
	for _, r := range p.CustomerManaged {
		list = append(list, reference(r))
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetOutput{CustomerManagedPolicyReferences: page, NextToken: next}, err
}

func boundaryOfSet(_ *call, i *identitycenter.Spec, in *ssoadmin.GetPermissionsBoundaryForPermissionSetInput) (*ssoadmin.GetPermissionsBoundaryForPermissionSetOutput, error) {
	p, err := permissionSet(i, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	b := &types.PermissionsBoundary{}
	switch {
	case p.Boundary.Managed.IsValid():
		b.ManagedPolicyArn = text(p.Boundary.Managed)
	case p.Boundary.CustomerManaged.Name != "":
		r := reference(p.Boundary.CustomerManaged)
		b.CustomerManagedPolicyReference = &r
	default:
		return nil, invalid("ResourceNotFoundException", "No permissions boundary for %s", p.ARN)
	}
	return &ssoadmin.GetPermissionsBoundaryForPermissionSetOutput{PermissionsBoundary: b}, nil
}

// tagsOfSet knows the tags of permission sets: the instance of the model has none.
func tagsOfSet(c *call, i *identitycenter.Spec, in *ssoadmin.ListTagsForResourceInput) (*ssoadmin.ListTagsForResourceOutput, error) {
	list := []types.Tag{}
	if aws.ToString(in.ResourceArn) != i.ARN.String() {
		p, err := permissionSet(i, in.ResourceArn)
		if err != nil {
			return nil, err
		}
		for key, value := range sorted(p.Tags) {
			list = append(list, types.Tag{Key: &key, Value: &value})
		}
	}
	page, next, err := cut(c, list, in.NextToken, nil, 50)
	return &ssoadmin.ListTagsForResourceOutput{Tags: page, NextToken: next}, err
}

// assigned yields what is different among assignments, in order.
func assigned(i *identitycenter.Spec, of func(identitycenter.Assignment) (string, bool)) []string {
	list := []string{}
	for _, a := range i.Assignments {
		if id, ok := of(a); ok {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func accountsOfSet(c *call, i *identitycenter.Spec, in *ssoadmin.ListAccountsForProvisionedPermissionSetInput) (*ssoadmin.ListAccountsForProvisionedPermissionSetOutput, error) {
	p, err := permissionSet(i, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	list := assigned(i, func(a identitycenter.Assignment) (string, bool) { return a.Account, a.PermissionSet == p.ARN })
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &ssoadmin.ListAccountsForProvisionedPermissionSetOutput{AccountIds: page, NextToken: next}, err
}

func setsOfAccount(c *call, i *identitycenter.Spec, in *ssoadmin.ListPermissionSetsProvisionedToAccountInput) (*ssoadmin.ListPermissionSetsProvisionedToAccountOutput, error) {
	list := assigned(i, func(a identitycenter.Assignment) (string, bool) {
		return a.PermissionSet.String(), a.Account == aws.ToString(in.AccountId)
	})
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &ssoadmin.ListPermissionSetsProvisionedToAccountOutput{PermissionSets: page, NextToken: next}, err
}

// holder is who an assignment is for.
func holder(a identitycenter.Assignment) (*string, types.PrincipalType) {
	if a.Group != "" {
		return &a.Group, types.PrincipalTypeGroup
	}
	return &a.User, types.PrincipalTypeUser
}

func listAssignments(c *call, i *identitycenter.Spec, in *ssoadmin.ListAccountAssignmentsInput) (*ssoadmin.ListAccountAssignmentsOutput, error) {
	p, err := permissionSet(i, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	list := []types.AccountAssignment{}
	for _, a := range i.Assignments {
		if a.PermissionSet != p.ARN || a.Account != aws.ToString(in.AccountId) {
			continue
		}
		id, kind := holder(a)
		list = append(list, types.AccountAssignment{AccountId: &a.Account, PermissionSetArn: text(p.ARN), PrincipalId: id, PrincipalType: kind})
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &ssoadmin.ListAccountAssignmentsOutput{AccountAssignments: page, NextToken: next}, err
}

// listAssignmentsForPrincipal lists, for a user, also the assignments of its groups.
func listAssignmentsForPrincipal(c *call, i *identitycenter.Spec, in *ssoadmin.ListAccountAssignmentsForPrincipalInput) (*ssoadmin.ListAccountAssignmentsForPrincipalOutput, error) {
	id := aws.ToString(in.PrincipalId)
	has := func(a identitycenter.Assignment) bool {
		if in.PrincipalType == types.PrincipalTypeGroup {
			return a.Group == id
		}
		return a.User == id || slices.ContainsFunc(i.Groups, func(g identitycenter.Group) bool {
			return g.ID == a.Group && slices.Contains(g.Members, id)
		})
	}
	list := []types.AccountAssignmentForPrincipal{}
	for _, a := range i.Assignments {
		if !has(a) || in.Filter != nil && in.Filter.AccountId != nil && *in.Filter.AccountId != a.Account {
			continue
		}
		id, kind := holder(a)
		list = append(list, types.AccountAssignmentForPrincipal{AccountId: &a.Account, PermissionSetArn: text(a.PermissionSet), PrincipalId: id, PrincipalType: kind})
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &ssoadmin.ListAccountAssignmentsForPrincipalOutput{AccountAssignments: page, NextToken: next}, err
}

func accessControlAttributes(_ *call, i *identitycenter.Spec, _ *ssoadmin.DescribeInstanceAccessControlAttributeConfigurationInput) (*ssoadmin.DescribeInstanceAccessControlAttributeConfigurationOutput, error) {
	if len(i.Attributes) == 0 {
		return nil, invalid("ResourceNotFoundException", "Instance access control attribute configuration not found for %s", i.ARN)
	}
	list := []types.AccessControlAttribute{}
	for _, a := range i.Attributes {
		list = append(list, types.AccessControlAttribute{Key: &a.Key, Value: &types.AccessControlAttributeValue{Source: a.Source}})
	}
	return &ssoadmin.DescribeInstanceAccessControlAttributeConfigurationOutput{
		Status: types.InstanceAccessControlAttributeConfigurationStatusEnabled,
		InstanceAccessControlAttributeConfiguration: &types.InstanceAccessControlAttributeConfiguration{AccessControlAttributes: list},
	}, nil
}
