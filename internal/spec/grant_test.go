package spec_test

import (
	"testing"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
)

// requester builds a request of each kind of caller, with what a caller of Decide knows.
func requester(t *testing.T, kind string, action policy.Action, resource string) spec.Request {
	t.Helper()
	r := ask(t, map[string]string{"user": ana, "session": appS1, "role": appRole, "federated": fedBob, "root": root,
		"service": "logs.amazonaws.com", "anonymous": "*"}[kind], action, resource)
	switch kind {
	case "session":
		r.RoleARN = policy.MustParseARN(appRole)
	case "federated":
		r.IssuingUser = policy.MustParseARN(ana)
	}
	return r
}

type layerState uint8

const (
	absent layerState = iota
	allowing
	silent // present, an implicit deny
	denying
)

func layer(t *testing.T, s layerState) []*policy.Document {
	t.Helper()
	switch s {
	case allowing:
		return docs(doc(t, allowAll))
	case silent:
		return docs(doc(t, allowNothing))
	case denying:
		return docs(doc(t, allowAll, denyAll))
	}
	return nil
}

// §10, same-account table in full; the last columns are those with an identity Allow.
func TestSameAccount(t *testing.T) {
	for _, tt := range []struct {
		name, who, principal                  string
		plain, boundary, session              bool // no PB/SP; PB implicit deny; SP implicit deny
		withID, withIDBoundary, withIDSession bool
	}{
		{"user ARN", "user", aws(ana), true, true, true, true, true, true},
		{"user, *", "user", `"*"`, true, true, true, true, true, true},
		{"user, account", "user", aws(root), false, false, false, true, false, false},
		{"user, nobody", "user", aws(otherRoot), false, false, false, true, false, false},
		{"role ARN", "session", aws(appRole), true, false, false, true, false, false},
		{"role ARN, no session named", "role", aws(appRole), true, false, false, true, false, false},
		{"session ARN", "session", aws(appS1), true, true, true, true, true, true},
		{"session, *", "session", `{"AWS":"*"}`, true, true, true, true, true, true},
		{"session, account", "session", aws(home), false, false, false, true, false, false},
		{"session, another", "session", aws("arn:aws:sts::111122223333:assumed-role/app/s2"), false, false, false, true, false, false},
		{"service, service", "service", `{"Service":"logs.amazonaws.com"}`, true, true, true, true, true, true},
		{"service, *", "service", `"*"`, true, true, true, true, true, true},
		{"service, another", "service", `{"Service":"logs.eu-west-1.amazonaws.com"}`, false, false, false, false, false, false},
		{"service, Service *", "service", `{"Service":"*"}`, false, false, false, false, false, false},
		{"anonymous, *", "anonymous", `"*"`, true, true, true, true, true, true},
		{"anonymous, account", "anonymous", aws(home), false, false, false, false, false, false},
		{"root, root", "root", aws(root), true, true, true, true, true, true},
		{"root, nobody", "root", aws(otherRoot), true, true, false, true, true, false}, // R-ROOT-1, R-ROOT-4
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := requester(t, tt.who, "sqs:SendMessage", queue)
			for _, c := range []struct {
				identity, boundary, session layerState
				want                        bool
			}{
				{absent, absent, absent, tt.plain}, {absent, silent, absent, tt.boundary}, {absent, absent, silent, tt.session},
				{absent, allowing, allowing, tt.plain},
				{allowing, absent, absent, tt.withID}, {allowing, silent, absent, tt.withIDBoundary}, {allowing, absent, silent, tt.withIDSession},
			} {
				l := spec.Layers{ResourcePolicy: grant(t, tt.principal), Identity: layer(t, c.identity), Boundary: layer(t, c.boundary), Session: layer(t, c.session)}
				require_(t, outcome(c.want), spec.Decide(l, r))
				everyDenyWins(t, l, r)
			}
		})
	}
}

// everyDenyWins: R-RES-2, R-BND-1, in each layer that applies to the caller (R-LAY-3, R-ROOT-1, R-ROOT-4).
func everyDenyWins(t *testing.T, l spec.Layers, r spec.Request) {
	t.Helper()
	before := spec.Decide(l, r)
	personal := r.Principal.AccountID() != "" && r.Principal.Kind() != policy.Root
	want := func(applies bool) spec.Outcome {
		if applies {
			return spec.ExplicitDeny
		}
		return before
	}
	deny := doc(t, denyAll)
	with := func(change func(l *spec.Layers)) spec.Outcome {
		changed := l
		change(&changed)
		return spec.Decide(changed, r)
	}
	require_(t, want(personal), with(func(l *spec.Layers) { l.Identity = append(docs(deny), l.Identity...) }))
	require_(t, want(personal), with(func(l *spec.Layers) { l.Boundary = docs(doc(t, allowAll, denyAll)) }))
	require_(t, want(r.Principal.AccountID() != ""), with(func(l *spec.Layers) { l.Session = docs(doc(t, allowAll, denyAll)) }))
	require_(t, want(r.Principal.AccountID() != ""), with(func(l *spec.Layers) { l.SCPs = [][]*policy.Document{docs(doc(t, allowAll), deny)} }))
	rcp := doc(t, withPrincipal("Deny", "Principal", `"*"`, ""))
	require_(t, want(true), with(func(l *spec.Layers) { l.RCPs = [][]*policy.Document{docs(rcp)} }))
	require_(t, want(true), with(func(l *spec.Layers) { l.ResourcePolicy = rcp }))
	require_(t, want(true), with(func(l *spec.Layers) { l.Endpoints = []spec.Endpoint{{Policy: rcp}} }))
}

// The federated-user rows of the table; R-SES-2, R-GRT-3.
func TestFederatedUser(t *testing.T) {
	for _, tt := range []struct {
		name, principal             string
		identity, boundary, session layerState
		want                        bool
	}{
		{"session named", aws(fedBob), absent, absent, absent, true},
		{"session named, PB silent", aws(fedBob), absent, silent, absent, true},
		{"session named, SP silent", aws(fedBob), absent, absent, silent, true},
		{"everybody", `"*"`, absent, absent, absent, true},
		{"issuer named, no SP", aws(ana), absent, absent, absent, false},
		{"issuer named, SP allows", aws(ana), absent, absent, allowing, true},
		{"issuer named, PB silent", aws(ana), absent, silent, allowing, false},
		{"issuer named, SP silent", aws(ana), absent, absent, silent, false},
		{"identity, no SP", aws(otherRoot), allowing, absent, absent, false},
		{"identity, SP allows", aws(otherRoot), allowing, absent, allowing, true},
		{"SP allows, no identity", aws(otherRoot), absent, absent, allowing, false}, // R-SES-1
		{"account", aws(home), allowing, absent, absent, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := spec.Layers{ResourcePolicy: grant(t, tt.principal), Identity: layer(t, tt.identity), Boundary: layer(t, tt.boundary), Session: layer(t, tt.session)}
			require_(t, outcome(tt.want), spec.Decide(l, requester(t, "federated", "sqs:SendMessage", queue)))
		})
	}
	t.Run("unknown issuer", func(t *testing.T) {
		r := requester(t, "federated", "sqs:SendMessage", queue)
		r.IssuingUser = policy.ARN{}
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{ResourcePolicy: grant(t, aws(ana)), Session: layer(t, allowing)}, r))
	})
}

// R-GRT-6: {RP none, account, principal, *} × {ID allow, none, deny} × {PB, SP}.
func TestCrossAccount(t *testing.T) {
	for _, who := range []string{"user", "session", "role", "federated"} {
		r := requester(t, who, "sqs:SendMessage", otherQueue)
		own := r.Principal.String()
		for _, rp := range []struct {
			name   string
			policy *policy.Document
			grants bool
		}{
			{"none", nil, false}, {"another", grant(t, aws("999900001111")), false},
			{"account", grant(t, aws(home)), true}, {"root ARN", grant(t, aws(root)), true},
			{"principal", grant(t, aws(own)), true}, {"everybody", grant(t, `"*"`), true},
		} {
			for _, id := range []layerState{absent, allowing, denying} {
				for _, pb := range []layerState{absent, allowing, silent} {
					for _, sp := range []layerState{absent, allowing, silent} {
						want := outcome(rp.grants && id == allowing && pb != silent && sp != silent && (who != "federated" || sp == allowing))
						if id == denying {
							want = spec.ExplicitDeny
						}
						l := spec.Layers{ResourcePolicy: rp.policy, Identity: layer(t, id), Boundary: layer(t, pb), Session: layer(t, sp)}
						require_(t, want, spec.Decide(l, r))
					}
				}
			}
		}
	}
	t.Run("root, R-ROOT-3", func(t *testing.T) {
		r := requester(t, "root", "sqs:SendMessage", otherQueue)
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{}, r))
		require_(t, spec.Allowed, spec.Decide(spec.Layers{ResourcePolicy: grant(t, aws(home))}, r))
	})
	t.Run("unsigned, R-GRT-8", func(t *testing.T) {
		require_(t, spec.Allowed, spec.Decide(spec.Layers{ResourcePolicy: grant(t, `"*"`)}, requester(t, "anonymous", "sqs:SendMessage", otherQueue)))
	})
	t.Run("owner is an input, R-RSC-11", func(t *testing.T) {
		l := spec.Layers{Identity: layer(t, allowing)}
		r := requester(t, "user", "s3:GetObject", object)
		require_(t, spec.Allowed, spec.Decide(l, r))
		r.ResourceAccount = other
		require_(t, spec.ImplicitDeny, spec.Decide(l, r))
		r = requester(t, "user", "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess")
		require_(t, spec.Allowed, spec.Decide(l, r))
	})
}

// R-KMS-1 to R-KMS-4, R-ROOT-2: {direct, role, account, *, other} × {ID allow, none}.
func TestKMS(t *testing.T) {
	for _, tt := range []struct {
		who, principal string
		alone, withID  bool
	}{
		{"user", aws(ana), true, true}, {"user", `"*"`, true, true}, {"user", aws(home), false, true}, {"user", aws(otherRoot), false, false},
		{"session", aws(appRole), true, true}, {"session", aws(appS1), true, true}, {"session", aws(root), false, true}, {"session", aws(ana), false, false},
		{"root", aws(root), true, true}, {"root", aws(home), true, true}, {"root", aws(ana), false, false},
		{"service", `{"Service":"logs.amazonaws.com"}`, true, true}, {"service", aws(home), false, false},
	} {
		r := requester(t, tt.who, "kms:Decrypt", key)
		l := spec.Layers{ResourcePolicy: grant(t, tt.principal)}
		require_(t, outcome(tt.alone), spec.Decide(l, r))
		l.Identity = layer(t, allowing)
		require_(t, outcome(tt.withID), spec.Decide(l, r))
	}
	id := spec.Layers{Identity: layer(t, allowing)}
	t.Run("no key policy", func(t *testing.T) {
		require_(t, spec.ImplicitDeny, spec.Decide(id, requester(t, "user", "kms:Decrypt", key)))
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{}, requester(t, "root", "kms:Decrypt", key)))
	})
	t.Run("conditions of the delegation count", func(t *testing.T) {
		l := id
		l.ResourcePolicy = doc(t, withPrincipal("Allow", "Principal", aws(root), `{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}`))
		r := requester(t, "user", "kms:Decrypt", key)
		require_(t, spec.ImplicitDeny, spec.Decide(l, r))
		r.Context = map[string][]string{"kms:ViaService": {"s3.eu-west-1.amazonaws.com"}}
		require_(t, spec.Allowed, spec.Decide(l, r))
	})
	t.Run("identity deny without delegation, R-KMS-2", func(t *testing.T) {
		require_(t, spec.ExplicitDeny, spec.Decide(spec.Layers{Identity: docs(doc(t, denyAll)), ResourcePolicy: grant(t, aws(ana))}, requester(t, "user", "kms:Decrypt", key)))
	})
	t.Run("aliases and *, R-KMS-3", func(t *testing.T) {
		require_(t, spec.Allowed, spec.Decide(id, requester(t, "user", "kms:CreateAlias", "arn:aws:kms:eu-west-1:111122223333:alias/x")))
		require_(t, spec.Allowed, spec.Decide(id, requester(t, "user", "kms:ListKeys", "*")))
	})
	t.Run("cross account, R-KMS-4", func(t *testing.T) {
		r := requester(t, "user", "kms:Decrypt", "arn:aws:kms:eu-west-1:444455556666:key/k2")
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{ResourcePolicy: grant(t, `"*"`)}, r))
		require_(t, spec.Allowed, spec.Decide(spec.Layers{ResourcePolicy: grant(t, `"*"`), Identity: layer(t, allowing)}, r))
	})
}

func trust(t *testing.T, principal string, actions string) *policy.Document {
	t.Helper()
	return doc(t, `{"Effect":"Allow","Principal":`+principal+`,"Action":`+actions+`}`)
}

// R-STS-1 to R-STS-6.
func TestAssumeRole(t *testing.T) {
	const target = "arn:aws:iam::111122223333:role/deploy"
	for _, tt := range []struct {
		who, principal string
		alone, withID  bool
	}{
		{"user", aws(ana), true, true}, {"user", `"*"`, true, true}, {"user", aws(root), false, true}, {"user", aws(otherRoot), false, false},
		{"session", aws(appRole), true, true}, {"session", aws(appS1), true, true}, {"session", aws(home), false, true}, {"session", aws(target), false, false},
	} {
		for _, action := range []policy.Action{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"} {
			r := requester(t, tt.who, action, target)
			l := spec.Layers{ResourcePolicy: trust(t, tt.principal, `"sts:*"`)}
			require_(t, outcome(tt.alone), spec.Decide(l, r))
			l.Identity = layer(t, allowing)
			require_(t, outcome(tt.withID), spec.Decide(l, r))
		}
	}
	id := spec.Layers{Identity: layer(t, allowing)}
	t.Run("identity alone never suffices", func(t *testing.T) {
		require_(t, spec.ImplicitDeny, spec.Decide(id, requester(t, "user", "sts:AssumeRole", target)))
		require_(t, spec.ImplicitDeny, spec.Decide(id, requester(t, "session", "sts:AssumeRole", appRole))) // R-STS-6
		require_(t, spec.Allowed, spec.Decide(id, requester(t, "user", "iam:GetRole", target)))
		require_(t, spec.Allowed, spec.Decide(id, requester(t, "user", "sts:GetFederationToken", ana))) // R-STS-5
	})
	t.Run("cross account, R-STS-2", func(t *testing.T) {
		r := requester(t, "user", "sts:AssumeRole", "arn:aws:iam::444455556666:role/deploy")
		l := spec.Layers{ResourcePolicy: trust(t, aws(home), `"sts:AssumeRole"`)}
		require_(t, spec.ImplicitDeny, spec.Decide(l, r))
		l.Identity = layer(t, allowing)
		require_(t, spec.Allowed, spec.Decide(l, r))
	})
	t.Run("R-STS-4", func(t *testing.T) {
		for _, c := range []struct {
			key, needs string
		}{
			{"aws:RequestTag/team", "sts:TagSession"}, {"aws:tagkeys", "sts:TagSession"}, {"sts:SourceIdentity", "sts:SetSourceIdentity"},
			{"sts:RequestContextProviders", "sts:SetContext"}, {"sts:RequestContext/identitystore:UserId", "sts:SetContext"},
		} {
			r := requester(t, "user", "sts:AssumeRole", target)
			r.Context = map[string][]string{c.key: {"x"}}
			without := spec.Layers{ResourcePolicy: trust(t, aws(ana), `"sts:AssumeRole"`)}
			require_(t, spec.ImplicitDeny, spec.Decide(without, r))
			require_(t, spec.Allowed, spec.Decide(spec.Layers{ResourcePolicy: trust(t, aws(ana), `["sts:AssumeRole","`+c.needs+`"]`)}, r))
			denied := without
			denied.Identity = docs(doc(t, `{"Effect":"Deny","Action":"`+c.needs+`","Resource":"*"}`))
			require_(t, spec.ExplicitDeny, spec.Decide(denied, r))
			r.Context = map[string][]string{c.key: {}} // an empty set is a missing key
			require_(t, spec.Allowed, spec.Decide(without, r))
		}
	})
	t.Run("web identity, R-STS-3", func(t *testing.T) {
		const provider = "arn:aws:iam::111122223333:oidc-provider/token.example.com"
		r := spec.Request{Principal: policy.WebIdentityPrincipal(provider), Action: "sts:AssumeRoleWithWebIdentity", Resource: target}
		r.Context = map[string][]string{"token.example.com:aud": {"me"}}
		l := spec.Layers{ResourcePolicy: doc(t, `{"Effect":"Allow","Principal":{"Federated":"`+provider+`"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.example.com:aud":"me"}}}`)}
		require_(t, spec.Allowed, spec.Decide(l, r))
		l.SCPs = [][]*policy.Document{{}} // no SCP of the caller
		require_(t, spec.Allowed, spec.Decide(l, r))
		l.RCPs = [][]*policy.Document{docs(doc(t, withPrincipal("Deny", "Principal", `"*"`, `{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}`)))}
		require_(t, spec.Allowed, spec.Decide(spec.Layers{ResourcePolicy: l.ResourcePolicy}, r))
		l.RCPs = [][]*policy.Document{docs(doc(t, withPrincipal("Deny", "Principal", `"*"`, "")))}
		require_(t, spec.ExplicitDeny, spec.Decide(l, r))
		r.Principal = policy.WebIdentityPrincipal("accounts.example.com")
		l.RCPs = nil
		require_(t, spec.ImplicitDeny, spec.Decide(l, r))
		// A session of the role is a role session (R-PRI-9).
		require_(t, spec.ImplicitDeny, spec.Decide(l, requester(t, "session", "sts:AssumeRoleWithWebIdentity", target)))
		// Elsewhere there is no such caller.
		r = spec.Request{Principal: policy.WebIdentityPrincipal(provider), Action: "s3:GetObject", Resource: object, ResourceAccount: home}
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{ResourcePolicy: grant(t, `"*"`)}, r))
	})
}
