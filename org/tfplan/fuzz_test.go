package tfplan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org/tfplan"
)

// FuzzRead holds that no plan makes Read or Apply panic, and that what is applied is what
// the changes say.
func FuzzRead(f *testing.F) {
	plans, err := filepath.Glob("testdata/*/plan.json")
	require.NoError(f, err)
	for _, name := range plans {
		src, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(src)
	}
	o, i := landingZone(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := tfplan.Read(bytes.NewReader(src))
		if err != nil {
			return
		}
		for _, opts := range [][]tfplan.Option{nil, {tfplan.WithAccount("111122223333"), tfplan.WithRegion("eu-west-3")}} {
			out, err := p.Apply(o, i, opts...)
			if err != nil {
				continue
			}
			after, err := out.Before.Apply(out.Changes...)
			require.NoError(t, err)
			require.True(t, after.Equal(out.After))
		}
	})
}

// FuzzConfiguration holds that no configuration makes WithConfiguration or Apply panic.
func FuzzConfiguration(f *testing.F) {
	for _, name := range []string{"computed", "documents", "dynamic", "links"} {
		src, err := os.ReadFile("testdata/" + name + "/main.tf")
		require.NoError(f, err)
		f.Add(src)
	}
	plans, o := []*tfplan.Plan{read(f, "documents"), read(f, "computed")}, organization(f, nil)
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, p := range plans {
			p, err := p.WithConfiguration(planFile(fstest.MapFS{"modules.json": {Data: []byte(`[{"Key":""}]`)}, "m-/main.tf": {Data: src}}))
			if err != nil {
				continue
			}
			out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"), tfplan.WithRegion("eu-west-3"))
			if err != nil {
				continue // of documents that AWS would refuse
			}
			after, err := out.Before.Apply(out.Changes...)
			require.NoError(t, err)
			require.True(t, after.Equal(out.After))
		}
	})
}
