package serviceref_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/sar"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

const newer = `{"schema": "sar-facts/1", "asOf": "2027-01-02", "services": {
  "demo": {"name": "Demo", "rcp": true,
    "actions": {
      "PutThing": {"level": "Write", "resources": [{"type": "thing", "required": true, "keys": ["demo:Kind"]}], "keys": ["aws:RequestTag/${TagKey}"], "dependent": ["iam:PassRole", "demo:ListThings"]},
      "ListThings": {"level": "List"}},
    "resources": {"thing": {"arns": ["arn:${Partition}:demo:${Region}:${Account}:thing/${Id}"], "keys": ["demo:Tag/<key>"]}},
    "keys": {"demo:Kind": "ArrayOfString", "demo:Tag/<key>": "String", "aws:RequestTag/${TagKey}": "String"}},
  "sqs": {"name": "Queues", "actions": {"Send": {"level": "Write"}}}
}}`

func TestRead(t *testing.T) {
	t.Parallel()
	r, err := serviceref.Read([]byte(newer))
	require.NoError(t, err)
	require.Equal(t, serviceref.Embedded().Date(), r.Date(), "most services are that old")
	put, ok := r.Action("DEMO:putthing")
	require.True(t, ok)
	require.Equal(t, policy.Action("demo:PutThing"), put.Action())
	dependents, known := put.Dependents()
	require.True(t, known)
	require.Equal(t, []policy.Action{"demo:ListThings", "iam:PassRole"}, slices.Collect(dependents))
	require.True(t, put.HasKey("demo:kind"))
	require.True(t, put.HasKey("demo:Tag/team"))
	require.Equal(t, []string{"arn:${Partition}:demo:${Region}:${Account}:thing/${Id}"}, slices.Collect(r.ARNFormats("demo:PutThing")))
	list, _ := r.Action("demo:ListThings")
	_, known = list.Dependents()
	require.False(t, known)
	require.True(t, r.SupportsRCP("demo"))
	require.False(t, r.SupportsRCP("sqs"), "the newer file does not say so")
	k, ok := r.Key("demo:tag/x")
	require.True(t, ok)
	require.Equal(t, "demo:Tag/${TagKey}", k.Name)
	require.Equal(t, []policy.Action{"sqs:Send"}, slices.Collect(r.Actions("sqs:*")))
	_, ok = r.Action("s3:GetObject")
	require.True(t, ok)
	k, _ = r.Key("aws:PrincipalArn")
	require.Equal(t, serviceref.Signed, k.Presence)
	_, ok = serviceref.Embedded().Action("demo:PutThing")
	require.False(t, ok)
}

func TestReadImage(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("data/services.bin")
	require.NoError(t, err)
	r, err := serviceref.Read(src)
	require.NoError(t, err)
	require.Equal(t, serviceref.Embedded().Date(), r.Date())
	require.Equal(t, slices.Collect(serviceref.Embedded().Actions("*")), slices.Collect(r.Actions("*")))
	require.Equal(t, slices.Collect(serviceref.Embedded().Keys()), slices.Collect(r.Keys()))
	for _, n := range []int{0, 5, 9, 12, 100, len(src) / 8, len(src) / 2, len(src) - 1} {
		_, err := serviceref.Read(src[:n])
		require.Error(t, err, n)
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ src, want string }{
		"no JSON":   {`{"schema": `, `1:12: /schema: `},
		"empty":     {`{}`, "1:1: /: no \"schema\"\n1:1: /: no \"asOf\"\n1:1: /: no \"services\""},
		"array":     {`[]`, `1:1: /: an array; want an object`},
		"schema":    {`{"schema": "x", "asOf": "2027-01-01", "services": {}}`, `1:12: /schema: "x"; want "sar-facts/1"`},
		"date":      {`{"schema": "sar-facts/1", "asOf": "soon", "services": {}}`, `1:35: /asOf: "soon"; want a day such as "2026-09-26"`},
		"level":     {facts(`"actions": {"A": {"level": "Odd"}}`), `/services/demo/actions/A/level: "Odd" is no access level; want List`},
		"no level":  {facts(`"actions": {"A": {}}`), `/services/demo/actions/A: no "level"`},
		"twice":     {facts(`"actions": {"A": {"level": "Read"}, "a": {"level": "Read"}}`), `/services/demo/actions/a: "a" stands twice`},
		"type":      {facts(`"actions": {"A": {"level": "Read", "resources": [{"type": "x"}]}}`), `resources/0/type: no resource type "x"; declare it`},
		"key":       {facts(`"actions": {"A": {"level": "Read", "keys": ["demo:X"]}}`), `keys/0: no condition key "demo:X"; declare it`},
		"key type":  {facts(`"keys": {"demo:X": "Text"}`), `/services/demo/keys/demo:X: "Text" is no type`},
		"dependent": {facts(`"actions": {"A": {"level": "Read", "dependent": ["iam:None"]}}`), `dependent/0: no action "iam:None"`},
		"arn":       {facts(`"resources": {"x": {"arns": ["arn:x"]}}`), `arns/0: "arn:x" is no ARN format; want six parts`},
		"member":    {facts(`"Actions": {}`), `/services/demo/Actions: no such member; want name`},
		"kind":      {facts(`"rcp": 1`), `/services/demo/rcp: a number; want true or false`},
		"service":   {`{"schema": "sar-facts/1", "asOf": "2027-01-01", "services": {"a:b": {}}}`, `"a:b" is no service prefix`},
	} {
		_, err := serviceref.Read([]byte(test.src))
		require.Error(t, err, name)
		require.Contains(t, err.Error(), test.want, name)
		require.Regexp(t, `^\d+:\d+: /`, err.Error(), name)
	}
}

func facts(service string) string {
	return `{"schema": "sar-facts/1", "asOf": "2027-01-01", "services": {"demo": {` + service + `}}}`
}

// FuzzRead: any bytes give an error or a reference whose every entry can be read.
func FuzzRead(f *testing.F) {
	f.Add([]byte(newer))
	f.Add([]byte(facts(`"actions": {"A": {"level": "Read"}}`)))
	f.Add([]byte(strings.Repeat("[", 100)))
	for _, encode := range []func(*sar.Facts) ([]byte, error){sar.Encode, sar.EncodeFast} {
		small, err := sar.ParseJSON([]byte(newer), func(string) bool { return true })
		require.NoError(f, err)
		small.Services[0].Actions[0].Dependents = nil
		src, err := encode(small)
		require.NoError(f, err)
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		r, err := serviceref.Read(src)
		if err != nil {
			return
		}
		for name := range r.Actions("demo:*") {
			a, ok := r.Action(name)
			if !ok {
				t.Fatalf("%q is not found", name)
			}
			for x := range a.Resources() {
				x.Type.Name()
			}
			for k := range a.Keys() {
				a.HasKey(k.Name)
			}
			a.Dependents()
		}
	})
}
