package simulate_test

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A workload is one of the benchmark inputs in testdata/workloads.
type workload struct {
	OrgID   string
	OrgPath []struct {
		ID, Type, Name string
		SCPs           []workloadPolicy
	}
	Principal struct {
		ARN       policy.ARN
		AccountID string
		Tags      map[string]string
		Attached  []workloadPolicy
		Boundary  *workloadPolicy
	}
	Resource struct {
		ARN       policy.ARN
		AccountID string
		Policy    json.RawMessage
	}
	Requests []struct {
		Name, Action, Expect string
		Context              map[string]string
	}
}

type workloadPolicy struct {
	Name     string
	ARN      policy.ARN
	Document json.RawMessage
}

func readWorkload(t testing.TB, name string) workload {
	src, err := os.ReadFile("testdata/workloads/" + name + ".json")
	require.NoError(t, err)
	var w workload
	require.NoError(t, json.Unmarshal(src, &w))
	return w
}

// spec builds the organization of the workload: the principal's account below its path.
func (w *workload) spec(t testing.TB) org.Spec {
	parse := func(src json.RawMessage) *policy.Document {
		d, err := policy.Parse(src)
		require.NoError(t, err)
		return d
	}
	role := org.Role{ARN: w.Principal.ARN, Tags: w.Principal.Tags}
	account := org.Account{ID: w.Principal.AccountID}
	for _, p := range w.Principal.Attached {
		account.Policies = append(account.Policies, org.ManagedPolicy{ARN: p.ARN, Document: parse(p.Document)})
		role.Attached = append(role.Attached, p.ARN)
	}
	if b := w.Principal.Boundary; b != nil {
		account.Policies = append(account.Policies, org.ManagedPolicy{ARN: b.ARN, Document: parse(b.Document)})
		role.Boundary = b.ARN
	}
	account.Roles = []org.Role{role}
	bucket := org.Resource{ARN: policy.MustParseARN("arn:aws:s3:::data-lake-prod")}
	if w.Resource.Policy != nil {
		bucket.Policy = parse(w.Resource.Policy)
	}
	account.Resources = []org.Resource{bucket}
	account.Endpoints = []org.Endpoint{{ID: "vpce-0a1b2c3d"}} // as the context of w2 names it
	s := org.Spec{ID: w.OrgID}
	if len(w.OrgPath) == 0 {
		s.Accounts = []org.Account{account}
		return s
	}
	management := org.Account{ID: "999999999999", Attached: []string{org.FullAWSAccess}}
	s.ManagementAccount = management.ID
	seen := map[string]bool{}
	attach := func(level int) (ids []string) {
		for _, p := range w.OrgPath[level].SCPs {
			id := fmt.Sprintf("p-%s", p.Name)
			ids = append(ids, id)
			if !seen[id] {
				seen[id] = true
				s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: id, Name: p.Name, Kind: policy.ServiceControl, Document: parse(p.Document)})
			}
		}
		return ids
	}
	last := len(w.OrgPath) - 1
	account.Attached = attach(last)
	s.Root = org.Root{ID: w.OrgPath[0].ID, PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: attach(0), Accounts: []string{management.ID}}
	ous := []org.OU{}
	for i := last - 1; i > 0; i-- {
		ou := org.OU{ID: w.OrgPath[i].ID, Name: w.OrgPath[i].Name, Attached: attach(i), OUs: ous}
		if i == last-1 {
			ou.Accounts = []string{account.ID}
		}
		ous = []org.OU{ou}
	}
	s.Root.OUs = ous
	s.Accounts = []org.Account{account, management}
	return s
}

func (w *workload) compile(t testing.TB, opts ...simulate.Option) *simulate.Environment {
	o, err := org.New(w.spec(t))
	require.NoError(t, err)
	env, err := simulate.Compile(o, opts...)
	require.NoError(t, err)
	return env
}

func (w *workload) request(i int) simulate.Request {
	return simulate.Request{
		Principal: policy.PrincipalFromARN(w.Principal.ARN), Action: policy.Action(w.Requests[i].Action),
		Resource: w.Resource.ARN, Keys: simulate.KeysFrom(contextMap(w.Requests[i].Context)),
	}
}

func contextMap(ctx map[string]string) map[string][]string {
	m := map[string][]string{}
	for k, v := range ctx {
		m[k] = []string{v}
	}
	return m
}

var workloads = []string{"w1", "w1s3", "w2"}

func TestWorkloads(t *testing.T) {
	for _, name := range workloads {
		w := readWorkload(t, name)
		for _, opts := range [][]simulate.Option{nil, {simulate.WithStrictKeys()}} {
			env := w.compile(t, opts...)
			for i, r := range w.Requests {
				t.Run(fmt.Sprintf("%s/%s/%d options", name, r.Name, len(opts)), func(t *testing.T) {
					x := env.Explain(w.request(i))
					require.Equal(t, r.Expect, x.Decision.Outcome.String(), "depends on %v", x.Depends)
					require.Equal(t, x.Decision, env.Can(w.request(i)))
				})
			}
		}
	}
}

func TestCanDoesNotAllocate(t *testing.T) {
	for _, name := range workloads {
		w := readWorkload(t, name)
		env := w.compile(t)
		for i := range w.Requests {
			r := w.request(i)
			require.Zero(t, testing.AllocsPerRun(100, func() { env.Can(r) }), "%s %s", name, w.Requests[i].Name)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	w := readWorkload(t, "w2")
	env := w.compile(t)
	x := env.Explain(w.request(0))
	want := x.Steps[0].Trials()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i, r := range w.Requests {
				assert.Equal(t, r.Expect, env.Can(w.request(i)).Outcome.String())
				assert.Equal(t, env.Can(w.request(i)), env.Explain(w.request(i)).Decision)
				assert.Equal(t, want, x.Steps[0].Trials())
			}
		})
	}
	wait.Wait()
}

func TestAssumeRoleDoesNotAllocate(t *testing.T) {
	env, err := simulate.Compile(exampleOrganization())
	require.NoError(t, err)
	for _, action := range []policy.Action{"sts:AssumeRole", "kms:CreateAlias", "iam:PassRole", "STS:GETCALLERIDENTITY"} {
		r := simulate.Request{
			Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"), Action: action,
			Resource: policy.MustParseARN("arn:aws:iam::111122223333:role/orders"),
		}
		require.Zero(t, testing.AllocsPerRun(100, func() { env.Can(r) }), action)
		r.Resource = policy.MustParseARN("arn:aws:iam::999999999999:role/not-listed")
		require.Zero(t, testing.AllocsPerRun(100, func() { env.Can(r) }), action)
	}
}

func TestAllocations(t *testing.T) {
	w := readWorkload(t, "w2")
	env := w.compile(t)
	r, m := w.request(0), contextMap(w.Requests[0].Context)
	fromMap := testing.AllocsPerRun(100, func() {
		r.Keys = simulate.KeysFrom(m)
		env.Can(r)
	})
	require.LessOrEqual(t, fromMap, 5.0, "keys from a map")
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { env.Explain(r) }), 12.0, "Explain")
}

func BenchmarkCan(b *testing.B) {
	for _, name := range workloads {
		w := readWorkload(b, name)
		env := w.compile(b)
		for i := range w.Requests {
			r := w.request(i)
			b.Run(name+"/"+w.Requests[i].Name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					env.Can(r)
				}
			})
		}
	}
}

// Keys that come as a map with every request, as a service gets them.
func BenchmarkCanFromMap(b *testing.B) {
	w := readWorkload(b, "w2")
	env := w.compile(b)
	r, m := w.request(0), contextMap(w.Requests[0].Context)
	b.Run("w2", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Keys = simulate.KeysFrom(m)
			env.Can(r)
		}
	})
}

func BenchmarkExplain(b *testing.B) {
	for _, name := range workloads {
		w := readWorkload(b, name)
		env := w.compile(b)
		r := w.request(0)
		env.Explain(r) // reads the service reference
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				env.Explain(r)
			}
		})
	}
}

// Explain, and then every statement of every layer.
func BenchmarkTrials(b *testing.B) {
	for _, name := range workloads {
		w := readWorkload(b, name)
		env := w.compile(b)
		r := w.request(0)
		env.Explain(r)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x := env.Explain(r)
				for i := range x.Steps {
					x.Steps[i].Trials()
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, name := range workloads {
		w := readWorkload(b, name)
		o, err := org.New(w.spec(b))
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := simulate.Compile(o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
