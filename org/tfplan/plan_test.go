package tfplan_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
)

var update = flag.Bool("update", false, "rewrite what is wanted")

// worlds are what the plans of testdata apply to.
func worlds(t testing.TB, name string) (*org.Organization, *identitycenter.Instance) {
	var i *identitycenter.Instance
	o := organization(t, func(s *org.Spec) {
		a := &s.Accounts[0]
		switch name {
		case "trust":
			a.Roles = []org.Role{role(t, "app", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/deploy"},"Action":"sts:AssumeRole"}]}`)}
		case "lifecycle":
			for _, n := range []string{"moved", "forgotten", "before", "deleted", "counted-0", "counted-1"} {
				a.Roles = append(a.Roles, role(t, n, rootTrust))
			}
			for n := range a.Roles {
				if name := a.Roles[n].ARN.Resource(); name == "role/moved" || name == "role/deleted" {
					a.Roles[n].Attached = []policy.ARN{policy.MustParseARN("arn:aws:iam::aws:policy/ReadOnlyAccess")}
				}
			}
			a.Users = []org.User{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Groups: []string{"developers"}}}
			for _, g := range []string{"developers", "operators"} {
				a.Groups = append(a.Groups, org.Group{ARN: policy.MustParseARN("arn:aws:iam::111122223333:group/" + g)})
			}
		case "center":
			for i := range s.Accounts {
				s.Accounts[i].Policies = []org.ManagedPolicy{{
					ARN:      policy.MustParseARN("arn:aws:iam::" + s.Accounts[i].ID + ":policy/orders"),
					Document: document(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`),
				}}
			}
		}
	})
	if name == "center" {
		var err error
		i, err = identitycenter.New(identitycenter.Spec{ARN: policy.MustParseARN("arn:aws:sso:::instance/ssoins-1234567890abcdef"), Region: "eu-west-3", IdentityStore: "d-1234567890", Owner: "111122223333"})
		require.NoError(t, err)
	}
	return o, i
}

// TestPlans holds what real plans would do against what was read and found right.
func TestPlans(t *testing.T) {
	for _, name := range []string{"trust", "links", "computed", "organization", "center", "resources", "lifecycle", "sensitive", "targeted", "unmodelled"} {
		t.Run(name, func(t *testing.T) {
			o, i := worlds(t, name)
			p := configured(t, read(t, name), name)
			out, err := p.Apply(o, i, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			got := describe(t, p, out)
			file := "testdata/" + name + "/want.txt"
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o666))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
				t.Error(d)
			}
			after, err := out.Before.Apply(out.Changes...)
			require.NoError(t, err)
			assert.True(t, after.Equal(out.After), "Before with Changes is After")
		})
	}
}

func describe(t *testing.T, p *tfplan.Plan, out *tfplan.Outcome) string {
	var b strings.Builder
	section := func(title string, n int, line func(i int) string) {
		if n == 0 {
			return
		}
		fmt.Fprintf(&b, "%s\n", title)
		for i := range n {
			fmt.Fprintf(&b, "  %s\n", line(i))
		}
	}
	fmt.Fprintf(&b, "complete: %t\n", p.IsComplete())
	section("changes", len(out.Changes), func(i int) string {
		text, err := out.Changes[i].MarshalJSON()
		require.NoError(t, err)
		return string(text)
	})
	section("trails", len(out.Trails), func(i int) string {
		text, err := json.Marshal(out.Trails[i])
		require.NoError(t, err)
		return string(text)
	})
	section("documents", len(out.Documents), func(i int) string {
		d := out.Documents[i]
		return strings.TrimSpace(fmt.Sprintf("%s %s: %s %s", d.Address, d.Attribute, d.Kind, d.ResourceType))
	})
	section("unknown", len(out.Unknown), func(i int) string {
		g := out.Unknown[i]
		return fmt.Sprintf("%s of %s: %s", g.What, g.Subject, g.Reason)
	})
	section("placeholders", len(out.Placeholders), func(i int) string {
		return out.Placeholders[i].Address + " is " + out.Placeholders[i].Value
	})
	section("skipped", len(out.Skipped), func(i int) string {
		s := out.Skipped[i]
		return fmt.Sprintf("%s (%s, access %t): %s", s.Address, s.Type, s.Access, s.Reason)
	})
	if i := out.Instance; i != nil {
		text, err := i.JSON()
		require.NoError(t, err)
		fmt.Fprintf(&b, "instance\n%s", text)
	}
	return b.String()
}

// TestSensitive holds that nothing sensitive comes out.
func TestSensitive(t *testing.T) {
	src, err := os.ReadFile("testdata/sensitive/plan.json")
	require.NoError(t, err)
	for _, secret := range []string{"999988887777:role/very-secret-partner", "very-secret-token"} {
		require.Contains(t, string(src), secret, "the plan has the secret")
	}
	o, _ := worlds(t, "sensitive")
	p := configured(t, read(t, "sensitive"), "sensitive")
	out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	for _, part := range []string{"very", "999988887777"} {
		assert.NotContains(t, describe(t, p, out), part)
	}
	assert.Contains(t, changes(out), "put role arn:aws:iam::111122223333:role/plain\n")
	assert.NotContains(t, changes(out), "of arn:aws:iam::111122223333:role/plain as unknown")
}

// TestSensitiveDefaultTags holds that tags_all, which Terraform does not mark, is not shown
// where the provider's default tags are made of something sensitive.
func TestSensitiveDefaultTags(t *testing.T) {
	o, _ := worlds(t, "sensitive")
	p := edited(t, "sensitive", `"access_key":{"constant_value":"none"}`, `"default_tags":[{"tags":{"references":["var.token"]}}],"access_key":{"constant_value":"none"}`,
		`"tags_all":{"team":"logs"}`, `"tags_all":{"team":"logs","token":"very"}`)
	out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.NotContains(t, describe(t, p, out), "very")
	assert.Contains(t, changes(out), "mark tags of arn:aws:iam::111122223333:role/plain as unknown")
}

// TestSensitiveAccount holds that errors do not show an account ID that is sensitive.
func TestSensitiveAccount(t *testing.T) {
	p := withAccount(t, `"allowed_account_ids":{"references":["var.account"]}`, "999988887777", `{"sensitive":true}`)
	p = configured(t, p, "targeted", wroteKey, "allowed_account_ids = [var.account]", wroteFirst, `variable "account" {}`+"\n"+wroteFirst)
	_, err := p.Apply(organization(t, nil), nil)
	require.EqualError(t, err, "aws_iam_group.planned: it is in account (sensitive), which the organization does not have")
}

// What the configuration of "targeted" has that others replace.
const (
	wroteKey   = `access_key                  = "none"`
	wroteFirst = `provider "aws" {`
)

// withAccount is a plan whose provider is configured with these expressions, with a variable
// "account".
func withAccount(t *testing.T, expressions, account, variable string) *tfplan.Plan {
	return edited(t, "targeted", `"access_key":{"constant_value":"none"}`, expressions,
		`"configuration":{`, `"variables":{"account":{"value":"`+account+`"}},"configuration":{`,
		`"root_module":{"resources":[{"address":"aws_iam_group.left"`, `"root_module":{"variables":{"account":`+variable+`},"resources":[{"address":"aws_iam_group.left"`)
}

// TestAccountOfVariable holds that what is made of a variable is not the variable: only the
// configuration says which account it is.
func TestAccountOfVariable(t *testing.T) {
	const (
		of      = `{"references":["var.account"]}`
		allowed = `"allowed_account_ids":` + of
		role    = `"assume_role":[{"role_arn":` + of + `}]`
		text    = `variable "account" {}`
	)
	for _, test := range []struct{ name, expressions, account, variable, wrote, want string }{
		{"without the configuration", allowed, "444455556666", text, "", ""},
		{"itself", allowed, "444455556666", text, `allowed_account_ids = [var.account]`, "444455556666"},
		{"itself in a template", allowed, "444455556666", `variable "account" { type = string }`, `allowed_account_ids = ["${var.account}"]`, "444455556666"},
		{"of a number", allowed, "044455556666", `variable "account" { type = number }`, `allowed_account_ids = [var.account]`, ""},
		{"a function", allowed, "444455556666", text, `allowed_account_ids = [replace(var.account, "4", "1")]`, ""},
		{"a condition", allowed, "444455556666", text, `allowed_account_ids = [var.account == "" ? "111122223333" : "444455556666"]`, ""},
		{"one of two", allowed, "444455556666", text, `allowed_account_ids = [var.account, "111122223333"]`, ""},
		{"of another configuration", allowed, "444455556666", text, `allowed_account_ids = [var.other]`, ""},
		{"role", role, "arn:aws:iam::444455556666:role/deploy", text, "assume_role {\n role_arn = var.account\n }", "444455556666"},
		{"role of an account", role, "444455556666", text, "assume_role {\n role_arn = \"arn:aws:iam::${var.account}:role/deploy\"\n }", "444455556666"},
		{"function of a role", role, "arn:aws:iam::444455556666:role/deploy", text, "assume_role {\n role_arn = replace(var.account, \"4444\", \"1111\")\n }", ""},
		{"role without the configuration", role, "arn:aws:iam::444455556666:role/deploy", text, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := withAccount(t, test.expressions, test.account, `{}`)
			if test.wrote != "" {
				p = configured(t, p, "targeted", wroteKey, test.wrote, wroteFirst, test.variable+"\n"+wroteFirst)
			}
			out, err := p.Apply(organization(t, nil), nil)
			if test.want == "" {
				require.ErrorContains(t, err, "the plan does not say in which account it is")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "put group arn:aws:iam::"+test.want+":group/planned\n", changes(out))
		})
	}
}

func TestReadErrors(t *testing.T) {
	trust, err := os.ReadFile("testdata/trust/plan.json")
	require.NoError(t, err)
	errored, err := os.ReadFile("testdata/errored/plan.json")
	require.NoError(t, err)
	for _, test := range []struct{ name, src, want string }{
		{"empty", "", "tfplan: empty; want the output of terraform show -json PLAN"},
		{"binary plan", "PK\x03\x04", "tfplan: the binary plan file; want the output of terraform show -json PLAN"},
		{"truncated", string(trust[:1000]), "tfplan: the file is cut off after 1000 bytes; want the output of terraform show -json PLAN"},
		{"not JSON", "\n{x}", "tfplan: line 2: invalid character 'x'"},
		{"not an object", "[]", "tfplan: json: cannot unmarshal array"},
		{"state file", `{"version":4,"terraform_version":"1.11.4","resources":[]}`, "tfplan: a state file; want"},
		{"shown state", `{"format_version":"1.0","values":{"root_module":{}}}`, "tfplan: a state, not a plan; want"},
		{"no version", `{"resource_changes":[]}`, "tfplan: format_version is missing; want"},
		{"unknown version", `{"format_version":"2.0","resource_changes":[]}`, `unsupported plan format version: "2.0.0" does not satisfy`},
		{"no version number", `{"format_version":"new","resource_changes":[]}`, `invalid format version "new"`},
		{"errored", string(errored), "tfplan: planning ended in an error, so that the plan says only a part; correct the configuration, and plan again"},
		{"bad address", `{"format_version":"1.2","planned_values":{},"resource_changes":[{"address":"aws_iam_role.x[\"a","mode":"managed","change":{"actions":["create"]}}]}`, "a bracket is not closed"},
		{"command in an address", `{"format_version":"1.2","planned_values":{},"resource_changes":[{"address":"::error::x.y","mode":"managed","change":{"actions":["create"]}}]}`, `"::error::x.y" is no address of a resource`},
		{"no change", `{"format_version":"1.2","planned_values":{},"resource_changes":[{"address":"aws_iam_role.x","mode":"managed"}]}`, "resource_changes: an entry has no change"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := tfplan.Read(strings.NewReader(test.src))
			require.ErrorContains(t, err, test.want)
		})
	}
}

// edited is a plan with its text changed.
func edited(t *testing.T, name string, pairs ...string) *tfplan.Plan {
	t.Helper()
	src, err := os.ReadFile("testdata/" + name + "/plan.json")
	require.NoError(t, err)
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, string(src), pairs[i])
		src = bytes.ReplaceAll(src, []byte(pairs[i]), []byte(pairs[i+1]))
	}
	p, err := tfplan.Read(bytes.NewReader(src))
	require.NoError(t, err)
	return p
}

func TestApplyErrors(t *testing.T) {
	empty := organization(t, nil)
	trust, _ := worlds(t, "trust")
	twice := organization(t, func(s *org.Spec) {
		s.Accounts[0].Groups = []org.Group{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:group/planned")}}
	})
	for _, test := range []struct {
		name string
		plan *tfplan.Plan
		o    *org.Organization
		opts []tfplan.Option
		want string
	}{
		{"no account", read(t, "targeted"), empty, nil, "aws_iam_group.planned: the plan does not say in which account it is; want the account to be given"},
		{"other account", read(t, "targeted"), empty, []tfplan.Option{tfplan.WithAccount("999900001111")}, "aws_iam_group.planned: it is in account 999900001111, which the organization does not have"},
		{"there already", read(t, "targeted"), twice, []tfplan.Option{tfplan.WithAccount("111122223333")}, "aws_iam_group.planned: the plan creates arn:aws:iam::111122223333:group/planned, which the organization has already"},
		{"bad document", edited(t, "trust", `\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\"`, `\"Action\":\"sts:AssumeRole\",\"Effect\":\"Permit\"`), trust, nil, "aws_iam_role.app: assume_role_policy: 1:"},
		{"no organization", read(t, "organization"), must(org.Standalone(org.Account{ID: "111122223333"})), nil, "aws_organizations_organizational_unit.workloads: the snapshot has no organization"},
		{"no Region", edited(t, "resources", `"region":{"constant_value":"eu-west-3"},`, ""), empty, []tfplan.Option{tfplan.WithAccount("111122223333")}, "aws_sqs_queue.letters: the plan does not say in which Region it is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.plan.Apply(test.o, nil, test.opts...)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestAccount holds where the account of a resource comes from when nobody names it.
func TestAccount(t *testing.T) {
	o := organization(t, nil)
	for _, test := range []struct{ name, old, new, want string }{
		{"allowed accounts", `"access_key":{"constant_value":"none"}`, `"allowed_account_ids":{"constant_value":["444455556666"]}`, "444455556666"},
		{"assumed role", `"access_key":{"constant_value":"none"}`, `"assume_role":[{"role_arn":{"constant_value":"arn:aws:iam::444455556666:role/deploy"}}]`, "444455556666"},
		{"caller", `"configuration":{`, `"prior_state":{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"data.aws_caller_identity.current","mode":"data","type":"aws_caller_identity","name":"current","values":{"account_id":"444455556666"}}]}}},"configuration":{`, "444455556666"},
	} {
		t.Run(test.name, func(t *testing.T) {
			pairs := []string{test.old, test.new}
			if test.name == "caller" {
				pairs = append(pairs, `"resources":[{"address":"aws_iam_group.left"`, `"resources":[{"address":"data.aws_caller_identity.current","mode":"data","type":"aws_caller_identity","name":"current","provider_config_key":"aws"},{"address":"aws_iam_group.left"`)
			}
			out, err := edited(t, "targeted", pairs...).Apply(o, nil)
			require.NoError(t, err)
			assert.Equal(t, "put group arn:aws:iam::"+test.want+":group/planned\n", changes(out))
		})
	}
	t.Run("several", func(t *testing.T) {
		p := edited(t, "targeted", `"access_key":{"constant_value":"none"}`, `"allowed_account_ids":{"constant_value":["444455556666","111122223333"]}`)
		_, err := p.Apply(o, nil)
		require.ErrorContains(t, err, "the plan does not say in which account it is")
	})
	t.Run("another resource of the provider", func(t *testing.T) {
		o, _ := worlds(t, "lifecycle")
		out, err := read(t, "lifecycle").Apply(o, nil)
		require.NoError(t, err)
		assert.Contains(t, changes(out), "put role arn:aws:iam::111122223333:role/after\n")
	})
}

func TestDeferred(t *testing.T) {
	p := edited(t, "targeted", `"resource_changes":[`, `"deferred_changes":[{"reason":"provider_config_unknown","resource_change":{"address":"aws_iam_role.later","type":"aws_iam_role","change":{"actions":["create"]}}}],"resource_changes":[`)
	out, err := p.Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.False(t, p.IsComplete())
	assert.Equal(t, "aws_iam_role.later access=true: deferred by Terraform: provider_config_unknown\n", skipped(out))
}

// The account that is given is not guessed to be that of every configuration of the provider.
func TestAccountOfTwoProviders(t *testing.T) {
	o, i := worlds(t, "providers")
	_, err := read(t, "providers").Apply(o, i, tfplan.WithAccount("111122223333"))
	require.ErrorContains(t, err, "aws_iam_role.member: the plan does not say in which account it is, and the account that was given is taken for resources of another configuration of the provider")
}
