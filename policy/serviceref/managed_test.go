package serviceref_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// All documents that AWS stores are documents to us.
func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	n, before := 0, policy.ARN{}
	for m := range serviceref.ManagedPolicies() {
		n++
		require.Negative(t, before.Compare(m.ARN))
		before = m.ARN
		require.Regexp(t, `^v[1-9]\d*$`, m.Version)
		require.Regexp(t, `^20\d\d-\d\d-\d\d$`, m.Date)
		d, err := policy.Parse(m.Source())
		if err != nil {
			t.Errorf("%s: %v", m.ARN, err)
			continue
		}
		if err := d.CheckKind(policy.IdentityBased); err != nil {
			t.Errorf("%s: %v", m.ARN, err)
		}
		require.Positive(t, d.Len())
	}
	require.GreaterOrEqual(t, n, 1_594)
	for range serviceref.ManagedPolicies() {
		break
	}
}

func TestManagedPolicy(t *testing.T) {
	t.Parallel()
	got, ok := serviceref.ManagedPolicy(policy.MustParseARN("arn:aws:iam::aws:policy/AdministratorAccess"))
	require.True(t, ok)
	require.Equal(t, "v1", got.Version)
	require.Equal(t, "2015-02-06", got.Date)
	require.Equal(t, 1, got.Document().Len())
	require.Same(t, got.Document(), got.Document())
	require.Equal(t, string(got.Source()), got.Document().String())
	_, ok = serviceref.ManagedPolicy(policy.MustParseARN("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"))
	require.True(t, ok)
	for _, name := range []string{
		"arn:aws:iam::aws:policy/administratoraccess", "arn:aws:iam::aws:policy/", "arn:aws:iam::aws:role/AdministratorAccess",
		"arn:aws-cn:iam::aws:policy/AdministratorAccess", "arn:aws:iam::111122223333:policy/AdministratorAccess",
	} {
		_, ok := serviceref.ManagedPolicy(policy.MustParseARN(name))
		require.False(t, ok, name)
	}
	_, ok = serviceref.ManagedPolicy(policy.ARN{})
	require.False(t, ok)
	require.Regexp(t, `^20\d\d-\d\d-\d\d$`, serviceref.ManagedPoliciesDate())
}
