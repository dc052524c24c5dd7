package check_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

func principalOf(arn string) policy.Principal {
	return policy.PrincipalFromARN(policy.MustParseARN(arn))
}

func texts(s check.Summary) (out []string) {
	for _, r := range s.Regions {
		out = append(out, r.String())
	}
	return out
}

func TestGainedRegions(t *testing.T) {
	const limitARN, zoeARN = "arn:aws:iam::111122223333:policy/limit", "arn:aws:iam::111122223333:user/zoe"
	bucket := func(statement string) org.Change {
		return org.PutResource("111122223333", org.Resource{ARN: policy.MustParseARN(logsARN), Policy: parsed(t, statement)})
	}
	read := func(principal string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`
	}
	limit := func(s string) org.Change {
		return org.PutManagedPolicy("111122223333", org.ManagedPolicy{ARN: policy.MustParseARN(limitARN), Document: parsed(t, s)})
	}
	bounded := func(b bool) org.Change {
		u := user(t, allow)
		if b {
			u.Boundary = policy.MustParseARN(limitARN)
		}
		return org.PutUser(u)
	}
	grouped := func(groups ...string) org.Change {
		u := user(t, `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`)
		u.Groups = groups
		return org.PutUser(u)
	}
	readers := org.PutGroup(org.Group{ARN: policy.MustParseARN("arn:aws:iam::111122223333:group/readers"),
		Inline: inline(t, `{"Effect":"Allow","Action":["s3:Get*","sqs:SendMessage"],"Resource":["arn:aws:s3:::logs/*","arn:aws:sqs:*:*:orders"]}`)})
	trusting := func(principal string) org.Change {
		r := role(t, devARN, allow)
		r.Trust = parsed(t, `{"Effect":"Allow","Principal":`+principal+`,"Action":"sts:AssumeRole"}`)
		return org.PutRole(r)
	}
	everywhere := `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"]}`
	const whoever = "it is not proved that the regions are the difference on "
	for name, test := range map[string]struct {
		first, change []org.Change
		who           string
		gained, lost  []string
		reason        string // of what is not certified; "": both are
	}{
		"nothing": {who: anaARN},
		"an identity policy grows": {who: anaARN, change: []org.Change{org.PutUser(user(t, allow))},
			gained: []string{"* on *, except sqs:* on *"}},
		"an identity policy grows below an SCP": {who: anaARN, first: []org.Change{org.PutUser(user(t, `{"Effect":"Deny","Action":"s3:*","Resource":"*"}`))},
			change: []org.Change{org.PutUser(user(t, `{"Effect":"Allow","Action":["sqs:*","sns:Publish"],"Resource":"*"}`))},
			gained: []string{"sqs:*, sns:Publish on *, except sqs:PurgeQueue on *, except sqs:AddPermission on * for *", "* on * for " + anaARN + ", within s3:* on *"}},
		"an SCP goes": {who: anaARN, change: []org.Change{org.DetachControlPolicy("p-guard001", "ou-ab12-11111111")},
			gained: []string{"sqs:* on *, within sqs:PurgeQueue on *"}},
		"an SCP goes, from a root user": {who: "arn:aws:iam::111122223333:root", change: []org.Change{org.DetachControlPolicy("p-guard001", "ou-ab12-11111111")},
			gained: []string{"* on *, within sqs:PurgeQueue on *"}},
		"an SCP goes, and a role may be let in by name": {who: devARN, change: []org.Change{org.DetachControlPolicy("p-guard001", "ou-ab12-11111111")},
			gained: []string{"sqs:* on * when aws:ResourceTag/stage StringEqualsIfExists test, within sqs:PurgeQueue on *", "* on * for " + devARN + ", within sqs:PurgeQueue on *"}},
		"an SCP goes, and a boundary stays": {who: anaARN, first: []org.Change{bounded(true),
			org.PutControlPolicy(org.ControlPolicy{ID: "p-guard001", Name: "guard", Kind: policy.ServiceControl, Document: parsed(t, `{"Effect":"Deny","Action":["sqs:PurgeQueue","s3:*"],"Resource":"*"}`)})},
			change: []org.Change{org.DetachControlPolicy("p-guard001", "ou-ab12-11111111")},
			gained: []string{"* on *, within sqs:* on *, within sqs:PurgeQueue on *", "* on * for " + anaARN + ", within sqs:PurgeQueue, s3:* on *"}},
		"an SCP comes": {who: anaARN, change: []org.Change{
			org.PutControlPolicy(org.ControlPolicy{ID: "p-region01", Name: "region", Kind: policy.ServiceControl, Document: parsed(t, `{"Effect":"Deny","Action":["sqs:*","s3:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}`)}),
			org.AttachControlPolicy("p-region01", "r-ab12")},
			lost: []string{"sqs:* on *, within sqs:* on * when aws:RequestedRegion StringNotEquals eu-west-1, except sqs:PurgeQueue on *, except sqs:AddPermission on * for *",
				"* on * for " + anaARN + ", within sqs:*, s3:* on * when aws:RequestedRegion StringNotEquals eu-west-1, except sqs:PurgeQueue on *, except sqs:AddPermission on * for *"}},
		"an RCP goes": {who: anaARN, change: []org.Change{org.DetachControlPolicy("p-rguard01", "ou-ab12-11111111")},
			gained: []string{"sqs:* on *, within sqs:AddPermission on * for *"}, reason: whoever + "resources of other accounts, and those whose policies are not known"},
		"an account moves": {who: anaARN, change: []org.Change{org.MoveAccount("111122223333", "ou-ab12-22222222")},
			reason: "the place in the organization of " + anaARN + " is not the same, which a resource policy that is not known may ask for"},
		"a boundary goes: policies with NotPrincipal may have denied": {who: anaARN, first: []org.Change{bounded(true)}, change: []org.Change{bounded(false)},
			gained: []string{"* on *, except sqs:* on *"}, reason: whoever + "resources of the account that are not listed and may have a policy"},
		"a boundary grows": {who: anaARN, first: []org.Change{bounded(true)}, change: []org.Change{limit(`{"Effect":"Allow","Action":["sqs:*","sns:*"],"Resource":"*"}`)},
			gained: []string{"* on *, within sqs:*, sns:* on *, except sqs:* on *"}},
		"a Deny goes": {who: anaARN, first: []org.Change{org.PutUser(user(t, allow+`,{"Effect":"Deny","Action":["sqs:DeleteQueue","sqs:PurgeQueue"],"Resource":"*"}`))}, change: []org.Change{org.PutUser(user(t, allow))},
			gained: []string{"* on *, within sqs:DeleteQueue on *"}},
		"a group is left": {who: anaARN, first: []org.Change{readers, grouped("readers")}, change: []org.Change{grouped()},
			lost: []string{"s3:Get* on arn:aws:s3:::logs/*, arn:aws:sqs:*:*:orders"}},
		"a bucket lets in a role of another account": {who: otherARN, change: []org.Change{bucket(read(`{"AWS":"` + otherARN + `"}`))},
			gained: []string{"s3:GetObject on arn:aws:s3:::logs/* for " + otherARN}},
		"a bucket lets in a user": {who: anaARN, change: []org.Change{bucket(read(`{"AWS":"` + anaARN + `"}`))},
			gained: []string{"s3:GetObject on arn:aws:s3:::logs/* for " + anaARN}},
		"a bucket lets in everybody, but one": {who: anaARN, change: []org.Change{bucket(read(`"*"`) + `,{"Effect":"Deny","NotPrincipal":{"AWS":"` + devARN + `"},"Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`)},
			gained: []string{"s3:GetObject on arn:aws:s3:::logs/* for " + anaARN + ", except s3:* on arn:aws:s3:::logs/* for " + anaARN + " when aws:SecureTransport Bool false"}},
		"a bucket denies no longer": {who: anaARN, first: []org.Change{org.PutUser(user(t, allow)), bucket(everywhere + `,{"Effect":"Deny","Principal":"*","Action":"s3:Put*","Resource":"arn:aws:s3:::logs/*"}`)}, change: []org.Change{bucket(everywhere)},
			gained: []string{"* on *, within s3:Put* on arn:aws:s3:::logs/* for " + anaARN}},
		"a role lets in a user": {who: anaARN, first: []org.Change{trusting(`{"Service":"ec2.amazonaws.com"}`)}, change: []org.Change{trusting(`{"AWS":"` + anaARN + `"}`)},
			gained: []string{"sts:AssumeRole on " + devARN + " for " + anaARN}},
		"a role lets in its account": {who: anaARN, first: []org.Change{org.PutUser(user(t, allow)), trusting(`{"Service":"ec2.amazonaws.com"}`)}, change: []org.Change{trusting(`{"AWS":"111122223333"}`)},
			gained: []string{"sts:AssumeRole on " + devARN + " for " + anaARN}},
		"the tags of a queue": {who: devARN, change: []org.Change{org.PutResource("111122223333", org.Resource{ARN: policy.MustParseARN(ordersARN), Tags: map[string]string{"stage": "test"}})},
			reason: whoever + ordersARN},
		"a user comes": {who: zoeARN, change: []org.Change{org.PutUser(org.User{ARN: policy.MustParseARN(zoeARN), Inline: inline(t, `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`)})},
			gained: []string{"sqs:* on *, except sqs:PurgeQueue on *, except sqs:AddPermission on * for *", "* on * for " + zoeARN + ", except sqs:PurgeQueue on *, except sqs:AddPermission on * for *"}},
		"a gap": {who: anaARN, change: []org.Change{org.MarkUnknown(org.Gap{Subject: anaARN, What: org.GapIdentityPolicies, Reason: "denied"})},
			reason: "policies of " + anaARN + " are not known: " + anaARN},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := changedCompany(t, test.first, test.change)
			var reasons []string
			for _, at := range []struct {
				what          string
				before, after *simulate.Environment
				want          []string
			}{{"gained", before, after, test.gained}, {"lost", after, before, test.lost}} {
				s, err := check.Gained(context.Background(), at.before, at.after, principalOf(test.who))
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(texts(s), at.want) {
					t.Errorf("%s\n%s\nwant\n%s", at.what, strings.Join(texts(s), "\n"), strings.Join(at.want, "\n"))
				}
				if s.Certified != (s.Reason == "") {
					t.Errorf("%s: certified %v, and %q", at.what, s.Certified, s.Reason)
				}
				if !s.Certified && !slices.Contains(reasons, s.Reason) {
					reasons = append(reasons, s.Reason)
				}
				for _, r := range s.Regions {
					if byName := strings.HasPrefix(r.String(), "* on * for "); (r.Example == nil) != byName {
						t.Errorf("%s: %s: example %v", at.what, r, r.Example)
					}
					if x := r.Example; x != nil && (at.after.Can(x.Request).Denied() || at.before.Can(x.Request).Allowed()) {
						t.Errorf("%s: %s: %s on %s is none", at.what, r, x.Request.Action, x.Request.Resource)
					}
				}
				again, err := check.Gained(context.Background(), at.before, at.after, principalOf(test.who))
				if err != nil || !slices.Equal(texts(again), texts(s)) || again.Reason != s.Reason {
					t.Errorf("%s: another time %q %s %v", at.what, texts(again), again.Reason, err)
				}
			}
			if got := strings.Join(reasons, "; "); got != test.reason {
				t.Errorf("reason %q, want %q", got, test.reason)
			}
		})
	}
}

func TestGainedErrors(t *testing.T) {
	env := company(t)
	after, err := env.Apply(org.PutUser(user(t, allow)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, err := check.Gained(ctx, env, after, principalOf(anaARN))
	if err != nil || s.Certified || s.Reason != "interrupted" || len(s.Regions) > 0 {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := check.Gained(context.Background(), env, env, policy.ServicePrincipal("ec2.amazonaws.com")); err == nil {
		t.Error("a service has a summary")
	}
	bare, err := simulate.CompileCustom(everything)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := check.Gained(context.Background(), bare, env, principalOf(anaARN)); err == nil {
		t.Error("an environment without an organization has a summary")
	}
	nobody, err := check.Gained(context.Background(), env, env, principalOf("arn:aws:iam::111122223333:user/zoe"))
	if want := (check.Summary{Certified: true}); err != nil || !reflect.DeepEqual(nobody, want) {
		t.Errorf("nobody gains %+v, %v", nobody, err)
	}
}

// TestGainsAgree: what is proved as regions and what is proved of all requests do not contradict.
func TestGainsAgree(t *testing.T) {
	certified, some := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		before, after := changedOrganization(t)
		was, is := compiled(t, before), compiled(t, after)
		p := somebody(t, after)
		s, err := check.Gained(context.Background(), was, is, p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := check.NoGainedAccess(context.Background(), was, is, p)
		if err != nil {
			t.Fatal(err)
		}
		if s.Certified {
			certified++
		}
		if len(s.Regions) > 0 {
			some++
		}
		byExample := slices.ContainsFunc(s.Regions, func(r check.Region) bool { return r.Example != nil })
		if s.Certified && len(s.Regions) == 0 && r.Verdict == check.Fail || r.Verdict == check.Pass && byExample {
			t.Fatalf("%s: %s, and %v %v", p, r.Verdict, s.Certified, s.Regions)
		}
	})
	t.Logf("%d certified, %d with regions", certified, some)
}
