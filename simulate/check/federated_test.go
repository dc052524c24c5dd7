package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

const (
	ownFederated  = "arn:aws:sts::" + smallAccount + ":federated-user/ana"
	mayDoQueues   = `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`
	mayFederate   = `{"Effect":"Allow","Action":"sts:GetFederationToken","Resource":"*"}`
	notFederated  = `{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:sts::` + smallAccount + `:federated-user/*"}}}`
	notByType     = `{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"FederatedUser"}}}`
	notAnybody    = `{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"Anonymous"}}}`
	notFromFar    = `{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}`
	namesTheQueue = `{"Effect":"Allow","Principal":{"AWS":"` + ownFederated + `"},"Action":"sqs:SendMessage","Resource":"*"}`
)

// userWith is an account with one user with an inline policy, and no role.
func userWith(statements ...string) *two {
	s := newTwo()
	s.own.Roles = nil
	s.own.Users[0].Inline = []org.InlinePolicy{{Name: "inline", Document: document(statements)}}
	return s
}

// A Deny that binds the sessions of sts:GetFederationToken that a user may start is not dead.
func TestDeadForFederatedSessions(t *testing.T) {
	user := policy.PrincipalFromARN(policy.MustParseARN(ownUser))
	for _, tt := range []struct {
		name       string
		statements []string
		want       []int
	}{
		{"by ARN", []string{mayDoQueues, mayFederate, notFederated}, nil},
		{"by type", []string{mayDoQueues, mayFederate, notByType}, nil},
		{"nobody's type", []string{mayDoQueues, mayFederate, notAnybody}, []int{2}},
		{"no sessions", []string{mayDoQueues, notFederated}, []int{1}},
		{"no sessions: NotAction", []string{`{"Effect":"Allow","NotAction":"sts:Get*","Resource":"*"}`, notFederated}, []int{1}},
		{"sessions: NotAction", []string{`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, notFederated}, nil},
		{"sessions cannot call IAM", []string{mayDoAll, `{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"FederatedUser"}}}`}, []int{1}},
	} {
		found, err := check.DeadFor(t.Context(), environmentOf(t, userWith(tt.statements...).organization(t)), user)
		require.NoError(t, err)
		var got []int
		for _, d := range found {
			got = append(got, d.Index)
		}
		require.Equal(t, tt.want, got, tt.name)
	}
}

// What sessions of sts:GetFederationToken gain is not proved to be nothing.
func TestFederatedSessionsGain(t *testing.T) {
	gained := func(s *two, change func(*two)) check.Result {
		t.Helper()
		before := environmentOf(t, s.organization(t))
		change(s)
		r, err := check.NobodyGainsAccess(t.Context(), before, environmentOf(t, s.organization(t)), 100)
		require.NoError(t, err)
		return r
	}
	inline := func(statements ...string) func(*two) {
		return func(s *two) {
			s.own.Users[0].Inline = []org.InlinePolicy{{Name: "inline", Document: document(statements)}}
		}
	}
	for _, tt := range []struct {
		name   string
		before *two
		after  func(*two)
		want   check.Verdict
	}{
		{"a Deny goes", userWith(mayDoQueues, mayFederate, notFederated), inline(mayDoQueues, mayFederate), check.Unknown},
		{"a Deny by type goes", userWith(mayDoQueues, mayFederate, notByType), inline(mayDoQueues, mayFederate), check.Unknown},
		{"nobody has sessions", userWith(mayDoQueues, notFederated), inline(mayDoQueues), check.Pass},
		{"another Deny goes", userWith(mayDoQueues, mayFederate, notAnybody), inline(mayDoQueues, mayFederate), check.Pass},
		{"a plain Deny comes", userWith(mayDoQueues, mayFederate), inline(mayDoQueues, mayFederate, notFromFar), check.Pass},
		{"a Deny comes for users only", userWith(mayDoQueues, mayFederate), inline(mayDoQueues, mayFederate,
			`{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"User"}}}`), check.Pass},
		{"a Deny is rewritten for users only", userWith(mayDoQueues, mayFederate, `{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`), inline(mayDoQueues, mayFederate,
			`{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"User"}}}`), check.Unknown},
	} {
		r := gained(tt.before, tt.after)
		require.Equal(t, tt.want, r.Verdict, "%s: %s", tt.name, r.Reason)
		if tt.want == check.Unknown {
			require.Contains(t, r.Reason, "GetFederationToken", tt.name)
			require.Contains(t, r.Reason, ownUser, tt.name)
		}
	}
	// The root user starts sessions of any name, unless an SCP forbids it.
	s := userWith(mayDoQueues)
	s.own.Resources = []org.Resource{resource(ownQueue)}
	names := func(s *two) { s.own.Resources = []org.Resource{resource(ownQueue, namesTheQueue)} }
	r := gained(s, names)
	require.Equal(t, check.Unknown, r.Verdict)
	require.Contains(t, r.Reason, ":root")
	s.own.Resources = []org.Resource{resource(ownQueue)}
	s.control(policy.ServiceControl, oneRCP, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"}}}`, &s.own)
	r = gained(s, names)
	require.Equal(t, check.Pass, r.Verdict, r.Reason)
}

// Guarded knows the sessions that a policy names, or lets do what their user may not.
func TestGuardedFederatedSessions(t *testing.T) {
	guarded := func(s *two, except ...string) check.GuardrailResult {
		t.Helper()
		r, err := check.Guarded(t.Context(), environmentOf(t, s.organization(t)), check.Guardrail{
			Accesses: []check.Access{{Actions: []string{"sqs:SendMessage"}}}, Except: except})
		require.NoError(t, err)
		return r
	}
	const root = "arn:aws:iam::*:root"
	s := userWith(mayFederate)
	require.Equal(t, check.Pass, guarded(s, root).Verdict)
	s.own.Resources = []org.Resource{resource(ownQueue, namesTheQueue)}
	r := guarded(s, root)
	require.Equal(t, check.Unknown, r.Verdict)
	require.Len(t, r.Undecided, 1)
	require.Contains(t, r.Undecided[0].Reason, "GetFederationToken")
	s = userWith(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)
	s.own.Resources = []org.Resource{resource(ownQueue, namesTheQueue)}
	require.Equal(t, check.Pass, guarded(s, root).Verdict, "a user who may start none")
	s = userWith(mayFederate, mayDoQueues, `{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"User"}}}`)
	require.Equal(t, check.Unknown, guarded(s, root).Verdict)
	s = userWith(mayFederate, mayDoQueues, `{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":["User","FederatedUser"]}}}`)
	r = guarded(s, root)
	require.Equal(t, check.Pass, r.Verdict, r.Reason)
}
