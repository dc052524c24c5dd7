package simulate_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"github.com/licit-dev/licit/examples"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A cell is what Can says of the same request, and no resource of the account is allowed
// where the cell says nowhere.
func TestMatrixIsCan(t *testing.T) {
	seen := map[simulate.Outcome]int{}
	rapid.Check(t, func(t *rapid.T) {
		o, err := org.New(gen.Organization(t))
		if err != nil {
			t.Fatalf("organization: %v", err)
		}
		var opts []simulate.Option
		if rapid.Bool().Draw(t, "strict") {
			opts = append(opts, simulate.WithStrictKeys())
		}
		if rapid.Bool().Draw(t, "as of a day") {
			opts = append(opts, simulate.WithReference(referenceAsOf(t)))
		}
		env, err := simulate.Compile(o, opts...)
		if err != nil {
			t.Fatal(err)
		}
		r := simulateRequest(t, gen.OrgRequest(t), false)
		owned := false // the keys say whose resources are
		for name := range r.Keys.All() {
			owned = owned || strings.EqualFold(name, "aws:ResourceAccount")
		}
		m, err := env.Matrix(context.Background(), simulate.MatrixOptions{Keys: r.Keys})
		if err != nil {
			t.Fatal(err)
		}
		var actions []policy.Action
		for a := range m.Actions() {
			actions = append(actions, a)
		}
		pick := rand.New(rand.NewPCG(1, 2))
		for p := range m.Principals() {
			ask := []policy.Action{"s3:GetObject", "s3:ListBucket", "iam:CreateUser", "iam:PassRole", "kms:Decrypt", "kms:RetireGrant", "sts:AssumeRole", "sts:GetSessionToken", "ec2:DescribeInstances", "sqs:SendMessage", "logs:DescribeLogGroups"}
			for range 10 {
				ask = append(ask, actions[pick.IntN(len(actions))])
			}
			for _, a := range ask {
				q := simulate.Request{Principal: p, Action: a, Keys: r.Keys}
				d := env.Can(q)
				cell, ok := m.At(p, a)
				if !ok || cell.Outcome != d.Outcome || cell.Stage != d.Stage || cell.Possible != (d.Outcome == simulate.Indeterminate && d.CanBe(simulate.Allowed)) {
					t.Fatalf("%v %v: cell %+v, but %v\n%v", p, a, cell, d, maps.Collect(r.Keys.All()))
				}
				seen[d.Outcome]++
				if cell.Somewhere || owned {
					continue
				}
				for _, resource := range []string{"arn:aws:s3:::unlisted/a", "arn:aws:sqs:eu-west-1:" + p.AccountID() + ":unlisted", "arn:aws:iam::" + p.AccountID() + ":user/unlisted"} {
					if q.Resource = policy.MustParseARN(resource); q.Resource.Service() != a.Service() {
						continue
					}
					q.Keys = r.Keys.With("aws:ResourceAccount", p.AccountID())
					if d := env.Can(q); d.Allowed() {
						t.Fatalf("%v %v nowhere, but on %s %v: cell %+v\n%v", p, a, resource, d, cell, maps.Collect(r.Keys.All()))
					}
				}
			}
		}
	})
	t.Log(seen)
	for o := simulate.ImplicitDeny; o <= simulate.Indeterminate; o++ {
		require.NotZero(t, seen[o], o)
	}
}

func matrixOf(t testing.TB, o *org.Organization) *simulate.Matrix {
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	m, err := env.Matrix(context.Background(), simulate.MatrixOptions{})
	require.NoError(t, err)
	return m
}

func fintechOrg(t testing.TB) *org.Organization {
	o, err := org.ReadFS(examples.Fintech())
	require.NoError(t, err)
	return o
}

// A matrix comes back from its file as it was, and any other bytes are an error.
func TestMatrixFile(t *testing.T) {
	m := matrixOf(t, fintechOrg(t))
	var file bytes.Buffer
	n, err := m.WriteTo(&file)
	require.NoError(t, err)
	require.EqualValues(t, file.Len(), n)
	back, err := simulate.ReadMatrix(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	for d := range m.Diff(back) {
		t.Fatalf("%+v", d)
	}
	var again bytes.Buffer
	_, err = back.WriteTo(&again)
	require.NoError(t, err)
	require.Equal(t, file.Bytes(), again.Bytes())

	_, err = simulate.ReadMatrix(bytes.NewReader(file.Bytes()[:file.Len()/2]))
	require.EqualError(t, err, "the matrix file ends too early")
	_, err = simulate.ReadMatrix(strings.NewReader("{}"))
	require.ErrorContains(t, err, "no matrix file")
}

// The cells in which two matrices differ are those in which the decisions differ.
func TestMatrixDiff(t *testing.T) {
	o := fintechOrg(t)
	after, err := o.Apply(org.DetachControlPolicy("p-denyrootuser", "ou-ab12-44444444"))
	require.NoError(t, err)
	before, changed := matrixOf(t, o), matrixOf(t, after)
	seen := map[policy.Principal]int{}
	for d := range before.Diff(changed) {
		a, _ := before.At(d.Principal, d.Action)
		b, _ := changed.At(d.Principal, d.Action)
		require.Equal(t, d.Before, a)
		require.Equal(t, d.After, b)
		require.NotEqual(t, a, b)
		seen[d.Principal]++
	}
	root := parsePrincipal("arn:aws:iam::565656565656:root")
	require.Len(t, seen, 1)
	require.Greater(t, seen[root], 1000)
	n := 0
	for d := range changed.Diff(before) {
		require.Equal(t, root, d.Principal)
		n++
	}
	require.Equal(t, seen[root], n)
}

func FuzzReadMatrix(f *testing.F) {
	o, err := org.Standalone(org.Account{ID: "111122223333"})
	if err != nil {
		f.Fatal(err)
	}
	m := matrixOf(f, o)
	var file bytes.Buffer
	if _, err := m.WriteTo(&file); err != nil {
		f.Fatal(err)
	}
	plain, err := gzip.NewReader(&file)
	if err != nil {
		f.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":"licit-matrix/1","actions":1,"principals":1,"chunks":1}` + "\ns3:GetObject\narn:aws:iam::111122223333:root\n\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		w.Write(content)
		w.Close()
		m, err := simulate.ReadMatrix(&z)
		if err != nil {
			return
		}
		for p := range m.Principals() {
			m.Summary(p)
		}
	})
}
