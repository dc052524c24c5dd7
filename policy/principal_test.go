package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
)

// The kinds of evaluation.md §6.1.
func TestPrincipal(t *testing.T) {
	t.Parallel()
	const account = "111122223333"
	for _, tt := range []struct {
		in      string
		kind    policy.PrincipalKind
		kindIs  string
		account string
		name    string
		session string
	}{
		{"*", policy.Anonymous, "anonymous", "", "*", ""},
		{"arn:aws:iam::111122223333:root", policy.Root, "root", account, "root", ""},
		{"arn:aws:iam::111122223333:user/ana", policy.User, "user", account, "ana", ""},
		{"arn:aws:iam::111122223333:user/team/red/ana", policy.User, "user", account, "ana", ""},
		{"arn:aws-us-gov:iam::111122223333:user/root", policy.User, "user", account, "root", ""},
		{"arn:aws:iam::111122223333:role/app/orders", policy.Role, "role", account, "orders", ""},
		{"arn:aws:sts::111122223333:assumed-role/orders/i-0a1b2c3d", policy.RoleSession, "role session", account, "orders", "i-0a1b2c3d"},
		{"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ana@example.com", policy.RoleSession, "role session", account, "AWSReservedSSO_Admin_0123456789abcdef", "ana@example.com"},
		{"arn:aws:sts::111122223333:federated-user/ana", policy.FederatedUser, "federated user", account, "ana", ""},
		{"ec2.amazonaws.com", policy.Service, "service", "", "ec2.amazonaws.com", ""},
		{"logs.eu-west-1.amazonaws.com", policy.Service, "service", "", "logs.eu-west-1.amazonaws.com", ""},
		{"ec2.amazonaws.com.cn", policy.Service, "service", "", "ec2.amazonaws.com.cn", ""},
		{"alexa-appkit.amazon.com", policy.Service, "service", "", "alexa-appkit.amazon.com", ""},
		{"arn:aws:iam::111122223333:saml-provider/idp", policy.WebIdentity, "web identity", "", "arn:aws:iam::111122223333:saml-provider/idp", ""},
		{"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", policy.WebIdentity, "web identity", "", "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", ""},
	} {
		t.Run(tt.in, func(t *testing.T) {
			p, err := policy.ParsePrincipal(tt.in)
			require.NoError(t, err)
			require.True(t, p.IsValid())
			require.Equal(t, tt.kind, p.Kind())
			require.Equal(t, tt.kindIs, p.Kind().String())
			require.Equal(t, tt.account, p.AccountID())
			require.Equal(t, tt.name, p.Name())
			require.Equal(t, tt.session, p.SessionName())
			require.Equal(t, tt.in, p.String())
			if strings.HasPrefix(tt.in, "arn:") {
				require.Equal(t, tt.in, p.ARN().String())
				require.True(t, p == policy.PrincipalFromARN(policy.MustParseARN(tt.in)), "comparable")
			} else {
				require.False(t, p.ARN().IsValid())
			}
		})
	}
}

func TestPrincipalConstructors(t *testing.T) {
	t.Parallel()
	anyone, err := policy.ParsePrincipal("*")
	require.NoError(t, err)
	require.Equal(t, policy.AnonymousPrincipal(), anyone)
	service, err := policy.ParsePrincipal("cloudtrail.amazonaws.com")
	require.NoError(t, err)
	require.Equal(t, policy.ServicePrincipal("cloudtrail.amazonaws.com"), service)
	saml, err := policy.ParsePrincipal("arn:aws:iam::111122223333:saml-provider/idp")
	require.NoError(t, err)
	require.Equal(t, policy.WebIdentityPrincipal("arn:aws:iam::111122223333:saml-provider/idp"), saml)
	google := policy.WebIdentityPrincipal("accounts.google.com")
	require.Equal(t, policy.WebIdentity, google.Kind())
	require.Equal(t, "accounts.google.com", google.Name())
	require.False(t, google.ARN().IsValid())
	require.NotEqual(t, policy.ServicePrincipal("cognito-identity.amazonaws.com"), policy.WebIdentityPrincipal("cognito-identity.amazonaws.com"))
}

func TestParsePrincipalErrors(t *testing.T) {
	t.Parallel()
	const want = `no such principal form; want the ARN of a user, role, role session, federated-user session, root user or identity provider, a service principal such as "ec2.amazonaws.com", or "*" for an anonymous caller`
	for _, in := range []string{
		"", "**", "ana", "111122223333", "AIDAEXAMPLE", "*.amazonaws.com", ".amazonaws.com", "amazonaws.com",
		"a b.amazonaws.com", "a\nb.amazonaws.com", "a..b.amazonaws.com", ".a.amazonaws.com", "ec2.amazonaws.com.", "ec2.amazonaws.com/x",
		"https://ec2.amazonaws.com", "accounts.google.com", "\x00.amazonaws.com", "\xff.amazonaws.com", "é.amazonaws.com",
		"arn:aws:iam::111122223333:user/", "arn:aws:iam::111122223333:user", "arn:aws:iam::111122223333:user/team/",
		"arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:group/admins", "arn:aws:iam::111122223333:policy/p",
		"arn:aws:iam::111122223333:ROOT", "arn:aws:iam::111122223333:root/x", "arn:aws:iam::111122223333:saml-provider/",
		"arn:aws:iam::aws:user/ana", "arn:aws:iam:::user/ana", "arn:aws:iam::*:user/ana", "arn:aws:iam:::saml-provider/idp",
		"arn:aws:iam:us-east-1:111122223333:user/ana", "arn:aws:s3:::logs", "arn:aws:sts::111122223333:assumed-role/orders",
		"arn:aws:sts::111122223333:assumed-role/orders/", "arn:aws:sts::111122223333:assumed-role//s", "arn:aws:sts::111122223333:assumed-role/a/b/c",
		"arn:aws:sts::111122223333:federated-user/", "arn:aws:sts::111122223333:federated-user/a/b", "arn:aws:iam::111122223333:assumed-role/a/b",
		"arn:aws:sts::111122223333:role/orders",
	} {
		p, err := policy.ParsePrincipal(in)
		require.ErrorContains(t, err, want, in)
		require.False(t, p.IsValid(), in)
		require.Zero(t, p, in)
	}
	_, err := policy.ParsePrincipal("arn:aws:iam::111122223333")
	require.EqualError(t, err, `principal: ARN "arn:aws:iam::111122223333": 5 parts; want 6: arn:partition:service:region:account:resource`)
}

func TestPrincipalText(t *testing.T) {
	t.Parallel()
	type row struct{ Caller, None policy.Principal }
	in := row{Caller: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"Caller":"arn:aws:iam::111122223333:user/ana","None":""}`, string(text))
	out := row{None: in.Caller}
	require.NoError(t, json.Unmarshal(text, &out))
	require.Equal(t, in, out)
	require.Error(t, json.Unmarshal([]byte(`{"Caller":"ana"}`), &out))
	require.Equal(t, in, out, "a failed read changes nothing")
	require.Equal(t, "unset", policy.PrincipalKind(0).String())
	require.Equal(t, "unset", policy.PrincipalKind(99).String())
}

func FuzzParsePrincipal(f *testing.F) {
	for _, s := range []string{"*", "ec2.amazonaws.com", "arn:aws:iam::111122223333:root", "arn:aws:sts::111122223333:assumed-role/orders/s", "arn:aws:iam::111122223333:user/a/b", "arn:aws:iam::111122223333:saml-provider/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := policy.ParsePrincipal(s)
		if p.IsValid() != (err == nil) {
			t.Fatalf("valid %t, error %v", p.IsValid(), err)
		}
		if err != nil {
			return
		}
		if again, err := policy.ParsePrincipal(p.String()); err != nil || again != p || p.String() != s {
			t.Fatalf("%q comes back as %v, %v", s, again, err)
		}
		if p.Name() == "" || (p.SessionName() != "") != (p.Kind() == policy.RoleSession) {
			t.Fatalf("%q has name %q, session %q", s, p.Name(), p.SessionName())
		}
		if a := p.AccountID(); a != "" && !policy.IsAccountID(a) {
			t.Fatalf("%q has account %q", s, a)
		}
	})
}
