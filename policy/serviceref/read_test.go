package serviceref_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

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
	require.True(t, supportsRCP(r, "demo"))
	require.True(t, supportsRCP(r, "sqs"), "a file that does not say so takes nothing out")
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
		"aws name":  {`{"Actions": []}`, `: no "Name"; want the prefix of the service`},
		"aws none":  {`{"Name": "demo", "Actions": []}`, `/Actions: no actions`},
		"aws level": {awsAction(``), `/Actions/0: no "Annotations" with "Properties"`},
		"aws type":  {awsAction(awsLevel + `, "Resources": [{"Name": "x"}]`), `/Actions/0/Resources/0: no resource type "x"; declare it`},
		"aws key":   {awsAction(awsLevel + `, "ActionConditionKeys": ["demo:X"]`), `ActionConditionKeys/0: no condition key "demo:X"; declare it`},
		"aws types": {`{"Name": "demo", "Actions": [], "ConditionKeys": [{"Name": "demo:X", "Types": ["Map"]}]}`, `/ConditionKeys/0/Types/0: "Map" is no type`},
		"service":   {`{"schema": "sar-facts/1", "asOf": "2027-01-01", "services": {"a:b": {}}}`, `"a:b" is no service prefix`},
	} {
		_, err := serviceref.Read([]byte(test.src))
		require.Error(t, err, name)
		require.Contains(t, err.Error(), test.want, name)
		require.Regexp(t, `^\d+:\d+: /`, err.Error(), name)
	}
}

const awsLevel = `, "Annotations": {"Properties": {"IsWrite": true}}`

func awsAction(rest string) string {
	return `{"Name": "demo", "Actions": [{"Name": "A"` + rest + `}]}`
}

func facts(service string) string {
	return `{"schema": "sar-facts/1", "asOf": "2027-01-01", "services": {"demo": {` + service + `}}}`
}

const aws = `{"Name": "demo", "Version": "v1.4",
  "Actions": [
    {"Name": "PutThing", "ActionConditionKeys": ["demo:Kind", "aws:RequestTag/${TagKey}"], "Annotations": {"Properties": {"IsList": false, "IsWrite": true}},
     "Resources": [{"Name": "thing"}], "SupportedBy": {"IAM Action Last Accessed": false}},
    {"Name": "Grant", "Annotations": {"Properties": {"IsWrite": true, "IsPermissionManagement": true}}}],
  "Resources": [{"Name": "thing", "ARNFormats": ["arn:${Partition}:demo:${Region}:${Account}:thing/${Id}"], "ConditionKeys": ["demo:Kind"]}],
  "ConditionKeys": [{"Name": "demo:Kind", "Types": ["ArrayOfString"]}],
  "Operations": [{"Name": "PutThing"}]}`

// A file of AWS's service reference gives a service that was not known.
func TestReadAWS(t *testing.T) {
	t.Parallel()
	r, err := serviceref.Read([]byte(aws))
	require.NoError(t, err)
	require.Equal(t, serviceref.Embedded().Date(), r.Date(), "such files have no date")
	put, ok := r.Action("demo:PutThing")
	require.True(t, ok)
	require.Equal(t, serviceref.LevelWrite, put.Level())
	require.True(t, put.HasKey("aws:RequestTag/team"), "a global key need not be declared")
	_, known := put.Dependents()
	require.False(t, known)
	grant, _ := r.Action("demo:Grant")
	require.Equal(t, serviceref.LevelPermissionsManagement, grant.Level())
	k, _ := r.Key("demo:Kind")
	require.True(t, k.Multivalued)
	_, ok = r.Action("s3:GetObject")
	require.True(t, ok)
}

// What AWS's files do not say of a service stays as it was.
func TestReadAWSKeeps(t *testing.T) {
	t.Parallel()
	r, err := serviceref.Read([]byte(`{"Name": "sqs", "Actions": [
		{"Name": "SendMessage", "Annotations": {"Properties": {"IsWrite": true}}, "Resources": [{"Name": "queue"}]},
		{"Name": "SendNew", "Annotations": {"Properties": {}}, "Resources": [{"Name": "queue"}, {"Name": "queue"}]}],
		"Resources": [{"Name": "queue", "ARNFormats": ["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"]}]}`))
	require.NoError(t, err)
	require.True(t, supportsRCP(r, "sqs"))
	s, _ := r.Service("sqs")
	require.Equal(t, "Amazon SQS", s.Name)
	require.Equal(t, []policy.Action{"sqs:SendMessage", "sqs:SendNew"}, slices.Collect(r.Actions("sqs:*")))
	for name, want := range map[policy.Action]bool{"sqs:SendMessage": true, "sqs:SendNew": false} {
		a, _ := r.Action(name)
		resources := slices.Collect(a.Resources())
		require.Len(t, resources, 1, name)
		require.Equal(t, want, resources[0].Required, name)
	}
	send, _ := r.Action("sqs:SendMessage")
	_, known := send.Dependents()
	require.True(t, known)
}

func TestReadFS(t *testing.T) {
	t.Parallel()
	dir := fstest.MapFS{
		"demo.json":    {Data: []byte(aws)},
		"mapping.json": {Data: []byte(`{"SDK": {}}`)},
		"list.json":    {Data: []byte(`[{"service": "demo", "url": "https://example.com/demo.json"}]`)},
		"other.json":   {Data: []byte(strings.ReplaceAll(aws, "demo", "other"))},
		"README":       {Data: []byte("not read")},
	}
	r, err := serviceref.ReadFS(dir)
	require.NoError(t, err)
	for _, a := range []policy.Action{"demo:PutThing", "other:PutThing", "s3:GetObject"} {
		_, ok := r.Action(a)
		require.True(t, ok, a)
	}
	dir["again.json"] = &fstest.MapFile{Data: []byte(facts(`"name": "Demo"`))}
	dir["wrong.json"] = &fstest.MapFile{Data: []byte(`{"Name": "wrong", "Actions": [{"Name": "A"}, {"Name": "B"}]}`)}
	_, err = serviceref.ReadFS(dir)
	require.EqualError(t, err, "demo.json: the service demo stands in again.json, too\n"+
		"wrong.json:1:31: /Actions/0: no \"Annotations\" with \"Properties\", which say the access level; want a newer file\n"+
		"wrong.json:1:46: /Actions/1: no \"Annotations\" with \"Properties\", which say the access level; want a newer file")
	_, err = serviceref.ReadFS(fstest.MapFS{})
	require.ErrorContains(t, err, "no facts; want files *.json")
}

// FuzzRead: any bytes give an error or a reference whose every entry can be read.
func FuzzRead(f *testing.F) {
	f.Add([]byte(newer))
	f.Add([]byte(aws))
	f.Add([]byte(facts(`"actions": {"A": {"level": "Read"}}`)))
	f.Add([]byte(strings.Repeat("[", 100)))
	for _, encode := range []func(*sar.Facts) ([]byte, error){sar.Encode, sar.EncodeFast} {
		small, err := sar.ParseJSON([]byte(newer), sar.Known{Action: func(string) bool { return true }})
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
