package archtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// tableFile is named in failures.
const tableFile = "internal/archtest/imports_test.go"

// A rule says what one package may import besides the standard library. Packages of this
// module are named by their folder, others by their whole path.
type rule struct {
	imports []string
	tests   []string // also by its tests
}

const (
	jsontext  = "github.com/go-json-experiment/json/jsontext"
	cobra     = "github.com/spf13/cobra"
	gzip      = "github.com/klauspost/compress/gzip"
	diff      = "github.com/rogpeppe/go-internal/diff"
	cty       = "github.com/zclconf/go-cty/cty"
	ctyjson   = "github.com/zclconf/go-cty/cty/json"
	hcl       = "github.com/hashicorp/hcl/v2"
	hclsyntax = "github.com/hashicorp/hcl/v2/hclsyntax"
	hclwrite  = "github.com/hashicorp/hcl/v2/hclwrite"
	tfjson    = "github.com/hashicorp/terraform-json"
	rapid     = "pgregory.net/rapid"
	txtar     = "golang.org/x/tools/txtar"
	yaml      = "go.yaml.in/yaml/v3"
)

// arrows is the import table. An arrow that does not stand here does not exist: models
// (policy, org) know no evaluator, the two evaluators (internal/engine and internal/spec)
// do not know each other, and nothing but tests knows internal/gen and internal/spec; except
// that simulate/check has every counterexample decided by both.
var arrows = map[string]rule{
	".": {tests: []string{"policy", "org", "simulate"}},

	"policy": {imports: []string{"internal/ascii", "internal/levenshtein", "internal/jsontree", jsontext}},
	"policy/lint": {
		imports: []string{"internal/ascii", "internal/levenshtein", "policy", "policy/serviceref", "internal/glob", "internal/jsontree", jsontext},
		tests:   []string{"internal/gen", "internal/spec"},
	},
	"policy/serviceref": {imports: []string{"policy", "internal/ascii", "internal/glob", "internal/sar", "internal/shrink"}},
	"org":               {imports: []string{"policy", "policy/serviceref", "internal/form", "internal/jsontree", "internal/levenshtein", jsontext}, tests: []string{"internal/gen"}},
	"org/orglint": {
		imports: []string{"org", "policy", "policy/lint", "policy/serviceref", "internal/glob", "internal/jsontree"},
		tests:   []string{"simulate"},
	},
	"org/awsexport": {
		imports: []string{"cloudtrail", "identitycenter", "org", "policy", "policy/serviceref", "internal/form", "internal/jsontree", jsontext},
		tests:   []string{"examples", "simulate"},
	},
	"cloudtrail/digest": {imports: []string{jsontext}, tests: []string{"internal/digesttest"}},
	"cloudtrail":        {imports: []string{"policy", "internal/form", "internal/jsontree", jsontext, gzip}},
	"cloudtrail/detect": {imports: []string{"cloudtrail", "identitycenter", "org", "policy", "internal/form", "internal/jsontree", jsontext}},
	"cloudtrail/replay": {imports: []string{"cloudtrail", "org", "policy", "policy/serviceref", "simulate", jsontext}},
	"identitycenter": {
		imports: []string{"org", "policy", "policy/serviceref", "internal/form", "internal/jsontree", "internal/levenshtein", jsontext},
		tests:   []string{"simulate"},
	},
	"org/tfplan": {
		imports: []string{"cloudtrail", "identitycenter", "org", "policy", tfjson, hcl, hclsyntax, hclwrite, cty, ctyjson},
		tests:   []string{"simulate"},
	},
	"simulate": {
		imports: []string{"org", "policy", "policy/serviceref", "internal/engine", "internal/glob", "internal/levenshtein"},
		tests:   []string{"examples", "internal/estate", "internal/gen", "internal/spec", "simulate/casefile"},
	},
	"simulate/casefile": {
		imports: []string{"simulate", "policy", "internal/jsontree", jsontext},
		tests:   []string{"org", "internal/gen", "internal/spec"},
	},

	"simulate/check": {
		imports: []string{"simulate", "org", "policy", "policy/serviceref", "internal/ascii", "internal/engine", "internal/glob", "internal/spec", "internal/symbolic"},
		tests:   []string{"internal/gen"},
	},

	"simulate/simtest": {imports: []string{"simulate", "org", "internal/suite", "internal/wording"}, tests: []string{"policy"}},

	"internal/ascii":       {},
	"internal/symbolic":    {tests: []string{rapid}},
	"internal/jsontree":    {imports: []string{jsontext}},
	"internal/form":        {imports: []string{"policy", "internal/jsontree", "internal/levenshtein", jsontext}},
	"internal/glob":        {imports: []string{"internal/ascii"}},
	"internal/levenshtein": {},
	"internal/shrink":      {imports: []string{"policy", "internal/glob"}, tests: []string{"policy/serviceref", rapid}},
	"internal/sar":         {imports: []string{"internal/ascii", "internal/jsontree"}},
	"internal/gensar":      {imports: []string{"internal/sar"}},
	"internal/engine": {
		imports: []string{"internal/ascii", "internal/glob", "policy", "policy/serviceref"},
		tests:   []string{"internal/gen", "internal/spec", "org"},
	},
	"internal/wording": {imports: []string{"internal/levenshtein", "org", "policy", "policy/serviceref", "simulate"}},
	"internal/spec":    {imports: []string{"org", "policy", "policy/serviceref"}},
	"internal/gen":     {imports: []string{"org", "policy", "internal/spec", rapid}},
	"internal/suite": {
		imports: []string{"simulate", "simulate/casefile", "org", "policy", "policy/serviceref", "internal/levenshtein", "internal/wording", txtar},
	},
	"internal/archtest":   {},
	"internal/digesttest": {},
	"internal/estate":     {imports: []string{"org", "policy"}},
	"internal/collect":    {imports: []string{"org", "golang.org/x/time/rate"}},
	"internal/collect/awscollect": {
		imports: append(awsServices("cloudtrail", "ecr", "iam", "identitystore", "kms", "lambda", "organizations", "s3", "s3control", "secretsmanager", "sns", "sqs", "ssoadmin", "sts"),
			"internal/collect", "org", "org/awsexport", "policy", "github.com/go-json-experiment/json", jsontext, smithy, smithy+"/middleware",
			sdk+"/aws/ratelimit", sdk+"/aws/retry", sdk+"/aws/transport/http"),
		tests: []string{"cloudtrail", "cloudtrail/awscloudtrail", "identitycenter", "identitycenter/awsidentitycenter", "internal/fakeaws", "internal/gen", "org/awsorg"},
	},
	"org/awsorg":                       {imports: []string{"org", "internal/collect/awscollect", sdk + "/aws"}, tests: []string{sdk + "/config"}},
	"identitycenter/awsidentitycenter": {imports: []string{"identitycenter", "internal/collect/awscollect", sdk + "/aws"}, tests: []string{sdk + "/config"}},
	"cloudtrail/awscloudtrail": {
		imports: append(awsServices("cloudtrail", "s3"), "cloudtrail", "internal/collect", "internal/collect/awscollect"),
		tests:   []string{sdk + "/config"},
	},
	"internal/fakeaws": {
		imports: append(awsServices("cloudtrail", "ecr", "iam", "identitystore", "kms", "lambda", "organizations", "s3", "s3control", "secretsmanager", "sns", "sqs", "ssoadmin", "sts"),
			"org", "policy", "identitycenter", "cloudtrail", "golang.org/x/time/rate"),
		tests: []string{"internal/gen", sdk + "/aws/ratelimit", sdk + "/aws/retry", sdk + "/credentials/stscreds", smithy},
	},

	"cmd/licit": {
		imports: []string{"cloudtrail", "cloudtrail/detect", "cloudtrail/digest", "cloudtrail/replay", "identitycenter", "org", "org/awsexport", "org/orglint", "org/tfplan", "policy", "policy/lint", "policy/serviceref", "simulate", "simulate/casefile", "simulate/check", "internal/jsontree", "internal/levenshtein", "internal/shrink", "internal/suite", "internal/wording", "examples", "internal/collect", "internal/collect/awscollect", sdk + "/aws", sdk + "/config", cobra, diff, yaml},
		tests:   []string{"internal/digesttest", "internal/fakeaws", "github.com/xeipuuv/gojsonschema"},
	},
	"examples/policytest": {tests: []string{"org", "policy", "simulate", "simulate/simtest"}},
	"examples":            {tests: []string{"org"}},
	"examples/trail":      {imports: []string{"examples", "identitycenter", "internal/digesttest", "org", "policy"}},
	"examples/quickstart": {imports: []string{"org", "policy", "policy/serviceref", "simulate", "simulate/casefile"}, tests: []string{"cloudtrail", "identitycenter"}},
}

// sdk is the AWS SDK. Packages that import it are named aws and their parent, but for
// internal/fakeaws, which only tests import.
const (
	sdk    = "github.com/aws/aws-sdk-go-v2"
	smithy = "github.com/aws/smithy-go"
)

// awsServices are the clients of services of AWS and their types.
func awsServices(names ...string) []string {
	paths := []string{sdk + "/aws"}
	for _, name := range names {
		paths = append(paths, sdk+"/service/"+name, sdk+"/service/"+name+"/types")
	}
	return paths
}

// testLibraries may be imported by all tests.
var testLibraries = []string{
	"github.com/google/go-cmp/cmp",
	"github.com/google/go-cmp/cmp/cmpopts",
	"github.com/rogpeppe/go-internal/testscript",
	"github.com/stretchr/testify/assert",
	"github.com/stretchr/testify/require",
	txtar,
	rapid,
}

func TestImports(t *testing.T) {
	for _, problem := range checkImports(packages(t), arrows) {
		t.Error(problem)
	}
	for _, p := range packages(t) {
		if p.Error != nil {
			t.Errorf("package %s: %s", p.folder(), p.Error.Err)
		}
	}
}

// checkImports holds the packages against the table and returns a sentence for each
// difference.
func checkImports(pkgs []*pkg, table map[string]rule) []string {
	var out []string
	exists := make(map[string]bool)
	for _, p := range pkgs {
		exists[p.folder()] = true
		r, ok := table[p.folder()]
		if !ok {
			out = append(out, fmt.Sprintf("package %s is not in the import table in %s: say there what it may import", p.folder(), tableFile))
			continue
		}
		for _, to := range p.Imports {
			if bad(p, to, r.imports) {
				out = append(out, sentence(p.folder(), to, r.imports))
			}
		}
		allowed := slices.Concat(r.imports, r.tests, testLibraries)
		for _, to := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(p.TestImports, p.XTestImports)))) {
			if bad(p, to, allowed) {
				out = append(out, sentence("the test of "+p.folder(), to, slices.Concat(r.imports, r.tests)))
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(table)) {
		if !exists[folder] {
			out = append(out, fmt.Sprintf("package %s stands in the import table in %s, but does not exist: remove it there", folder, tableFile))
		}
	}
	return out
}

func bad(p *pkg, to string, allowed []string) bool {
	return !standard(to) && to != p.ImportPath && !slices.Contains(allowed, folder(to))
}

// standard reports whether an import path is of the standard library, which has no dot in
// its first element.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func sentence(from, to string, allowed []string) string {
	what := "nothing but the standard library"
	if len(allowed) > 0 {
		what = strings.Join(allowed, ", ")
	}
	return fmt.Sprintf("%s → %s is not an arrow of the architecture: %s may import %s. The table is in %s; changing it is a design decision.",
		from, folder(to), from, what, tableFile)
}

// The table is worth what its failures say.
func TestCheckImports(t *testing.T) {
	good := func() []*pkg {
		return []*pkg{
			{ImportPath: module + "/policy", Imports: []string{"fmt", jsontext}},
			{ImportPath: module + "/org", Imports: []string{module + "/policy"}, XTestImports: []string{module + "/org", rapid}},
		}
	}
	table := map[string]rule{"policy": {imports: []string{jsontext}}, "org": {imports: []string{"policy"}}}
	tests := []struct {
		name string
		edit func(pkgs []*pkg) []*pkg
		want string // part of the only sentence
	}{
		{"as in the table", func(p []*pkg) []*pkg { return p }, ""},
		{"model imports evaluator", func(p []*pkg) []*pkg { p[1].Imports = append(p[1].Imports, module+"/simulate"); return p },
			"org → simulate is not an arrow of the architecture: org may import policy. The table is in " + tableFile},
		{"third party", func(p []*pkg) []*pkg { p[0].Imports = append(p[0].Imports, cobra); return p },
			"policy → github.com/spf13/cobra is not an arrow"},
		{"test", func(p []*pkg) []*pkg {
			p[0].TestImports = []string{module + "/org"}
			return p
		}, "the test of policy → org is not an arrow"},
		{"test library in the package", func(p []*pkg) []*pkg { p[0].Imports = append(p[0].Imports, rapid); return p },
			"policy → pgregory.net/rapid is not an arrow"},
		{"unlisted", func(p []*pkg) []*pkg { return append(p, &pkg{ImportPath: module + "/util"}) },
			"package util is not in the import table"},
		{"listed, gone", func(p []*pkg) []*pkg { return p[:1] }, "package org stands in the import table"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := checkImports(test.edit(good()), table)
			switch {
			case test.want == "" && len(got) == 0:
			case test.want != "" && len(got) == 1 && strings.Contains(got[0], test.want):
			default:
				t.Errorf("got %q, want one sentence with %q", got, test.want)
			}
		})
	}
}
