package org_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

func TestChangeStrings(t *testing.T) {
	for want, c := range map[string]org.Change{
		"put control policy p-regions (Regions)":                         org.PutControlPolicy(org.ControlPolicy{ID: "p-regions", Name: "Regions"}),
		"put control policy p-regions":                                   org.PutControlPolicy(org.ControlPolicy{ID: "p-regions"}),
		"remove control policy p-regions":                                org.RemoveControlPolicy("p-regions"),
		"attach p-regions to ou-ab12-11111111":                           org.AttachControlPolicy("p-regions", workload),
		"detach p-regions from ou-ab12-11111111":                         org.DetachControlPolicy("p-regions", workload),
		"enable policy type rcp":                                         org.EnablePolicyType(policy.ResourceControl),
		"disable policy type scp":                                        org.DisablePolicyType(policy.ServiceControl),
		"put OU ou-new below r-ab12":                                     org.PutOU("r-ab12", org.OU{ID: "ou-new"}),
		"remove OU ou-new":                                               org.RemoveOU("ou-new"),
		"move account 111122223333 to r-ab12":                            org.MoveAccount(prod, "r-ab12"),
		"put account 111122223333 below r-ab12":                          org.PutAccount("r-ab12", org.Account{ID: prod}),
		"put account 111122223333":                                       org.PutAccount("", org.Account{ID: prod}),
		"remove account 111122223333":                                    org.RemoveAccount(prod),
		"put user arn:aws:iam::111122223333:user/team/ana":               org.PutUser(org.User{ARN: ana}),
		"put group arn:aws:iam::111122223333:group/admins":               org.PutGroup(org.Group{ARN: admins}),
		"put role arn:aws:iam::111122223333:role/app":                    org.PutRole(org.Role{ARN: app}),
		"put resource arn:aws:s3:::logs in account 111122223333":         org.PutResource(prod, org.Resource{ARN: bucket}),
		"put VPC endpoint vpce-0a in account 111122223333":               org.PutEndpoint(prod, org.Endpoint{ID: "vpce-0a"}),
		"remove arn:aws:s3:::logs":                                       org.Remove(bucket),
		"remove VPC endpoint vpce-0a":                                    org.RemoveEndpoint("vpce-0a"),
		"mark document of p-secret as unknown":                           org.MarkUnknown(org.Gap{Subject: "p-secret", What: org.GapDocument}),
		"mark everything of 111122223333 as known":                       org.MarkKnown(org.Gap{Subject: prod}),
		"put managed policy " + readARN.String() + " in account " + prod: org.PutManagedPolicy(prod, org.ManagedPolicy{ARN: readARN}),
	} {
		require.Equal(t, want, c.String())
	}
}

func TestApply(t *testing.T) {
	o := mustNew(t, sample())
	apply := func(changes ...org.Change) *org.Organization {
		t.Helper()
		out, err := o.Apply(changes...)
		require.NoError(t, err)
		return out
	}
	require.Same(t, o, apply(), "nothing to do")

	got := apply(org.AttachControlPolicy("p-new", sandbox), org.PutControlPolicy(org.ControlPolicy{ID: "p-new", Kind: policy.ServiceControl, Document: regions}))
	require.Equal(t, []string{org.FullAWSAccess, "p-new"}, got.Spec().Root.OUs[1].Attached, "a policy may be attached before it is put")

	got = apply(org.MoveAccount(prod, "r-ab12"))
	require.Equal(t, []string{"r-ab12", prod}, got.Path(prod))

	a, _ := o.Account(dev)
	a.Name = "sandbox"
	got = apply(org.PutAccount(workload, a))
	require.Equal(t, []string{"r-ab12", workload, dev}, got.Path(dev))
	require.Equal(t, "sandbox", got.NodeName(dev))

	got = apply(org.RemoveAccount(dev))
	require.Nil(t, got.Path(dev))
	_, ok := got.Resource(queue)
	require.False(t, ok)

	got = apply(org.PutOU(workload, org.OU{ID: "ou-new", Name: "New"}), org.PutOU("ou-new", org.OU{ID: "ou-deep"}), org.MoveAccount(dev, "ou-deep"), org.RemoveOU(sandbox))
	require.Equal(t, []string{"r-ab12", workload, "ou-new", "ou-deep", dev}, got.Path(dev))
	require.Nil(t, got.Path(sandbox))

	got = apply(org.PutOU("r-ab12", org.OU{ID: workload, Name: "W", Attached: []string{org.FullAWSAccess}}))
	require.Equal(t, "W", got.NodeName(workload))
	require.Len(t, got.Path(prod), 4, "the OUs below stay")

	got = apply(org.Remove(ana), org.Remove(admins), org.Remove(bucket), org.RemoveEndpoint("vpce-0a"))
	for _, gone := range []policy.ARN{ana, admins, bucket} {
		_, ok := got.ResourceAccount(gone)
		require.False(t, ok)
	}

	got = apply(org.MarkUnknown(org.Gap{Subject: bucket.String(), What: org.GapResourcePolicy}))
	require.Len(t, got.Spec().Gaps, 3)
	twice, err := got.Apply(org.MarkUnknown(org.Gap{Subject: bucket.String(), What: org.GapResourcePolicy}))
	require.NoError(t, err)
	require.True(t, got.Equal(twice))
}

func TestPolicyTypesAreEnabledAsAWSDoes(t *testing.T) {
	s := sample()
	s.Root.PolicyTypes, s.Root.Attached = nil, nil
	for i := range s.Root.OUs {
		s.Root.OUs[i].Attached = nil
	}
	s.Root.OUs[1].OUs[0].Attached = nil
	for i := range s.Accounts {
		s.Accounts[i].Attached = nil
	}
	o := mustNew(t, s)
	on, err := o.Apply(org.EnablePolicyType(policy.ServiceControl))
	require.NoError(t, err)
	var levels []string
	for node, p := range on.Inherited(prod, policy.ServiceControl) {
		require.Equal(t, org.FullAWSAccess, p.ID)
		levels = append(levels, node)
	}
	require.Equal(t, o.Path(prod), levels)
	off, err := on.Apply(org.AttachControlPolicy("p-regions", "r-ab12"), org.DisablePolicyType(policy.ServiceControl))
	require.NoError(t, err)
	require.True(t, off.Equal(o), "all SCPs are detached")
}

func TestApplyErrors(t *testing.T) {
	o := mustNew(t, sample())
	alone, err := org.Standalone(org.Account{ID: prod})
	require.NoError(t, err)
	gap := sample()
	gap.Accounts, gap.Gaps = gap.Accounts[:2], append(gap.Gaps, org.Gap{Subject: dev})
	unlisted := mustNew(t, gap)
	for name, tt := range map[string]struct {
		o       *org.Organization
		changes []org.Change
		want    []string
	}{
		"attach to nothing":   {o, []org.Change{org.AttachControlPolicy("p-regions", "ou-ab12-22222223")}, []string{`change 1 (attach p-regions to ou-ab12-22222223): no root, OU or account "ou-ab12-22222223"; did you mean "ou-ab12-22222222"?`}},
		"attach twice":        {o, []org.Change{org.AttachControlPolicy("p-regions", workload)}, []string{`change 1 (attach p-regions to ou-ab12-11111111): p-regions is attached to ou-ab12-11111111 already`}},
		"attach what is not":  {o, []org.Change{org.AttachControlPolicy("p-region", sandbox)}, []string{`/root/ous/1/attached/1: OU ou-ab12-22222222: no control policy "p-region"; did you mean "p-regions"?`}},
		"attach to a gap":     {unlisted, []org.Change{org.AttachControlPolicy("p-regions", dev)}, []string{`change 1 (attach p-regions to 444455556666): account 444455556666 is known only by a gap; put the account first`}},
		"detach":              {o, []org.Change{org.DetachControlPolicy("p-perimeter", workload)}, []string{`change 1 (detach p-perimeter from ou-ab12-11111111): p-perimeter is not attached to ou-ab12-11111111; attached: p-FullAWSAccess, p-regions, p-secret`}},
		"detach from nothing": {unlisted, []org.Change{org.PutOU(sandbox, org.OU{ID: "ou-x"}), org.DetachControlPolicy("p-perimeter", "ou-x")}, []string{`change 2 (detach p-perimeter from ou-x): p-perimeter is not attached to ou-x; nothing is`}},
		"remove attached":     {o, []org.Change{org.RemoveControlPolicy("p-regions")}, []string{`/root/ous/0/attached/1: OU ou-ab12-11111111: no control policy "p-regions"; list it under controlPolicies, or add a gap with this subject`}},
		"remove built in":     {o, []org.Change{org.RemoveControlPolicy(org.FullAWSAccess)}, []string{`change 1 (remove control policy p-FullAWSAccess): no control policy "p-FullAWSAccess"; want one that the organization has`}},
		"remove used policy": {o, []org.Change{org.Remove(readARN)}, []string{
			`/accounts/0/users/0/attached/0: user arn:aws:iam::111122223333:user/team/ana: no managed policy "arn:aws:iam::111122223333:policy/ReadLogs"; list it under the account's policies, or add a gap with this subject`,
			`/accounts/0/users/0/boundary: user arn:aws:iam::111122223333:user/team/ana: no managed policy "arn:aws:iam::111122223333:policy/ReadLogs"; list it under the account's policies, or add a gap with this subject`,
			`/accounts/0/roles/0/attached/0: role arn:aws:iam::111122223333:role/app: no managed policy "arn:aws:iam::111122223333:policy/ReadLogs"; list it under the account's policies, or add a gap with this subject`,
		}},
		"remove nothing": {o, []org.Change{org.Remove(arn("arn:aws:s3:::log")), org.Remove(policy.ARN{}), org.RemoveEndpoint("vpce-0b")}, []string{
			`change 1 (remove arn:aws:s3:::log): no user, group, role, managed policy or resource "arn:aws:s3:::log"; did you mean "arn:aws:s3:::logs"?`,
			`change 2 (remove ): no user, group, role, managed policy or resource ""; want one that the organization has`,
			`change 3 (remove VPC endpoint vpce-0b): no VPC endpoint "vpce-0b"; did you mean "vpce-0a"?`,
		}},
		"enabled already": {o, []org.Change{org.EnablePolicyType(policy.ServiceControl)}, []string{`change 1 (enable policy type scp): policy type scp is enabled already`}},
		"no policy type":  {o, []org.Change{org.EnablePolicyType(policy.SessionPolicy)}, []string{`change 1 (enable policy type session): session is no type of control policy; want scp or rcp`}},
		"not enabled":     {o, []org.Change{org.DisablePolicyType(policy.ServiceControl), org.DisablePolicyType(policy.ServiceControl)}, []string{`change 2 (disable policy type scp): policy type scp is not enabled`}},
		"no organization": {alone, []org.Change{org.EnablePolicyType(policy.ServiceControl), org.MoveAccount(prod, "r-ab12"), org.PutAccount("r-ab12", org.Account{ID: dev})}, []string{
			`change 1 (enable policy type scp): there is no organization that could have policy types`,
			`change 2 (move account 111122223333 to r-ab12): there is no organization; the accounts have no tree`,
			`change 3 (put account 444455556666 below r-ab12): there is no organization; the accounts have no tree`,
		}},
		"OU with accounts":      {o, []org.Change{org.PutOU("r-ab12", org.OU{ID: "ou-x", Accounts: []string{prod}})}, []string{`change 1 (put OU ou-x below r-ab12): the OU lists OUs or accounts; put each OU by itself and move the accounts`}},
		"OU elsewhere":          {o, []org.Change{org.PutOU(sandbox, org.OU{ID: workload})}, []string{`change 1 (put OU ou-ab12-11111111 below ou-ab12-22222222): OU ou-ab12-11111111 is below "r-ab12"; AWS cannot move OUs, remove it and put it anew`}},
		"OU without ID":         {o, []org.Change{org.PutOU(sandbox, org.OU{})}, []string{`change 1 (put OU  below ou-ab12-22222222): the OU has no ID`}},
		"OU below nothing":      {o, []org.Change{org.PutOU(dev, org.OU{ID: "ou-x"})}, []string{`change 1 (put OU ou-x below 444455556666): no root or OU "444455556666"; want one that the organization has`}},
		"remove full OU":        {o, []org.Change{org.RemoveOU(workload)}, []string{`change 1 (remove OU ou-ab12-11111111): the OU is not empty: it has 1 OUs and 0 accounts`}},
		"remove root":           {o, []org.Change{org.RemoveOU("r-ab12")}, []string{`change 1 (remove OU r-ab12): it is the root; want an OU`}},
		"move to itself":        {o, []org.Change{org.MoveAccount(dev, sandbox)}, []string{`change 1 (move account 444455556666 to ou-ab12-22222222): account 444455556666 is below ou-ab12-22222222 already`}},
		"move nothing":          {o, []org.Change{org.MoveAccount("000000000000", sandbox)}, []string{`/root/ous/1/accounts/1: the tree: no account "000000000000"; list it under accounts, or add a gap with this subject`}},
		"account without place": {o, []org.Change{org.PutAccount("", org.Account{ID: "000000000000"})}, []string{`change 1 (put account 000000000000): no root or OU ""; want one that the organization has`}},
		"remove management":     {o, []org.Change{org.RemoveAccount(mgmt)}, []string{`/managementAccount: managementAccount: no account "999900001111"; list it under accounts, or add a gap with this subject`}},
		"remove no account":     {o, []org.Change{org.RemoveAccount("000000000000")}, []string{`change 1 (remove account 000000000000): no account "000000000000"; want one that the organization has`}},
		"user of no account":    {o, []org.Change{org.PutUser(org.User{ARN: arn("arn:aws:iam::444455556667:user/ana")})}, []string{`change 1 (put user arn:aws:iam::444455556667:user/ana): no account "444455556667"; did you mean "444455556666"?`}},
		"resource of another":   {o, []org.Change{org.PutResource(dev, org.Resource{ARN: bucket})}, []string{`/accounts/1/resources/1/arn: ARN "arn:aws:s3:::logs" is listed twice; the first is at /accounts/0/resources/0/arn`}},
		"no such gap":           {o, []org.Change{org.MarkKnown(org.Gap{Subject: "p-secret"})}, []string{`change 1 (mark everything of p-secret as known): the organization has no such gap; want one of its gaps, reason included`}},
		"gap that is needed":    {o, []org.Change{org.MarkKnown(sample().Gaps[0])}, []string{`/root/ous/0/attached/2: OU ou-ab12-11111111: no control policy "p-secret"; list it under controlPolicies, or add a gap with this subject`}},
		"nil":                   {o, []org.Change{nil}, []string{`change 1: is nil; want a Change`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tt.o.Apply(tt.changes...)
			require.Nil(t, got)
			require.Equal(t, tt.want, lines(err))
			_, err = tt.o.Invert(tt.changes...)
			require.Equal(t, tt.want, lines(err), "Invert refuses what Apply refuses")
		})
	}
	_, err = o.Apply(org.MoveAccount(dev, sandbox))
	e, ok := asError[*org.ChangeError](err)
	require.True(t, ok)
	require.Equal(t, 0, e.Index)
	require.EqualError(t, e.Unwrap(), "account 444455556666 is below ou-ab12-22222222 already")
}

func TestInverseIsReadable(t *testing.T) {
	o := mustNew(t, sample())
	inverse, err := o.Invert(
		org.PutControlPolicy(org.ControlPolicy{ID: "p-new", Name: "New", Kind: policy.ServiceControl, Document: regions}),
		org.AttachControlPolicy("p-new", sandbox),
		org.MoveAccount(dev, workload),
		org.Remove(queue),
	)
	require.NoError(t, err)
	require.Equal(t, "[put resource arn:aws:sqs:eu-west-1:444455556666:orders in account 444455556666"+
		" move account 444455556666 to ou-ab12-22222222 detach p-new from ou-ab12-22222222 remove control policy p-new]", fmt.Sprint(inverse))
}

func TestInverseUndoes(t *testing.T) { rapid.Check(t, checkInverse) }

// checkInverse: Apply and then the inverse gives an equal organization.
func checkInverse(t *rapid.T) {
	o := drawOrganization(t)
	changes := rapid.SliceOfN(rapid.Custom(drawChange), 1, 12).Draw(t, "changes")
	if rapid.Bool().Draw(t, "valid") { // else the list is most often refused
		changes = slices.DeleteFunc(changes, func(c org.Change) bool {
			_, err := o.Apply(c)
			return err != nil
		})
	}
	after, err := o.Apply(changes...)
	inverse, errInvert := o.Invert(changes...)
	if err != nil {
		if errInvert == nil || errInvert.Error() != err.Error() {
			t.Fatalf("Apply: %v\nInvert: %v", err, errInvert)
		}
		return
	}
	before, err := after.Apply(inverse...)
	if err != nil {
		t.Fatalf("inverse of %v is %v: %v", changes, inverse, err)
	}
	if !before.Equal(o) {
		t.Fatalf("inverse of %v is %v, and leaves %s", changes, inverse, specDiff(o.Spec(), before.Spec()))
	}
	again, err := org.New(after.Spec())
	if err != nil || !again.Equal(after) {
		t.Fatalf("New(Spec) differs: %v", err)
	}
}

// Every kind of change must really be undone now and then, not only refused.
func TestGeneratedChangesApply(t *testing.T) {
	applied := map[string]int{}
	organizations, changes := rapid.Custom(drawOrganization), rapid.Custom(drawChange)
	for seed := range 2000 {
		c := changes.Example(seed)
		if _, err := organizations.Example(seed).Apply(c); err == nil {
			applied[fmt.Sprintf("%T", c)]++
		}
	}
	require.Len(t, applied, kindsOfChanges, "%v", applied)
}
