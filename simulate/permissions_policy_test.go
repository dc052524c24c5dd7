package simulate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// The equivalent policy by itself allows what all layers together do: the oracle says so of
// both.
func TestEquivalentPolicyIsStack(t *testing.T) {
	documents, allowed, failed := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		l := gen.Layers(t)
		l.RCPs, l.ResourcePolicy, l.Endpoints, l.BlockPublicAccess = nil, nil, nil, false
		r := gen.Request(t)
		switch r.Principal.Kind() {
		case policy.User, policy.Role, policy.RoleSession:
		default:
			return
		}
		env, req := fromSpec(t, l, r, simulate.WithStrictKeys())
		doc, err := env.EquivalentPolicy(req.Principal, req.Session)
		if err != nil {
			if _, ok := errors.AsType[*simulate.InexpressibleError](err); !ok {
				t.Fatal(err)
			}
			failed++
			return
		}
		if err := doc.CheckKind(policy.IdentityBased); err != nil {
			t.Fatal(err)
		}
		documents++
		for range *perWorld {
			ask := gen.Request(t)
			ask.Principal, ask.SessionPolicies, ask.RoleARN, ask.PrincipalID = r.Principal, r.SessionPolicies, r.RoleARN, r.PrincipalID
			ask.CanonicalID, ask.IssuingUser = r.CanonicalID, r.IssuingUser
			stack := l
			stack.Session = ask.SessionPolicies
			want := spec.Decide(stack, ask)
			alone := ask
			alone.SessionPolicies = nil
			got := spec.Decide(spec.Layers{Identity: []*policy.Document{doc}, ManagementAccount: l.ManagementAccount, BucketABAC: l.BucketABAC, AWSManagedKey: l.AWSManagedKey}, alone)
			if (got == spec.Allowed) != (want == spec.Allowed) {
				t.Fatalf("the document says %v, the layers %v\n%s\n%s", got, want, doc, describe(l, ask))
			}
			if want == spec.Allowed {
				allowed++
			}
		}
	})
	t.Logf("%d documents, %d stacks that no document says; %d requests allowed", documents, failed, allowed)
	require.NotZero(t, documents)
	require.NotZero(t, allowed)
}

func TestEquivalentPolicy(t *testing.T) {
	parse := func(text string) *policy.Document {
		return policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [` + text + `]}`)))
	}
	const full = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`
	ana := parsePrincipal("arn:aws:iam::111122223333:user/ana")
	for _, tt := range []struct {
		name                    string
		identity, boundary, scp string
		want                    string // statements without white space, or the error
	}{
		{
			name:     "layers that allow everything drop out",
			identity: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}`, boundary: full, scp: full,
			want: `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`,
		},
		{
			name:     "a layer of actions alone is a Deny of all others",
			identity: `{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/*"}`,
			boundary: `{"Effect": "Allow", "Action": ["s3:Get*", "sqs:*"], "Resource": "*"}`, scp: full,
			want: `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::logs/*"},{"Effect":"Deny","NotAction":["s3:Get*","sqs:*"],"Resource":"*"}`,
		},
		{
			name:     "a layer of all actions but some denies those",
			identity: `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`,
			boundary: `{"Effect": "Allow", "NotAction": "s3:Delete*", "Resource": "*"}`, scp: full,
			want: `{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}`,
		},
		{
			name:     "other layers multiply",
			identity: `{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs*"}, {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/x"}`,
			boundary: `{"Effect": "Allow", "Action": "s3:*Object", "Resource": "arn:aws:s3:::*/a", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}`, scp: full,
			want: `{"Effect":"Allow","Action":"s3:get*object","Resource":"arn:aws:s3:::logs*/a","Condition":{"Bool":{"aws:SecureTransport":"true"}}},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::logs/x"}`,
		},
		{
			name:     "nothing in common",
			identity: `{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/*"}`,
			boundary: `{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::orders/*"}`, scp: full,
			want: `{"Effect":"Deny","Action":"*","Resource":"*"}`,
		},
		{
			name:     "conditions that collide",
			identity: `{"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}`,
			boundary: `{"Sid": "B", "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-3"]}}}`, scp: full,
			want: `A of identityPolicies[0] and B of boundary[0]: no statement says what they allow together: StringEquals on aws:RequestedRegion stands in both, with other values`,
		},
		{
			name:     "a difference",
			identity: `{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/*"}`,
			boundary: `{"Effect": "Allow", "NotAction": "s3:Delete*", "Resource": "arn:aws:s3:::*"}`, scp: full,
			want: `statement 1 of identityPolicies[0] and statement 1 of boundary[0]: no statement says what they allow together: s3:* without s3:Delete* cannot be written`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env, err := simulate.CompileLayers(simulate.Layers{
				Identity: []*policy.Document{parse(tt.identity)}, Boundary: []*policy.Document{parse(tt.boundary)},
				ServiceControl: [][]*policy.Document{{parse(tt.scp)}},
			})
			require.NoError(t, err)
			doc, err := env.EquivalentPolicy(ana, nil)
			if err != nil {
				require.Equal(t, tt.want, err.Error())
				return
			}
			got := strings.NewReplacer(" ", "", "\n", "").Replace(doc.String())
			require.Equal(t, `{"Version":"2012-10-17","Statement":[`+tt.want+`]}`, got)
		})
	}
}
