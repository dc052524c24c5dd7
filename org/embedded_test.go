package org_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

func TestEmbeddedPolicies(t *testing.T) {
	t.Parallel()
	readOnly, admin, unlisted := arn("arn:aws:iam::aws:policy/ReadOnlyAccess"), arn("arn:aws:iam::aws:policy/AdministratorAccess"), arn("arn:aws:iam::aws:policy/SecurityAudit")
	own := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}`)))
	s := org.Spec{Accounts: []org.Account{{
		ID:       "111122223333",
		Users:    []org.User{{ARN: arn("arn:aws:iam::111122223333:user/ana"), Attached: []policy.ARN{readOnly, unlisted}, Boundary: admin}},
		Policies: []org.ManagedPolicy{{ARN: readOnly, Document: own}},
	}}}
	arns := func(o *org.Organization) (out []policy.ARN) {
		for p := range o.EmbeddedPolicies() {
			require.NotNil(t, p.Document)
			out = append(out, p.ARN)
		}
		return out
	}
	o, err := org.New(s)
	require.NoError(t, err)
	require.Equal(t, []policy.ARN{admin, unlisted}, arns(o))
	p, ok := o.ManagedPolicy(readOnly)
	require.True(t, ok)
	require.Same(t, own, p.Document, "the snapshot comes first")
	p, ok = o.ManagedPolicy(admin)
	require.True(t, ok)
	_, ok = o.ManagedPolicy(arn("arn:aws:iam::aws:policy/PowerUserAccess"))
	require.False(t, ok, "it is not in use")
	require.Len(t, o.Spec().Accounts[0].Policies, 1, "they are not part of the Spec")
	again, err := o.Apply(org.PutManagedPolicy("111122223333", org.ManagedPolicy{ARN: unlisted, Document: own}))
	require.NoError(t, err)
	require.Equal(t, []policy.ARN{admin}, arns(again))
	same, _ := again.ManagedPolicy(admin)
	require.Same(t, p.Document, same.Document)

	s.Gaps = []org.Gap{{Subject: unlisted.String(), What: org.GapDocument}}
	o, err = org.New(s)
	require.NoError(t, err)
	require.Equal(t, []policy.ARN{admin}, arns(o), "a gap says that it is not known")

	s.Accounts[0].Users[0].Attached = append(s.Accounts[0].Users[0].Attached, arn("arn:aws-cn:iam::aws:policy/SecurityAudit"))
	_, err = org.New(s)
	require.ErrorContains(t, err, "no managed policy")
	require.Empty(t, slices.Collect((&org.Organization{}).EmbeddedPolicies()))
}
