package check_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// levels is an organization whose account 111122223333 has these SCPs at the root, its OU and
// itself.
func levels(t *testing.T, scps [3][]*policy.Document) *simulate.Environment {
	t.Helper()
	spec := org.Spec{ID: "o-exampleorgid", ManagementAccount: "444455556666",
		Accounts: []org.Account{{ID: "111122223333", Name: "orders"}, {ID: "444455556666", Name: "management", Attached: []string{org.FullAWSAccess}}}}
	ou := org.OU{ID: "ou-root-12345678", Name: "workloads", Accounts: []string{"111122223333"}}
	root := org.Root{ID: "r-root", PolicyTypes: []policy.Kind{policy.ServiceControl}, Accounts: []string{"444455556666"}}
	for l, attached := range []*[]string{&root.Attached, &ou.Attached, &spec.Accounts[0].Attached} {
		for i, d := range scps[l] {
			id := fmt.Sprintf("p-1234567%d%d", l, i)
			spec.ControlPolicies = append(spec.ControlPolicies, org.ControlPolicy{ID: id, Name: id, Kind: policy.ServiceControl, Document: d})
			*attached = append(*attached, id)
		}
	}
	root.OUs = []org.OU{ou}
	spec.Root = root
	o, err := org.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func TestDeadAt(t *testing.T) {
	const all = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	tests := []struct {
		name string
		scps [3]string
		node string
		want []string
	}{
		{
			name: "all needed",
			scps: [3]string{all + `,{"Effect":"Deny","Action":"iam:*","Resource":"*"}`, all, `{"Effect":"Allow","Action":["s3:*","iam:*"],"Resource":"*"}`},
			node: "111122223333",
		}, {
			name: "Allows that other levels do not let through, and Denies that others cover",
			scps: [3]string{
				`{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"},{"Effect":"Deny","Action":"sqs:Delete*","Resource":"*"}`,
				all + `,{"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}`,
				`{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`},
			node: "111122223333",
			// At the account nothing of sqs is left to deny.
			want: []string{"r-root 1", "ou-root-12345678 1", "ou-root-12345678 2", "111122223333 1", "111122223333 2"},
		}, {
			name: "at the OU the account does not count",
			scps: [3]string{
				`{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"},{"Effect":"Deny","Action":"sqs:Delete*","Resource":"*"}`,
				all + `,{"Effect":"Deny","Action":"iam:*","Resource":"*"}`,
				`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`},
			node: "ou-root-12345678",
			want: []string{"ou-root-12345678 1"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var scps [3][]*policy.Document
			for l, s := range test.scps {
				scps[l] = []*policy.Document{document([]string{s})}
			}
			dead, err := check.DeadAt(context.Background(), levels(t, scps), test.node)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range dead {
				got = append(got, fmt.Sprint(s.Node, " ", s.Index))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	for id, want := range map[string]string{"444455556666": "management account", "777788889999": "no account, OU or root"} {
		if _, err := check.DeadAt(context.Background(), levels(t, [3][]*policy.Document{{everything}, {everything}, {everything}}), id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", id, err, want)
		}
	}
}

// TestDeadAtChangesNothing removes what is dead in the SCPs of an account and holds the rest
// against every request of a small world.
func TestDeadAtChangesNothing(t *testing.T) {
	nodes := []string{"r-root", "ou-root-12345678", "111122223333"}
	removed := 0
	first := firstSeed(t)
	for n := range uint64(*pairs / 20) {
		m := newMaker(first + n)
		var scps [3][]*policy.Document
		for l := range scps {
			for range 1 + m.IntN(2) {
				list := m.statements()
				if m.IntN(2) == 0 {
					list = append(list, `{"Effect":"Allow","Action":"a:*","Resource":"*"}`)
				}
				// No two documents are equal.
				list = append(list, fmt.Sprintf(`{"Effect":"Allow","Action":"z:%d%d","Resource":"*"}`, l, len(scps[l])))
				scps[l] = append(scps[l], document(list))
			}
		}
		depth := 1 + m.IntN(3)
		dead, err := check.DeadAt(context.Background(), levels(t, scps), nodes[depth-1])
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		if removed += len(dead); len(dead) == 0 {
			continue
		}
		left := [3][]*policy.Document{}
		for l := range scps {
			for _, d := range scps[l] {
				cut := d
				for _, s := range slices.Backward(dead) {
					if s.Node == nodes[l] && s.Document.Equal(d) {
						cut = cut.Remove(s.Index)
					}
				}
				left[l] = append(left[l], cut)
			}
		}
		build := func(list [3][]*policy.Document) *simulate.Environment {
			e, err := simulate.CompileLayers(simulate.Layers{Identity: []*policy.Document{everything}, ServiceControl: list[:], BucketABAC: true, GivenKeysOnly: true, ResourceAccount: "111122223333"}, simulate.WithStrictKeys())
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		if depth < 3 {
			scps[2], left[2] = []*policy.Document{everything}, []*policy.Document{everything}
		}
		if depth < 2 {
			scps[1], left[1] = scps[2], left[2]
		}
		before, after := build(scps), build(left)
		for _, q := range m.requests() {
			if one, other := before.Can(q).Allowed(), after.Can(q).Allowed(); one != other {
				t.Fatalf("seed %d: allowed was %v and is %v: %s on %s with %v\n%v\n%v", first+n, one, other, q.Action, q.Resource, q.Keys, scps, left)
			}
		}
	}
	if removed == 0 {
		t.Error("no dead statement in all worlds; want some")
	}
	t.Logf("%d dead statements", removed)
}
