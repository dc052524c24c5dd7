package spec_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
)

func TestActions(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  bool
	}{
		{"*", true}, {"**", true}, {"*:*", true}, // R-ACT-1, R-ACT-4
		{"s3:GetObject", true}, {"S3:getOBJECT", true}, {"s3:*", true}, {"s3:Get*", true}, // R-ACT-2
		{"s3:*Object", true}, {"s3:G?tObject", true}, {"s3:*t*O*", true}, // R-ACT-3
		{"s3:Get", false}, {"sqs:GetObject", false}, {"GetObject", false}, {"s3", false}, {"?", false},
		{"s3:", false}, {" s3:GetObject", false}, {"s3:GetObject ", false}, {"s3: GetObject", false}, {"s3:GetObject,s3:PutObject", false}, // R-ACT-5
		{"s3:Get.bject", false}, {"s3:[G]etObject", false}, {"s3:${*}", false}, // R-ACT-7, R-VAR-7
		{"s3:Get*:x", false},
	} {
		t.Run(tt.value, func(t *testing.T) {
			for _, form := range []struct {
				element string
				want    bool
			}{{"Action", tt.want}, {"NotAction", !tt.want}} { // R-ACT-6
				d := doc(t, fmt.Sprintf(`{"Effect":"Allow",%q:%q,"Resource":"*"}`, form.element, tt.value))
				got := spec.Decide(spec.Layers{Identity: docs(d)}, ask(t, ana, "s3:GetObject", object))
				require_(t, outcome(form.want), got)
			}
		})
	}
}

func TestResources(t *testing.T) {
	const table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
	context := map[string][]string{"aws:username": {"ana"}, "star": {"*"}, "colon": {"s3:x"}, "s": {"s3"}, "many": {"a", "b"}}
	for _, tt := range []struct {
		value, resource string
		want            bool
	}{
		{"*", table, true}, {"***", table, true}, {table, table, true},
		{"arn:aws:dynamodb:*:111122223333:table/*", table, true},
		{"a*:aws:dynamodb:*:*:*", table, true}, {"*:*:*:*:*:*", table, true},
		{"arn:aws:dynamodb:eu-west-?:*:table/orders", table, true},
		{"arn:aws:dynamodb:*:table/orders", table, false}, // five segments: the fifth is table/orders, the sixth is padded
		{"arn:aws:dyn*:table/orders", table, false},       // * stays inside its segment
		{"arn:aws:*:table/orders:*:*", table, false},      // R-RSC-2
		{"arn:aws:logs:*:*:*", "arn:aws:logs:eu-west-1:111122223333:log-group:g:log-stream:s", true},
		{"arn:aws:s3:::b/*/x", "arn:aws:s3:::b/1/2/x", true},                                     // R-RSC-3
		{"arn:aws:iam::111122223333:u*", "arn:aws:iam::111122223333:user/ana", true},             // R-RSC-4
		{"arn:AWS:s3:::b", "arn:aws:s3:::b", false}, {"arn:aws:s3:::B", "arn:aws:s3:::b", false}, // R-RSC-8
		{"arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::ana/x", true},
		{"arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::eve/x", false},
		{"arn:aws:s3:::${star}", "arn:aws:s3:::b", false}, {"arn:aws:s3:::${star}", "arn:aws:s3:::*", true}, // R-PAT-3
		{"arn:aws:s3:::${*}", "arn:aws:s3:::b", false}, {"arn:aws:s3:::${*}", "arn:aws:s3:::*", true}, // R-PAT-2
		{"arn:aws:s3:::${nosuch}*", "arn:aws:s3:::b", false}, // R-VAR-5
		{"arn:aws:s3:::${nosuch, 'b'}*", "arn:aws:s3:::bc", true},
		{"arn:aws:s3:::${nosuch, '*'}", "arn:aws:s3:::b", false},
		{"arn:aws:s3:::${many}", "arn:aws:s3:::a", false},
		{"arn:aws:${s}:::b", "arn:aws:s3:::b", true},             // R-RSC-10
		{"arn:aws:${no:such, 's3'}:::b", "arn:aws:s3:::b", true}, // R-VAR-8
		{"arn:aws:${s}:::b:c", "arn:aws:s3:::b:c", true},
		{"arn:aws:${colon}:::b", "arn:aws:s3:x:::b", false},
		{"arn:aws:s3", "arn:aws:s3:::b", true}, // R-RSC-7: padded in identity policies
		{"arn:aws:sqs", "arn:aws:s3:::b", false},
		{"", "arn:aws:s3:::b", false},
		{"b", "arn:aws:s3:::b", false},
		{"arn:aws:s3:::b", "*", false}, // R-RSC-5
		{"*:*:*:*:*:*", "*", false},
		{"*", "*", true}, {"*", "", true},
	} {
		t.Run(tt.value+" "+tt.resource, func(t *testing.T) {
			for _, form := range []struct {
				element string
				want    bool
			}{{"Resource", tt.want}, {"NotResource", !tt.want}} { // R-RSC-9
				d := doc(t, fmt.Sprintf(`{"Effect":"Allow","Action":"*",%q:%q}`, form.element, tt.value))
				r := ask(t, ana, "x:Do", tt.resource)
				r.Context = context
				require_(t, outcome(form.want), spec.Decide(spec.Layers{Identity: docs(d)}, r))
			}
		})
	}
	t.Run("neither element, R-DOC-5", func(t *testing.T) {
		d := doc(t, `{"Effect":"Allow","Action":"*"}`)
		require_(t, spec.Allowed, spec.Decide(spec.Layers{Identity: docs(d)}, ask(t, ana, "x:Do", table)))
	})
	t.Run("2008 has no variables, R-DOC-3", func(t *testing.T) {
		d := parse(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"}}`)
		r := ask(t, ana, "x:Do", "arn:aws:s3:::ana")
		r.Context = context
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{Identity: docs(d)}, r))
		r.Resource = "arn:aws:s3:::${aws:username}"
		require_(t, spec.Allowed, spec.Decide(spec.Layers{Identity: docs(d)}, r))
	})
}

// R-RSC-7, one row per place; the value is the whole Resource element.
func TestShortARNs(t *testing.T) {
	statement := func(effect, value string, principal bool) string {
		p := ""
		if principal {
			p = `"Principal":"*",`
		}
		return fmt.Sprintf(`{"Effect":%q,%s"Action":"*","Resource":%q}`, effect, p, value)
	}
	all := docs(doc(t, allowAll))
	for _, tt := range []struct {
		value                                      string
		identity, boundary, session, resource, scp bool
	}{
		{"arn:aws:sqs", true, true, false, false, false},
		{"arn:aws:s*", true, true, false, true, true},
		{"arn:a*:sqs", true, true, false, true, false},
		{"arn:aws:sqs:*", true, true, false, true, true},
	} {
		t.Run(tt.value, func(t *testing.T) {
			r := ask(t, ana, "sqs:SendMessage", queue)
			d := doc(t, statement("Allow", tt.value, false))
			require_(t, outcome(tt.identity), spec.Decide(spec.Layers{Identity: docs(d)}, r))
			require_(t, outcome(tt.boundary), spec.Decide(spec.Layers{Identity: all, Boundary: docs(d)}, r))
			require_(t, outcome(tt.session), spec.Decide(spec.Layers{Identity: all, Session: docs(d)}, r))
			require_(t, outcome(tt.scp), spec.Decide(spec.Layers{Identity: all, SCPs: [][]*policy.Document{docs(d)}}, r))
			p := doc(t, statement("Allow", tt.value, true))
			require_(t, outcome(tt.resource), spec.Decide(spec.Layers{ResourcePolicy: p}, r))
			require_(t, outcome(tt.resource), spec.Decide(spec.Layers{Identity: all, Endpoints: []spec.Endpoint{{Policy: p}}}, r))
			// In RCPs such a value is invalid and matches nothing.
			rcp := doc(t, statement("Deny", tt.value, true))
			require_(t, spec.Allowed, spec.Decide(spec.Layers{Identity: all, RCPs: [][]*policy.Document{docs(rcp)}}, r))
		})
	}
}

// R-RSC-5.
func TestCollections(t *testing.T) {
	for _, tt := range []struct {
		action, region, resource string
	}{
		{"s3:ListAllMyBuckets", "eu-west-1", "arn:aws:s3:::${*}"},
		{"S3:listallmybuckets", "eu-west-1", "arn:aws:s3:::${*}"},
		{"iam:ListUsers", "", "arn:aws:iam::111122223333:user/"},
		{"iam:ListRoles", "", "arn:aws:iam::111122223333:role/"},
		{"iam:ListGroups", "", "arn:aws:iam::111122223333:group/"},
		{"iam:ListPolicies", "", "arn:aws:iam::111122223333:policy/"},
		{"iam:ListInstanceProfiles", "", "arn:aws:iam::111122223333:instance-profile/"},
		{"dynamodb:ListTables", "eu-west-1", "arn:aws:dynamodb:eu-west-1:111122223333:table/${*}"},
		{"dynamodb:ListTables", "", "arn:aws:dynamodb::111122223333:table/${*}"},
		{"sns:ListTopics", "eu-west-1", "arn:aws:sns:eu-west-1:111122223333:${*}"},
		{"sqs:ListQueues", "eu-west-1", "arn:aws:sqs:eu-west-1:111122223333:"},
		{"logs:DescribeLogGroups", "eu-west-1", "arn:aws:logs:eu-west-1:111122223333:log-group::log-stream:"},
	} {
		t.Run(tt.action+tt.region, func(t *testing.T) {
			d := doc(t, fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":%q}`, tt.resource))
			for _, resource := range []string{"*", ""} {
				r := ask(t, ana, policy.Action(tt.action), resource)
				r.WildcardOnly = true
				if tt.region != "" {
					r.Context = map[string][]string{"aws:RequestedRegion": {tt.region}}
				}
				require_(t, spec.Allowed, spec.Decide(spec.Layers{Identity: docs(d)}, r))
			}
			r := ask(t, ana, policy.Action(tt.action), "arn:aws:x:::given")
			require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{Identity: docs(d)}, r))
		})
	}
	t.Run("default is the star", func(t *testing.T) {
		not := doc(t, `{"Effect":"Allow","Action":"*","NotResource":"arn:aws:ec2:*:*:instance/i-1"}`)
		is := doc(t, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:*:*:*"}`)
		r := ask(t, ana, "ec2:DescribeInstances", "*")
		require_(t, spec.Allowed, spec.Decide(spec.Layers{Identity: docs(not)}, r))
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{Identity: docs(is)}, r))
	})
}

// R-RES-5, R-CTX-3: what is no request is never allowed.
func TestBadRequests(t *testing.T) {
	l := spec.Layers{Identity: docs(doc(t, allowAll))}
	good := ask(t, ana, "x:Do", "*")
	require_(t, spec.Allowed, spec.Decide(l, good))
	for name, change := range map[string]func(r *spec.Request){
		"no principal":     func(r *spec.Request) { r.Principal = policy.Principal{} },
		"no action":        func(r *spec.Request) { r.Action = "" },
		"wildcard action":  func(r *spec.Request) { r.Action = "s3:*" },
		"two names":        func(r *spec.Request) { r.Context = map[string][]string{"aws:x": {"1"}, "AWS:X": {"1"}} },
		"two names, empty": func(r *spec.Request) { r.Context = map[string][]string{"aws:x": {"1"}, "AWS:X": {}} },
	} {
		t.Run(name, func(t *testing.T) {
			r := good
			change(&r)
			require_(t, spec.ImplicitDeny, spec.Decide(l, r))
		})
	}
	require.Equal(t, "explicitDeny", spec.ExplicitDeny.String())
}
