package tfplan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
)

func read(t testing.TB, name string) *tfplan.Plan {
	t.Helper()
	f, err := os.Open("testdata/" + name + "/plan.json")
	require.NoError(t, err)
	defer f.Close()
	p, err := tfplan.Read(f)
	require.NoError(t, err)
	return p
}

// configured is a plan with the configuration of testdata, in which pairs are replaced. Each
// folder in it is the module of its name.
func configured(t testing.TB, p *tfplan.Plan, name string, pairs ...string) *tfplan.Plan {
	t.Helper()
	files, err := filepath.Glob("testdata/" + name + "/*.tf")
	require.NoError(t, err)
	inner, err := filepath.Glob("testdata/" + name + "/*/*.tf")
	require.NoError(t, err)
	fsys := fstest.MapFS{}
	modules := `[{"Key":""}`
	for _, file := range append(files, inner...) {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		dir := filepath.Base(filepath.Dir(file))
		if dir == name {
			dir = ""
		} else {
			modules += `,{"Key":"` + dir + `"}`
		}
		text := string(src)
		for i := 0; dir == "" && i < len(pairs); i += 2 {
			require.Contains(t, text, pairs[i])
			text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
		}
		fsys["m-"+dir+"/"+filepath.Base(file)] = &fstest.MapFile{Data: []byte(text)}
	}
	fsys["modules.json"] = &fstest.MapFile{Data: []byte(modules + "]")}
	p, err = p.WithConfiguration(planFile(fsys))
	require.NoError(t, err)
	return p
}

// planFile is a plan file with a configuration.
func planFile(configuration fstest.MapFS) fstest.MapFS {
	out := fstest.MapFS{}
	for name, f := range configuration {
		out["tfconfig/"+name] = f
	}
	return out
}

func document(t testing.TB, src string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(src))
	require.NoError(t, err)
	return d
}

const rootTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`

// organization is what the plans apply to, with what edit makes of it.
func organization(t testing.TB, edit func(s *org.Spec)) *org.Organization {
	t.Helper()
	s := org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "111122223333",
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess},
			Accounts: []string{"111122223333", "444455556666"},
		},
		Accounts: []org.Account{
			{ID: "111122223333", Name: "management", Attached: []string{org.FullAWSAccess}},
			{ID: "444455556666", Name: "logs", Attached: []string{org.FullAWSAccess}},
		},
	}
	if edit != nil {
		edit(&s)
	}
	o, err := org.New(s)
	require.NoError(t, err)
	return o
}

func role(t testing.TB, name, trust string) org.Role {
	return org.Role{ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/" + name), Trust: document(t, trust)}
}

// changes are the outcome's changes as sentences.
func changes(out *tfplan.Outcome) string {
	var b strings.Builder
	for _, c := range out.Changes {
		fmt.Fprintln(&b, c)
	}
	return b.String()
}

func skipped(out *tfplan.Outcome) string {
	var b strings.Builder
	for _, s := range out.Skipped {
		fmt.Fprintf(&b, "%s access=%t: %s\n", s.Address, s.Access, s.Reason)
	}
	return b.String()
}

// apply is what a plan of testdata does, with its configuration.
func apply(t testing.TB, name string, o *org.Organization, i *identitycenter.Instance, opts ...tfplan.Option) *tfplan.Outcome {
	t.Helper()
	out, err := configured(t, read(t, name), name).Apply(o, i, opts...)
	require.NoError(t, err)
	return out
}
