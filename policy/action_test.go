package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
)

func TestParseAction(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"s3:GetObject":           {"s3", "GetObject"},
		"S3:getobject":           {"S3", "getobject"},
		"execute-api:Invoke":     {"execute-api", "Invoke"},
		"servicecatalog:a:b":     {"servicecatalog", "a:b"},
		"aws-marketplace:Accept": {"aws-marketplace", "Accept"},
	} {
		a, err := policy.ParseAction(in)
		require.NoError(t, err)
		require.Equal(t, policy.Action(in), a)
		require.Equal(t, want, [2]string{a.Service(), a.Name()})
	}
	for in, want := range map[string]string{
		"":                       `action "": want service:Name, such as s3:GetObject`,
		"GetObject":              `action "GetObject": want service:Name, such as s3:GetObject`,
		":GetObject":             `action ":GetObject": want service:Name, such as s3:GetObject`,
		"s3:":                    `action "s3:": want service:Name, such as s3:GetObject`,
		"*":                      `action "*": want service:Name, such as s3:GetObject`,
		"s3:*":                   `action "s3:*": a request names one action, without wildcards`,
		"s3:Get?bject":           `action "s3:Get?bject": a request names one action, without wildcards`,
		" s3:GetObject":          `action " s3:GetObject": contains white space or a comma; want service:Name`,
		"s3:GetObject\n":         `action "s3:GetObject\n": contains white space or a comma; want service:Name`,
		"s3:Get,s3:Put":          `action "s3:Get,s3:Put": contains white space or a comma; want service:Name`,
		strings.Repeat("x", 200): `action "` + strings.Repeat("x", 120) + `…": want service:Name, such as s3:GetObject`,
	} {
		a, err := policy.ParseAction(in)
		require.EqualError(t, err, want)
		require.Empty(t, a)
	}
	require.Empty(t, policy.Action("").Service()+policy.Action("").Name()+policy.Action("s3").Service()+policy.Action("s3").Name())
}

func TestKind(t *testing.T) {
	t.Parallel()
	for want, k := range map[string]policy.Kind{
		"identity": policy.IdentityBased, "resource": policy.ResourceBased, "trust": policy.RoleTrust, "boundary": policy.PermissionsBoundary,
		"session": policy.SessionPolicy, "scp": policy.ServiceControl, "rcp": policy.ResourceControl, "endpoint": policy.VPCEndpoint,
	} {
		require.Equal(t, want, k.String())
		got, err := policy.ParseKind(want)
		require.NoError(t, err)
		require.Equal(t, k, got)
		require.Equal(t, want == "resource" || want == "trust" || want == "rcp" || want == "endpoint", k.HasPrincipal(), want)
	}
	require.Equal(t, "unset", policy.Kind(0).String())
	require.Equal(t, "unset", policy.Kind(99).String())
	require.False(t, policy.Kind(0).HasPrincipal())
	for _, in := range []string{"", "unset", "Identity", "SCP"} {
		_, err := policy.ParseKind(in)
		require.ErrorContains(t, err, "want identity, resource, trust, boundary, session, scp, rcp or endpoint", in)
	}
	require.Equal(t, "Allow Deny unset unset", strings.Join([]string{policy.Allow.String(), policy.Deny.String(), policy.Effect(0).String(), policy.Effect(9).String()}, " "))
}

func TestOperatorParts(t *testing.T) {
	bases := policy.Operators()
	require.Len(t, bases, 27)
	cases := []func(string) string{func(s string) string { return s }, strings.ToLower, strings.ToUpper}
	for _, base := range bases {
		for prefix, q := range map[string]policy.Quantifier{"": policy.NoQuantifier, "ForAllValues:": policy.ForAllValues, "ForAnyValue:": policy.ForAnyValue} {
			for _, suffix := range []string{"", "IfExists"} {
				for _, change := range cases {
					o := policy.Operator(change(prefix + base + suffix))
					require.True(t, o.IsValid(), o)
					got, ok := o.Parts()
					require.True(t, ok, o)
					require.Equal(t, policy.OperatorParts{Quantifier: q, Base: base, IfExists: suffix != ""}, got, o)
					require.Equal(t, prefix, strings.TrimPrefix(got.Quantifier.String()+":", ":"), o)
				}
			}
		}
	}
	for _, o := range []policy.Operator{
		"", "IfExists", ":", ":StringEquals", "ForAllValues:", "ForAllValues:IfExists", "ForAnyValues:StringEquals",
		"ForAllValues:ForAnyValue:StringEquals", "StringEqualsIfExistsIfExists", "StringEqual", " StringEquals", "StringEquals ",
		"StringEqualsIf", "ifexists", "\u017ftringEquals", "StringLi\u212ae", "StringEqualsIfExi\u017fts", "Bool\x00",
	} {
		_, ok := o.Parts()
		require.False(t, ok, o)
		require.False(t, o.IsValid(), o)
	}
	require.Empty(t, policy.Quantifier(9).String())
	bases[0] = "changed"
	require.Equal(t, "StringEquals", policy.Operators()[0], "Operators returns a copy")
	require.Zero(t, testing.AllocsPerRun(100, func() { policy.Operator("foranyvalue:stringlikeifexists").Parts() }))
}
