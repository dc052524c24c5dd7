package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
)

// What is written comes back byte for byte; encoding/json makes it compact.
func TestMarshalJSON(t *testing.T) {
	t.Parallel()
	orders, err := os.ReadFile("testdata/orders.json")
	require.NoError(t, err)
	for _, src := range []string{
		string(orders),
		" \r\n\t{ \"Statement\" :\t[ ] } \n",
		`{"Statement":{"Effect":"Allow","Action":["s3:*"],"Resource":"*"},"Version":"2008-10-17"}`,
		one(`"Action":"\u0073\u0033:*","Effect":"\u0041llow","Sid":"é \/","Condition":{"Bool":{"a:b":[true,"true"]},"NumericEquals":{"a:c":1.0e+1},"Null":{}}`),
	} {
		d, err := policy.Parse([]byte(src))
		require.NoError(t, err)
		got, err := d.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, src, string(got))
		require.Equal(t, src, string(d.Source()))
		require.Equal(t, src, d.String())

		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, []byte(src)))
		got, err = json.Marshal(d)
		require.NoError(t, err)
		require.Equal(t, compact.String(), string(got))
		require.Equal(t, utf8.RuneCount(compact.Bytes()), d.Size(policy.IdentityBased))

		again, err := policy.Parse(d.Indent())
		require.NoError(t, err)
		require.True(t, d.Equal(again))
		require.Empty(t, cmp.Diff(statements(d), statements(again)))
	}
	text, err := json.Marshal(struct{ None *policy.Document }{})
	require.NoError(t, err)
	require.Equal(t, `{"None":null}`, string(text))
}

func TestSize(t *testing.T) {
	t.Parallel()
	src := "{ \"Id\": \"é €\u00a0😀 \",\n\t\"Statement\": [] }\r\n"
	d, err := policy.Parse([]byte(src))
	require.NoError(t, err)
	for k := policy.IdentityBased; k <= policy.VPCEndpoint; k++ {
		want := len([]rune(src))
		if k == policy.IdentityBased || k == policy.RoleTrust || k == policy.PermissionsBoundary {
			want = len([]rune("{\"Id\":\"é €\u00a0😀 \",\"Statement\":[]}"))
		}
		require.Equal(t, want, d.Size(k), k)
	}
}

func TestPosition(t *testing.T) {
	t.Parallel()
	src := []byte("{\"Statement\": [\n  {\"Effect\": \"Allow\", \"Action\": [\"s3:*\",\n    \"sqs:*\"], \"Condition\": {\"Bool\": {\"a/b~c\": true}}}]}")
	d, err := policy.Parse(src)
	require.NoError(t, err)
	for path, want := range map[string]policy.Position{
		"":                                    {Offset: 0, Line: 1, Column: 1},
		"/Statement":                          {Offset: 14, Line: 1, Column: 15},
		"/Statement/0":                        {Offset: 18, Line: 2, Column: 3},
		"/Statement/0/Effect":                 {Offset: 29, Line: 2, Column: 14},
		"/Statement/0/Action/1":               {Offset: bytes.Index(src, []byte(`"sqs`)), Line: 3, Column: 5},
		"/Statement/0/Condition/Bool/a~1b~0c": {Offset: bytes.Index(src, []byte(`true`)), Line: 3, Column: 47},
	} {
		got, ok := d.Position(path)
		require.True(t, ok, path)
		require.Equal(t, want, got, path)

		at, err := policy.ParseAt("orders.tf", policy.Position{Offset: 500, Line: 20, Column: 11}, src)
		require.NoError(t, err)
		require.Equal(t, "orders.tf", at.File())
		shifted, ok := at.Position(path)
		require.True(t, ok, path)
		want.Offset += 500
		if want.Line == 1 {
			want.Column += 10
		}
		want.Line += 19
		require.Equal(t, want, shifted, path)
	}
	for _, path := range []string{"Statement", "/", "/Statement/1", "/Statement/00", "/Statement/-1", "/Statement/0/Sid", "/Statement/0/Effect/0", "/Statement/0/Action/2"} {
		_, ok := d.Position(path)
		require.False(t, ok, path)
	}

	single, err := policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "*"}}`))
	require.NoError(t, err)
	for path, column := range map[string]int{"/Statement/0": 15, "/Statement": 15, "/Statement/0/Action": 45, "/Statement/Action": 45} {
		got, ok := single.Position(path)
		require.True(t, ok, path)
		require.Equal(t, policy.Position{Offset: column - 1, Line: 1, Column: column}, got, path)
	}
	for _, path := range []string{"/Statement/1", "/Statement/0Effect", "/Statement/0/0", "/Statement/00/Action"} {
		_, ok := single.Position(path)
		require.False(t, ok, path)
	}
}

func TestCheckKind(t *testing.T) {
	t.Parallel()
	all := []policy.Kind{
		policy.IdentityBased, policy.ResourceBased, policy.RoleTrust, policy.PermissionsBoundary,
		policy.SessionPolicy, policy.ServiceControl, policy.ResourceControl, policy.VPCEndpoint,
	}
	const noPrincipal = "not allowed in a policy of kind %s: the principals are those that it is attached to; "
	for _, tt := range []struct {
		name, src string
		want      map[policy.Kind][]string // the others accept it
	}{
		{"plain", one(`"Effect":"Allow","Action":"*"`), nil},
		{"principal", one(`"Effect":"Allow","Action":"*","Principal":"*"`), map[policy.Kind][]string{
			policy.IdentityBased: {"1:59: /Statement/0/Principal: " + noPrincipal + "remove it"}, policy.PermissionsBoundary: {"1:59: /Statement/0/Principal: " + noPrincipal + "remove it"},
			policy.SessionPolicy: {"1:59: /Statement/0/Principal: " + noPrincipal + "remove it"}, policy.ServiceControl: {"1:59: /Statement/0/Principal: " + noPrincipal + "remove it"},
		}},
		{"not principal", one(`"Effect":"Deny","Action":"*","NotPrincipal":{"AWS":"*"}`), map[policy.Kind][]string{
			policy.IdentityBased: {"1:61: /Statement/0/NotPrincipal: " + noPrincipal + "use a condition on aws:PrincipalArn"}, policy.PermissionsBoundary: {"1:61: /Statement/0/NotPrincipal: " + noPrincipal + "use a condition on aws:PrincipalArn"},
			policy.SessionPolicy: {"1:61: /Statement/0/NotPrincipal: " + noPrincipal + "use a condition on aws:PrincipalArn"}, policy.ServiceControl: {"1:61: /Statement/0/NotPrincipal: " + noPrincipal + "use a condition on aws:PrincipalArn"},
			policy.ResourceControl: {`1:61: /Statement/0/NotPrincipal: not allowed in an RCP; want "Principal": "*" and a condition on aws:PrincipalArn`},
		}},
		{"resource, single object", `{"Statement": {"Effect":"Allow","Action":"*","Resource":"*"}}`, map[policy.Kind][]string{
			policy.RoleTrust: {"1:57: /Statement/0/Resource: not allowed in a trust policy: the resource is the role; remove it"},
		}},
		{"not resource", one(`"Effect":"Allow","Action":"*","NotResource":"*"`), map[policy.Kind][]string{
			policy.RoleTrust: {"1:61: /Statement/0/NotResource: not allowed in a trust policy: the resource is the role; remove it"},
		}},
		{"short ARNs", one(`"Effect":"Allow","Action":"*","Resource":["*","arn:aws:s3:::logs","arn:${a:b}:c:d:e:f","**"]`), map[policy.Kind][]string{
			policy.RoleTrust: {"1:58: /Statement/0/Resource: not allowed in a trust policy: the resource is the role; remove it"},
		}},
		{"short ARNs, in source order", one("\"Effect\":\"Allow\",\"Action\":\"*\",\n\"Resource\":[\"*\",\"arn:aws:s3:*\"],\"Principal\":\"*\"}, {\"Effect\":\"Deny\",\"Action\":\"*\",\"NotResource\":\"arn:${a:b:c:d}:e\""), map[policy.Kind][]string{
			policy.SessionPolicy: {
				`2:17: /Statement/0/Resource/1: "arn:aws:s3:*" has fewer than six ARN parts; STS refuses such a session policy, want arn:partition:service:region:account:resource`,
				"2:45: /Statement/0/Principal: " + noPrincipal + "remove it",
				`2:95: /Statement/1/NotResource: "arn:${a:b:c:d}:e" has fewer than six ARN parts; STS refuses such a session policy, want arn:partition:service:region:account:resource`,
			},
			policy.IdentityBased: {"2:45: /Statement/0/Principal: " + noPrincipal + "remove it"}, policy.PermissionsBoundary: {"2:45: /Statement/0/Principal: " + noPrincipal + "remove it"},
			policy.ServiceControl: {"2:45: /Statement/0/Principal: " + noPrincipal + "remove it"},
			policy.RoleTrust: {
				"2:12: /Statement/0/Resource: not allowed in a trust policy: the resource is the role; remove it",
				"2:95: /Statement/1/NotResource: not allowed in a trust policy: the resource is the role; remove it",
			},
		}},
	} {
		d, err := policy.Parse([]byte(tt.src))
		require.NoError(t, err, tt.name)
		for _, k := range all {
			err := withoutMissing(d.CheckKind(k))
			if len(tt.want[k]) == 0 {
				require.NoError(t, err, "%s as %s", tt.name, k)
				continue
			}
			want := strings.ReplaceAll(strings.Join(tt.want[k], "\n"), "%s", k.String())
			require.EqualError(t, err, want, "%s as %s", tt.name, k)
			var list policy.ParseErrors
			require.ErrorAs(t, err, &list)
		}
	}
	d, err := policy.ParseAt("trust.json", policy.Position{Line: 3, Column: 5, Offset: 30}, []byte(`{"Statement": {"Effect":"Allow","Action":"*","Resource":"*"}}`))
	require.NoError(t, err)
	require.ErrorContains(t, d.CheckKind(policy.RoleTrust), "trust.json:3:61: /Statement/0/Resource: ")
}

// Many problems of a big document do not take the square of its size.
func TestCheckKindBig(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for range 10_000 {
		b.WriteString(`{"Effect":"Allow","Action":"*","Principal":"*","Resource":"arn:x"},`)
	}
	d, err := policy.Parse([]byte(`{"Statement":[` + strings.TrimSuffix(b.String(), ",") + `]}`))
	require.NoError(t, err)
	var list policy.ParseErrors
	require.ErrorAs(t, d.CheckKind(policy.SessionPolicy), &list)
	require.Len(t, list, 20_000)
	require.True(t, slices.IsSortedFunc(list, func(a, b *policy.ParseError) int { return a.Position.Offset - b.Position.Offset }))
}

func TestDocumentEqual(t *testing.T) {
	t.Parallel()
	parse := func(s string) *policy.Document { return policy.Must(policy.Parse([]byte(s))) }
	a := parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Condition":{"NumericEquals":{"a:b":1.0}}}}`)
	require.True(t, a.Equal(a))
	require.True(t, a.Equal(parse(strings.NewReplacer(":{", " :\n {", ",", " , ").Replace(a.String()))))
	for from, to := range map[string]string{`"s3:*"`: `["s3:*"]`, `1.0`: `1.00`, `Allow`: `\u0041llow`, `2012-10-17`: `2008-10-17`} {
		require.False(t, a.Equal(parse(strings.Replace(a.String(), from, to, 1))), to)
	}
	require.False(t, a.Equal(nil))
	require.False(t, (*policy.Document)(nil).Equal(a))
	require.True(t, (*policy.Document)(nil).Equal(nil))
	require.Empty(t, cmp.Diff(a, parse(a.String())), "go-cmp uses Equal")
}

func TestMust(t *testing.T) {
	t.Parallel()
	require.PanicsWithValue(t, "policy: 1:1: /Statement: missing; want a statement or an array of statements", func() {
		policy.Must(policy.Parse([]byte("{}")))
	})
}

// Whatever a caller does with what it put in or got out, the document stays.
func TestDocumentIsImmutable(t *testing.T) {
	t.Parallel()
	src := []byte(`{"Statement":[{"Sid":"A","Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Principal":{"AWS":["111122223333","444455556666"]},"Condition":{"Bool":{"a:b":["true"]}}}]}`)
	want := string(src)
	d, err := policy.Parse(src)
	require.NoError(t, err)
	before := statements(d)

	for i := range src {
		src[i] = 'x'
	}
	for _, b := range [][]byte{d.Source(), d.Indent(), must(d.MarshalJSON())} {
		for i := range b {
			b[i] = 'x'
		}
	}
	s := d.Statement(0)
	s.SID, s.Effect = "B", policy.Deny
	s.Condition.And("Bool", "a:c", "true")
	s.Condition.And("Bool", "a:d", "true")
	s.Principal.And(policy.ServicePrincipalType, "ec2.amazonaws.com")
	s.Action = policy.List("*")
	_, err = d.Append(s)
	require.NoError(t, err)
	_, err = d.Replace(0, s)
	require.NoError(t, err)
	d.Remove(0)

	require.Equal(t, want, d.String())
	require.Empty(t, cmp.Diff(before, statements(d)))

	list := []string{"s3:GetObject", "s3:PutObject"}
	p := policy.List(list...)
	c := policy.When("StringEquals", "aws:username", list...)
	list[0] = "iam:*"
	require.Equal(t, "s3:GetObject", p.At(0))
	require.Equal(t, 2, p.Len())
	for cond := range c.All() {
		require.True(t, cond.Values.Equal(policy.List("s3:GetObject", "s3:PutObject")))
	}
	left, right := c.And("Bool", "a:l", "true"), c.And("Bool", "a:r", "true")
	require.False(t, left.Equal(right), "two continuations of one value do not share memory")
	require.Equal(t, 1, c.Len())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// withoutMissing leaves out what TestPrincipalIsRequired is about.
func withoutMissing(err error) error {
	list, ok := errors.AsType[policy.ParseErrors](err)
	if !ok {
		return err
	}
	var rest policy.ParseErrors
	for _, e := range list {
		if !strings.HasPrefix(e.Err.Error(), "Principal is missing") {
			rest = append(rest, e)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return rest
}

func TestPrincipalIsRequired(t *testing.T) {
	d, err := policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "sqs:*", "Principal": "*"},
  {"Effect": "Deny", "Action": "sqs:*"}]}`))
	require.NoError(t, err)
	for _, k := range []policy.Kind{policy.ResourceBased, policy.RoleTrust, policy.ResourceControl, policy.VPCEndpoint} {
		require.EqualError(t, d.CheckKind(k), `3:3: /Statement/1: Principal is missing, which a policy of kind `+k.String()+` must have; want "Principal": "*" or an object such as {"AWS": "111122223333"}`)
	}
}
