package check_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// without are the documents without dead statements, and how many have gone.
func without(documents []*policy.Document, dead []check.DeadStatement) (out []*policy.Document, n int) {
	for _, d := range documents {
		left := d
		for _, s := range slices.Backward(dead) {
			if s.Document == d {
				left = left.Remove(s.Index)
				n++
			}
		}
		out = append(out, left)
	}
	return out, n
}

// TestDeadChangesNothing removes all dead statements and holds the rest against every request
// of a small world.
func TestDeadChangesNothing(t *testing.T) {
	removed := 0
	first := firstSeed(t)
	for n := range uint64(*pairs / 20) {
		m := newMaker(first + n)
		k, documents, known := m.attached()
		dead, err := check.Dead(context.Background(), k, documents...)
		if err != nil {
			t.Fatal(err)
		}
		left, gone := without(documents, dead)
		if gone != len(dead) {
			t.Fatalf("seed %d: %d statements gone, want %d", first+n, gone, len(dead))
		}
		if removed += gone; gone == 0 {
			continue
		}
		m.same(t, fmt.Sprintf("seed %d, %s", first+n, k), known, settings(k, documents...), settings(k, left...))
	}
	if removed == 0 {
		t.Error("no dead statement in all documents; want some")
	}
	t.Logf("%d dead statements", removed)
}

func TestDead(t *testing.T) {
	one := document([]string{
		`{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`,
		`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`,
		`{"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"}`,
	})
	two := document([]string{
		`{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`,
		`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`,
		`{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`,
	})
	dead, err := check.Dead(context.Background(), policy.IdentityBased, one, two)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range dead {
		got = append(got, fmt.Sprint(slices.Index([]*policy.Document{one, two}, s.Document), s.Index))
	}
	if want := []string{"0 1", "0 2", "1 1", "1 2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// ana is an organization with one user below SCPs.
func ana(t *testing.T, boundary *policy.Document, scps []*policy.Document, inline ...*policy.Document) *simulate.Environment {
	t.Helper()
	user := org.User{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana")}
	account := org.Account{ID: "111122223333", Name: "orders"}
	for i, d := range inline {
		user.Inline = append(user.Inline, org.InlinePolicy{Name: fmt.Sprint("p", i), Document: d})
	}
	if boundary != nil {
		user.Boundary = policy.MustParseARN("arn:aws:iam::111122223333:policy/boundary")
		account.Policies = []org.ManagedPolicy{{ARN: user.Boundary, Document: boundary}}
	}
	account.Users = []org.User{user}
	spec := org.Spec{ID: "o-exampleorgid", ManagementAccount: "444455556666", Accounts: []org.Account{account, {ID: "444455556666", Name: "management"}},
		Root: org.Root{ID: "r-root", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess}, Accounts: []string{"111122223333", "444455556666"}}}
	for i, d := range scps {
		id := fmt.Sprintf("p-1234567%d", i)
		spec.ControlPolicies = append(spec.ControlPolicies, org.ControlPolicy{ID: id, Name: id, Kind: policy.ServiceControl, Document: d})
		spec.Accounts[0].Attached = append(spec.Accounts[0].Attached, id)
	}
	if len(scps) == 0 {
		spec.Accounts[0].Attached = []string{org.FullAWSAccess}
	}
	spec.Accounts[1].Attached = []string{org.FullAWSAccess}
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

func TestDeadFor(t *testing.T) {
	user := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
	tests := []struct {
		name                   string
		boundary, scps, inline []string
		want                   []string
	}{
		{
			name:   "nothing in the way",
			inline: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`},
		}, {
			name:   "an SCP denies, and does not allow",
			scps:   []string{`{"Effect":"Allow","Action":["s3:*","iam:*"],"Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}`},
			inline: []string{`{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*"},{"Effect":"Allow","Action":["iam:CreateUser","s3:GetObject"],"Resource":"*"},{"Effect":"Allow","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`},
			want:   []string{"identity 0 0 [scp]", "identity 0 2 [scp]", "identity 0 3 [scp]"},
		}, {
			name:   "an SCP that spares the user, and one that spares another",
			scps:   []string{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/ana"}}},{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/admin"}}}`},
			inline: []string{`{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*"}`, `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`},
			want:   []string{"identity 1 0 [scp]"},
		}, {
			name:     "a boundary that does not allow limits Allows, and no Denies",
			boundary: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"kms:*","Resource":"*"}`},
			inline:   []string{`{"Effect":"Allow","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","Action":"sqs:SendMessage","Resource":"*"},{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}`},
			want:     []string{"identity 0 0 [boundary]", "identity 0 2 [boundary]"},
		}, {
			name:     "only together",
			boundary: []string{`{"Effect":"Allow","Action":["s3:*","sqs:SendMessage"],"Resource":"*"}`},
			scps:     []string{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sqs:SendMessage","Resource":"*"}`},
			inline:   []string{`{"Effect":"Allow","Action":["sqs:*"],"Resource":"*"}`},
			want:     []string{"identity 0 0 [identity boundary scp]"},
		}, {
			name:   "two equal Denies, of which one can go, and the Allow that they cancel",
			inline: []string{`{"Effect":"Deny","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","Action":"sqs:*","Resource":"*"},{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`},
			want:   []string{"identity 0 0 [identity]", "identity 0 2 [identity]"},
		},
	}
	documents := func(list []string) (out []*policy.Document) {
		for _, s := range list {
			out = append(out, document([]string{s}))
		}
		return out
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inline := documents(test.inline)
			var boundary *policy.Document
			if test.boundary != nil {
				boundary = documents(test.boundary)[0]
			}
			dead, err := check.DeadFor(context.Background(), ana(t, boundary, documents(test.scps), inline...), user)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range dead {
				kind, n := policy.IdentityBased, slices.IndexFunc(inline, func(d *policy.Document) bool { return d.Equal(s.Document) })
				if n < 0 {
					kind, n = policy.PermissionsBoundary, 0
				}
				got = append(got, fmt.Sprint(kind, " ", n, " ", s.Index, " ", s.By))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestDeadForChangesNothing removes what is dead for a user and holds the rest against every
// request of a small world, with resources that grant to the user and without.
func TestDeadForChangesNothing(t *testing.T) {
	user := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
	grant := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ana"},"Action":"*","Resource":"*"}]}`)))
	removed := 0
	first := firstSeed(t)
	for n := range uint64(*pairs / 10) {
		m := newMaker(first + n)
		m.keys = slices.DeleteFunc(m.keys, func(k string) bool { return k == "aws:username" || k == "aws:PrincipalArn" })
		distinct := func(i int) *policy.Document { // no two are equal
			return document(append(m.statements(), fmt.Sprintf(`{"Effect":"Allow","Action":"z:%d","Resource":"*"}`, i)))
		}
		inline := []*policy.Document{distinct(0), distinct(1)}
		scps := []*policy.Document{document(m.statements())}
		var boundary *policy.Document
		if m.IntN(2) == 0 {
			boundary = distinct(2)
		}
		dead, err := check.DeadFor(context.Background(), ana(t, boundary, scps, inline...), user)
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		if removed += len(dead); len(dead) == 0 {
			continue
		}
		for i := range dead { // as they were given
			for _, d := range append(slices.Clone(inline), boundary) {
				if d != nil && dead[i].Document.Equal(d) {
					dead[i].Document = d
				}
			}
		}
		build := func(strip bool, resource *policy.Document) *simulate.Environment {
			l := simulate.Layers{Identity: inline, ServiceControl: [][]*policy.Document{{everything}, scps}, Resource: resource, BucketABAC: true, GivenKeysOnly: true, ResourceAccount: "111122223333"}
			if boundary != nil {
				l.Boundary = []*policy.Document{boundary}
			}
			if strip {
				l.Identity, _ = without(l.Identity, dead)
				l.Boundary, _ = without(l.Boundary, dead)
			}
			e, err := simulate.CompileLayers(l, simulate.WithStrictKeys())
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		for _, resource := range []*policy.Document{nil, grant} {
			before, after := build(false, resource), build(true, resource)
			for _, q := range m.requests() {
				q.Keys = q.Keys.With("aws:username", "ana").With("aws:PrincipalArn", user.ARN().String())
				if one, other := before.Can(q).Allowed(), after.Can(q).Allowed(); one != other {
					t.Fatalf("seed %d: allowed was %v and is %v: %s on %s with %v\n%v\n%v\n%v\n%v", first+n, one, other, q.Action, q.Resource, q.Keys, inline, boundary, scps, dead)
				}
			}
		}
	}
	if removed == 0 {
		t.Error("no dead statement in all worlds; want some")
	}
	t.Logf("%d dead statements", removed)
}
