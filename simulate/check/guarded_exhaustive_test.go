package check_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// guardedActions are asked for in guardrails: on resources, on none, on what a service authorises in
// place of none (R-RSC-5), and of services that nobody knows.
var guardedActions = []policy.Action{
	"s3:GetObject", "s3:ListBucket", "s3:ListAllMyBuckets", "sqs:SendMessage", "sqs:ListQueues", "sns:ListTopics", "iam:ListUsers", "iam:ListRoles",
	"iam:CreateAccessKey", "dynamodb:ListTables", "logs:DescribeLogGroups", "ec2:DescribeInstances", "ec2:TerminateInstances", "newsvc:DeleteAll", "s3:NewThing",
}

// guardedARNs are resources of these actions, the last ones of nobody knows what.
var guardedARNs = []string{
	"arn:aws:s3:::a", "arn:aws:s3:::a/x", "arn:aws:sqs:us-east-1:111122223333:a", "arn:aws:iam::111122223333:user/ana",
	"arn:aws:dynamodb:us-east-1:111122223333:table/a", "arn:aws:ec2:us-east-1:111122223333:instance/i-1", "arn:aws:newsvc:us-east-1:111122223333:a",
	"arn:aws:iam::111122223333:role/x", "arn:aws:logs:us-east-1:111122223333:log-group:a",
}

func (m *maker) guardedAction() string {
	if m.IntN(3) == 0 {
		return pick(m, "*", "s3:*", "s3:List*", "iam:*", "iam:List*", "sqs:*", "logs:*", "newsvc:*", "ec2:*", "dynamodb:List*")
	}
	return string(pick(m, guardedActions...))
}

func (m *maker) guardedResource() string {
	switch m.IntN(4) {
	case 0:
		return "*"
	case 1:
		return pick(m, guardedARNs...)
	}
	return pick(m, "arn:aws:s3:::*", "arn:aws:s3:::a/*", "arn:aws:sqs:*:*:*", "arn:aws:sqs:us-east-1:111122223333:*", "arn:aws:sqs:*:*:a*", "arn:aws:iam::*:user/*",
		"arn:aws:iam::111122223333:*", "arn:aws:dynamodb:*:*:table/*", "arn:aws:dynamodb:us-east-1:*:table/*", "arn:aws:logs:*:*:*", "arn:aws:logs:*:*:log-group:*", "arn:aws:sns:*:111122223333:*",
		"arn:aws:newsvc:*:*:*", "arn:aws:ec2:*:*:instance/*", "arn:*", "arn:aws:*:*:111122223333:*")
}

func (m *maker) guardedDocument() *policy.Document {
	var list []string
	for range 1 + m.IntN(3) {
		list = append(list, fmt.Sprintf(`{"Effect":%q,%q:%v,%q:%v}`, pick(m, "Allow", "Allow", "Allow", "Deny"),
			pick(m, "Action", "Action", "Action", "NotAction"), m.list(3, m.guardedAction),
			pick(m, "Resource", "Resource", "Resource", "Resource", "NotResource"), m.list(2, m.guardedResource)))
	}
	return document(list)
}

// fitsGuarded reports whether a guardrail without resources is about an action on a resource.
func fitsGuarded(a policy.Action, resource policy.ARN) bool {
	info, ok := serviceref.Embedded().Action(a)
	return !ok || info.WildcardOnly() && !resource.IsValid() || resource.IsValid() && info.Fits(resource)
}

// TestGuardedProofsHold holds guardrails that are proved of the principals of a small organization
// against all that they may ask for.
func TestGuardedProofsHold(t *testing.T) {
	t.Parallel()
	var count [3]int
	tried, others := 0, 0
	first := firstSeed(t)
	ana := smallPrincipal("user/ana")
	for n := range uint64(*pairs) / 10 {
		m := newMaker(first + n)
		user := org.User{ARN: ana.ARN(), Inline: []org.InlinePolicy{{Name: "inline", Document: m.guardedDocument()}}}
		account := org.Account{ID: smallAccount}
		if m.IntN(3) == 0 {
			user.Boundary = policy.MustParseARN("arn:aws:iam::" + smallAccount + ":policy/boundary")
			account.Policies = []org.ManagedPolicy{{ARN: user.Boundary, Document: m.guardedDocument()}}
		}
		account.Users = []org.User{user}
		o, err := org.Standalone(account)
		if err != nil {
			continue
		}
		if m.IntN(4) == 0 {
			gap := org.Gap{Subject: pick(m, smallAccount, "arn:aws:iam::*:user/ana", "arn:aws:sqs:us-east-1:111122223333:*"), What: pick(m, org.GapResourcePolicy, org.GapUnlisted, org.GapTags), Reason: "denied"}
			if o, err = o.Apply(org.MarkUnknown(gap)); err != nil {
				t.Fatal(err)
			}
		}
		env, err := simulate.Compile(o, simulate.WithStrictKeys())
		if err != nil {
			t.Fatal(err)
		}
		var access check.Access
		for range 1 + m.IntN(3) {
			access.Actions = append(access.Actions, m.guardedAction())
		}
		accesses := []check.Access{access}
		if m.IntN(3) == 0 {
			accesses = append(accesses, check.Access{Actions: []string{m.guardedAction()}, Resources: []string{m.guardedResource()}})
		}
		r, err := check.Guarded(context.Background(), env, check.Guardrail{Accesses: accesses, Except: []string{"*:root"}})
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		count[r.Verdict]++
		if r.Verdict != check.Pass {
			continue
		}
		asks := func(a policy.Action) bool {
			return slices.ContainsFunc(access.Actions, func(p string) bool {
				g := glob.Compile(p, glob.Wildcards|glob.FoldASCII)
				return g.Match(string(a), nil)
			})
		}
		for _, action := range guardedActions {
			for _, text := range append([]string{""}, guardedARNs...) {
				var resource policy.ARN
				if text != "" {
					resource = policy.MustParseARN(text)
				}
				for _, region := range []string{"", "us-east-1"} {
					q := simulate.Request{Principal: ana, Action: action, Resource: resource, Keys: simulate.KeysFrom(map[string][]string{"aws:ResourceAccount": {smallAccount}})}
					if region != "" {
						q.Keys = q.Keys.With("aws:RequestedRegion", region)
					}
					d := env.Can(q)
					can := d.Allowed() || d.Outcome == simulate.Indeterminate && d.CanBe(simulate.Allowed)
					switch {
					case !asks(action) || !fitsGuarded(action, resource):
						if can {
							others++
						}
						continue
					case can:
						t.Fatalf("seed %d: a wrong proof of %v: %s on %q is allowed by\n%s", first+n, accesses, action, text, user.Inline[0].Document)
					}
					tried++
				}
			}
		}
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests held against the proofs, %d others allowed", count[check.Pass], count[check.Fail], count[check.Unknown], tried, others)
	if count[check.Pass] == 0 || count[check.Fail] == 0 || tried == 0 || others == 0 {
		t.Error("nothing was held against a proof")
	}
}
