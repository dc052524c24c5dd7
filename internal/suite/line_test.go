package suite_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/suite"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// readLine reads a file of one case.
func readLine(line string) (*suite.Case, error) {
	f, err := suite.Read("t.txtar", []byte("-- cases --\n"+line+"\n"))
	if err != nil {
		return nil, err
	}
	cases := slices.Collect(f.Cases())
	if len(cases) != 1 {
		return nil, fmt.Errorf("%d cases", len(cases))
	}
	return cases[0], nil
}

// What a line of a case file says.
func TestLines(t *testing.T) {
	const head = "allowed * s3:GetObject "
	for _, test := range []struct {
		line     string
		resource string
		keys     map[string][]string
	}{
		{"*", "", nil},
		{"-", "", nil},
		{"arn:aws:s3:::logs/a,b=c", "arn:aws:s3:::logs/a,b=c", nil},
		{`"arn:aws:s3:::logs/a b"`, "arn:aws:s3:::logs/a b", nil},
		{`arn:aws:s3:::logs/"a b"#c`, "arn:aws:s3:::logs/a b#c", nil},
		{`"arn:aws:s3:::logs/\"a\\"`, `arn:aws:s3:::logs/"a\`, nil},
		{`arn:aws:s3:::logs/a\b`, `arn:aws:s3:::logs/a\b`, nil},
		{"* # aws:UserAgent=a", "", nil},
		{"*\taws:UserAgent=a\t#b", "", map[string][]string{"aws:UserAgent": {"a"}}},
		{"* aws:UserAgent=a#b", "", map[string][]string{"aws:UserAgent": {"a#b"}}},
		{"* aws:UserAgent=a=b", "", map[string][]string{"aws:UserAgent": {"a=b"}}},
		{`* aws:UserAgent="a, b"`, "", map[string][]string{"aws:UserAgent": {"a, b"}}},
		{"* aws:TagKeys=a,b", "", map[string][]string{"aws:TagKeys": {"a", "b"}}},
		{`* aws:TagKeys="a,b",c,"d e"f`, "", map[string][]string{"aws:TagKeys": {"a,b", "c", "d ef"}}},
		{`* aws:TagKeys="",a`, "", map[string][]string{"aws:TagKeys": {"", "a"}}},
		{"* aws:UserAgent=", "", map[string][]string{}},
	} {
		c, err := readLine(head + test.line)
		require.NoError(t, err, test.line)
		require.NotContains(t, suite.Text("", c.Request), "\n")
		require.Equal(t, test.resource, c.Request.Resource.String(), test.line)
		got := maps.Collect(c.Request.Keys.All())
		if len(test.keys) == 0 {
			require.Empty(t, got, test.line)
			continue
		}
		require.Equal(t, test.keys, got, test.line)
	}
}

// A request is read again from its text.
func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.SampledFrom([]rune("a,b \"\\#=é?*/-\t")), 0, 6, -1)
		r := simulate.Request{Principal: policy.AnonymousPrincipal(), Action: "s3:GetObject"}
		if rapid.Bool().Draw(t, "resource") {
			a, err := policy.ParseARN("arn:aws:s3:::logs/" + word.Draw(t, "object"))
			if err != nil {
				t.Fatal(err)
			}
			r.Resource = a
		}
		for _, key := range []string{"aws:UserAgent", "aws:TagKeys"} {
			r.Keys = r.Keys.With(key, rapid.SliceOfN(word, 1, 3).Draw(t, key)...)
		}
		c, err := readLine(suite.Text("denied", r))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := c.Request.Resource, r.Resource; got != want {
			t.Fatalf("resource %s, want %s", got, want)
		}
		got, want := maps.Collect(c.Request.Keys.All()), maps.Collect(r.Keys.All())
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("keys %q, want %q: %s", got, want, strings.TrimSpace(c.Text))
		}
	})
}

// A principal that a gap may hide is not refused.
func TestGaps(t *testing.T) {
	src := func(gap string) []byte {
		return []byte(`-- org.json --
{"accounts": [{"id": "111122223333"}], "gaps": [` + gap + `]}
-- cases --
indeterminate  arn:aws:sts::111122223333:assumed-role/app/s1  sqs:SendMessage  arn:aws:sqs:eu-west-1:111122223333:orders
`)
	}
	for gap, refused := range map[string]bool{
		``: true,
		`{"subject": "arn:aws:iam::111122223333:role/svc/app", "what": "everything"}`:   false,
		`{"subject": "111122223333", "what": "everything"}`:                             false,
		`{"subject": "arn:aws:iam::111122223333:role/svc/other", "what": "everything"}`: true,
	} {
		f, err := suite.Read("t.txtar", src(gap))
		require.NoError(t, err, gap)
		for c := range f.Cases() {
			r := c.Decide(f.World)
			require.Equal(t, refused, r.Err != nil, "%s: %v", gap, r.Err)
			require.Equal(t, !refused, r.Pass, "%s: %s", gap, r.Failure(""))
		}
	}
}
