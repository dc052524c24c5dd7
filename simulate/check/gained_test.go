package check_test

import (
	"context"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

func TestZZ(t *testing.T) {
	bucket := func(statement string) org.Change {
		return org.PutResource("111122223333", org.Resource{ARN: policy.MustParseARN(logsARN), Policy: parsed(t, statement)})
	}
	readByOther := `{"Effect":"Allow","Principal":{"AWS":"` + otherARN + `"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`
	readByAna := `{"Effect":"Allow","Principal":{"AWS":"` + anaARN + `"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`
	limit := func(s string) org.Change {
		return org.PutManagedPolicy("111122223333", org.ManagedPolicy{ARN: policy.MustParseARN("arn:aws:iam::111122223333:policy/limit"), Document: parsed(t, s)})
	}
	_ = limit
	bounded := func(b bool) org.Change {
		u := user(t, allow)
		if b {
			u.Boundary = policy.MustParseARN("arn:aws:iam::111122223333:policy/limit")
		}
		return org.PutUser(u)
	}
	for name, test := range map[string]struct {
		first, change []org.Change
		who           string
	}{
		"nothing":                        {who: anaARN},
		"an identity policy grows":       {change: []org.Change{org.PutUser(user(t, allow))}, who: anaARN},
		"an SCP goes":                    {change: []org.Change{org.DetachControlPolicy("p-guard001", "ou-ab12-11111111")}, who: anaARN},
		"an SCP goes, root":              {change: []org.Change{org.DetachControlPolicy("p-guard001", "ou-ab12-11111111")}, who: "arn:aws:iam::111122223333:root"},
		"an SCP goes, dev":               {change: []org.Change{org.DetachControlPolicy("p-guard001", "ou-ab12-11111111")}, who: devARN},
		"an SCP goes, ana by the bucket": {first: []org.Change{bucket(readByAna)}, change: []org.Change{org.DetachControlPolicy("p-guard001", "ou-ab12-11111111")}, who: anaARN},
		"an RCP goes":                    {change: []org.Change{org.DetachControlPolicy("p-rguard01", "ou-ab12-11111111")}, who: anaARN},
		"an account moves":               {change: []org.Change{org.MoveAccount("111122223333", "ou-ab12-22222222")}, who: anaARN},
		"SCPs are off":                   {change: []org.Change{org.DisablePolicyType(policy.ServiceControl)}, who: anaARN},
		"a boundary goes":                {first: []org.Change{bounded(true)}, change: []org.Change{bounded(false)}, who: anaARN},
		"a boundary grows":               {first: []org.Change{bounded(true)}, change: []org.Change{limit(`{"Effect":"Allow","Action":["sqs:*","sns:*"],"Resource":"*"}`)}, who: anaARN},
		"a bucket policy names a role":   {change: []org.Change{bucket(readByOther)}, who: otherARN},
		"a bucket policy names ana":      {change: []org.Change{bucket(readByAna)}, who: anaARN},
		"ana is new":                     {change: []org.Change{org.PutUser(org.User{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/zoe"), Inline: inline(t, `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`)})}, who: "arn:aws:iam::111122223333:user/zoe"},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := company(t).Apply(test.first...)
			if err != nil {
				t.Fatal(err)
			}
			after, err := before.Apply(test.change...)
			if err != nil {
				t.Fatal(err)
			}
			who := policy.PrincipalFromARN(policy.MustParseARN(test.who))
			for i, envs := range [2][2]*simulate.Environment{{before, after}, {after, before}} {
				s, err := check.Gained(context.Background(), envs[0], envs[1], who)
				t.Log([]string{"gained", "lost"}[i], s.Certified, s.Reason, err)
				for _, r := range s.Regions {
					ex := "none"
					if r.Example != nil {
						ex = string(r.Example.Request.Action) + " on " + r.Example.Request.Resource.String()
					}
					t.Log("   ", r, "; example", ex)
				}
			}
		})
	}
}
