package policy_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

var readLogs = policy.Statement{
	SID: "ReadLogs", Effect: policy.Allow,
	Action:   policy.List("s3:GetObject"),
	Resource: policy.List("arn:aws:s3:::logs/*"),
}

const readLogsText = `{
      "Sid": "ReadLogs",
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::logs/*"
    }`

func TestEdit(t *testing.T) {
	t.Parallel()
	const a, b = `{"Effect":"Allow" ,"Action":["s3:*"]}`, `{ "Effect":"Deny","Action":"\u002a"}`
	appendOne := func(d *policy.Document) (*policy.Document, error) { return d.Append(readLogs) }
	replace := func(i int) func(d *policy.Document) (*policy.Document, error) {
		return func(d *policy.Document) (*policy.Document, error) { return d.Replace(i, readLogs) }
	}
	remove := func(i int) func(d *policy.Document) (*policy.Document, error) {
		return func(d *policy.Document) (*policy.Document, error) { return d.Remove(i), nil }
	}
	for _, tt := range []struct {
		name      string
		src, want string
		edit      func(d *policy.Document) (*policy.Document, error)
	}{
		{"append to an empty array", `{"Statement": [ ] , "Id":""} `, `{"Statement": [` + readLogsText + ` ] , "Id":""} `, appendOne},
		{"append to an array", "{\"Statement\": [" + a + "\n], \"Id\":\"é\"}", "{\"Statement\": [" + a + ",\n    " + readLogsText + "\n], \"Id\":\"é\"}", appendOne},
		{"append to a single object", `{"Statement": ` + b + ` }`, `{"Statement": [` + b + ",\n    " + readLogsText + `] }`, appendOne},
		{"append nothing", `{"Statement": ` + b + ` }`, `{"Statement": ` + b + ` }`, func(d *policy.Document) (*policy.Document, error) { return d.Append() }},
		{"append two", `{"Statement":[]}`, `{"Statement":[` + readLogsText + ",\n    " + readLogsText + `]}`, func(d *policy.Document) (*policy.Document, error) { return d.Append(readLogs, readLogs) }},
		{"replace the first", `{"Statement":[` + a + ` , ` + b + `]}`, `{"Statement":[` + readLogsText + ` , ` + b + `]}`, replace(0)},
		{"replace the last", `{"Statement":[` + a + ` , ` + b + `]}`, `{"Statement":[` + a + ` , ` + readLogsText + `]}`, replace(1)},
		{"replace a single object", `{"Statement": ` + b + ` }`, `{"Statement": ` + readLogsText + ` }`, replace(0)},
		{"remove the first", "{\"Statement\":[\n " + a + " ,\n " + b + " ]}", "{\"Statement\":[\n " + b + " ]}", remove(0)},
		{"remove the last", "{\"Statement\":[\n " + a + " ,\n " + b + " ]}", "{\"Statement\":[\n " + a + " ]}", remove(1)},
		{"remove the only one", "{\"Statement\":[\n " + a + " ]}", "{\"Statement\":[\n  ]}", remove(0)},
		{"remove a single object", `{"Statement": ` + b + ` }`, `{"Statement": [] }`, remove(0)},
		{"remove none", `{"Statement": ` + b + ` }`, `{"Statement": ` + b + ` }`, remove(1)},
		{"remove before the first", `{"Statement": ` + b + ` }`, `{"Statement": ` + b + ` }`, remove(-1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := policy.Parse([]byte(tt.src))
			require.NoError(t, err)
			got, err := tt.edit(d)
			require.NoError(t, err)
			require.Equal(t, tt.want, got.String())
			require.Equal(t, tt.src, d.String())
		})
	}
}

func TestEditErrors(t *testing.T) {
	t.Parallel()
	d, err := policy.ParseAt("orders.json", policy.Position{Offset: 90, Line: 10, Column: 5}, []byte(one(`"Effect":"Allow","Action":"*"`)))
	require.NoError(t, err)
	for _, i := range []int{-1, 1, 2} {
		_, err = d.Replace(i, readLogs)
		require.EqualError(t, err, fmt.Sprintf("policy: no statement %d; the document has 1", i))
	}
	bad := policy.Statement{Effect: policy.Allow, Action: policy.List("s3:\xff")}
	_, err = d.Replace(0, bad)
	require.ErrorContains(t, err, "/Statement/0/Action: ")
	_, err = d.Append(readLogs, bad)
	require.ErrorContains(t, err, "/Statement/2/Action: ")
	_, err = policy.NewDocument(readLogs, bad)
	require.ErrorContains(t, err, "/Statement/1/Action: ")
	var list policy.ParseErrors
	require.ErrorAs(t, err, &list)

	_, err = d.Replace(0, policy.Statement{})
	require.EqualError(t, err, "orders.json:10:20: /Statement/0/Effect: missing; want \"Allow\" or \"Deny\"\norders.json:10:20: /Statement/0/Action: missing; want Action or NotAction")
	_, err = d.Append(policy.Statement{Effect: policy.Deny, Action: policy.List("s3:*"), Resource: policy.List()})
	require.EqualError(t, err, "orders.json:14:19: /Statement/1/Resource: is an empty array; want at least one value")
	require.Equal(t, one(`"Effect":"Allow","Action":"*"`), d.String())
	next, err := d.Append(readLogs)
	require.NoError(t, err)
	require.Equal(t, "orders.json", next.File())
	p, ok := next.Position("/Statement/0")
	require.True(t, ok)
	require.Equal(t, policy.Position{Offset: 105, Line: 10, Column: 20}, p, "the place in the file stays")
}

// A list that was computed and turned out empty must never mean “all”.
func TestEmptyListIsNotAbsent(t *testing.T) {
	t.Parallel()
	require.False(t, policy.List().IsZero())
	require.False(t, policy.List([]string{}...).IsZero())
	require.True(t, policy.Patterns{}.IsZero())
	require.False(t, policy.List().Equal(policy.Patterns{}))
	require.True(t, policy.Principals{}.IsZero())
	require.True(t, policy.Conditions{}.IsZero())
	base := policy.Statement{Effect: policy.Allow, Action: policy.List("s3:*")}
	for want, change := range map[string]func(s *policy.Statement){
		"/Statement/0/Action: is an empty array":        func(s *policy.Statement) { s.Action = policy.List() },
		"/Statement/0/Resource: is an empty array":      func(s *policy.Statement) { s.Resource = policy.List() },
		"/Statement/0/NotResource: is an empty array":   func(s *policy.Statement) { s.NotResource = policy.List() },
		"/Statement/0/Principal/AWS: is an empty array": func(s *policy.Statement) { s.Principal = policy.PrincipalList(policy.AWSPrincipal) },
		"/Statement/0/Principal/Service: is an empty array": func(s *policy.Statement) {
			s.Principal = policy.PrincipalList(policy.AWSPrincipal, "*").And(policy.ServicePrincipalType)
		},
		"/Statement/0/Condition/StringEquals/a:b: is an empty": func(s *policy.Statement) { s.Condition = policy.When("StringEquals", "a:b") },
		"/Statement/0/Condition/StringEquals/a:b: duplicate": func(s *policy.Statement) {
			s.Condition = policy.When("StringEquals", "a:b", "x").And("StringEquals", "a:b", "y")
		},
		"/Statement/0/Principal/AWS: duplicate member": func(s *policy.Statement) {
			s.Principal = policy.PrincipalList(policy.AWSPrincipal, "a").And(policy.AWSPrincipal, "b")
		},
		"/Statement/0/Principal/Aws: unknown element":               func(s *policy.Statement) { s.Principal = policy.PrincipalList("Aws", "a") },
		`/Statement/0/Condition/Equals: unknown condition operator`: func(s *policy.Statement) { s.Condition = policy.When("Equals", "a:b", "x") },
	} {
		s := base
		change(&s)
		_, err := policy.NewDocument(s)
		require.ErrorContains(t, err, want)
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	require.True(t, policy.Everyone().IsEveryone())
	require.False(t, policy.PrincipalList(policy.AWSPrincipal, "*").IsEveryone(), "as written, though AWS treats both alike")
	require.True(t, policy.Everyone().And(policy.AWSPrincipal, "111122223333").IsEveryone())
	require.True(t, policy.Principals{}.And(policy.AWSPrincipal, "a").Equal(policy.PrincipalList(policy.AWSPrincipal, "a")))
	var got []string
	p := policy.PrincipalList(policy.ServicePrincipalType, "ec2.amazonaws.com").And(policy.AWSPrincipal, "111122223333", "444455556666")
	for typ, id := range p.All() {
		got = append(got, string(typ)+" "+id)
	}
	require.Equal(t, []string{"Service ec2.amazonaws.com", "AWS 111122223333", "AWS 444455556666"}, got)
	for range p.All() {
		break
	}
	for typ, id := range policy.Everyone().All() {
		require.Equal(t, "AWS *", string(typ)+" "+id)
	}
	for typ := range (policy.Principals{}).All() {
		t.Errorf("the absent element has an entry of type %s", typ)
	}
	require.False(t, policy.Everyone().Equal(policy.PrincipalList(policy.AWSPrincipal, "*")))
	require.False(t, policy.List("a").Equal(policy.List("a", "a")))
	require.False(t, policy.List("a", "b").Equal(policy.List("b", "a")))
	require.False(t, readLogs.Equal(policy.Statement{}))
	require.True(t, readLogs.Equal(readLogs))
}

// texts are what elements hold: wildcards, variables, quotes, controls, other scripts.
var texts = rapid.OneOf(
	rapid.SampledFrom([]string{"s3:GetObject", "s3:*", "*", "arn:aws:s3:::logs/*", "111122223333", "${aws:username}", "\"\\/", "<&>\u2028", "\x00\n", "é😀"}),
	rapid.StringMatching(`[a-z]{1,4}:[A-Za-z*?]{0,8}`),
)

func patterns(t *rapid.T, label string) policy.Patterns {
	return policy.List(rapid.SliceOfN(texts.Filter(isActionLike), 1, 3).Draw(t, label)...)
}

// isActionLike leaves out what R-ACT-4 refuses.
func isActionLike(s string) bool {
	service, _, ok := strings.Cut(s, ":")
	return !ok || !strings.ContainsAny(service, "*?")
}

func principals(t *rapid.T, label string) policy.Principals {
	if rapid.Bool().Draw(t, label+" is everyone") {
		return policy.Everyone()
	}
	types := rapid.Permutation([]policy.PrincipalType{policy.AWSPrincipal, policy.ServicePrincipalType, policy.FederatedPrincipal, policy.CanonicalUserPrincipal}).Draw(t, label+" types")
	var p policy.Principals
	for _, typ := range types[:rapid.IntRange(1, 4).Draw(t, label+" n")] {
		p = p.And(typ, rapid.SliceOfN(texts, 1, 3).Draw(t, label)...)
	}
	return p
}

var statementGen = rapid.Custom(func(t *rapid.T) policy.Statement {
	s := policy.Statement{SID: rapid.SampledFrom([]string{"", "ReadLogs", "é"}).Draw(t, "sid"), Effect: rapid.SampledFrom([]policy.Effect{policy.Allow, policy.Deny}).Draw(t, "effect")}
	switch rapid.IntRange(0, 2).Draw(t, "principal") {
	case 1:
		s.Principal = principals(t, "principal")
	case 2:
		s.NotPrincipal = principals(t, "not principal")
	}
	if rapid.Bool().Draw(t, "not action") {
		s.NotAction = patterns(t, "action")
	} else {
		s.Action = patterns(t, "action")
	}
	switch rapid.IntRange(0, 2).Draw(t, "resource") {
	case 1:
		s.Resource = patterns(t, "resource")
	case 2:
		s.NotResource = patterns(t, "not resource")
	}
	operators := rapid.SliceOfNDistinct(rapid.SampledFrom(policy.Operators()), 0, 3, rapid.ID).Draw(t, "operators")
	for _, op := range operators {
		for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"aws:username", "aws:PrincipalTag/a/b", "s3:prefix", "é"}), 1, 3, rapid.ID).Draw(t, "keys") {
			s.Condition = s.Condition.And(policy.Operator(op), key, rapid.SliceOfN(texts, 1, 3).Draw(t, "values")...)
		}
	}
	return s
})

// documents come indented, compact, with odd white space, and as a single statement.
var documentGen = rapid.Custom(func(t *rapid.T) *policy.Document {
	d, err := policy.NewDocument(rapid.SliceOfN(statementGen, 0, 4).Draw(t, "statements")...)
	if err != nil {
		t.Fatal(err)
	}
	src := d.Source()
	root, err := jsontree.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	if array, _ := root.Member("Statement"); d.Len() == 1 && rapid.Bool().Draw(t, "single") {
		only := array.Elements[0]
		src = slices.Concat(src[:array.Start], src[only.Start:only.End], src[array.End:])
	}
	switch rapid.IntRange(0, 2).Draw(t, "layout") {
	case 1:
		src = bytes.ReplaceAll(src, []byte("\n"), []byte("\r\n\t"))
	case 2:
		src = bytes.ReplaceAll(src, []byte("\n"), nil)
	}
	src = slices.Concat([]byte(rapid.SampledFrom([]string{"", " \n"}).Draw(t, "before")), src, []byte(rapid.SampledFrom([]string{"", "\n", "\t "}).Draw(t, "after")))
	d, err = policy.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return d
})

func TestNewDocumentKeepsStatements(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(statementGen, 0, 5).Draw(t, "statements")
		d, err := policy.NewDocument(want...)
		if err != nil {
			t.Fatal(err)
		}
		if d.Version() != policy.Version2012 || d.ID() != "" {
			t.Fatalf("version %s, ID %q", d.Version(), d.ID())
		}
		if diff := cmp.Diff(want, statements(d)); diff != "" && len(want) > 0 {
			t.Fatal(diff)
		}
		again, err := policy.NewDocument(statements(d)...)
		if err != nil || again.String() != d.String() {
			t.Fatalf("built again: %v\n%s\n%s", err, d, again)
		}
	})
}

func TestEditLeavesOtherBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := documentGen.Draw(t, "document")
		s := statementGen.Draw(t, "statement")
		checkAppend(t, d, s)
		for i := range d.Len() {
			checkReplace(t, d, i, s)
			checkRemove(t, d, i)
		}
	})
}

type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

func checkAppend(t tester, d *policy.Document, s policy.Statement) {
	t.Helper()
	out, err := d.Append(s, s)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	checkStatements(t, append(statements(d), s, s), out)
	before, after := d.Source(), out.Source()
	start, end, array := spans(t, before)
	at := start + 1 // behind the bracket of an empty array
	switch {
	case !array: // the object in brackets
		if !bytes.HasPrefix(after, slices.Concat(before[:start], []byte("["), before[start:end])) || !bytes.HasSuffix(after, append([]byte("]"), before[end:]...)) {
			t.Fatalf("append to a single statement changed other bytes:\n%s\n%s", before, after)
		}
		return
	case d.Len() > 0:
		list := elements(t, before)
		at = list[len(list)-1].End
	}
	if !bytes.HasPrefix(after, before[:at]) || !bytes.HasSuffix(after, before[at:]) {
		t.Fatalf("append changed other bytes:\n%s\n%s", before, after)
	}
}

func checkReplace(t tester, d *policy.Document, i int, s policy.Statement) {
	t.Helper()
	out, err := d.Replace(i, s)
	if err != nil {
		t.Fatalf("replace %d: %v", i, err)
	}
	want := statements(d)
	want[i] = s
	checkStatements(t, want, out)
	before, after := d.Source(), out.Source()
	n := elements(t, before)[i]
	if !bytes.HasPrefix(after, before[:n.Start]) || !bytes.HasSuffix(after, before[n.End:]) {
		t.Fatalf("replace %d changed other bytes:\n%s\n%s", i, before, after)
	}
}

func checkRemove(t tester, d *policy.Document, i int) {
	t.Helper()
	out := d.Remove(i)
	checkStatements(t, slices.Delete(statements(d), i, i+1), out)
	before, after := d.Source(), out.Source()
	start, end, _ := spans(t, before)
	if !bytes.HasPrefix(after, before[:start]) || !bytes.HasSuffix(after, before[end:]) {
		t.Fatalf("remove %d changed bytes outside Statement:\n%s\n%s", i, before, after)
	}
	left := slices.Delete(elements(t, before), i, i+1)
	for j, n := range elements(t, after) {
		if !bytes.Equal(after[n.Start:n.End], before[left[j].Start:left[j].End]) {
			t.Fatalf("remove %d changed statement %d:\n%s\n%s", i, j, before, after)
		}
	}
}

func checkStatements(t tester, want []policy.Statement, d *policy.Document) {
	t.Helper()
	if diff := cmp.Diff(want, statements(d)); diff != "" {
		t.Fatalf("statements, -want +got:\n%s", diff)
	}
}

func statementNode(t tester, src []byte) *jsontree.Node {
	t.Helper()
	root, err := jsontree.Parse(src)
	if err != nil {
		t.Fatalf("%v: %s", err, src)
	}
	n, ok := root.Member("Statement")
	if !ok {
		t.Fatalf("no Statement: %s", src)
	}
	return n
}

func spans(t tester, src []byte) (start, end int, array bool) {
	t.Helper()
	n := statementNode(t, src)
	return n.Start, n.End, n.Kind == jsontree.Array
}

func elements(t tester, src []byte) []jsontree.Node {
	t.Helper()
	n := statementNode(t, src)
	if n.Kind == jsontree.Array {
		return n.Elements
	}
	return []jsontree.Node{*n}
}

func FuzzEdit(f *testing.F) {
	f.Add([]byte(one(`"Effect":"Allow","Action":["s3:*"]`)), 0, "ReadLogs", "s3:GetObject", "arn:aws:s3:::logs/*")
	f.Add([]byte(`{"Statement":{"Effect":"Deny","NotAction":"*:*"} , "Version":"2012-10-17"}`), 0, "", "\"\\", "\x00")
	f.Add([]byte("{\"Statement\":[ ]}"), 3, "\xff", "a", "b")
	f.Fuzz(func(t *testing.T, src []byte, i int, sid, action, resource string) {
		d, err := policy.Parse(src)
		if err != nil {
			return
		}
		s := policy.Statement{SID: sid, Effect: policy.Allow, Action: policy.List(action), NotResource: policy.List(resource, sid)}
		if _, err := policy.NewDocument(s); err != nil {
			if out, err := d.Append(s); err == nil {
				t.Fatalf("a bad statement was appended: %s", out)
			}
			return
		}
		checkAppend(t, d, s)
		if i < 0 || i >= d.Len() {
			if _, err := d.Replace(i, s); err == nil || d.Remove(i) != d {
				t.Fatalf("there is no statement %d", i)
			}
			return
		}
		checkReplace(t, d, i, s)
		checkRemove(t, d, i)
	})
}
