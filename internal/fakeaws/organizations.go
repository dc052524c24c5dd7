package fakeaws

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// organizationsPage is the most that one page of Organizations holds (Organizations API
// Reference, MaxResults of its lists).
const organizationsPage = 20

// joined stands for all days that no model has.
var joined = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func registerOrganizations(s *Server) {
	handle(s, "organizations", "DescribeOrganization", describeOrganization)
	inOrganization(s, "ListRoots", listRoots)
	inOrganization(s, "ListAccounts", listAccounts)
	inOrganization(s, "ListAccountsForParent", listAccountsForParent)
	inOrganization(s, "ListOrganizationalUnitsForParent", listOUsForParent)
	inOrganization(s, "ListPolicies", listPolicies)
	inOrganization(s, "DescribePolicy", describePolicy)
	inOrganization(s, "ListTargetsForPolicy", listTargetsForPolicy)
	inOrganization(s, "ListDelegatedAdministrators", listDelegatedAdministrators)
	inOrganization(s, "ListDelegatedServicesForAccount", listDelegatedServices)
	inOrganization(s, "ListAWSServiceAccessForOrganization", listServiceAccess)
	inOrganization(s, "ListTagsForResource", listOrganizationTags)
	inOrganization(s, "DescribeResourcePolicy", describeResourcePolicy)
}

// inOrganization registers an operation that only the management account and delegated
// administrators may call.
func inOrganization[I, O any](s *Server, operation string, f func(*call, *I) (*O, error)) {
	handle(s, "organizations", operation, func(c *call, in *I) (*O, error) {
		o := &c.s.world.Organization
		if err := c.member(); err != nil {
			return nil, err
		}
		delegated := slices.ContainsFunc(o.DelegatedAdministrators, func(d org.DelegatedAdministrator) bool { return d.Account == c.Account })
		if c.Account != o.ManagementAccount && !delegated {
			return nil, &failure{400, "AccessDeniedException", "You don't have permissions to access this resource."}
		}
		return f(c, in)
	})
}

// member is the failure for accounts that belong to no organization.
func (c *call) member() error {
	if c.s.world.Organization.ID == "" {
		return invalid("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	}
	return nil
}

// organizationARN is the ARN of something of the organization: "root/o-…/r-…".
func (s *Server) organizationARN(kind, id string) *string {
	o := &s.world.Organization
	text := "arn:aws:organizations::" + o.ManagementAccount + ":" + kind + "/" + o.ID
	if id != "" {
		text += "/" + id
	}
	return &text
}

func describeOrganization(c *call, _ *organizations.DescribeOrganizationInput) (*organizations.DescribeOrganizationOutput, error) {
	o := &c.s.world.Organization
	if err := c.member(); err != nil {
		return nil, err
	}
	out := &types.Organization{
		Arn: c.s.organizationARN("organization", ""), FeatureSet: types.OrganizationFeatureSetAll, Id: &o.ID,
		MasterAccountArn: c.s.organizationARN("account", o.ManagementAccount), MasterAccountId: &o.ManagementAccount,
		AvailablePolicyTypes: []types.PolicyTypeSummary{{Type: types.PolicyTypeServiceControlPolicy, Status: types.PolicyTypeStatusEnabled}},
	}
	if o.ConsolidatedBillingOnly {
		out.FeatureSet, out.AvailablePolicyTypes = types.OrganizationFeatureSetConsolidatedBilling, nil
	}
	if a := c.s.accounts[o.ManagementAccount]; a != nil && a.Email != "" {
		out.MasterAccountEmail = &a.Email
	}
	return &organizations.DescribeOrganizationOutput{Organization: out}, nil
}

func listRoots(c *call, in *organizations.ListRootsInput) (*organizations.ListRootsOutput, error) {
	r := &c.s.world.Organization.Root
	root := types.Root{Arn: c.s.organizationARN("root", r.ID), Id: &r.ID, Name: aws.String("Root"), PolicyTypes: []types.PolicyTypeSummary{}}
	for _, k := range r.PolicyTypes {
		root.PolicyTypes = append(root.PolicyTypes, types.PolicyTypeSummary{Type: policyType(k), Status: types.PolicyTypeStatusEnabled})
	}
	page, next, err := cut(c, []types.Root{root}, in.NextToken, in.MaxResults, organizationsPage)
	return &organizations.ListRootsOutput{Roots: page, NextToken: next}, err
}

func policyType(k policy.Kind) types.PolicyType {
	if k == policy.ResourceControl {
		return types.PolicyTypeResourceControlPolicy
	}
	return types.PolicyTypeServiceControlPolicy
}

func listAccounts(c *call, in *organizations.ListAccountsInput) (*organizations.ListAccountsOutput, error) {
	page, next, err := cut(c, c.s.children("ACCOUNT", ""), in.NextToken, in.MaxResults, organizationsPage)
	return &organizations.ListAccountsOutput{Accounts: c.s.accountsOf(page), NextToken: next}, err
}

func listAccountsForParent(c *call, in *organizations.ListAccountsForParentInput) (*organizations.ListAccountsForParentOutput, error) {
	if err := c.s.parent(aws.ToString(in.ParentId)); err != nil {
		return nil, err
	}
	page, next, err := cut(c, c.s.children("ACCOUNT", *in.ParentId), in.NextToken, in.MaxResults, organizationsPage)
	return &organizations.ListAccountsForParentOutput{Accounts: c.s.accountsOf(page), NextToken: next}, err
}

func listOUsForParent(c *call, in *organizations.ListOrganizationalUnitsForParentInput) (*organizations.ListOrganizationalUnitsForParentOutput, error) {
	if err := c.s.parent(aws.ToString(in.ParentId)); err != nil {
		return nil, err
	}
	page, next, err := cut(c, c.s.children("ORGANIZATIONAL_UNIT", *in.ParentId), in.NextToken, in.MaxResults, organizationsPage)
	ous := []types.OrganizationalUnit{}
	for _, n := range page {
		ous = append(ous, types.OrganizationalUnit{Arn: c.s.organizationARN("ou", n.id), Id: &n.id, Name: &n.name, Path: &n.path})
	}
	return &organizations.ListOrganizationalUnitsForParentOutput{OrganizationalUnits: ous, NextToken: next}, err
}

// parent checks that an ID is that of the root or an OU.
func (s *Server) parent(id string) error {
	for _, n := range s.nodes {
		if n.id == id && n.kind != "ACCOUNT" {
			return nil
		}
	}
	return invalid("ParentNotFoundException", "You specified a parent that doesn't exist.")
}

// children are the nodes of a kind below a parent, or all of them if it is empty.
func (s *Server) children(kind, parent string) []node {
	var list []node
	for _, n := range s.nodes {
		if n.kind == kind && (parent == "" || n.parent == parent) {
			list = append(list, n)
		}
	}
	return list
}

func (s *Server) accountsOf(list []node) []types.Account {
	out := []types.Account{}
	for _, n := range list {
		a := s.accounts[n.id]
		t := types.Account{
			Arn: s.organizationARN("account", a.ID), Id: &a.ID, Name: &a.Name, Paths: []string{n.path},
			JoinedMethod: types.AccountJoinedMethodCreated, JoinedTimestamp: &joined, State: types.AccountState(a.State),
		}
		if a.Email != "" {
			t.Email = &a.Email
		}
		switch a.State { // Status has no other values, and CLOSED is SUSPENDED there
		case "ACTIVE", "SUSPENDED", "PENDING_CLOSURE":
			t.Status = types.AccountStatus(a.State)
		case "CLOSED":
			t.Status = types.AccountStatusSuspended
		}
		out = append(out, t)
	}
	return out
}

// controlPolicies are those of the world and the ones that AWS manages.
func (s *Server) controlPolicies() []org.ControlPolicy {
	list := slices.Clone(s.world.Organization.ControlPolicies)
	for _, p := range awsControlPolicies {
		if !slices.ContainsFunc(list, func(q org.ControlPolicy) bool { return q.ID == p.ID }) {
			list = append(list, p)
		}
	}
	return list
}

var awsControlPolicies = []org.ControlPolicy{
	{ID: org.FullAWSAccess, Name: "FullAWSAccess", Kind: policy.ServiceControl, Document: policy.Must(policy.Parse([]byte(
		"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}")))},
	{ID: org.RCPFullAWSAccess, Name: "RCPFullAWSAccess", Kind: policy.ResourceControl, Document: policy.Must(policy.Parse([]byte(
		"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Principal\": \"*\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}")))},
}

func (s *Server) summary(p org.ControlPolicy) types.PolicySummary {
	kind := strings.ToLower(string(policyType(p.Kind)))
	out := types.PolicySummary{
		Arn: s.organizationARN("policy", kind+"/"+p.ID), Id: &p.ID, Name: &p.Name, Type: policyType(p.Kind), Description: aws.String(""),
	}
	if p.ID == org.FullAWSAccess || p.ID == org.RCPFullAWSAccess {
		out.AwsManaged, out.Arn = true, aws.String("arn:aws:organizations::aws:policy/"+kind+"/"+p.ID)
		out.Description = aws.String("Allows access to every operation")
	}
	return out
}

func listPolicies(c *call, in *organizations.ListPoliciesInput) (*organizations.ListPoliciesOutput, error) {
	o := &c.s.world.Organization
	list := []types.PolicySummary{}
	for _, p := range c.s.controlPolicies() {
		if policyType(p.Kind) == in.Filter {
			list = append(list, c.s.summary(p))
		}
	}
	if o.ConsolidatedBillingOnly {
		list = nil
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, organizationsPage)
	return &organizations.ListPoliciesOutput{Policies: page, NextToken: next}, err
}

// controlPolicy finds a control policy by its ID.
func (s *Server) controlPolicy(id *string) (org.ControlPolicy, error) {
	for _, p := range s.controlPolicies() {
		if p.ID == aws.ToString(id) {
			return p, nil
		}
	}
	return org.ControlPolicy{}, invalid("PolicyNotFoundException", "We can't find a policy with the PolicyId that you specified.")
}

func describePolicy(c *call, in *organizations.DescribePolicyInput) (*organizations.DescribePolicyOutput, error) {
	p, err := c.s.controlPolicy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	summary := c.s.summary(p)
	return &organizations.DescribePolicyOutput{Policy: &types.Policy{Content: aws.String(source(p.Document)), PolicySummary: &summary}}, nil
}

func listTargetsForPolicy(c *call, in *organizations.ListTargetsForPolicyInput) (*organizations.ListTargetsForPolicyOutput, error) {
	if _, err := c.s.controlPolicy(in.PolicyId); err != nil {
		return nil, err
	}
	targets := []types.PolicyTargetSummary{}
	for _, n := range c.s.nodes {
		if slices.Contains(n.attached, *in.PolicyId) {
			targets = append(targets, types.PolicyTargetSummary{TargetId: &n.id, Name: &n.name, Type: types.TargetType(n.kind), Arn: c.s.nodeARN(n)})
		}
	}
	page, next, err := cut(c, targets, in.NextToken, in.MaxResults, organizationsPage)
	return &organizations.ListTargetsForPolicyOutput{Targets: page, NextToken: next}, err
}

func (s *Server) nodeARN(n node) *string {
	kind := map[string]string{"ROOT": "root", "ORGANIZATIONAL_UNIT": "ou", "ACCOUNT": "account"}[n.kind]
	return s.organizationARN(kind, n.id)
}

func listDelegatedAdministrators(c *call, in *organizations.ListDelegatedAdministratorsInput) (*organizations.ListDelegatedAdministratorsOutput, error) {
	list := []types.DelegatedAdministrator{}
	for _, d := range c.s.world.Organization.DelegatedAdministrators {
		if in.ServicePrincipal != nil && !slices.Contains(d.Services, *in.ServicePrincipal) {
			continue
		}
		for _, n := range c.s.children("ACCOUNT", "") {
			if n.id != d.Account {
				continue
			}
			a := c.s.accountsOf([]node{n})[0]
			list = append(list, types.DelegatedAdministrator{
				Arn: a.Arn, Email: a.Email, Id: a.Id, Name: a.Name, State: a.State, Status: a.Status,
				JoinedMethod: a.JoinedMethod, JoinedTimestamp: a.JoinedTimestamp, DelegationEnabledDate: &joined,
			})
		}
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, organizationsPage)
	return &organizations.ListDelegatedAdministratorsOutput{DelegatedAdministrators: page, NextToken: next}, err
}

func listDelegatedServices(c *call, in *organizations.ListDelegatedServicesForAccountInput) (*organizations.ListDelegatedServicesForAccountOutput, error) {
	o := &c.s.world.Organization
	i := slices.IndexFunc(o.DelegatedAdministrators, func(d org.DelegatedAdministrator) bool { return d.Account == aws.ToString(in.AccountId) })
	if i < 0 {
		return nil, invalid("AccountNotRegisteredException", "The specified account is not a delegated administrator for this AWS service.")
	}
	list := []types.DelegatedService{}
	for _, name := range o.DelegatedAdministrators[i].Services {
		list = append(list, types.DelegatedService{ServicePrincipal: &name, DelegationEnabledDate: &joined})
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, organizationsPage)
	return &organizations.ListDelegatedServicesForAccountOutput{DelegatedServices: page, NextToken: next}, err
}

func listServiceAccess(c *call, in *organizations.ListAWSServiceAccessForOrganizationInput) (*organizations.ListAWSServiceAccessForOrganizationOutput, error) {
	list := []types.EnabledServicePrincipal{}
	for _, name := range c.s.world.Organization.TrustedServices {
		list = append(list, types.EnabledServicePrincipal{ServicePrincipal: &name, DateEnabled: &joined})
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, organizationsPage)
	return &organizations.ListAWSServiceAccessForOrganizationOutput{EnabledServicePrincipals: page, NextToken: next}, err
}

// listOrganizationTags knows the tags of accounts: the model has no others.
func listOrganizationTags(c *call, in *organizations.ListTagsForResourceInput) (*organizations.ListTagsForResourceOutput, error) {
	id := aws.ToString(in.ResourceId)
	list := []types.Tag{}
	if a := c.s.accounts[id]; a != nil {
		for key, value := range sorted(a.Tags) {
			list = append(list, types.Tag{Key: &key, Value: &value})
		}
	} else if !slices.ContainsFunc(c.s.nodes, func(n node) bool { return n.id == id }) && !strings.HasPrefix(id, "p-") {
		return nil, invalid("TargetNotFoundException", "We can't find a root, OU, account, or policy with the TargetId that you specified.")
	}
	page, next, err := cut(c, list, in.NextToken, nil, 50)
	return &organizations.ListTagsForResourceOutput{Tags: page, NextToken: next}, err
}

// describeResourcePolicy finds the organization's delegation policy among the resources of
// the management account, where its ARN has the type resourcepolicy.
func describeResourcePolicy(c *call, _ *organizations.DescribeResourcePolicyInput) (*organizations.DescribeResourcePolicyOutput, error) {
	for _, r := range c.s.accounts[c.s.world.Organization.ManagementAccount].Resources {
		if r.ARN.Service() == "organizations" && strings.HasPrefix(r.ARN.Resource(), "resourcepolicy/") && r.Policy != nil {
			arn := r.ARN.String()
			return &organizations.DescribeResourcePolicyOutput{ResourcePolicy: &types.ResourcePolicy{
				Content:               aws.String(source(r.Policy)),
				ResourcePolicySummary: &types.ResourcePolicySummary{Arn: &arn, Id: aws.String(arn[strings.LastIndexByte(arn, '/')+1:])},
			}}, nil
		}
	}
	return nil, invalid("ResourcePolicyNotFoundException", "We can't find a resource policy request with the parameter that you specified.")
}
