package simulate

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// Asking one action of a class says the same as asking each of its actions, and one member
// of a group the same as asking each member.
func TestClassesAndGroups(t *testing.T) {
	o, err := org.ReadFS(examples.Fintech())
	require.NoError(t, err)
	before, err := Compile(o)
	require.NoError(t, err)
	p, _ := o.ControlPolicy("p-regionseu1")
	s := p.Document.Statement(0)
	s.Condition = policy.When("StringNotEquals", "aws:RequestedRegion", "eu-west-1").And("StringNotEquals", "ec2:InstanceType", "t3.micro")
	p.Document, err = p.Document.Replace(0, s)
	require.NoError(t, err)
	after, err := before.Apply(org.PutControlPolicy(p))
	require.NoError(t, err)

	// A fact is one change of access, for one principal and action.
	facts := func(prepare func(a *Affected)) []string {
		a, err := before.Affected(after, Scope{Accounts: []string{"111122223333", "565656565656"}, Actions: []string{"s3:*", "ec2:*", "sqs:*", "kms:*", "iam:*", "lambda:*", "rds:*"}})
		require.NoError(t, err)
		a.prepare()
		prepare(a)
		r, err := a.Report(context.Background())
		require.NoError(t, err)
		var out []string
		for _, row := range r.Rows {
			for _, p := range row.Principals {
				for _, action := range row.Actions {
					for _, resource := range row.Resources {
						out = append(out, fmt.Sprintf("%s %s %s %s %s %s", p, action, resource, row.Kind, row.BeforeRequires, row.AfterRequires))
					}
				}
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	want := facts(func(a *Affected) {
		for i := range a.catalog.actions {
			a.catalog.fine[i], a.catalog.coarse[i] = i, i
		}
		var single []group
		for _, g := range a.groups {
			for _, p := range g.members {
				callers := [2]*party{before.party(p), after.party(p)}
				single = append(single, group{members: []policy.Principal{p}, callers: callers, touched: g.touched})
			}
		}
		a.groups = single
	})
	got := facts(func(*Affected) {})
	require.NotEmpty(t, got)
	missing := slices.DeleteFunc(slices.Clone(want), func(s string) bool { _, ok := slices.BinarySearch(got, s); return ok })
	extra := slices.DeleteFunc(slices.Clone(got), func(s string) bool { _, ok := slices.BinarySearch(want, s); return ok })
	require.Empty(t, missing[:min(len(missing), 5)])
	require.Empty(t, extra[:min(len(extra), 5)])
}
