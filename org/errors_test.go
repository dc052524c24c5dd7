package org_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// Indexes in sample(): accounts 0 management, 1 production, 2 development; OUs 0 sandbox,
// 1 workloads with production in it.
func TestNewErrors(t *testing.T) {
	withTrust := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}`)))
	notUTF8 := "\xff"
	loop := make([]org.OU, 1)
	loop[0] = org.OU{ID: "ou-loop", OUs: loop}
	nameless := make([]org.OU, 1)
	nameless[0] = org.OU{OUs: nameless}
	for name, tt := range map[string]struct {
		edit func(s *org.Spec)
		want []string
	}{
		"account ID": {
			func(s *org.Spec) { s.Accounts[2].ID, s.Root.OUs[0].Accounts = "4444", nil },
			[]string{`/accounts/2/id: "4444" is no account ID; want 12 digits`},
		},
		"account ID twice": {
			func(s *org.Spec) { s.Accounts = append(s.Accounts, org.Account{ID: dev}) },
			[]string{`/accounts/3/id: account ID "444455556666" is listed twice; the first is at /accounts/2/id`},
		},
		"account in two places": {
			func(s *org.Spec) { s.Root.Accounts = append(s.Root.Accounts, prod) },
			[]string{`/root/ous/1/ous/0/accounts/0: account 111122223333 is in two places; the other is at /root/accounts/1, keep one`},
		},
		"account nowhere": {
			func(s *org.Spec) { s.Root.OUs[0].Accounts = nil },
			[]string{`/accounts/2/id: account 444455556666 is nowhere in the tree; put it below the root or an OU`},
		},
		"account not listed": {
			func(s *org.Spec) { s.Root.Accounts = append(s.Root.Accounts, "444455556667") },
			[]string{`/root/accounts/1: the tree: no account "444455556667"; did you mean "444455556666"?`},
		},
		"account not listed, nothing like it": {
			func(s *org.Spec) { s.Root.Accounts = append(s.Root.Accounts, "000000000000") },
			[]string{`/root/accounts/1: the tree: no account "000000000000"; list it under accounts, or add a gap with this subject`},
		},
		"account not listed, gap of something else": {
			func(s *org.Spec) {
				s.Root.Accounts = append(s.Root.Accounts, "000000000000")
				s.Gaps = append(s.Gaps, org.Gap{Subject: "000000000000", What: org.GapTags})
			},
			[]string{`/root/accounts/1: the tree: no account "000000000000"; list it under accounts, or add a gap with this subject`},
		},
		"no account ID in the tree": {
			func(s *org.Spec) { s.Root.Accounts = append(s.Root.Accounts, "production") },
			[]string{`/root/accounts/1: "production" is no account ID; want 12 digits`},
		},
		"management account": {
			func(s *org.Spec) { s.ManagementAccount = "999900001112" },
			[]string{`/managementAccount: managementAccount: no account "999900001112"; did you mean "999900001111"?`},
		},
		"management account ID": {
			func(s *org.Spec) { s.ManagementAccount = "management" },
			[]string{`/managementAccount: "management" is no account ID; want 12 digits`},
		},
		"root without ID": {
			func(s *org.Spec) {
				*s = org.Spec{Root: org.Root{Accounts: []string{prod}}, Accounts: []org.Account{{ID: prod}}}
			},
			[]string{`/root/id: missing; want the root's ID, "r-…", or no root at all for accounts without an organization`},
		},
		"OU without ID": {
			func(s *org.Spec) { s.Root.OUs[0].ID = "" },
			[]string{`/root/ous/0/id: missing; want an ID, "r-…" or "ou-…"`},
		},
		"OU with an account ID": {
			func(s *org.Spec) { s.Root.OUs[0].ID = prod },
			[]string{`/root/ous/0/id: "111122223333" has the form of an account ID; want "r-…" or "ou-…"`},
		},
		"OU twice": {
			func(s *org.Spec) { s.Root.OUs[0].ID = "ou-ab12-33333333" },
			[]string{`/root/ous/1/ous/0/id: root or OU "ou-ab12-33333333" is listed twice; the first is at /root/ous/0/id`},
		},
		"OU cycle": {
			func(s *org.Spec) { s.Root.OUs[1].OUs[0].OUs = []org.OU{{ID: workload}} },
			[]string{`/root/ous/1/ous/0/ous/0/id: OU cycle: ou-ab12-11111111 is inside itself (ou-ab12-11111111 > ou-ab12-33333333 > ou-ab12-11111111)`},
		},
		"OU slice that holds itself": {
			func(s *org.Spec) { s.Root.OUs = append(s.Root.OUs, loop...) },
			[]string{`/root/ous/2/ous/0/id: OU cycle: ou-loop is inside itself (ou-loop > ou-loop)`},
		},
		"nameless OU slice that holds itself": {
			func(s *org.Spec) { s.Root.OUs = append(s.Root.OUs, nameless...) },
			[]string{
				`/root/ous/2/id: missing; want an ID, "r-…" or "ou-…"`,
				`/root/ous/2/ous/0/id: missing; want an ID, "r-…" or "ou-…"`,
				`/root/ous/2/ous/0/ous/0/id: missing; want an ID, "r-…" or "ou-…"`,
				`/root/ous/2/ous/0/ous/0/ous/0/id: missing; want an ID, "r-…" or "ou-…"`,
				`/root/ous/2/ous/0/ous/0/ous/0/ous/0/id: missing; want an ID, "r-…" or "ou-…"`,
				`/root/ous/2/ous/0/ous/0/ous/0/ous/0/ous/0/id: missing; want an ID, "r-…" or "ou-…"`,
				`/root/ous/2/ous/0/ous/0/ous/0/ous/0/ous/0: OU "" is at depth 6 below the root; want at most 5`,
			},
		},
		"OU too deep": {
			func(s *org.Spec) {
				s.Root.OUs = append(s.Root.OUs, org.OU{ID: "a", OUs: []org.OU{{ID: "b", OUs: []org.OU{{ID: "c", OUs: []org.OU{{ID: "d", OUs: []org.OU{{ID: "e", OUs: []org.OU{{ID: "f"}}}}}}}}}}})
			},
			[]string{`/root/ous/2/ous/0/ous/0/ous/0/ous/0/ous/0: OU "f" is at depth 6 below the root; want at most 5`},
		},
		"policy types": {
			func(s *org.Spec) {
				s.Root.PolicyTypes = append(s.Root.PolicyTypes, policy.IdentityBased, policy.ServiceControl)
			},
			[]string{
				`/root/policyTypes/2: "identity" is no type of control policy; want "scp" or "rcp"`,
				`/root/policyTypes/3: "scp" is listed twice`,
			},
		},
		"attached type not enabled": {
			func(s *org.Spec) {
				s.Root.PolicyTypes, s.Root.Attached = []policy.Kind{policy.ServiceControl}, []string{org.FullAWSAccess}
			},
			[]string{`/accounts/1/attached/1: account 111122223333: "p-perimeter" is an rcp, and the root does not have this policy type enabled; add "rcp" to the root's policyTypes, or detach it`},
		},
		"attached gap, nothing enabled": {
			func(s *org.Spec) {
				*s = org.Spec{Root: org.Root{ID: "r-1", Attached: []string{"p-secret"}}, Gaps: s.Gaps}
			},
			[]string{`/root/attached/0: root r-1: "p-secret" is attached, and the root has no policy type enabled; add one to its policyTypes, or detach it`},
		},
		"attached without organization": {
			func(s *org.Spec) {
				*s = org.Spec{Accounts: []org.Account{{ID: prod, Attached: []string{org.FullAWSAccess}}}}
			},
			[]string{`/accounts/0/attached/0: account 111122223333: "p-FullAWSAccess" is attached, but there is no organization; want a root, or nothing attached`},
		},
		"attached twice": {
			func(s *org.Spec) { s.Root.OUs[0].Attached = []string{"p-regions", org.FullAWSAccess, "p-regions"} },
			[]string{`/root/ous/0/attached/2: control policy "p-regions" is listed twice; the first is at /root/ous/0/attached/0`},
		},
		"attached to nothing": {
			func(s *org.Spec) { s.Root.OUs[0].Attached = []string{"p-regoins"} },
			[]string{`/root/ous/0/attached/0: OU ou-ab12-22222222: no control policy "p-regoins"; did you mean "p-regions"?`},
		},
		"control policy": {
			func(s *org.Spec) {
				s.ControlPolicies = append(s.ControlPolicies,
					org.ControlPolicy{ID: "p-regions", Kind: policy.ServiceControl, Document: regions},
					org.ControlPolicy{Kind: policy.ServiceControl, Document: regions},
					org.ControlPolicy{ID: "p-kind", Document: regions},
					org.ControlPolicy{ID: "p-empty", Kind: policy.ServiceControl},
					org.ControlPolicy{ID: "p-secret", Kind: policy.ServiceControl},
					org.ControlPolicy{ID: org.FullAWSAccess, Kind: policy.ResourceControl, Document: perimeter})
			},
			[]string{
				`/controlPolicies/2/id: control policy "p-regions" is listed twice; the first is at /controlPolicies/0/id`,
				`/controlPolicies/3/id: missing; want an ID, "p-…"`,
				`/controlPolicies/4/kind: control policy p-kind has kind "unset"; want "scp" or "rcp"`,
				`/controlPolicies/5/document: control policy p-empty: missing; want its document, or a gap with this subject`,
				`/controlPolicies/7/kind: control policy p-FullAWSAccess has kind "rcp"; want "scp", as AWS has it`,
			},
		},
		"control policy with the grammar of another kind": {
			func(s *org.Spec) { s.ControlPolicies[0].Document = perimeter },
			[]string{`/controlPolicies/0/document: 1:73: /Statement/0/Principal: not allowed in a policy of kind scp: the principals are those that it is attached to; remove it`},
		},
		"user ARN": {
			func(s *org.Spec) {
				s.Accounts[1].Users = []org.User{{}, {ARN: app}, {ARN: arn("arn:aws:iam::444455556666:user/ana")}, {ARN: arn("arn:aws:iam::111122223333:user/team/")}, {ARN: arn("arn:aws:iam:eu-west-1:111122223333:user/ana")}}
			},
			[]string{
				`/accounts/1/users/0/arn: missing; want arn:aws:iam::111122223333:user/…`,
				`/accounts/1/users/1/arn: "arn:aws:iam::111122223333:role/app" is not the ARN of a user; want arn:aws:iam::111122223333:user/…`,
				`/accounts/1/users/2/arn: "arn:aws:iam::444455556666:user/ana" belongs to account "444455556666"; want arn:aws:iam::111122223333:user/…`,
				`/accounts/1/users/3/arn: "arn:aws:iam::111122223333:user/team/" is not the ARN of a user; want arn:aws:iam::111122223333:user/…`,
				`/accounts/1/users/4/arn: "arn:aws:iam:eu-west-1:111122223333:user/ana" is not the ARN of a user; want arn:aws:iam::111122223333:user/…`,
			},
		},
		"ARN and name twice": {
			func(s *org.Spec) {
				s.Accounts[1].Roles = append(s.Accounts[1].Roles, org.Role{ARN: app}, org.Role{ARN: arn("arn:aws:iam::111122223333:role/path/APP")})
			},
			[]string{
				`/accounts/1/roles/1/arn: ARN "arn:aws:iam::111122223333:role/app" is listed twice; the first is at /accounts/1/roles/0/arn`,
				`/accounts/1/roles/2/arn: the account has another role named "app", at /accounts/1/roles/0/arn; names are unique in an account, whatever their path and case`,
			},
		},
		"groups of a user": {
			func(s *org.Spec) { s.Accounts[1].Users[0].Groups = []string{"admins", "admin", "admins"} },
			[]string{
				`/accounts/1/users/0/groups/1: user arn:aws:iam::111122223333:user/team/ana: no group "admin"; did you mean "admins"?`,
				`/accounts/1/users/0/groups/2: group "admins" is listed twice; the first is at /accounts/1/users/0/groups/0`,
			},
		},
		"attached managed policies": {
			func(s *org.Spec) {
				s.Accounts[1].Roles[0].Attached = []policy.ARN{
					{}, app, arn("arn:aws:iam::444455556666:policy/Other"), arn("arn:aws:iam::111122223333:policy/ReadLog"),
					arn("arn:aws:iam::aws:policy/ReadOnlyAcces"), readARN, readARN,
				}
			},
			[]string{
				`/accounts/1/roles/0/attached/0: role arn:aws:iam::111122223333:role/app: empty ARN; want the ARN of a managed policy`,
				`/accounts/1/roles/0/attached/1: role arn:aws:iam::111122223333:role/app: "arn:aws:iam::111122223333:role/app" is not the ARN of a managed policy; want arn:aws:iam::111122223333:policy/… or arn:aws:iam::aws:policy/…`,
				`/accounts/1/roles/0/attached/2: role arn:aws:iam::111122223333:role/app: "arn:aws:iam::444455556666:policy/Other" belongs to account "444455556666"; only policies of the same account and AWS managed ones can be attached`,
				`/accounts/1/roles/0/attached/3: role arn:aws:iam::111122223333:role/app: no managed policy "arn:aws:iam::111122223333:policy/ReadLog"; did you mean "arn:aws:iam::111122223333:policy/ReadLogs"?`,
				`/accounts/1/roles/0/attached/4: role arn:aws:iam::111122223333:role/app: no managed policy "arn:aws:iam::aws:policy/ReadOnlyAcces"; did you mean "arn:aws:iam::aws:policy/ReadOnlyAccess"?`,
				`/accounts/1/roles/0/attached/6: role arn:aws:iam::111122223333:role/app: policy "arn:aws:iam::111122223333:policy/ReadLogs" is attached twice; the first is at /accounts/1/roles/0/attached/5`,
			},
		},
		"boundary": {
			func(s *org.Spec) {
				s.Accounts[1].Users[0].Boundary = arn("arn:aws:iam::111122223333:policy/Limit")
			},
			[]string{`/accounts/1/users/0/boundary: user arn:aws:iam::111122223333:user/team/ana: no managed policy "arn:aws:iam::111122223333:policy/Limit"; list it under the account's policies, or add a gap with this subject`},
		},
		"inline policies": {
			func(s *org.Spec) {
				s.Accounts[1].Groups[0].Inline = []org.InlinePolicy{{"a", readLogs}, {"a", fullEC2}, {"", readLogs}, {"b", nil}}
			},
			[]string{
				`/accounts/1/groups/0/inline/1/name: group arn:aws:iam::111122223333:group/admins: there are two inline policies "a"; the first is at /accounts/1/groups/0/inline/0`,
				`/accounts/1/groups/0/inline/2/name: group arn:aws:iam::111122223333:group/admins: missing; want the inline policy's name`,
				`/accounts/1/groups/0/inline/3/document: group arn:aws:iam::111122223333:group/admins: missing; want the document of inline policy "b"`,
			},
		},
		"documents in the wrong place": {
			func(s *org.Spec) {
				a := &s.Accounts[1]
				a.Roles[0].Trust = withTrust
				a.Policies = append(a.Policies, org.ManagedPolicy{ARN: arn("arn:aws:iam::111122223333:policy/P"), Document: bucketPolicy})
			},
			[]string{
				`/accounts/1/roles/0/trust: 1:15: /Statement/0: Principal is missing, which a policy of kind trust must have; want "Principal": "*" or an object such as {"AWS": "111122223333"}`,
				`/accounts/1/roles/0/trust: 1:75: /Statement/0/Resource: not allowed in a trust policy: the resource is the role; remove it`,
				`/accounts/1/policies/2/document: 1:49: /Statement/0/Principal: not allowed in a policy of kind identity: the principals are those that it is attached to; remove it`,
			},
		},
		"managed policies": {
			func(s *org.Spec) {
				s.Accounts[2].Policies = []org.ManagedPolicy{{ARN: ec2Full, Document: readLogs}, {ARN: ec2Full, Document: fullEC2}, {ARN: arn("arn:aws:iam::444455556666:policy/P")}, {ARN: readARN, Document: readLogs}}
			},
			[]string{
				`/accounts/2/policies/0/document: arn:aws:iam::aws:policy/AmazonEC2FullAccess has another document at /accounts/1/policies/0; a policy that AWS manages is the same in all accounts`,
				`/accounts/2/policies/1/arn: policy in account 444455556666 "arn:aws:iam::aws:policy/AmazonEC2FullAccess" is listed twice; the first is at /accounts/2/policies/0/arn`,
				`/accounts/2/policies/2/document: managed policy arn:aws:iam::444455556666:policy/P: missing; want its document, or a gap with this subject`,
				`/accounts/2/policies/3/arn: "arn:aws:iam::111122223333:policy/ReadLogs" belongs to account "111122223333"; want arn:aws:iam::444455556666:policy/…`,
			},
		},
		"resources": {
			func(s *org.Spec) {
				s.Accounts[2].Resources = []org.Resource{{}, {ARN: devRole}, {ARN: bucket}, {ARN: arn("arn:aws:sqs:eu-west-1:111122223333:orders")}, {ARN: queue, Owner: "me"}}
			},
			[]string{
				`/accounts/2/resources/0/arn: missing; want the resource's ARN`,
				`/accounts/2/resources/1/arn: "arn:aws:iam::444455556666:role/dev/app" is no resource in this sense; list it under users, groups, roles or policies`,
				`/accounts/2/resources/2/arn: ARN "arn:aws:s3:::logs" is listed twice; the first is at /accounts/1/resources/0/arn`,
				`/accounts/2/resources/3/arn: "arn:aws:sqs:eu-west-1:111122223333:orders" belongs to account 111122223333; list it there`,
				`/accounts/2/resources/4/owner: "me" is no account ID; want 12 digits`,
			},
		},
		"endpoints": {
			func(s *org.Spec) { s.Accounts[2].Endpoints = []org.Endpoint{{}, {ID: "vpce-0a"}} },
			[]string{
				`/accounts/2/endpoints/0/id: missing; want an ID, "vpce-…"`,
				`/accounts/2/endpoints/1/id: VPC endpoint "vpce-0a" is listed twice; the first is at /accounts/1/endpoints/0/id`,
			},
		},
		"gap without subject": {
			func(s *org.Spec) { s.Gaps = append(s.Gaps, org.Gap{What: org.GapTags}) },
			[]string{`/gaps/2/subject: missing; want an ARN, in which * stands for any text, or the ID of an account, OU, root or control policy`},
		},
		"tags": {
			func(s *org.Spec) { s.Accounts[2].Tags = map[string]string{"": "x", notUTF8: "y", "z": notUTF8} },
			[]string{
				`/accounts/2/tags/: empty tag key`,
				`/accounts/2/tags/z: "` + "\uFFFD" + `" is not UTF-8`,
				`/accounts/2/tags/` + "\uFFFD" + `: "` + "\uFFFD" + `" is not UTF-8`,
			},
		},
		"not UTF-8": {
			func(s *org.Spec) {
				s.ID, s.Root.OUs[0].Name, s.Gaps[0].Reason = notUTF8, notUTF8, notUTF8
				s.Accounts[2].Name, s.Accounts[2].Resources[0].ARN = notUTF8, arn("arn:aws:s3:::\xff")
			},
			[]string{
				`/id: "` + "\uFFFD" + `" is not UTF-8`,
				`/root/ous/0/name: "` + "\uFFFD" + `" is not UTF-8`,
				`/accounts/2/name: "` + "\uFFFD" + `" is not UTF-8`,
				`/accounts/2/resources/0/arn: "arn:aws:s3:::` + "\uFFFD" + `" is not UTF-8`,
				`/gaps/0/reason: "` + "\uFFFD" + `" is not UTF-8`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := sample()
			tt.edit(&s)
			_, err := org.New(s)
			require.Equal(t, tt.want, lines(err))
			list, ok := asError[org.Errors](err)
			require.True(t, ok)
			require.Len(t, list.Unwrap(), len(tt.want))
		})
	}
}

func TestReferenceError(t *testing.T) {
	s := sample()
	s.Root.OUs[0].Attached = []string{"p-regoins"}
	_, err := org.New(s)
	e, ok := asError[*org.ReferenceError](err)
	require.True(t, ok)
	require.Equal(t, org.ReferenceError{
		Path: "/root/ous/0/attached/0", From: "OU ou-ab12-22222222", Kind: "control policy", Name: "p-regoins",
		Want: "list it under controlPolicies, or add a gap with this subject", Suggestion: "p-regions",
	}, *e)

	s = sample()
	s.ControlPolicies[0].Document = perimeter
	_, err = org.New(s)
	_, ok = asError[*policy.ParseError](err)
	require.True(t, ok, "what is wrong with a document is reachable")
}

func TestGapsExcuse(t *testing.T) {
	unlisted := arn("arn:aws:iam::111122223333:policy/path/Unlisted")
	for name, tt := range map[string]struct {
		gap  org.Gap
		edit func(s *org.Spec)
	}{
		"managed policy":             {org.Gap{Subject: unlisted.String()}, func(s *org.Spec) { s.Accounts[1].Roles[0].Attached = []policy.ARN{unlisted} }},
		"managed policy by wildcard": {org.Gap{Subject: "arn:aws:iam::*:policy/*Unl*"}, func(s *org.Spec) { s.Accounts[1].Roles[0].Attached = []policy.ARN{unlisted} }},
		"boundary":                   {org.Gap{Subject: unlisted.String(), What: org.GapDocument}, func(s *org.Spec) { s.Accounts[1].Roles[0].Boundary = unlisted }},
		"AWS managed policy":         {org.Gap{Subject: "arn:aws:iam::aws:policy/*"}, func(s *org.Spec) { s.Accounts[1].Policies[0].Document, s.Accounts[2].Policies = nil, nil }},
		"group":                      {org.Gap{Subject: "arn:aws:iam::111122223333:group/admins", What: org.GapIdentityPolicies}, func(s *org.Spec) { s.Accounts[1].Groups = nil }},
		"group with a path":          {org.Gap{Subject: "arn:aws:iam::111122223333:group/ops/admins"}, func(s *org.Spec) { s.Accounts[1].Groups = nil }},
		"groups by wildcard":         {org.Gap{Subject: "arn:aws:iam::111122223333:group/*"}, func(s *org.Spec) { s.Accounts[1].Groups = nil }},
		"control policy":             {org.Gap{Subject: "p-new", Reason: "known after apply"}, func(s *org.Spec) { s.Root.Attached = append(s.Root.Attached, "p-new") }},
		"management account":         {org.Gap{Subject: "123456789012", What: org.GapEverything}, func(s *org.Spec) { s.ManagementAccount = "123456789012" }},
		"account":                    {org.Gap{Subject: "123456789012", What: "something new"}, func(s *org.Spec) { s.Root.Accounts = append(s.Root.Accounts, "123456789012") }},
	} {
		t.Run(name, func(t *testing.T) {
			s := sample()
			tt.edit(&s)
			_, err := org.New(s)
			require.Error(t, err, "without the gap")
			s.Gaps = append(s.Gaps, tt.gap)
			_, err = org.New(s)
			require.NoError(t, err)
			s.Gaps[len(s.Gaps)-1].What = org.GapTags
			_, err = org.New(s)
			require.Error(t, err, "a gap of the tags does not say that the thing is not known")
		})
	}
}

func TestNewReportsManyErrorsInTime(t *testing.T) {
	s := sample()
	for i := range 3000 {
		s.Root.OUs[0].Attached = append(s.Root.OUs[0].Attached, strings.Repeat("p", 50)+string(rune('a'+i%26))+strings.Repeat("x", i/26))
	}
	_, err := org.New(s)
	require.Len(t, lines(err), 3000)
}

func TestErrorsRelocate(t *testing.T) {
	t.Parallel()
	_, err := org.ReadFS(fstest.MapFS{"org.json": {Data: []byte("{\n \"format\": 1,\n \"nonsense\": 1\n}")}})
	errs, ok := errors.AsType[org.Errors](err)
	require.True(t, ok, "%v", err)
	other := errors.New("other")
	parse := &policy.ParseError{File: "a.json", Position: policy.Position{Line: 1, Column: 2}, Err: other}
	missing := &org.ReferenceError{Path: "/users/0", Kind: "group", Name: "x"}
	errs = append(slices.Clone(errs), parse, missing, other)
	before := errs.Error()
	moved := errs.Relocate(func(file string, at policy.Position) (string, policy.Position) {
		return "moved/" + file, policy.Position{Line: at.Line + 10, Column: max(at.Column, 1)}
	})
	require.Equal(t, before, errs.Error(), "the errors themselves stay")
	require.Len(t, moved, len(errs))
	require.Contains(t, moved[0].Error(), "moved/org.json:1")
	require.Contains(t, moved.Error(), "moved/a.json:11:2: ")
	require.Contains(t, moved.Error(), "moved/:10:1: /users/0: no group")
	require.Equal(t, other, moved[len(moved)-1])
}
