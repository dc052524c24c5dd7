package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// messages are those of one code.
func messages(src, code string, k policy.Kind) (out []string) {
	for _, f := range Source("", []byte(src), k) {
		if f.Code == code {
			out = append(out, f.Message)
		}
	}
	return out
}

func allowing(actions ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":"*"}]}`, strings.Join(actions, `","`))
}

// trusting is a trust policy for everybody who satisfies a condition.
func trusting(principal, condition string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":%s,"Condition":%s}]}`, principal, condition)
}

// Each row of escalations is found by itself, and none of its actions is too many.
func TestEscalations(t *testing.T) {
	require.Len(t, escalations, 31)
	for i, row := range escalations {
		require.Equal(t, []string{"these suffice to get more permissions: " + strings.Join(row, "+") + "; name the resources, or add conditions"},
			messages(allowing(row...), "PRIVILEGE_ESCALATION", policy.IdentityBased))
		for j := range row {
			rest := slices.Delete(slices.Clone(row), j, j+1)
			if len(rest) > 0 {
				require.Empty(t, messages(allowing(rest...), "PRIVILEGE_ESCALATION", policy.IdentityBased), "%v without %s", row, row[j])
			}
		}
		for _, other := range escalations[:i] {
			require.NotEqual(t, other, row)
		}
	}
}

// Each action of each route leads out of a boundary by itself, but for those that alone do not.
func TestBoundaryRoutes(t *testing.T) {
	n := 0
	for _, r := range boundaryRoutes {
		for _, a := range r.actions {
			n++
			with := []string{a}
			if !strings.HasPrefix(a, "iam:") {
				require.Empty(t, messages(allowing(a), "BOUNDARY_ESCAPABLE", policy.PermissionsBoundary))
				with = append(with, "iam:PassRole")
			}
			got := messages(allowing(with...), "BOUNDARY_ESCAPABLE", policy.PermissionsBoundary)
			require.Len(t, got, 1)
			require.Contains(t, got[0], r.route+" ("+a+")")
		}
	}
	require.Equal(t, 19, n)
}

// Each of these keys limits who may assume a role of an account, and only those that nobody
// chooses limit who may if everybody is trusted.
func TestCallerKeys(t *testing.T) {
	require.Len(t, callerKeys, 11)
	for _, key := range callerKeys {
		name := key
		if strings.HasSuffix(key, "/") {
			name += "team"
		}
		condition := fmt.Sprintf(`{"StringEquals":{"%s":"arn:aws:iam::111122223333:role/ops"}}`, name)
		require.Empty(t, messages(trusting(`{"AWS":"444455556666"}`, condition), "TRUST_EXTERNALID_MISSING", policy.RoleTrust), key)
		open := messages(trusting(`{"AWS":"*"}`, condition), "TRUST_WILDCARD_PRINCIPAL", policy.RoleTrust)
		limited := messages(trusting(`{"AWS":"*"}`, condition), "ASSUMABLE_BY_ANY_PRINCIPAL_WITH_CONDITIONS", policy.RoleTrust)
		if slices.Contains(chosenKeys, key) {
			require.Len(t, open, 1, key)
			require.Empty(t, limited, key)
		} else {
			require.Empty(t, open, key)
			require.Len(t, limited, 1, key)
		}
	}
}

// Each global service is broken by a list without its regions, and saved by each of these.
func TestGlobalServices(t *testing.T) {
	require.Len(t, globalServices, 25)
	const scp = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"%s"}}}]}`
	for _, g := range globalServices {
		broken := messages(fmt.Sprintf(scp, "eu-south-2"), "SCP_REGION_BREAKS_GLOBAL", policy.ServiceControl)
		require.Len(t, broken, 1)
		require.Contains(t, broken[0], " "+g.name)
		for _, region := range g.regions {
			for _, m := range messages(fmt.Sprintf(scp, region), "SCP_REGION_BREAKS_GLOBAL", policy.ServiceControl) {
				require.NotContains(t, m, " "+g.name+",")
				require.NotContains(t, m, " "+g.name+";")
			}
		}
		for _, f := range Source("", fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":"%s","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-south-2"}}}]}`, g.action), policy.ServiceControl) {
			if f.Code == "SCP_REGION_BREAKS_GLOBAL" {
				require.NotContains(t, f.Message+",", " "+g.name+",")
			}
		}
		// The reference says the same of the services that it knows.
		service, _, _ := strings.Cut(g.action, ":")
		if region, ok := serviceref.Embedded().GlobalRegion(service); ok {
			require.Contains(t, g.regions, region, g.name)
		}
	}
}

// Each action that stops a security service is missed where it alone is not denied.
func TestTamperActions(t *testing.T) {
	const scp = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["%s"],"Resource":"*"}]}`
	for _, row := range tamperActions {
		require.Empty(t, messages(fmt.Sprintf(scp, strings.Join(row.actions, `","`)), "SCP_TAMPER_INCOMPLETE", policy.ServiceControl))
		for i, a := range row.actions {
			rest := slices.Delete(slices.Clone(row.actions), i, i+1)
			got := messages(fmt.Sprintf(scp, strings.Join(rest, `","`)), "SCP_TAMPER_INCOMPLETE", policy.ServiceControl)
			require.Len(t, got, 1, a)
			require.Contains(t, got[0], "denies "+a+";")
		}
		for i, a := range row.actions {
			got := messages(fmt.Sprintf(scp, a), "SCP_TAMPER_INCOMPLETE", policy.ServiceControl)
			require.Equal(t, i < row.core, len(got) > 0, a)
		}
	}
}

// Each action of these lists is reported on all resources, unless none can limit it.
func TestExposedActions(t *testing.T) {
	ref := serviceref.Embedded()
	for code, list := range map[string][]string{"CREDENTIALS_EXPOSURE": credentialActions, "DATA_EXFILTRATION": dataActions} {
		for _, a := range list {
			info, known := ref.Action(policy.Action(a))
			got := messages(allowing(a), code, policy.IdentityBased)
			if known && info.WildcardOnly() {
				require.Empty(t, got, a)
				continue
			}
			require.Len(t, got, 1, a)
			require.True(t, strings.HasPrefix(got[0], a+" "), got[0])
		}
	}
	require.Len(t, credentialActions, 35)
	require.Len(t, dataActions, 5)
}

// Requests of services and tokens never have these keys.
func TestKeysThatCallersLack(t *testing.T) {
	for principal, keys := range map[string][]string{
		`{"Service":"sns.amazonaws.com"}`:          notOfServices,
		`{"Federated":"accounts.google.com"}`:      notOfTokens,
		`{"AWS":"arn:aws:iam::111122223333:root"}`: {"saml:aud", "saml:iss", "saml:doc"},
	} {
		require.Greater(t, len(keys), 2)
		for _, key := range keys {
			if strings.HasSuffix(key, "/") {
				key += "team"
			}
			src := trusting(principal, fmt.Sprintf(`{"StringEquals":{"%s":"x"}}`, key))
			require.Len(t, messages(src, "TRUST_UNSATISFIABLE", policy.RoleTrust), 1, src)
		}
	}
}

// Each shared issuer needs a subject.
func TestSharedIssuers(t *testing.T) {
	require.Len(t, sharedIssuers, 4)
	for _, issuer := range sharedIssuers {
		host := issuer.host
		if strings.HasSuffix(host, ".") {
			host += "eu-west-1.amazonaws.com/id/EXAMPLE"
		}
		principal := `{"Federated":"arn:aws:iam::111122223333:oidc-provider/` + host + `"}`
		got := messages(trusting(principal, fmt.Sprintf(`{"StringEquals":{"%s:aud":"x"}}`, host)), "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", policy.RoleTrust)
		require.Len(t, got, 1, host)
		require.Contains(t, got[0], issuer.who)
		require.Empty(t, messages(trusting(principal, fmt.Sprintf(`{"StringEquals":{"%s:sub":"%sacme"}}`, host, issuer.subject)), "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", policy.RoleTrust), host)
	}
}

// granting is a document with one Allow statement on some resource, with a principal and a
// condition if there is one.
func granting(action, principal, condition string) string {
	src := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + action + `"],"Resource":"*"`
	if principal != "" {
		src += `,"Principal":` + principal
	}
	if condition != "" {
		src += `,"Condition":` + condition
	}
	return src + `}]}`
}

// Each row of these tables of keys, services and actions has its finding.
func TestTables(t *testing.T) {
	fires := func(code string, k policy.Kind, src string) {
		t.Helper()
		require.NotEmpty(t, messages(src, code, k), "%s\n%s", code, src)
	}
	equals := func(key, value string) string {
		if strings.HasSuffix(key, "/") {
			key += "team"
		}
		return `{"StringEquals":{"` + key + `":"` + value + `"}}`
	}
	require.Len(t, computeServices, 10)
	for _, s := range computeServices {
		fires("ASSUMABLE_BY_COMPUTE_SERVICE", policy.RoleTrust, trusting(`{"Service":"`+s+`.amazonaws.com"}`, `{}`))
	}
	require.Len(t, deprecatedKeys, 2)
	for _, k := range deprecatedKeys {
		fires("DEPRECATED_GLOBAL_CONDITION_KEY", policy.IdentityBased, granting("s3:GetObject", "", equals(k.old, "x")))
	}
	require.Len(t, pairedKeys, 2)
	for _, pair := range pairedKeys {
		fires("MISSING_PAIRED_CONDITION_KEYS", policy.IdentityBased, granting("s3:GetObject", "", `{"IpAddress":{"`+pair.key+`":"10.0.0.0/8"}}`))
		for _, with := range pair.with {
			src := granting("s3:GetObject", "", `{"IpAddress":{"`+pair.key+`":"10.0.0.0/8"},"StringEquals":{"`+with+`":"x"}}`)
			require.Empty(t, messages(src, "MISSING_PAIRED_CONDITION_KEYS", policy.IdentityBased), src)
		}
	}
	require.Len(t, identityKeys, 7)
	for _, key := range identityKeys {
		fires("UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", policy.ResourceBased, granting("s3:GetObject", `{"Service":"sns.amazonaws.com"}`, equals(key, "x")))
	}
	require.Len(t, lowerKeys, 9)
	for _, key := range lowerKeys {
		fires("CASE_SENSITIVE_VALUE", policy.IdentityBased, granting("s3:PutObject", "", equals(key, "O-ABC")))
	}
	require.Len(t, regionKeys, 4)
	for _, key := range regionKeys {
		fires("INVALID_REGION", policy.IdentityBased, granting("s3:GetObject", "", equals(key, "eu-west-9")))
	}
	require.Len(t, serviceNameKeys, 8)
	for _, key := range serviceNameKeys {
		fires("INVALID_SERVICE_PRINCIPAL_FORMAT", policy.IdentityBased, granting("iam:PassRole", "", equals(key, "ec2")))
	}
	require.Len(t, sourceKeys, 4)
	for _, key := range sourceKeys {
		src := granting("sns:Publish", `{"Service":"s3.amazonaws.com"}`, equals(key, "x"))
		require.Empty(t, messages(src, "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", policy.ResourceBased), src)
	}
	require.Len(t, ownServices, 4)
	for _, s := range ownServices {
		require.Empty(t, messages(trusting(`{"Service":"`+s+`"}`, `{}`), "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", policy.RoleTrust), s)
	}
	require.Len(t, policyWriters, 2)
	for _, w := range policyWriters {
		fires("RESOURCE_POLICY_PRIVILEGE_ESCALATION", policy.ResourceBased, granting(w.write, `{"AWS":"111122223333"}`, ""))
		for i := range w.gains {
			rest := append(slices.Delete(slices.Clone(w.gains), i, i+1), w.write)
			fires("RESOURCE_POLICY_PRIVILEGE_ESCALATION", policy.ResourceBased, granting(strings.Join(rest, `","`), `{"AWS":"111122223333"}`, ""))
		}
	}
	require.Len(t, closed, 9)
	for _, s := range closed {
		fires("ACTION_RENAMED", policy.IdentityBased, granting(s+":Get", "", ""))
	}
	require.Len(t, prefixes, 18)
	for wrong, right := range prefixes {
		got := messages(granting(wrong+":Get*", "", ""), "INVALID_SERVICE_IN_ACTION", policy.IdentityBased)
		require.Len(t, got, 1, wrong)
		require.Contains(t, got[0], " "+right+":")
		_, known := serviceref.Embedded().Service(right)
		require.True(t, known, right)
	}
}
