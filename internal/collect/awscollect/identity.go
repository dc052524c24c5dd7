package awscollect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/licit-dev/licit/internal/collect"
)

// storeSection is the people of an instance. Of what the identity store knows of them, their
// names, addresses and whether they may sign in are kept, and nothing else.
var storeSection = &section{
	name: "identity-store", scope: ofInstance, width: 4, read: readStore,
	operations: append(calls("sso-admin", "ListInstances"),
		trimmed(calls("identitystore", "ListUsers", "ListGroups", "ListGroupMemberships"), "ListUsers", func(out *identitystore.ListUsersOutput) {
			users := make([]identitystoretypes.User, len(out.Users))
			for i, u := range out.Users {
				users[i] = identitystoretypes.User{
					IdentityStoreId: u.IdentityStoreId, UserId: u.UserId, UserName: u.UserName, DisplayName: u.DisplayName,
					Emails: u.Emails, UserStatus: u.UserStatus,
				}
			}
			out.Users = users
		})...),
}

// centerSection is the permission sets of an instance, and who is assigned them.
var centerSection = &section{
	name: "identity-center", scope: ofInstance, width: 4, read: readCenter, after: storeSection,
	operations: append(calls("sso-admin",
		"ListInstances", "ListPermissionSets", "DescribePermissionSet", "GetInlinePolicyForPermissionSet",
		"ListManagedPoliciesInPermissionSet", "ListCustomerManagedPolicyReferencesInPermissionSet",
		"GetPermissionsBoundaryForPermissionSet ResourceNotFoundException", "ListTagsForResource",
		"ListAccountsForProvisionedPermissionSet", "ListAccountAssignments",
		"DescribeInstanceAccessControlAttributeConfiguration ResourceNotFoundException"),
		operation{service: "sso-admin", name: "ListAccountAssignmentsForPrincipal", action: "sso:ListAccountAssignmentsForPrincipal", with: "identity-store"}),
}

// instances are those whose home is the Region of the unit. There is at most one for the
// organization; a member account may have one of its own.
func (r *reader) instances(ctx context.Context) ([]types.InstanceMetadata, error) {
	c := ssoadmin.NewFromConfig(r.cfg)
	var found []types.InstanceMetadata
	err := r.list(ctx, func(token *string) (int, *string, error) {
		out, err := c.ListInstances(ctx, &ssoadmin.ListInstancesInput{NextToken: token})
		if err != nil {
			return 0, nil, err
		}
		for _, i := range out.Instances {
			if home := aws.ToString(i.PrimaryRegion); home == "" || home == r.region {
				found = append(found, i)
			}
		}
		return len(out.Instances), out.NextToken, nil
	})
	if err == nil && len(found) == 0 {
		err = &collect.Absent{Reason: "IAM Identity Center has no instance in the Region"}
	}
	return found, err
}

func readStore(ctx context.Context, r *reader) error {
	list, err := r.instances(ctx)
	if err != nil {
		return known(err)
	}
	c := identitystore.NewFromConfig(r.cfg)
	for _, instance := range list {
		id := instance.IdentityStoreId
		var groups []string
		users := r.list(ctx, func(token *string) (int, *string, error) {
			out, err := c.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: id, NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			return len(out.Users), out.NextToken, nil
		})
		if known(users) != nil {
			return users
		}
		err := r.list(ctx, func(token *string) (int, *string, error) {
			out, err := c.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: id, NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			for _, g := range out.Groups {
				groups = append(groups, aws.ToString(g.GroupId))
			}
			return len(out.Groups), out.NextToken, nil
		})
		if known(err) != nil {
			return err
		}
		err = r.each(ctx, len(groups), func(ctx context.Context, i int) error {
			return known(r.list(ctx, func(token *string) (int, *string, error) {
				out, err := c.ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{IdentityStoreId: id, GroupId: &groups[i], NextToken: token})
				if err != nil {
					return 0, nil, err
				}
				return len(out.GroupMemberships), out.NextToken, nil
			}))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func readCenter(ctx context.Context, r *reader) error {
	list, err := r.instances(ctx)
	if err != nil {
		return known(err)
	}
	c := ssoadmin.NewFromConfig(r.cfg)
	for _, i := range list {
		if _, err := c.DescribeInstanceAccessControlAttributeConfiguration(ctx,
			&ssoadmin.DescribeInstanceAccessControlAttributeConfigurationInput{InstanceArn: i.InstanceArn}); known(err) != nil {
			return err
		}
		in := &instance{r, c, i.InstanceArn, nil}
		err := r.list(ctx, func(token *string) (int, *string, error) {
			out, err := c.ListPermissionSets(ctx, &ssoadmin.ListPermissionSetsInput{InstanceArn: i.InstanceArn, NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			in.sets = append(in.sets, out.PermissionSets...)
			return len(out.PermissionSets), out.NextToken, nil
		})
		if known(err) != nil {
			return err
		}
		if err := r.each(ctx, len(in.sets), func(ctx context.Context, i int) error { return in.permissionSet(ctx, &in.sets[i]) }); err != nil {
			return err
		}
		if err := in.assignments(ctx, aws.ToString(i.IdentityStoreId)); err != nil {
			return err
		}
	}
	return nil
}

// An instance is one whose permission sets are read.
type instance struct {
	*reader
	c    *ssoadmin.Client
	arn  *string
	sets []string
}

func (in *instance) permissionSet(ctx context.Context, set *string) error {
	c, arn := in.c, in.arn
	if _, err := c.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: arn, PermissionSetArn: set}); known(err) != nil {
		return err
	}
	if _, err := c.GetInlinePolicyForPermissionSet(ctx, &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: arn, PermissionSetArn: set}); known(err) != nil {
		return err
	}
	if _, err := c.GetPermissionsBoundaryForPermissionSet(ctx, &ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: arn, PermissionSetArn: set}); known(err) != nil {
		return err
	}
	for _, page := range []func(token *string) (int, *string, error){
		func(token *string) (int, *string, error) {
			out, err := c.ListManagedPoliciesInPermissionSet(ctx, &ssoadmin.ListManagedPoliciesInPermissionSetInput{InstanceArn: arn, PermissionSetArn: set, NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			return len(out.AttachedManagedPolicies), out.NextToken, nil
		},
		func(token *string) (int, *string, error) {
			out, err := c.ListCustomerManagedPolicyReferencesInPermissionSet(ctx, &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{InstanceArn: arn, PermissionSetArn: set, NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			return len(out.CustomerManagedPolicyReferences), out.NextToken, nil
		},
		func(token *string) (int, *string, error) {
			out, err := c.ListTagsForResource(ctx, &ssoadmin.ListTagsForResourceInput{InstanceArn: arn, ResourceArn: set, NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			return len(out.Tags), out.NextToken, nil
		},
	} {
		if err := known(in.list(ctx, page)); err != nil {
			return err
		}
	}
	return nil
}

// A pair is an account that a permission set is provisioned in.
type pair struct{ account, set string }

// assignments are read by whichever side needs fewer calls: one for each account and
// permission set that is provisioned there, or one for each user and group. The operations
// in the records tell which it was.
func (in *instance) assignments(ctx context.Context, store string) error {
	lists := make([][]pair, len(in.sets))
	complete := make([]bool, len(in.sets))
	err := in.each(ctx, len(in.sets), func(ctx context.Context, i int) error {
		err := in.list(ctx, func(token *string) (int, *string, error) {
			out, err := in.c.ListAccountsForProvisionedPermissionSet(ctx,
				&ssoadmin.ListAccountsForProvisionedPermissionSetInput{InstanceArn: in.arn, PermissionSetArn: &in.sets[i], NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			for _, account := range out.AccountIds {
				lists[i] = append(lists[i], pair{account, in.sets[i]})
			}
			return len(out.AccountIds), out.NextToken, nil
		})
		complete[i] = err == nil
		return known(err)
	})
	if err != nil {
		return err
	}
	var pairs []pair
	for i, list := range lists {
		if complete[i] {
			pairs = append(pairs, list...)
		}
	}
	people, all, err := in.state.principals(in.account, in.region, store)
	if err != nil {
		return err
	}
	if all && len(people) < len(pairs) {
		return in.byPrincipal(ctx, people)
	}
	return in.each(ctx, len(pairs), func(ctx context.Context, i int) error {
		return known(in.list(ctx, func(token *string) (int, *string, error) {
			out, err := in.c.ListAccountAssignments(ctx,
				&ssoadmin.ListAccountAssignmentsInput{InstanceArn: in.arn, AccountId: &pairs[i].account, PermissionSetArn: &pairs[i].set, NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			return len(out.AccountAssignments), out.NextToken, nil
		}))
	})
}

func (in *instance) byPrincipal(ctx context.Context, people []principal) error {
	return in.each(ctx, len(people), func(ctx context.Context, i int) error {
		return known(in.list(ctx, func(token *string) (int, *string, error) {
			out, err := in.c.ListAccountAssignmentsForPrincipal(ctx,
				&ssoadmin.ListAccountAssignmentsForPrincipalInput{InstanceArn: in.arn, PrincipalId: &people[i].id, PrincipalType: people[i].kind, NextToken: token})
			if err != nil {
				return 0, nil, err
			}
			return len(out.AccountAssignments), out.NextToken, nil
		}))
	})
}

// A principal is a user or group of an identity store.
type principal struct {
	id   string
	kind types.PrincipalType
}
