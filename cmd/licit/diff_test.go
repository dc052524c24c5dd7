package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// However much changes, the Markdown is one that GitHub takes as a comment, and says what
// it leaves out.
func TestMarkdownLimit(t *testing.T) {
	o, err := readSample()
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	w := worldOf("", sampleName)
	w.Env, w.Org = env, o
	const rows = 2000
	v := &diffView{before: w, after: w, facts: embeddedFacts(), report: &simulate.Report{}}
	for i := range rows {
		arn := policy.MustParseARN(fmt.Sprintf("arn:aws:iam::111122223333:role/%s-%d", strings.Repeat("`|x", 20), i))
		v.report.Rows = append(v.report.Rows, simulate.Row{
			Kind: simulate.DeltaLost, Principals: []policy.Principal{policy.PrincipalFromARN(arn)}, Actions: []policy.Action{"s3:GetObject"},
			Resources: []string{fmt.Sprintf("arn:aws:s3:::logs-%d/*", i)}, Reason: fmt.Sprintf("reason %d | `<script>`", i),
			Before: simulate.Decision{Outcome: simulate.Allowed},
		})
	}
	for _, top := range []int{0, 10} {
		text := v.markdown(top)
		require.Less(t, len(text), 65536)
		shown := strings.Count(text, "| 1 role in 1 account: ")
		require.Contains(t, text, fmt.Sprintf("… and %d more lines.", rows-shown))
		require.NotContains(t, text, "<script>")
		if top > 0 {
			require.Equal(t, top, shown)
		} else {
			require.Greater(t, shown, 100)
		}
	}
}

// A report that lacks something says what, and does not pass a check.
func TestIncomplete(t *testing.T) {
	r := &simulate.Report{Incomplete: []simulate.Incomplete{{Actions: []policy.Action{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::logs/*"}}}}
	v := &diffView{facts: embeddedFacts(), report: r}
	require.Contains(t, v.asked(), "not complete, since patterns overlap in too many ways: s3:GetObject on arn:aws:s3:::logs/*")
	j, err := v.json()
	require.NoError(t, err)
	require.Equal(t, r.Incomplete[0].Actions, j.Incomplete[0].Actions)
	var stderr strings.Builder
	a := &app{stderr: &stderr}
	for _, on := range diffFails {
		require.Equal(t, status(exitIndeterminate), (&comparison{failOn: on}).exit(a, v))
	}
	require.Contains(t, stderr.String(), "patterns overlap in too many ways")
	require.NoError(t, (&comparison{}).exit(a, v))
	r.Rows = []simulate.Row{{Kind: simulate.DeltaGained}}
	require.Equal(t, status(exitNo), (&comparison{failOn: "gained"}).exit(a, v))
}

// Regions stand under what they are, gained or lost, also where others before them have no room; and
// principals stand together only where all values of their regions are the same, not those shown.
func TestRegionsMarkdown(t *testing.T) {
	region := func(kind simulate.DeltaKind, name string, resources ...string) gainedRegions {
		st := policy.Statement{Effect: policy.Allow, Action: policy.List("s3:GetObject"), Resource: policy.List(resources...)}
		return gainedRegions{kind, policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/" + name)),
			check.Summary{Regions: []check.Region{{Statement: st}}, Certified: true}}
	}
	long := "arn:aws:s3:::" + strings.Repeat("a", 1000)
	v := &diffView{regions: []gainedRegions{
		region(simulate.DeltaGained, "ana", long), region(simulate.DeltaGained, "eva", "arn:aws:s3:::logs"),
		region(simulate.DeltaLost, "ana", long), region(simulate.DeltaLost, "eva", "arn:aws:s3:::orders"),
	}}
	require.Equal(t, `
#### Proved: all that they gain, and nothing else

1 user in 1 account: `+"`eva` (111122223333)"+`

- `+"`s3:GetObject on arn:aws:s3:::logs`"+`

#### Proved: all that they lose, and nothing else

1 user in 1 account: `+"`eva` (111122223333)"+`

- `+"`s3:GetObject on arn:aws:s3:::orders`"+`

… and 2 more regions.
`, v.regionsMarkdown(0, 600))

	of := func(last string) []string {
		return []string{"arn:aws:s3:::a", "arn:aws:s3:::b", "arn:aws:s3:::c", "arn:aws:s3:::d", "arn:aws:s3:::e", "arn:aws:s3:::" + last}
	}
	v.regions = []gainedRegions{region(simulate.DeltaGained, "ana", of("x")...), region(simulate.DeltaGained, "eva", of("y")...), region(simulate.DeltaGained, "leo", of("y")...)}
	proved, _ := v.regionStories()
	require.Len(t, proved, 2)
	require.Len(t, proved[1].principals, 2)
}
