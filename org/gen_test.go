package org_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// kindsOfChanges is how many kinds drawChange knows: all.
const kindsOfChanges = 21

var (
	someAccounts = []string{prod, dev, mgmt, "000000000000"}
	someNodes    = []string{"r-ab12", workload, sandbox, "ou-ab12-33333333", "ou-new", "ou-x"}
	someControls = []string{"p-regions", "p-perimeter", "p-secret", "p-new", org.FullAWSAccess, org.RCPFullAWSAccess}
	somePolicies = []policy.ARN{readARN, ec2Full, arn("arn:aws:iam::444455556666:policy/P"), arn("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess")}
	someARNs     = append([]policy.ARN{ana, admins, app, bucket, queue, devRole,
		arn("arn:aws:iam::444455556666:user/ana"), arn("arn:aws:iam::444455556666:group/admins"),
		arn("arn:aws:iam::444455556666:role/App"), arn("arn:aws:s3:::orders/a b/*\\?")}, somePolicies...)
	someKinds = []policy.Kind{policy.ServiceControl, policy.ResourceControl}
	someGaps  = []org.Gap{
		{Subject: "p-secret", What: org.GapDocument, Reason: "AccessDenied: organizations:DescribePolicy"},
		{Subject: "p-new"}, {Subject: "arn:aws:iam::*"}, {Subject: "000000000000"}, {Subject: dev, What: org.GapTags},
	}
)

// drawOrganization makes some valid changes to the sample.
func drawOrganization(t *rapid.T) *org.Organization {
	s := sample()
	if rapid.IntRange(0, 9).Draw(t, "standalone") == 0 {
		s = org.Spec{Accounts: s.Accounts, Gaps: s.Gaps}
		for i := range s.Accounts {
			s.Accounts[i].Attached = nil
		}
	}
	o, err := org.New(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rapid.SliceOfN(rapid.Custom(drawChange), 0, 12).Draw(t, "before") {
		if next, err := o.Apply(c); err == nil {
			o = next
		}
	}
	return o
}

func pick[T any](t *rapid.T, name string, from []T) T { return rapid.SampledFrom(from).Draw(t, name) }

func drawChange(t *rapid.T) org.Change {
	account := pick(t, "account", someAccounts)
	switch rapid.IntRange(0, 21).Draw(t, "kind") {
	case 0:
		return org.PutControlPolicy(drawControlPolicy(t))
	case 1:
		return org.RemoveControlPolicy(pick(t, "policy", someControls))
	case 2, 3:
		return org.AttachControlPolicy(pick(t, "policy", someControls), pick(t, "target", append(someNodes, account)))
	case 4, 5:
		return org.DetachControlPolicy(pick(t, "policy", someControls), pick(t, "target", append(someNodes, account)))
	case 6:
		return org.EnablePolicyType(pick(t, "kind", someKinds))
	case 7:
		return org.DisablePolicyType(pick(t, "kind", someKinds))
	case 8:
		return org.PutOU(pick(t, "parent", someNodes), org.OU{ID: pick(t, "OU", someNodes), Name: pick(t, "name", []string{"", "A"}), Attached: drawControls(t)})
	case 9:
		return org.RemoveOU(pick(t, "OU", someNodes))
	case 10:
		return org.MoveAccount(account, pick(t, "parent", someNodes))
	case 11:
		a := org.Account{ID: account, Name: "new", Attached: drawControls(t), Tags: map[string]string{"a": "b"}}
		return org.PutAccount(pick(t, "parent", append(someNodes, "")), a)
	case 12:
		return org.RemoveAccount(account)
	case 13:
		return drawIdentity(t)
	case 14:
		return org.PutManagedPolicy(account, org.ManagedPolicy{ARN: pick(t, "policy", somePolicies), Document: pick(t, "document", []*policy.Document{readLogs, fullEC2, nil})})
	case 15:
		return org.PutResource(account, org.Resource{ARN: pick(t, "resource", someARNs), Policy: pick(t, "document", []*policy.Document{bucketPolicy, nil}), Tags: map[string]string{"ü": "\n"}})
	case 16:
		return org.PutEndpoint(account, org.Endpoint{ID: pick(t, "endpoint", []string{"vpce-0a", "vpce-0A"}), Policy: pick(t, "document", []*policy.Document{bucketPolicy, nil})})
	case 17:
		return drawIdentity(t)
	case 18:
		return org.Remove(pick(t, "ARN", someARNs))
	case 19:
		return org.RemoveEndpoint(pick(t, "endpoint", []string{"vpce-0a", "vpce-0A"}))
	case 20:
		return org.MarkUnknown(pick(t, "gap", someGaps))
	default:
		return org.MarkKnown(pick(t, "gap", someGaps))
	}
}

func drawControls(t *rapid.T) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(someControls), 0, 3, rapid.ID).Draw(t, "attached")
}

func drawControlPolicy(t *rapid.T) org.ControlPolicy {
	id := pick(t, "policy", someControls)
	if pick(t, "kind", someKinds) == policy.ResourceControl {
		return org.ControlPolicy{ID: id, Kind: policy.ResourceControl, Document: perimeter}
	}
	return org.ControlPolicy{ID: id, Name: "New", Kind: policy.ServiceControl, Document: pick(t, "document", []*policy.Document{regions, fullEC2, nil})}
}

func drawIdentity(t *rapid.T) org.Change {
	kind := rapid.IntRange(0, 2).Draw(t, "identity")
	a := pick(t, "ARN", [][]policy.ARN{{ana, someARNs[6]}, {admins, someARNs[7]}, {app, devRole, someARNs[8]}}[kind])
	if rapid.IntRange(0, 9).Draw(t, "hostile") == 0 {
		a = pick(t, "any ARN", someARNs)
	}
	attached := rapid.SliceOfNDistinct(rapid.SampledFrom(somePolicies), 0, 1, rapid.ID[policy.ARN]).Draw(t, "attached")
	inline := []org.InlinePolicy{{Name: pick(t, "name", []string{"a", "A", "nul", ".."}), Document: pick(t, "document", []*policy.Document{readLogs, fullEC2})}, {Name: "B", Document: readLogs}}
	switch kind {
	case 0:
		return org.PutUser(org.User{ARN: a, Groups: rapid.SampledFrom([][]string{nil, {"admins"}}).Draw(t, "groups"), Attached: attached, Inline: inline, Credentials: drawCredentials(t)})
	case 1:
		return org.PutGroup(org.Group{ARN: a, Attached: attached, Inline: inline})
	}
	return org.PutRole(org.Role{ARN: a, Attached: attached, Inline: inline, Trust: pick(t, "trust", []*policy.Document{nil, trustEC2})})
}

// drawCredentials draws each kind of fact known, absent and not known.
func drawCredentials(t *rapid.T) *org.Credentials {
	if rapid.Bool().Draw(t, "no credentials") {
		return nil
	}
	usage := pick(t, "usage", []org.Usage{{}, {Never: true}, {At: date("2024-05-01").In(time.FixedZone("", 3600)), Region: "eu-west-3"}})
	return &org.Credentials{
		Password:     pick(t, "password", []*org.Password{nil, {}, {Enabled: true, Used: usage}}),
		MFA:          pick(t, "MFA", []*org.MFA{nil, {}, {Devices: []org.MFADevice{}}, {Active: true}, {Active: true, Devices: []org.MFADevice{{Serial: "b"}, {Serial: "a"}}}}),
		AccessKeys:   pick(t, "keys", [][]org.AccessKey{nil, {}, {{Active: true, Used: usage}, {Created: date("2021-01-01")}}}),
		Certificates: pick(t, "certificates", [][]org.Certificate{nil, {}, {{Active: true}}}),
	}
}
