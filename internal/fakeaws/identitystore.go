package fakeaws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/licit-dev/licit/identitycenter"
)

func registerIdentityStore(s *Server) {
	handle(s, "identitystore", "ListUsers", listUsers)
	handle(s, "identitystore", "DescribeUser", describeUser)
	handle(s, "identitystore", "ListGroups", listGroups)
	handle(s, "identitystore", "DescribeGroup", describeGroup)
	handle(s, "identitystore", "ListGroupMemberships", listMemberships)
	handle(s, "identitystore", "ListGroupMembershipsForMember", listMembershipsForMember)
}

// store is the instance whose identity store has this ID.
func store(c *call, id *string) (*identitycenter.Spec, error) {
	i := c.instance()
	switch {
	case i == nil && c.s.world.Instance != nil && c.s.world.Instance.Region == c.Region:
		return nil, c.denied()
	case i == nil || i.IdentityStore != aws.ToString(id):
		return nil, invalid("ResourceNotFoundException", "IDENTITY_STORE not found: %s", aws.ToString(id))
	}
	return i, nil
}

func storeUser(i *identitycenter.Spec, u identitycenter.User) types.User {
	out := types.User{IdentityStoreId: &i.IdentityStore, UserId: &u.ID, UserName: &u.Name, DisplayName: known(u.DisplayName), UserStatus: types.UserStatusEnabled}
	if u.Disabled {
		out.UserStatus = types.UserStatusDisabled
	}
	if u.Email != "" {
		out.Emails = []types.Email{{Value: &u.Email, Type: aws.String("work"), Primary: true}}
	}
	return out
}

func listUsers(c *call, in *identitystore.ListUsersInput) (*identitystore.ListUsersOutput, error) {
	i, err := store(c, in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	list := []types.User{}
	for _, u := range i.Users {
		list = append(list, storeUser(i, u))
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &identitystore.ListUsersOutput{Users: page, NextToken: next}, err
}

func describeUser(c *call, in *identitystore.DescribeUserInput) (*identitystore.DescribeUserOutput, error) {
	i, err := store(c, in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	for _, u := range i.Users {
		if t := storeUser(i, u); u.ID == aws.ToString(in.UserId) {
			return &identitystore.DescribeUserOutput{
				IdentityStoreId: t.IdentityStoreId, UserId: t.UserId, UserName: t.UserName, DisplayName: t.DisplayName,
				UserStatus: t.UserStatus, Emails: t.Emails,
			}, nil
		}
	}
	return nil, invalid("ResourceNotFoundException", "USER not found.")
}

func listGroups(c *call, in *identitystore.ListGroupsInput) (*identitystore.ListGroupsOutput, error) {
	i, err := store(c, in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	list := []types.Group{}
	for _, g := range i.Groups {
		list = append(list, types.Group{IdentityStoreId: &i.IdentityStore, GroupId: &g.ID, DisplayName: known(g.Name)})
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &identitystore.ListGroupsOutput{Groups: page, NextToken: next}, err
}

// group finds a group of the store.
func group(i *identitycenter.Spec, id *string) (identitycenter.Group, error) {
	for _, g := range i.Groups {
		if g.ID == aws.ToString(id) {
			return g, nil
		}
	}
	return identitycenter.Group{}, invalid("ResourceNotFoundException", "GROUP not found.")
}

func describeGroup(c *call, in *identitystore.DescribeGroupInput) (*identitystore.DescribeGroupOutput, error) {
	i, err := store(c, in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	g, err := group(i, in.GroupId)
	return &identitystore.DescribeGroupOutput{IdentityStoreId: &i.IdentityStore, GroupId: &g.ID, DisplayName: known(g.Name)}, err
}

func membership(i *identitycenter.Spec, g identitycenter.Group, user string) types.GroupMembership {
	return types.GroupMembership{
		IdentityStoreId: &i.IdentityStore, GroupId: &g.ID, MembershipId: aws.String(uniqueID("m", g.ID+user)),
		MemberId: &types.MemberIdMemberUserId{Value: user},
	}
}

func listMemberships(c *call, in *identitystore.ListGroupMembershipsInput) (*identitystore.ListGroupMembershipsOutput, error) {
	i, err := store(c, in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	g, err := group(i, in.GroupId)
	if err != nil {
		return nil, err
	}
	list := []types.GroupMembership{}
	for _, id := range g.Members {
		list = append(list, membership(i, g, id))
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &identitystore.ListGroupMembershipsOutput{GroupMemberships: page, NextToken: next}, err
}

func listMembershipsForMember(c *call, in *identitystore.ListGroupMembershipsForMemberInput) (*identitystore.ListGroupMembershipsForMemberOutput, error) {
	i, err := store(c, in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	m, ok := in.MemberId.(*types.MemberIdMemberUserId)
	if !ok {
		return nil, invalid("ValidationException", "a member is named by its UserId")
	}
	list := []types.GroupMembership{}
	for _, g := range i.Groups {
		if slices.Contains(g.Members, m.Value) {
			list = append(list, membership(i, g, m.Value))
		}
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, ssoPage)
	return &identitystore.ListGroupMembershipsForMemberOutput{GroupMemberships: page, NextToken: next}, err
}
