package check_test

import (
	"context"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// TestListsAreNotGlued: a text with a zero byte is not two texts. The first of each
// pair allows more, by a list of actions, of resources, or of a condition that is not understood.
func TestListsAreNotGlued(t *testing.T) {
	for name, pair := range map[string][2]string{
		"actions": {
			`{"Effect":"Allow","Action":["s3:Get","s3:Put"],"Resource":"*"},{"Effect":"Deny","Action":["s3:Get\u0000s3:Put"],"Resource":"*"}`,
			`{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`,
		},
		"resources": {
			`{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::a","arn:aws:s3:::b"]}`,
			`{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::a\u0000arn:aws:s3:::b"]}`,
		},
		"variables": {
			`{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::${aws:username}","arn:aws:s3:::b"]}`,
			`{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::${aws:username}\u0000arn:aws:s3:::b"]}`,
		},
		"conditions": {
			`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"aws:TagKeys":["${aws:username}","${aws:userid}"]}}}`,
			`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"aws:TagKeys":["${aws:username}\u0000${aws:userid}"]}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			two, one := document(pair[:1]), document(pair[1:])
			r, err := check.NoNewAccess(context.Background(), one, two, policy.IdentityBased)
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict == check.Pass {
				t.Errorf("got pass, want anything else: %s allows more than %s", two, one)
			}
		})
	}
}

// TestListsOfEachSide: one list of resources with variables is another for each caller.
func TestListsOfEachSide(t *testing.T) {
	home := document([]string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::home/${aws:username}/*"}`})
	user := func(name string) org.User {
		return org.User{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/" + name), Inline: []org.InlinePolicy{{Name: "home", Document: home}}}
	}
	o, err := org.New(org.Spec{Accounts: []org.Account{{ID: "111122223333", Users: []org.User{user("ana"), user("bo")}}}})
	if err != nil {
		t.Fatal(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	principal := func(name string) policy.Principal { return policy.PrincipalFromARN(user(name).ARN) }
	for _, c := range []struct {
		to   string
		want check.Verdict
	}{{"bo", check.Fail}, {"ana", check.Pass}} {
		r, err := check.NoLostAccess(context.Background(), env, env, principal("ana"), principal(c.to))
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != c.want {
			t.Errorf("from ana to %s: got %s (%s), want %s", c.to, r.Verdict, r.Reason, c.want)
		}
	}
}

// TestCollection: a list action that its service authorises against an ARN (R-RSC-5) differs on
// other resources only.
func TestCollection(t *testing.T) {
	buckets := []string{`{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"arn:aws:s3:::*"}`}
	everything := []string{`{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}`}
	if r := verdict(t, everything, buckets, policy.IdentityBased); r.Verdict != check.Pass {
		t.Errorf("buckets within everything: got %s (%s), want pass", r.Verdict, r.Reason)
	}
	if r := verdict(t, buckets, everything, policy.IdentityBased); r.Verdict != check.Fail || r.Counterexample.Documented {
		t.Errorf("everything within buckets: got %+v, want fail with what is not documented", r)
	}
}

// TestAccountsOfPartitions: an account is of one partition; to name it in one says nothing of the
// same number in another.
func TestAccountsOfPartitions(t *testing.T) {
	named := `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"s3:GetObject","Resource":"*"}`
	china := `{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws-cn:iam::111122223333:*"}}}`
	r := verdict(t, []string{named}, []string{named, china}, policy.ResourceBased)
	if r.Verdict != check.Fail {
		t.Fatalf("got %s (%s), want fail", r.Verdict, r.Reason)
	}
	if p := r.Counterexample.Request.Principal; p.ARN().Partition() != "aws-cn" || p.AccountID() != "111122223333" {
		t.Errorf("got the counterexample of %s, want one of the account in aws-cn", p)
	}
}

// TestAccessBeyondRCPs: an RCP denies nothing in services that RCPs do not reach (R-RCP-2), so
// that it keeps no access from anybody there.
func TestAccessBeyondRCPs(t *testing.T) {
	rcp := document([]string{`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}`})
	for action, want := range map[string]check.Verdict{"s3:GetObject": check.Pass, "sqs:SendMessage": check.Fail, "ec2:RunInstances": check.Fail, "iam:CreateUser": check.Fail, "kms:RetireGrant": check.Fail} {
		r, err := check.AccessNotGranted(context.Background(), rcp, policy.ResourceControl, check.Access{Actions: []string{action}})
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != want {
			t.Errorf("%s: got %s (%s), want %s", action, r.Verdict, r.Reason, want)
		}
	}
}

// TestVariablesByOperators: without wildcards, StringLike takes what StringEquals takes, whatever the
// value of a variable; with them, not.
func TestVariablesByOperators(t *testing.T) {
	allow := func(operator, value string) []string {
		return []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"` + operator + `":{"aws:PrincipalTag/team":"` + value + `"}}}`}
	}
	for _, test := range []struct {
		value       string
		there, back check.Verdict // from StringEquals to StringLike
	}{
		{"${aws:username}", check.Pass, check.Pass},
		{"a/${aws:username}", check.Pass, check.Pass},
		{"*${aws:username}", check.Fail, check.Pass},
		{"${aws:username}?", check.Fail, check.Pass},
	} {
		if r := verdict(t, allow("StringEquals", test.value), allow("StringLike", test.value), policy.IdentityBased); r.Verdict != test.there {
			t.Errorf("%s: from StringEquals to StringLike: got %s (%s), want %s", test.value, r.Verdict, r.Reason, test.there)
		}
		if r := verdict(t, allow("StringLike", test.value), allow("StringEquals", test.value), policy.IdentityBased); r.Verdict != test.back {
			t.Errorf("%s: from StringLike to StringEquals: got %s (%s), want %s", test.value, r.Verdict, r.Reason, test.back)
		}
	}
	// Letters' case is another matter.
	if r := verdict(t, allow("StringLike", "${aws:username}"), allow("StringEqualsIgnoreCase", "${aws:username}"), policy.IdentityBased); r.Verdict == check.Pass {
		t.Error("from StringLike to StringEqualsIgnoreCase: got pass, want anything else")
	}
}

// TestSetOperatorsOfServices: a key of a service that a set operator tests may have several values, as
// examples of AWS have it, though it is documented with a type of one; a global key and a tag have one.
func TestSetOperatorsOfServices(t *testing.T) {
	allow := func(operator, key string) []string {
		return []string{`{"Effect":"Allow","Action":"cloudformation:*","Resource":"*","Condition":{"` + operator + `":{"` + key + `":"AWS::S3::Bucket"},"Null":{"` + key + `":"false"}}}`}
	}
	for key, want := range map[string]check.Verdict{
		"cloudformation:ImportResourceTypes": check.Fail,
		"aws:PrincipalOrgID":                 check.Pass,
		"aws:TagKeys":                        check.Fail,
		"ec2:ResourceTag/team":               check.Pass,
	} {
		r := verdict(t, allow("ForAllValues:StringEquals", key), allow("ForAnyValue:StringEquals", key), policy.IdentityBased)
		if r.Verdict != want {
			t.Errorf("%s: got %s (%s), want %s", key, r.Verdict, r.Reason, want)
		}
		if r := verdict(t, allow("ForAnyValue:StringEquals", key), allow("ForAllValues:StringEquals", key), policy.IdentityBased); r.Verdict != check.Pass {
			t.Errorf("%s, back: got %s (%s), want pass", key, r.Verdict, r.Reason)
		}
	}
}

// TestKeysWithoutSetOperators: of keys that policies of AWS test without a set operator in spite of their
// type, it is not proved that such a test never holds, nor that it does for several values.
func TestKeysWithoutSetOperators(t *testing.T) {
	rules := func(condition string) []string {
		return []string{`{"Effect":"Allow","Action":"events:PutRule","Resource":"*","Condition":{` + condition + `}}`}
	}
	const order = `{"events:detail-type":"Order"}`
	r, err := check.AccessNotGranted(t.Context(), document(rules(`"StringEquals":`+order)), policy.IdentityBased, check.Access{Actions: []string{"events:PutRule"}})
	if err != nil || r.Verdict != check.Fail {
		t.Errorf("got %s (%s) %v, want fail", r.Verdict, r.Reason, err)
	}
	list, err := check.Dead(t.Context(), policy.IdentityBased, document([]string{
		`{"Effect":"Allow","Action":"events:*","Resource":"*"}`, `{"Effect":"Deny","Action":"events:PutRule","Resource":"*","Condition":{"StringNotEquals":` + order + `}}`}))
	if err != nil || len(list) > 0 {
		t.Errorf("got %v %v, want no dead statements", list, err)
	}
	// Neither holds with two values.
	either := append(rules(`"StringEquals":`+order), rules(`"StringNotEquals":`+order)...)
	if r := verdict(t, either, rules(`"Null":{"events:detail-type":"false"}`), policy.IdentityBased); r.Verdict != check.Fail {
		t.Errorf("got %s (%s), want fail", r.Verdict, r.Reason)
	}
}
