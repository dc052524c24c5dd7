package policy_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
)

// parseErrors parses what must be wrong and returns the errors, a line each.
func parseErrors(t *testing.T, src string) []string {
	t.Helper()
	d, err := policy.Parse([]byte(src))
	require.Nil(t, d)
	var list policy.ParseErrors
	require.ErrorAs(t, err, &list)
	require.NotEmpty(t, list)
	return strings.Split(err.Error(), "\n")
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	const (
		aws   = `want "*", or an object such as {"AWS": "111122223333"}`
		cond  = `want a string, number or boolean, or an array of them`
		list  = `want a string or an array of strings`
		types = `want AWS, Service, Federated or CanonicalUser`
	)
	for _, tt := range []struct {
		name string
		src  string
		want []string
	}{
		// Not JSON.
		{"empty", "", []string{"1:1: empty; want one JSON value"}},
		{"white space", " \n\t", []string{"1:1: empty; want one JSON value"}},
		{"truncated", "{\"Statement\": [\n  {\"Effect\": \"Al", []string{`2:17: /Statement/0/Effect: the text ends in the middle of a JSON value; it looks truncated`}},
		{"truncated after a comma", `{"Statement": [],`, []string{`1:18: the text ends in the middle of a JSON value; it looks truncated`}},
		{"trailing", "{\"Statement\": []}\n x", []string{`2:2: text after the JSON value; remove it`}},
		{"two documents", "{\"Statement\": []}\n{}", []string{`2:1: text after the JSON value; remove it`}},
		{"byte order mark", "\xef\xbb\xbf{}", []string{`1:1: byte order mark before the JSON text; save the file as UTF-8 without it`}},
		{"not UTF-8", "{\n\"Id\": \"a\xff\"}", []string{`2:9: /Id: byte 0xff is not UTF-8; save the file as UTF-8`}},
		{"not UTF-8 in a name", "{\"\xc3\x28\": 1}", []string{`1:3: byte 0xc3 is not UTF-8; save the file as UTF-8`}},
		{"UTF-16", "\xff\xfe{\x00", []string{"1:1: invalid character '\\xff' at start of value"}},

		// The document.
		{"an array", `[]`, []string{`1:1: the document is an array; want an object with Version and Statement`}},
		{"a string", ` "x"`, []string{`1:2: the document is a string; want an object with Version and Statement`}},
		{"a number", `1`, []string{`1:1: the document is a number; want an object with Version and Statement`}},
		{"a boolean", `true`, []string{`1:1: the document is a boolean; want an object with Version and Statement`}},
		{"null", `null`, []string{`1:1: the document is null; want an object with Version and Statement`}},
		{"no statement", ` {}`, []string{`1:2: /Statement: missing; want a statement or an array of statements`}},
		{"unknown element", `{"Comment": "x", "Statement": []}`, []string{`1:2: /Comment: unknown element "Comment"; want Version, Id or Statement`}},
		{"case of elements", `{"version": "2012-10-17", "statement": []}`, []string{
			`1:1: /Statement: missing; want a statement or an array of statements`,
			`1:2: /version: unknown element "version"; did you mean "Version"?`,
			`1:27: /statement: unknown element "statement"; did you mean "Statement"?`,
		}},
		{"unknown version", `{"Version": "2012-10-18", "Statement": []}`, []string{`1:13: /Version: unknown version "2012-10-18"; want "2012-10-17"`}},
		{"version is a number", `{"Version": 2012, "Statement": []}`, []string{`1:13: /Version: is a number; want a string`}},
		{"id is null", `{"Id": null, "Statement": []}`, []string{`1:8: /Id: is null; want a string`}},
		{"statement is a string", `{"Statement": "x"}`, []string{`1:15: /Statement: is a string; want a statement or an array of statements`}},
		{"statement is null", `{"Statement": null}`, []string{`1:15: /Statement: is null; want a statement or an array of statements`}},
		{"statement in an array", `{"Statement": [[]]}`, []string{`1:16: /Statement/0: the statement is an array; want an object`}},
		{"pointers are escaped", `{"a/b~c": 1, "Statement": []}`, []string{`1:2: /a~1b~0c: unknown element "a/b~c"; want Version, Id or Statement`}},

		// A statement.
		{"empty statement", `{"Statement": {}}`, []string{
			`1:15: /Statement/Effect: missing; want "Allow" or "Deny"`,
			`1:15: /Statement/Action: missing; want Action or NotAction`,
		}},
		{"unknown element in a statement", one(`"Effect":"Allow","Action":"*","Resources":"*"`), []string{`1:47: /Statement/0/Resources: unknown element "Resources"; did you mean "Resource"?`}},
		{"sid", one(`"Sid":1,"Effect":"Allow","Action":"*"`), []string{`1:23: /Statement/0/Sid: is a number; want a string`}},
		{"effect type", one(`"Effect":true,"Action":"*"`), []string{`1:26: /Statement/0/Effect: is a boolean; want a string`}},
		{"effect case", one(`"Effect":"deny","Action":"*"`), []string{`1:26: /Statement/0/Effect: unknown effect "deny"; want "Allow" or "Deny", in this spelling`}},
		{"effect empty", one(`"Effect":"","Action":"*"`), []string{`1:26: /Statement/0/Effect: unknown effect ""; want "Allow" or "Deny", in this spelling`}},
		{"action type", one(`"Effect":"Allow","Action":{}`), []string{`1:43: /Statement/0/Action: is an object; ` + list}},
		{"action element type", one(`"Effect":"Allow","Action":["s3:*",1]`), []string{`1:51: /Statement/0/Action/1: is a number; ` + list}},
		{"action nested", one(`"Effect":"Allow","Action":[["s3:*"]]`), []string{`1:44: /Statement/0/Action/0: is an array; ` + list}},
		{"action empty", one(`"Effect":"Allow","Action":[]`), []string{`1:43: /Statement/0/Action: is an empty array; want at least one value`}},
		{"not action null", one(`"Effect":"Allow","NotAction":null`), []string{`1:46: /Statement/0/NotAction: is null; ` + list}},
		{"not action empty", one(`"Effect":"Allow","NotAction":[]`), []string{`1:46: /Statement/0/NotAction: is an empty array; want at least one value`}},
		{"wildcard prefix", one(`"Effect":"Allow","Action":"s*:Get*"`), []string{`1:43: /Statement/0/Action: "s*:Get*" has a wildcard in the service prefix; want one service, such as "s3:*", or "*" for all`}},
		{"wildcard prefix in a list", one(`"Effect":"Allow","NotAction":["s3:*", "?:x"]`), []string{`1:55: /Statement/0/NotAction/1: "?:x" has a wildcard in the service prefix; want one service, such as "s3:*", or "*" for all`}},
		{"resource type", one(`"Effect":"Allow","Action":"*","Resource":false`), []string{`1:58: /Statement/0/Resource: is a boolean; ` + list}},
		{"resource empty", one(`"Effect":"Allow","Action":"*","Resource":[ ]`), []string{`1:58: /Statement/0/Resource: is an empty array; want at least one value`}},
		{"not resource type", one(`"Effect":"Allow","Action":"*","NotResource":[null]`), []string{`1:62: /Statement/0/NotResource/0: is null; ` + list}},
		{"not resource empty", one(`"Effect":"Allow","Action":"*","NotResource":[]`), []string{`1:61: /Statement/0/NotResource: is an empty array; want at least one value`}},
		{"both of each", one("\"NotAction\":\"*\",\n\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\n\"NotResource\":\"*\",\"Principal\":\"*\",\"NotPrincipal\":\"*\""), []string{
			`1:17: /Statement/0/NotAction: stands beside Action; keep one of the two`,
			`3:1: /Statement/0/NotResource: stands beside Resource; keep one of the two`,
			`3:35: /Statement/0/NotPrincipal: stands beside Principal; keep one of the two`,
		}},

		// Principals.
		{"principal string", one(`"Effect":"Allow","Action":"*","Principal":"111122223333"`), []string{`1:59: /Statement/0/Principal: is the string "111122223333"; ` + aws}},
		{"principal array", one(`"Effect":"Allow","Action":"*","Principal":["*"]`), []string{`1:59: /Statement/0/Principal: is an array; ` + aws}},
		{"principal null", one(`"Effect":"Allow","Action":"*","NotPrincipal":null`), []string{`1:62: /Statement/0/NotPrincipal: is null; ` + aws}},
		{"principal object empty", one(`"Effect":"Allow","Action":"*","Principal":{}`), []string{`1:59: /Statement/0/Principal: is an empty object; want at least one of AWS, Service, Federated or CanonicalUser`}},
		{"principal type case", one(`"Effect":"Allow","Action":"*","Principal":{"aws":"*"}`), []string{`1:60: /Statement/0/Principal/aws: unknown element "aws"; did you mean "AWS"?`}},
		{"principal type", one(`"Effect":"Allow","Action":"*","Principal":{"Google":"*"}`), []string{`1:60: /Statement/0/Principal/Google: unknown element "Google"; ` + types}},
		{"principal value", one(`"Effect":"Allow","Action":"*","Principal":{"AWS":111122223333}`), []string{`1:66: /Statement/0/Principal/AWS: is a number; ` + list}},
		{"principal values", one(`"Effect":"Allow","Action":"*","Principal":{"AWS":["*",{}]}`), []string{`1:71: /Statement/0/Principal/AWS/1: is an object; ` + list}},
		{"principal values empty", one(`"Effect":"Allow","Action":"*","Principal":{"Service":[]}`), []string{`1:70: /Statement/0/Principal/Service: is an empty array; want at least one value`}},

		// Conditions.
		{"condition type", one(`"Effect":"Allow","Action":"*","Condition":[]`), []string{`1:59: /Statement/0/Condition: is an array; want an object: operator, then key, then values`}},
		{"operator misspelt", one(`"Effect":"Allow","Action":"*","Condition":{"StringEqual":{"a:b":"c"}}`), []string{`1:60: /Statement/0/Condition/StringEqual: unknown condition operator "StringEqual"; did you mean "StringEquals"?`}},
		{"set operator misspelt", one(`"Effect":"Allow","Action":"*","Condition":{"ForAllValue:StringLik":{}}`), []string{`1:60: /Statement/0/Condition/ForAllValue:StringLik: unknown condition operator "ForAllValue:StringLik"; did you mean "ForAllValues:StringLike"?`}},
		{"operator if exists", one(`"Effect":"Allow","Action":"*","Condition":{"BoolIfExist":{}}`), []string{`1:60: /Statement/0/Condition/BoolIfExist: unknown condition operator "BoolIfExist"; did you mean "BoolIfExists"?`}},
		{"operator unknown", one(`"Effect":"Allow","Action":"*","Condition":{"Matches":{}}`), []string{`1:60: /Statement/0/Condition/Matches: unknown condition operator "Matches"; see the condition operators of the IAM User Guide`}},
		{"operator value", one(`"Effect":"Allow","Action":"*","Condition":{"Bool":true}`), []string{`1:67: /Statement/0/Condition/Bool: is a boolean; want an object of condition keys and values`}},
		{"empty key", one(`"Effect":"Allow","Action":"*","Condition":{"Bool":{"":"true"}}`), []string{`1:68: /Statement/0/Condition/Bool/: empty condition key`}},
		{"value null", one(`"Effect":"Allow","Action":"*","Condition":{"Bool":{"aws:x":null}}`), []string{`1:76: /Statement/0/Condition/Bool/aws:x: is null; ` + cond}},
		{"value object", one(`"Effect":"Allow","Action":"*","Condition":{"Bool":{"aws:x/y":[true,{}]}}`), []string{`1:84: /Statement/0/Condition/Bool/aws:x~1y/1: is an object; ` + cond}},
		{"values empty", one(`"Effect":"Allow","Action":"*","Condition":{"Bool":{"aws:x":[]}}`), []string{`1:76: /Statement/0/Condition/Bool/aws:x: is an empty array; want at least one value`}},

		// Duplicates, at every level; escapes make no difference.
		{"duplicate in the document", `{"Statement": [], "Id": "a", "I\u0064": "b", "Statement": []}`, []string{
			`1:30: /Id: duplicate member "Id"; AWS does not say which one counts, keep one`,
			`1:46: /Statement: duplicate member "Statement"; AWS does not say which one counts, keep one`,
		}},
		{"duplicate in a statement", one(`"Effect":"Deny","Action":"*","Effect":"Allow"`), []string{`1:46: /Statement/0/Effect: duplicate member "Effect"; AWS does not say which one counts, keep one`}},
		{"duplicate unknown", `{"X": 1, "X": 2, "Statement": []}`, []string{
			`1:2: /X: unknown element "X"; want Version, Id or Statement`,
			`1:10: /X: duplicate member "X"; AWS does not say which one counts, keep one`,
		}},
		{"duplicate principal type", one(`"Effect":"Deny","Action":"*","Principal":{"AWS":"*","AWS":"*"}`), []string{`1:69: /Statement/0/Principal/AWS: duplicate member "AWS"; AWS does not say which one counts, keep one`}},
		{"duplicate operator", one(`"Effect":"Deny","Action":"*","Condition":{"Bool":{},"Bool":{}}`), []string{`1:69: /Statement/0/Condition/Bool: duplicate member "Bool"; AWS does not say which one counts, keep one`}},
		{"duplicate key", one(`"Effect":"Deny","Action":"*","Condition":{"Bool":{"aws:x":"true","aws:x":"false"}}`), []string{`1:82: /Statement/0/Condition/Bool/aws:x: duplicate member "aws:x"; AWS does not say which one counts, keep one`}},
		{"duplicate among many", one(`"Effect":"Deny","Action":"*","Condition":{"Bool":{` + numbered(40) + `,"aws:k7":"true"}}`), []string{`1:737: /Statement/0/Condition/Bool/aws:k7: duplicate member "aws:k7"; AWS does not say which one counts, keep one`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, parseErrors(t, tt.src)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// one is a document with one statement in an array.
func one(members string) string { return `{"Statement": [{` + members + `}]}` }

// numbered is n condition keys.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"aws:k%d":"true",`, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// Everything is reported at once, in source order, with errors.As and Unwrap.
func TestParseReportsAllProblems(t *testing.T) {
	t.Parallel()
	src := `{
  "Version": "2012-10-18",
  "Statement": [
    {
      "Effect": "allow",
      "Resource": [],
      "Condition": {"StringLikes": {}}
    },
    {"Effect": "Deny", "NotAction": 7, "Principle": "*"}
  ],
  "Id": []
}
`
	want := []string{
		`2:14: /Version: unknown version "2012-10-18"; want "2012-10-17"`,
		`4:5: /Statement/0/Action: missing; want Action or NotAction`,
		`5:17: /Statement/0/Effect: unknown effect "allow"; want "Allow" or "Deny", in this spelling`,
		`6:19: /Statement/0/Resource: is an empty array; want at least one value`,
		`7:21: /Statement/0/Condition/StringLikes: unknown condition operator "StringLikes"; did you mean "StringLike"?`,
		`9:37: /Statement/1/NotAction: is a number; want a string or an array of strings`,
		`9:40: /Statement/1/Principle: unknown element "Principle"; did you mean "Principal"?`,
		`11:9: /Id: is an array; want a string`,
	}
	require.Empty(t, cmp.Diff(want, parseErrors(t, src)))

	_, err := policy.ParseAt("orders.json", policy.Position{Offset: 1000, Line: 41, Column: 7}, []byte(src))
	var list policy.ParseErrors
	require.ErrorAs(t, err, &list)
	require.Len(t, list.Unwrap(), len(want))
	require.Equal(t, `orders.json:42:14: /Version: unknown version "2012-10-18"; want "2012-10-17"`, list[0].Error())
	require.Equal(t, policy.Position{Offset: 1000 + strings.Index(src, `"2012`), Line: 42, Column: 14}, list[0].Position)
	var first *policy.ParseError
	require.ErrorAs(t, err, &first)
	require.Same(t, list[0], first)
	require.EqualError(t, errors.Unwrap(first), `unknown version "2012-10-18"; want "2012-10-17"`)

	_, err = policy.ParseAt("orders.json", policy.Position{Offset: 1000, Line: 41, Column: 7}, []byte(`{"Id": 1}`))
	require.EqualError(t, err, "orders.json:41:7: /Statement: missing; want a statement or an array of statements\norders.json:41:14: /Id: is a number; want a string")
}

func TestParseErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("missing")
	require.EqualError(t, &policy.ParseError{Err: cause}, "missing")
	require.EqualError(t, &policy.ParseError{Path: "/Id", Err: cause}, "/Id: missing")
	require.EqualError(t, &policy.ParseError{File: "a.json", Path: "/Id", Err: cause}, "a.json: /Id: missing")
	require.EqualError(t, &policy.ParseError{File: "a.json", Position: policy.Position{Line: 1, Column: 2}, Err: cause}, "a.json:1:2: missing")
	require.ErrorIs(t, policy.ParseErrors{{Err: cause}}, cause)
	require.Equal(t, "-", policy.Position{}.String())
	require.False(t, policy.Position{}.IsValid())
}

func TestParseLimits(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"1:1: 10485760 bytes; want at most 1048576, AWS stores no larger policy"}, parseErrors(t, strings.Repeat(" ", 10<<20)))

	for _, open := range []string{"[", `{"Statement":`} {
		got := parseErrors(t, strings.Repeat(open, 100_000/len(open)))
		require.Len(t, got, 1)
	}
	got := parseErrors(t, strings.Repeat("[", 100_000))
	require.Len(t, got, 1)
	require.Contains(t, got[0], "1:10001: ")
	require.Contains(t, got[0], "exceeded max depth")
	got = parseErrors(t, strings.Repeat("[", 9_999)+strings.Repeat("]", 9_999))
	require.Equal(t, []string{"1:1: the document is an array; want an object with Version and Statement"}, got)

	full := one(`"Effect":"Allow","Action":"*"`)
	full += strings.Repeat(" ", policy.MaxSource-len(full))
	d, err := policy.Parse([]byte(full))
	require.NoError(t, err)
	require.Equal(t, policy.MaxSource, len(d.Source()))
}

// Hostile input neither takes long nor fills the memory: the list of problems, and the
// length of each, are bounded.
func TestParseBoundsProblems(t *testing.T) {
	t.Parallel()
	many := parseErrors(t, one(`"Effect":"Allow","Action":[`+strings.Repeat("0,", 400_000)+`0]`))
	require.Len(t, many, 1001)
	require.Equal(t, "1:800049: more than 1000 problems; the others are not listed", many[1000])

	long := strings.Repeat("k", 500_000)
	for _, line := range parseErrors(t, one(`"Effect":"Allow","Action":"*","Condition":{"Bool":{"`+long+`":[`+strings.Repeat("{},", 100_000)+`{}]}}`)) {
		require.Less(t, len(line), 500)
	}
	var b strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&b, `"StringEqualz%d":{},`, i)
	}
	require.Len(t, parseErrors(t, one(`"Effect":"Allow","Action":"*","Condition":{`+strings.TrimSuffix(b.String(), ",")+`}`)), 1001)
}

func TestParseElements(t *testing.T) {
	t.Parallel()
	d, err := policy.Parse([]byte(`{
  "Version": "2012-10-17", "Id": "orders",
  "Statement": [
    {"Sid": "A", "Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": ["arn:aws:s3:::logs/*"]},
    {"Effect": "Deny", "NotPrincipal": {"Service": ["ec2.amazonaws.com"], "AWS": ["111122223333", "*"]},
     "NotAction": ["*:*", "*"], "NotResource": "*",
     "Condition": {"stringlike": {"aws:PrincipalArn": ["a*", "b\u002a"]}, "Bool": {"aws:SecureTransport": false}, "NumericLessThan": {"s3:max-keys": [1.50, 1e2]}}}
  ]
}`))
	require.NoError(t, err)
	require.Equal(t, policy.Version2012, d.Version())
	require.Equal(t, "orders", d.ID())
	require.Empty(t, d.File())
	require.Equal(t, 2, d.Len())
	want := []policy.Statement{
		{SID: "A", Effect: policy.Allow, Principal: policy.Everyone(), Action: policy.List("s3:Get*"), Resource: policy.List("arn:aws:s3:::logs/*")},
		{
			Effect:       policy.Deny,
			NotPrincipal: policy.PrincipalList(policy.ServicePrincipalType, "ec2.amazonaws.com").And(policy.AWSPrincipal, "111122223333", "*"),
			NotAction:    policy.List("*:*", "*"), NotResource: policy.List("*"),
			Condition: policy.When("stringlike", "aws:PrincipalArn", "a*", "b*").And("Bool", "aws:SecureTransport", "false").And("NumericLessThan", "s3:max-keys", "1.50", "1e2"),
		},
	}
	require.Empty(t, cmp.Diff(want, statements(d)))
	for i, s := range d.Statements() {
		require.True(t, s.Equal(d.Statement(i)))
	}
	for range d.Statements() {
		break
	}

	d, err = policy.Parse([]byte(one(`"Effect":"Allow","Action":"*"`)))
	require.NoError(t, err)
	require.Equal(t, policy.Version2008, d.Version(), "absent means 2008-10-17")
	require.True(t, d.Statement(0).Resource.IsZero())
	require.True(t, d.Statement(0).Principal.IsZero())
	require.True(t, d.Statement(0).Condition.IsZero())
}

// All values of a document stand in one list: each element has its own part of it, and
// names of elements are names like others below Condition.
func TestParseKeepsListsApart(t *testing.T) {
	t.Parallel()
	d, err := policy.Parse([]byte(`{"Statement": [
  {"Effect": "Allow", "Sid": "A", "Action": ["s3:Get*", "s3:List*"], "Resource": "*", "Condition": {"StringEquals": {"Sid": "x", "Effect": ["y", 1]}, "Bool": {}}},
  {"Effect": "Deny", "NotAction": "iam:*", "Principal": {"Service": "ec2.amazonaws.com", "AWS": ["*"]}, "NotResource": ["a", "b"]}
]}`))
	require.NoError(t, err)
	want := []policy.Statement{
		{
			SID: "A", Effect: policy.Allow, Action: policy.List("s3:Get*", "s3:List*"), Resource: policy.List("*"),
			Condition: policy.When("StringEquals", "Sid", "x").And("StringEquals", "Effect", "y", "1"),
		},
		{
			Effect: policy.Deny, NotAction: policy.List("iam:*"), NotResource: policy.List("a", "b"),
			Principal: policy.PrincipalList(policy.ServicePrincipalType, "ec2.amazonaws.com").And(policy.AWSPrincipal, "*"),
		},
	}
	require.Empty(t, cmp.Diff(want, statements(d)))
	first := d.Statement(0)
	first.Principal.And(policy.AWSPrincipal, "z")
	first.Condition.And("Bool", "aws:SecureTransport", "true")
	require.Empty(t, cmp.Diff(want, statements(d)))
}

// Statements and lists cost no allocation each. The limit leaves room for a parser that
// starts afresh: the race detector has pools lose things.
func TestParseAllocations(t *testing.T) {
	src := []byte(`{"Statement":[` + strings.Repeat(`{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"},`, 200) + `{"Effect":"Deny","Action":"*"}]}`)
	require.Less(t, testing.AllocsPerRun(100, func() { policy.Parse(src) }), 40.0)
}

func statements(d *policy.Document) []policy.Statement {
	out := make([]policy.Statement, 0, d.Len())
	for _, s := range d.Statements() {
		out = append(out, s)
	}
	return out
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(one(`"Effect":"Allow","Action":["s3:*"],"Principal":{"AWS":"*"},"Condition":{"Bool":{"a:b":[true,1]}}`)))
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":"*:*"}}`))
	f.Add([]byte(`{"Statement":[{},{"Effect":"x","Action":[]}],"Statement":0}`))
	f.Add([]byte("{\"Id\":\"\xff"))
	f.Add(must(os.ReadFile("testdata/orders.json")))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := policy.Parse(src)
		if err != nil {
			checkParseErrors(t, src, err)
			return
		}
		if !bytes.Equal(d.Source(), src) {
			t.Fatal("the source changed")
		}
		again, err := policy.Parse(d.Indent())
		if err != nil || !again.Equal(d) {
			t.Fatalf("indented: %v", err)
		}
		if diff := cmp.Diff(statements(d), statements(again)); diff != "" {
			t.Fatal(diff)
		}
		for k := policy.Kind(0); k <= policy.VPCEndpoint; k++ {
			if n := d.Size(k); n > len(src) || n <= 0 {
				t.Fatalf("size %d of %d bytes", n, len(src))
			}
			if err := d.CheckKind(k); err != nil {
				checkParseErrors(t, src, err)
			}
		}
		for i, s := range d.Statements() {
			if p, ok := d.Position(fmt.Sprintf("/Statement/%d", i)); !ok || p.Offset >= len(src) || src[p.Offset] != '{' {
				t.Fatalf("statement %d at %v", i, p)
			}
			if s.Effect == 0 || s.Action.IsZero() == s.NotAction.IsZero() {
				t.Fatalf("statement %d: %v", i, s)
			}
		}
		built, err := policy.NewDocument(statements(d)...)
		if err != nil {
			t.Fatalf("build again: %v", err)
		}
		if diff := cmp.Diff(statements(d), statements(built)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// checkParseErrors holds errors to be in source order, with places inside the input.
func checkParseErrors(t *testing.T, src []byte, err error) {
	t.Helper()
	var list policy.ParseErrors
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("%T: %v", err, err)
	}
	last := 0
	for _, e := range list {
		p := e.Position
		if p.Offset < last || p.Offset > len(src) {
			t.Fatalf("offset %d after %d of %d bytes: %v", p.Offset, last, len(src), e)
		}
		last = p.Offset
		line := 1 + bytes.Count(src[:p.Offset], []byte("\n"))
		column := p.Offset - bytes.LastIndexByte(src[:p.Offset], '\n')
		if p.Line != line || p.Column != column {
			t.Fatalf("place %v; want %d:%d: %v", p, line, column, e)
		}
	}
}
