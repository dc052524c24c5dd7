package awscollect_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/internal/collect/awscollect"
	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/policy"
)

// needs are the actions that an operation needs, where they are not called like it.
var needs = map[string]string{
	"s3:ListBuckets":                 "s3:ListAllMyBuckets",
	"s3:GetPublicAccessBlock":        "s3:GetBucketPublicAccessBlock",
	"s3:GetObjectLockConfiguration":  "s3:GetBucketObjectLockConfiguration",
	"s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
}

func actionOf(c fakeaws.Call) string {
	if action := needs[c.Service+":"+c.Operation]; action != "" {
		return action
	}
	if c.Service == "sso-admin" {
		return "sso:" + c.Operation
	}
	return c.Service + ":" + c.Operation
}

func actionsOf(d *policy.Document) []string {
	out := make(map[string]bool)
	for _, s := range d.Statements() {
		for action := range s.Action.All() {
			out[action] = true
		}
	}
	return slices.Sorted(maps.Keys(out))
}

// crowd gives the world so many assignments that it is fewer calls to ask who has them.
func crowd(w fakeaws.World) fakeaws.World {
	for i := range 30 {
		set := identitycenter.PermissionSet{ARN: arn(fmt.Sprintf("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-%016x", i)), Name: fmt.Sprintf("Set%d", i)}
		w.Instance.PermissionSets = append(w.Instance.PermissionSets, set)
		for _, account := range []string{management, member} {
			w.Instance.Assignments = append(w.Instance.Assignments, identitycenter.Assignment{Account: account, PermissionSet: set.ARN, Group: w.Instance.Groups[0].ID})
		}
	}
	return w
}

// The calls that full loads make are exactly the actions in the policies.
func TestPoliciesAreWhatALoadCalls(t *testing.T) {
	seen := map[bool]map[string]bool{true: {}, false: {}} // by the collector's own account
	for _, w := range []fakeaws.World{world(), crowd(world())} {
		s := fakeaws.New(t, w)
		r, err := awscollect.Load(t.Context(), s.Config(t, management), options(t))
		require.NoError(t, err)
		require.False(t, r.IsPartial(), "%v", r.Units)
		for _, c := range s.Calls() {
			if c.Operation != "GetCallerIdentity" { // needs no permission
				seen[c.Account == management][actionOf(c)] = true
			}
		}
	}
	p, err := awscollect.NewPolicies(awscollect.Grant{Role: "Reader"})
	require.NoError(t, err)
	// What the one account lacks, such as secrets, is still asked for.
	all := maps.Clone(seen[true])
	maps.Copy(all, seen[false])
	require.Equal(t, actionsOf(p.Management), slices.Sorted(maps.Keys(all)))
	require.Equal(t, actionsOf(p.Member), slices.Sorted(maps.Keys(seen[false])))
	require.Nil(t, p.Trust)
}

// And so are those of a load of some sections, whichever they are.
func TestPoliciesOfSections(t *testing.T) {
	all := awscollect.Sections()
	subsets := [][]string{{"identity-store", "identity-center"}, {"iam", "organization-policies"}}
	for i, name := range all {
		subsets = append(subsets, []string{name}, slices.Concat(all[:i], all[i+1:]))
	}
	servers := []*fakeaws.Server{fakeaws.New(t, world()), fakeaws.New(t, crowd(world()))}
	for _, sections := range subsets {
		seen := map[bool]map[string]bool{true: {}, false: {}}
		for i, s := range servers {
			if i > 0 && !slices.Contains(sections, "identity-center") {
				continue // they differ in assignments
			}
			s.Forget()
			o := options(t)
			o.Sections = sections
			r, err := awscollect.Load(t.Context(), s.Config(t, management), o)
			require.NoError(t, err)
			require.False(t, r.IsPartial(), "%v", r.Units)
			for _, c := range s.Calls() {
				if c.Operation != "GetCallerIdentity" {
					seen[c.Account == management][actionOf(c)] = true
				}
			}
		}
		p, err := awscollect.NewPolicies(awscollect.Grant{Role: "Reader", Sections: sections})
		require.NoError(t, err)
		both := maps.Clone(seen[true]) // what the one account lacks is still asked for
		maps.Copy(both, seen[false])
		require.Equal(t, actionsOf(p.Management), slices.Sorted(maps.Keys(both)), "%q", sections)
		if p.Member == nil {
			require.Empty(t, seen[false], "%q", sections)
		} else {
			require.Equal(t, actionsOf(p.Member), slices.Sorted(maps.Keys(seen[false])), "%q", sections)
		}
	}
}

func TestPolicies(t *testing.T) {
	p, err := awscollect.NewPolicies(awscollect.Grant{
		Sections: []string{"organization-policies", "providers"}, Role: "audit/Reader", Organization: "o-exampleorgid",
		Collector: "arn:aws:iam::111122223333:role/collector", ExternalID: "orders",
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Organization","Effect":"Allow","Action":["organizations:DescribeOrganization","organizations:DescribePolicy","organizations:ListAWSServiceAccessForOrganization",
			"organizations:ListAccounts","organizations:ListDelegatedAdministrators","organizations:ListDelegatedServicesForAccount",
			"organizations:ListOrganizationalUnitsForParent","organizations:ListPolicies","organizations:ListRoots","organizations:ListTargetsForPolicy"],"Resource":"*"},
		{"Sid":"Accounts","Effect":"Allow","Action":["iam:GetOpenIDConnectProvider","iam:GetSAMLProvider","iam:ListOpenIDConnectProviders","iam:ListSAMLProviders"],"Resource":"*"},
		{"Sid":"MemberAccounts","Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/audit/Reader",
			"Condition":{"StringEquals":{"aws:ResourceOrgID":"o-exampleorgid"}}}]}`, string(p.Management.Source()))
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Sid":"Accounts","Effect":"Allow",
		"Action":["iam:GetOpenIDConnectProvider","iam:GetSAMLProvider","iam:ListOpenIDConnectProviders","iam:ListSAMLProviders"],"Resource":"*"}]}`, string(p.Member.Source()))
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Sid":"Collector","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/collector"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid","sts:ExternalId":"orders"}}}]}`, string(p.Trust.Source()))
}
