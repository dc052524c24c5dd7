package casefile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/casefile"
)

const (
	ana      = `"principal": "arn:aws:iam::111122223333:user/ana"`
	session  = `"principal": "arn:aws:sts::111122223333:assumed-role/app/s1"`
	bob      = `"principal": "arn:aws:sts::111122223333:federated-user/bob"`
	get      = `"action": "s3:GetObject", "resource": "arn:aws:s3:::logs/a"`
	allowAll = `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	denyAll  = `{"Statement": {"Sid": "Never", "Effect": "Deny", "Action": "*", "Resource": "*"}}`
	nothing  = `{"Statement": {"Effect": "Allow", "Action": "nosuch:Action", "Resource": "*"}}`
	public   = `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}`
	closed   = `{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}`
	toAna    = `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/ana"}, "Action": "*", "Resource": "*"}}`
	toHome   = `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}}`
	own      = `"identityPolicies": [` + allowAll + `]`
)

// one reads a file of one line.
func one(t testing.TB, line string) (*casefile.Case, error) {
	t.Helper()
	var out *casefile.Case
	var outErr error
	n := 0
	for c, err := range casefile.Read(strings.NewReader(line), "c.jsonl") {
		out, outErr = c, err
		n++
	}
	require.Equal(t, 1, n, "results of one line")
	require.NotNil(t, out)
	return out, outErr
}

// TestMembers shows of every member that it arrives where it counts.
func TestMembers(t *testing.T) {
	t.Parallel()
	when := func(condition string) string {
		return `"identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {` + condition + `}}}]`
	}
	list := `"action": "s3:ListBucket", "resource": "arn:aws:s3:::logs"`
	for _, c := range []struct{ name, request, members, want string }{
		{"identityPolicies", ana + "," + get, own, "allowed"},
		{"none", ana + "," + get, `"identityPolicies": []`, "implicitDeny"},
		{"two identityPolicies", ana + "," + get, `"identityPolicies": [` + allowAll + "," + denyAll + `]`, "explicitDeny"},
		{"resource is *", ana + `, "action": "s3:GetObject", "resource": "*"`, `"identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::*"}}]`, "implicitDeny"},
		{"resource absent", ana + `, "action": "ec2:DescribeVpcs"`, own, "allowed"},
		{"anonymous", `"principal": "*",` + get, `"resourcePolicy": ` + public, "allowed"},
		{"service", `"principal": "logs.amazonaws.com",` + get, `"resourcePolicy": ` + toAna, "implicitDeny"},
		{"resourceAccount", ana + "," + get + `, "resourceAccount": "444455556666"`, own, "implicitDeny"},
		{"resourceAccount of the caller", ana + "," + get + `, "resourceAccount": "111122223333"`, own, "allowed"},
		{"context string", ana + "," + get + `, "context": {"aws:username": "ana"}`, when(`"StringEquals": {"aws:username": "ana"}`), "allowed"},
		{"context list", ana + "," + get + `, "context": {"aws:username": ["ana"]}`, when(`"StringEquals": {"aws:username": "ana"}`), "allowed"},
		{"context empty list", ana + "," + get + `, "context": {"aws:username": []}`, when(`"Null": {"aws:username": "true"}`), "allowed"},
		{"context not derived", ana + "," + get, when(`"Null": {"aws:PrincipalArn": "false"}`), "implicitDeny"},
		{"single by number", ana + "," + get + `, "context": {"acme:k": ["a"]}`, when(`"StringEquals": {"acme:k": "a"}`), "allowed"},
		{"multivalued", ana + "," + get + `, "multivalued": ["ACME:K"], "context": {"acme:k": ["a"]}`, when(`"StringEquals": {"acme:k": "a"}`), "implicitDeny"},
		{"roleArn", session + "," + get + `, "roleArn": "arn:aws:iam::111122223333:role/svc/app"`, `"resourcePolicy": {"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "*", "Resource": "*"}}`, "implicitDeny"},
		{"roleArn absent", session + "," + get, `"resourcePolicy": {"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "*", "Resource": "*"}}`, "allowed"},
		{"issuingUser", bob + "," + get + `, "issuingUser": "arn:aws:iam::111122223333:user/ana"`, `"resourcePolicy": ` + toAna + `, "sessionPolicies": [` + allowAll + `]`, "allowed"},
		{"issuingUser absent", bob + "," + get, `"resourcePolicy": ` + toAna + `, "sessionPolicies": [` + allowAll + `]`, "implicitDeny"},
		{"principalId", ana + "," + get + `, "principalId": "AIDAEXAMPLEID0000ANA1"`, `"resourcePolicy": {"Statement": {"Effect": "Allow", "Principal": {"AWS": "AIDAEXAMPLEID0000ANA1"}, "Action": "*", "Resource": "*"}}`, "allowed"},
		{"principalId absent", ana + "," + get, `"resourcePolicy": {"Statement": {"Effect": "Allow", "Principal": {"AWS": "AIDAEXAMPLEID0000ANA1"}, "Action": "*", "Resource": "*"}}`, "implicitDeny"},
		{"objectOwner", ana + "," + get + `, "objectOwner": "444455556666"`, `"resourcePolicy": ` + toAna, "implicitDeny"},
		{"objectOwner is the bucket's", ana + "," + get + `, "objectOwner": "111122223333"`, `"resourcePolicy": ` + toAna, "allowed"},
		{"wildcardOnly", ana + `, "action": "ec2:DescribeVpcs", "wildcardOnly": true`, own, "allowed"},
		{"boundary document", ana + "," + get, own + `, "boundary": ` + nothing, "implicitDeny"},
		{"boundary list", ana + "," + get, own + `, "boundary": [` + nothing + "," + allowAll + `]`, "allowed"},
		{"boundary empty list", ana + "," + get, own + `, "boundary": []`, "allowed"},
		{"boundary null", ana + "," + get, own + `, "boundary": null`, "allowed"},
		{"sessionPolicies", session + "," + get, own + `, "sessionPolicies": [` + nothing + `]`, "implicitDeny"},
		{"sessionPolicies empty", session + "," + get, own + `, "sessionPolicies": []`, "allowed"},
		{"federated user without sessionPolicies", bob + "," + get, own, "implicitDeny"},
		{"federated user with sessionPolicies", bob + "," + get, own + `, "sessionPolicies": [` + allowAll + `]`, "allowed"},
		{"scps", ana + "," + get, own + `, "scps": [[` + allowAll + `], [` + nothing + `]]`, "implicitDeny"},
		{"scps no path", ana + "," + get, own + `, "scps": []`, "allowed"},
		{"scps empty level", ana + "," + get, own + `, "scps": [[]]`, "implicitDeny"},
		{"rcps", ana + "," + get, own + `, "rcps": [[], [` + closed + `]]`, "explicitDeny"},
		{"rcps empty level", ana + "," + get, own + `, "rcps": [[]]`, "allowed"},
		{"managementAccount", ana + "," + get, own + `, "scps": [[]], "rcps": [[` + closed + `]], "managementAccount": "111122223333"`, "allowed"},
		{"resourcePolicy", ana + "," + get, `"resourcePolicy": ` + toAna, "allowed"},
		{"resourcePolicy null", ana + "," + get, own + `, "resourcePolicy": null`, "allowed"},
		{"endpointPolicies", ana + "," + get, own + `, "endpointPolicies": [` + public + "," + closed + `]`, "explicitDeny"},
		{"endpointPolicies interface", ana + "," + get, own + `, "endpointPolicies": [{"kind": "interface", "policy": ` + toHome + `}]`, "allowed"},
		{"endpointPolicies gateway", ana + "," + get, own + `, "endpointPolicies": [{"kind": "gateway", "policy": ` + toHome + `}]`, "implicitDeny"},
		{"endpointPolicies default policy", ana + "," + get, own + `, "endpointPolicies": [{"kind": "gateway"}, {"kind": "gateway", "policy": null}]`, "allowed"},
		{"blockPublicAccess", `"principal": "*",` + get, `"resourcePolicy": ` + public + `, "s3": {"blockPublicAccess": true}`, "explicitDeny"},
		{"blockPublicAccess false", `"principal": "*",` + get, `"resourcePolicy": ` + public + `, "s3": {"blockPublicAccess": false}`, "allowed"},
		{"bucketABAC", ana + "," + list + `, "context": {"aws:ResourceTag/t": "r"}`, when(`"StringEquals": {"aws:ResourceTag/t": "r"}`) + `, "s3": {"bucketABAC": true}`, "allowed"},
		{"bucketABAC false", ana + "," + list + `, "context": {"aws:ResourceTag/t": "r"}`, when(`"StringEquals": {"aws:ResourceTag/t": "r"}`) + `, "s3": {}`, "implicitDeny"},
		{"strict", ana + "," + get, when(`"StringEquals": {"aws:SourceVpc": "vpc-1"}`) + `, "strict": true`, "implicitDeny"},
		{"strict absent", ana + "," + get, when(`"StringEquals": {"aws:SourceVpc": "vpc-1"}`), "implicitDeny"},
		{"not strict", ana + "," + get, when(`"StringEquals": {"aws:SourceVpc": "vpc-1"}`) + `, "strict": false`, "indeterminate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			line := fmt.Sprintf(`{"id": %q, "request": {%s}, %s, "expect": %q}`, c.name, c.request, c.members, c.want)
			got, err := one(t, line)
			require.NoError(t, err)
			require.Equal(t, c.name, got.ID())
			r, x := got.Eval(), got.Explain()
			require.NoError(t, r.Err)
			require.Equal(t, c.want, r.Decision.Outcome.String(), "%s", r.Decision)
			pass, checked := r.Pass()
			require.True(t, pass && checked)
			require.Equal(t, r.Decision, x.Decision)
			require.Equal(t, r.Statement, x.Statement)
		})
	}
}

// TestRefused names every way to be wrong, with its place.
func TestRefused(t *testing.T) {
	t.Parallel()
	rq := func(s string) string { return `{"request": {` + s + `}}` }
	for _, c := range []struct{ name, line, want string }{
		{"not JSON", `{"request": }`, `c.jsonl:1:13: /request: `},
		{"truncated", `{"request": {`, `c.jsonl:1:14: `},
		{"two values", `{} {}`, `c.jsonl:1:4: text after the JSON value; remove it`},
		{"byte order mark", "\ufeff{}", `c.jsonl:1:1: byte order mark before the JSON text`},
		{"bad UTF-8", "{\"id\": \"\xff\"}", `c.jsonl:1:9: `},
		{"a list", `[]`, `c.jsonl:1:1: an array; want a case, an object with a request`},
		{"empty", `{}`, `c.jsonl:1:1: /request: missing; want an object with principal and action`},
		{"unknown member", `{"request": {` + ana + `,` + get + `}, "scp": []}`, `c.jsonl:1:126: /scp: unknown member "scp"; did you mean "scps"?`},
		{"unknown member, nothing like it", `{"x": 1, "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:2: /x: unknown member "x"; want id, request,`},
		{"member in another case", rq(ana + `,` + get + `, "rolearn": ""`), `/request/rolearn: unknown member "rolearn"; did you mean "roleArn"?`},
		{"duplicate member", rq(ana + `,` + get + `,` + ana), `/request/principal: duplicate member "principal"; keep one`},
		{"id is a number", `{"id": 7, "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:8: /id: a number; want a string`},
		{"request is null", `{"request": null}`, `c.jsonl:1:13: /request: null; want an object with principal and action`},
		{"no principal", rq(get), `c.jsonl:1:13: /request/principal: missing; every request has one`},
		{"no action", rq(ana), `c.jsonl:1:13: /request/action: missing; every request has one`},
		{"principal", rq(`"principal": "ana",` + get), `c.jsonl:1:27: /request/principal: principal "ana": `},
		{"action", rq(ana + `, "action": "GetObject"`), `/request/action: action "GetObject"`},
		{"resource", rq(ana + `, "action": "s3:GetObject", "resource": "logs/a"`), `/request/resource: ARN "logs/a"`},
		{"resourceAccount", rq(ana + `,` + get + `, "resourceAccount": "1111"`), `/request/resourceAccount: "1111" is not an account ID; want twelve digits`},
		{"context is a list", rq(ana + `,` + get + `, "context": []`), `/request/context: an array; want an object of condition keys`},
		{"context value is a number", rq(ana + `,` + get + `, "context": {"aws:x": 7}`), `/request/context/aws:x: a number; want a string or a list of strings, such as "7"`},
		{"context value is null", rq(ana + `,` + get + `, "context": {"aws:x/y": null}`), `/request/context/aws:x~1y: null; want a string or a list of strings`},
		{"context value in a list", rq(ana + `,` + get + `, "context": {"aws:x": ["a", true]}`), `/request/context/aws:x/1: a boolean; want a string`},
		{"context key in two spellings", rq(ana + `,` + get + `, "context": {"aws:TagKeys": [], "AWS:tagkeys": []}`), `/request/context/AWS:tagkeys: condition key "AWS:tagkeys" stands before as "aws:TagKeys"; the names of condition keys are not case-sensitive, keep one`},
		{"context key twice", rq(ana + `,` + get + `, "context": {"aws:x": "a", "aws:x": "a"}`), `/request/context/aws:x: duplicate member "aws:x"; keep one`},
		{"multivalued", rq(ana + `,` + get + `, "multivalued": "aws:x"`), `/request/multivalued: a string; want a list of condition keys`},
		{"multivalued element", rq(ana + `,` + get + `, "multivalued": [1]`), `/request/multivalued/0: a number; want a string`},
		{"roleArn", rq(session + `,` + get + `, "roleArn": "arn:aws:iam::111122223333:user/app"`), `/request/roleArn: "arn:aws:iam::111122223333:user/app" is not the ARN of a role; want one such as arn:aws:iam::111122223333:role/name`},
		{"roleArn of another role", rq(session + `,` + get + `, "roleArn": "arn:aws:iam::111122223333:role/other"`), `/request/roleArn: "arn:aws:iam::111122223333:role/other" cannot be behind the session`},
		{"issuingUser", rq(bob + `,` + get + `, "issuingUser": "ana"`), `/request/issuingUser: "ana" is not the ARN of a user; want one such as arn:aws:iam::111122223333:user/name`},
		{"issuingUser of another account", rq(bob + `,` + get + `, "issuingUser": "arn:aws:iam::444455556666:user/ana"`), `/request/issuingUser: "arn:aws:iam::444455556666:user/ana" cannot be behind the session`},
		{"principalId", rq(ana + `,` + get + `, "principalId": 1`), `/request/principalId: a number; want a string`},
		{"objectOwner", rq(ana + `,` + get + `, "objectOwner": "ana"`), `/request/objectOwner: "ana" is not an account ID`},
		{"wildcardOnly", rq(ana + `,` + get + `, "wildcardOnly": "yes"`), `/request/wildcardOnly: a string; want true or false`},
		{"identityPolicies is a document", `{"identityPolicies": ` + allowAll + `, "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:22: /identityPolicies: an object; want a list of documents`},
		{"identityPolicies is null", `{"identityPolicies": null, "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:22: /identityPolicies: null; want a list of documents`},
		{"document is a string", `{"identityPolicies": ["{}"], "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:23: /identityPolicies/0: a string; want a policy document, an object with Version and Statement`},
		{"document is empty", `{"identityPolicies": [{}], "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:23: /identityPolicies/0/Statement: missing`},
		{"effect", `{"identityPolicies": [{"Statement": {"Effect": "deny", "Action": "*", "Resource": "*"}}], "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:48: /identityPolicies/0/Statement/Effect: unknown effect "deny"`},
		{"principal in an identity policy", `{"identityPolicies": [` + public + `], "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:70: /identityPolicies/0/Statement/0/Principal: not allowed in a policy of kind identity`},
		{"boundary", `{"boundary": "x", "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:14: /boundary: a string; want a policy document`},
		{"sessionPolicies", `{"sessionPolicies": [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3"}}], "request": {` + session + `,` + get + `}}`, `c.jsonl:1:83: /sessionPolicies/0/Statement/0/Resource: "arn:aws:s3" has fewer than six ARN parts`},
		{"scps without levels", `{"scps": [` + allowAll + `], "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:11: /scps/0: an object; want a list of documents`},
		{"scp", `{"scps": [[], [` + public + `]], "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:63: /scps/1/0/Statement/0/Principal: not allowed in a policy of kind scp`},
		{"rcp", `{"rcps": [[{"Statement": {"Effect": "Deny", "NotPrincipal": "*", "Action": "*", "Resource": "*"}}]], "request": {` + ana + `,` + get + `}}`, `/rcps/0/0/Statement/0/NotPrincipal: not allowed in an RCP`},
		{"resourcePolicy", `{"resourcePolicy": [], "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:20: /resourcePolicy: an array; want a policy document`},
		{"endpointPolicies", `{"endpointPolicies": {}, "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:22: /endpointPolicies: an object; want a list of documents`},
		{"endpoint kind", `{"endpointPolicies": [{"kind": "vpc", "policy": ` + public + `}], "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:32: /endpointPolicies/0/kind: unknown kind "vpc"; want gateway or interface`},
		{"endpoint without kind", `{"endpointPolicies": [{"policy": ` + public + `}], "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:23: /endpointPolicies/0/kind: missing; want gateway or interface`},
		{"endpoint member", `{"endpointPolicies": [{"kind": "gateway", "document": {}}], "request": {` + ana + `,` + get + `}}`, `/endpointPolicies/0/document: unknown member "document"; want kind or policy`},
		{"managementAccount", `{"managementAccount": "", "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:23: /managementAccount: "" is not an account ID; want twelve digits`},
		{"s3", `{"s3": true, "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:8: /s3: a boolean; want an object`},
		{"s3 member", `{"s3": {"bucketAbac": true}, "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:9: /s3/bucketAbac: unknown member "bucketAbac"; did you mean "bucketABAC"?`},
		{"expect", `{"expect": "denied", "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:12: /expect: unknown expectation "denied"; want allowed, explicitDeny, implicitDeny, indeterminate or error`},
		{"strict", `{"strict": 0, "request": {` + ana + `,` + get + `}}`, `c.jsonl:1:12: /strict: a number; want true or false`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := one(t, c.line)
			require.Error(t, err)
			require.Contains(t, err.Error(), c.want)
			var errs policy.ParseErrors
			require.ErrorAs(t, err, &errs)
			require.Len(t, errs, 1, "%v", err)
			require.Equal(t, "c.jsonl", errs[0].File)
			require.Equal(t, 1, errs[0].Position.Line)
			require.Equal(t, errs[0].Position.Column, errs[0].Position.Offset+1)
			r := got.Eval()
			require.Equal(t, err, r.Err)
			require.Equal(t, simulate.ImplicitDeny, r.Decision.Outcome, "an error must not look allowed")
			require.Equal(t, r, got.Explain())
		})
	}
}

func TestEverythingAtOnceInOrder(t *testing.T) {
	t.Parallel()
	_, err := one(t, `{"strict": 1, "request": {"action": "x", "principal": "y"}, "identityPolicies": [{"Statement": {"Effect": "no", "Action": []}}]}`)
	var errs policy.ParseErrors
	require.ErrorAs(t, err, &errs)
	var paths []string
	for i, e := range errs {
		paths = append(paths, e.Path)
		require.True(t, i == 0 || errs[i-1].Position.Offset <= e.Position.Offset, "source order: %v", err)
	}
	want := []string{
		"/strict", "/request/action", "/request/principal", "/identityPolicies/0/Statement/Effect", "/identityPolicies/0/Statement/Action",
	}
	if diff := cmp.Diff(want, paths[:len(want)]); diff != "" {
		t.Errorf("paths (-want +got):\n%s%v", diff, err)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	good := `{"request": {` + ana + `,` + get + `}, ` + own + `}`
	src := "\n  \t\r\n" + good + "\r\n{}\n\n" + `{"id": "last", ` + good[1:]
	type line struct {
		ID   string
		Line int
		Err  string
	}
	var got []line
	for c, err := range casefile.Read(iotest.OneByteReader(strings.NewReader(src)), "f") {
		l := line{ID: c.ID(), Line: c.Line()}
		if err != nil {
			l.Err, _, _ = strings.Cut(err.Error(), ": /")
			require.Equal(t, err, c.Eval().Err)
		}
		got = append(got, l)
	}
	want := []line{{ID: "3", Line: 3}, {ID: "4", Line: 4, Err: "f:4:1"}, {ID: "last", Line: 6}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestPositionsCountInTheFile(t *testing.T) {
	t.Parallel()
	src := "\n\n" + `{"identityPolicies": [{}], "request": {` + ana + `,` + get + `}}` + "\n"
	for _, err := range casefile.Read(strings.NewReader(src), "f") {
		var errs policy.ParseErrors
		require.ErrorAs(t, err, &errs)
		require.Equal(t, policy.Position{Offset: 24, Line: 3, Column: 23}, errs[0].Position)
	}
}

func TestReadingStopsWhereTheCallerDoes(t *testing.T) {
	t.Parallel()
	n := 0
	for range casefile.Read(strings.NewReader("{}\n{}\n{}\n"), "f") {
		n++
		break
	}
	require.Equal(t, 1, n)
}

func TestOnlyTheReaderEndsIt(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	var errs []error
	n := 0
	for c, err := range casefile.Read(io.MultiReader(strings.NewReader("{}\n{}\n"), iotest.ErrReader(broken)), "f") {
		n++
		if c == nil {
			errs = append(errs, err)
		}
	}
	require.Equal(t, 3, n)
	require.Len(t, errs, 1)
	require.ErrorIs(t, errs[0], broken)
	require.Equal(t, "f:3: disk on fire", errs[0].Error())
}

func TestLongLine(t *testing.T) {
	t.Parallel()
	pad := strings.Repeat(" ", casefile.MaxLine-2)
	src := "{}" + pad + "\n{} " + pad + "\n{}\n" + pad + pad
	var got []string
	for c, err := range casefile.Read(strings.NewReader(src), "f") {
		require.Error(t, err)
		text, _, _ := strings.Cut(err.Error(), ";")
		got = append(got, fmt.Sprintf("%d %s", c.Line(), text))
	}
	tooLong := fmt.Sprintf("the line is longer than %d bytes", casefile.MaxLine)
	want := []string{
		"1 f:1:1: /request: missing",
		fmt.Sprintf("2 f:2:%d: %s", casefile.MaxLine+1, tooLong),
		"3 f:3:1: /request: missing",
		fmt.Sprintf("4 f:4:%d: %s", casefile.MaxLine+1, tooLong),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestHostileLinesAreBounded(t *testing.T) {
	t.Parallel()
	many := strings.Repeat(`"a":1,`, 100_000)
	_, err := one(t, `{`+many+`"a":1}`)
	var errs policy.ParseErrors
	require.ErrorAs(t, err, &errs)
	require.Less(t, len(errs), 200)
	require.Contains(t, err.Error(), "more than 100 problems")

	var keys strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&keys, `"k%d":"v",`, i)
	}
	_, err = one(t, `{"request": {`+ana+`,`+get+`, "context": {`+keys.String()+`"z":"v"}}}`)
	require.ErrorContains(t, err, "50001 condition keys; want at most 1000")
	_, err = one(t, strings.Repeat("[", 200_000))
	require.Error(t, err)
}

func TestExpectations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, line    string
		pass, checked bool
	}{
		{"nothing", `{"request": {` + ana + `,` + get + `}, ` + own + `}`, false, false},
		{"met", `{"expect": "allowed", "request": {` + ana + `,` + get + `}, ` + own + `}`, true, true},
		{"not met", `{"expect": "implicitDeny", "request": {` + ana + `,` + get + `}, ` + own + `}`, false, true},
		{"error and refused", `{"expect": "error", "request": {}}`, true, true},
		{"error and not refused", `{"expect": "error", "request": {` + ana + `,` + get + `}, ` + own + `}`, false, true},
		{"refused", `{"expect": "allowed", "request": {}}`, false, true},
		{"refused, expectation behind the mistake", `{"request": {}, "x": 1, "expect": "error"}`, true, true},
		{"refused, nothing expected", `{"request": {}}`, false, false},
		{"not even JSON", `{"expect": "error", `, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, _ := one(t, c.line)
			pass, checked := got.Eval().Pass()
			require.Equal(t, c.pass, pass)
			require.Equal(t, c.checked, checked)
		})
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	in := `{"id": "a \"b\"", "request": {` + ana + `,` + get + `}, ` + own + `, "scps": [[` + allowAll + `], [` + allowAll + `, ` + denyAll + `]], "expect": "explicitDeny"}
{"request": {` + ana + `,` + get + `}, ` + own + `}
{"id": "session", "request": {` + session + `,` + get + `}, ` + own + `, "sessionPolicies": [` + allowAll + `, ` + denyAll + `]}
{"id": "boundary", "request": {` + ana + `,` + get + `}, ` + own + `, "boundary": ` + denyAll + `}
{"id": "identity", "request": {` + ana + `,` + get + `}, "identityPolicies": [` + allowAll + `, ` + denyAll + `], "expect": "allowed"}
{"id": "resource", "request": {` + ana + `,` + get + `}, "resourcePolicy": ` + closed + `}
{"id": "rcp", "request": {` + ana + `,` + get + `}, "rcps": [[], [` + closed + `]]}
{"id": "endpoint", "request": {` + ana + `,` + get + `}, "endpointPolicies": [` + public + `, ` + closed + `]}
{"id": "bad", "expect": "error", "request": {` + ana + `}}
`
	want := []string{
		`{"id":"a \"b\"","decision":"explicitDeny","stage":"serviceControl","statement":{"policy":"scps[1][1]","index":0,"sid":"Never","line":1},"pass":true}`,
		`{"id":"2","decision":"allowed","stage":"identityPolicy","statement":{"policy":"identityPolicies[0]","index":0,"line":2}}`,
		`{"id":"session","decision":"explicitDeny","stage":"sessionPolicy","statement":{"policy":"sessionPolicies[1]","index":0,"sid":"Never","line":3}}`,
		`{"id":"boundary","decision":"explicitDeny","stage":"boundary","statement":{"policy":"boundary[0]","index":0,"sid":"Never","line":4}}`,
		`{"id":"identity","decision":"explicitDeny","stage":"identityPolicy","statement":{"policy":"identityPolicies[1]","index":0,"sid":"Never","line":5},"pass":false}`,
		`{"id":"resource","decision":"explicitDeny","stage":"resourcePolicy","statement":{"policy":"resourcePolicy","index":0,"line":6}}`,
		`{"id":"rcp","decision":"explicitDeny","stage":"resourceControl","statement":{"policy":"rcps[1][0]","index":0,"line":7}}`,
		`{"id":"endpoint","decision":"explicitDeny","stage":"endpointPolicy","statement":{"policy":"endpointPolicies[1]","index":0,"line":8}}`,
		`{"id":"bad","error":"f:9:45: /request/action: missing; every request has one","pass":true}`,
	}
	var got []string
	for c := range casefile.Read(strings.NewReader(in), "f") {
		line := c.Eval().AppendJSON(nil)
		require.True(t, json.Valid(line))
		marshalled, err := json.Marshal(c.Eval())
		require.NoError(t, err)
		require.JSONEq(t, string(line), string(marshalled))
		got = append(got, string(line))
		if c.ID() == "rcp" {
			require.Contains(t, string(c.Explain().AppendJSON(nil)), `,"rules":["R-`)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestLayersAreCopies(t *testing.T) {
	t.Parallel()
	c, err := one(t, `{"request": {`+ana+`,`+get+`}, `+own+`, "scps": [[`+allowAll+`]], "boundary": `+allowAll+`}`)
	require.NoError(t, err)
	l := c.Layers()
	l.Identity[0], l.Boundary[0], l.ServiceControl[0][0] = nil, nil, nil
	require.Equal(t, simulate.Allowed, c.Eval().Decision.Outcome)
	env, err := simulate.CompileLayers(c.Layers(), simulate.WithStrictKeys())
	require.NoError(t, err)
	require.Equal(t, c.Eval().Decision, env.Can(c.Request()))
	require.True(t, c.Strict())
}

// TestCorpus reads what the scenarios of package simulate hold: each line gives what it
// expects, also when it is read and evaluated by itself.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/*.txtar")
	require.NoError(t, err)
	n := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, f := range txtar.Parse(src).Files {
			if f.Name != "cases.jsonl" {
				continue
			}
			for c := range casefile.Read(bytes.NewReader(f.Data), filepath.Base(file)) {
				n++
				r := c.Eval()
				pass, _ := r.Pass()
				require.True(t, pass, "%s: %s", file, r.AppendJSON(nil))
			}
		}
	}
	require.Greater(t, n, 500)
}
