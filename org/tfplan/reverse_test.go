package tfplan_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
)

// TestReverse holds that a plan that takes everything back leaves what was there before.
func TestReverse(t *testing.T) {
	for _, name := range []string{"trust", "links", "organization", "center", "resources"} {
		t.Run(name, func(t *testing.T) {
			o, i := worlds(t, name)
			out := apply(t, name, o, i, tfplan.WithAccount("111122223333"))
			back, err := reversed(t, name, out).Apply(out.After, out.Instance, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			want, got := out.Before.Spec(), back.After.Spec()
			got.Gaps = nil // what was unknown stays so
			if name == "resources" {
				require.True(t, out.After.Spec().Accounts[0].BlockPublicAccess)
			}
			if d := cmp.Diff(want, got, cmpopts.EquateComparable(policy.ARN{}), cmpopts.IgnoreFields(org.Role{}, "MaxSession")); d != "" {
				t.Error(d)
			}
			if i != nil {
				require.True(t, i.Equal(back.Instance))
			}
		})
	}
}

// reversed swaps the sides of all changes. What was known only after apply is what stands for
// it.
func reversed(t *testing.T, name string, out *tfplan.Outcome) *tfplan.Plan {
	src, err := os.ReadFile("testdata/" + name + "/plan.json")
	require.NoError(t, err)
	var plan map[string]any
	require.NoError(t, json.Unmarshal(src, &plan))
	ids := map[string]string{"aws_organizations_organization.this": "r-ab12"}
	for _, p := range out.Placeholders {
		ids[p.Address] = p.Value
	}
	refs := references(plan["configuration"].(map[string]any)["root_module"].(map[string]any))
	for _, e := range plan["resource_changes"].([]any) {
		r := e.(map[string]any)
		change := r["change"].(map[string]any)
		if r["mode"] != "managed" || change["actions"].([]any)[0] == "no-op" {
			continue
		}
		after := change["after"].(map[string]any)
		unknown, _ := change["after_unknown"].(map[string]any)
		for attr, is := range unknown {
			if is != true {
				continue
			}
			if to, ok := refs[r["type"].(string)+"."+r["name"].(string)][attr]; ok && ids[to] != "" {
				after[attr] = ids[to]
			} else if id := ids[r["address"].(string)]; id != "" && slices.Contains([]string{"id", "arn", "name", "group_id", "user_id"}, attr) && (attr == "arn") == strings.HasPrefix(id, "arn:") {
				after[attr] = id
			}
		}
		change["before"], change["after"], change["after_unknown"] = after, change["before"], map[string]any{}
		change["before_sensitive"], change["after_sensitive"] = change["after_sensitive"], change["before_sensitive"]
		if change["actions"].([]any)[0] == "create" {
			change["actions"] = []any{"delete"}
		}
	}
	src, err = json.Marshal(plan)
	require.NoError(t, err)
	p, err := tfplan.Read(bytes.NewReader(src))
	require.NoError(t, err)
	return p
}

// references are the resources that attributes refer to, by resource and attribute.
func references(module map[string]any) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, e := range module["resources"].([]any) {
		r := e.(map[string]any)
		address := r["address"].(string)
		out[address] = map[string]string{}
		expressions, _ := r["expressions"].(map[string]any)
		for attr, x := range expressions {
			if m, ok := x.(map[string]any); ok {
				if list, ok := m["references"].([]any); ok {
					out[address][attr] = list[len(list)-1].(string)
				}
			}
		}
	}
	return out
}
