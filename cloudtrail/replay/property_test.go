package replay_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A callGen is a request, and the event that CloudTrail would make of it.
type callGen struct {
	request simulate.Request
	event   *cloudtrail.Event
}

// drawCall draws a call of which the event tells everything that the policies of these tests
// ask for.
func drawCall(t *rapid.T) callGen {
	region := rapid.SampledFrom([]string{"eu-west-1", "eu-west-3", "us-east-1"}).Draw(t, "region")
	address := rapid.SampledFrom([]string{"203.0.113.7", "198.51.100.7", "192.0.2.1", "2001:db8::1"}).Draw(t, "address")
	id := rapid.IntRange(0, 9).Draw(t, "id")
	e := &cloudtrail.Event{
		ID: fmt.Sprintf("e%d", rapid.IntRange(0, 99).Draw(t, "event")), Time: time.Date(2024, 5, 1, 0, 0, rapid.IntRange(0, 500).Draw(t, "second"), 0, time.UTC),
		Type: "AwsApiCall", Region: region, Account: "111122223333", SourceIP: address, TLSVersion: "TLSv1.3", UserAgent: "aws-cli/2.15", Category: "Management",
	}
	var r simulate.Request
	switch rapid.IntRange(0, 2).Draw(t, "caller") {
	case 0:
		arn := "arn:aws:iam::111122223333:user/people/ana"
		e.Identity = cloudtrail.Identity{Type: "IAMUser", ARN: arn, AccountID: "111122223333", AccessKey: "AKIAEXAMPLE", PrincipalID: "AIDAEXAMPLE"}
		r.Principal = policy.PrincipalFromARN(policy.MustParseARN(arn))
	case 1:
		role := policy.MustParseARN("arn:aws:iam::111122223333:role/app/orders")
		session := fmt.Sprintf("arn:aws:sts::111122223333:assumed-role/orders/s%d", id)
		e.Identity = cloudtrail.Identity{Type: "AssumedRole", ARN: session, AccountID: "111122223333", AccessKey: "ASIAEXAMPLE", PrincipalID: fmt.Sprintf("AROAEXAMPLE:s%d", id), Issuer: cloudtrail.Issuer{Type: "Role", ARN: role.String()}}
		r.Principal = policy.PrincipalFromARN(policy.MustParseARN(session))
		r.Session, _ = simulate.NewSession(simulate.SessionSpec{Role: role, OtherTags: true})
	default:
		e.Identity = cloudtrail.Identity{Type: "Root", ARN: "arn:aws:iam::111122223333:root", AccountID: "111122223333"}
		r.Principal = policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:root"))
	}
	type made struct{ source, name, action, parameters, resource string }
	m := rapid.SampledFrom([]made{
		{"dynamodb", "DescribeTable", "dynamodb:DescribeTable", `{"tableName":"orders-%d"}`, "arn:aws:dynamodb:%[2]s:111122223333:table/orders-%[1]d"},
		{"ec2", "StopInstances", "ec2:StopInstances", `{"instancesSet":{"items":[{"instanceId":"i-%d"}]}}`, "arn:aws:ec2:%[2]s:111122223333:instance/i-%[1]d"},
		{"ec2", "DescribeInstances", "ec2:DescribeInstances", `{"x":%d}`, ""},
		{"s3", "PutBucketPolicy", "s3:PutBucketPolicy", `{"bucketName":"orders-%d"}`, "arn:aws:s3:::orders-%[1]d%.0[2]s"},
		{"s3", "GetObject", "s3:GetObject", `{"bucketName":"orders","key":"k/%d"}`, "arn:aws:s3:::orders/k/%[1]d%.0[2]s"},
		{"sqs", "PurgeQueue", "sqs:PurgeQueue", `{"queueUrl":"https://sqs.example.com/111122223333/orders-%d"}`, "arn:aws:sqs:%[2]s:111122223333:orders-%[1]d"},
	}).Draw(t, "call")
	e.Source, e.Name, e.Parameters = m.source+".amazonaws.com", m.name, []byte(fmt.Sprintf(m.parameters, id))
	r.Action = policy.Action(m.action)
	if m.resource != "" {
		r.Resource = policy.MustParseARN(fmt.Sprintf(m.resource, id, region))
	}
	r.Keys = simulate.KeysFrom(map[string][]string{
		"aws:RequestedRegion": {region}, "aws:SourceIp": {address}, "aws:SourceVpce": nil, "aws:SecureTransport": {"true"},
		"aws:ViaAWSService": {"false"}, "aws:UserAgent": {"aws-cli/2.15"},
	})
	return callGen{r, e}
}

// drawPolicy draws an SCP that asks for what the calls have.
func drawPolicy(t *rapid.T) string {
	conditions := []string{
		`{}`, `{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","eu-west-3"]}}`, `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`,
		`{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/25","2001:db8::/32"]}}`, `{"Bool":{"aws:SecureTransport":"false"}}`, `{"Null":{"aws:SourceVpce":"false"}}`,
		`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/app/*"}}`, `{"StringLike":{"aws:UserAgent":"*cli*"}}`,
	}
	resources := []string{`"*"`, `["arn:aws:s3:::orders/k/1","arn:aws:s3:::orders-2"]`, `"arn:aws:dynamodb:*:*:table/orders-1*"`, `"arn:aws:ec2:eu-*:*:instance/i-3"`}
	actions := []string{`"*"`, `["s3:*","ec2:Stop*"]`, `"dynamodb:DescribeTable"`, `"sqs:*"`}
	var list []string
	for range rapid.IntRange(1, 3).Draw(t, "statements") {
		list = append(list, fmt.Sprintf(`{"Effect":"Deny","Action":%s,"Resource":%s,"Condition":%s}`,
			rapid.SampledFrom(actions).Draw(t, "actions"), rapid.SampledFrom(resources).Draw(t, "resources"), rapid.SampledFrom(conditions).Draw(t, "condition")))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

// TestRoundTrip makes events of requests and requests of the events: the decisions are the
// same.
func TestRoundTrip(t *testing.T) {
	before := compile(t, company(t))
	rapid.Check(t, func(rt *rapid.T) {
		env := withSCP(t, before, drawPolicy(rt))
		c := drawCall(rt)
		list, err := replay.Requests(c.event, before.Organization())
		if err != nil {
			rt.Fatal(err)
		}
		list = slices.DeleteFunc(list, func(r replay.Request) bool { return r.Certainty != serviceref.Certain })
		if len(list) != 1 || list[0].Open {
			rt.Fatalf("got %+v; want one request whose resource is known", list)
		}
		want, got := env.Can(c.request), env.Can(list[0].Request)
		if want.Outcome != got.Outcome || want.Stage != got.Stage {
			rt.Fatalf("%+v: want %s, got %s", list[0].Request, want, got)
		}
	})
}

func drawEvents(t *rapid.T) []*cloudtrail.Event {
	var out []*cloudtrail.Event
	for range rapid.IntRange(1, 12).Draw(t, "events") {
		e := drawCall(t).event
		switch rapid.IntRange(0, 5).Draw(t, "answer") {
		case 0:
			e.ErrorCode, e.ErrorMessage = "AccessDenied", "User: x is not authorized to perform: s3:X on resource: y with an explicit deny in a service control policy"
		case 1:
			e.ErrorCode = "ValidationException"
		case 2:
			e.TLSVersion = ""
		}
		out = append(out, e)
	}
	return out
}

func seq(events []*cloudtrail.Event) iter.Seq2[*cloudtrail.Event, error] {
	return func(yield func(*cloudtrail.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// TestDryRunIsPerEvent holds the replay of tuples against that of each event by itself with
// all that it tells.
func TestDryRunIsPerEvent(t *testing.T) {
	before := compile(t, company(t))
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		after := withSCP(t, before, drawPolicy(rt))
		events := drawEvents(rt)
		together, err := replay.DryRun(ctx, before, after, seq(events))
		if err != nil {
			rt.Fatal(err)
		}
		certain, possible, opened, unsure, agree := 0, 0, 0, 0, 0
		for _, e := range events {
			m, err := replay.Collect(ctx, replay.SelectAll(), seq([]*cloudtrail.Event{e}))
			if err != nil {
				rt.Fatal(err)
			}
			one, err := replay.DryRunSummary(ctx, before, after, m)
			if err != nil {
				rt.Fatal(err)
			}
			for _, d := range one.Broken {
				if d.Certain {
					certain++
				} else {
					possible++
				}
			}
			opened, unsure, agree = opened+len(one.Opened), unsure+len(one.Unsure), agree+one.Backtest.Agree
		}
		got := [5]int{0, 0, sum(together.Opened), sum(together.Unsure), together.Backtest.Agree}
		for _, d := range together.Broken {
			if d.Certain {
				got[0] += d.Events
			} else {
				got[1] += d.Events
			}
		}
		if want := [5]int{certain, possible, opened, unsure, agree}; want != got {
			rt.Fatalf("certain, possible, opened, unsure, agree: one by one %v, together %v", want, got)
		}
	})
}

func sum(list []replay.Delta) (n int) {
	for _, d := range list {
		n += d.Events
	}
	return n
}

// TestMerge splits events in two ways, in any order, and gets the same summary.
func TestMerge(t *testing.T) {
	before := compile(t, company(t))
	rapid.Check(t, func(rt *rapid.T) {
		s := replay.SelectChange(before.Organization(), withSCP(t, before, drawPolicy(rt)).Organization())
		events := drawEvents(rt)
		whole := replay.NewSummary(s)
		parts := []*replay.Summary{replay.NewSummary(s), replay.NewSummary(s), replay.NewSummary(s)}
		for _, e := range events {
			whole.Add(e)
			parts[rapid.IntRange(0, 2).Draw(rt, "part")].Add(e)
		}
		merged := func(order ...int) string {
			m := replay.NewSummary(s)
			for _, i := range order {
				m.Merge(parts[i])
			}
			return tuples(m)
		}
		pair := replay.NewSummary(s)
		pair.Merge(parts[1])
		pair.Merge(parts[2])
		nested := replay.NewSummary(s)
		nested.Merge(parts[0])
		nested.Merge(pair)
		for _, got := range []string{merged(0, 1, 2), merged(2, 0, 1), tuples(nested)} {
			if diff := cmp.Diff(tuples(whole), got); diff != "" {
				rt.Fatalf("whole and merged differ:\n%s", diff)
			}
		}
	})
}

// FuzzRequests reads any text as an event: neither requests nor their decisions panic, no
// resource-level action gets the resource *, and reducing twice gives the same.
func FuzzRequests(f *testing.F) {
	for _, r := range []string{
		event("s3.amazonaws.com", "GetObject", app, `,"requestParameters":{"bucketName":"logs","key":"a"}`),
		event("ec2.amazonaws.com", "RunInstances", ana, `,"requestParameters":{"instancesSet":{"items":[{"imageId":"ami-1"}]},"tagSpecificationSet":{"items":[{"tags":[{"key":"a","value":"b"}]}]}}`),
		event("sts.amazonaws.com", "AssumeRole", sso, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/x","tags":[{"key":"a","value":"b"}]}`),
		event("iam.amazonaws.com", "CreateUser", root, `,"requestParameters":{"userName":"ana","path":"/p/"},"sourceIPAddress":"10.0.0.1"`),
		event("s3.amazonaws.com", "ListBuckets", `{"type":"AWSAccount","accountId":"ANONYMOUS_PRINCIPAL"}`, ``),
		denied(event("kms.amazonaws.com", "Decrypt", app, ``), "User: a is not authorized to perform: kms:Decrypt because no identity-based policy allows the kms:Decrypt action"),
	} {
		f.Add([]byte(r))
	}
	before := compile(f, company(f))
	s := replay.SelectChange(before.Organization(), withSCP(f, before, addresses).Organization())
	f.Fuzz(func(t *testing.T, text []byte) {
		for e, err := range cloudtrail.Read(strings.NewReader(string(text))) {
			if err != nil {
				continue
			}
			if a, b := replay.NewReducer(s).Reduce(e), replay.NewReducer(s).Reduce(e.Clone()); a != b {
				t.Fatalf("reduced to %+v and %+v", a, b)
			}
			list, err := replay.Requests(e, before.Organization())
			if err != nil {
				continue
			}
			for _, r := range list {
				info, ok := before.Reference().Action(r.Action)
				if !r.Open && !r.Resource.IsValid() && (!ok || !info.WildcardOnly()) {
					t.Fatalf("%s has the resource *", r.Action)
				}
				before.Can(r.Request)
			}
			if _, err := replay.DryRun(context.Background(), before, before, seq(slices.Repeat([]*cloudtrail.Event{e}, 2))); err != nil {
				t.Fatal(err)
			}
		}
	})
}
