package tfplan_test

import (
	"archive/zip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org/tfplan"
)

// TestPlanFile holds that what terraform plan -out writes has the configuration where it is
// looked for.
func TestPlanFile(t *testing.T) {
	z, err := zip.OpenReader("testdata/documents/plan")
	require.NoError(t, err)
	defer z.Close()
	p, err := read(t, "documents").WithConfiguration(z)
	require.NoError(t, err)
	o := organization(t, nil)
	out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Equal(t, describe(t, p, apply(t, "documents", o, nil, tfplan.WithAccount("111122223333"))), describe(t, p, out))
}

func TestConfigurationErrors(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	root := file(`[{"Key":""}]`)
	for _, test := range []struct {
		name string
		fsys fstest.MapFS
		want string
	}{
		{"nothing", fstest.MapFS{}, "tfplan: the configuration: open modules.json: file does not exist; want the file that terraform plan -out wrote"},
		{"no JSON", fstest.MapFS{"modules.json": file("{")}, "tfplan: the configuration: modules.json: unexpected end of JSON input"},
		{"other module", fstest.MapFS{"modules.json": file(`[{"Key":"a.b"}]`)}, `tfplan: the configuration: the plan does not have its module "a.b"; want the plan file that the plan was printed from`},
		{"no folder", fstest.MapFS{"modules.json": root}, "tfplan: the configuration: open m-: file does not exist"},
		{"no Terraform", fstest.MapFS{"modules.json": root, "m-/main.tf": file("resource {\n")}, "tfplan: the configuration: m-/main.tf:1,10-11: Unclosed configuration block"},
		{"deep", fstest.MapFS{"modules.json": root, "m-/main.tf": file("a = " + strings.Repeat("!", 1<<12))}, "tfplan: the configuration: m-/main.tf: expressions nest too deeply"},
		{"deeper", fstest.MapFS{"modules.json": root, "m-/main.tf": file("a = " + strings.Repeat(`"${`, 1<<12))}, "tfplan: the configuration: m-/main.tf: expressions nest too deeply"},
		{"branches", fstest.MapFS{"modules.json": root, "m-/main.tf": file("a = " + strings.Repeat("a?b:", 1<<16))}, "tfplan: the configuration: m-/main.tf: expressions nest too deeply"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := read(t, "trust").WithConfiguration(planFile(test.fsys))
			require.ErrorContains(t, err, test.want)
		})
	}
}

// TestFileOfAnotherPlan holds that the file of another plan says nothing about a plan.
func TestFileOfAnotherPlan(t *testing.T) {
	p := edited(t, "trust", `{"format_version"`, `{"timestamp":"2026-09-26T10:00:00Z","format_version"`)
	fsys := planFile(fstest.MapFS{"modules.json": {Data: []byte(`[{"Key":""}]`)}, "m-/main.tf": {}})
	_, err := p.WithConfiguration(fsys)
	require.ErrorContains(t, err, "tfplan: the plan file: open tfplan: file does not exist; want the file that terraform plan -out wrote")
	fsys["tfplan"] = &fstest.MapFile{Data: []byte("\x00\x142026-09-26T10:00:01Z\x00")}
	_, err = p.WithConfiguration(fsys)
	require.EqualError(t, err, "tfplan: the plan file: it is of another plan than the one of 2026-09-26T10:00:00Z; want the file that the plan was printed from")
	fsys["tfplan"].Data = []byte("\x00\x142026-09-26T10:00:00Z\x00")
	_, err = p.WithConfiguration(fsys)
	require.NoError(t, err)
}

// TestOverrides holds that a module of which some file may override others proves nothing.
func TestOverrides(t *testing.T) {
	for _, name := range []string{"override.tf", "more_override.tf", "more.tf.json"} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"modules.json": {Data: []byte(`[{"Key":""}]`)},
				"m-/a.tf":      {Data: []byte(`resource "aws_iam_role" "without" {}`)},
				"m-/" + name:   {Data: []byte(`{}`)},
			}
			if !strings.HasSuffix(name, ".json") {
				fsys["m-/"+name].Data = nil
			}
			p, err := read(t, "dynamic").WithConfiguration(planFile(fsys))
			require.NoError(t, err)
			out, err := p.Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Contains(t, changes(out), "mark identity-policies of arn:aws:iam::111122223333:role/without as unknown")
		})
	}
}
