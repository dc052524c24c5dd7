package spec_test

import (
	"testing"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
)

// §6.2 seen through grants: at level direct a silent boundary does not matter, at the
// session levels it does, at level account an identity Allow is needed; R-PRI-1 to 12.
func TestMatchLevels(t *testing.T) {
	const none, account, session, direct = 0, 1, 2, 3
	known := func(r spec.Request) spec.Request {
		r.PrincipalID, r.CanonicalID = "AIDAEXAMPLE", "79a59df900b949e5"
		if r.Principal.Kind() == policy.RoleSession || r.Principal.Kind() == policy.Role {
			r.PrincipalID = "AROAEXAMPLE"
		}
		return r
	}
	noPath := func(r spec.Request) spec.Request { r.RoleARN = policy.ARN{}; return r }
	same := func(r spec.Request) spec.Request { return r }
	for _, tt := range []struct {
		who, principal string
		change         func(spec.Request) spec.Request
		want           int
	}{
		{"user", `"*"`, same, direct},
		{"user", `{"AWS":"*"}`, same, direct},
		{"user", `{"Federated":"*"}`, same, none},
		{"user", `{"CanonicalUser":"*"}`, same, none},
		{"user", aws("arn:aws:iam::111122223333:user/*"), same, none}, // R-PRI-2
		{"user", aws("arn:aws:iam::111122223333:user/team/Ana"), same, none},
		{"user", aws("arn:aws:iam::111122223333:user/ana"), same, none}, // the path is part of it
		{"user", aws(home), same, account},
		{"user", aws("arn:aws-cn:iam::111122223333:root"), same, none}, // R-PRI-3
		{"user", aws(other), same, none},
		{"user", aws(home, ana), same, direct}, // the strongest counts
		{"user", aws("AIDAEXAMPLE"), known, direct},
		{"user", aws("AIDAEXAMPLE"), same, none},
		{"user", aws(""), same, none},
		{"user", `{"CanonicalUser":"79a59df900b949e5"}`, known, account}, // R-PRI-10
		{"user", `{"CanonicalUser":"79a59df900b949e5"}`, same, none},
		{"session", aws(appS1), same, direct},
		{"session", aws(appRole), same, session},
		{"session", aws("arn:aws:iam::111122223333:role/other/app"), same, none}, // R-PRI-5: the path is known
		{"session", aws("arn:aws:iam::111122223333:role/other/app"), noPath, session},
		{"session", aws("arn:aws:iam::111122223333:role/app"), noPath, session},
		{"session", aws("arn:aws:iam::111122223333:role/App"), noPath, none},
		{"session", aws("arn:aws-cn:iam::111122223333:role/app"), noPath, none},
		{"session", aws("arn:aws:iam::444455556666:role/app"), noPath, none},
		{"session", aws("arn:aws:iam::111122223333:user/app"), noPath, none},
		{"session", aws("AROAEXAMPLE"), known, session}, // R-PRI-11
		{"role", aws(appRole), same, session},           // R-PRI-6
		{"role", aws(appS1), same, none},
		{"role", aws("AROAEXAMPLE"), known, session},
		{"federated", aws(fedBob), same, direct},
		{"federated", aws("AIDAEXAMPLE"), known, none},
		{"service", `{"Service":["ec2.amazonaws.com","logs.amazonaws.com"]}`, same, direct},
		{"service", aws("logs.amazonaws.com"), same, none},
		{"service", `{"Service":"logs.eu-west-1.amazonaws.com"}`, func(r spec.Request) spec.Request {
			r.Context = map[string][]string{"aws:PrincipalServiceNamesList": {"logs.amazonaws.com", "logs.eu-west-1.amazonaws.com"}}
			return r
		}, direct}, // R-PRI-8
		{"anonymous", `{"AWS":"*"}`, func(r spec.Request) spec.Request { // KMS takes no unsigned requests
			r.Action, r.Resource = "s3:GetObject", "arn:aws:s3:::logs/a"
			return r
		}, direct},
		{"anonymous", `{"CanonicalUser":"79a59df900b949e5"}`, known, none},
	} {
		t.Run(tt.who+" "+tt.principal, func(t *testing.T) {
			r := tt.change(requester(t, tt.who, "kms:Decrypt", key)) // a key: identity counts at level account only
			rp := grant(t, tt.principal)
			require_(t, outcome(tt.want >= session), spec.Decide(spec.Layers{ResourcePolicy: rp}, r))
			require_(t, outcome(tt.want == direct), spec.Decide(spec.Layers{ResourcePolicy: rp, Boundary: layer(t, silent)}, r))
			require_(t, outcome(tt.want >= account), spec.Decide(spec.Layers{ResourcePolicy: rp, Identity: layer(t, allowing), Session: layer(t, allowing)}, r))
		})
	}
	t.Run("neither element, R-PRI-12", func(t *testing.T) {
		r := requester(t, "user", "sqs:SendMessage", queue)
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{ResourcePolicy: doc(t, allowAll)}, r))
		require_(t, spec.Allowed, spec.Decide(spec.Layers{ResourcePolicy: doc(t, denyAll), Identity: layer(t, allowing)}, r))
	})
}

// R-NPR-1 to R-NPR-3.
func TestNotPrincipal(t *testing.T) {
	known := func(r spec.Request) spec.Request { r.PrincipalID = "AIDAEXAMPLE"; return r }
	same := func(r spec.Request) spec.Request { return r }
	for _, tt := range []struct {
		who, listed    string
		change         func(spec.Request) spec.Request
		exempt, allows bool // from a Deny; by an Allow
	}{
		{"user", aws(ana), same, true, false},
		{"user", aws(home), same, false, false},
		{"user", aws(root), same, false, false},
		{"user", aws(otherRoot), same, false, true},
		{"user", aws("AIDAEXAMPLE"), known, true, false},
		{"user", `"*"`, same, true, false},
		{"session", aws(appRole), same, false, false},
		{"session", aws(appS1), same, false, false},
		{"session", aws(appS1, appRole), same, true, false},
		{"session", aws(appRole, home), same, false, false},
		{"session", aws(ana), same, false, true},
		{"federated", aws(fedBob), same, false, false},
		{"federated", aws(ana), same, false, false},
		{"federated", aws(fedBob, ana), same, true, false},
		{"root", aws(root), same, true, false},
		{"root", aws(home), same, true, false},
		{"root", aws(ana), same, false, true},
		{"service", `{"Service":"logs.amazonaws.com"}`, same, true, false},
		{"service", aws(home), same, false, true},
		{"anonymous", aws(ana), same, false, true}, // R-NPR-3
		{"anonymous", `{"AWS":"*"}`, same, true, false},
	} {
		t.Run(tt.who+" "+tt.listed, func(t *testing.T) {
			r := tt.change(requester(t, tt.who, "sqs:SendMessage", queue))
			if tt.who == "root" {
				r.Action, r.Resource = "kms:Decrypt", key // elsewhere root needs no grant
			}
			deny := doc(t, withPrincipal("Allow", "Principal", `"*"`, ""), withPrincipal("Deny", "NotPrincipal", tt.listed, ""))
			want := spec.ExplicitDeny
			if tt.exempt {
				want = spec.Allowed
			}
			require_(t, want, spec.Decide(spec.Layers{ResourcePolicy: deny}, r))
			allow := doc(t, withPrincipal("Allow", "NotPrincipal", tt.listed, ""))
			require_(t, outcome(tt.allows), spec.Decide(spec.Layers{ResourcePolicy: allow}, r))
		})
	}
	t.Run("boundary, R-NPR-2", func(t *testing.T) {
		for who, want := range map[string]spec.Outcome{
			"user": spec.ExplicitDeny, "session": spec.ExplicitDeny, "role": spec.ExplicitDeny, "root": spec.Allowed, "service": spec.Allowed,
		} {
			r := requester(t, who, "sqs:SendMessage", queue)
			rp := doc(t, withPrincipal("Allow", "Principal", `"*"`, ""), withPrincipal("Deny", "NotPrincipal", `"*"`, ""))
			require_(t, spec.Allowed, spec.Decide(spec.Layers{ResourcePolicy: rp}, r))
			require_(t, want, spec.Decide(spec.Layers{ResourcePolicy: rp, Boundary: layer(t, allowing)}, r))
		}
	})
}
