package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A setting is a caller with documents of one kind at their place, and with what may stand around
// them.
type setting struct {
	caller spec.Request
	layers spec.Layers
}

// settings are those of documents of a kind that names no principals: alone, beside others that
// allow everything or some, and in front of resources whose policies name the caller, its
// role, or everybody.
func settings(k policy.Kind, documents ...*policy.Document) (out []setting) {
	ana := spec.Request{Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))}
	session := spec.Request{Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:sts::111122223333:assumed-role/dev/s")),
		RoleARN: policy.MustParseARN("arn:aws:iam::111122223333:role/dev")}
	token := spec.Request{Principal: policy.WebIdentityPrincipal("accounts.google.com")}
	anonymous, service := spec.Request{Principal: policy.AnonymousPrincipal()}, spec.Request{Principal: policy.ServicePrincipal("s.amazonaws.com")}
	some := document([]string{`{"Effect":"Allow","Action":["s3:*","a:*","sts:*"],"Resource":"arn:aws:s3:::a*"}`})
	grant := func(principal string) *policy.Document {
		return document([]string{`{"Effect":"Allow","Principal":` + principal + `,"Action":"*","Resource":"*"}`})
	}
	account := grant(`{"AWS":"111122223333"}`)
	add := func(r spec.Request, l spec.Layers) {
		r.ResourceAccount, l.BucketABAC = "111122223333", true
		out = append(out, setting{r, l})
	}
	all := []*policy.Document{everything}
	beside := func(others ...*policy.Document) []*policy.Document { return append(slices.Clip(documents), others...) }
	for _, resource := range []*policy.Document{account, grant(`{"AWS":"` + ana.Principal.String() + `"}`)} {
		switch k {
		case policy.IdentityBased:
			add(ana, spec.Layers{Identity: documents, ResourcePolicy: resource})
			add(ana, spec.Layers{Identity: beside(everything), ResourcePolicy: resource})
			add(ana, spec.Layers{Identity: beside(some), ResourcePolicy: resource})
			add(ana, spec.Layers{Identity: documents, Boundary: []*policy.Document{some}, ResourcePolicy: resource})
		case policy.ServiceControl:
			add(ana, spec.Layers{Identity: all, SCPs: [][]*policy.Document{documents}, ResourcePolicy: resource})
			add(ana, spec.Layers{Identity: all, SCPs: [][]*policy.Document{all, beside(everything)}, ResourcePolicy: resource})
			add(ana, spec.Layers{Identity: all, SCPs: [][]*policy.Document{beside(some), all}, ResourcePolicy: resource})
		case policy.PermissionsBoundary:
			add(ana, spec.Layers{Identity: all, Boundary: documents, ResourcePolicy: resource})
			add(ana, spec.Layers{Boundary: documents, ResourcePolicy: resource})
		}
	}
	for _, resource := range []*policy.Document{account, grant(`{"AWS":"` + session.RoleARN.String() + `"}`), grant(`{"AWS":"` + session.Principal.String() + `"}`)} {
		switch k {
		case policy.SessionPolicy:
			add(session, spec.Layers{Identity: all, Session: documents, ResourcePolicy: resource})
			add(session, spec.Layers{Session: documents, ResourcePolicy: resource})
			add(session, spec.Layers{Identity: all, Session: beside(some), ResourcePolicy: resource})
		case policy.PermissionsBoundary:
			add(session, spec.Layers{Identity: all, Boundary: documents, ResourcePolicy: resource})
		}
	}
	if k == policy.ResourceControl {
		for _, r := range []spec.Request{ana, session, token, anonymous, service} {
			add(r, spec.Layers{Identity: all, RCPs: [][]*policy.Document{documents}, ResourcePolicy: grant(`"*"`)})
		}
	}
	return out
}

// decides is how the engine decides in the setting.
func (s setting) decides(t *testing.T) func(simulate.Request) bool {
	t.Helper()
	e, err := simulate.CompileLayers(simulate.Layers{
		Identity: s.layers.Identity, Boundary: s.layers.Boundary, ServiceControl: s.layers.SCPs, ResourceControl: s.layers.RCPs,
		Resource: s.layers.ResourcePolicy, BucketABAC: true, GivenKeysOnly: true, ResourceAccount: s.caller.ResourceAccount,
	}, simulate.WithStrictKeys())
	if err != nil {
		t.Fatal(err)
	}
	var session *simulate.Session
	if s.caller.RoleARN.IsValid() {
		if session, err = simulate.NewSession(simulate.SessionSpec{Role: s.caller.RoleARN, Policies: s.layers.Session}); err != nil {
			t.Fatal(err)
		}
	}
	return func(q simulate.Request) bool {
		q.Principal, q.Session = s.caller.Principal, session
		return e.Can(q).Allowed()
	}
}

// oracle is how the literal evaluator decides in the setting.
func (s setting) oracle(q simulate.Request) bool {
	r := s.caller
	r.Action, r.Resource, r.Context = q.Action, q.Resource.String(), map[string][]string{}
	for name, values := range q.Keys.All() {
		r.Context[name] = values
	}
	return spec.Decide(s.layers, r) == spec.Allowed
}

// attached draws documents of one place: of a kind that names no principals, with statements
// that make others needless. known writes actions as the documents do.
func (m *maker) attached() (k policy.Kind, documents []*policy.Document, known *strings.Replacer) {
	k = pick(m, policy.IdentityBased, policy.ServiceControl, policy.PermissionsBoundary, policy.PermissionsBoundary, policy.SessionPolicy, policy.ResourceControl)
	known = strings.NewReplacer()
	if k == policy.ResourceControl {
		known = pick(m, knownServices, tokenActions)
	}
	draw := func(statements []string) *policy.Document {
		for i, s := range statements {
			statements[i] = m.as(k, known, s)
		}
		return document(statements)
	}
	statements := append(m.statements(), m.statements()...)
	for range m.IntN(3) {
		statements = append(statements, statements[m.IntN(len(statements))])
	}
	documents = append(documents, draw(statements))
	if k != policy.PermissionsBoundary && m.IntN(2) == 0 {
		documents = append(documents, draw(m.statements()))
	}
	return k, documents, known
}

// as writes a statement as one of a policy of kind k.
func (m *maker) as(k policy.Kind, known *strings.Replacer, statement string) string {
	statement = known.Replace(statement)
	switch k {
	case policy.ResourceControl:
		statement = strings.NewReplacer(`"Effect":"Allow"`, `"Effect":"Deny"`, `{"Effect"`, `{"Principal":"*","Effect"`).Replace(statement)
	case policy.SessionPolicy: // STS refuses short ARNs
		statement = strings.NewReplacer(`"arn:aws:s3:*"`, `"arn:aws:s3:*:*:*"`, `"arn:*"`, `"arn:*:*:*:*:*"`, `"arn:aws:s3:"`, `"arn:aws:s3:::"`, `"*:a"`, `"*:*:*:*:*:a"`).Replace(statement)
	}
	return statement
}

// same holds documents against others that are proved to do the same, in all settings and
// over the requests of a small world, and counts the decisions.
func (m *maker) same(t *testing.T, what string, known *strings.Replacer, before, after []setting) (tried int) {
	t.Helper()
	requests := m.requests()
	for i := range before {
		was, is := before[i].decides(t), after[i].decides(t)
		for n := m.IntN(len(before)); n < len(requests); n += len(before) {
			q := requests[n]
			q.Action = policy.Action(strings.Trim(known.Replace(`"`+string(q.Action)+`"`), `"`))
			tried++
			if was, is := was(q), is(q); was != is {
				t.Fatalf("%s, setting %d: allowed was %v and is %v: %s on %s with %v\n%v\n%v", what, i, was, is, q.Action, q.Resource, q.Keys, before[i].layers, after[i].layers)
			}
		}
	}
	return tried
}
