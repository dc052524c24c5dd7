package awscollect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/licit-dev/licit/internal/collect"
)

const notInUse = "AWSOrganizationsNotInUseException"

// organizationSection is the tree: ListAccounts tells with the paths where accounts are, so
// that nothing is asked per account.
var organizationSection = &section{
	name: "organization", scope: ofOrganization, width: 2, read: readOrganization,
	operations: calls("organizations",
		"DescribeOrganization "+notInUse,
		"ListRoots", "ListAccounts", "ListOrganizationalUnitsForParent",
		"ListDelegatedAdministrators", "ListDelegatedServicesForAccount", "ListAWSServiceAccessForOrganization"),
}

// policiesSection is walked by policy: ListTargetsForPolicy is one call for most policies,
// ListPoliciesForTarget would be one for each account.
var policiesSection = &section{
	name: "organization-policies", scope: ofOrganization, width: 4, read: readPolicies, after: organizationSection,
	operations: calls("organizations", "ListPolicies", "DescribePolicy", "ListTargetsForPolicy"),
}

func readOrganization(ctx context.Context, r *reader) error {
	c := organizations.NewFromConfig(r.cfg)
	if _, err := c.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{}); err != nil {
		if codeOf(err) == notInUse {
			return &collect.Absent{Reason: "the account is in no organization"}
		}
		return known(err)
	}
	var roots, delegated []string
	for _, read := range []func() error{
		func() error {
			return r.list(ctx, func(token *string) (int, *string, error) {
				out, err := c.ListRoots(ctx, &organizations.ListRootsInput{NextToken: token})
				if err != nil {
					return 0, nil, err
				}
				for _, root := range out.Roots {
					roots = append(roots, aws.ToString(root.Id))
				}
				return len(out.Roots), out.NextToken, nil
			})
		},
		func() error {
			return r.list(ctx, func(token *string) (int, *string, error) {
				out, err := c.ListAccounts(ctx, &organizations.ListAccountsInput{NextToken: token})
				if err != nil {
					return 0, nil, err
				}
				return len(out.Accounts), out.NextToken, nil
			})
		},
		func() error { return r.units(ctx, c, roots, 0) },
		func() error {
			return r.list(ctx, func(token *string) (int, *string, error) {
				out, err := c.ListDelegatedAdministrators(ctx, &organizations.ListDelegatedAdministratorsInput{NextToken: token})
				if err != nil {
					return 0, nil, err
				}
				for _, a := range out.DelegatedAdministrators {
					delegated = append(delegated, aws.ToString(a.Id))
				}
				return len(out.DelegatedAdministrators), out.NextToken, nil
			})
		},
		func() error {
			return r.each(ctx, len(delegated), func(ctx context.Context, i int) error {
				return known(r.list(ctx, func(token *string) (int, *string, error) {
					out, err := c.ListDelegatedServicesForAccount(ctx, &organizations.ListDelegatedServicesForAccountInput{AccountId: &delegated[i], NextToken: token})
					if err != nil {
						return 0, nil, err
					}
					return len(out.DelegatedServices), out.NextToken, nil
				}))
			})
		},
		func() error {
			return r.list(ctx, func(token *string) (int, *string, error) {
				out, err := c.ListAWSServiceAccessForOrganization(ctx, &organizations.ListAWSServiceAccessForOrganizationInput{NextToken: token})
				if err != nil {
					return 0, nil, err
				}
				return len(out.EnabledServicePrincipals), out.NextToken, nil
			})
		},
	} {
		if err := known(read()); err != nil {
			return err
		}
	}
	return nil
}

// deepest bounds the tree. OUs nest five deep.
const deepest = 32

// units reads the OUs below the parents, level by level.
func (r *reader) units(ctx context.Context, c *organizations.Client, parents []string, depth int) error {
	if len(parents) == 0 {
		return nil
	}
	if depth > deepest {
		return &collect.Failure{Code: collect.CodeUnexpected, Message: "OUs nest without end"}
	}
	below := make([][]string, len(parents))
	err := r.each(ctx, len(parents), func(ctx context.Context, i int) error {
		return known(r.list(ctx, func(token *string) (int, *string, error) {
			out, err := c.ListOrganizationalUnitsForParent(ctx, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parents[i], NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			for _, ou := range out.OrganizationalUnits {
				below[i] = append(below[i], aws.ToString(ou.Id))
			}
			return len(out.OrganizationalUnits), out.NextToken, nil
		}))
	})
	if err != nil {
		return err
	}
	var next []string
	for _, list := range below {
		next = append(next, list...)
	}
	return r.units(ctx, c, next, depth+1)
}

func readPolicies(ctx context.Context, r *reader) error {
	if r.state.noOrganization {
		return &collect.Absent{Reason: "the account is in no organization"}
	}
	if !r.state.typesKnown {
		return &collect.Failure{Code: collect.CodeUnexpected, Message: "which types of policies are enabled is not known without organizations:ListRoots"}
	}
	c := organizations.NewFromConfig(r.cfg)
	for _, kind := range r.state.policyTypes {
		var ids []string
		err := known(r.list(ctx, func(token *string) (int, *string, error) {
			out, err := c.ListPolicies(ctx, &organizations.ListPoliciesInput{Filter: types.PolicyType(kind), NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			for _, p := range out.Policies {
				ids = append(ids, aws.ToString(p.Id))
			}
			return len(out.Policies), out.NextToken, nil
		}))
		if err != nil {
			return err
		}
		// The two have rates of their own, so that neither need wait for the other.
		err = r.each(ctx, 2*len(ids), func(ctx context.Context, i int) error {
			id := &ids[i/2]
			if i%2 == 0 {
				_, err := c.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: id})
				return known(err)
			}
			return known(r.list(ctx, func(token *string) (int, *string, error) {
				out, err := c.ListTargetsForPolicy(ctx, &organizations.ListTargetsForPolicyInput{PolicyId: id, NextToken: token})
				if err != nil {
					return 0, nil, err
				}
				return len(out.Targets), out.NextToken, nil
			}))
		})
		if err != nil {
			return err
		}
	}
	return nil
}
